//go:build !windows && (!unix || aix || solaris)

package fetch

import "os"

func tryLock(*os.File) error { return errNoLocks }

func unlockFile(*os.File) {}

func diskFull(error) bool { return false }

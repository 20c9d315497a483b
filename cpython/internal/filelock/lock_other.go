//go:build !windows && (!unix || aix || solaris)

package filelock

import "os"

func try(*os.File) error { return ErrUnsupported }

func unlock(*os.File) {}

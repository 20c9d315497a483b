//go:build unix && !aix && !solaris

package fetch

import (
	"errors"
	"syscall"
)

// diskFull reports whether err says that a disk or a quota is used up.
func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

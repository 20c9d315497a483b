//go:build unix

package devcontainer

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives the file the owner that info has. Only root may do that for
// another user; a file in a group that the user is not in stays in theirs.
func keepOwner(file *os.File, info fs.FileInfo) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	if err := file.Chown(int(stat.Uid), int(stat.Gid)); err != nil {
		_ = file.Chown(-1, int(stat.Gid)) // the group at least; what is refused stays as it is
	}
}

// hasOtherNames reports whether hard links lead to the file.
func hasOtherNames(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink > 1
}

//go:build !unix

package devcontainer

import (
	"io/fs"
	"os"
)

// keepOwner does nothing: on Windows a new file has the rights of its folder.
func keepOwner(*os.File, fs.FileInfo) {}

// hasOtherNames does not know: links between files are rare on Windows.
func hasOtherNames(fs.FileInfo) bool { return false }

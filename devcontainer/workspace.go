package devcontainer

import (
	"errors"
	"path/filepath"
)

// WorkspaceOf returns the folder that tools open for a devcontainer.json, and
// the path of the file in that folder, with slashes: what lies in .devcontainer
// or a folder in it belongs to the folder above.
func WorkspaceOf(file string) (folder, name string) {
	folder, base := filepath.Split(filepath.Clean(file))
	folder = filepath.Clean(folder)
	for _, above := range []string{folder, filepath.Dir(folder)} {
		if filepath.Base(above) == ".devcontainer" {
			rel, err := filepath.Rel(filepath.Dir(above), filepath.Join(folder, base))
			if err == nil {
				return filepath.Dir(above), filepath.ToSlash(rel)
			}
		}
	}
	return folder, base
}

// errOutside says that a path leads out of the workspace.
var errOutside = errors.New("outside of the workspace")

package devcontainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// An AmbiguousError says that a folder has several devcontainer.json, of which
// the caller has to choose one.
type AmbiguousError struct {
	Folder string
	Found  []string // paths that start with Folder, in the order of the specification
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%s has %d devcontainer.json, name one: %s", e.Folder, len(e.Found), strings.Join(e.Found, ", "))
}

// Find returns the path of the devcontainer.json of a folder. The specification
// knows three places: .devcontainer/devcontainer.json, .devcontainer.json and
// .devcontainer/<folder>/devcontainer.json, one level deep. If there is none
// the error is [fs.ErrNotExist], and an [*AmbiguousError] if there are several.
func Find(folder string) (string, error) {
	const name = "devcontainer.json"
	dir := filepath.Join(folder, ".devcontainer")
	places := []string{filepath.Join(dir, name), filepath.Join(folder, "."+name)}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !isFile(dir) {
		return "", fmt.Errorf("find devcontainer.json: %w", err)
	}
	for _, entry := range entries {
		places = append(places, filepath.Join(dir, entry.Name(), name))
	}
	var found []string
	for _, place := range places {
		if isFile(place) {
			found = append(found, place)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("find devcontainer.json: %s, %s and the folders in %s: %w", places[0], places[1], dir, fs.ErrNotExist)
	case 1:
		return found[0], nil
	}
	return "", &AmbiguousError{Folder: folder, Found: found}
}

// isFile follows links, as reading does.
func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

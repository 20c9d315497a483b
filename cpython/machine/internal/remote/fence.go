package remote

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// A fence keeps the entries of a tar stream below a folder of the machine. It
// knows every symbolic link and folder there, those that were there before and
// those of the stream so far, and so can tell where a name really leads. The
// tar of the machine then gets real paths only and has no link to follow.
type fence struct {
	links   map[string]string // path below the folder -> where the link leads
	folders map[string]bool
}

func newFence() *fence { return &fence{map[string]string{}, map[string]bool{}} }

var errEscapes = errors.New("path escapes from the folder")

// localName returns a name in clean form. Whatever lies below the folder.
func localName(name string) (string, error) {
	clean := path.Clean(name)
	if name == "" || path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") {
		return "", fmt.Errorf("%q leads out of the folder", name)
	}
	return clean, nil
}

// place returns where an entry of that name goes: links above it are followed
// as long as they stay inside, a link of that very name is not.
func (f *fence) place(name string) (string, error) {
	clean, err := localName(name)
	if err != nil || clean == "." {
		return clean, err
	}
	return f.follow(clean, false)
}

// follow resolves the links of a path, in its last element too if that is wanted.
func (f *fence) follow(name string, last bool) (string, error) {
	var done []string
	left := strings.Split(name, "/")
	for hops := 0; len(left) > 0; {
		element := left[0]
		left = left[1:]
		switch element {
		case "", ".":
			continue
		case "..":
			if len(done) == 0 {
				return "", fmt.Errorf("%q: %w", name, errEscapes)
			}
			done = done[:len(done)-1]
			continue
		}
		done = append(done, element)
		target, ok := f.links[strings.Join(done, "/")]
		if !ok || len(left) == 0 && !last {
			continue
		}
		if hops++; path.IsAbs(target) || hops > 255 {
			return "", fmt.Errorf("%q: %w", name, errEscapes)
		}
		done = done[:len(done)-1]
		left = append(strings.Split(target, "/"), left...)
	}
	if len(done) == 0 {
		return ".", nil
	}
	return strings.Join(done, "/"), nil
}

// isFolder reports whether there is a folder at a place, perhaps through a link.
func (f *fence) isFolder(place string) bool {
	real, err := f.follow(place, true)
	return err == nil && (real == "." || f.folders[real])
}

// add notes what stands at a place from now on.
func (f *fence) add(place string, folder bool, link string) {
	delete(f.links, place)
	delete(f.folders, place)
	for above := path.Dir(place); above != "." && !f.folders[above]; above = path.Dir(above) {
		f.folders[above] = true
	}
	if folder {
		f.folders[place] = true
	}
	if link != "" {
		f.links[place] = link
	}
}

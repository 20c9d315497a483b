package build

import (
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// glibcLibrary matches the libraries that are the C library itself.
var glibcLibrary = regexp.MustCompile(`^(ld-linux.*|ld64|lib(c|m|dl|pthread|rt|util|resolv|nsl|anl|mvec|BrokenLocale))\.so(\.[0-9.]+)?$`)

// neededLibraries returns the libraries outside the tree and glibc that its ELF
// files need, sorted.
func neededLibraries(root string) ([]string, error) {
	needed, present := map[string]bool{}, map[string]bool{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		present[entry.Name()] = true
		libraries, err := importedLibraries(name)
		for _, library := range libraries {
			needed[library] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("libraries: %w", err)
	}
	maps.DeleteFunc(needed, func(name string, _ bool) bool { return present[name] || glibcLibrary.MatchString(name) })
	return slices.Sorted(maps.Keys(needed)), nil
}

// importedLibraries returns DT_NEEDED of an ELF file, and nothing of any other.
func importedLibraries(name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	magic := make([]byte, 4)
	if _, err := f.ReadAt(magic, 0); err != nil || !bytes.Equal(magic, []byte("\x7fELF")) {
		return nil, nil
	}
	e, err := elf.NewFile(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return e.ImportedLibraries()
}

// libraries takes down which package, in which version, each library that the
// tree links to comes from.
func (s *session) libraries(ctx context.Context) ([]artifact.Library, error) {
	if !s.recipe.SystemLibraries {
		return s.bundledLibraries(ctx)
	}
	names, err := neededLibraries(s.treeDir())
	if err != nil {
		return nil, err
	}
	cache, err := s.output(ctx, "ldconfig", "-p")
	if err != nil {
		return nil, fmt.Errorf("libraries: %w", err)
	}
	var list []artifact.Library
	for _, name := range names {
		library := artifact.Library{Soname: name}
		if file := cachedLibrary(cache, name); file != "" {
			if library.Package, library.Version, err = s.owner(ctx, file); err != nil {
				return nil, err
			}
		}
		list = append(list, library)
	}
	return list, nil
}

// cachedLibrary finds a library in what ldconfig -p prints: "name (kind) => path".
// The first line of a name is the one that the loader takes.
func cachedLibrary(cache, name string) string {
	for line := range strings.Lines(cache) {
		head, file, ok := strings.Cut(strings.TrimSpace(line), " => ")
		if soname, _, _ := strings.Cut(head, " "); ok && soname == name {
			return file
		}
	}
	return ""
}

// owner returns the package that a file of the machine belongs to, and its
// version; nothing where no package does, or no package manager is known.
func (s *session) owner(ctx context.Context, file string) (name, version string, err error) {
	p := s.recipe.packages()
	if !p.known {
		return "", "", nil
	}
	real, err := s.output(ctx, "readlink", "-f", file)
	if err != nil {
		return "", "", fmt.Errorf("libraries: %s: %w", file, err)
	}
	// dpkg knows some files by the name they had before /lib became a link to /usr/lib.
	for _, candidate := range []string{real, strings.TrimPrefix(real, "/usr"), file} {
		text, err := s.output(ctx, append(slices.Clone(p.manager.owner), candidate)...)
		if errors.Is(err, context.Canceled) {
			return "", "", err
		}
		if err != nil {
			continue
		}
		name, _, _ = strings.Cut(strings.SplitN(text, "\n", 2)[0], ":") // dpkg: "package:arch: file"
		if version, err = s.output(ctx, append(slices.Clone(p.manager.version), name)...); err != nil {
			return "", "", fmt.Errorf("libraries: %s: %w", name, err)
		}
		version, _, _ = strings.Cut(version, "\n")
		return name, version, nil
	}
	return "", "", nil
}

// describe completes the build-info with what the finished tree says.
func (s *session) describe(ctx context.Context) error {
	var err error
	if s.info.Toolchain.Libraries, err = s.libraries(ctx); err != nil {
		return err
	}
	if s.info.Modules, err = s.modules(); err != nil {
		return err
	}
	return artifact.WriteSBOM(s.treeDir(), s.info)
}

// modules returns the state of every module that configure decided on, and of
// the extensions that are in the tree.
func (s *session) modules() (map[string]string, error) {
	t := tree{root: s.treeDir(), version: s.recipe.Ref.Version}
	found, err := filepath.Glob(filepath.Join(t.lib(), "config-*", "Makefile"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("tree: %d files match config-*/Makefile, wanted 1", len(found))
	}
	text, err := os.ReadFile(found[0])
	if err != nil {
		return nil, fmt.Errorf("tree: %w", err)
	}
	modules := map[string]string{}
	for name, state := range artifact.ModuleStates(string(text)) {
		if state == "yes" {
			state = "builtin"
		}
		modules[name] = state
	}
	shared, err := filepath.Glob(filepath.Join(t.lib(), "lib-dynload", "*.so"))
	if err != nil {
		return nil, fmt.Errorf("tree: %w", err)
	}
	for _, file := range shared {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		modules[name] = "shared"
	}
	return modules, nil
}

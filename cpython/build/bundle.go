package build

import (
	"bytes"
	"cmp"
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A bundled is a library of the machine that goes into the tree.
type bundled struct {
	soname string // as the distribution calls it: "libssl.so.3"
	path   string // on the machine
}

// file returns its name in the tree: "cpbssl.so.3". No system has a library of
// that name, so a program that embeds this CPython may load the system's as
// well. It is as long as the soname, so that it can be put into finished files.
func (b bundled) file() string { return "cpb" + strings.TrimPrefix(b.soname, "lib") }

// addLibraries copies every library that the tree's files need and glibc does
// not have into the tree, those that these need as well, and has all find each
// other there.
func (s *session) addLibraries(ctx context.Context) error {
	if s.recipe.SystemLibraries {
		return nil
	}
	cache, err := s.output(ctx, "ldconfig", "-p")
	if err != nil {
		return fmt.Errorf("libraries: %w", err)
	}
	for {
		needed, err := neededLibraries(s.treeDir())
		if err != nil {
			return err
		}
		if len(needed) == 0 {
			return s.renameLibraries()
		}
		for _, soname := range needed {
			if err := s.addLibrary(ctx, cache, soname); err != nil {
				return fmt.Errorf("libraries: %s: %w", soname, err)
			}
		}
	}
}

// addLibrary copies one library into the tree, with a run path to the folder
// that it lies in, of the kind that LD_LIBRARY_PATH does not override.
func (s *session) addLibrary(ctx context.Context, cache, soname string) error {
	file := cachedLibrary(cache, soname)
	if file == "" {
		return errors.New("the loader's cache does not have it")
	}
	if !strings.HasPrefix(soname, "lib") || strings.Contains(soname, "/") {
		return errors.New("it cannot be renamed: its name does not begin with lib")
	}
	copied := path.Join(s.work, "lib", soname)
	for _, args := range [][]string{
		{"install", "-m", "755", file, copied},
		{"patchelf", "--force-rpath", "--set-rpath", "$ORIGIN", copied},
	} {
		if err := s.command(ctx, Command{Args: args, Dir: workDir}); err != nil {
			return err
		}
	}
	stream, err := s.Machine.CopyOut(ctx, copied)
	if err != nil {
		return err
	}
	defer stream.Close()
	s.bundle = append(s.bundle, bundled{soname, file})
	return machine.Local().CopyIn(ctx, filepath.Join(s.treeDir(), "lib"), stream)
}

// renameLibraries gives the libraries their names in the tree, in every file
// that needs them.
func (s *session) renameLibraries() error {
	names := map[string]string{}
	for _, b := range s.bundle {
		names[b.soname] = b.file()
	}
	err := filepath.WalkDir(s.treeDir(), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		return renameNeeded(name, names)
	})
	for _, b := range s.bundle {
		lib := filepath.Join(s.treeDir(), "lib")
		err = errors.Join(err, os.Rename(filepath.Join(lib, b.soname), filepath.Join(lib, b.file())))
	}
	if err != nil {
		return fmt.Errorf("libraries: %w", err)
	}
	return nil
}

// renameNeeded replaces names in the dynamic string table of an ELF file, which
// has sonames, needed libraries and those that symbol versions are from. Names
// are as long as those that they replace, so nothing moves. Other files are left
// alone.
func renameNeeded(name string, names map[string]string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	magic := make([]byte, len(elf.ELFMAG))
	if _, err := f.ReadAt(magic, 0); err != nil || string(magic) != elf.ELFMAG {
		return nil
	}
	e, err := elf.NewFile(f)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	at, size, err := dynamicStrings(e)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if size == 0 {
		return nil
	}
	before := make([]byte, size)
	if _, err := f.ReadAt(before, at); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	after := bytes.Clone(before)
	for from, to := range names {
		after = bytes.ReplaceAll(after, []byte("\x00"+from+"\x00"), []byte("\x00"+to+"\x00"))
	}
	if bytes.Equal(before, after) {
		return nil
	}
	if _, err := f.WriteAt(after, at); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return f.Close()
}

// dynamicStrings returns where in the file the dynamic string table is, found
// as the loader finds it: by the segments, which patchelf may move what it likes
// between. Files without one, such as object files, have a size of 0.
func dynamicStrings(e *elf.File) (at int64, size uint64, err error) {
	values := map[elf.DynTag]uint64{}
	for _, p := range e.Progs {
		if p.Type != elf.PT_DYNAMIC {
			continue
		}
		table, err := io.ReadAll(p.Open())
		if err != nil {
			return 0, 0, err
		}
		word := func(at int) uint64 { return e.ByteOrder.Uint64(table[at:]) }
		width := 8
		if e.Class == elf.ELFCLASS32 {
			width = 4
			word = func(at int) uint64 { return uint64(e.ByteOrder.Uint32(table[at:])) }
		}
		for at := 0; at+2*width <= len(table); at += 2 * width {
			values[elf.DynTag(word(at))] = word(at + width)
		}
	}
	table, size := values[elf.DT_STRTAB], values[elf.DT_STRSZ]
	if size == 0 {
		return 0, 0, nil
	}
	for _, p := range e.Progs {
		if p.Type == elf.PT_LOAD && table >= p.Vaddr && table-p.Vaddr <= p.Filesz && size <= p.Filesz-(table-p.Vaddr) {
			return int64(p.Off + (table - p.Vaddr)), size, nil
		}
	}
	return 0, 0, errors.New("its dynamic string table is not in memory")
}

// describeLibrary finds out where a library comes from and writes its licence
// into the tree.
func (s *session) describeLibrary(ctx context.Context, b bundled) (artifact.Library, error) {
	l := artifact.Library{Soname: b.soname, File: "lib/" + b.file()}
	var err error
	if l.Package, l.Version, err = s.owner(ctx, b.path); err != nil {
		return l, err
	}
	manager := s.recipe.packages().manager
	if l.Package == "" {
		return l, fmt.Errorf("no package has %s, so nothing tells its licence", b.path)
	}
	if l.Source, err = s.output(ctx, append(slices.Clone(manager.source), l.Package)...); err != nil {
		return l, err
	}
	text, err := s.output(ctx, "sh", "-c", manager.licence, "sh", l.Package)
	if err != nil || text == "" {
		return l, fmt.Errorf("the licence of package %s cannot be read: %w", l.Package, cmp.Or(err, errors.New("it is empty")))
	}
	if l.License = licenceOf(l, text); l.License == "" {
		return l, fmt.Errorf("the licence of package %s is not known here, so it cannot go into the tree; link to the system's (-link=system)", l.Package)
	}
	if forbidden(l.License) {
		return l, fmt.Errorf("is under %s, which would bind the whole artifact", l.License)
	}
	l.PURL = artifact.PackageURL(s.recipe.Ref.Platform, l.Package, l.Version)
	for _, name := range commonLicences(l.License) { // to which Debian's files only refer
		common, err := s.output(ctx, "cat", "/usr/share/common-licenses/"+name)
		if exit := (*machine.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			return l, err
		}
		text += "\n\n" + common
	}
	file := filepath.Join(s.treeDir(), "licenses", l.Package)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return l, err
	}
	return l, os.WriteFile(file, []byte(text+"\n"), 0o644)
}

// bundledLibraries describes the libraries of the tree, and puts their licences
// beside them. What is under the GPL is refused: it would bind the whole artifact.
func (s *session) bundledLibraries(ctx context.Context) ([]artifact.Library, error) {
	var list []artifact.Library
	for _, b := range s.bundle {
		l, err := s.describeLibrary(ctx, b)
		if err != nil {
			return nil, fmt.Errorf("libraries: %s: %w", b.soname, err)
		}
		list = append(list, l)
	}
	return list, nil
}

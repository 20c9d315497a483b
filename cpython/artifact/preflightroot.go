package artifact

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// A systemRoot is the root of a Linux system, wherever that is.
type systemRoot interface {
	own() bool // programs that are started here run on it
	exists(name string) bool
	read(name string, limit int64) ([]byte, error) // a regular file
	head(name string, n int) ([]byte, error)       // its beginning, which may be shorter
	list(folder string) []string
	String() string
}

// A hostRoot is the root folder of a Linux system on this host. Links in it
// are followed as that system would: an absolute one begins at its root.
type hostRoot string

var _ systemRoot = hostRoot("")

func (r hostRoot) String() string { return string(r) }

// own reports whether it is the system that this program runs on.
func (r hostRoot) own() bool { return r == "/" }

func (r hostRoot) exists(name string) bool {
	_, err := r.resolve(name)
	return err == nil
}

func (r hostRoot) head(name string, n int) ([]byte, error) {
	f, err := r.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, n)
	got, err := io.ReadFull(f, head)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:got], err
}

func (r hostRoot) list(folder string) []string {
	host, err := r.resolve(folder)
	if err != nil {
		return nil
	}
	entries, _ := os.ReadDir(host) // what cannot be read has nothing to say
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// resolve returns the path on this host of an absolute path of the system.
func (r hostRoot) resolve(name string) (string, error) {
	left := strings.Split(strings.Trim(name, "/"), "/")
	done := "/"
	for hops := 0; len(left) > 0; {
		next := path.Join(done, left[0])
		left = left[1:]
		host := filepath.Join(string(r), filepath.FromSlash(next))
		info, err := os.Lstat(host)
		if err != nil {
			return "", err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = next
			continue
		}
		target, err := os.Readlink(host)
		if err != nil {
			return "", err
		}
		if hops++; hops > 40 { // as in Linux, path_resolution(7)
			return "", &fs.PathError{Op: "resolve", Path: name, Err: errors.New("too many links")}
		}
		if target = filepath.ToSlash(target); path.IsAbs(target) {
			done = "/"
		}
		left = append(strings.Split(strings.Trim(target, "/"), "/"), left...)
	}
	return filepath.Join(string(r), filepath.FromSlash(done)), nil
}

// open opens a regular file of the system.
func (r hostRoot) open(name string) (*os.File, error) {
	host, err := r.resolve(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(host)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("is not a regular file")}
	}
	return os.Open(host)
}

// read returns the content of a regular file of the system.
func (r hostRoot) read(name string, limit int64) ([]byte, error) {
	f, err := r.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var content bytes.Buffer
	if info, err := f.Stat(); err == nil {
		content.Grow(int(min(info.Size(), limit)) + bytes.MinRead) // read at once, not in steps
	}
	_, err = content.ReadFrom(io.LimitReader(f, limit+1))
	text := content.Bytes()
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s: more than %d bytes", name, limit)
	}
	return text, err
}

// A system is a Linux system as Preflight sees it.
type system struct {
	root    systemRoot
	machine elfMachine
	name    string // "Debian GNU/Linux 12 (bookworm)"
	this    string // "this container" or "this system"
	manager packageManager
	cache   loaderCache
}

// folderRoot returns a folder of this host as the root of a system.
func folderRoot(root string) (systemRoot, error) {
	info, err := os.Stat(root)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a folder", root)
	}
	return hostRoot(filepath.ToSlash(filepath.Clean(root))), nil
}

// lookAt takes in what is needed of a system, for programs of one architecture.
func lookAt(root systemRoot, arch string) *system {
	s := &system{root: root, this: "this container"}
	s.machine, _ = elfMachineOf(arch)
	if s.root.own() && !s.root.exists("/.dockerenv") && !s.root.exists("/run/.containerenv") {
		s.this = "this system"
	}
	release, err := s.root.read("/etc/os-release", 1<<16)
	if err != nil {
		release, _ = s.root.read("/usr/lib/os-release", 1<<16) // os-release(5); without one it has no name
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(release)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			fields[key] = strings.Trim(value, `"'`)
		}
	}
	if s.name = fields["PRETTY_NAME"]; s.name == "" {
		s.name = strings.TrimSpace("Linux " + fields["ID"])
	}
	s.manager = managerOf(append([]string{fields["ID"]}, strings.Fields(fields["ID_LIKE"])...))
	s.cache, _ = s.root.read("/etc/ld.so.cache", 32<<20) // where there is none, the folders count
	return s
}

// folders are those that the loader searches by itself, in the layouts of
// Debian, of Fedora and of everyone else.
func (s *system) folders() []string {
	return []string{
		"/lib/" + s.machine.triplet, "/usr/lib/" + s.machine.triplet, "/lib64", "/usr/lib64", "/lib", "/usr/lib",
	}
}

// candidates returns the files that the loader would take for a soname, its
// first choice first.
func (s *system) candidates(soname string) []string {
	if soname == "" || strings.ContainsAny(soname, "/\x00") {
		return nil
	}
	names := s.cache.paths(soname)
	for _, folder := range s.folders() {
		names = append(names, path.Join(folder, soname))
	}
	return slices.DeleteFunc(names, func(name string) bool { return !s.hasELF(name) })
}

// library reads the library that the loader would take for a soname, nil where
// it would find none.
func (s *system) library(soname string) ([]byte, *elfFile) {
	for _, name := range s.candidates(soname) {
		data, err := s.root.read(name, maxHeld)
		if err != nil {
			continue
		}
		if f, err := readELF(name, data); err == nil {
			return data, f
		}
	}
	return nil, nil
}

// hasELF reports whether a file of the system is an ELF file of the
// architecture that is asked about.
func (s *system) hasELF(name string) bool {
	m, ok := s.machineOf(name)
	return ok && m == s.machine
}

// machineOf reads the architecture from the header of a file.
func (s *system) machineOf(name string) (elfMachine, bool) {
	head, err := s.root.head(name, 64)
	if err != nil || len(head) < 52 || !isELF(head) { // a 32-bit header is that short
		return elfMachine{}, false
	}
	e := elfFile{wide: elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS64, big: elf.Data(head[elf.EI_DATA]) == elf.ELFDATA2MSB}
	order := binary.ByteOrder(binary.LittleEndian)
	if e.big {
		order = binary.BigEndian
	}
	e.machine = elf.Machine(order.Uint16(head[18:]))
	return elfMachineOf(e.arch())
}

// arch returns the architecture of the programs of the system, empty where no
// program is known.
func (s *system) arch() string {
	for _, name := range []string{"/bin/sh", "/usr/bin/env", "/bin/busybox", "/sbin/ldconfig", "/lib/systemd/systemd"} {
		if m, ok := s.machineOf(name); ok {
			return m.arch
		}
	}
	return ""
}

// musl returns the path of musl's loader, empty where there is none.
func (s *system) musl() string {
	for _, folder := range []string{"/lib", "/usr/lib"} {
		for _, name := range s.root.list(folder) {
			if strings.HasPrefix(name, "ld-musl-") {
				return path.Join(folder, name)
			}
		}
	}
	return ""
}

// A loaderCache is the content of /etc/ld.so.cache as glibc writes it since 2.2
// (its sysdeps/generic/dl-cache.h): a header of 48 bytes, entries of 24, texts.
// Older versions wrote a table of their own before it.
type loaderCache []byte

// paths returns the files that the cache has for a soname, the loader's first
// choice first.
func (c loaderCache) paths(soname string) []string {
	at := bytes.Index(c, []byte("glibc-ld.so.cache1.1"))
	if at < 0 || len(c)-at < 48 {
		return nil
	}
	table := c[at:]
	order := binary.ByteOrder(binary.LittleEndian)
	if table[28]&3 == 3 { // cache_file_new_flags_endian_big; 0 is a cache of the own machine
		order = binary.BigEndian
	}
	entries := table[48:]
	count := min(uint64(order.Uint32(table[20:])), uint64(len(entries))/24)
	var found []string
	for n := range count {
		entry := entries[24*n:]
		key, err := stringAt(table, uint64(order.Uint32(entry[4:])))
		if err != nil || string(key) != soname {
			continue
		}
		if value, err := stringAt(table, uint64(order.Uint32(entry[8:]))); err == nil && len(found) < 64 {
			found = append(found, string(value))
		}
	}
	return found
}

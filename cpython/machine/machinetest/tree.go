package machinetest

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// An entry is one file, folder or link of a tar stream.
type entry struct {
	kind byte // a Typeflag of archive/tar
	name string
	mode fs.FileMode
	link string // of a link: where it leads
	body string // of a file
	time time.Time
}

// past is the time of every entry, so that a time that was not kept shows.
var past = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

func file(name string, mode fs.FileMode, body string) entry {
	return entry{kind: tar.TypeReg, name: name, mode: mode, body: body, time: past}
}

func folder(name string, mode fs.FileMode) entry {
	return entry{kind: tar.TypeDir, name: name, mode: mode, time: past}
}

func symlink(name, target string) entry {
	return entry{kind: tar.TypeSymlink, name: name, mode: 0o777, link: target, time: past}
}

func hardlink(name, target string, mode fs.FileMode) entry {
	return entry{kind: tar.TypeLink, name: name, mode: mode, link: target, time: past}
}

// stream returns the entries as a tar stream.
func (s *suite) stream(entries ...entry) *bytes.Buffer {
	s.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{
			Typeflag: e.kind, Name: e.name, Linkname: e.link, Mode: int64(e.mode), Size: int64(len(e.body)), ModTime: e.time,
		}
		if !utf8.ValidString(e.name + e.link) {
			h.Format = tar.FormatGNU
		}
		if e.kind == tar.TypeDir {
			h.Name += "/"
		}
		if err := w.WriteHeader(h); err != nil {
			s.Fatalf("tar entry %q: %v", e.name, err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			s.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		s.Fatal(err)
	}
	return &b
}

// copyIn copies entries into a folder of the machine.
func (s *suite) copyIn(dir string, entries ...entry) {
	s.Helper()
	if err := s.machine.CopyIn(s.Context(), dir, s.stream(entries...)); err != nil {
		s.Fatalf("copy into %s: %v", dir, err)
	}
}

// copyOut copies out of the machine and returns the entries by name, without
// the one that some machines have for the folder itself. A body longer than a
// line is replaced by its length and digest.
func (s *suite) copyOut(src string) map[string]entry {
	s.Helper()
	r, err := s.machine.CopyOut(s.Context(), src)
	if err != nil {
		s.Fatalf("copy out of %s: %v", src, err)
	}
	defer r.Close()
	entries := map[string]entry{}
	for archive := tar.NewReader(r); ; {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			s.Fatalf("copy out of %s: %v", src, err)
		}
		body, err := summary(archive)
		if err != nil {
			s.Fatalf("copy out of %s: %s: %v", src, h.Name, err)
		}
		name := path.Clean(h.Name)
		if name == "." {
			continue
		}
		if path.IsAbs(name) {
			s.Errorf("copy out of %s: entry %q, wanted names relative to it", src, h.Name)
		}
		if _, ok := entries[name]; ok {
			s.Errorf("copy out of %s: two entries %q", src, name)
		}
		e := entry{h.Typeflag, name, fs.FileMode(h.Mode).Perm(), h.Linkname, body, h.ModTime}
		if h.Typeflag == tar.TypeLink {
			e.link = path.Clean(h.Linkname)
		}
		entries[name] = e
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		s.Fatalf("copy out of %s: after the last entry: %v", src, err)
	}
	return entries
}

// summary reads r; what is longer than a line comes back as a digest.
func summary(r io.Reader) (string, error) {
	var head bytes.Buffer
	if _, err := io.CopyN(&head, r, 80); err != nil {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return head.String(), err
	}
	digest := sha256.New()
	digest.Write(head.Bytes())
	n, err := io.Copy(digest, r)
	return fmt.Sprintf("%d bytes, sha256 %x", n+80, digest.Sum(nil)), err
}

// summarized is what summary makes of a body.
func summarized(body string) string {
	text, _ := summary(strings.NewReader(body)) // such a reader has no errors
	return text
}

// wantEntries compares what was copied out with what is wanted.
func (s *suite) wantEntries(got map[string]entry, want ...entry) {
	s.Helper()
	for _, w := range want {
		g, ok := got[w.name]
		delete(got, w.name)
		switch {
		case !ok:
			s.Errorf("%q is missing", w.name)
		case g.kind != w.kind || g.link != w.link:
			s.Errorf("%q is type %q with link %q, wanted %q with %q", w.name, g.kind, g.link, w.kind, w.link)
		case w.kind != tar.TypeSymlink && g.mode != w.mode:
			s.Errorf("%q has mode %o, wanted %o", w.name, g.mode, w.mode)
		case w.kind != tar.TypeLink && g.body != summarized(w.body):
			s.Errorf("%q holds %q, wanted %q", w.name, g.body, summarized(w.body))
		case w.kind != tar.TypeSymlink && !g.time.Truncate(time.Second).Equal(w.time):
			s.Errorf("%q has time %s, wanted %s", w.name, g.time.UTC(), w.time)
		}
	}
	for name := range got {
		s.Errorf("%q came out, but never went in", name)
	}
}

// there reports whether the machine has something at a path that can be read.
func (s *suite) there(path string) bool {
	err := s.machine.Run(s.Context(), machine.Cmd{Args: []string{"cat", path}})
	exit := (*machine.ExitError)(nil)
	if err != nil && !errors.As(err, &exit) {
		s.Fatalf("cat %s: %v", path, err)
	}
	return err == nil
}

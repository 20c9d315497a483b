//go:build unix

package remote_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// archive returns a tar stream; what follows a header is its content.
func archive(t *testing.T, headers ...tar.Header) *bytes.Buffer {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, strings.Repeat("x", int(h.Size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestCopyInRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		headers []tar.Header
		want    string
	}{
		{"dots", []tar.Header{{Name: "../evil"}}, "leads out"},
		{"absolute", []tar.Header{{Name: "/evil"}}, "leads out"},
		{"through a link", []tar.Header{{Typeflag: tar.TypeSymlink, Name: "out", Linkname: "/tmp"}, {Name: "out/evil"}}, "escapes"},
		{"through a link that was there", []tar.Header{{Name: "there/evil"}}, "escapes"},
		{"through two that were there", []tar.Header{{Name: "again/evil"}}, "escapes"},
		{"hard link through a link that was there", []tar.Header{{Typeflag: tar.TypeLink, Name: "a", Linkname: "there/kept"}}, "escapes"},
		{"through a second name of a link", []tar.Header{{Typeflag: tar.TypeLink, Name: "second", Linkname: "there"}, {Name: "second/evil"}}, "escapes"},
		{"hard link to itself", []tar.Header{{Name: "a"}, {Typeflag: tar.TypeLink, Name: "a", Linkname: "./a"}}, "itself"},
		{"device", []tar.Header{{Typeflag: tar.TypeChar, Name: "null", Devmajor: 1, Devminor: 3}}, "only files"},
		{"file over a full folder", []tar.Header{{Name: "a/b"}, {Name: "a"}}, "tar"},
		{"file below a file", []tar.Header{{Name: "a"}, {Name: "a/b"}}, "tar"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			outside, dst := t.TempDir(), t.TempDir()
			err := errors.Join(
				os.WriteFile(filepath.Join(outside, "kept"), nil, 0o600),
				os.Symlink(outside, filepath.Join(dst, "there")),
				os.Symlink("there", filepath.Join(dst, "again")))
			if err != nil {
				t.Fatal(err)
			}
			err = on(host{}).CopyIn(t.Context(), dst, archive(t, test.headers...))
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), dst) {
				t.Errorf("error is %v, wanted %q and the folder in it", err, test.want)
			}
			if entries, err := os.ReadDir(outside); err != nil || len(entries) != 1 {
				t.Errorf("%v, outside of the folder are %v", err, entries)
			}
		})
	}
}

func TestCopyInThroughALinkThatStaysInside(t *testing.T) {
	t.Parallel()
	dst := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dst, "lib"), 0o755), os.Symlink("lib", filepath.Join(dst, "lib64"))); err != nil {
		t.Fatal(err)
	}
	stream := archive(t, tar.Header{Typeflag: tar.TypeDir, Name: "lib64/", Mode: 0o700}, tar.Header{Name: "lib64/file", Size: 3})
	if err := on(host{}).CopyIn(t.Context(), dst, stream); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(filepath.Join(dst, "lib64")); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("lib64: %v, wanted the link to stay", err)
	}
	if info, err := os.Stat(filepath.Join(dst, "lib")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("lib: %v, mode %v, wanted what it was", err, info.Mode())
	}
	if _, err := os.Stat(filepath.Join(dst, "lib", "file")); err != nil {
		t.Error(err)
	}
}

func TestCopyInTwice(t *testing.T) {
	t.Parallel()
	dst := t.TempDir()
	when := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	for range 2 {
		err := on(host{}).CopyIn(t.Context(), dst, archive(t,
			tar.Header{Typeflag: tar.TypeDir, Name: "./", Mode: 0o711, ModTime: when},
			tar.Header{Typeflag: tar.TypeDir, Name: "a", Mode: 0o750, ModTime: when},
			tar.Header{Name: "a/file", Mode: 0o4755, Uid: 1234, Size: 9, ModTime: when},
			tar.Header{Typeflag: tar.TypeLink, Name: "a/second", Linkname: "a/file", ModTime: when},
			tar.Header{Typeflag: tar.TypeSymlink, Name: "-link", Linkname: "/nowhere"}))
		if err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(filepath.Join(dst, "a"))
	if err != nil || info.Mode().Perm() != 0o750 || !info.ModTime().Equal(when) {
		t.Errorf("%v, mode %v, time %s", err, info.Mode(), info.ModTime())
	}
	if info, err := os.Stat(filepath.Join(dst, "a", "second")); err != nil || info.Mode() != 0o755 {
		t.Errorf("%v, mode %v, wanted 0755 without setuid", err, info.Mode())
	}
	if info, err := os.Stat(dst); err != nil || info.ModTime().Equal(when) {
		t.Errorf("%v, the folder itself has got the time of the stream", err)
	}
}

func TestCopyKeepsFractionsAndLinks(t *testing.T) {
	t.Parallel()
	src, dst := t.TempDir(), filepath.Join(t.TempDir(), "-new", "folder")
	when := time.Date(2024, 5, 6, 7, 8, 9, 987_654_321, time.UTC)
	for _, name := range []string{"file", "größe", "latin1 \xe4", strings.Repeat("long", 40)} {
		path := filepath.Join(src, name)
		if err := errors.Join(os.WriteFile(path, []byte("x"), 0o640), os.Chtimes(path, when, when)); err != nil {
			t.Skip("these names do not exist here:", err)
		}
	}
	if err := os.Link(filepath.Join(src, "file"), filepath.Join(src, "second")); err != nil {
		t.Fatal(err)
	}
	stream, err := on(host{}).CopyOut(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if err := on(host{}).CopyIn(t.Context(), dst, stream); err != nil {
		t.Fatal(err)
	}
	first, err1 := os.Stat(filepath.Join(dst, "file"))
	second, err2 := os.Stat(filepath.Join(dst, "second"))
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(first, second) || first.Mode().Perm() != 0o640 || !first.ModTime().Equal(when) {
		t.Errorf("same file %t, mode %v, time %v", os.SameFile(first, second), first.Mode(), first.ModTime())
	}
	entries, err := os.ReadDir(dst)
	if err != nil || len(entries) != 5 {
		t.Errorf("%v, %d names arrived, wanted 5", err, len(entries))
	}
}

func TestCopyOutNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	err := errors.Join(
		os.Mkdir(filepath.Join(dir, "folder"), 0o755),
		os.WriteFile(filepath.Join(dir, "folder", "file"), []byte("x"), 0o644),
		os.Symlink("folder", filepath.Join(dir, "to-folder")),
		os.Symlink("folder/file", filepath.Join(dir, "to-file")))
	if err != nil {
		t.Fatal(err)
	}
	for src, want := range map[string][]string{"to-folder": {"file"}, "to-file": {"to-file"}, "folder/": {"file"}, ".": {"folder/", "folder/file", "to-file", "to-folder"}} {
		stream, err := on(host{}).CopyOut(t.Context(), filepath.Join(dir, src))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for r := tar.NewReader(stream); ; {
			h, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, h.Name)
		}
		slices.Sort(names)
		if stream.Close(); !slices.Equal(names, want) {
			t.Errorf("entries of %s are %q, wanted %q", src, names, want)
		}
	}
}

func TestCopyOutFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if out := shell(t, machine.Local(), `mkfifo "$1"`, filepath.Join(dir, "pipe")); out != "" {
		t.Skip(out)
	}
	for src, want := range map[string]string{dir: "only files", filepath.Join(dir, "nothing"): fs.ErrNotExist.Error()} {
		stream, err := on(host{}).CopyOut(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, stream)
		if stream.Close(); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), src) {
			t.Errorf("error is %v, wanted %q and the path in it", err, want)
		}
		if want == fs.ErrNotExist.Error() && !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("error %v is not fs.ErrNotExist", err)
		}
	}
}

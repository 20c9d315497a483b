package machine_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
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
		body := strings.Repeat("x", int(h.Size))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
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
	outside := t.TempDir()
	for _, test := range []struct {
		name    string
		headers []tar.Header
		want    string
	}{
		{"dots", []tar.Header{{Name: "../evil"}}, "leads out"},
		{"dots within", []tar.Header{{Name: "a/../../evil"}}, "leads out"},
		{"absolute", []tar.Header{{Name: "/evil"}}, "leads out"},
		{"through a link", []tar.Header{
			{Typeflag: tar.TypeSymlink, Name: "out", Linkname: outside}, {Name: "out/evil"}}, "escapes"},
		{"through a link up", []tar.Header{
			{Typeflag: tar.TypeSymlink, Name: "out", Linkname: ".."}, {Name: "out/evil"}}, "escapes"},
		{"hard link to dots", []tar.Header{{Typeflag: tar.TypeLink, Name: "a", Linkname: "../b"}}, "leads out"},
		{"hard link through a link", []tar.Header{
			{Typeflag: tar.TypeSymlink, Name: "out", Linkname: outside},
			{Typeflag: tar.TypeLink, Name: "a", Linkname: "out/kept"}}, "escapes"},
		{"hard link to itself", []tar.Header{{Name: "a"}, {Typeflag: tar.TypeLink, Name: "a", Linkname: "./a"}}, "itself"},
		{"hard link to nothing", []tar.Header{{Typeflag: tar.TypeLink, Name: "a", Linkname: "b"}}, "a"},
		{"device", []tar.Header{{Typeflag: tar.TypeChar, Name: "null", Devmajor: 1, Devminor: 3}}, "only files"},
		{"pipe", []tar.Header{{Typeflag: tar.TypeFifo, Name: "pipe"}}, "only files"},
		{"file over a full folder", []tar.Header{{Name: "a/b"}, {Name: "a"}}, "a"},
		{"file below a file", []tar.Header{{Name: "a"}, {Name: "a/b"}}, "a/b"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(filepath.Join(outside, "kept"), []byte("kept"), 0o600); err != nil {
				t.Fatal(err)
			}
			dst := filepath.Join(t.TempDir(), "dst")
			err := machine.Local().CopyIn(t.Context(), dst, archive(t, test.headers...))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, wanted %q in it", err, test.want)
			}
			for _, dir := range []string{outside, filepath.Dir(dst)} {
				entries, err := os.ReadDir(dir)
				if err != nil || len(entries) != 1 {
					t.Errorf("%v, outside of the folder are %v", err, entries)
				}
			}
		})
	}
}

func TestCopyInThroughALinkThatStaysInside(t *testing.T) {
	t.Parallel()
	needShell(t)
	dst := t.TempDir()
	stream := archive(t,
		tar.Header{Typeflag: tar.TypeDir, Name: "lib/", Mode: 0o755},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "lib64", Linkname: "lib"},
		tar.Header{Typeflag: tar.TypeDir, Name: "lib64/", Mode: 0o700},
		tar.Header{Name: "lib64/file", Size: 3})
	if err := machine.Local().CopyIn(t.Context(), dst, stream); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(filepath.Join(dst, "lib64")); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("lib64: %v, wanted the link to stay", err)
	}
	if _, err := os.Stat(filepath.Join(dst, "lib", "file")); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(filepath.Join(dst, "lib")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("lib: %v, mode %v, wanted that of its own entry", err, info.Mode())
	}
}

func TestCopyInDropsOwnersAndSetuid(t *testing.T) {
	t.Parallel()
	needShell(t)
	dst := t.TempDir()
	stream := archive(t,
		tar.Header{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": "x"}},
		tar.Header{Typeflag: tar.TypeDir, Name: "./", Mode: 0o711},
		tar.Header{Name: "./file", Mode: 0o4755, Uid: 1234, Gid: 1234})
	before, err := os.Stat(dst)
	if err != nil {
		t.Fatal(err)
	}
	if err := machine.Local().CopyIn(t.Context(), dst, stream); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dst, "file"))
	if err != nil || info.Mode() != 0o755 {
		t.Errorf("%v, mode %v, wanted 0755", err, info.Mode())
	}
	if after, err := os.Stat(dst); err != nil || after.Mode() != before.Mode() {
		t.Errorf("%v, mode of the folder itself became %v", err, after.Mode())
	}
}

// A stream goes on after the end mark, and its writer must not fail.
func TestCopyInReadsToTheEnd(t *testing.T) {
	t.Parallel()
	stream := io.MultiReader(archive(t, tar.Header{Name: "file"}), bytes.NewReader(make([]byte, 100_000)))
	if err := machine.Local().CopyIn(t.Context(), t.TempDir(), stream); err != nil {
		t.Fatal(err)
	}
	if n, err := stream.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d bytes are left, %v", n, err)
	}
}

func TestCopyKeepsFractionsAndLinks(t *testing.T) {
	t.Parallel()
	needShell(t)
	src, dst := t.TempDir(), t.TempDir()
	when := time.Date(2024, 5, 6, 7, 8, 9, 987_654_321, time.UTC)
	names := []string{"file"}
	if runtime.GOOS != "darwin" { // whose file systems take UTF-8 only
		names = append(names, "latin1 \xe4")
	}
	for _, name := range names {
		path := filepath.Join(src, name)
		if err := errors.Join(os.WriteFile(path, []byte("x"), 0o640), os.Chtimes(path, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(src, "file"), filepath.Join(src, "second")); err != nil {
		t.Fatal(err)
	}
	stream, err := machine.Local().CopyOut(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if err := machine.Local().CopyIn(t.Context(), dst, stream); err != nil {
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
	if _, err := os.Stat(filepath.Join(dst, names[len(names)-1])); err != nil {
		t.Error(err)
	}
}

func TestCopyOutThroughALink(t *testing.T) {
	t.Parallel()
	needShell(t)
	dir := t.TempDir()
	err := errors.Join(
		os.Mkdir(filepath.Join(dir, "folder"), 0o755),
		os.WriteFile(filepath.Join(dir, "folder", "file"), nil, 0o644),
		os.Symlink("folder", filepath.Join(dir, "to-folder")),
		os.Symlink("folder/file", filepath.Join(dir, "to-file")))
	if err != nil {
		t.Fatal(err)
	}
	for src, want := range map[string][]string{"to-folder": {"file"}, "to-file": {"to-file"}, "folder/": {"file"}} {
		if got := namesOf(t, filepath.Join(dir, src)); !slices.Equal(got, want) {
			t.Errorf("entries of %s are %q, wanted %q", src, got, want)
		}
	}
}

func namesOf(t *testing.T, src string) []string {
	t.Helper()
	stream, err := machine.Local().CopyOut(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var names []string
	for r := tar.NewReader(stream); ; {
		h, err := r.Next()
		if err == io.EOF {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
	}
}

func TestCopyOutMissing(t *testing.T) {
	t.Parallel()
	_, err := machine.Local().CopyOut(t.Context(), filepath.Join(t.TempDir(), "nothing"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v, wanted fs.ErrNotExist", err)
	}
}

func TestCopyOutRefusesAPipe(t *testing.T) {
	t.Parallel()
	needShell(t)
	dir := t.TempDir()
	run(t, `mkfifo "$1"`, filepath.Join(dir, "pipe"))
	stream, err := machine.Local().CopyOut(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if _, err := io.Copy(io.Discard, stream); err == nil || !strings.Contains(err.Error(), "only files") {
		t.Errorf("error is %v, wanted one that says what can be copied", err)
	}
}

// A large file goes through in pieces.
func TestCopyKeepsNothingInMemory(t *testing.T) {
	src := filepath.Join(t.TempDir(), "large")
	f, err := os.Create(src)
	if err != nil {
		t.Fatal(err)
	}
	const size = 64 << 20
	if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stream, err := machine.Local().CopyOut(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if err := machine.Local().CopyIn(t.Context(), t.TempDir(), stream); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > size/8 {
		t.Errorf("%d bytes were allocated to copy %d", used, size)
	}
}

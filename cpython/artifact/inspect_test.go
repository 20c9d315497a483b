package artifact_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
)

func inspect(t *testing.T, path string) *artifact.Inspection {
	t.Helper()
	i, err := artifact.Inspect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func written(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestInspectGolden(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the golden file is of an artifact for amd64")
	}
	ref := artifacttest.Ref(t, "3.13.5")
	dir, info := artifacttest.Tree(t, ref), artifacttest.Info(ref)
	artifacttest.Bundle(t, dir, &info)
	info.Recipe.Patches = []artifact.Patch{{Name: "cafile.patch", SHA256: strings.Repeat("a", 64),
		Reason: "ssl finds the certificates of every distribution, not only those of the one that the interpreter was compiled on"}}
	if err := artifact.WriteSBOM(dir, info); err != nil {
		t.Fatal(err)
	}
	i := inspect(t, artifacttest.Pack(t, dir, info))
	// They depend on the compressor.
	i.Path, i.Size, i.SHA256 = "artifacts/"+ref.File(), 12345678, strings.Repeat("0", 64)
	golden(t, "inspect.txt", []byte(written(t, i.WriteText)))
	golden(t, "inspect.json", []byte(written(t, i.WriteJSON)))
}

func TestInspectCounts(t *testing.T) {
	path := artifacttest.Make(t)
	i := inspect(t, path)
	digest, err := artifact.ReadSidecar(path)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if i.SHA256 != digest || i.Size != stat.Size() || i.Path != path {
		t.Errorf("digest %s, size %d, path %s; want %s, %d, %s", i.SHA256, i.Size, i.Path, digest, stat.Size(), path)
	}
	var size int64
	var files int
	for _, f := range artifacttest.Load(t, path) {
		if f.Header.Typeflag == '0' {
			size, files = size+f.Header.Size, files+1
		}
	}
	if i.Unpacked != size || i.Files != files {
		t.Errorf("%d bytes in %d files, want %d in %d", i.Unpacked, i.Files, size, files)
	}
	var sum artifact.Folder
	for _, f := range i.Folders {
		sum.Size, sum.Files = sum.Size+f.Size, sum.Files+f.Files
	}
	if sum.Size != size || sum.Files != files {
		t.Errorf("folders sum up to %+v, want %d and %d", sum, size, files)
	}
	for _, folders := range [][]artifact.Folder{i.Folders, i.Library} {
		if !slices.IsSortedFunc(folders, func(f, g artifact.Folder) int { return int(g.Size - f.Size) }) || len(folders) < 3 {
			t.Errorf("not the largest first: %v", folders)
		}
	}
	if got := i.Modules("disabled"); !slices.Equal(got, []string{"_tkinter"}) {
		t.Errorf("disabled: %v", got)
	}
	if i.HasSBOM {
		t.Error("a list of what it is made of is not in it")
	}
	if text, err := i.SBOM(); err != nil || !json.Valid(text) {
		t.Errorf("computed list: error %v:\n%s", err, text)
	}
}

// Whatever an artifact says about itself, no line is too wide and nothing
// reaches the terminal that is not text.
func TestInspectHostile(t *testing.T) {
	info := artifacttest.Info(artifacttest.Ref(t, "3.13.5"))
	const escape = "\x1b]0;title\x07\u202e\n[SUCCESS]"
	info.Toolchain.Compiler = escape + strings.Repeat("é", 500)
	info.Recipe.ConfigureArgs = []string{escape, strings.Repeat("--with-x ", 100)}
	info.Recipe.Patches = []artifact.Patch{{Name: escape, Reason: strings.Repeat("word ", 60)}}
	info.Modules[escape] = "shared"
	info.Toolchain.Libraries = []artifact.Library{{Soname: escape, Package: escape, File: "lib/" + strings.Repeat("x", 300)}}
	i := &artifact.Inspection{Path: escape, Info: info, Folders: []artifact.Folder{{Path: strings.Repeat("x", 300), Size: 1 << 50, Files: 99999}, {Path: escape, Size: 1 << 50}}}
	text := written(t, i.WriteText)
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 || strings.HasPrefix(line, "[SUCCESS]") {
			t.Errorf("%d columns: %q", n, line)
		}
	}
	if strings.ContainsAny(text, "\x1b\x07\u202e") {
		t.Errorf("control characters: %q", text)
	}
}

func TestInspectNeeds(t *testing.T) {
	i := &artifact.Inspection{Info: artifact.BuildInfo{
		Ref: cpython.Ref{Platform: cpython.Platform{OS: "debian12", Arch: "amd64", Level: "v3"}},
		Requirements: artifact.Requirements{Interpreter: "/lib64/ld-linux-x86-64.so.2", Symbols: map[string]string{"GLIBC": "2.17"},
			Sonames: []string{"libssl.so.3", "libz.so.1"}},
	}}
	want := []string{"Linux on amd64, a processor of level x86-64-v3", "glibc 2.17 or newer", "the loader /lib64/ld-linux-x86-64.so.2", "from outside: libssl.so.3 libz.so.1"}
	if got := i.Needs(); !slices.Equal(got, want) {
		t.Errorf("needs %q, want %q", got, want)
	}
	i.Info.Requirements.Sonames = nil
	if got := i.Needs(); got[3] != "no library from outside but those of glibc" {
		t.Errorf("without libraries from outside: %q", got)
	}
	i.Info.Requirements = artifact.Requirements{}
	if got := i.Needs(); len(got) != 1 || !strings.Contains(got[0], "not computed") {
		t.Errorf("not computed: %q", got)
	}
}

func TestInspectRefuses(t *testing.T) {
	path := artifacttest.Make(t)
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"text": []byte("no artifact"), "truncated": content[:len(content)-9], "more behind": append(bytes.Clone(content), 0)} {
		name = filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
		var format *artifact.FormatError
		if _, err := artifact.Inspect(t.Context(), name); !errors.As(err, &format) {
			t.Errorf("%s: error %v, wanted a FormatError", name, err)
		}
	}
}

// See what an artifact is, and what it is made of.
func ExampleInspect() {
	i, err := artifact.Inspect(context.Background(), "cpython-3.12.6-ubuntu20.04-build1.tgz")
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Println(i.Info.Ref, "needs", strings.Join(i.Needs(), ", "))
	for _, l := range i.Bundled() {
		fmt.Println(l.Soname, "of", l.Package, l.Version, "under", l.License)
	}
}

package build

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
)

func TestRenameNeeded(t *testing.T) {
	dir := artifacttest.Tree(t, artifacttest.Ref(t, "3.13.5"))
	found, err := filepath.Glob(filepath.Join(dir, "lib/python3.13/lib-dynload/_ssl.*"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	before, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	library := bundled{soname: "libc.so.6"}
	if err := renameNeeded(found[0], map[string]string{library.soname: library.file(), "libother.so.1": "cpbother.so.1"}); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(found[0])
	if err != nil || len(after) != len(before) {
		t.Errorf("%d bytes became %d, error %v", len(before), len(after), err)
	}
	if !bytes.Contains(before, []byte("\x00libc.so.6\x00")) || bytes.Contains(after, []byte("libc.so.6")) || !bytes.Contains(after, []byte("\x00cpbc.so.6\x00")) {
		t.Error("libc.so.6 is not cpbc.so.6 everywhere")
	}
	// What is no ELF file, or has no such name, stays.
	text := filepath.Join(dir, "LICENSE")
	for _, name := range []string{text, found[0]} {
		before, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := renameNeeded(name, map[string]string{"libc.so.6": "cpbc.so.6"}); err != nil {
			t.Error(err)
		}
		if after, err := os.ReadFile(name); err != nil || string(after) != string(before) {
			t.Errorf("%s was changed, error %v", name, err)
		}
	}
}

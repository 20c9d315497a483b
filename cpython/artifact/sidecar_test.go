package artifact_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

func TestSidecar(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cpython-3.13.5-debian12-build1.tgz")
	digest := strings.Repeat("0a", 32)
	for range 2 { // it is replaced
		if err := artifact.WriteSidecar(path, digest); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path + ".sha256")
	if want := digest + "  cpython-3.13.5-debian12-build1.tgz\n"; err != nil || string(text) != want {
		t.Errorf("content %q, error %v, wanted %q", text, err, want)
	}
	if got, err := artifact.ReadSidecar(path); got != digest || err != nil {
		t.Errorf("ReadSidecar = %q, %v", got, err)
	}
	if files, err := os.ReadDir(filepath.Dir(path)); err != nil || len(files) != 1 {
		t.Errorf("%d files in the folder, error %v, wanted 1", len(files), err)
	}
	if err := artifact.WriteSidecar(path, "abc"); err == nil {
		t.Error("a short digest was written")
	}
}

func FuzzParseSidecar(f *testing.F) {
	digest := strings.Repeat("0a", 32)
	for _, text := range []string{"", digest, digest + "  a.tgz\n", digest + " *a.tgz\n", digest + "  a.tgz\n\n", "<html>"} {
		f.Add([]byte(text), "a.tgz")
	}
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		digest, err := artifact.ParseSidecar(text, name)
		var parse *cpython.ParseError
		switch {
		case err != nil && !errors.As(err, &parse):
			t.Errorf("error %v is no ParseError", err)
		case err == nil && artifact.FormatSidecar(digest, name) != string(text):
			t.Errorf("%q was read as %q", text, digest)
		}
	})
}

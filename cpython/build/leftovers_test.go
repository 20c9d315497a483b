package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/internal/filelock"
)

func TestLeftovers(t *testing.T) {
	cache, work := t.TempDir(), t.TempDir()
	for _, name := range []string{
		cache + "/sources/abc", cache + "/logs/x/01-a.log", cache + "/staging/0123/tree/file", cache + "/locks/0123.lock",
		work + "/ccache/0/1", work + "/cpython-prebuilt-build-0123/src/a", work + "/cpython-prebuilt-build-4567/src/b", work + "/mine",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("1234567"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	list, err := Leftovers(t.Context(), cache, work, "/nonexistent")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, l := range list {
		kinds = append(kinds, l.Kind)
		if l.Size != 7 {
			t.Errorf("%s has %d bytes, wanted 7", l.Path, l.Size)
		}
	}
	if got := strings.Join(kinds, " "); got != "sources logs ccache work work work" {
		t.Errorf("found %s", got)
	}
	// What a build is using stays.
	release, err := filelock.Acquire(t.Context(), filepath.Join(cache, "locks", "0123.lock"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		busy := strings.Contains(l.Path, "0123")
		if err := l.Remove(); (err != nil) != busy {
			t.Errorf("remove %s: %v", l.Path, err)
		}
		if _, err := os.Stat(l.Path); (err == nil) != busy {
			t.Errorf("%s: %v", l.Path, err)
		}
	}
	release()
	if err := list[len(list)-2].Remove(); err != nil {
		t.Errorf("when the build has ended: %v", err)
	}
	if _, err := os.Stat(filepath.Join(work, "mine")); err != nil {
		t.Error(err)
	}
}

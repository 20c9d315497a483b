package artifact_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
	"golang.org/x/sys/unix"
)

// A disk that is full in the middle of it: the old tree stays in use.
func TestInstallFullDisk(t *testing.T) {
	s := newSite(t)
	if err := os.MkdirAll(s.parent, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", s.parent, "tmpfs", 0, "size=2m"); err != nil {
		t.Skip("needs the right to mount a small tmpfs:", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(s.parent, 0); err != nil {
			t.Error(err)
		}
	})
	old := s.install(t, artifacttest.Make(t))
	ref := artifacttest.Ref(t, "3.13.5")
	dir := artifacttest.Tree(t, ref)
	for _, name := range []string{"share/many", "share/more", "share/most"} {
		artifacttest.Write(t, filepath.Join(dir, name), strings.Repeat(name, 80_000), 0o644)
	}
	_, err := artifact.InstallFile(t.Context(), artifacttest.Pack(t, dir, artifacttest.Info(ref)), s.opts)
	if !errors.Is(err, unix.ENOSPC) {
		t.Errorf("error %v, wanted ENOSPC", err)
	}
	s.whole(t, old.Tree)
	if s.trees(t) != 1 {
		t.Errorf("%d trees, wanted the old one", s.trees(t))
	}
}

//go:build unix

package devcontainer_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestSaveKeepsTheOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give files to others")
	}
	path := write(t, filepath.Join(t.TempDir(), "devcontainer.json"), before)
	if err := os.Chown(path, 1234, 5678); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o664|os.ModeSetgid); err != nil {
		t.Fatal(err)
	}
	if err := loadAndSet(t, path).Save(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	stat := info.Sys().(*syscall.Stat_t)
	if stat.Uid != 1234 || stat.Gid != 5678 || info.Mode() != 0o664|os.ModeSetgid {
		t.Errorf("owner %d:%d, mode %v, want 1234:5678 and 0664 with setgid", stat.Uid, stat.Gid, info.Mode())
	}
	wantText(t, path, after)
}

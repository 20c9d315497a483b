package devcontainer_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

const before, after = "{ \"a\": 1 } // é", "{ \"a\": 2 } // é"

func write(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func loadAndSet(t *testing.T, path string) *devcontainer.File {
	t.Helper()
	f, err := devcontainer.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Set("/a", 2); err != nil {
		t.Fatal(err)
	}
	return f
}

func wantText(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("%s: %q, %v, want %q", path, got, err, want)
	}
	if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) > 2 {
		t.Errorf("files are left behind: %v", entries)
	}
}

func TestSaveKeepsModeAndLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes, and links need a right")
	}
	for _, test := range []struct {
		name string
		link func(target, name string) error
	}{
		{"symbolic link", func(target, name string) error { return os.Symlink(filepath.Base(target), name) }},
		{"hard link", os.Link},
	} {
		t.Run(test.name, func(t *testing.T) {
			target := write(t, filepath.Join(t.TempDir(), "real.json"), before)
			if err := os.Chmod(target, 0o640); err != nil {
				t.Fatal(err)
			}
			link := filepath.Join(filepath.Dir(target), "devcontainer.json")
			if err := test.link(target, link); err != nil {
				t.Fatal(err)
			}
			was, _ := os.Lstat(link)
			if err := loadAndSet(t, link).Save(); err != nil {
				t.Fatal(err)
			}
			wantText(t, link, after)
			wantText(t, target, after)
			is, err := os.Lstat(link)
			if err != nil || is.Mode() != was.Mode() {
				t.Errorf("mode %v, %v, want %v", is.Mode(), err, was.Mode())
			}
			if info, _ := os.Stat(target); info.Mode() != 0o640 {
				t.Errorf("mode of the target %v, want 0640", info.Mode())
			}
		})
	}
}

func TestSaveWritesNothingWithoutNeed(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "devcontainer.json"), before)
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	f := loadAndSet(t, path)
	if err := f.Set("/a", 1.0); err != nil {
		t.Fatal(err)
	}
	if err := f.Save(); err != nil || f.Changed() {
		t.Errorf("save: %v, changed %v", err, f.Changed())
	}
	if info, err := os.Stat(path); err != nil || !info.ModTime().Equal(old) {
		t.Errorf("the file was written at %v: %v", info.ModTime(), err)
	}
}

func TestSaveTwice(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "devcontainer.json"), before)
	f := loadAndSet(t, path)
	for _, value := range []int{2, 3} {
		if err := errors.Join(f.Set("/a", value), f.Save()); err != nil || f.Changed() {
			t.Fatalf("save: %v, changed %v", err, f.Changed())
		}
	}
	wantText(t, path, "{ \"a\": 3 } // é")
}

func TestSaveRefusesWhatOthersChanged(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(path string) error
		gone bool
		left string
	}{
		{"edited", func(path string) error { return os.WriteFile(path, []byte("{}"), 0o644) }, false, "{}"},
		{"removed", os.Remove, true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := write(t, filepath.Join(t.TempDir(), "devcontainer.json"), before)
			f := loadAndSet(t, path)
			if err := test.do(path); err != nil {
				t.Fatal(err)
			}
			var changed *devcontainer.ChangedError
			if err := f.Save(); !errors.As(err, &changed) || changed.Gone != test.gone || changed.Path != path {
				t.Fatalf("save: %v, want a ChangedError", err)
			}
			if !test.gone {
				wantText(t, path, test.left)
			} else if entries, _ := os.ReadDir(filepath.Dir(path)); len(entries) > 0 {
				t.Errorf("files are left behind: %v", entries)
			}
		})
	}
}

func TestSaveWithoutAPlace(t *testing.T) {
	folder := t.TempDir()
	path := write(t, filepath.Join(folder, "devcontainer.json"), before)
	f := loadAndSet(t, path)
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(folder, 0o755) })
	if probe, err := os.CreateTemp(folder, ""); err == nil {
		_ = errors.Join(probe.Close(), os.Remove(probe.Name()))
		t.Skip("this user may write everywhere")
	}
	if err := f.Save(); !errors.Is(err, fs.ErrPermission) || !f.Changed() {
		t.Errorf("save: %v, changed %v, want fs.ErrPermission and true", err, f.Changed())
	}
	wantText(t, path, before)
}

func TestFind(t *testing.T) {
	const nested = ".devcontainer/devcontainer.json"
	for _, test := range []struct {
		name  string
		files []string
		want  string
		found int
	}{
		{"none", nil, "", 0},
		{"folder", []string{nested}, nested, 1},
		{"hidden file", []string{".devcontainer.json"}, ".devcontainer.json", 1},
		{"one of many folders", []string{".devcontainer/go/devcontainer.json", ".devcontainer/other/x.json"}, ".devcontainer/go/devcontainer.json", 1},
		{"too deep", []string{".devcontainer/a/b/devcontainer.json"}, "", 0},
		{"a folder of that name", []string{".devcontainer.json/x"}, "", 0},
		{"file instead of a folder", []string{".devcontainer"}, "", 0},
		{"several", []string{nested, ".devcontainer.json", ".devcontainer/b/devcontainer.json", ".devcontainer/a/devcontainer.json"}, "", 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			for _, file := range test.files {
				write(t, filepath.Join(folder, file), "{}")
			}
			got, err := devcontainer.Find(folder)
			var ambiguous *devcontainer.AmbiguousError
			switch {
			case test.found == 1:
				if want := filepath.Join(folder, test.want); err != nil || got != want {
					t.Errorf("%s, %v, want %s", got, err, want)
				}
			case test.found == 0:
				if !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s, %v, want fs.ErrNotExist", got, err)
				}
			case !errors.As(err, &ambiguous) || len(ambiguous.Found) != test.found || ambiguous.Found[2] != filepath.Join(folder, ".devcontainer/a/devcontainer.json"):
				t.Errorf("%s, %v, want an AmbiguousError with %d", got, err, test.found)
			}
		})
	}
}

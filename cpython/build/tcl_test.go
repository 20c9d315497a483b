package build

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTclFolders(t *testing.T) {
	for _, tt := range []struct {
		name, found, want string
	}{
		{"Debian", "/usr/share/tcltk/tk8.6/tk.tcl /usr/share/tcltk/tcl8.6/init.tcl /usr/share/tcltk/tcl8.6/tcl8 /usr/share/tcltk/tcl8",
			"/usr/share/tcltk/tcl8.6 /usr/share/tcltk/tk8.6"},
		{"Fedora", "/usr/share/tcl8 /usr/share/tcl8.6/init.tcl /usr/share/tk8.6/tk.tcl", "/usr/share/tcl8.6 /usr/share/tk8.6 /usr/share/tcl8"},
		{"modules elsewhere", "/usr/lib/tcl8.6/init.tcl /usr/share/tk8.6/tk.tcl /usr/share/tcl8", "/usr/lib/tcl8.6 /usr/share/tk8.6"},
		{"the first of two", "/usr/share/tcl8.6/init.tcl /usr/share/tk8.6/tk.tcl /usr/lib/tcl8.6/init.tcl", "/usr/share/tcl8.6 /usr/share/tk8.6"},
		{"no Tk", "/usr/share/tcl8.6/init.tcl", ""},
		{"nothing", "", ""},
	} {
		got, err := tclFolders(strings.Fields(tt.found), "8.6", "8")
		if strings.Join(got, " ") != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v, want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestTclSoname(t *testing.T) {
	for soname, want := range map[string]string{
		"libtcl8.6.so": "8.6", "libtcl8.6.so.0": "8.6", "libtcl9.0.so": "9.0", "libtcl9tk9.0.so": "", "libtk8.6.so": "", "libtclstub8.6.a": "",
	} {
		got := ""
		if m := tclSoname.FindStringSubmatch(soname); m != nil {
			got = m[1]
		}
		if got != want {
			t.Errorf("%s: version %q, want %q", soname, got, want)
		}
	}
}

func TestRemoveOutward(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	links := map[string]string{
		"absolute": "/usr/share/doc", "outward": "../x", "sub/outward": "../../x", "inward": "sub/x", "sub/inward": "../x",
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skipf("no links here: %v", err)
		}
	}
	if err := removeOutward(dir); err != nil {
		t.Fatal(err)
	}
	var left []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type() == fs.ModeSymlink {
			left = append(left, name)
		}
		return err
	})
	if want := []string{"inward", "sub/inward"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left: %q, %v, want %q", left, err, want)
	}
}

func TestMoveModules(t *testing.T) {
	t.Parallel()
	lib := t.TempDir()
	if err := moveModules(lib, "8.6", "8"); err != nil {
		t.Errorf("without modules among the scripts: %v", err)
	}
	for _, dir := range []string{"tcl8.6/tcl8", "tcl8.6/msgs"} {
		if err := os.MkdirAll(filepath.Join(lib, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(lib, "tcl8.6/tcl8/http-2.9.8.tm"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := moveModules(lib, "8.6", "8"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(lib, "tcl8/8.6/http-2.9.8.tm")); err != nil {
		t.Error(err)
	}
}

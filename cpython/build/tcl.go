package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// ownTcl reports whether the tree has Tcl and Tk, libraries and scripts.
func (r Recipe) ownTcl() bool { return r.Tkinter && !r.SystemLibraries }

// tclSoname matches the library of Tcl. The version in it is in the names of
// the folders of Tcl and Tk, too.
var tclSoname = regexp.MustCompile(`^libtcl(([0-9]+)\.[0-9]+)\.so`)

// notScripts are in those folders too: what is for people to look at.
var notScripts = []string{"demos", "images", "tclAppInit.c", "tkAppInit.c"}

// addTcl puts the scripts of Tcl and Tk into the tree: the libraries read them
// when they start, from where the machine has them. That they are to look in
// the tree first is what tcl-library.patch tells them.
func (s *session) addTcl(ctx context.Context) error {
	if !s.recipe.ownTcl() {
		return nil
	}
	var version, major string
	for _, b := range s.bundle {
		if m := tclSoname.FindStringSubmatch(b.soname); m != nil {
			version, major = m[1], m[2]
		}
	}
	if version == "" {
		return errors.New("tcl: _tkinter does not link to a library of Tcl that is known here")
	}
	found, err := s.output(ctx, "find", "/usr/share", "/usr/lib", "-maxdepth", "4", "(", "-path", "*/tcl"+version+"/init.tcl",
		"-o", "-path", "*/tk"+version+"/tk.tcl", "-o", "-path", "*/tcl"+major, ")")
	// Folders that it may not look into are an error to find, and none here.
	if exit := (*machine.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("tcl: %w", err)
	}
	folders, err := tclFolders(strings.Fields(found), version, major)
	if err != nil {
		return err
	}
	for _, dir := range folders {
		if err := s.addScripts(ctx, dir); err != nil {
			return fmt.Errorf("tcl: %w", err)
		}
	}
	if err := moveModules(filepath.Join(s.treeDir(), "lib"), version, major); err != nil {
		return fmt.Errorf("tcl: %w", err)
	}
	return nil
}

// moveModules puts Tcl's modules where Tcl itself has them (tm(3tcl)). Debian
// has them among the scripts, and the absolute path of that in one of these.
func moveModules(lib, version, major string) error {
	from, to := filepath.Join(lib, "tcl"+version, "tcl"+major), filepath.Join(lib, "tcl"+major)
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	return os.Rename(from, filepath.Join(to, version))
}

// tclFolders chooses from what find has found: the scripts of Tcl, those of Tk,
// and Tcl's modules where they lie beside the scripts. Where they are among
// them, what is beside is of other packages.
func tclFolders(found []string, version, major string) ([]string, error) {
	var folders []string
	for _, script := range []string{"tcl" + version + "/init.tcl", "tk" + version + "/tk.tcl"} {
		at := slices.IndexFunc(found, func(name string) bool { return strings.HasSuffix(name, "/"+script) })
		if at < 0 {
			return nil, fmt.Errorf("tcl: the machine has the library, but no %s below /usr/share and /usr/lib", script)
		}
		folders = append(folders, path.Dir(found[at]))
	}
	within, beside := path.Join(folders[0], "tcl"+major), path.Join(path.Dir(folders[0]), "tcl"+major)
	if slices.Contains(found, beside) && !slices.Contains(found, within) {
		folders = append(folders, beside)
	}
	return folders, nil
}

// addScripts copies a folder of the machine to lib/ of the tree, without links
// that lead out of it.
func (s *session) addScripts(ctx context.Context, dir string) error {
	stream, err := s.Machine.CopyOut(ctx, dir)
	if err != nil {
		return err
	}
	defer stream.Close()
	to := filepath.Join(s.treeDir(), "lib", path.Base(dir))
	if err := machine.Local().CopyIn(ctx, to, stream); err != nil {
		return err
	}
	for _, name := range notScripts {
		if err := os.RemoveAll(filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return removeOutward(to)
}

// removeOutward removes the symbolic links below a folder that lead out of it.
func removeOutward(dir string) error {
	return filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Type() != fs.ModeSymlink {
			return err
		}
		target, err := os.Readlink(name)
		if err != nil {
			return err
		}
		from, err := filepath.Rel(dir, filepath.Dir(name))
		if err != nil || !filepath.IsAbs(target) && filepath.IsLocal(filepath.Join(from, target)) {
			return err
		}
		return os.Remove(name)
	})
}

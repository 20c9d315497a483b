package build

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// treeRevision counts the changes of what this file makes of an installed
// tree. It is one of the inputs of a build.
const treeRevision = 3

// sourcePath stands in the tree for the folder that CPython was compiled in.
const sourcePath = "/usr/src/cpython"

func (s *session) treeDir() string { return filepath.Join(s.staging, "tree") }

// collectTree fetches the installed tree from the machine and finishes it.
func (s *session) collectTree(ctx context.Context) error {
	stream, err := s.Machine.CopyOut(ctx, s.replace.Replace(s.recipe.tree()))
	if err != nil {
		return fmt.Errorf("fetch the tree: %w", err)
	}
	defer stream.Close()
	if err := machine.Local().CopyIn(ctx, s.treeDir(), stream); err != nil {
		return fmt.Errorf("fetch the tree: %w", err)
	}
	if err := s.addLibraries(ctx); err != nil {
		return err
	}
	if err := s.addZones(ctx); err != nil {
		return err
	}
	if err := s.addTcl(ctx); err != nil {
		return err
	}
	license, err := s.readFile(ctx, path.Join(s.work, "src", "LICENSE"))
	if err != nil {
		return err
	}
	t := tree{root: s.treeDir(), version: s.recipe.Ref.Version, prefix: s.recipe.Prefix(), work: s.work}
	if err := t.finish(license, s.recipe.KeepTests); err != nil {
		return err
	}
	s.info.PrefixFiles, err = t.prefixFiles()
	return err
}

// A tree is an installed CPython on this host, on its way to become independent
// of where it was built and of where it will stand.
type tree struct {
	root    string // the folder on this host
	version cpython.Version
	prefix  string // that is compiled in
	work    string // the folder on the machine that it was built in
}

func (t tree) lib() string { return filepath.Join(t.root, "lib", "python"+t.version.LD()) }

// finish makes the tree slim and free of every path of the build machine.
func (t tree) finish(license []byte, keepTests bool) error {
	if err := os.WriteFile(filepath.Join(t.root, "LICENSE"), license, 0o644); err != nil {
		return fmt.Errorf("tree: %w", err)
	}
	for _, do := range []func() error{t.linkInterpreter, t.rewriteScripts, t.rewriteConfigScript, t.rewritePkgConfig, t.rewriteSysconfig, t.updateRecords} {
		if err := do(); err != nil {
			return fmt.Errorf("tree: %w", err)
		}
	}
	if err := t.slim(keepTests); err != nil {
		return fmt.Errorf("tree: %w", err)
	}
	return nil
}

// linkInterpreter makes links of all names of the interpreter: "make install"
// makes hard links of some.
func (t tree) linkInterpreter() error {
	real := "python" + t.version.LD()
	links := map[string]string{"python3": real, "python": "python3"}
	if t.version.FreeThreaded {
		links["python"+t.version.Series()] = real
	}
	for name, target := range links {
		full := filepath.Join(t.root, "bin", name)
		if err := os.Remove(full); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Symlink(target, full); err != nil {
			return err
		}
	}
	return nil
}

// trampoline begins a script that finds the interpreter beside itself: text in
// which sh sees a command and Python a string. A "#!" line can only hold an
// absolute path.
const trampoline = "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")/%s\" \"$0\" \"$@\"\n' '''\n"

// pythonShebang matches the first lines of a script that names an interpreter
// by an absolute path, also in the form that pip writes for long paths.
var pythonShebang = regexp.MustCompile(`^(#!/[^\n]*/bin/python[0-9.t]*[^\n]*\n|#!/bin/sh\n'''exec' [^\n]*/bin/python[0-9.t]*"? [^\n]*\n' '''\n)`)

func (t tree) rewriteScripts() error {
	return t.edit("bin/*", func(_ string, text []byte) ([]byte, error) {
		at := pythonShebang.FindIndex(text)
		if at == nil {
			return text, nil
		}
		head := fmt.Sprintf(trampoline, "python"+t.version.LD())
		return append([]byte(head), text[at[1]:]...), nil
	})
}

// rewriteConfigScript makes pythonX.Y-config find its prefix through links and
// in folders with spaces, which CPython's own lines do not.
func (t tree) rewriteConfigScript() error {
	const theirs = `prefix_real=$(installed_prefix "$0")`
	const ours = `prefix_real=$(dirname -- "$(dirname -- "$(realpath -- "$0")")")`
	return t.edit("bin/python"+t.version.LD()+"-config", func(name string, text []byte) ([]byte, error) {
		if !bytes.Contains(text, []byte(theirs)) {
			return nil, fmt.Errorf("%s: does not look for its prefix the way it is known to", name)
		}
		text = bytes.Replace(text, []byte(theirs), []byte(ours), 1)
		return t.scrub(text), nil
	})
}

func (t tree) rewritePkgConfig() error {
	return t.edit("lib/pkgconfig/*.pc", func(_ string, text []byte) ([]byte, error) {
		text = bytes.ReplaceAll(text, []byte("prefix="+t.prefix+"\n"), []byte("prefix=${pcfiledir}/../..\n"))
		return t.scrub(bytes.ReplaceAll(text, []byte(t.prefix), []byte("${prefix}"))), nil
	})
}

// rewriteSysconfig takes the paths of the build machine out of what CPython
// remembers of its own build. The prefix stays: installing rewrites it.
func (t tree) rewriteSysconfig() error {
	for _, pattern := range sysconfigFiles {
		if err := t.edit(path.Join("lib", "python"+t.version.LD(), pattern), func(_ string, text []byte) ([]byte, error) {
			return t.scrub(text), nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// sysconfigFiles are, below the library folder, all files that hold the
// prefix: the module that sysconfig reads, its twins in JSON (since 3.14; PEP
// 739) and the Makefile.
var sysconfigFiles = []string{"_sysconfigdata_*.py", "_sysconfig_vars_*.json", "build-details.json", "config-*/Makefile"}

// scrub takes the folder of the build out of a text.
func (t tree) scrub(text []byte) []byte {
	for _, flag := range strings.Fields(prefixMap(t.work + "/src")) {
		// _sysconfigdata holds long texts in pieces, a line each, cut after any space.
		cut := regexp.MustCompile(` (["']\n\s*["'])?` + regexp.QuoteMeta(flag))
		text = cut.ReplaceAll(text, []byte("$1"))
	}
	text = bytes.ReplaceAll(text, []byte(t.work+"/src"), []byte(sourcePath))
	return bytes.ReplaceAll(text, []byte(t.work+"/bin:"), nil)
}

// edit rewrites the regular files of the tree that match a pattern.
func (t tree) edit(pattern string, change func(name string, text []byte) ([]byte, error)) error {
	names, err := filepath.Glob(filepath.Join(t.root, filepath.FromSlash(pattern)))
	if err != nil {
		return err
	}
	for _, name := range names {
		info, err := os.Lstat(name)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() || info.Size() > 16<<20 {
			continue
		}
		before, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		after, err := change(name, before)
		if err != nil {
			return err
		}
		if bytes.Equal(before, after) {
			continue
		}
		if err := os.WriteFile(name, after, info.Mode().Perm()); err != nil {
			return err
		}
	}
	return nil
}

// updateRecords brings the RECORD files of installed distributions in line with
// the scripts that were rewritten: pip writes the digest and size of each.
func (t tree) updateRecords() error {
	pattern := path.Join("lib", "python"+t.version.LD(), "site-packages", "*.dist-info", "RECORD")
	return t.edit(pattern, func(name string, text []byte) ([]byte, error) {
		var out bytes.Buffer
		for line := range strings.Lines(string(text)) {
			file, rest, ok := strings.Cut(strings.TrimRight(line, "\r\n"), ",")
			if ok && strings.HasPrefix(file, "../../../bin/") && rest != "," {
				content, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(name)), filepath.FromSlash(file)))
				if err != nil {
					return nil, err
				}
				sum := sha256.Sum256(content)
				// The "Recording installed projects" specification: URL-safe base64 without padding.
				line = fmt.Sprintf("%s,sha256=%s,%d\n", file, base64.RawURLEncoding.EncodeToString(sum[:]), len(content))
			}
			out.WriteString(line)
		}
		return out.Bytes(), nil
	})
}

// slim removes what no user of the tree needs.
func (t tree) slim(keepTests bool) error {
	remove := []string{"config-*/python-config.py"} // twin of bin/python-config, with an absolute interpreter
	if !keepTests {
		remove = append(remove, "test", "*/test", "*/tests", "idlelib/idle_test")
	}
	for _, pattern := range remove {
		names, err := filepath.Glob(filepath.Join(t.lib(), filepath.FromSlash(pattern)))
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := os.RemoveAll(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// prefixFiles returns the files that hold the prefix, relative to the tree, and
// fails when one does that installing would not rewrite, or when a path of the
// build machine is left anywhere.
func (t tree) prefixFiles() ([]string, error) {
	var holding, leaks []string
	err := filepath.WalkDir(t.root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(t.root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if bytes.Contains(content, []byte(t.work)) {
			leaks = append(leaks, rel+" holds "+t.work)
		}
		switch {
		case !bytes.Contains(content, []byte(t.prefix)):
		case t.isSysconfig(rel):
			holding = append(holding, rel)
		case !t.mayHoldPrefix(rel, content):
			leaks = append(leaks, rel+" holds "+t.prefix)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("tree: %w", err)
	}
	if len(leaks) > 0 {
		return nil, fmt.Errorf("tree: paths of the build are left:\n  %s", strings.Join(leaks, "\n  "))
	}
	slices.Sort(holding)
	return holding, nil
}

func (t tree) isSysconfig(rel string) bool {
	return slices.ContainsFunc(sysconfigFiles, func(pattern string) bool {
		ok, _ := path.Match(path.Join("lib", "python"+t.version.LD(), pattern), rel)
		return ok
	})
}

// mayHoldPrefix tells where the prefix does no harm: CPython's compiled-in last
// resort, the file names in bytecode, which the import system replaces, and
// pythonX.Y-config, which replaces it in what it prints.
func (t tree) mayHoldPrefix(rel string, content []byte) bool {
	return bytes.HasPrefix(content, []byte("\x7fELF")) || strings.HasSuffix(rel, ".pyc") ||
		rel == "bin/python"+t.version.LD()+"-config"
}

// firstFile returns the content of the first regular file of a tar stream.
func firstFile(stream io.Reader) ([]byte, error) {
	r := tar.NewReader(stream)
	for {
		header, err := r.Next()
		if err != nil {
			return nil, err
		}
		if header.Typeflag == tar.TypeReg {
			return io.ReadAll(r)
		}
	}
}

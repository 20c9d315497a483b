package artifact

import (
	"bytes"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// An elfTree is what is known of the ELF files of a tree: what the checks S10 to
// S16 and [Requirements] are computed from. Paths are relative to the tree.
type elfTree struct {
	info   BuildInfo
	files  map[string]*elfFile
	broken map[string]error    // files that begin as ELF files do and are none
	leaks  map[string][]string // build paths in them; see leaks
	links  map[string]string   // symbolic links and their targets
	inTree map[string]string   // what libraries returns, once it is known
}

// add reads a file that begins as an ELF file does. Where that fails, the error
// is a finding of S10.
func (t *elfTree) add(name string, data []byte) {
	f, err := readELF(name, data, wantedExports(name)...)
	t.put(name, f, err, leaks(data))
}

// put takes down what readELF and leaks found out about a file, for callers
// that run them elsewhere.
func (t *elfTree) put(name string, f *elfFile, err error, leaked []string) {
	t.inTree = nil
	if t.files == nil {
		t.files, t.broken, t.leaks = map[string]*elfFile{}, map[string]error{}, map[string][]string{}
	}
	if err != nil {
		t.broken[name] = err
	} else {
		t.files[name] = f
	}
	if len(leaked) > 0 {
		t.leaks[name] = leaked
	}
}

// check runs the checks that need nothing but the ELF files, S10 to S16.
func (t *elfTree) check() []cpython.Finding {
	return slices.Concat(t.checkMachine(), t.checkNeeded(), t.checkVersions(), t.checkRunPaths(),
		t.checkNames(), t.checkHardening(), t.checkISA())
}

// names returns the paths of the ELF files, sorted.
func (t *elfTree) names() []string { return slices.Sorted(maps.Keys(t.files)) }

// linked calls do for every ELF file that runs, in the order of their paths.
func (t *elfTree) linked(do func(name string, f *elfFile)) {
	for _, name := range t.names() {
		if f := t.files[name]; f.linked() {
			do(name, f)
		}
	}
}

var (
	// An extension module: in lib-dynload, or with a tag that only they have
	// (PEP 3149, PEP 384).
	extensionPath = regexp.MustCompile(`(?:^|/)(?:lib-dynload/([^/.]+)\.[^/]*so|([^/.]+)\.(?:cpython-[^/]*|abi3)\.so)$`)
	libpythonName = regexp.MustCompile(`^libpython3\.[0-9]+t?\.so(\.[0-9.]+)?$`)
)

// moduleName returns the name of the extension module that a file holds, empty
// where it holds none.
func moduleName(name string) string {
	m := extensionPath.FindStringSubmatch(name)
	if m == nil {
		return ""
	}
	return m[1] + m[2]
}

// wantedExports returns the symbols that a file must export to be what its
// name says.
func wantedExports(name string) []string {
	if libpythonName.MatchString(path.Base(name)) {
		return []string{"Py_Initialize"}
	}
	if module := moduleName(name); module != "" {
		return []string{"PyInit_" + module}
	}
	return nil
}

// isInterpreter reports whether a file is the interpreter itself.
func (t *elfTree) isInterpreter(name string) bool {
	return name == "bin/python"+t.info.Ref.Version.LD()
}

// bundled reports whether a file is a library that the distribution of the
// build machine compiled and that the tree only carries.
func (t *elfTree) bundled(name string) bool {
	f := t.files[name]
	return f != nil && t.info.Recipe.Link == "bundled" && slices.ContainsFunc(t.info.Toolchain.Libraries, func(l Library) bool {
		return l.File == name || l.Soname == f.soname || l.Soname == path.Base(name)
	})
}

// severity is what a finding about a file counts that we cannot mend where the
// file is not ours.
func (t *elfTree) severity(name string) cpython.Status {
	if t.bundled(name) {
		return cpython.Warn
	}
	return cpython.Fail
}

// maxHops is how many links of a tree lead to a file: libpython3.13.so needs one.
const maxHops = 8

// resolve follows the links of the tree and returns the path that name really
// is, and false where the links lead out of the tree or nowhere.
func (t *elfTree) resolve(name string) (string, bool) {
	name = path.Clean(name)
	for range maxHops {
		changed := false
		for at := 0; at <= len(name); at++ {
			if at < len(name) && name[at] != '/' {
				continue
			}
			target, ok := t.links[name[:at]]
			if !ok {
				continue
			}
			if path.IsAbs(target) {
				return "", false
			}
			name, changed = path.Join(path.Dir(name[:at]), target, name[at:]), true
			break
		}
		if !insideTree(name) {
			return "", false
		}
		if !changed {
			return name, true
		}
	}
	return "", false
}

// insideTree reports whether a clean relative path stays below its root.
func insideTree(name string) bool {
	return name != ".." && !strings.HasPrefix(name, "../") && !path.IsAbs(name)
}

// libraries returns the ELF files of the tree by the names that something could
// need them under: those of files and links.
func (t *elfTree) libraries() map[string]string {
	if t.inTree != nil {
		return t.inTree
	}
	t.inTree = map[string]string{}
	for _, name := range t.names() {
		if base := path.Base(name); t.inTree[base] == "" {
			t.inTree[base] = name
		}
	}
	for _, link := range slices.Sorted(maps.Keys(t.links)) {
		if base := path.Base(link); t.inTree[base] == "" {
			if name, ok := t.resolve(link); ok && t.files[name] != nil {
				t.inTree[base] = name
			}
		}
	}
	return t.inTree
}

// glibcSonames are the libraries that are glibc itself: where glibc is, they
// are. libcrypt and libnsl are packages of their own on current distributions.
var glibcSonames = []string{
	"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1",
	"libresolv.so.2", "libanl.so.1", "libmvec.so.1", "libBrokenLocale.so.1", "libthread_db.so.1",
}

// ofGlibc reports whether a library is part of glibc: one of its own, or the
// loader of any architecture.
func ofGlibc(soname string) bool {
	return slices.Contains(glibcSonames, soname) || slices.ContainsFunc(elfMachines, func(m elfMachine) bool {
		return path.Base(m.loader) == soname
	})
}

// leakMarkers are parts of paths that exist on build machines only.
var leakMarkers = [][]byte{[]byte("/home/"), []byte("/root/"), []byte("/vagrant"), []byte("cpython-prebuilt-build")}

// leaks returns texts in data that are paths of a build machine, at most three
// of each kind, shortened.
func leaks(data []byte) []string {
	var found []string
	for _, marker := range leakMarkers {
		for at, n := 0, 0; n < 3; n++ {
			i := bytes.Index(data[at:], marker)
			if i < 0 {
				break
			}
			text, end := textAround(data, at+i)
			if !slices.Contains(found, text) {
				found = append(found, text)
			}
			at = end
		}
	}
	return found
}

// textAround returns the printable text around a place in data, and where it ends.
func textAround(data []byte, at int) (text string, end int) {
	printable := func(i int) bool { return data[i] > ' ' && data[i] < 0x7f }
	begin := at
	for begin > 0 && at-begin < 60 && printable(begin-1) {
		begin--
	}
	for end = at; end < len(data) && end-at < 120 && printable(end); {
		end++
	}
	return string(data[begin:end]), end
}

// checkLeaks is what S18 says about one file, given what leaks found in it;
// nothing where that is nothing.
func (t *elfTree) checkLeaks(name string) []cpython.Finding {
	found := t.leaks[name]
	if len(found) == 0 {
		return nil
	}
	finding := cpython.Finding{ID: "S18", Status: t.severity(name), Subject: name, Message: "holds a path of the machine that it was built on",
		Found: strings.Join(found, ", "), Wanted: "no path below /home, /root or /vagrant and none of the build folder",
		Fix: "build with the recipe of this program: it compiles with -ffile-prefix-map and cleans what is installed"}
	if finding.Status == cpython.Warn {
		finding.Message = "a library of the distribution holds a path of the machine that it was built on"
		finding.Fix = "none here: the distribution compiled it"
	}
	return []cpython.Finding{finding}
}

// checkSlim is what S21 says about ELF files and static libraries: nothing where
// there is nothing to say.
func (t *elfTree) checkSlim() []cpython.Finding {
	var findings []cpython.Finding
	for _, name := range t.names() {
		if t.files[name].debug && !t.info.Recipe.KeepDebug {
			findings = append(findings, cpython.Finding{ID: "S21", Status: cpython.Fail, Subject: name, Message: "holds debug information",
				Found: "sections .debug_*", Wanted: "none, or a recipe that keeps them", Fix: "strip --strip-debug it, or set KeepDebug in the recipe"})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.info.Files)) {
		if strings.HasSuffix(name, ".a") && !t.info.Recipe.KeepStatic {
			findings = append(findings, cpython.Finding{ID: "S21", Status: cpython.Fail, Subject: name, Message: "is a static library",
				Found: "*.a", Wanted: "none, or a recipe that keeps them", Fix: "leave it out, or set KeepStatic in the recipe"})
		}
	}
	return findings
}

// orPassed returns the findings, or one that says that the check passed.
func orPassed(findings []cpython.Finding, id, format string, args ...any) []cpython.Finding {
	if len(findings) > 0 {
		return findings
	}
	return []cpython.Finding{{ID: id, Status: cpython.Pass, Message: fmt.Sprintf(format, args...)}}
}

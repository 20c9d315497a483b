package artifact

import (
	"debug/elf"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

const (
	loader64       = "/lib64/ld-linux-x86-64.so.2"
	hardeningFlags = "-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"
)

// newTree returns a tree of 3.13.5 for debian12 without files.
func newTree() *elfTree {
	return &elfTree{
		info: BuildInfo{
			Ref:       cpython.Ref{Version: cpython.Version{Major: 3, Minor: 13, Micro: 5}, Platform: cpython.Platform{OS: "debian12", Arch: "amd64"}, Build: 1},
			Recipe:    Recipe{Link: "bundled", ConfigureArgs: []string{"CFLAGS_NODIST=" + hardeningFlags}},
			Toolchain: Toolchain{Linker: "GNU ld (GNU Binutils for Debian) 2.40", Libraries: []Library{{Soname: "libssl.so.3"}}},
			Requirements: Requirements{Interpreter: loader64, Symbols: map[string]string{"GLIBC": "2.36"},
				Sonames: []string{"libX11.so.6"}},
		},
		links: map[string]string{"bin/python3": "python3.13", "lib/libpython3.13.so": "libpython3.13.so.1.0", "lib64": "lib"},
	}
}

// treeSpecs are the ELF files of a small tree that passes every check.
func treeSpecs() map[string]elfSpec {
	imports := []string{"__stack_chk_fail", "__printf_chk"}
	libc := map[string][]string{"libc.so.6": {"GLIBC_2.2.5", "GLIBC_2.34"}}
	return map[string]elfSpec{
		"bin/python3.13": {Interpreter: loader64, PIE: true, Needed: []string{"libm.so.6", "libc.so.6"},
			Versions: map[string][]string{"libm.so.6": {"GLIBC_2.36"}, "libc.so.6": {"GLIBC_2.34"}}, Imports: imports, ISA: 1},
		"lib/libpython3.13.so.1.0": {Soname: "libpython3.13.so.1.0", Needed: []string{"libc.so.6", "ld-linux-x86-64.so.2"}, Versions: libc,
			Imports: imports, Exports: []string{"Py_Initialize"}, ISA: 1},
		"lib/libpython3.so": {Soname: "libpython3.so", Needed: []string{"libpython3.13.so.1.0"}, RPath: "$ORIGIN", ISA: 1},
		"lib/python3.13/lib-dynload/_ssl.cpython-313-x86_64-linux-gnu.so": {Needed: []string{"libssl.so.3", "libc.so.6"},
			RPath: "$ORIGIN/../../bundled", Exports: []string{"PyInit__ssl"}, ISA: 1},
		"lib/python3.13/lib-dynload/_tkinter.cpython-313-x86_64-linux-gnu.so": {Needed: []string{"libX11.so.6"}, Exports: []string{"PyInit__tkinter"}, ISA: 1},
		"lib/bundled/libssl.so.3":             {Soname: "libssl.so.3", Needed: []string{"libc.so.6"}, Defines: []string{"OPENSSL_3.0.0"}, Lazy: true},
		"lib/python3.13/config-3.13/python.o": {Kind: elf.ET_REL},
	}
}

func treeWith(change func(*elfTree, map[string]elfSpec)) *elfTree {
	t, files := newTree(), treeSpecs()
	if change != nil {
		change(t, files)
	}
	for name, spec := range files {
		t.add(name, spec.Bytes())
	}
	return t
}

// editSpec changes one specification of a map.
func editSpec(files map[string]elfSpec, name string, change func(*elfSpec)) {
	spec := files[name]
	change(&spec)
	files[name] = spec
}

const (
	pythonPath = "bin/python3.13"
	libPath    = "lib/libpython3.13.so.1.0"
	stubPath   = "lib/libpython3.so"
	sslPath    = "lib/python3.13/lib-dynload/_ssl.cpython-313-x86_64-linux-gnu.so"
	opensslLib = "lib/bundled/libssl.so.3"
)

func TestELFChecksPass(t *testing.T) {
	tree := treeWith(nil)
	var ids []string
	for _, f := range tree.check() {
		if f.ID == "S15" && f.Status == cpython.Warn && f.Subject == opensslLib {
			continue // it is bundled and binds lazily
		}
		if f.Status != cpython.Pass {
			t.Errorf("%+v", f)
		}
		ids = append(ids, f.ID)
	}
	if want := []string{"S10", "S11", "S12", "S13", "S14", "S16"}; !slices.Equal(ids, want) {
		t.Errorf("passed: %v, want %v", ids, want)
	}
	delete(tree.files, opensslLib)
	if got := tree.checkHardening(); len(got) != 1 || got[0].Status != cpython.Pass || !strings.Contains(got[0].Message, "stack protector, fortified") {
		t.Errorf("hardening: %+v", got)
	}
	if got := slices.Concat(tree.checkSlim(), tree.checkLeaks(pythonPath)); got != nil {
		t.Errorf("slim and free of leaks, but: %+v", got)
	}
}

func TestELFChecksFail(t *testing.T) {
	type row struct {
		name, id, subject, found string
		change                   func(*elfTree, map[string]elfSpec)
	}
	on := func(name string, change func(*elfSpec)) func(*elfTree, map[string]elfSpec) {
		return func(_ *elfTree, files map[string]elfSpec) { editSpec(files, name, change) }
	}
	info := func(change func(*BuildInfo)) func(*elfTree, map[string]elfSpec) {
		return func(t *elfTree, _ map[string]elfSpec) { change(&t.info) }
	}
	for _, r := range []row{
		{"another machine", "S10", libPath, "EM_AARCH64", on(libPath, func(s *elfSpec) { s.Arch = "arm64" })},
		{"another byte order", "S10", libPath, "big-endian", on(libPath, func(s *elfSpec) { s.Arch = "s390x" })},
		{"a core dump", "S10", libPath, "ET_CORE", on(libPath, func(s *elfSpec) { s.Kind = elf.ET_CORE })},
		{"a loader of one's own", "S10", pythonPath, "/opt/ld.so", on(pythonPath, func(s *elfSpec) { s.Interpreter = "/opt/ld.so" })},
		{"no loader", "S10", pythonPath, "no PT_INTERP", on(pythonPath, func(s *elfSpec) { s.Interpreter = "" })},
		{"another loader declared", "S10", BuildInfoName, "/lib/x", info(func(b *BuildInfo) { b.Requirements.Interpreter = "/lib/x" })},
		{"unknown platform", "S10", "", "debian12-mips", info(func(b *BuildInfo) { b.Ref.Platform.Arch = "mips" })},
		{"broken", "S10", "lib/x.so", "broken", func(t *elfTree, _ map[string]elfSpec) { t.put("lib/x.so", nil, errBroken, nil) }},
		{"no files", "S10", "", "", func(_ *elfTree, files map[string]elfSpec) { clear(files) }},

		{"undeclared library", "S11", sslPath, "libbz2.so.1.0", on(sslPath, func(s *elfSpec) { s.Needed = append(s.Needed, "libbz2.so.1.0") })},
		{"library by path", "S11", sslPath, "/usr/lib/libc.so.6", on(sslPath, func(s *elfSpec) { s.Needed = append(s.Needed, "/usr/lib/libc.so.6") })},
		{"declared and unused", "S11", BuildInfoName, "no file needs it", info(func(b *BuildInfo) { b.Requirements.Sonames = append(b.Requirements.Sonames, "libz.so.1") })},
		{"declared and bundled", "S11", BuildInfoName, "the tree has its own", info(func(b *BuildInfo) { b.Requirements.Sonames = append(b.Requirements.Sonames, "libssl.so.3") })},

		{"newer glibc", "S12", libPath, "GLIBC_2.38 of libc.so.6", on(libPath, func(s *elfSpec) { s.Versions = map[string][]string{"libc.so.6": {"GLIBC_2.38"}} })},
		{"undeclared prefix", "S12", libPath, "GLIBCXX_3.4.30 of libstdc++.so.6", on(libPath, func(s *elfSpec) { s.Versions = map[string][]string{"libstdc++.so.6": {"GLIBCXX_3.4.30"}} })},
		{"private", "S12", opensslLib, "GLIBC_PRIVATE of libc.so.6", on(opensslLib, func(s *elfSpec) { s.Versions = map[string][]string{"libc.so.6": {"GLIBC_PRIVATE"}} })},
		{"nothing declared", "S12", libPath, "GLIBC_2.34", info(func(b *BuildInfo) { b.Requirements.Symbols = nil })},

		{"runpath", "S13", stubPath, "DT_RUNPATH $ORIGIN", on(stubPath, func(s *elfSpec) { s.RPath, s.RunPath = "", "$ORIGIN" })},
		{"absolute run path", "S13", stubPath, "/opt/lib", on(stubPath, func(s *elfSpec) { s.RPath = "$ORIGIN:/opt/lib" })},
		{"empty run path", "S13", stubPath, "$ORIGIN:", on(stubPath, func(s *elfSpec) { s.RPath = "$ORIGIN:" })},
		{"run path out of the tree", "S13", stubPath, "$ORIGIN/../..", on(stubPath, func(s *elfSpec) { s.RPath = "$ORIGIN:$ORIGIN/../.." })},
		{"run path with another token", "S13", stubPath, "$LIB", on(stubPath, func(s *elfSpec) { s.RPath = "$ORIGIN/$LIB" })},
		{"longer token", "S13", stubPath, "$ORIGINAL", on(stubPath, func(s *elfSpec) { s.RPath = "$ORIGIN:$ORIGINAL" })},
		{"libpython not found", "S13", stubPath, `run path ""`, on(stubPath, func(s *elfSpec) { s.RPath = "" })},
		{"bundled library not found", "S13", sslPath, "$ORIGIN/bundled", on(sslPath, func(s *elfSpec) { s.RPath = "$ORIGIN/bundled" })},

		{"soname", "S14", opensslLib, "libssl.so.9", on(opensslLib, func(s *elfSpec) { s.Soname = "libssl.so.9" })},
		{"no Py_Initialize", "S14", libPath, "no such symbol", on(libPath, func(s *elfSpec) { s.Exports = []string{"Py_Main"} })},
		{"no PyInit", "S14", sslPath, "no such symbol", on(sslPath, func(s *elfSpec) { s.Exports = nil })},
		{"PyInit is only wanted", "S14", sslPath, "no such symbol", on(sslPath, func(s *elfSpec) { s.Imports, s.Exports = s.Exports, nil })},
		{"wheel", "S14", "lib/python3.13/site-packages/a/b.abi3.so", "no such symbol", func(_ *elfTree, files map[string]elfSpec) {
			files["lib/python3.13/site-packages/a/b.abi3.so"] = elfSpec{ISA: 1}
		}},

		{"executable stack", "S15", libPath, "stack", on(libPath, func(s *elfSpec) { s.ExecStack = true })},
		{"no stack header", "S15", libPath, "stack", on(libPath, func(s *elfSpec) { s.NoStack = true })},
		{"no RELRO", "S15", libPath, "RELRO", on(libPath, func(s *elfSpec) { s.NoRelro = true })},
		{"lazy", "S15", libPath, "BIND_NOW", on(libPath, func(s *elfSpec) { s.Lazy = true })},
		{"text relocations", "S15", libPath, "TEXTREL", on(libPath, func(s *elfSpec) { s.TextRel = true })},
		{"writable code", "S15", libPath, "writable", on(libPath, func(s *elfSpec) { s.WriteExec = true })},
		{"no PIE", "S15", pythonPath, "PIE", on(pythonPath, func(s *elfSpec) { s.Kind = elf.ET_EXEC })},
		{"no stack protector", "S15", pythonPath, "stack protector", on(pythonPath, func(s *elfSpec) { s.Imports = []string{"__printf_chk"} })},
		{"not fortified", "S15", libPath, "fortified", on(libPath, func(s *elfSpec) { s.Imports = []string{"__stack_chk_fail"} })},

		{"level", "S16", sslPath, "x86-64-v3", on(sslPath, func(s *elfSpec) { s.ISA = 7 })},
		{"no note", "S16", sslPath, "no x86 ISA", func(t *elfTree, files map[string]elfSpec) {
			t.info.Ref.Platform.Level = "v3"
			editSpec(files, sslPath, func(s *elfSpec) { s.ISA = 0 })
		}},
		{"level of a bundled library", "S16", opensslLib, "x86-64-v2", on(opensslLib, func(s *elfSpec) { s.ISA = 2 })},
		{"march", "S16", BuildInfoName, "-march=native", info(func(b *BuildInfo) {
			b.Recipe.ConfigureArgs = append(b.Recipe.ConfigureArgs, "CFLAGS=-O2 -march=native")
		})},
		{"march alone", "S16", BuildInfoName, "-march=x86-64-v3", info(func(b *BuildInfo) {
			b.Recipe.ConfigureArgs = append(b.Recipe.ConfigureArgs, "CFLAGS=-march=x86-64-v3")
		})},
		{"instructions", "S16", BuildInfoName, "-mavx2", info(func(b *BuildInfo) { b.Recipe.ConfigureArgs = append(b.Recipe.ConfigureArgs, "CPPFLAGS=-mavx2") })},
		{"level declared too high", "S16", BuildInfoName, "x86-64-v4", info(func(b *BuildInfo) { b.Requirements.ISA = "x86-64-v4" })},
		{"level declared too low", "S16", BuildInfoName, `""`, func(t *elfTree, files map[string]elfSpec) {
			t.info.Ref.Platform.Level = "v3"
			editSpec(files, sslPath, func(s *elfSpec) { s.ISA = 7 })
		}},
	} {
		t.Run(r.id+" "+r.name, func(t *testing.T) {
			findings := treeWith(r.change).check()
			if !slices.ContainsFunc(findings, func(f cpython.Finding) bool {
				return f.ID == r.id && f.Status == cpython.Fail && f.Subject == r.subject && strings.Contains(f.Found, r.found) && f.Message != ""
			}) {
				t.Errorf("no finding of %q with %q, only:", r.subject, r.found)
			}
			for _, f := range findings {
				if f.Status == cpython.Pass && f.ID == r.id {
					t.Errorf("passed: %+v", f)
				}
				if f.Status == cpython.Fail && (f.Message == "" || f.ID != r.id) {
					t.Logf("also %+v", f)
				}
			}
		})
	}
}

func TestELFChecksOfOldLinker(t *testing.T) {
	for linker, knows := range map[string]bool{
		"GNU ld (GNU Binutils for Debian) 2.40": true, "GNU ld (GNU Binutils for Debian) 2.35.2": false, "GNU ld version 2.39-9.fc37": true,
		"GNU ld (GNU Binutils; openSUSE Leap 15.5) 2.41.0.20230908-150100.7.46": true, "GNU ld (GNU Binutils for Ubuntu) 2.34": false,
		"GNU ld version 2.35.2-42.el9": false, "LLD 16.0.6 (compatible with GNU linkers)": false, "": false,
	} {
		if got := linkerKnowsLevels(linker); got != knows {
			t.Errorf("%q: %v, want %v", linker, got, knows)
		}
	}
	tree := treeWith(func(t *elfTree, files map[string]elfSpec) {
		t.info.Toolchain.Linker = "GNU ld (GNU Binutils for Debian) 2.35.2"
		editSpec(files, sslPath, func(s *elfSpec) { s.ISA = 0 })
	})
	if got := tree.checkISA(); len(got) != 1 || got[0].Status != cpython.Pass || !strings.Contains(got[0].Message, "1 files have no note") {
		t.Errorf("%+v", got)
	}
}

func TestELFLeaksAndSlim(t *testing.T) {
	tree := treeWith(func(t *elfTree, files map[string]elfSpec) {
		editSpec(files, pythonPath, func(s *elfSpec) { s.Tail = "/home/joe/cpython\x00" })
		editSpec(files, opensslLib, func(s *elfSpec) { s.Tail = "/root/openssl\x00" })
		editSpec(files, libPath, func(s *elfSpec) { s.Sections = []string{".debug_info"} })
		t.info.Files = map[string]string{"lib/libx.a": ""}
	})
	if got := tree.checkLeaks(pythonPath); len(got) != 1 || got[0].Status != cpython.Fail || got[0].Found != "/home/joe/cpython" {
		t.Errorf("%+v", got)
	}
	if got := tree.checkLeaks(opensslLib); len(got) != 1 || got[0].Status != cpython.Warn {
		t.Errorf("%+v", got)
	}
	if got := tree.checkSlim(); len(got) != 2 || got[0].Subject != libPath || got[1].Subject != "lib/libx.a" {
		t.Errorf("%+v", got)
	}
	tree.info.Recipe.KeepDebug, tree.info.Recipe.KeepStatic = true, true
	if got := tree.checkSlim(); got != nil {
		t.Errorf("kept, but: %+v", got)
	}
}

func TestResolveLinks(t *testing.T) {
	tree := &elfTree{links: map[string]string{
		"lib64": "lib", "lib/a.so": "b.so", "lib/b.so": "sub/../c.so.1", "loop": "loop/x", "lib/out": "../../x", "lib/abs": "/etc/passwd", "l1": "l2", "l2": "l1",
	}}
	for name, want := range map[string]string{
		"lib/c.so.1": "lib/c.so.1", "lib64/a.so": "lib/c.so.1", "lib/./b.so": "lib/c.so.1", "loop": "", "lib/out": "", "lib/abs": "", "l1": "", "../x": "",
	} {
		got, ok := tree.resolve(name)
		if got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v, want %q", name, got, ok, want)
		}
	}
}

func TestRequirements(t *testing.T) {
	tree := treeWith(func(t *elfTree, files map[string]elfSpec) {
		files["lib/x.so"] = elfSpec{Needed: []string{"libstdc++.so.6", "libX11.so.6"}, ISA: 7,
			Versions: map[string][]string{"libstdc++.so.6": {"GLIBCXX_3.4.9", "GLIBCXX_3.4.30", "CXXABI_1.3"}, "libssl.so.3": {"GLIBC_9.9"}}}
	})
	got := computeRequirements(tree)
	if got.Interpreter != loader64 || got.ISA != "x86-64-v3" || !slices.Equal(got.Sonames, []string{"libX11.so.6", "libstdc++.so.6"}) {
		t.Errorf("%+v", got)
	}
	if want := map[string]string{"GLIBC": "2.36", "GLIBCXX": "3.4.30", "CXXABI": "1.3"}; !maps.Equal(got.Symbols, want) {
		t.Errorf("symbols %v, want %v", got.Symbols, want)
	}
	if got := computeRequirements(newTree()); got.Interpreter != "" || got.Symbols != nil || got.Sonames != nil || got.ISA != "" {
		t.Errorf("of nothing: %+v", got)
	}
	plain := treeWith(nil)
	if got := computeRequirements(plain); !maps.Equal(got.Symbols, plain.info.Requirements.Symbols) || !slices.Equal(got.Sonames, plain.info.Requirements.Sonames) || got.ISA != "" {
		t.Errorf("%+v", got)
	}
}

// TestELFRealTree looks at an installed tree, the folder in CPYTHON_TREE, and
// shows what the checks say.
func TestELFRealTree(t *testing.T) {
	root := os.Getenv("CPYTHON_TREE")
	if root == "" {
		t.Skip("CPYTHON_TREE names no installed tree")
	}
	tree := newTree()
	tree.links = map[string]string{}
	var size int
	var read, all time.Duration
	err := filepath.WalkDir(root, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		if !entry.Type().IsRegular() {
			tree.links[filepath.ToSlash(rel)], err = os.Readlink(name)
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil || !isELF(data) {
			return err
		}
		rel, size = filepath.ToSlash(rel), size+len(data)
		start := time.Now()
		f, broken := readELF(rel, data, wantedExports(rel)...)
		read += time.Since(start)
		leaked := leaks(data)
		all += time.Since(start)
		tree.put(rel, f, broken, leaked)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	tree.info.Requirements = computeRequirements(tree)
	t.Logf("%d files, %d bytes, readELF %v, with leaks %v, %+v", len(tree.files), size, read, all, tree.info.Requirements)
	for _, f := range slices.Concat(tree.check(), tree.checkSlim()) {
		t.Logf("%s %s %s: %s [%s | %s]", f.ID, f.Status, f.Subject, f.Message, f.Found, f.Wanted)
	}
}

package artifact

import (
	"debug/elf"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkMachine is S10: every ELF file is for the platform's architecture and
// names glibc's loader at its standard path.
func (t *elfTree) checkMachine() []cpython.Finding {
	var findings []cpython.Finding
	fail := func(name, message, found, wanted, fix string) {
		findings = append(findings, cpython.Finding{ID: "S10", Status: cpython.Fail, Subject: name, Message: message, Found: found, Wanted: wanted, Fix: fix})
	}
	for _, name := range slices.Sorted(maps.Keys(t.broken)) {
		fail(name, "begins as an ELF file and cannot be read as one", t.broken[name].Error(), "a file that the loader accepts", "build it again")
	}
	want, ok := elfMachineOf(t.info.Ref.Platform.Arch)
	if !ok {
		fail("", "the platform names an unknown architecture", t.info.Ref.Platform.String(), "one of "+strings.Join(cpython.Architectures(), ", "), "build it for a known platform")
		return findings
	}
	wanted := (&elfFile{machine: want.machine, wide: want.wide, big: want.big}).describe()
	for _, name := range t.names() {
		f := t.files[name]
		switch {
		case f.arch() != want.arch:
			fail(name, "is for another architecture than "+want.arch, f.describe(), wanted, "build it on the platform that its name claims")
		case !f.linked() && f.kind != elf.ET_REL:
			fail(name, "is neither program nor library nor object file", f.kind.String(), "ET_EXEC, ET_DYN or ET_REL", "leave it out")
		case f.interpreter != "" && f.interpreter != want.loader:
			fail(name, "names a loader that other machines do not have", f.interpreter, want.loader, "link it with the compiler of the platform, without -dynamic-linker")
		case f.interpreter == "" && t.isInterpreter(name):
			fail(name, "names no loader", "no PT_INTERP", want.loader, "link it dynamically")
		}
	}
	if declared, computed := t.info.Requirements.Interpreter, computeRequirements(t).Interpreter; declared != computed {
		fail(BuildInfoName, "requires another loader than its ELF files", fmt.Sprintf("%q", declared), fmt.Sprintf("%q", computed), "pack the tree again: requirements are computed")
	}
	if len(t.files)+len(t.broken) == 0 {
		fail("", "the tree holds no ELF file, so no interpreter", "no ELF file", "bin/python"+t.info.Ref.Version.LD(), "build it again")
	}
	return orPassed(findings, "S10", "%d ELF files, all for %s", len(t.files), want.arch)
}

// checkNeeded is S11: every library that something needs is in the tree, part
// of glibc, or declared, and what is declared is needed.
func (t *elfTree) checkNeeded() []cpython.Finding {
	var findings []cpython.Finding
	inTree, declared := t.libraries(), t.info.Requirements.Sonames
	used := map[string]bool{}
	t.linked(func(name string, f *elfFile) {
		for _, soname := range f.needed {
			used[soname] = true
			_, ok := inTree[soname]
			if !strings.Contains(soname, "/") && (ok || ofGlibc(soname) || slices.Contains(declared, soname)) {
				continue
			}
			findings = append(findings, cpython.Finding{ID: "S11", Status: cpython.Fail, Subject: name, Message: "needs " + soname + ", which is neither in the tree nor declared",
				Found: soname, Wanted: "a library of the tree, of glibc or of the declared requirements", Fix: "bundle the library, or pack the tree again so that the requirement is declared"})
		}
	})
	for _, soname := range declared {
		if _, ok := inTree[soname]; used[soname] && !ok {
			continue
		}
		why := "no file needs it"
		if used[soname] {
			why = "the tree has its own"
		}
		findings = append(findings, cpython.Finding{ID: "S11", Status: cpython.Fail, Subject: BuildInfoName, Message: "requires " + soname + " without need",
			Found: why, Wanted: "just what the ELF files need", Fix: "pack the tree again: requirements are computed"})
	}
	return orPassed(findings, "S11", "every needed library is in the tree, in glibc or among the %d declared", len(declared))
}

// versionPrefixes are the symbol versions that decide how old a system may be.
var versionPrefixes = []string{"CXXABI", "GCC", "GLIBC", "GLIBCXX"}

// systemVersions calls do for every symbol version that something needs of a
// library outside of the tree.
func (t *elfTree) systemVersions(do func(name string, v elfVersion)) {
	inTree := t.libraries()
	t.linked(func(name string, f *elfFile) {
		for _, v := range f.versions {
			if _, ok := inTree[v.library]; !ok && slices.Contains(versionPrefixes, v.prefix) {
				do(name, v)
			}
		}
	})
}

// checkVersions is S12: no file needs a newer system than the declared one, nor
// symbols that one exact build of glibc has.
func (t *elfTree) checkVersions() []cpython.Finding {
	var findings []cpython.Finding
	floor := t.info.Requirements.Symbols
	t.systemVersions(func(name string, v elfVersion) {
		if compareNumbers(v.version, floor[v.prefix]) <= 0 {
			return
		}
		wanted := "no symbol version " + v.prefix
		if floor[v.prefix] != "" {
			wanted = "at most " + v.prefix + "_" + floor[v.prefix]
		}
		findings = append(findings, cpython.Finding{ID: "S12", Status: cpython.Fail, Subject: name, Message: "needs a newer system than build-info declares",
			Found: v.String(), Wanted: wanted, Fix: "build on the older platform, or pack the tree again so that the requirement is declared"})
	})
	t.linked(func(name string, f *elfFile) {
		for _, v := range f.features {
			if v.prefix != "GLIBC" {
				continue
			}
			findings = append(findings, cpython.Finding{ID: "S12", Status: cpython.Fail, Subject: name, Message: "needs what only some builds of glibc have",
				Found: v.String(), Wanted: "symbols of numbered versions of glibc", Fix: "do not bundle or link parts of glibc; build with the default flags of an older platform"})
		}
	})
	var highest []string
	for _, prefix := range slices.Sorted(maps.Keys(floor)) {
		highest = append(highest, prefix+"_"+floor[prefix])
	}
	return orPassed(findings, "S12", "no symbol version above %s", strings.Join(highest, ", "))
}

// checkRunPaths is S13: run paths are of the kind that the environment cannot
// override, stay in the tree, and lead whatever needs a library of the tree to
// that library.
func (t *elfTree) checkRunPaths() []cpython.Finding {
	var findings []cpython.Finding
	inTree := t.libraries()
	fix := "link with -Wl,--disable-new-dtags,-rpath,'$ORIGIN/...', or set it with patchelf --force-rpath"
	t.linked(func(name string, f *elfFile) {
		fail := func(message, found, wanted string) {
			findings = append(findings, cpython.Finding{ID: "S13", Status: cpython.Fail, Subject: name, Message: message, Found: found, Wanted: wanted, Fix: fix})
		}
		if f.runpath != nil {
			fail("has a run path that LD_LIBRARY_PATH overrides", "DT_RUNPATH "+strings.Join(f.runpath, ":"), "DT_RPATH")
		}
		var folders []string
		for _, entry := range slices.Concat(f.rpath, f.runpath) {
			folder, ok := originPath(name, entry)
			if !ok {
				fail("has a run path that leaves the tree or depends on the machine", fmt.Sprintf("%q", strings.Join(slices.Concat(f.rpath, f.runpath), ":")), "folders that begin with $ORIGIN and lie in the tree")
				break
			}
			folders = append(folders, folder)
		}
		for _, soname := range f.needed {
			own, ok := inTree[soname]
			if ok && t.find(folders, soname) == "" {
				fail("does not find the tree's own "+soname, "run path "+fmt.Sprintf("%q", strings.Join(slices.Concat(f.rpath, f.runpath), ":")), "one that leads to "+path.Dir(own))
			}
		}
	})
	return orPassed(findings, "S13", "run paths stay in the tree and lead to its own libraries")
}

// originPath returns the folder of the tree that an entry of a run path means
// for a file, and false where it means none.
func originPath(name, entry string) (string, bool) {
	for _, origin := range []string{"$ORIGIN", "${ORIGIN}"} {
		rest, ok := strings.CutPrefix(entry, origin)
		if !ok || rest != "" && rest[0] != '/' || strings.Contains(rest, "$") {
			continue
		}
		folder := path.Join(path.Dir(name), rest)
		return folder, insideTree(folder)
	}
	return "", false
}

// find returns the ELF file that the loader finds for a soname in the folders,
// empty where it finds none.
func (t *elfTree) find(folders []string, soname string) string {
	for _, folder := range folders {
		if name, ok := t.resolve(path.Join(folder, soname)); ok && t.files[name] != nil {
			return name
		}
	}
	return ""
}

// checkNames is S14: libraries are found under their sonames, and libraries and
// extension modules export what makes them one.
func (t *elfTree) checkNames() []cpython.Finding {
	var findings []cpython.Finding
	modules := 0
	t.linked(func(name string, f *elfFile) {
		fail := func(message, found, wanted, fix string) {
			findings = append(findings, cpython.Finding{ID: "S14", Status: cpython.Fail, Subject: name, Message: message, Found: found, Wanted: wanted, Fix: fix})
		}
		if f.soname != "" && t.find([]string{path.Dir(name)}, f.soname) != name {
			fail("is not found under its soname", f.soname, "a file or link of that name beside it", "add the link "+f.soname+" to "+path.Base(name))
		}
		if moduleName(name) != "" {
			modules++
		}
		for _, symbol := range wantedExports(name) {
			if !slices.Contains(f.exports, symbol) {
				fail("does not export "+symbol, "no such symbol", symbol, "build it again: the link was incomplete")
			}
		}
	})
	return orPassed(findings, "S14", "sonames are file names, and %d extension modules export their PyInit functions", modules)
}

package artifact

import (
	"debug/elf"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkHardening is S15: what the linker and the compiler can do so that an
// error in C code is hard to exploit.
func (t *elfTree) checkHardening() []cpython.Finding {
	var findings []cpython.Finding
	protect, fortify := compiledWith(t.info.Recipe)
	t.linked(func(name string, f *elfFile) {
		lacks := f.lacks()
		if t.isInterpreter(name) && !f.needsLibpython() || wantsInitialize(name) {
			if protect && !f.stackProtector {
				lacks = append(lacks, "stack protector")
			}
			if fortify && !f.fortified {
				lacks = append(lacks, "fortified functions")
			}
		}
		if len(lacks) == 0 {
			return
		}
		finding := cpython.Finding{ID: "S15", Status: t.severity(name), Subject: name, Message: "is not hardened", Found: "lacks: " + strings.Join(lacks, ", "),
			Wanted: "all of it, as the recipe compiles and links", Fix: "link with -Wl,-z,relro,-z,now,-z,noexecstack, and programs with -pie"}
		if finding.Status == cpython.Warn {
			finding.Message, finding.Fix = "a library of the distribution is not hardened", "none here: the distribution compiled it"
		}
		findings = append(findings, finding)
	})
	return orPassed(findings, "S15", "non-executable stack, RELRO, BIND_NOW, position-independent, no writable code%s%s",
		alsoHas(protect, "stack protector"), alsoHas(fortify, "fortified functions"))
}

func alsoHas(yes bool, what string) string {
	if yes {
		return ", " + what
	}
	return ""
}

// lacks names what the file itself does not have of the hardening.
func (f *elfFile) lacks() []string {
	var list []string
	for _, has := range []struct {
		what string
		ok   bool
	}{
		{"non-executable stack (PT_GNU_STACK)", f.stack && !f.execStack},
		{"RELRO (PT_GNU_RELRO)", f.relro},
		{"BIND_NOW", f.bindNow},
		{"code without relocations (it has DT_TEXTREL)", !f.textRel},
		{"separation of writable and executable memory", !f.writeExec},
		{"position independence (PIE)", f.kind == elf.ET_DYN},
	} {
		if !has.ok {
			list = append(list, has.what)
		}
	}
	return list
}

// needsLibpython reports whether the interpreter is in libpython and f just a
// way into it, with no function that could use a stack protector.
func (f *elfFile) needsLibpython() bool {
	return slices.ContainsFunc(f.needed, libpythonName.MatchString)
}

func wantsInitialize(name string) bool { return slices.Contains(wantedExports(name), "Py_Initialize") }

// flagsOf returns the flags of an argument of configure: CFLAGS_NODIST=... Of
// several the last one counts.
func flagsOf(r Recipe, variable string) []string {
	var flags []string
	for _, arg := range r.ConfigureArgs {
		if text, ok := strings.CutPrefix(arg, variable+"="); ok {
			flags = strings.Fields(text)
		}
	}
	return flags
}

// compiledWith reports whether the recipe has the compiler protect the stack
// and fortify the functions of libc. Of contradicting flags the last one counts.
func compiledWith(r Recipe) (protect, fortify bool) {
	for _, flag := range flagsOf(r, "CFLAGS_NODIST") {
		switch {
		case flag == "-fno-stack-protector":
			protect = false
		case strings.HasPrefix(flag, "-fstack-protector"):
			protect = true
		case strings.Contains(flag, "U_FORTIFY_SOURCE"), strings.HasSuffix(flag, "D_FORTIFY_SOURCE=0"):
			fortify = false
		case strings.Contains(flag, "D_FORTIFY_SOURCE"):
			fortify = true
		}
	}
	return protect, fortify
}

// checkISA is S16: nothing asks for a newer processor than the platform does. A
// file without a note passes on a platform of the baseline: GNU ld has the
// option -z x86-64-baseline, but 2.40 ends with an internal error when given it.
func (t *elfTree) checkISA() []cpython.Finding {
	platform := t.info.Ref.Platform
	if platform.Arch != "amd64" {
		return orPassed(nil, "S16", "%s has no levels", platform.Arch)
	}
	most := levelNumber(platform.Level)
	findings := t.checkFlags(most)
	knows := linkerKnowsLevels(t.info.Toolchain.Linker)
	unmarked := 0
	t.linked(func(name string, f *elfFile) {
		level := isaLevel(f.isaNeeded)
		switch {
		case level > most:
			findings = append(findings, cpython.Finding{ID: "S16", Status: cpython.Fail, Subject: name, Message: "needs a newer processor than its platform",
				Found: levelName(level), Wanted: "at most " + levelName(most), Fix: "compile without -march above the platform's, or build for a platform of that level"})
		case level == 0 && !t.bundled(name):
			if unmarked++; knows && most > 1 {
				findings = append(findings, cpython.Finding{ID: "S16", Status: cpython.Fail, Subject: name, Message: "does not say which processor it needs",
					Found: "no x86 ISA in .note.gnu.property", Wanted: levelName(most) + " or less", Fix: "link with -Wl,-z," + levelName(most)})
			}
		}
	})
	if declared, computed := t.info.Requirements.ISA, computeRequirements(t).ISA; declared != computed {
		findings = append(findings, cpython.Finding{ID: "S16", Status: cpython.Fail, Subject: BuildInfoName, Message: "requires another processor than its platform and ELF files",
			Found: fmt.Sprintf("%q", declared), Wanted: fmt.Sprintf("%q", computed), Fix: "pack the tree again: requirements are computed"})
	}
	if unmarked > 0 && len(findings) == 0 {
		return orPassed(nil, "S16", "no flag and no note asks for more than %s; %d files have no note: %q does not write it", levelName(most), unmarked, t.info.Toolchain.Linker)
	}
	return orPassed(findings, "S16", "no flag and no note asks for more than %s", levelName(most))
}

// instructionFlags are flags of gcc that use instructions which a level brings.
var instructionFlags = map[string]int{
	"-msse3": 2, "-mssse3": 2, "-msse4": 2, "-msse4.1": 2, "-msse4.2": 2, "-mpopcnt": 2, "-mcx16": 2, "-msahf": 2,
	"-mavx": 3, "-mavx2": 3, "-mbmi": 3, "-mbmi2": 3, "-mf16c": 3, "-mfma": 3, "-mlzcnt": 3, "-mmovbe": 3,
	"-mavx512f": 4, "-mavx512bw": 4, "-mavx512cd": 4, "-mavx512dq": 4, "-mavx512vl": 4,
}

// checkFlags looks for compiler flags above the level among the recorded ones:
// a note says what the linker was told, not what the compiler did.
func (t *elfTree) checkFlags(most int) []cpython.Finding {
	var findings []cpython.Finding
	for _, arg := range t.info.Recipe.ConfigureArgs {
		for _, flag := range strings.Fields(strings.ReplaceAll(arg, "=-", " -")) {
			level := instructionFlags[flag]
			if machine, ok := strings.CutPrefix(flag, "-march="); ok {
				level = marchLevel(machine)
			}
			if level > most {
				findings = append(findings, cpython.Finding{ID: "S16", Status: cpython.Fail, Subject: BuildInfoName, Message: "was compiled for newer processors than its platform",
					Found: flag + " in " + fmt.Sprintf("%.80q", arg), Wanted: "at most -march=" + levelName(most), Fix: "build without the flag, or for a platform of that level"})
			}
		}
	}
	return findings
}

// marchLevel returns the level that -march= compiles for. Of a processor by
// name nothing is known, so it counts as above all levels.
func marchLevel(machine string) int {
	switch machine {
	case "x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4":
		return levelNumber(machine)
	}
	return 5
}

var binutilsVersion = regexp.MustCompile(`^GNU ld .*?([0-9]+\.[0-9]+(?:\.[0-9]+)*)[^ ]*$`)

// linkerKnowsLevels reports whether the linker, by the first line of its
// --version, writes the note when told so: GNU ld does from 2.36 on. The one of
// Debian 11 (2.35.2) takes the option and ignores it.
func linkerKnowsLevels(linker string) bool {
	m := binutilsVersion.FindStringSubmatch(linker)
	return m != nil && compareNumbers(m[1], "2.36") >= 0
}

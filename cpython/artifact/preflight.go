package artifact

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// Preflight compares what an artifact needs with a Linux system and says in
// words what is missing there, with the package that brings it. The system is
// what lies below the folder root: "/" for the one that this program runs on,
// another folder for the root of a container. Nothing in it is executed.
//
// The findings have the IDs architecture, libc, loader, glibc, library, symbols
// and isa. Where the architecture or the C library is another, the rest is not
// looked at. The error says that root cannot be read or that the platform names
// no known architecture.
func Preflight(req Requirements, platform cpython.Platform, root string) (*cpython.Report, error) {
	if _, ok := elfMachineOf(platform.Arch); !ok {
		return nil, fmt.Errorf("preflight: platform %q has no known architecture", platform)
	}
	r, err := folderRoot(root)
	if err != nil {
		return nil, fmt.Errorf("preflight: %w", err)
	}
	if r.own() && runtime.GOOS != "linux" {
		p := &preflight{report: &cpython.Report{Subject: runtime.GOOS}}
		p.fail("architecture", "", "needs Linux, this is "+runtime.GOOS, runtime.GOOS, "linux", "install it in a container or a virtual machine")
		return p.report, nil
	}
	return preflightOf(req, platform, r), nil
}

// PreflightMachine is Preflight for the system of a machine, such as a
// container. The error is that of a machine that cannot be reached.
func PreflightMachine(ctx context.Context, req Requirements, platform cpython.Platform, m machine.Machine) (*cpython.Report, error) {
	if _, ok := elfMachineOf(platform.Arch); !ok {
		return nil, fmt.Errorf("preflight: platform %q has no known architecture", platform)
	}
	r := &machineRoot{ctx: ctx, machine: m}
	report := preflightOf(req, platform, r)
	if r.err != nil {
		return nil, fmt.Errorf("preflight: %w", r.err)
	}
	return report, nil
}

func preflightOf(req Requirements, platform cpython.Platform, root systemRoot) *cpython.Report {
	s := lookAt(root, platform.Arch)
	p := &preflight{req: req, platform: platform, system: s, report: &cpython.Report{Subject: s.name}}
	if p.architecture() && p.libc() {
		p.loader()
		p.glibc()
		p.libraries()
		p.symbols()
		p.isa()
	}
	return p.report
}

// preflight is one comparison.
type preflight struct {
	req      Requirements
	platform cpython.Platform
	system   *system
	report   *cpython.Report

	libcFile *elfFile
	libcText []byte
}

func (p *preflight) pass(id, format string, args ...any) bool {
	p.report.Add(cpython.Finding{ID: id, Status: cpython.Pass, Message: fmt.Sprintf(format, args...)})
	return true
}

func (p *preflight) skip(id, format string, args ...any) {
	p.report.Add(cpython.Finding{ID: id, Status: cpython.Skip, Message: fmt.Sprintf(format, args...)})
}

func (p *preflight) fail(id, subject, message, found, wanted, fix string) bool {
	p.report.Add(cpython.Finding{ID: id, Status: cpython.Fail, Subject: subject, Message: message, Found: found, Wanted: wanted, Fix: fix})
	return false
}

// architecture tells by the programs of the system what it runs.
func (p *preflight) architecture() bool {
	want := p.platform.Arch
	if p.system.hasELF(p.system.machine.loader) {
		return p.pass("architecture", "%s runs programs for %s", p.system.this, want)
	}
	got := p.system.arch()
	switch {
	case got == "":
		p.skip("architecture", "no program was found that would tell the architecture of %s", p.system.this)
		return true
	case got != want:
		return p.fail("architecture", "", fmt.Sprintf("is built for %s, %s is %s", want, p.system.this, got), got, want, "use the artifact for "+got+", or an image for "+want)
	}
	return p.pass("architecture", "%s is %s", p.system.this, got)
}

// libc tells glibc from musl and from nothing at all.
func (p *preflight) libc() bool {
	p.libcText, p.libcFile = p.system.library("libc.so.6")
	if p.libcFile != nil && p.libcFile.defined["GLIBC"] != "" {
		return p.pass("libc", "%s has glibc", p.system.this)
	}
	image := "use an image with glibc" + suchAs(p.platform)
	if musl := p.system.musl(); musl != "" {
		return p.fail("libc", "", fmt.Sprintf("needs glibc, %s (%s) has musl, which is not supported", p.system.this, p.system.name), musl, "glibc", image)
	}
	return p.fail("libc", "", "needs glibc, "+p.system.this+" has no C library", "no libc.so.6 for "+p.platform.Arch, "glibc", image)
}

// suchAs names an image of the platform, where one is known.
func suchAs(p cpython.Platform) string {
	id := p.Distribution()
	release := strings.TrimPrefix(p.OS, id)
	switch {
	case release == "":
	case id == "debian":
		return ", such as debian:" + release + "-slim"
	case slices.Contains([]string{"ubuntu", "fedora", "almalinux", "rockylinux"}, id):
		return ", such as " + id + ":" + release
	}
	return ""
}

func (p *preflight) loader() {
	switch name := p.req.Interpreter; {
	case name == "":
	case p.system.hasELF(name):
		p.pass("loader", "%s is there", name)
	default:
		p.fail("loader", "", fmt.Sprintf("needs the loader %s, which %s does not have", name, p.system.this), "no such file for "+p.platform.Arch, name,
			"use an image with glibc for "+p.platform.Arch+" at its standard place"+suchAs(p.platform))
	}
}

// glibcBanner is what libc.so.6 prints when it is run: "GNU C Library (Debian
// GLIBC 2.36-9) stable release version 2.36."
var glibcBanner = regexp.MustCompile(`release version ([0-9]+\.[0-9]+)`)

// glibcVersion returns the version of the system's glibc. Not every release
// defines symbols of its own version, so the banner counts as well.
func (p *preflight) glibcVersion() string {
	version := p.libcFile.defined["GLIBC"]
	at := bytes.Index(p.libcText, []byte("GNU C Library"))
	if at < 0 {
		return version
	}
	text := p.libcText[at:]
	if m := glibcBanner.FindSubmatch(text[:min(len(text), 200)]); m != nil && compareNumbers(string(m[1]), version) > 0 {
		version = string(m[1])
	}
	return version
}

func (p *preflight) glibc() {
	want, have := p.req.Symbols["GLIBC"], p.glibcVersion()
	if compareNumbers(have, want) >= 0 {
		p.pass("glibc", "glibc %s, needed is %s or newer", have, cmp.Or(want, "any"))
		return
	}
	p.fail("glibc", "", fmt.Sprintf("needs glibc %s or newer, %s has %s", want, p.system.this, have), "glibc "+have, "glibc "+want+" or newer",
		"no package brings a newer glibc: use a newer image"+suchAs(p.platform)+", or an artifact that was built on an older platform")
}

func (p *preflight) libraries() {
	missing := 0
	for _, soname := range p.req.Sonames {
		if len(p.system.candidates(soname)) > 0 {
			continue
		}
		missing++
		p.fail("library", soname, fmt.Sprintf("needs %s, which %s does not have", soname, p.system.this), "not in the loader's cache nor in the standard folders", soname, p.system.remedy(soname))
	}
	if missing == 0 && len(p.req.Sonames) > 0 {
		p.pass("library", "%d libraries are there: %s", len(p.req.Sonames), strings.Join(p.req.Sonames, ", "))
	}
}

// symbols compares the versions of the two libraries besides glibc that only
// ever grow.
func (p *preflight) symbols() {
	for _, want := range []struct{ prefix, soname string }{
		{"CXXABI", "libstdc++.so.6"}, {"GLIBCXX", "libstdc++.so.6"}, {"GCC", "libgcc_s.so.1"},
	} {
		version := p.req.Symbols[want.prefix]
		if version == "" {
			continue
		}
		_, f := p.system.library(want.soname)
		if f == nil { // that was reported by its soname
			continue
		}
		if have := f.defined[want.prefix]; compareNumbers(have, version) < 0 {
			p.fail("symbols", want.soname, fmt.Sprintf("needs %s_%s or newer, %s of %s has %s", want.prefix, version, want.soname, p.system.this, cmp.Or(have, "none")),
				want.prefix+"_"+have, want.prefix+"_"+version, "use a newer image"+suchAs(p.platform)+", or an artifact that was built on an older platform")
			continue
		}
		p.pass("symbols", "%s has %s_%s", want.soname, want.prefix, version)
	}
}

// isa compares the level of the x86-64 instruction set with the processor's.
func (p *preflight) isa() {
	want := max(levelNumber(p.req.ISA), levelNumber(p.platform.Level))
	if p.platform.Arch != "amd64" || want < 2 {
		p.pass("isa", "runs on every processor of its architecture")
		return
	}
	if !p.system.root.own() {
		p.skip("isa", "needs %s: which processor will run it cannot be seen from %s", levelName(want), p.system.root)
		return
	}
	text, err := p.system.root.read("/proc/cpuinfo", 16<<20)
	if err != nil {
		p.skip("isa", "needs %s: the processor is not known: %v", levelName(want), err)
		return
	}
	if missing := missingFlags(string(text), want); len(missing) > 0 {
		p.fail("isa", "", fmt.Sprintf("needs a processor of level %s", levelName(want)), "no "+strings.Join(missing, ", "), levelName(want), "use the artifact for the baseline, without _"+p.platform.Level+" in its name")
		return
	}
	p.pass("isa", "the processor has all of %s", levelName(want))
}

// levelFlags are the features that each level adds, as Linux names them in
// /proc/cpuinfo (x86-64 psABI, table 3.1).
var levelFlags = [][]string{
	2: {"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"},
	3: {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "xsave"},
	4: {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
}

// missingFlags returns what a processor lacks to be of a level.
func missingFlags(cpuinfo string, level int) []string {
	var has []string
	for line := range strings.Lines(cpuinfo) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "flags" {
			has = strings.Fields(value)
			break
		}
	}
	var missing []string
	for _, flags := range levelFlags[:level+1] {
		for _, flag := range flags {
			if !slices.Contains(has, flag) {
				missing = append(missing, flag)
			}
		}
	}
	return missing
}

package artifact

import "slices"

// A staticCheck is one check of the pass over the file.
type staticCheck struct {
	id       string
	level    Level
	passed   string // what is reported when nothing is wrong
	needInfo bool   // it says nothing without a build-info
	start    func(*scene, *reporter) check
}

// staticChecks returns the checks of the pass, in the order of the report. S04
// comes first in the pass: the others use the tree that it fills in.
func staticChecks() []staticCheck { return slices.Concat(formatChecks(), contentChecks()) }

// formatChecks are those that say whether a file is an artifact at all.
func formatChecks() []staticCheck {
	return []staticCheck{
		{"S02", Quick, "file name, build-info and tree name the same artifact", false,
			func(s *scene, r *reporter) check { return &checkIdentity{scene: s, reporter: r} }},
		{"S04", Quick, "every entry stays in the one root folder", false,
			func(s *scene, r *reporter) check { return &checkPaths{s, r, map[string]string{}} }},
		{"S05", Quick, "the archive is in canonical form", false,
			func(s *scene, r *reporter) check { return &checkCanonical{scene: s, reporter: r} }},
		{"S06", Quick, "build-info.json is valid and every file has the digest that it names", false,
			func(s *scene, r *reporter) check {
				return &checkManifest{scene: s, reporter: r, seen: map[string]bool{}}
			}},
		{"S07", Quick, "interpreter, library, headers and pip are where they belong", true,
			func(s *scene, r *reporter) check { return &checkLayout{s, r} }},
		{"S08", Quick, "the headers are of the claimed version", true,
			func(s *scene, r *reporter) check { return &checkVersion{s, r} }},
	}
}

// contentChecks are those that say whether it is a good one. S10 comes before
// those that ask about the ELF files that it reads.
func contentChecks() []staticCheck {
	return []staticCheck{
		{"S09", Static, "every required module is there", true,
			func(s *scene, r *reporter) check {
				return &checkModules{scene: s, reporter: r, shared: map[string]bool{}}
			}},
		{"S10", Static, "every ELF file is for the platform", true, newCheckELF},
		{"S11", Static, "every needed library is known", true, asks((*elfTree).checkNeeded)},
		{"S12", Static, "no symbol version is above the declared ones", true, asks((*elfTree).checkVersions)},
		{"S13", Static, "run paths stay in the tree", true, asks((*elfTree).checkRunPaths)},
		{"S14", Static, "libraries and modules export what they should", true, asks((*elfTree).checkNames)},
		{"S15", Static, "all is hardened", true, asks((*elfTree).checkHardening)},
		{"S16", Static, "nothing asks for a newer processor", true, asks((*elfTree).checkISA)},
		{"S17", Static, "every script works wherever the tree stands", true,
			func(s *scene, r *reporter) check { return &checkShebangs{s, r} }},
		{"S18", Static, "no path of the build machine is left", true,
			func(s *scene, r *reporter) check { return &checkLeaked{s, r} }},
		{"S19", Static, "the tree remembers the build that the recipe says", true,
			func(s *scene, r *reporter) check { return &checkSysconfig{s, r} }},
		{"S20", Static, "every .pyc belongs to its source, by unchecked hash", true,
			func(s *scene, r *reporter) check {
				return &checkBytecode{scene: s, reporter: r, sources: map[string]uint64{}, claims: map[string]uint64{}}
			}},
		{"S21", Static, "no tests, no static library, no debug information", true,
			func(s *scene, r *reporter) check { return &checkSlimness{scene: s, reporter: r} }},
		{"S22", Static, "the licences are there, and every library of others is named", true,
			func(s *scene, r *reporter) check {
				return &checkLicences{scene: s, reporter: r, bundled: map[string]bool{}, licences: map[string]bool{}}
			}},
		{"S23", Static, "one description of each distribution, and the pip of this CPython", true,
			func(s *scene, r *reporter) check {
				return &checkDistributions{scene: s, reporter: r, versions: map[string][]string{}}
			}},
	}
}

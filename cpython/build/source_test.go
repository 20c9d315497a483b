package build

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

func TestSourceTable(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(sourceTable), "\n")
	sources := KnownSources()
	if len(sources) != len(lines)-1 {
		t.Errorf("%d sources of %d lines below the heading", len(sources), len(lines)-1)
	}
	seen := map[string]bool{}
	for _, s := range sources {
		v, err := cpython.ParseVersion(s.Version)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := seriesOf(v); err != nil {
			t.Error(err)
		}
		if !digestPattern.MatchString(s.SHA256) {
			t.Errorf("%s: digest %q", s.File, s.SHA256)
		}
		if !strings.HasSuffix(s.File, ".tar.xz") && !strings.HasSuffix(s.File, ".tgz") {
			t.Errorf("%s: unknown kind of archive", s.File)
		}
		if seen[s.File] || seen[s.SHA256] {
			t.Errorf("%s is there twice", s.File)
		}
		seen[s.File], seen[s.SHA256] = true, true
	}
}

// TestSourceTableAgainstFacts compares with the figures the table began with.
func TestSourceTableAgainstFacts(t *testing.T) {
	facts, err := os.ReadFile(filepath.FromSlash("../../../shared/facts/cpython-source-sha256.tsv"))
	if err != nil {
		t.Skipf("no folder of facts beside this repository: %v", err)
	}
	for line := range strings.Lines(string(facts)) {
		f := strings.Fields(line)
		v, err := cpython.ParseVersion(f[0])
		if err != nil || v.Minor < 11 {
			continue
		}
		if !strings.Contains(sourceTable, strings.Join(f, "\t")+"\n") {
			t.Errorf("the table lacks %q", line)
		}
	}
}

func TestSourceOrigins(t *testing.T) {
	v, err := cpython.ParseVersion("3.14.0rc2t")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	s := Source{Version: "3.14.0rc2", File: "Python-3.14.0rc2.tgz"}
	ref := cpython.Ref{Version: v, Platform: cpython.Platform{OS: "ubuntu25.10", Arch: "amd64"}}
	got := s.origins(ref, []string{"/somewhere/My.tgz", folder, "https://mirror.example/python", "https://mirror.example/a.tar.xz"},
		[]string{"http://deb.example/debian/"})
	want := []string{
		"/somewhere/My.tgz",
		filepath.Join(folder, "Python-3.14.0rc2.tgz"),
		filepath.Join(folder, "python3.14_3.14.0~rc2.orig.tar.gz"),
		"https://mirror.example/python/3.14.0/Python-3.14.0rc2.tgz",
		"https://mirror.example/python/Python-3.14.0rc2.tgz",
		"https://mirror.example/a.tar.xz",
		"https://www.python.org/ftp/python/3.14.0/Python-3.14.0rc2.tgz",
		"http://deb.example/debian/pool/main/p/python3.14/python3.14_3.14.0~rc2.orig.tar.gz",
		"http://deb.example/debian/pool/universe/p/python3.14/python3.14_3.14.0~rc2.orig.tar.gz",
	}
	if !slices.Equal(got, want) {
		t.Errorf("origins:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestSourcesPreferTheSmallerArchive(t *testing.T) {
	v, _ := cpython.ParseVersion("3.11.2")
	sources, err := Recipe{Ref: cpython.Ref{Version: v}}.sources()
	if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, s := range sources {
		files = append(files, s.File)
	}
	if want := []string{"Python-3.11.2.tar.xz", "Python-3.11.2.tgz"}; !slices.Equal(files, want) {
		t.Errorf("sources are %v, want %v", files, want)
	}
}

// TestModulesAreProvidedFor keeps the tables of series and of packages in step.
func TestModulesAreProvidedFor(t *testing.T) {
	internal := []string{"_decimal", "pyexpat"} // their libraries come with CPython
	for _, s := range supported {
		for _, name := range slices.Concat(commonModules, s.modules) {
			d, ok := dependencies[name]
			if !ok && !slices.Contains(internal, name) {
				t.Errorf("%s: nobody knows what provides %s", s.name, name)
			}
			if ok && (d.apt == "" || d.dnf == "" || d.zypper == "") {
				t.Errorf("%s: a package manager has no package: %+v", name, d)
			}
		}
		for _, name := range s.unstated {
			if dependencies[name].symbol == "" {
				t.Errorf("%s: %s cannot be probed for", s.name, name)
			}
		}
	}
}

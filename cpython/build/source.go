package build

import (
	_ "embed"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// A Source is a source archive of CPython: its file name at python.org and the
// SHA-256 of its content, which alone decides.
type Source struct {
	Version string // as the archive spells it: "3.13.5", "3.14.0rc1"
	File    string // "Python-3.13.5.tar.xz"
	SHA256  string
}

// sourceTable lists version, kind of archive and SHA-256 of the sources of the
// supported series.
//
//go:embed sources.tsv
var sourceTable string

// KnownSources returns every known source archive, oldest version first.
func KnownSources() []Source {
	var sources []Source
	for i, line := range strings.Split(strings.TrimSpace(sourceTable), "\n") {
		fields := strings.Split(line, "\t")
		if i == 0 || len(fields) != 3 {
			continue // the heading; a test keeps every other line whole
		}
		sources = append(sources, Source{fields[0], "Python-" + fields[0] + "." + fields[1], fields[2]})
	}
	return sources
}

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// sources returns the archives that the recipe may be built from, the smaller
// first. They hold the same files, but not every origin has both. A digest
// pinned by hand does not tell which of them it is of.
func (r Recipe) sources() ([]Source, error) {
	wanted := r.Ref.Version.Source()
	if r.SourceSHA256 != "" {
		if !digestPattern.MatchString(r.SourceSHA256) {
			return nil, fmt.Errorf("recipe: source digest %q, wanted 64 lower-case hexadecimal digits", r.SourceSHA256)
		}
		return []Source{
			{wanted, "Python-" + wanted + ".tar.xz", r.SourceSHA256},
			{wanted, "Python-" + wanted + ".tgz", r.SourceSHA256},
		}, nil
	}
	var found []Source
	for _, s := range KnownSources() {
		if s.Version == wanted {
			found = append(found, s)
		}
	}
	if len(found) == 0 {
		return nil, unknownSource(r.Ref.Version)
	}
	slices.SortFunc(found, func(a, b Source) int { return strings.Compare(a.File, b.File) }) // .tar.xz before .tgz
	return found, nil
}

// unknownSource says which known versions are nearest, and how to go on without.
func unknownSource(v cpython.Version) error {
	var known []cpython.Version
	for _, s := range KnownSources() {
		if k, err := cpython.ParseVersion(s.Version); err == nil && k.Series() == v.Series() {
			known = append(known, k)
		}
	}
	slices.SortFunc(known, cpython.Version.Compare)
	known = slices.Compact(known)
	at, _ := slices.BinarySearchFunc(known, v, cpython.Version.Compare)
	var near []string
	for _, k := range known[max(0, at-2):min(len(known), at+2)] {
		near = append(near, k.String())
	}
	return &cpython.ParseError{Kind: "version", Text: v.String(), Reason: fmt.Sprintf(
		"no digest of its source is known here; the nearest known are %s. If it exists, take the SHA-256 of Python-%s.tar.xz from a source you trust and pin it (-sha256=<digest>)",
		strings.Join(near, ", "), v.Source())}
}

// origins returns where to look for an archive, in order: what the user named,
// python.org, and the pool of the Debian mirrors that the machine's own package
// manager uses.
func (s Source) origins(ref cpython.Ref, given, mirrors []string) []string {
	v := ref.Version
	components := []string{"main"}
	if ref.Platform.Distribution() == "ubuntu" {
		components = append(components, "universe")
	}
	var origins []string
	for _, origin := range given {
		origins = append(origins, s.at(v, origin)...)
	}
	// A pre-release lives in the folder of its final version.
	origins = append(origins, "https://www.python.org/ftp/python/"+v.Release()+"/"+s.File)
	for _, mirror := range mirrors {
		for _, component := range components {
			origins = append(origins, strings.TrimRight(mirror, "/")+"/"+s.debianPool(v, component))
		}
	}
	return origins
}

// at returns where the archive can be at an origin that the user named: an
// archive itself, a folder, or the address of a mirror laid out like
// python.org's or flat.
func (s Source) at(v cpython.Version, origin string) []string {
	isArchive := strings.HasSuffix(origin, ".tgz") || strings.HasSuffix(origin, ".tar.gz") || strings.HasSuffix(origin, ".tar.xz")
	u, err := url.Parse(origin)
	if err == nil && (u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "file") {
		if isArchive {
			return []string{origin}
		}
		return []string{u.JoinPath(v.Release(), s.File).String(), u.JoinPath(s.File).String()}
	}
	if info, err := os.Stat(origin); err == nil && info.IsDir() {
		return []string{filepath.Join(origin, s.File), filepath.Join(origin, path.Base(s.debianPool(v, "main")))}
	}
	return []string{origin}
}

// debianPool returns the path of the archive below the address of a Debian or
// Ubuntu mirror, whose orig tarballs are byte-identical to python.org's.
func (s Source) debianPool(v cpython.Version, component string) string {
	kind := "tar.xz"
	if strings.HasSuffix(s.File, ".tgz") {
		kind = "tar.gz"
	}
	spelled := v.Release()
	if v.Pre != "" {
		spelled = fmt.Sprintf("%s~%s%d", v.Release(), v.Pre, v.PreNumber)
	}
	name := "python" + v.Series()
	return fmt.Sprintf("pool/%s/p/%s/%s_%s.orig.%s", component, name, name, spelled, kind)
}

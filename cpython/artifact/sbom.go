package artifact

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// SBOMName is the name of the list of what an artifact is made of, at the top
// of the tree.
const SBOMName = "sbom.spdx.json"

// SBOM returns what an artifact is made of as an SPDX 2.3 document in JSON
// (https://spdx.github.io/spdx-spec/v2.3/): the source archive, the patches,
// the bundled libraries with their packages, and the wheels of ensurepip. The
// same build-info gives the same bytes; of info.Files it uses only those of the
// libraries and wheels, so that the document can lie in the tree that it is
// about. A library in the tree whose digest info.Files does not have is an
// error. Libraries that the system is to have are no part of it.
func SBOM(info BuildInfo) ([]byte, error) {
	if err := info.Validate(); err != nil {
		return nil, fmt.Errorf("sbom: %w", err)
	}
	b := &sbom{info: info, ids: map[string]bool{}}
	b.source()
	if err := b.libraries(); err != nil {
		return nil, fmt.Errorf("sbom: %w", err)
	}
	b.wheels()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(b.document()); err != nil {
		return nil, fmt.Errorf("sbom: %w", err)
	}
	return out.Bytes(), nil
}

// WriteSBOM writes the list of what the tree in the folder dir is made of into
// it, under [SBOMName], for a tree that is about to be packed: what SBOM needs
// of info.Files it takes from the tree.
func WriteSBOM(dir string, info BuildInfo) error {
	info.Files = map[string]string{}
	for _, name := range sbomFiles(dir, info) {
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return fmt.Errorf("sbom: %w", err)
		}
		sum := sha256.Sum256(content)
		info.Files[name] = hex.EncodeToString(sum[:])
	}
	text, err := SBOM(info)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, SBOMName), text, 0o644); err != nil {
		return fmt.Errorf("sbom: %w", err)
	}
	return nil
}

// sbomFiles returns the files of a tree whose digests the list holds.
func sbomFiles(dir string, info BuildInfo) []string {
	var names []string
	for _, l := range info.Toolchain.Libraries {
		if l.File != "" {
			names = append(names, l.File)
		}
	}
	folder := wheelFolder(info)
	entries, _ := os.ReadDir(filepath.Join(dir, filepath.FromSlash(folder))) // S07 misses it where it is not there
	for _, entry := range entries {
		if wheelName.MatchString(entry.Name()) {
			names = append(names, folder+entry.Name())
		}
	}
	return names
}

// An sbom is a document in the making.
type sbom struct {
	info          BuildInfo
	packages      []*spdxPackage
	relationships []spdxRelationship
	licences      []string        // of everything in the artifact
	ids           map[string]bool // those that are taken
}

const (
	artifactID  = "SPDXRef-artifact"
	sourceID    = "SPDXRef-source"
	noAssertion = "NOASSERTION"

	// pythonLicence is the licence of CPython. LICENSE is a stack of those of
	// PSF, BeOpen, CNRI (for 1.6.1) and CWI, which SPDX calls Python-2.0.1;
	// PSF-2.0 is only the first of them, and Python-2.0 has the one of CNRI for
	// 1.6b1 instead, which no release comes with
	// (https://github.com/spdx/license-list-XML/issues/1200).
	pythonLicence = "Python-2.0.1"
	psfOriginator = "Organization: Python Software Foundation"
)

// add adds a package with an ID of its own that is made of the words.
func (b *sbom) add(p *spdxPackage, words string) *spdxPackage {
	if p.ID == "" {
		base := "SPDXRef-" + strings.Trim(notInID.ReplaceAllString(words, "-"), "-")
		p.ID = base
		for n := 2; b.ids[p.ID]; n++ {
			p.ID = fmt.Sprintf("%s-%d", base, n)
		}
	}
	b.ids[p.ID] = true
	p.Location, p.Copyright = cmp.Or(p.Location, noAssertion), noAssertion
	p.Concluded = cmp.Or(p.Concluded, noAssertion)
	p.Declared = p.Concluded
	b.packages = append(b.packages, p)
	return p
}

var notInID = regexp.MustCompile(`[^A-Za-z0-9.]+`)

func (b *sbom) relate(from, kind, to string) {
	b.relationships = append(b.relationships, spdxRelationship{from, kind, to})
}

// source adds the artifact, what it was compiled from and the changes to that.
func (b *sbom) source() {
	version, archive := b.info.Ref.Version, b.info.Source.Archive
	b.add(&spdxPackage{ID: artifactID, Name: b.info.Ref.String(), Version: version.String(), FileName: b.info.Ref.File(),
		Purpose: "ARCHIVE", Supplier: noAssertion, Originator: psfOriginator,
		Comment: fmt.Sprintf("Compiled by %s with %s, optimize=%s, link=%s. Inputs: sha256:%s.", b.info.Toolchain.Compiler,
			b.info.Toolchain.Linker, b.info.Recipe.Optimize, b.info.Recipe.Link, b.info.Inputs)}, "")
	location := "https://www.python.org/ftp/python/" + version.Release() + "/" + url.PathEscape(archive)
	p := b.add(&spdxPackage{ID: sourceID, Name: "cpython", Version: version.Source(), FileName: archive, Purpose: "SOURCE",
		Supplier: psfOriginator, Originator: psfOriginator, Location: location, Concluded: pythonLicence,
		Checksums: sha256Checksum(b.info.Source.SHA256)}, "")
	pre := "*"
	if version.Pre != "" {
		pre = fmt.Sprintf("%s%d", version.Pre, version.PreNumber)
	}
	p.References = []spdxReference{
		// The one that CPython's own SBOM has, which vulnerabilities are filed under.
		{"SECURITY", "cpe23Type", "cpe:2.3:a:python:python:" + version.Release() + ":" + pre + ":*:*:*:*:*:*"},
		purlReference("pkg:generic/cpython@" + purlEscape(version.Source()) + "?checksum=sha256:" + b.info.Source.SHA256 +
			"&download_url=" + strings.ReplaceAll(purlEscape(location), "%2F", "/")),
	}
	b.licences = append(b.licences, pythonLicence)
	b.relate(documentID, "DESCRIBES", artifactID)
	b.relate(artifactID, "GENERATED_FROM", sourceID)
	for _, patch := range b.info.Recipe.Patches {
		p := b.add(&spdxPackage{Name: patch.Name, FileName: patch.Name, Purpose: "FILE", Supplier: noAssertion,
			Checksums: sha256Checksum(patch.SHA256), Comment: patch.Reason}, "patch-"+patch.Name)
		b.relate(p.ID, "PATCH_APPLIED", sourceID)
	}
}

// libraries adds a package for each package of the distribution that libraries
// are from, and one for each library.
func (b *sbom) libraries() error {
	list := slices.DeleteFunc(slices.Clone(b.info.Toolchain.Libraries), func(l Library) bool { return l.File == "" })
	slices.SortFunc(list, func(l, m Library) int {
		return cmp.Or(cmp.Compare(cmp.Or(l.Package, l.Soname), cmp.Or(m.Package, m.Soname)), cmp.Compare(l.Version, m.Version), cmp.Compare(l.File, m.File))
	})
	var of *spdxPackage
	for i, l := range list {
		digest := b.info.Files[l.File]
		if digest == "" {
			return fmt.Errorf("the digest of %s is not known", l.File)
		}
		if i == 0 || l.Package == "" || l.Package != list[i-1].Package || l.Version != list[i-1].Version {
			of = b.add(b.distributionPackage(l), "package-"+cmp.Or(l.Package, l.Soname))
			b.relate(artifactID, "DEPENDS_ON", of.ID)
		} else {
			of.Concluded = conjunction([]string{of.Concluded, cmp.Or(l.License, noAssertion)})
			of.Declared = of.Concluded
		}
		// Files of SPDX need a SHA-1 (section 8.4), which nothing here has: a
		// package whose purpose is to be a file does not.
		file := b.add(&spdxPackage{Name: l.Soname, Version: l.Version, FileName: l.File, Purpose: "FILE",
			Supplier: b.distributor(), Concluded: l.License, Checksums: sha256Checksum(digest)}, "file-"+l.Soname)
		b.relate(artifactID, "CONTAINS", file.ID)
		b.relate(of.ID, "CONTAINS", file.ID)
		b.licences = append(b.licences, cmp.Or(l.License, noAssertion))
		if l.License != "" && l.Package != "" {
			file.LicenceComment = "The text lies in the artifact at " + l.licenceFile() + "."
		}
	}
	return nil
}

func (b *sbom) distributionPackage(l Library) *spdxPackage {
	p := &spdxPackage{Name: cmp.Or(l.Package, l.Soname), Version: l.Version, Purpose: "LIBRARY", Supplier: b.distributor(), Concluded: l.License}
	if l.Source != "" {
		p.SourceInfo = "built package from: " + l.Source // as Trivy and Syft say it
	}
	if l.PURL != "" {
		p.References = []spdxReference{purlReference(l.PURL)}
	}
	return p
}

func (b *sbom) distributor() string { return "Organization: " + b.info.Ref.Platform.Distribution() }

// wheelName matches the wheels of ensurepip, which are for every platform.
var wheelName = regexp.MustCompile(`^([A-Za-z0-9_.]+)-([0-9][A-Za-z0-9.!]*)-py[0-9.py]*-none-any\.whl$`)

func wheelFolder(info BuildInfo) string {
	return "lib/python" + info.Ref.Version.LD() + "/ensurepip/_bundled/"
}

// wheels adds what ensurepip installs.
func (b *sbom) wheels() {
	for file, digest := range sorted(b.info.Files) {
		base, ok := strings.CutPrefix(file, wheelFolder(b.info))
		m := wheelName.FindStringSubmatch(base)
		if !ok || m == nil {
			continue
		}
		name, licence := strings.ToLower(strings.ReplaceAll(m[1], "_", "-")), "" // PEP 503
		if name == "pip" || name == "setuptools" {
			licence = "MIT"
		}
		p := b.add(&spdxPackage{Name: name, Version: m[2], FileName: file, Purpose: "LIBRARY", Supplier: noAssertion, Concluded: licence,
			Checksums: sha256Checksum(digest)}, "wheel-"+name)
		p.References = []spdxReference{purlReference("pkg:pypi/" + name + "@" + purlEscape(m[2]) + "?file_name=" + purlEscape(path.Base(file)))}
		b.relate(artifactID, "CONTAINS", p.ID)
		b.licences = append(b.licences, cmp.Or(licence, noAssertion))
	}
}

// document completes the list.
func (b *sbom) document() spdxDocument {
	all := conjunction(b.licences)
	b.packages[0].Concluded, b.packages[0].Declared = all, all
	ref := b.info.Ref.String()
	return spdxDocument{
		SPDX: "SPDX-2.3", DataLicence: "CC0-1.0", ID: documentID, Name: ref,
		// Of a build of other inputs the namespace is another one, and of the same the same.
		Namespace: "https://github.com/2-coatl/cpython-prebuilt/spdx/" + ref + "-" + b.info.Inputs,
		Creation: spdxCreation{Created: b.info.Source.Date.UTC().Format(time.RFC3339), Creators: []string{"Tool: cpython-prebuilt"},
			Comment: "The date is that of the source archive: nothing in an artifact depends on when it was made."},
		Extracted: b.extracted(), Packages: b.packages, Relationships: b.relationships,
	}
}

// conjunction returns the expression of all the licences, each once, and
// NOASSERTION where one is not known.
func conjunction(licences []string) string {
	if slices.Contains(licences, noAssertion) {
		return noAssertion
	}
	var parts []string
	for _, licence := range licences {
		for _, part := range strings.Split(licence, " AND ") {
			if strings.ContainsAny(licence, "()") || strings.Contains(licence, " OR ") {
				part = "(" + licence + ")"
			}
			if !slices.Contains(parts, part) {
				parts = append(parts, part)
			}
		}
	}
	return strings.Join(parts, " AND ")
}

var licenceRef = regexp.MustCompile(`LicenseRef-[A-Za-z0-9.-]+`)

// extracted says where the texts are of licences that SPDX has no name for.
func (b *sbom) extracted() []spdxExtracted {
	files := map[string][]string{}
	for _, l := range b.info.Toolchain.Libraries {
		for _, id := range licenceRef.FindAllString(l.License, -1) {
			if l.File != "" && !slices.Contains(files[id], l.licenceFile()) {
				files[id] = append(files[id], l.licenceFile())
			}
		}
	}
	var list []spdxExtracted
	for id, where := range sorted(files) {
		slices.Sort(where)
		list = append(list, spdxExtracted{ID: id, Name: strings.TrimPrefix(id, "LicenseRef-"),
			Text: "The text lies in the artifact, in " + strings.Join(where, ", ") + "."})
	}
	return list
}

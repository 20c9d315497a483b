package artifact_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
		t.Errorf("differs from %s (go test -run %s -update rewrites it); got:\n%s", file, t.Name(), got)
	}
}

// sbomInfo returns a build-info with everything in it that the list of an
// artifact tells, the same on every host.
func sbomInfo(t *testing.T) artifact.BuildInfo {
	p := cpython.Platform{OS: "debian12", Arch: "amd64"}
	ref := artifacttest.Ref(t, "3.13.5")
	ref.Platform = p
	info := artifacttest.Info(ref)
	info.Recipe.Link = "bundled"
	info.Recipe.Patches = []artifact.Patch{
		{Name: "cafile.patch", SHA256: strings.Repeat("a", 64), Reason: "ssl finds the certificates of <every> distribution"},
		{Name: "rpath.patch", SHA256: strings.Repeat("b", 64), Reason: "libpython is found wherever the tree lies"},
	}
	info.Files = map[string]string{"lib/python3.13/ensurepip/_bundled/pip-25.1.1-py3-none-any.whl": strings.Repeat("c", 64)}
	for i, l := range []artifact.Library{
		{Soname: "libssl.so.3", Package: "libssl3", Version: "3.0.15-1~deb12u1", Source: "openssl", License: "Apache-2.0"},
		{Soname: "libcrypto.so.3", Package: "libssl3", Version: "3.0.15-1~deb12u1", Source: "openssl", License: "Apache-2.0"},
		{Soname: "libstdc++.so.6", Package: "libstdc++6", Version: "12.2.0-14", Source: "gcc-12", License: "GPL-3.0-or-later WITH GCC-exception-3.1"},
		{Soname: "liblzma.so.5", Package: "liblzma5", Version: "5.4.1-1", Source: "xz-utils", License: "LicenseRef-public-domain"},
		{Soname: "libzstd.so.1", Package: "libzstd1", Version: "1.5.4+dfsg2-5", Source: "libzstd", License: "BSD-3-Clause OR GPL-2.0-only"},
	} {
		digest := strings.Repeat(string("0123456789abcdef"[i]), 64)
		l.File = "lib/cpb" + strings.TrimPrefix(l.Soname, "lib")
		l.PURL = artifact.PackageURL(p, l.Package, l.Version)
		info.Files[l.File] = digest
		info.Toolchain.Libraries = append(info.Toolchain.Libraries, l)
	}
	info.Toolchain.Libraries = append(info.Toolchain.Libraries, artifact.Library{Soname: "libtcl8.6.so", Package: "libtcl8.6", Version: "8.6.13"})
	return info
}

// pyspdxtools, the validator of the SPDX project, takes the golden file as
// valid; it was run by hand, as was packageurl-python on its package URLs.
func TestSBOMGolden(t *testing.T) {
	text, err := artifact.SBOM(sbomInfo(t))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "sbom.spdx.json", text)
}

// What vulnerability scanners read and what SPDX demands: IDs once, and no
// relationship to what is not there.
func TestSBOMIDs(t *testing.T) {
	text, err := artifact.SBOM(sbomInfo(t))
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Packages      []struct{ SPDXID, Name string }
		Relationships []struct{ SPDXElementID, RelatedSPDXElement string }
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	ids := []string{"SPDXRef-DOCUMENT"}
	for _, p := range d.Packages {
		if slices.Contains(ids, p.SPDXID) || strings.Trim(p.SPDXID, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") != "" {
			t.Errorf("ID %q of %s is there twice or has a wrong character", p.SPDXID, p.Name)
		}
		ids = append(ids, p.SPDXID)
	}
	for _, r := range d.Relationships {
		if !slices.Contains(ids, r.SPDXElementID) || !slices.Contains(ids, r.RelatedSPDXElement) {
			t.Errorf("relationship of %q and %q, which are not both there", r.SPDXElementID, r.RelatedSPDXElement)
		}
	}
	if bytes.Contains(text, []byte("libtcl8.6")) {
		t.Error("a library of the system is in the list")
	}
}

func TestSBOMRefuses(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(info *artifact.BuildInfo)
		want   string
	}{
		{"no digest of a library", func(info *artifact.BuildInfo) { info.Files = nil }, "the digest of lib/"},
		{"not valid", func(info *artifact.BuildInfo) { info.Inputs = "" }, "inputs is"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			info := sbomInfo(t)
			tt.change(&info)
			if _, err := artifact.SBOM(info); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, wanted %q", err, tt.want)
			}
		})
	}
}

// What lies in an artifact is what its build-info gives, and does not depend on
// where the tree was packed or on anything else in it.
func TestWriteSBOM(t *testing.T) {
	ref := artifacttest.Ref(t, "3.13.5")
	dir, info := artifacttest.Tree(t, ref), artifacttest.Info(ref)
	artifacttest.Bundle(t, dir, &info)
	if err := artifact.WriteSBOM(dir, info); err != nil {
		t.Fatal(err)
	}
	path := artifacttest.Pack(t, dir, info)
	if report := verify(t, path, artifact.VerifyOptions{Level: artifact.Static}); !report.OK() {
		t.Errorf("an artifact with a list:\n%s", text(t, report))
	}
	i, err := artifact.Inspect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := i.SBOM()
	if err != nil {
		t.Fatal(err)
	}
	want, err := artifact.SBOM(i.Info)
	if err != nil || !bytes.Equal(got, want) || !i.HasSBOM {
		t.Errorf("the list in the artifact is not what its build-info gives, error %v:\n%s", err, got)
	}
	if err := artifact.WriteSBOM(t.TempDir(), info); err == nil {
		t.Error("a tree without its library is no error")
	}
}

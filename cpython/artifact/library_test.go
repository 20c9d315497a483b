package artifact_test

import (
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
)

func TestVerifyBundled(t *testing.T) {
	ref := artifacttest.Ref(t, "3.13.5")
	dir, info := artifacttest.Tree(t, ref), artifacttest.Info(ref)
	artifacttest.Bundle(t, dir, &info)
	report := verify(t, artifacttest.Pack(t, dir, info), artifact.VerifyOptions{Level: artifact.Static})
	if !report.OK() {
		t.Errorf("a tree with a library of others:\n%s", text(t, report))
	}
}

func TestValidateLibraries(t *testing.T) {
	good, _, _ := artifacttest.Bundled()
	for _, tt := range []struct {
		name   string
		change func(l *artifact.Library)
		want   string // in the error; empty: none
	}{
		{"good", func(*artifact.Library) {}, ""},
		{"of the system", func(l *artifact.Library) { *l = artifact.Library{Soname: "libssl.so.3"} }, ""},
		{"file above lib", func(l *artifact.Library) { l.File = "lib/../LICENSE" }, `file is "lib/../LICENSE", wanted a path below lib/`},
		{"file elsewhere", func(l *artifact.Library) { l.File = "bin/libffi.so.8" }, "wanted a path below lib/"},
		{"absolute file", func(l *artifact.Library) { l.File = "/lib/libffi.so.8" }, "wanted a path below lib/"},
		{"folder", func(l *artifact.Library) { l.File = "lib/" }, "wanted a path below lib/"},
		{"package that is a path", func(l *artifact.Library) { l.Package = "../../etc" }, "wanted a name that a file can have"},
		{"licence in words", func(l *artifact.Library) { l.License = `see "COPYING"` }, "wanted an SPDX expression"},
		{"purl of another form", func(l *artifact.Library) { l.PURL = "deb/debian/libffi8" }, "wanted a package URL"},
		{"purl with a space", func(l *artifact.Library) { l.PURL = "pkg:deb/debian/libffi8@1 2" }, "wanted a package URL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			info := artifacttest.Info(artifacttest.Ref(t, "3.13.5"))
			l := good
			tt.change(&l)
			info.Toolchain.Libraries = []artifact.Library{l}
			if err := info.Validate(); tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, wanted %q", err, tt.want)
			}
		})
	}
	info := artifacttest.Info(artifacttest.Ref(t, "3.13.5"))
	info.Toolchain.Libraries = []artifact.Library{good, good}
	if err := info.Validate(); err == nil || !strings.Contains(err.Error(), "as that of another library") {
		t.Errorf("one file twice: error %v", err)
	}
	// What was written before the file of a library had a key stays as it was.
	info.Toolchain.Libraries = []artifact.Library{{Soname: "libssl.so.3", Package: "libssl3", Version: "3.0.15-1"}}
	text, err := info.Encode()
	if err != nil || strings.Contains(string(text), `"file"`) || strings.Contains(string(text), `"purl"`) {
		t.Errorf("keys of their own for what is not there, error %v:\n%s", err, text)
	}
}

// The wanted texts are those that packageurl-python gives for the same parts.
func TestPackageURL(t *testing.T) {
	for _, tt := range []struct{ platform, name, version, want string }{
		{"debian12", "libssl3", "3.0.15-1~deb12u1", "pkg:deb/debian/libssl3@3.0.15-1~deb12u1?arch=amd64&distro=debian-12"},
		{"debian12-arm64", "zlib1g", "1:1.2.13.dfsg-1", "pkg:deb/debian/zlib1g@1:1.2.13.dfsg-1?arch=arm64&distro=debian-12"},
		{"ubuntu20.04", "libstdc++6", "10.5.0-1ubuntu1~20.04", "pkg:deb/ubuntu/libstdc%2B%2B6@10.5.0-1ubuntu1~20.04?arch=amd64&distro=ubuntu-20.04"},
		{"debian12-arm", "libbz2-1.0", "1.0.8-5+b1", "pkg:deb/debian/libbz2-1.0@1.0.8-5%2Bb1?arch=armhf&distro=debian-12"},
		{"fedora41", "openssl-libs", "1:3.2.4-1.fc41", "pkg:rpm/fedora/openssl-libs@3.2.4-1.fc41?arch=x86_64&distro=fedora-41&epoch=1"},
		{"opensuseleap15.6-arm64", "libz1", "1.2.13-1", "pkg:rpm/opensuse/libz1@1.2.13-1?arch=aarch64&distro=opensuse-leap-15.6"},
		{"debian12", "libssl3", "", ""},
		{"arch", "openssl", "3.0", ""},
	} {
		p, err := cpython.PlatformNamed(tt.platform)
		if err != nil {
			t.Fatal(err)
		}
		if got := artifact.PackageURL(p, tt.name, tt.version); got != tt.want {
			t.Errorf("PackageURL(%s, %s, %s) = %q, want %q", tt.platform, tt.name, tt.version, got, tt.want)
		}
		if info := artifacttest.Info(artifacttest.Ref(t, "3.13.5")); tt.want != "" {
			info.Toolchain.Libraries = []artifact.Library{{Soname: "x", PURL: tt.want}}
			if err := info.Validate(); err != nil {
				t.Errorf("%s: %v", tt.want, err)
			}
		}
	}
}

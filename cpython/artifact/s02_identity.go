package artifact

import "github.com/2-coatl/cpython-prebuilt/cpython"

// checkIdentity is S02: the file name, build-info.json and the tree name the
// same version, platform, architecture and build.
type checkIdentity struct {
	*scene
	*reporter
	configs []string // names of the config-* folders
}

func (c *checkIdentity) entry(e *entry, _ []byte) {
	if path, ok := e.below(c.root); ok && e.kind == directory && matches(c.lib()+"/config-*", path) {
		c.configs = append(c.configs, path)
	}
}

func (c *checkIdentity) end() {
	if c.nameErr != nil {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: c.name, Message: "the file name is not that of an artifact",
			Found: c.name, Wanted: wantedName(c.info), Fix: "give it back the name that it was published under"})
	}
	ref := c.ref()
	if c.info == nil {
		c.add(cpython.Finding{Status: cpython.Skip, Required: true, Message: "there is no valid build-info.json to compare with"})
	}
	if c.info != nil && c.nameErr == nil && c.nameRef != c.info.Ref {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: c.name, Message: "the file name and build-info.json do not name the same artifact",
			Found: c.nameRef.String(), Wanted: c.info.Ref.String()})
	}
	if ref == (cpython.Ref{}) {
		return
	}
	if want := ref.Tree(); c.root != want {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: c.root, Message: "the folder at the root is not the version's", Found: c.root, Wanted: want})
	}
	triplet, known := triplets[ref.Platform.Arch]
	for _, found := range c.configs {
		want := c.lib() + "/config-" + ref.Version.LD() + "-" + triplet
		if known && found != want {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: found, Message: "the tree was built for another architecture or version", Found: found, Wanted: want})
		}
	}
}

func wantedName(info *BuildInfo) string {
	if info == nil {
		return "cpython-<version>-<platform>-build<number>.tgz"
	}
	return info.Ref.File()
}

// triplets are the names that CPython's configure gives to what it builds for
// (PLATFORM_TRIPLET), by Go's names of architectures, on glibc.
var triplets = map[string]string{
	"amd64":   "x86_64-linux-gnu",
	"arm64":   "aarch64-linux-gnu",
	"arm":     "arm-linux-gnueabihf",
	"386":     "i386-linux-gnu",
	"ppc64le": "powerpc64le-linux-gnu",
	"riscv64": "riscv64-linux-gnu",
	"s390x":   "s390x-linux-gnu",
}

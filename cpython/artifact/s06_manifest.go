package artifact

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkManifest is S06: build-info.json is there, is valid, and names every
// file with its digest and every link with its target.
type checkManifest struct {
	*scene
	*reporter
	prefixFiles map[string]bool
	seen        map[string]bool
}

func (c *checkManifest) entry(e *entry, content []byte) {
	path, ok := e.below(c.root)
	if !ok || c.info == nil || path == BuildInfoName {
		return
	}
	if c.prefixFiles == nil {
		c.prefixFiles = map[string]bool{}
		for _, name := range c.info.PrefixFiles {
			c.prefixFiles[name] = true
		}
	}
	switch e.kind {
	case regular:
		c.seen[path] = true
		c.file(path, content)
	case symlink:
		c.seen[path] = true
		if want, ok := c.info.Links[path]; !ok {
			c.fail(path, "the link is not in build-info.json")
		} else if want != e.target {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: path, Message: "the link has another target than in build-info.json", Found: e.target, Wanted: want})
		}
	}
}

func (c *checkManifest) file(path string, content []byte) {
	sum := c.sum
	if c.prefixFiles[path] {
		switch {
		case content == nil || len(content) > maxPrefixed:
			c.fail(path, "is larger than %d bytes, too large for a file that holds the prefix", maxPrefixed)
			return
		case !bytes.Contains(content, []byte(c.info.Prefix)):
			c.fail(path, "does not hold the prefix %s, which build-info.json says", c.info.Prefix)
		}
		sum = prefixDigest(content, c.info.Prefix)
	}
	got := hex.EncodeToString(sum[:])
	if want, ok := c.info.Files[path]; !ok {
		c.fail(path, "is not in build-info.json")
	} else if got != want {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: path, Message: "does not have the digest that build-info.json names", Found: got, Wanted: want})
	}
}

// prefixDigest is the digest of a file that holds the prefix: of its text with
// the placeholder instead.
func prefixDigest(content []byte, prefix string) [sha256.Size]byte {
	return sha256.Sum256(bytes.ReplaceAll(content, []byte(prefix), []byte(PrefixPlaceholder)))
}

func (c *checkManifest) end() {
	const again = "build it again, with mage build"
	switch {
	case c.infoErr != nil:
		for line := range strings.Lines(c.infoErr.Error()) {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: BuildInfoName, Message: strings.TrimSpace(line), Fix: again})
		}
	case c.info == nil && c.infoLater:
		c.add(cpython.Finding{Status: cpython.Fail, Subject: BuildInfoName, Message: "is not the first entry of the archive", Fix: again})
	case c.info == nil:
		c.add(cpython.Finding{Status: cpython.Fail, Message: "the artifact was not made by this pipeline: it has no " + BuildInfoName + ", so nothing else can be checked",
			Fix: again})
	default:
		c.missing()
	}
}

// missing reports what build-info.json names and the archive does not have.
func (c *checkManifest) missing() {
	for path := range sorted(c.info.Files) {
		if !c.seen[path] {
			c.fail(path, "is in build-info.json and not in the archive")
		}
	}
	for path := range sorted(c.info.Links) {
		if !c.seen[path] {
			c.fail(path, "is a link in build-info.json and not in the archive")
		}
	}
	for _, path := range c.info.PrefixFiles {
		if _, ok := c.info.Files[path]; !ok {
			c.fail(path, "holds the prefix, says build-info.json, but is not among its files")
		}
	}
}

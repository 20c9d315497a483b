package artifact

import (
	"bytes"
	"fmt"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkCanonical is S05: the archive has the one form that Pack gives it, so
// that whoever packs the same tree can compare bytes.
type checkCanonical struct {
	*scene
	*reporter
	entries int
	last    string
}

func (c *checkCanonical) entry(e *entry, _ []byte) {
	c.entries++
	if c.entries > 1 { // the first is build-info.json, which S06 looks for
		if e.name <= c.last {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: e.name, Message: "is not in the order of the names", Found: "after " + c.last})
		}
		c.last = e.name
	}
	if c.entries == 2 && e.name != c.root+"/" {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: e.name, Message: "the root folder is not the second entry", Wanted: c.root + "/"})
	}
	if problem := c.differs(e); problem != "" {
		c.fail(e.name, "%s", problem)
		return
	}
	plain := *e
	if !bytes.Equal(plain.encode(), e.raw) {
		c.fail(e.name, "the header is not encoded the way that Pack does it")
	}
}

// differs returns what an entry has that Pack would not have given it.
func (c *checkCanonical) differs(e *entry) string {
	switch mode := e.mode; {
	case e.kind == hardLink:
		return "is a hard link, wanted a file"
	case e.kind == symlink && mode != 0o777:
		return fmt.Sprintf("has mode %04o, wanted 0777 for a link", mode)
	case e.kind == directory && mode != 0o755:
		return fmt.Sprintf("has mode %04o, wanted 0755 for a folder", mode)
	case e.kind == regular && mode != 0o755 && mode != 0o644:
		return fmt.Sprintf("has mode %04o, wanted 0644 or 0755 for a file", mode)
	case e.uid != 0 || e.gid != 0:
		return fmt.Sprintf("belongs to %d:%d, wanted 0:0", e.uid, e.gid)
	case e.kind != symlink && e.target != "":
		return "has a target and is no link"
	}
	if c.info != nil && e.time != c.info.Source.Date.Unix() {
		return fmt.Sprintf("has the time %d, wanted that of the source, %d", e.time, c.info.Source.Date.Unix())
	}
	return ""
}

func (c *checkCanonical) end() {
	if problem := c.gzip.canonical(); problem != "" {
		c.fail("", "the gzip header %s", problem)
	}
	if c.bad {
		c.add(cpython.Finding{Status: cpython.Warn, Message: "the table of flush points is wrong; the file was read without it", Fix: "pack the tree again"})
	}
}

package artifact

import (
	"encoding/binary"
	"fmt"
	"path"
	"regexp"
	"strconv"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/internal/siphash"
)

// checkBytecode is S20: every .pyc belongs to the interpreter and to the source
// beside it, and says so in a way that no time stamp can spoil and that nothing
// has to be read for (PEP 552, unchecked hash).
type checkBytecode struct {
	*scene
	*reporter
	number  uint64            // the magic number; 0 until it is known
	sources map[string]uint64 // hashes of the sources
	claims  map[string]uint64 // the hash of its source that each .pyc holds
}

// magicNumbers are the magic numbers of .pyc files (MAGIC_NUMBER in
// Lib/importlib/_bootstrap_external.py). From 3.14 on the tree tells its own, in
// a header.
var magicNumbers = map[string]uint64{"3.11": 3495, "3.12": 3531, "3.13": 3571}

var (
	magicMacro   = regexp.MustCompile(`(?m)^[ \t]*#[ \t]*define[ \t]+PYC_MAGIC_NUMBER[ \t]+([0-9]{1,5})\b`)
	bytecodeName = regexp.MustCompile(`^(.+)\.cpython-3[0-9]+t?(?:\.opt-[12])?\.pyc$`)
)

// pycHeader is the size of the header: magic number, flags, hash of the source.
const pycHeader = 16

// sourceOf returns the path of the source of a .pyc (PEP 3147).
func sourceOf(name string) (string, bool) {
	dir, file := path.Split(name)
	m := bytecodeName.FindStringSubmatch(file)
	if m == nil || path.Base(dir) != "__pycache__" {
		return "", false
	}
	return path.Join(path.Dir(path.Clean(dir)), m[1]+".py"), true
}

func (c *checkBytecode) entry(e *entry, content []byte) {
	name, ok := e.below(c.root)
	if !ok || e.kind != regular {
		return
	}
	if c.number == 0 {
		c.number = magicNumbers[c.ref().Version.Series()]
	}
	switch {
	case matches("include/python*/internal/pycore_magic_number.h", name):
		if m := magicMacro.FindSubmatch(content); m != nil {
			c.number, _ = strconv.ParseUint(string(m[1]), 10, 16)
		}
	case path.Ext(name) == ".py":
		c.sources[name] = siphash.Sum(c.magic(), content)
	case path.Ext(name) == ".pyc":
		c.bytecode(name, content)
	}
}

// magic returns the four bytes that a .pyc begins with, as a number: the magic
// number and a line end, which shows whether it was taken for text on the way.
func (c *checkBytecode) magic() uint64 { return c.number | '\r'<<16 | '\n'<<24 }

func (c *checkBytecode) bytecode(name string, content []byte) {
	const again = "compile it again with compileall --invalidation-mode unchecked-hash"
	if len(content) < pycHeader {
		c.fail(name, "is shorter than the header of a .pyc")
		return
	}
	magic, flags := uint64(binary.LittleEndian.Uint32(content)), binary.LittleEndian.Uint32(content[4:])
	switch {
	case magic != c.magic():
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "is for another version of Python", Found: magicText(magic), Wanted: magicText(c.magic()), Fix: again})
	case flags != 1:
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "is not tied to its source by an unchecked hash", Found: fmt.Sprintf("flags %#x", flags), Wanted: "flags 0x1", Fix: again})
	default:
		c.claims[name] = binary.LittleEndian.Uint64(content[8:])
	}
}

func magicText(magic uint64) string {
	return fmt.Sprintf("magic number %d, %#06x", magic&0xffff, magic>>16)
}

func (c *checkBytecode) end() {
	if c.number == 0 && len(c.claims) > 0 {
		c.fail("", "the magic number of Python %s is not known", c.ref().Version.Series())
		return
	}
	for name, claim := range sorted(c.claims) {
		source, ok := sourceOf(name)
		if !ok {
			c.fail(name, "is not where an interpreter looks for it, in __pycache__ and named after its source")
			continue
		}
		if hash, ok := c.sources[source]; !ok {
			c.fail(name, "has no source: %s is not there", source)
		} else if hash != claim {
			c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "was compiled from another source than " + source,
				Found: fmt.Sprintf("%016x", claim), Wanted: fmt.Sprintf("%016x", hash), Fix: "compile it again"})
		}
	}
}

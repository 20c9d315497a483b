package artifact

import (
	"fmt"
	"path"
	"slices"
	"sync"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// checkELF is S10, and reads the ELF files for S11 to S16, S18 and S21. That
// takes as long as inflating them, so it goes on beside the pass, on a copy of
// one file at a time: the copy is what bounds the memory.
type checkELF struct {
	*scene
	*reporter
	copies chan []byte // the one that may be made, when no file is being read
	lock   sync.Mutex
	wait   sync.WaitGroup
	count  int // of ELF files
	names  int // bytes of the names in them
}

func newCheckELF(s *scene, r *reporter) check {
	c := &checkELF{scene: s, reporter: r, copies: make(chan []byte, 1)}
	c.copies <- nil
	return c
}

func (c *checkELF) entry(e *entry, content []byte) {
	name, ok := e.below(c.root)
	if !ok || e.kind != regular {
		return
	}
	if content == nil && path.Ext(name) != ".a" {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "is too large to be looked at",
			Found: fmt.Sprintf("%d bytes", e.size), Wanted: fmt.Sprintf("at most %d", maxHeld), Fix: "strip it"})
		return
	}
	if !isELF(content) {
		return
	}
	if c.count++; c.count > maxELF {
		c.add(cpython.Finding{Status: cpython.Fail, Subject: name, Message: "is one ELF file too many", Wanted: fmt.Sprintf("at most %d", maxELF)})
		return
	}
	data := append((<-c.copies)[:0], content...)
	c.wait.Go(func() {
		defer func() { c.copies <- data }()
		f, err := readELF(name, data, wantedExports(name)...)
		found := leaks(data)
		c.lock.Lock()
		defer c.lock.Unlock()
		if c.names += f.weight(); c.names > maxNames {
			f, err = nil, fmt.Errorf("the names in the ELF files have more than %d bytes", maxNames)
		}
		c.elf.put(name, f, err, found)
	})
}

// weight returns the bytes of the names that are kept of a file.
func (f *elfFile) weight() int {
	if f == nil {
		return 0
	}
	n := 0
	for _, name := range slices.Concat(f.needed, f.rpath, f.runpath) {
		n += len(name)
	}
	for _, v := range slices.Concat(f.versions, f.features) {
		n += len(v.library) + len(v.prefix) + len(v.version)
	}
	return n
}

func (c *checkELF) end() {
	c.wait.Wait()
	c.elf.info, c.elf.links = *c.info, map[string]string{}
	for name, e := range c.tree {
		if e.kind == symlink {
			c.elf.links[name] = e.target
		}
	}
	for _, f := range c.elf.checkMachine() {
		if f.Status != cpython.Pass || !c.failed() {
			c.add(f)
		}
	}
}

// An elfCheck is one of S11 to S16: a question about all ELF files together.
type elfCheck struct {
	*scene
	*reporter
	ask func(*elfTree) []cpython.Finding
}

// asks returns what starts an elfCheck.
func asks(ask func(*elfTree) []cpython.Finding) func(*scene, *reporter) check {
	return func(s *scene, r *reporter) check { return &elfCheck{s, r, ask} }
}

func (c *elfCheck) entry(*entry, []byte) {}

func (c *elfCheck) end() {
	for _, f := range c.ask(&c.elf) {
		c.add(f)
	}
}

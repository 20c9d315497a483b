package artifact

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// A check looks at an artifact while it goes by, and reports what is wrong. To
// add one is to write a file with a type that has these two methods, and to
// name it in the list of checks.
type check interface {
	// entry is called for every entry in the order of the archive. The
	// content is that of a regular file, valid during the call; it is nil
	// where the file is larger than maxHeld.
	entry(e *entry, content []byte)

	// end is called after the last entry of an archive that is whole.
	end()
}

// A scene is what the checks of one pass know together.
type scene struct {
	name    string      // the file name of the artifact
	nameRef cpython.Ref // what it says; zero when it says nothing
	nameErr error

	info      *BuildInfo // nil when the artifact has none that can be used
	infoErr   error
	infoFirst bool // build-info.json is the first entry
	infoLater bool // it is another one

	root string            // the one folder that everything is below
	sum  [sha256.Size]byte // of the content of the current entry
	tree map[string]*entry // by path below root; see checkPaths
	gzip gzipHeader
	bad  bool    // the table of flush points is wrong
	elf  elfTree // the ELF files; see checkELF

	steps int // of resolve, in all
}

// ref returns what the artifact is: what build-info.json says, or without one
// what its name says.
func (s *scene) ref() cpython.Ref {
	if s.info != nil {
		return s.info.Ref
	}
	return s.nameRef
}

// lib returns the folder of the standard library below the root.
func (s *scene) lib() string { return "lib/python" + s.ref().Version.LD() }

// A reporter collects the findings of one check.
type reporter struct {
	id       string
	findings []cpython.Finding
	dropped  int
}

// add adds a finding, of which status and message are needed. What is beyond
// maxFindings is only counted: a hostile file has no end of them.
func (r *reporter) add(f cpython.Finding) {
	if len(r.findings) >= maxFindings {
		r.dropped++
		return
	}
	f.ID = r.id
	r.findings = append(r.findings, f)
}

func (r *reporter) fail(subject, format string, args ...any) {
	r.add(cpython.Finding{Status: cpython.Fail, Subject: subject, Message: fmt.Sprintf(format, args...)})
}

func (r *reporter) warn(subject, format string, args ...any) {
	r.add(cpython.Finding{Status: cpython.Warn, Subject: subject, Message: fmt.Sprintf(format, args...)})
}

// failed reports whether the check found anything wrong.
func (r *reporter) failed() bool {
	for _, f := range r.findings {
		if f.Status == cpython.Fail {
			return true
		}
	}
	return false
}

// result returns the findings, or where nothing is wrong that the check passed.
func (r *reporter) result(passed string) []cpython.Finding {
	if len(r.findings) == 0 {
		return []cpython.Finding{{ID: r.id, Status: cpython.Pass, Message: passed}}
	}
	if r.dropped > 0 {
		return append(r.findings, cpython.Finding{ID: r.id, Status: r.findings[0].Status, Message: fmt.Sprintf("and %d more of this check", r.dropped)})
	}
	return r.findings
}

// A pass reads an artifact once and shows it to checks.
type pass struct {
	scene  *scene
	checks []check
	stop   func() error // asked after every entry, when set
	files  int
}

// run reads the tar stream to its end, or to where it cannot be read any
// further: then the error is a *refusal or a *streamError, or that of the
// stream.
func (p *pass) run(g *gunzip) error {
	p.scene.gzip = g.header
	t := &tarReader{next: g.next}
	for {
		e, err := t.entry()
		p.scene.bad = g.badTable
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := p.entry(t, e); err != nil {
			return err
		}
		if p.stop != nil {
			if err := p.stop(); err != nil {
				return err
			}
		}
	}
	for _, c := range p.checks {
		c.end()
	}
	return nil
}

func (p *pass) entry(t *tarReader, e *entry) error {
	p.files++
	content := []byte{}
	if e.size > maxHeld {
		sum := sha256.New()
		if err := t.chunks(func(part []byte) { sum.Write(part) }); err != nil {
			return err
		}
		sum.Sum(p.scene.sum[:0])
		content = nil
	} else if e.kind == regular {
		var err error
		if content, err = t.content(); err != nil {
			return err
		}
		p.scene.sum = sha256.Sum256(content)
	}
	if p.files == 1 {
		p.scene.root, _, _ = strings.Cut(e.name, "/")
	}
	if e.name == p.scene.root+"/"+BuildInfoName {
		p.buildInfo(content)
	}
	for _, c := range p.checks {
		c.entry(e, content)
	}
	e.raw = nil // the tree keeps the entry
	return nil
}

// buildInfo reads what the artifact says about itself, from its first entry:
// the checks of what follows need it.
func (p *pass) buildInfo(content []byte) {
	s := p.scene
	if p.files > 1 {
		s.infoLater = true
		return
	}
	s.infoFirst = true
	if content == nil {
		s.infoErr = fmt.Errorf("%s: larger than %d bytes", BuildInfoName, maxBuildInfo)
		return
	}
	info, err := ParseBuildInfo(content)
	if err == nil {
		err = info.Validate()
	}
	if err != nil {
		s.infoErr = err
		return
	}
	s.info = &info
}

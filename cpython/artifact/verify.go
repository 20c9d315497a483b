package artifact

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A Level says how much Verify checks. The zero Level is Full.
type Level int

// The levels; each includes those before it.
const (
	Quick  Level = iota + 1 // digest, format, names, build-info, layout and version: S01 to S08
	Static                  // everything that executes nothing: all S
	Full                    // and the interpreter, where it can run on this host: all D that need no other machine
	Deep                    // all that there is
)

// ParseLevel reads "quick", "static", "full" or "deep".
func ParseLevel(text string) (Level, error) {
	for l := Quick; l <= Deep; l++ {
		if l.String() == text {
			return l, nil
		}
	}
	return 0, &cpython.ParseError{Kind: "level", Text: text, Reason: "wanted quick, static, full or deep"}
}

// String returns the text that ParseLevel reads.
func (l Level) String() string {
	switch l {
	case Quick:
		return "quick"
	case Static:
		return "static"
	case 0, Full:
		return "full"
	case Deep:
		return "deep"
	}
	return fmt.Sprintf("Level(%d)", int(l))
}

// VerifyOptions say how to verify. The zero value is the default.
type VerifyOptions struct {
	Level Level

	// SHA256 is the digest, when it is known from elsewhere. Empty is what
	// the checksum file beside the artifact says.
	SHA256 string

	// Name is the file name that the artifact was published under. Empty is
	// the base name of its path.
	Name string

	// Machine is where the dynamic checks run the interpreter: a container,
	// say, of another distribution. Nil is this host.
	Machine machine.Machine

	// TempDir is where a private folder is made on the machine for the
	// dynamic checks, and removed again. Empty is the folder for temporary
	// files of this host, and /var/tmp of another machine.
	TempDir string

	// Images are further machines to run the dynamic checks on: D11.
	Images []Image
}

// Verify checks the artifact at path and answers with a report: a finding for
// everything that is wrong, and one for every check that passed. The static
// checks read the file once, execute nothing and write nothing; they work on
// any host. The dynamic checks unpack it and run its interpreter, when nothing
// is wrong with its identity, format and digests and this host can run it.
//
// The error is for what could not be verified: a file that is not there or
// cannot be read, a context that ended. A file that is no artifact at all is a
// report that says so.
func Verify(ctx context.Context, path string, opts VerifyOptions) (*cpython.Report, error) {
	if opts.Level == 0 {
		opts.Level = Full
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	if !stat.Mode().IsRegular() {
		return nil, fmt.Errorf("verify: %s is not a file", path)
	}
	v := &verifier{opts: opts, path: path, file: f, size: stat.Size()}
	v.scene.name = or(opts.Name, filepath.Base(path))
	v.scene.nameRef, v.scene.nameErr = cpython.ParseFile(v.scene.name)
	v.scene.tree = map[string]*entry{}
	report := &cpython.Report{Subject: v.scene.name}
	if err := v.static(ctx, report); err != nil {
		return nil, fmt.Errorf("verify %s: %w", path, err)
	}
	v.distrust = untrusted(report)
	if opts.Level >= Full && v.scene.infoFirst {
		if err := errors.Join(v.dynamic(ctx, report), v.images(ctx, report)); err != nil {
			return nil, fmt.Errorf("verify %s: %w", path, err)
		}
	}
	return report, nil
}

// A verifier is one run of Verify.
type verifier struct {
	opts  VerifyOptions
	path  string
	file  *os.File
	size  int64
	scene scene

	digest   string // of the file
	distrust string // the check because of which nothing of it is executed
}

// An informed check is only asked when there is a build-info to go by.
type informed struct {
	check
	scene *scene
}

func (c informed) entry(e *entry, content []byte) {
	if c.scene.info != nil {
		c.check.entry(e, content)
	}
}

func (c informed) end() {
	if c.scene.info != nil {
		c.check.end()
	}
}

// static runs the checks that execute nothing.
func (v *verifier) static(ctx context.Context, report *cpython.Report) error {
	p, checks, reporters := v.start()
	whole := false
	if v.boundSize(reporters["S01"]) {
		var err error
		if whole, err = v.readAll(ctx, p, reporters); err != nil {
			return err
		}
		if err := v.checkDigest(reporters["S01"]); err != nil {
			return err
		}
	}
	v.conclude(report, checks, reporters, whole)
	return nil
}

// start returns the pass with the checks of the level, and where each reports.
func (v *verifier) start() (p *pass, checks []staticCheck, reporters map[string]*reporter) {
	reporters = map[string]*reporter{"S01": {id: "S01"}, "S03": {id: "S03"}}
	p = &pass{scene: &v.scene}
	for _, c := range staticChecks() {
		if c.level > v.opts.Level {
			continue
		}
		r := &reporter{id: c.id}
		reporters[c.id] = r
		checks = append(checks, c)
		started := c.start(&v.scene, r)
		if c.needInfo {
			started = informed{started, &v.scene}
		}
		if c.id == "S04" {
			p.checks = append([]check{started}, p.checks...)
		} else {
			p.checks = append(p.checks, started)
		}
	}
	return p, checks, reporters
}

// readAll makes the pass, and reads the file to its end for the digest. It
// reports whether the archive was seen as a whole.
func (v *verifier) readAll(ctx context.Context, p *pass, reporters map[string]*reporter) (whole bool, err error) {
	sum := sha256.New()
	in := &input{ctx: ctx, r: io.TeeReader(io.LimitReader(v.file, v.size), sum)}
	g, err := newGunzip(in, runtime.GOMAXPROCS(0))
	if err == nil {
		err = p.run(g)
		g.Close()
	}
	if in.err != nil {
		return false, in.err
	}
	if whole, err = ended(err, reporters); err != nil {
		return false, err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return false, err
	}
	v.setDigest(sum)
	return whole, nil
}

// ended makes findings of what ended a pass, where that is a property of the
// file, and reports whether the archive was seen as a whole.
func ended(err error, reporters map[string]*reporter) (whole bool, other error) {
	var stream *streamError
	var refused *refusal
	switch {
	case err == nil:
		return true, nil
	case errors.As(err, &stream):
		reporters["S03"].add(cpython.Finding{Status: cpython.Fail, Message: stream.message, Found: stream.found, Wanted: stream.wanted, Fix: stream.fix})
	case errors.As(err, &refused):
		reporters[refused.id].add(cpython.Finding{Status: cpython.Fail, Subject: refused.subject, Message: refused.message, Found: refused.found, Wanted: refused.wanted})
		return refused.id == "S05", nil // all entries were there
	default:
		return false, err
	}
	return false, nil
}

func (v *verifier) setDigest(sum hash.Hash) { v.digest = fmt.Sprintf("%x", sum.Sum(nil)) }

// conclude puts the findings together in the order of their IDs.
func (v *verifier) conclude(report *cpython.Report, checks []staticCheck, reporters map[string]*reporter, whole bool) {
	report.Add(reporters["S01"].result("sha256 " + v.digest)...)
	s03 := reporters["S03"].result("one whole gzip member, and a tar stream with its end")
	if !whole && !reporters["S03"].failed() {
		s03 = []cpython.Finding{{ID: "S03", Status: cpython.Skip, Required: true, Message: "the archive was not read to its end"}}
	}
	foreign := v.scene.info == nil && v.scene.infoErr == nil && !v.scene.infoLater && v.scene.root != ""
	for _, c := range checks {
		if c.id == "S04" {
			report.Add(s03...)
		}
		r := reporters[c.id]
		switch {
		case foreign && c.id != "S06":
			continue // one clear finding
		case foreign:
			r.findings = nil
			(&checkManifest{scene: &v.scene, reporter: r}).end()
			report.Add(r.result(c.passed)...)
		case len(r.findings) > 0 || whole && (v.scene.info != nil || !c.needInfo):
			report.Add(r.result(c.passed)...)
		case !whole:
			report.Add(cpython.Finding{ID: c.id, Status: cpython.Skip, Required: true, Message: "the archive could not be read to its end"})
		default:
			report.Add(cpython.Finding{ID: c.id, Status: cpython.Skip, Required: true, Message: "there is no valid build-info.json to go by"})
		}
	}
}

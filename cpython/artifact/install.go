package artifact

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// InstallOptions say where and how to install. Of the zero value only the
// digest is missing, which InstallFile finds in the checksum file.
type InstallOptions struct {
	// InstallPrefix is the prefix without the version, an absolute path.
	// Empty is "/opt/python": version 3.13.5 goes to /opt/python-3.13.5.
	InstallPrefix string

	// SHA256 is the digest that the artifact has to have. Install wants it;
	// for InstallFile empty is what the checksum file says.
	SHA256 string

	// Name is the file name that the artifact was published under. Empty is
	// the base name of the path for InstallFile, and what the artifact says
	// about itself for Install.
	Name string

	// Root is the root of the system that the artifact has to run on, see
	// Preflight. Empty is "/".
	Root string

	// Durable makes the tree survive a power cut that comes after the
	// installation, which costs writing all of it to the disk now. The
	// processes of the system see the old tree or the new one either way.
	Durable bool

	// Keep is how many earlier trees of the version stay for Rollback. Zero
	// is one, a negative number none.
	Keep int

	// Concurrency is how many blocks are inflated and how many files are
	// written at the same time. Zero is GOMAXPROCS.
	Concurrency int

	// Logger is told what happens. Nil is silent.
	Logger *slog.Logger
}

// Installed says what is installed at a prefix.
type Installed struct {
	Ref    cpython.Ref
	SHA256 string // of the artifact; its first 12 digits after Rollback
	Prefix string // what to use: "/opt/python-3.13.5", a link
	Tree   string // the folder that the link leads to

	// Changed is false where everything was there already. Previous is the
	// tree that the link led to before, empty if there was none; it is kept
	// unless Keep says otherwise.
	Changed  bool
	Previous string
}

// A RefusedError says that an artifact was not installed because of what it is
// or of what the system lacks.
type RefusedError struct {
	// Report holds the failed checks: of S01 to S08, or of Preflight.
	Report *cpython.Report

	digest *cpython.DigestError
}

func (e *RefusedError) Error() string {
	text, more := "", 0
	for _, f := range e.Report.Findings {
		switch {
		case f.Status != cpython.Fail:
		case text != "":
			more++
		default:
			text = "refused: " + f.ID + " "
			if f.Subject != "" {
				text += fmt.Sprintf("%q: ", f.Subject)
			}
			text += f.Message
			if f.Found != "" || f.Wanted != "" {
				text += fmt.Sprintf(" (found %q, wanted %q)", f.Found, f.Wanted)
			}
		}
	}
	if more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// Unwrap returns a [*cpython.DigestError] where the artifact is not the one
// that was asked for.
func (e *RefusedError) Unwrap() error {
	if e.digest == nil {
		return nil
	}
	return e.digest
}

// Install reads an artifact from r once, checks it (S01 to S08, and Preflight
// as soon as it has said what it needs) and installs it while doing so. The
// tree is written beside the prefix, as "<prefix>.<12 digits of the digest>"
// under a hidden, temporary name, and gets its name when the whole artifact is
// there and its digest is right; then the prefix, a link, is made to lead to it.
// Whatever ends this program, and whenever, the prefix leads to the old tree or
// to the new one; the next Install removes what was left behind.
//
// Where the artifact is installed already, little more than its first entry is
// read. Where something else than such a link stands at the prefix it is left
// alone and the error is a [*PlaceError], but for an empty folder, which is
// replaced, and for a link that leads to a path in another folder: then that
// path is what is made a link to the tree.
//
// What is wrong with the artifact or with the system is a [*RefusedError];
// then, and after any other error, nothing is left and the old tree is in use.
func Install(ctx context.Context, r io.Reader, opts InstallOptions) (*Installed, error) {
	i, err := newInstaller(opts)
	if err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	if i.want, i.origin, err = i.wantedDigestOf(""); err != nil {
		return nil, fmt.Errorf("install: %w", err)
	}
	done, err := i.read(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("install %s: %w", cmp.Or(i.scene.name, "artifact"), err)
	}
	return done, nil
}

// InstallFile installs the artifact at path, see Install. Where it is installed
// already the file is not even opened: its name and its digest say so.
func InstallFile(ctx context.Context, path string, opts InstallOptions) (*Installed, error) {
	opts.Name = or(opts.Name, filepath.Base(path))
	i, err := newInstaller(opts)
	if err == nil {
		i.want, i.origin, err = i.wantedDigestOf(path)
	}
	if err != nil {
		return nil, fmt.Errorf("install %s: %w", path, err)
	}
	done, err := i.file(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("install %s: %w", path, err)
	}
	return done, nil
}

// An installer is one run of Install. It is the last of the checks of the pass:
// it writes what the others had nothing against.
type installer struct {
	verifier
	opts   InstallOptions
	log    *slog.Logger
	ctx    context.Context // of the one call
	want   string          // the digest
	origin string          // in words

	reporters map[string]*reporter
	place     *place
	writer    *treeWriter
	done      *Installed // there was nothing to write
	err       error
}

var (
	errRefused = errors.New("a check failed")
	errDone    = errors.New("there is nothing to write")
)

func newInstaller(opts InstallOptions) (*installer, error) {
	opts.InstallPrefix = cmp.Or(opts.InstallPrefix, "/opt/python")
	opts.Root = cmp.Or(opts.Root, "/")
	if opts.Concurrency <= 0 {
		opts.Concurrency = runtime.GOMAXPROCS(0)
	}
	opts.Concurrency = min(opts.Concurrency, maxWorkers)
	if problem := badPrefix(opts.InstallPrefix); problem != "" {
		return nil, &PlaceError{Path: opts.InstallPrefix, Reason: problem}
	}
	i := &installer{opts: opts, log: opts.Logger}
	if i.log == nil {
		i.log = slog.New(slog.DiscardHandler)
	}
	i.verifier.opts = VerifyOptions{Level: Quick, SHA256: opts.SHA256}
	i.scene.tree = map[string]*entry{}
	if i.scene.name = opts.Name; opts.Name != "" {
		i.scene.nameRef, i.scene.nameErr = cpython.ParseFile(opts.Name)
	}
	return i, nil
}

// wantedDigestOf returns the digest that the artifact at path has to have, and
// in words where that comes from. Without one nothing is installed.
func (i *installer) wantedDigestOf(path string) (want, origin string, err error) {
	r := &reporter{id: "S01"}
	if i.path = path; path == "" && i.opts.SHA256 == "" {
		r.fail("", "no digest was given, so nothing says that this is what was published")
	} else if want, origin, err = i.wantedDigest(r); err != nil {
		return "", "", err
	}
	if r.failed() {
		return "", "", &RefusedError{Report: &cpython.Report{Subject: i.scene.name, Findings: r.findings}}
	}
	return want, origin, nil
}

// file installs the artifact at path.
func (i *installer) file(ctx context.Context, path string) (*Installed, error) {
	if i.scene.nameErr == nil {
		i.ctx = ctx
		if err := i.settle(i.scene.nameRef); err != nil {
			if errors.Is(err, errDone) {
				return i.done, nil
			}
			return nil, err
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if stat, err := f.Stat(); err != nil || !stat.Mode().IsRegular() {
		return nil, cmp.Or(err, errors.New("is not a file"))
	}
	return i.read(ctx, f)
}

// settle looks at what is installed. The error is errDone where the artifact
// of the wanted digest is, or was before and has only to be put to use again.
func (i *installer) settle(ref cpython.Ref) error {
	place, err := locate(ref.Prefix(i.opts.InstallPrefix), i.want)
	if err != nil {
		return err
	}
	i.place = place
	if !place.complete(place.tree) {
		return nil
	}
	if !place.leads() {
		release, err := place.lock(i.ctx, i.log)
		if err != nil {
			return err
		}
		defer release()
		place.removeLeftovers(i.log)
		if !place.complete(place.tree) { // it was just removed
			return nil
		}
		return cmp.Or(i.activate(ref), errDone)
	}
	place.tidy(i.log)
	i.log.Debug("already installed", "prefix", place.prefix, "tree", place.tree)
	i.done = place.installed(ref, i.want)
	return errDone
}

// activate makes the prefix lead to the tree and removes trees that are not
// kept any more. The lock is held.
func (i *installer) activate(ref cpython.Ref) error {
	previous := i.place.current()
	if err := i.place.swap(i.opts.Durable); err != nil {
		return err
	}
	i.done = i.place.installed(ref, i.want)
	if previous != i.place.tree {
		i.done.Previous = previous
		i.done.Changed = true
	}
	i.place.prune(previous, i.opts.Keep, i.log)
	i.log.Info("installed", "ref", ref.String(), "prefix", i.place.prefix, "tree", i.place.tree)
	return nil
}

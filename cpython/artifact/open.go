package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// A FormatError says that a file is not an artifact of this package. Verify
// says more about such a file.
type FormatError struct {
	Path   string
	Reason string
}

func (e *FormatError) Error() string { return fmt.Sprintf("artifact %s: %s", e.Path, e.Reason) }

// An Artifact is an artifact that was opened for reading. Its methods must not
// be called concurrently.
type Artifact struct {
	path string
	file *os.File
	info BuildInfo
}

// Open opens the artifact at path and reads what it says about itself, which
// is quick: build-info.json is its first entry. It checks nothing else; a file
// that is no artifact is a [*FormatError]. The caller closes.
func Open(path string) (*Artifact, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	info, err := readInfo(f)
	if err != nil {
		f.Close()
		return nil, formatError(path, err)
	}
	return &Artifact{path: path, file: f, info: info}, nil
}

// readInfo reads build-info.json from the beginning of an artifact.
func readInfo(r io.Reader) (BuildInfo, error) {
	g, err := newGunzip(r, 0)
	if err != nil {
		return BuildInfo{}, err
	}
	defer g.Close()
	t := &tarReader{next: g.next}
	const foreign = "was not made by this pipeline: it does not begin with " + BuildInfoName
	e, err := t.entry()
	if errors.Is(err, io.EOF) {
		err = &streamError{message: foreign}
	}
	if err != nil {
		return BuildInfo{}, err
	}
	if e.kind != regular || filepath.Base(e.name) != BuildInfoName || e.size > maxBuildInfo {
		return BuildInfo{}, &streamError{message: foreign}
	}
	text, err := t.content()
	if err != nil {
		return BuildInfo{}, err
	}
	info, err := ParseBuildInfo(text)
	if err == nil {
		err = info.Validate()
	}
	if err == nil && e.name != info.Ref.Tree()+"/"+BuildInfoName {
		err = fmt.Errorf("%s lies at %s, wanted it in %s", BuildInfoName, e.name, info.Ref.Tree())
	}
	if err != nil {
		return BuildInfo{}, &streamError{message: err.Error()}
	}
	return info, nil
}

// formatError makes a *FormatError of what is wrong with the content of a file.
func formatError(path string, err error) error {
	var stream *streamError
	var refused *refusal
	switch {
	case errors.As(err, &stream):
		return &FormatError{path, stream.message}
	case errors.As(err, &refused):
		return &FormatError{path, or(refused.subject, "archive") + ": " + refused.message}
	}
	return fmt.Errorf("artifact %s: %w", path, err)
}

// Close closes the file.
func (a *Artifact) Close() error { return a.file.Close() }

// Path returns the path that was opened.
func (a *Artifact) Path() string { return a.path }

// Ref returns what the artifact says it is.
func (a *Artifact) Ref() cpython.Ref { return a.info.Ref }

// Info returns what the artifact says about itself. Its maps and slices are
// the artifact's own.
func (a *Artifact) Info() BuildInfo { return a.info }

// An Entry is one file, folder or link of an artifact.
type Entry struct {
	Path   string      // below the tree, with slashes; "." is the tree itself
	Mode   fs.FileMode // type and permissions
	Size   int64       // of a file
	Target string      // of a link

	// Content is the content of a file of up to 64 MiB, nil of a larger one.
	// It is valid until the function that was handed the Entry returns.
	Content []byte
}

// Walk calls f for every entry in the order of the archive, and stops with the
// error that f returns. Entries whose names or links leave the tree, or that
// are neither file, folder nor link, are never handed out: they are a
// [*FormatError], as are damage and truncation. It reads the file from its
// beginning and inflates on all cores.
func (a *Artifact) Walk(ctx context.Context, f func(Entry) error) error {
	stat, err := a.file.Stat()
	if err != nil {
		return fmt.Errorf("artifact: %w", err)
	}
	return a.walk(&input{ctx: ctx, r: io.NewSectionReader(a.file, 0, stat.Size())}, f)
}

// walk is Walk of the bytes of the file that in reads. It may leave some unread.
func (a *Artifact) walk(in io.Reader, f func(Entry) error) error {
	g, err := newGunzip(in, runtime.GOMAXPROCS(0))
	if err != nil {
		return formatError(a.path, err)
	}
	defer g.Close()
	s := &scene{tree: map[string]*entry{}}
	r := &reporter{id: "S04"}
	w := &walker{scene: s, reporter: r, f: f}
	p := &pass{scene: s, checks: []check{&checkPaths{s, r, map[string]string{}}, w}, stop: func() error { return w.err }}
	if err := p.run(g); err != nil {
		if w.err != nil && errors.Is(err, w.err) {
			return err
		}
		return formatError(a.path, err)
	}
	if r.failed() {
		return &FormatError{a.path, r.findings[0].Subject + ": " + r.findings[0].Message}
	}
	return nil
}

// A walker hands entries out that nothing was found wrong with.
type walker struct {
	*scene
	*reporter
	f   func(Entry) error
	err error
}

func (w *walker) entry(e *entry, content []byte) {
	path, ok := e.below(w.root)
	if !ok || w.failed() || w.err != nil {
		return
	}
	out := Entry{Path: path, Mode: fs.FileMode(e.mode).Perm(), Size: e.size, Target: e.target}
	switch e.kind {
	case directory:
		out.Mode |= fs.ModeDir
	case symlink:
		out.Mode |= fs.ModeSymlink
	case regular:
		out.Content = content
	}
	w.err = w.f(out)
}

func (w *walker) end() {}

// An input reads a file for as long as the context lasts, and remembers what
// went wrong with reading: that is no finding about the file.
type input struct {
	ctx context.Context
	r   io.Reader
	n   int64
	err error
}

func (in *input) Read(p []byte) (int, error) {
	if in.err == nil && in.ctx.Err() != nil {
		in.err = context.Cause(in.ctx)
	}
	if in.err != nil {
		return 0, in.err
	}
	n, err := in.r.Read(p)
	in.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		in.err = err
	}
	return n, err
}

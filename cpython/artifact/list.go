package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// A Listed is one artifact of a folder, as List found it.
type Listed struct {
	Ref    cpython.Ref `json:"ref"`
	Path   string      `json:"path"`
	Size   int64       `json:"size"`   // bytes
	Date   time.Time   `json:"date"`   // of the source; zero where that could not be read
	SHA256 string      `json:"sha256"` // of the file as it is
	State  string      `json:"state"`  // "ok", "ok, optimize=none", or what is wrong in a few words
}

// Refs returns the artifacts that the folder dir holds by their file names, in
// the order of Refs: the newest version last. Other files are passed over.
func Refs(dir string) ([]cpython.Ref, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list artifacts: %w", err)
	}
	var refs []cpython.Ref
	for _, entry := range entries {
		if ref, err := cpython.ParseFile(entry.Name()); err == nil && !entry.IsDir() {
			refs = append(refs, ref)
		}
	}
	slices.SortFunc(refs, cpython.Ref.Compare)
	return refs, nil
}

// List returns the artifacts that the folder dir holds, in the order of Refs,
// each with its digest compared to its checksum file. A folder that is not
// there holds none. It does not verify: that is Verify.
func List(ctx context.Context, dir string) ([]Listed, error) {
	refs, err := Refs(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var listed []Listed
	for _, ref := range refs {
		l := Listed{Ref: ref, Path: filepath.Join(dir, ref.File())}
		if l.SHA256, l.Size, err = Digest(ctx, l.Path); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			l.State = "cannot be read: " + err.Error()
		} else {
			l.describe()
		}
		listed = append(listed, l)
	}
	return listed, nil
}

// describe fills in what the artifact says about itself and its state.
func (l *Listed) describe() {
	want, err := ReadSidecar(l.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.State = "no checksum file"
	case err != nil:
		l.State = "bad checksum file"
	case want != l.SHA256:
		l.State = "damaged: not the digest of its checksum file"
	}
	a, err := Open(l.Path)
	if err != nil {
		if l.State == "" {
			l.State = "not an artifact of this pipeline"
		}
		return
	}
	defer a.Close()
	info := a.Info()
	l.Date = info.Source.Date
	switch {
	case l.State != "":
	case info.Ref != l.Ref:
		l.State = "is " + info.Ref.String() + " under another name"
	case info.Recipe.Optimize != "full":
		l.State = "ok, optimize=" + info.Recipe.Optimize
	default:
		l.State = "ok"
	}
}

// Digest returns the SHA-256 and the size of a file.
func Digest(ctx context.Context, path string) (digest string, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, fmt.Errorf("artifact: %w", err)
	}
	defer f.Close()
	hash := sha256.New()
	size, err = io.Copy(hash, &contextReader{ctx, f})
	if err != nil {
		return "", 0, fmt.Errorf("artifact: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), size, nil
}

// A contextReader stops reading when its context ends.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

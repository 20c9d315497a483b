package artifact

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// unpack unpacks the artifact, which has passed its static checks, below the
// folder dir. It is read again for that; should it have changed meanwhile, that
// is an error.
func (v *verifier) unpack(ctx context.Context, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if _, err := v.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum := sha256.New()
	in := &input{ctx: ctx, r: io.TeeReader(io.LimitReader(v.file, v.size), sum)}
	g, err := newGunzip(in, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	defer g.Close()
	s := &scene{tree: map[string]*entry{}}
	r := &reporter{id: "S04"}
	u := &unpacker{root: root}
	p := &pass{scene: s, checks: []check{&checkPaths{s, r, map[string]string{}}, u}}
	p.stop = func() error {
		if r.failed() {
			return errors.New(r.findings[0].Subject + ": " + r.findings[0].Message)
		}
		return u.err
	}
	if err := p.run(g); err != nil {
		return err
	}
	if got := fmt.Sprintf("%x", sum.Sum(nil)); got != v.digest {
		return &cpython.DigestError{Name: v.path, Want: v.digest, Got: got}
	}
	return nil
}

// An unpacker writes entries below a folder that it cannot leave: every path
// goes through os.Root.
type unpacker struct {
	root *os.Root
	err  error
}

func (u *unpacker) entry(e *entry, content []byte) {
	if u.err == nil {
		u.err = u.write(e, content)
	}
}

func (u *unpacker) end() {}

func (u *unpacker) write(e *entry, content []byte) error {
	name := e.path()
	switch e.kind {
	case directory:
		err := u.root.Mkdir(name, 0o755)
		if errors.Is(err, fs.ErrExist) { // made for build-info.json, which comes before it
			err = nil
		}
		return err
	case symlink:
		return u.root.Symlink(e.target, name)
	case regular:
	default:
		return fmt.Errorf("%s: cannot be unpacked", name)
	}
	if content == nil {
		return fmt.Errorf("%s: larger than %d bytes", name, maxHeld)
	}
	if path.Base(name) == BuildInfoName {
		if err := u.root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return err
		}
	}
	f, err := u.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(e.mode).Perm())
	if err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	when := time.Unix(e.time, 0)
	return u.root.Chtimes(name, when, when)
}

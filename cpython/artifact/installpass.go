package artifact

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// read makes the pass over the artifact, and installs it.
func (i *installer) read(ctx context.Context, r io.Reader) (*Installed, error) {
	i.ctx = ctx
	p, checks, reporters := i.start()
	i.reporters = reporters
	p.checks = append(p.checks, i)
	p.stop = i.stop
	defer i.abandon()
	whole, err := i.readAll(ctx, r, p)
	if errors.Is(err, errDone) {
		return i.done, nil
	}
	if err != nil {
		return nil, err
	}
	i.explain(whole)
	i.compareDigest(reporters["S01"], i.want, i.origin)
	report := &cpython.Report{Subject: i.scene.name}
	i.conclude(report, checks, reporters, whole)
	if !report.OK() {
		refused := &RefusedError{Report: report}
		if i.digest != i.want {
			refused.digest = &cpython.DigestError{Name: or(i.scene.name, "artifact"), Want: i.want, Got: i.digest}
		}
		return nil, refused
	}
	if err := i.finish(); err != nil {
		return nil, err
	}
	return i.done, nil
}

// readAll reads the artifact to its end, or where a check fails as far as the
// digest needs it: that says best what is wrong with a damaged file.
func (i *installer) readAll(ctx context.Context, r io.Reader, p *pass) (whole bool, err error) {
	sum := sha256.New()
	in := &input{ctx: ctx, r: io.TeeReader(io.LimitReader(r, maxPacked+1), sum)}
	g, err := newGunzip(in, i.opts.Concurrency)
	if err == nil {
		err = p.run(g)
		g.Close()
	}
	switch {
	case errors.Is(err, errDone):
		return false, err
	case in.err != nil:
		return false, in.err
	case errors.Is(err, errRefused):
	default:
		if whole, err = ended(err, i.reporters); err != nil {
			return false, err
		}
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return false, err
	}
	if in.n > maxPacked {
		i.reporters["S01"].add(cpython.Finding{Status: cpython.Fail, Message: "is too large for an artifact",
			Found: fmt.Sprintf("more than %d bytes", maxPacked), Wanted: fmt.Sprintf("at most %d", maxPacked)})
	}
	i.setDigest(sum)
	return whole, nil
}

// explain lets the checks of what the artifact says about itself have their
// say about one that was not read to its end.
func (i *installer) explain(whole bool) {
	switch {
	case whole || i.scene.root == "":
	case i.scene.info == nil:
		(&checkManifest{scene: &i.scene, reporter: i.reporters["S06"]}).end()
	case i.scene.nameRef != i.scene.info.Ref:
		(&checkIdentity{scene: &i.scene, reporter: i.reporters["S02"]}).end()
	}
}

// entry is called after the other checks saw the entry.
func (i *installer) entry(e *entry, content []byte) {
	if i.err != nil || i.failed() {
		return
	}
	if i.writer == nil {
		i.err = i.begin()
	}
	if i.err == nil {
		i.err = i.write(e, content)
	}
}

// end has nothing to do: whether the digest is right is not known yet.
func (i *installer) end() {}

// stop ends the pass when there is nothing to write, or no reason to.
func (i *installer) stop() error {
	if i.err == nil && i.failed() {
		return errRefused
	}
	return i.err
}

// failed reports whether any check has found something wrong so far.
func (i *installer) failed() bool {
	for _, r := range i.reporters {
		if len(r.findings) > 0 && r.failed() {
			return true
		}
	}
	return false
}

// begin is called at the first entry, which is what the artifact says about
// itself: nothing was written before.
func (i *installer) begin() error {
	s := &i.scene
	if s.info == nil {
		return errRefused
	}
	ref := s.info.Ref
	if s.name == "" {
		s.name, s.nameRef = ref.File(), ref
	}
	if s.nameErr != nil || s.nameRef != ref {
		return errRefused
	}
	if err := i.settle(ref); err != nil {
		return err
	}
	report, err := Preflight(s.info.Requirements, ref.Platform, i.opts.Root)
	if err != nil {
		return err
	}
	if !report.OK() {
		return &RefusedError{Report: report}
	}
	release, err := i.place.lock(i.ctx, i.log)
	if err != nil {
		return err
	}
	i.place.release = release
	if i.place.complete(i.place.tree) { // another installer was quicker
		return cmp.Or(i.activate(ref), errDone)
	}
	i.place.removeLeftovers(i.log)
	i.writer, err = newTreeWriter(i.place, s.info, i.opts.Concurrency)
	return err
}

// write hands one entry to the writer.
func (i *installer) write(e *entry, content []byte) error {
	below, ok := e.below(i.scene.root)
	if !ok {
		return errRefused // S04 has said why
	}
	if parent, found := i.scene.tree[path.Dir(below)]; below != "." && below != BuildInfoName && (!found || parent.kind != directory) {
		i.reporters["S05"].fail(e.name, "comes before the folder that it is in")
		return errRefused
	}
	if e.kind == regular && content == nil {
		i.reporters["S04"].fail(e.name, "is larger than %d bytes", maxHeld)
		return errRefused
	}
	return i.writer.add(below, e, content)
}

// finish gives the tree its name and makes the prefix lead to it.
func (i *installer) finish() error {
	if i.writer == nil {
		return errors.New("the artifact is empty")
	}
	if err := i.writer.finish(); err != nil {
		return err
	}
	if err := i.ctx.Err(); err != nil {
		return context.Cause(i.ctx)
	}
	if i.opts.Durable {
		if err := syncTree(i.writer.dir); err != nil {
			return fmt.Errorf("sync: %w", err)
		}
	}
	if err := i.place.adopt(i.writer.dir); err != nil {
		return err
	}
	return i.activate(i.scene.info.Ref)
}

// abandon removes what was written, unless it has become the tree.
func (i *installer) abandon() {
	if i.writer != nil {
		i.writer.close()
		i.place.discard(i.writer.dir, i.log)
	}
	if i.place != nil && i.place.release != nil {
		i.place.release()
		i.place.release = nil
	}
}

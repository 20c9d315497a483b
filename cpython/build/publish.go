package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// prepareDir makes the output folder and finds out before a build of many
// minutes that nothing could be written there.
func prepareDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	if err := writable(dir); err != nil {
		return fmt.Errorf("output folder %s cannot be written: %w; choose another (-out=)", dir, err)
	}
	return nil
}

// pack packs the tree into the staging folder, with its checksum file.
func (s *session) pack(ctx context.Context) error {
	name := filepath.Join(s.staging, s.recipe.Ref.File())
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	defer f.Close()
	done, err := artifact.Pack(ctx, f, s.treeDir(), s.info)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	if err := artifact.WriteSidecar(name, done.SHA256); err != nil {
		return err
	}
	s.packed = packed{name, done.SHA256, done.Size}
	return nil
}

// publish moves the finished pair to the output folder and returns the
// artifact's path there. The checksum file goes first: where the artifact is
// seen, its checksum is there.
func publish(p packed, dir string, ref cpython.Ref) (string, error) {
	name := filepath.Join(dir, ref.File())
	for _, pair := range [][2]string{
		{p.path + cpython.SidecarSuffix, filepath.Join(dir, ref.Sidecar())},
		{p.path, name},
	} {
		if err := moveFile(pair[0], pair[1]); err != nil {
			return "", fmt.Errorf("move the artifact to its place: %w", err)
		}
	}
	return name, nil
}

// moveFile renames, or copies where the two are on different file systems:
// beside the destination first, so that nothing half-written has its name.
func moveFile(from, to string) error {
	err := os.Rename(from, to)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+".partial-*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	if err := errors.Join(out.Chmod(0o644), out.Sync(), out.Close()); err != nil {
		return err
	}
	return os.Rename(out.Name(), to)
}

// intact compares an artifact with its checksum file and returns its digest
// and size.
func intact(ctx context.Context, name string) (digest string, size int64, err error) {
	want, err := artifact.ReadSidecar(name)
	if err != nil {
		return "", 0, err
	}
	if digest, size, err = artifact.Digest(ctx, name); err != nil {
		return "", 0, err
	}
	if digest != want {
		return "", 0, &cpython.DigestError{Name: name, Want: want, Got: digest}
	}
	return digest, size, nil
}

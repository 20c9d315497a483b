package machine

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// CopyIn unpacks a tar stream below dst. A file, a link and an empty folder
// that are in the way are replaced; folders are merged, also through a
// symbolic link to one that stays below dst. No entry is written outside of
// dst, whatever its name and whatever links lead there: such an entry is an
// error, as is a device. Permission bits and times are kept, except the times
// of symbolic links; the mode and the time of dst itself are left alone.
func (local) CopyIn(ctx context.Context, dst string, stream io.Reader) error {
	if err := os.MkdirAll(dst, 0o755); err != nil {
		return fmt.Errorf("copy into %s: %w", dst, err)
	}
	root, err := os.OpenRoot(dst)
	if err != nil {
		return fmt.Errorf("copy into %s: %w", dst, err)
	}
	defer root.Close()
	u := unpacker{root: root, buffer: make([]byte, 128<<10)}
	if err := u.unpack(readerUntil(ctx, stream)); err != nil {
		return fmt.Errorf("copy into %s: %w", dst, err)
	}
	return nil
}

// An unpacker writes the entries of a tar stream below a folder.
type unpacker struct {
	root    *os.Root
	buffer  []byte
	folders []*tar.Header // get their mode and time last: the one may forbid, the other notices what is written
}

func (u *unpacker) unpack(stream io.Reader) error {
	archive := tar.NewReader(stream)
	for {
		header, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("read the tar stream: %w", err)
		}
		if err := u.entry(header, archive); err != nil {
			return fmt.Errorf("entry %q: %w", header.Name, err)
		}
	}
	// Read what may follow the end mark, or whoever writes it gets an error.
	if _, err := io.CopyBuffer(io.Discard, stream, u.buffer); err != nil {
		return fmt.Errorf("read the tar stream: %w", err)
	}
	return u.finishFolders()
}

// entry writes one entry.
func (u *unpacker) entry(header *tar.Header, content io.Reader) error {
	name, err := localName(header.Name)
	if err != nil {
		return err
	}
	switch header.Typeflag {
	case tar.TypeXGlobalHeader:
		return nil
	case tar.TypeDir:
		return u.folder(name, header)
	case tar.TypeReg, tar.TypeGNUSparse:
		return u.create(name, func() error { return u.file(name, header, content) })
	case tar.TypeSymlink:
		return u.create(name, func() error { return u.root.Symlink(header.Linkname, name) })
	case tar.TypeLink:
		target, err := localName(header.Linkname)
		if err != nil {
			return err
		}
		if target == name {
			return errors.New("is a hard link to itself")
		}
		return u.create(name, func() error { return u.root.Link(target, name) })
	}
	return fmt.Errorf("type %q: only files, folders and links can be copied", header.Typeflag)
}

// localName returns the name of an entry for this host, below the root.
func localName(name string) (string, error) {
	name = filepath.FromSlash(name)
	if !filepath.IsLocal(name) {
		return "", fmt.Errorf("%q leads out of the folder", name)
	}
	return filepath.Clean(name), nil
}

// create makes one file, link or folder by a function that never writes over
// anything: what is in the way is removed first, a missing folder above is
// made. That keeps a running program running, and a link from being followed.
func (u *unpacker) create(name string, exclusively func() error) error {
	err := exclusively()
	if errors.Is(err, fs.ErrExist) {
		if err := u.root.Remove(name); err != nil {
			return err
		}
		err = exclusively()
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err := u.root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		err = exclusively()
	}
	return err
}

// folder makes a folder that can be written to until the end.
func (u *unpacker) folder(name string, header *tar.Header) error {
	if name == "." {
		return nil
	}
	mode := header.FileInfo().Mode().Perm() | 0o700
	info, err := u.root.Stat(name)
	if err == nil && info.IsDir() {
		if link, err := u.root.Lstat(name); err != nil || link.Mode().Type() == fs.ModeSymlink {
			return err // whose mode it is, this entry does not say
		}
		err = u.root.Chmod(name, mode)
	} else {
		err = u.create(name, func() error { return u.root.Mkdir(name, mode) })
	}
	if err == nil {
		u.folders = append(u.folders, header)
	}
	return err
}

// file writes a regular file. The mode is set on the open file, in spite of
// the umask.
func (u *unpacker) file(name string, header *tar.Header, content io.Reader) error {
	f, err := u.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	// The plain Writer keeps CopyBuffer on the one buffer.
	if _, err = io.CopyBuffer(struct{ io.Writer }{f}, content, u.buffer); err == nil {
		err = f.Chmod(header.FileInfo().Mode().Perm())
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return u.root.Chtimes(name, accessTime(header), header.ModTime)
}

// finishFolders gives the folders their modes and times, the deepest first.
func (u *unpacker) finishFolders() error {
	for i := len(u.folders) - 1; i >= 0; i-- {
		header := u.folders[i]
		name, err := localName(header.Name)
		if err != nil {
			return err
		}
		// A later entry of the same name may be something else.
		if info, err := u.root.Lstat(name); err != nil || !info.IsDir() {
			continue
		}
		err = errors.Join(
			u.root.Chtimes(name, accessTime(header), header.ModTime),
			u.root.Chmod(name, header.FileInfo().Mode().Perm()))
		if err != nil {
			return fmt.Errorf("entry %q: %w", header.Name, err)
		}
	}
	return nil
}

// accessTime returns the time of the last access; most streams have none.
func accessTime(header *tar.Header) time.Time {
	if header.AccessTime.IsZero() {
		return header.ModTime
	}
	return header.AccessTime
}

// readerUntil returns r, which gives the context's error once that has ended.
func readerUntil(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		return r.Read(p)
	})
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

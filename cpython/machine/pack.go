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
	"unicode/utf8"
)

// CopyOut packs the file or the content of the folder src. Entries come in
// lexical order, a folder before what it holds; src itself has no entry when
// it is a folder. A src that is not there is an error at once. Of two names of
// one file the second is a hard link. Sockets, pipes and devices are errors.
func (local) CopyOut(ctx context.Context, src string) (io.ReadCloser, error) {
	info, err := os.Stat(src)
	if err != nil {
		return nil, fmt.Errorf("copy out of %s: %w", src, err)
	}
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The end of the context must reach a Write that nobody reads.
		stop := context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
		defer stop()
		p := packer{archive: tar.NewWriter(w), buffer: make([]byte, 128<<10), links: map[fileID]string{}}
		if err := p.pack(ctx, src, info); err != nil {
			w.CloseWithError(fmt.Errorf("copy out of %s: %w", src, err))
			return
		}
		w.Close()
	}()
	return &packed{r, done}, nil
}

// packed is the stream that CopyOut returns.
type packed struct {
	*io.PipeReader
	done <-chan struct{}
}

// Close ends the packing and returns when no file is open any more.
func (p *packed) Close() error {
	err := p.PipeReader.Close()
	<-p.done
	return err
}

// A packer writes files as a tar stream.
type packer struct {
	archive *tar.Writer
	buffer  []byte
	links   map[fileID]string // the first name of each file that has more than one
}

func (p *packer) pack(ctx context.Context, src string, info fs.FileInfo) error {
	if !info.IsDir() {
		if err := p.add(src, filepath.Base(src), info); err != nil {
			return err
		}
		return p.archive.Close()
	}
	// WalkDir does not walk through a link, not even at the root.
	src, err := filepath.EvalSymlinks(src)
	if err != nil {
		return err
	}
	err = filepath.WalkDir(src, func(path string, entry fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		name, err := filepath.Rel(src, path)
		if err != nil || name == "." {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		return p.add(path, filepath.ToSlash(name), info)
	})
	if err != nil {
		return err
	}
	return p.archive.Close()
}

// add writes the entry of one file, link or folder.
func (p *packer) add(path, name string, info fs.FileInfo) error {
	header := &tar.Header{Name: name, Mode: int64(info.Mode().Perm()), ModTime: info.ModTime()}
	switch info.Mode().Type() {
	case 0:
		return p.file(path, header, info)
	case fs.ModeDir:
		header.Typeflag = tar.TypeDir
		header.Name += "/"
	case fs.ModeSymlink:
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		header.Typeflag = tar.TypeSymlink
		header.Linkname = target
	default:
		return fmt.Errorf("%s is %s: only files, folders and links can be copied", path, info.Mode())
	}
	return p.write(header)
}

// file writes the entry of a regular file, or of one more name of it.
func (p *packer) file(path string, header *tar.Header, info fs.FileInfo) error {
	id, linked := linkedID(info)
	if first, ok := p.links[id]; linked && ok {
		header.Typeflag, header.Linkname = tar.TypeLink, first
		return p.write(header)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil {
		return err
	}
	header.Typeflag, header.Size = tar.TypeReg, info.Size()
	if err := p.write(header); err != nil {
		return err
	}
	if linked {
		p.links[id] = header.Name
	}
	n, err := io.CopyBuffer(struct{ io.Writer }{p.archive}, io.LimitReader(f, header.Size), p.buffer)
	if err == nil && n < header.Size {
		err = fmt.Errorf("%s became shorter while it was read: %w", path, io.ErrUnexpectedEOF)
	}
	return err
}

// write writes a header in the format that loses nothing of it: PAX has
// fractions of seconds (archive/tar rounds them away unless it is named), GNU
// has names in any bytes.
func (p *packer) write(header *tar.Header) error {
	header.Format = tar.FormatPAX
	if !utf8.ValidString(header.Name) || !utf8.ValidString(header.Linkname) {
		header.Format = tar.FormatGNU
	}
	return p.archive.WriteHeader(header)
}

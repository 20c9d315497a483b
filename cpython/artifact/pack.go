package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// PackOptions say how to pack. The zero value is the default.
type PackOptions struct {
	// Concurrency is how many blocks are compressed at the same time; 0 is
	// the number of processors. It has no influence on the result.
	Concurrency int
}

// Packed is what Pack wrote.
type Packed struct {
	SHA256 string    // of the file, lower-case hexadecimal
	Size   int64     // of the file, in bytes
	Info   BuildInfo // as it stands in the file, with Files and Links
}

// Pack packs the tree in the folder dir, the content of python-<version>, as
// the artifact info.Ref and writes it to w. It fills in Files, Links and
// Requirements of the build-info and puts it first; a build-info.json in dir is left out. Times,
// owners and modes become those of FORMAT.md. What may not be in an artifact,
// such as a link that leaves the tree, is an error that names all of it.
//
// The same tree, build-info and version of this package give the same bytes.
func Pack(ctx context.Context, w io.Writer, dir string, info BuildInfo) (Packed, error) {
	return PackOptions{}.Pack(ctx, w, dir, info)
}

// Pack is the function Pack with options.
func (o PackOptions) Pack(ctx context.Context, w io.Writer, dir string, info BuildInfo) (Packed, error) {
	if o.Concurrency < 1 {
		o.Concurrency = runtime.GOMAXPROCS(0)
	}
	if err := info.Validate(); err != nil {
		return Packed{}, fmt.Errorf("pack: build-info: %w", err)
	}
	entries, err := collect(dir, info)
	if err != nil {
		return Packed{}, err
	}
	if err := describe(ctx, dir, entries, &info, o.Concurrency); err != nil {
		return Packed{}, err
	}
	if info.Requirements, err = requirementsOf(ctx, dir, entries, info); err != nil {
		return Packed{}, err
	}
	text, err := info.Encode()
	if err != nil {
		return Packed{}, fmt.Errorf("pack: %w", err)
	}
	c := newCompressor(ctx, o.Concurrency, blockSize)
	defer c.abandon()
	if err := writeTree(c, dir, info, text, entries); err != nil {
		return Packed{}, err
	}
	digest, size, err := c.finish(w)
	return Packed{SHA256: digest, Size: size, Info: info}, err
}

// A source is an entry and the file that its content comes from.
type source struct {
	*entry
	below  string
	digest [sha256.Size]byte
}

// describe fills in Files and Links, reading several files at the same time.
func describe(ctx context.Context, dir string, entries []*source, info *BuildInfo, concurrency int) error {
	holdsPrefix := map[string]bool{}
	for _, name := range info.PrefixFiles {
		holdsPrefix[name] = true
	}
	work := make(chan *source)
	var problems []error
	var lock sync.Mutex
	var wait sync.WaitGroup
	for range concurrency {
		wait.Go(func() {
			for s := range work {
				if err := s.digestFile(dir, info.Prefix, holdsPrefix[s.below]); err != nil {
					lock.Lock()
					problems = append(problems, err)
					lock.Unlock()
				}
			}
		})
	}
	info.Files, info.Links = map[string]string{}, map[string]string{}
	for _, s := range entries {
		switch {
		case ctx.Err() != nil:
		case s.kind == symlink:
			info.Links[s.below] = s.target
		case s.kind == regular:
			work <- s
		}
	}
	close(work)
	wait.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("pack: %w", context.Cause(ctx))
	}
	for _, s := range entries {
		if s.kind == regular {
			info.Files[s.below] = hex.EncodeToString(s.digest[:])
		}
	}
	for _, name := range info.PrefixFiles {
		if _, ok := info.Files[name]; !ok {
			problems = append(problems, fmt.Errorf("pack: prefix file %s is not in the tree", name))
		}
	}
	return errors.Join(problems...)
}

func (s *source) digestFile(dir, prefix string, holdsPrefix bool) error {
	name := filepath.Join(dir, filepath.FromSlash(s.below))
	if holdsPrefix {
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("pack: %w", err)
		}
		s.digest = prefixDigest(text, prefix)
		return checkPrefixFile(s.below, text, prefix)
	}
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	sum.Sum(s.digest[:0])
	return nil
}

// writeTree writes the tar stream.
func writeTree(w io.Writer, dir string, info BuildInfo, text []byte, entries []*source) error {
	first := &entry{name: info.Ref.Tree() + "/" + BuildInfoName, kind: regular, mode: 0o644,
		size: int64(len(text)), time: info.Source.Date.Unix()}
	if err := writeAll(w, first.encode(), text, make([]byte, padding(first.size))); err != nil {
		return err
	}
	for _, s := range entries {
		if err := writeAll(w, s.encode()); err != nil {
			return err
		}
		if s.kind != regular {
			continue
		}
		if err := s.copyFile(w, dir); err != nil {
			return err
		}
	}
	return writeAll(w, make([]byte, 2*tarBlock)) // the end
}

func writeAll(w io.Writer, parts ...[]byte) error {
	for _, p := range parts {
		if _, err := w.Write(p); err != nil {
			return err
		}
	}
	return nil
}

func (s *source) copyFile(w io.Writer, dir string) error {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(s.below)))
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	defer f.Close()
	n, err := io.Copy(struct{ io.Writer }{w}, io.LimitReader(f, s.size+1))
	if err != nil {
		return fmt.Errorf("pack: %s: %w", s.below, err)
	}
	if n != s.size {
		return fmt.Errorf("pack: %s changed while it was packed", s.below)
	}
	return writeAll(w, make([]byte, padding(s.size)))
}

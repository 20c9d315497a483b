package build

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/ulikunitz/xz"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// openArchive opens a .tar.xz or .tar.gz by its content, whatever it is called.
func openArchive(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("source archive: %w", err)
	}
	r := bufio.NewReaderSize(f, 1<<16)
	magic, _ := r.Peek(6)
	var unpacked io.Reader
	switch {
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")): // RFC 1952, section 2.3.1
		unpacked, err = gzip.NewReader(r)
	case bytes.Equal(magic, []byte("\xfd7zXZ\x00")): // the .xz file format, section 2.1.1.1
		unpacked, err = xz.NewReader(r)
	default:
		err = fmt.Errorf("begins with %q, wanted gzip or xz", magic)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("source archive %s: %w", name, err)
	}
	return struct {
		io.Reader
		io.Closer
	}{unpacked, f}, nil
}

// sourceTree is what one pass over a source archive found out.
type sourceTree struct {
	version cpython.Version // from Include/patchlevel.h; never free-threaded
	newest  time.Time       // the newest time stamp: SOURCE_DATE_EPOCH
}

// copySource writes the content of a source archive to w as a tar stream
// without the one folder at its root, and returns what it found on the way.
func copySource(ctx context.Context, w io.Writer, archive io.Reader) (sourceTree, error) {
	var found sourceTree
	in, out := tar.NewReader(archive), tar.NewWriter(w)
	for {
		if err := ctx.Err(); err != nil {
			return found, err
		}
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return found, fmt.Errorf("read: %w", err)
		}
		_, name, _ := strings.Cut(path.Clean(header.Name), "/")
		if name == "" || header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		if header.ModTime.After(found.newest) {
			found.newest = header.ModTime
		}
		var content io.Reader = in
		if name == "Include/patchlevel.h" {
			text, err := io.ReadAll(io.LimitReader(in, 1<<20))
			if err != nil {
				return found, fmt.Errorf("read %s: %w", header.Name, err)
			}
			if found.version, err = patchlevel(string(text)); err != nil {
				return found, fmt.Errorf("%s: %w", header.Name, err)
			}
			content = bytes.NewReader(text)
		}
		header.Name, header.Format = name, tar.FormatUnknown
		if err := out.WriteHeader(header); err != nil {
			return found, fmt.Errorf("unpack %s: %w", name, err)
		}
		if _, err := io.Copy(out, content); err != nil {
			return found, fmt.Errorf("unpack %s: %w", name, err)
		}
	}
	if found.version.IsZero() {
		return found, errors.New("holds no Include/patchlevel.h, so it is not a source archive of CPython")
	}
	return found, out.Close()
}

var patchlevelPattern = regexp.MustCompile(`(?m)^#define\s+PY_VERSION\s+"([^"+]+)\+?"`)

// patchlevel reads the version from the text of Include/patchlevel.h.
func patchlevel(text string) (cpython.Version, error) {
	m := patchlevelPattern.FindStringSubmatch(text)
	if m == nil {
		return cpython.Version{}, errors.New("defines no PY_VERSION")
	}
	return cpython.ParseVersion(m[1])
}

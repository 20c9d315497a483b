package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// copyLocal copies a file of this machine into a part file and compares its
// digest. It is a copy and not a link: whoever changes the original later must
// not change the cache.
func (s *session) copyLocal(ctx context.Context, o origin, part string, report reportFunc) error {
	info, err := os.Stat(o.path)
	if err != nil {
		return withoutPath(err)
	}
	switch {
	case info.IsDir():
		return refusef("is a folder, wanted a file")
	case !info.Mode().IsRegular(): // opening a pipe would wait for ever
		return refusef("is not a regular file")
	}
	if err := s.checkSize(info.Size(), "has"); err != nil {
		return err
	}
	in, err := os.Open(o.path)
	if err != nil {
		return withoutPath(err)
	}
	defer in.Close()
	out, err := os.OpenFile(part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return &cacheError{s.Cache, err}
	}
	defer out.Close()
	content := &meter{r: until(ctx, in), limit: s.limit(), total: info.Size(), report: report}
	hash := sha256.New()
	if _, err := io.CopyBuffer(io.MultiWriter(cacheWriter{s.Cache, out}, hash), content, make([]byte, 1<<20)); err != nil {
		return withoutPath(err)
	}
	if err := out.Close(); err != nil {
		return &cacheError{s.Cache, err}
	}
	if got := hex.EncodeToString(hash.Sum(nil)); got != s.file.SHA256 {
		return &contentError{"wrong content", &cpython.DigestError{Name: o.name, Want: s.file.SHA256, Got: got}}
	}
	return nil
}

// A cacheWriter tells errors of writing from errors of reading.
type cacheWriter struct {
	dir string
	w   io.Writer
}

func (w cacheWriter) Write(p []byte) (int, error) {
	n, err := w.w.Write(p)
	if err != nil {
		return n, &cacheError{w.dir, err}
	}
	return n, nil
}

// withoutPath takes the path out of an error of reading: the OriginError that
// it goes into names it.
func withoutPath(err error) error {
	if file, ok := err.(*fs.PathError); ok { // not one inside of a cacheError
		return file.Err
	}
	return err
}

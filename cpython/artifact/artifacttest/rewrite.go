package artifacttest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// A File is one entry of an archive.
type File struct {
	Header tar.Header
	Body   []byte
}

// Load reads all entries of the artifact at path.
func Load(t testing.TB, path string) []File {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	var files []File
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		header.Format = tar.FormatUnknown
		files = append(files, File{*header, body})
	}
}

// Archive returns the entries as a gzip file, with the packers of the standard
// library: without a table of flush points, otherwise canonical when the
// entries are.
func Archive(t testing.TB, files []File) []byte {
	t.Helper()
	return Compress(t, Tar(t, files))
}

// Tar returns the entries as a tar stream.
func Tar(t testing.TB, files []File) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		f.Header.Size = int64(len(f.Body))
		if err := w.WriteHeader(&f.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.Body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Compress returns a gzip file of the content, without a table of flush points.
func Compress(t testing.TB, content []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Decompress returns the content of a gzip file.
func Decompress(t testing.TB, packed []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// Store writes the bytes of an artifact, and the checksum file that they have.
func Store(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	if err := artifact.WriteSidecar(path, hex.EncodeToString(sum[:])); err != nil {
		t.Fatal(err)
	}
}

// Like returns an entry with the name below the folder at the root, that has
// everything else of the file LICENSE.
func Like(files []File, name string, change func(*File)) File {
	i := slices.IndexFunc(files, func(f File) bool { return strings.HasSuffix(f.Header.Name, "/LICENSE") })
	root, _, _ := strings.Cut(files[i].Header.Name, "/")
	f := File{files[i].Header, slices.Clone(files[i].Body)}
	f.Header.Name = root + "/" + name
	if change != nil {
		change(&f)
	}
	return f
}

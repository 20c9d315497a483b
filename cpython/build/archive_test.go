package build

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ulikunitz/xz"
)

var sourceTime = time.Date(2025, 6, 11, 15, 36, 57, 0, time.UTC)

// sourceTar is a source archive in small: what a build looks at.
func sourceTar(t testing.TB, patchlevel string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []struct {
		name, text string
		mode       int64
		time       time.Time
	}{
		{"Python-9/", "", 0o755, sourceTime.Add(-time.Hour)},
		{"Python-9/configure", "#!/bin/sh\n", 0o755, sourceTime},
		{"Python-9/LICENSE", "PYTHON SOFTWARE FOUNDATION LICENSE VERSION 2\n", 0o644, sourceTime.Add(-time.Hour)},
		{"Python-9/Include/patchlevel.h", patchlevel, 0o644, sourceTime.Add(-time.Minute)},
	} {
		if strings.HasSuffix(f.name, "patchlevel.h") && patchlevel == "" {
			continue
		}
		kind := byte(tar.TypeReg)
		if strings.HasSuffix(f.name, "/") {
			kind = tar.TypeDir
		}
		if err := w.WriteHeader(&tar.Header{Typeflag: kind, Name: f.name, Mode: f.mode, ModTime: f.time, Size: int64(len(f.text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, f.text); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func xzipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const patchlevel3135 = "#define PY_MAJOR_VERSION 3\n#define PY_VERSION      \t\"3.13.5\"\n"

func TestSourceArchive(t *testing.T) {
	good := sourceTar(t, patchlevel3135)
	for _, tt := range []struct {
		name string
		data []byte
		want string // the version, or in the error
	}{
		{"gzip", gzipped(t, good), "3.13.5"},
		{"xz", xzipped(t, good), "3.13.5"},
		{"built from a repository", gzipped(t, sourceTar(t, `#define PY_VERSION "3.14.0rc2+"`)), "3.14.0rc2"},
		{"HTML page", []byte("<!DOCTYPE html>"), "wanted gzip or xz"},
		{"empty", nil, "wanted gzip or xz"},
		{"truncated gzip", gzipped(t, good)[:200], "unexpected EOF"},
		{"truncated xz", xzipped(t, good)[:200], "unexpected EOF"},
		{"not CPython", gzipped(t, sourceTar(t, "")), "no Include/patchlevel.h"},
		{"no version", gzipped(t, sourceTar(t, "nothing")), "no PY_VERSION"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "Python-1.2.3.tar.xz") // never decides
			if err := os.WriteFile(name, tt.data, 0o644); err != nil {
				t.Fatal(err)
			}
			archive, err := openArchive(name)
			var found sourceTree
			var out bytes.Buffer
			if err == nil {
				found, err = copySource(t.Context(), &out, archive)
				archive.Close()
			}
			if err != nil {
				if !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("error %q, want it to say %q", err, tt.want)
				}
				return
			}
			if found.version.String() != tt.want || !found.newest.Equal(sourceTime) {
				t.Errorf("found %s of %s, want %s of %s", found.version, found.newest, tt.want, sourceTime)
			}
			header, err := tar.NewReader(&out).Next()
			if err != nil || header.Name != "configure" || header.Mode != 0o755 {
				t.Errorf("the first entry is %+v, %v; want configure, without its folder", header, err)
			}
		})
	}
}

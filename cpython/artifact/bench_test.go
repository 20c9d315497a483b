package artifact_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
)

// bulk is a tree with 1,000 files of text, 16 MB in all.
func bulk(b *testing.B) (string, artifact.BuildInfo) {
	b.Helper()
	ref := artifacttest.Ref(b, "3.13.5")
	dir := artifacttest.Tree(b, ref)
	random := uint64(3)
	for i := range 1000 {
		var text strings.Builder
		for text.Len() < 16_000 {
			random = random*6364136223846793005 + 1442695040888963407
			fmt.Fprintf(&text, "def function_%d(argument, other=%d):\n    return argument[%d:] + other\n", random>>44, random>>60, random>>56)
		}
		artifacttest.Write(b, filepath.Join(dir, fmt.Sprintf("lib/python3.13/package%d/module%d.py", i/50, i)), text.String(), 0o644)
	}
	return dir, artifacttest.Info(ref)
}

func BenchmarkPack(b *testing.B) {
	dir, info := bulk(b)
	b.SetBytes(16 << 20)
	for b.Loop() {
		if _, err := artifact.Pack(b.Context(), io.Discard, dir, info); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	dir, info := bulk(b)
	path := artifacttest.Pack(b, dir, info)
	for _, level := range []artifact.Level{artifact.Quick, artifact.Static} {
		b.Run(level.String(), func(b *testing.B) {
			b.SetBytes(16 << 20)
			for b.Loop() {
				report, err := artifact.Verify(b.Context(), path, artifact.VerifyOptions{Level: level})
				if err != nil || !report.OK() {
					b.Fatal(err, report.WriteText(os.Stderr))
				}
			}
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	dir, info := bulk(b)
	path := artifacttest.Pack(b, dir, info)
	for b.Loop() {
		a, err := artifact.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		a.Close()
	}
}

package devcontainer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A sample is a text that the proofs run on.
type sample struct {
	name string
	text []byte
}

// samples are the files in testdata, those of the shared corpus if that is
// there, and variants of each with other line endings, a byte order mark, no
// last line ending and so on.
func samples(t testing.TB) []sample {
	t.Helper()
	all := readSamples(t, filepath.Join("testdata", "nasty"))
	if len(all) == 0 {
		t.Fatal("testdata/nasty is empty")
	}
	nasty := len(all)
	all = append(all, corpus(t)...)
	for i, s := range all[:len(all):len(all)] {
		text := string(s.text)
		crlf := strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")
		bare := strings.TrimRight(text, "\r\n\t ")
		for suffix, variant := range map[string]string{
			" CRLF":    crlf,
			" BOM":     "\ufeff" + strings.TrimPrefix(text, "\ufeff"),
			" bare":    bare,
			" comment": bare + " // the end",
			" tabs":    strings.ReplaceAll(text, "    ", "\t"),
			" CR":      strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\r"), "\n", "\r"),
		} {
			if i >= nasty && suffix != " CRLF" && suffix != " comment" {
				continue // real files are many, and much like each other
			}
			if variant != text {
				all = append(all, sample{s.name + suffix, []byte(variant)})
			}
		}
	}
	return all
}

// corpus returns real files, which are not part of the repository.
func corpus(t testing.TB) []sample {
	t.Helper()
	folder := os.Getenv("DEVCONTAINER_CORPUS")
	if folder == "" {
		folder = filepath.Join("..", "..", "shared", "corpus", "devcontainer")
	}
	if _, err := os.Stat(folder); err != nil {
		t.Logf("without the corpus of real files: %s is not there, and DEVCONTAINER_CORPUS names no other", folder)
		return nil
	}
	return readSamples(t, folder)
}

func readSamples(t testing.TB, folder string) []sample {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.json*"))
	if err != nil {
		t.Fatal(err)
	}
	var all []sample
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, sample{filepath.Base(path), text})
	}
	return all
}

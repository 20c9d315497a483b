package devcontainer_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// typical is what a team has: features, extensions, and comments.
const typical = `// For format details, see https://aka.ms/devcontainer.json
{
    "name": "service",
    "image": "mcr.microsoft.com/devcontainers/base:bookworm", // pinned by renovate

    // What we install.
    "features": {
        "ghcr.io/devcontainers/features/docker-in-docker:2": {},
        // Our own interpreter.
        "./infrastructure/cpython/installer": {
            "version": "3.12.6",
            // "artifactUrl": "https://github.com/o/r/releases/download/cpython-3.12.6/a.tgz",
            "artifactUrl": "file:///workspaces/service/artifacts/a.tgz"
        }
    },
    "customizations": {
        "vscode": {
            "extensions": [
                "ms-python.python", // formatter comes with it
                "charliermarsh.ruff"
            ]
        }
    },
    "forwardPorts": [3000, 5432],
    "postCreateCommand": "pip install -e . && pre-commit install",
    "remoteUser": "vscode"
}
`

// BenchmarkEdit is one edit of a typical file, from parsing to bytes.
func BenchmarkEdit(b *testing.B) {
	b.SetBytes(int64(len(typical)))
	for b.Loop() {
		f, err := devcontainer.Parse("devcontainer.json", []byte(typical))
		if err != nil {
			b.Fatal(err)
		}
		if err := f.Set("/features/.~1infrastructure~1cpython~1installer/version", "3.13.5"); err != nil {
			b.Fatal(err)
		}
		if len(f.Bytes()) == 0 {
			b.Fatal("no bytes")
		}
	}
}

// BenchmarkEditLarge is the same for a file of 10 MB.
func BenchmarkEditLarge(b *testing.B) {
	var text strings.Builder
	text.WriteString("{\n")
	for i := 0; text.Len() < 10<<20; i++ {
		fmt.Fprintf(&text, "  // of it\n  \"member %d\": { \"version\": \"1\" }, // behind\n", i)
	}
	text.WriteString("  \"last\": 1\n}\n")
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		f, err := devcontainer.Parse("devcontainer.json", []byte(text.String()))
		if err != nil {
			b.Fatal(err)
		}
		if err := f.Set("/new", map[string]any{"version": "2"}); err != nil {
			b.Fatal(err)
		}
		if len(f.Bytes()) == 0 {
			b.Fatal("no bytes")
		}
	}
}

// limit is generous: the edits below take a tenth of it on a slow machine, and
// what is quadratic takes minutes.
const limit = 10 * time.Second

func TestLargeFilesTakeLinearTime(t *testing.T) {
	if testing.Short() {
		t.Skip("edits large files")
	}
	size := 4 << 20 // the benchmark has 10 MB
	fill := func(open, part, end string) []byte {
		var b strings.Builder
		b.WriteString(open)
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, part, i)
		}
		size = 1 << 20 // enough for the others to show what is quadratic
		return []byte(b.String() + end)
	}
	for _, test := range []struct {
		name string
		text []byte
	}{
		{"members with comments", fill("{\n", "  // of it\n  \"member %d\": { \"version\": \"1\" }, // behind\n", "  \"o\": {}, \"a\": [ ]\n}\n")},
		{"one line", fill("{", `"m%d":{"a":[1,2,{"b":null}]},`, `"o":{},"a":[]}`)},
		{"small elements", fill(`{"big": [`, "%d, ", "0],\n \"o\": {}, \"a\": []}")},
		{"one comment", fill("{ /* ", "// %d ", "*/ \"o\": {}, \"a\": [] }")},
		{"many comments", fill("{ ", "/* x */ // %d\n", " \"o\": {}, \"a\": [] }")},
		{"blank lines", fill("{ ", "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n /*%d*/", " \"o\": {}, \"a\": [] }")},
		{"long string", fill(`{"s": "`, `%d \\ `, `", "o": {}, "a": []}`)},
	} {
		t.Run(test.name, func(t *testing.T) {
			editLarge(t, test.text)
		})
	}
}

func editLarge(t *testing.T, text []byte) {
	t.Helper()
	var all any
	numbers := make([]int, 100_000)
	start := time.Now()
	f := mustParse(t, text)
	parsed, slowest := time.Since(start), time.Duration(0)
	for _, edit := range []func() error{
		func() error { return f.Set("/brand new", 1) },
		func() error { return f.Set("/o/x/y", numbers) },
		func() error { return f.Set("/o/x/y", append([]int{1, 2}, numbers[:50_000]...)) },
		func() error { return f.Rename("/o", "p") },
		func() error { return f.Rename("/p", "o") },
		func() error { _, err := f.Remove("/o/x"); return err },
		func() error { _, err := f.Remove("/brand new"); return err },
	} {
		begin := time.Now()
		if err := edit(); err != nil {
			t.Fatal(err)
		}
		took := time.Since(begin)
		if slowest = max(slowest, took); took > limit {
			t.Errorf("an edit took %v", took)
		}
	}
	if !bytes.Equal(f.Bytes(), text) {
		t.Error("what was set and removed is not as it was")
	}
	if err := f.Move("/o", 0); err != nil {
		t.Error(err)
	}
	if _, err := f.Get("", &all); err != nil {
		t.Error(err)
	}
	f.Duplicates()
	t.Logf("parsed in %v, slowest edit %v, all in %v", parsed, slowest, time.Since(start))
}

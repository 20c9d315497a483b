package build_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/build"
)

func version(t testing.TB, text string) cpython.Version {
	t.Helper()
	v, err := cpython.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRecipeValidate(t *testing.T) {
	patch := func(reason string, data string, sum string) build.Patch {
		if sum == "" {
			s := sha256.Sum256([]byte(data))
			sum = hex.EncodeToString(s[:])
		}
		return build.Patch{Name: "a.patch", SHA256: sum, Reason: reason, Data: []byte(data)}
	}
	v := version(t, "3.13.5")
	for _, tt := range []struct {
		name   string
		recipe build.Recipe
		want   []string // all in the error; none: no error
	}{
		{"default", build.Recipe{Ref: cpython.Ref{Version: v}}, nil},
		{"free-threaded", build.Recipe{Ref: cpython.Ref{Version: version(t, "3.13.5t")}}, nil},
		{"no version", build.Recipe{}, []string{"no version"}},
		{"end of life", build.Recipe{Ref: cpython.Ref{Version: version(t, "3.9.25")}}, []string{"3.9", "no longer supports", "3.11 to 3.15"}},
		{"future series", build.Recipe{Ref: cpython.Ref{Version: version(t, "3.99.0")}}, []string{"3.99", "not known", "3.11 to 3.15"}},
		{"unknown version", build.Recipe{Ref: cpython.Ref{Version: version(t, "3.13.16")}},
			[]string{"3.13.16", "nearest known are 3.13.14, 3.13.15, 3.13.18", "-sha256="}},
		{"unknown version, pinned", build.Recipe{Ref: cpython.Ref{Version: version(t, "3.13.16")}, SourceSHA256: strings.Repeat("a", 64)}, nil},
		{"bad pin", build.Recipe{Ref: cpython.Ref{Version: v}, SourceSHA256: "A1"}, []string{`"A1"`, "64 lower-case"}},
		{"musl", build.Recipe{Ref: cpython.Ref{Version: v, Platform: cpython.Platform{OS: "alpine3.20", Arch: "amd64"}}}, []string{"musl", "glibc"}},
		{"optimisation", build.Recipe{Ref: cpython.Ref{Version: v}, Optimize: build.LTO}, []string{"wanted None, PGO or PGO | LTO"}},
		{"owned option", build.Recipe{Ref: cpython.Ref{Version: v}, ConfigureArgs: []string{"--prefix=/x", "--with-valgrind"}}, []string{"--prefix=/x", "decided by the recipe"}},
		{"no option", build.Recipe{Ref: cpython.Ref{Version: v}, ConfigureArgs: []string{"x"}}, []string{`"x"`, "--option or NAME=value"}},
		{"patch without reason", build.Recipe{Ref: cpython.Ref{Version: v}, Patches: []build.Patch{patch("", "x", "")}}, []string{"no reason"}},
		{"changed patch", build.Recipe{Ref: cpython.Ref{Version: v}, Patches: []build.Patch{patch("r", "x", strings.Repeat("0", 64))}}, []string{"sha256 is 2d71"}},
		{"all at once", build.Recipe{Ref: cpython.Ref{Version: version(t, "3.9.25"), Build: -1}, Optimize: build.LTO, RequiredModules: []string{"a b"}},
			[]string{"3.9", "build number -1", "optimisation", `"a b"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.recipe.Validate()
			if (err != nil) != (len(tt.want) > 0) {
				t.Fatalf("Validate() = %v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Validate() = %q, want it to say %q", err, want)
				}
			}
		})
	}
}

func TestRecipeDigestError(t *testing.T) {
	r := build.Recipe{Ref: cpython.Ref{Version: version(t, "3.13.5")}, Patches: []build.Patch{{Name: "a", Reason: "r", SHA256: "00"}}}
	var digest *cpython.DigestError
	if err := r.Validate(); !errors.As(err, &digest) || digest.Want != "00" {
		t.Errorf("Validate() = %v, want a DigestError", err)
	}
}

func TestParseOptimize(t *testing.T) {
	for _, o := range []build.Optimize{build.None, build.PGO, build.PGO | build.LTO} {
		if got, err := build.ParseOptimize(o.String()); err != nil || got != o {
			t.Errorf("ParseOptimize(%q) = %v, %v", o, got, err)
		}
	}
	if _, err := build.ParseOptimize("fast"); err == nil || !strings.Contains(err.Error(), "none, pgo or full") {
		t.Errorf(`ParseOptimize("fast") = %v`, err)
	}
}

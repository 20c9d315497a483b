package build_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/build"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares a text with testdata/name.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (go test -run %s -update rewrites it); got:\n%s", file, t.Name(), got)
	}
}

func TestPlanGolden(t *testing.T) {
	diff := []byte("--- a/Lib/x.py\n+++ b/Lib/x.py\n@@ -1 +1 @@\n-a\n+b\n")
	sum := sha256.Sum256(diff)
	for _, tt := range []struct {
		name, ref string
		change    func(*build.Recipe)
	}{
		{"3.11", "cpython-3.11.2-debian12-build1", nil},
		{"3.12", "cpython-3.12.6-ubuntu20.04-build1", nil},
		{"3.13", "cpython-3.13.5-debian12-build1", nil},
		{"3.13t", "cpython-3.13.5t-debian12-build1", nil},
		{"3.14", "cpython-3.14.4-fedora42-arm64-build2", nil},
		{"3.15", "cpython-3.15.0b4-opensuseleap15.6-build1", nil},
		{"none", "cpython-3.13.5-debian12-build1", func(r *build.Recipe) { r.Optimize = build.None }},
		{"pgo", "cpython-3.13.5-debian12-build1", func(r *build.Recipe) { r.Optimize = build.PGO }},
		{"everything", "cpython-3.13.5-debian12-amd64_v3-build1", func(r *build.Recipe) {
			r.Tkinter, r.KeepDebug, r.KeepStatic, r.KeepTests = true, true, true, true
			r.ConfigureArgs = []string{"--with-valgrind"}
			r.RequiredModules = []string{"ssl", "sqlite3"}
			r.Patches = []build.Patch{{Name: "x.patch", SHA256: hex.EncodeToString(sum[:]), Reason: "to try it", Data: diff}}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ref, err := cpython.ParseRef(tt.ref)
			if err != nil {
				t.Fatal(err)
			}
			recipe := build.Recipe{Ref: ref}
			if tt.change != nil {
				tt.change(&recipe)
			}
			plan, err := recipe.Plan()
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "plan-"+tt.name+".txt", plan.String())
		})
	}
}

func TestPlanNeedsPlatform(t *testing.T) {
	if _, err := (build.Recipe{Ref: cpython.Ref{Version: version(t, "3.13.5")}}).Plan(); err == nil {
		t.Error("Plan() of a recipe without a platform is no error")
	}
}

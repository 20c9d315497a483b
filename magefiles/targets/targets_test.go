package targets

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
	"github.com/2-coatl/cpython-prebuilt/cpython/build"
)

// newTestConsole returns a console whose story is in the buffer.
func newTestConsole(t *testing.T, terminal bool) (*console, *bytes.Buffer) {
	t.Helper()
	var story bytes.Buffer
	return makeConsole(t.TempDir(), &screen{w: &story, terminal: terminal, lines: map[string]string{}}), &story
}

func TestRefuseLeftovers(t *testing.T) {
	known := func() ([]string, error) { return []string{"build", "validate", "vagrant:up"}, nil }
	for _, tt := range []struct {
		name, args, want string
	}{
		{"target", "build", ""},
		{"flags", "build -version=3.13.5 -dryRun", ""},
		{"two targets", "build -build=2 Validate vagrant:up", ""},
		{"version", "build 3.12.9", `"3.12.9" is not a target`},
		{"value after a flag", "build -tkinter true", `"true" is not a target`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := refuseLeftovers(strings.Fields(tt.args), known)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("refuseLeftovers(%s) = %v, want %q", tt.args, err, tt.want)
			}
		})
	}
	broken := func() ([]string, error) { return nil, errors.New("no list") }
	if err := refuseLeftovers([]string{"build", "x"}, broken); err == nil {
		t.Error("a list that cannot be had is no error")
	}
}

func TestValueSaysWhereItCameFrom(t *testing.T) {
	c, story := newTestConsole(t, false)
	flag := "3.13.5"
	t.Setenv("VERSION", "3.11.2")
	if got := c.value("version", &flag, "VERSION", "x"); got != "3.13.5" || story.Len() > 0 {
		t.Errorf("with a flag: %q, story %q", got, story)
	}
	if got := c.value("version", nil, "VERSION", "x"); got != "3.11.2" || !strings.Contains(story.String(), "version is=3.11.2 from=environment variable VERSION") {
		t.Errorf("with an environment variable: %q, story %q", got, story)
	}
	t.Setenv("VERSION", "")
	if got := c.value("version", nil, "VERSION", "x"); got != "x" {
		t.Errorf("with neither: %q", got)
	}
}

func TestRecipeFlags(t *testing.T) {
	text := func(s string) *string { return &s }
	number := func(n int) *int { return &n }
	for _, tt := range []struct {
		name  string
		flags recipeFlags
		want  string // in the error; empty: the default recipe
	}{
		{"defaults", recipeFlags{}, ""},
		{"series", recipeFlags{version: text("3.12")}, "names a series"},
		{"v", recipeFlags{version: text("v3.13.5")}, `without the "v"`},
		{"unknown", recipeFlags{version: text("3.99.0")}, "3.11 to 3.15"},
		{"end of life", recipeFlags{version: text("3.9.25")}, "no longer supports"},
		{"empty", recipeFlags{version: text("")}, "is empty"},
		{"build 0", recipeFlags{build: number(0)}, `build number "0"`},
		{"link", recipeFlags{link: text("static")}, "wanted bundled or system"},
		{"optimize", recipeFlags{optimize: text("fast")}, "none, pgo or full"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := newTestConsole(t, false)
			t.Setenv("VERSION", "")
			t.Setenv("BUILD", "")
			recipe, err := c.recipe(tt.flags)
			if tt.want == "" {
				if err != nil || recipe.Ref.Version.String() != defaultVersion || recipe.Ref.Build != 1 {
					t.Errorf("recipe() = %+v, %v", recipe.Ref, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("recipe() = %v, want it to say %q", err, tt.want)
			}
		})
	}
}

func TestProgressLine(t *testing.T) {
	c, story := newTestConsole(t, true)
	c.progress(build.Progress{Step: "compile", Number: 8, Steps: 16, Elapsed: 61 * time.Second, Remaining: 90 * time.Second})
	c.logger.Info("something happened")
	c.progress(build.Progress{Step: "install", Number: 9, Steps: 16})
	c.end()
	const clear = "\r\x1b[K"
	got := story.String()
	if !strings.HasPrefix(got, "[8/16] compile  1m1s, about 1m30s left"+clear) || !strings.HasSuffix(got, "0s left"+clear) {
		t.Errorf("the screen gets %q", got)
	}
	c, story = newTestConsole(t, false)
	c.progress(build.Progress{Step: "compile"})
	if story.Len() > 0 {
		t.Errorf("without a terminal: %q", story)
	}
}

func TestPrintList(t *testing.T) {
	ref, err := cpython.ParseRef("cpython-3.13.5-debian12-build1")
	if err != nil {
		t.Fatal(err)
	}
	listed := []artifact.Listed{{Ref: ref, Size: 24_300_000, Date: time.Date(2025, 6, 11, 0, 0, 0, 0, time.UTC), SHA256: strings.Repeat("ab", 32), State: "ok"}}
	var table, none, asJSON bytes.Buffer
	if err := errors.Join(printList(&table, "x", listed, false), printList(&none, "x", nil, false), printList(&asJSON, "x", nil, true)); err != nil {
		t.Fatal(err)
	}
	want := "VERSION  PLATFORM  BUILD  MB    SOURCE OF   SHA256        STATE\n" +
		"3.13.5   debian12  1      24.3  2025-06-11  abababababab  ok\n"
	if table.String() != want {
		t.Errorf("table:\n%s\nwant:\n%s", table.String(), want)
	}
	if none.String() != "no artifacts in x\n" {
		t.Errorf("of an empty folder: %q", none.String())
	}
	var list []artifact.Listed
	if err := json.Unmarshal(asJSON.Bytes(), &list); err != nil || list == nil {
		t.Errorf("as JSON: %q, %v; want an empty list", asJSON.String(), err)
	}
}

func TestPrintInspection(t *testing.T) {
	i, err := artifact.Inspect(t.Context(), artifacttest.Make(t))
	if err != nil {
		t.Fatal(err)
	}
	var table, asJSON, sbom bytes.Buffer
	if err := errors.Join(printInspection(&table, i, false, false), printInspection(&asJSON, i, true, false), printInspection(&sbom, i, false, true)); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(table.String(), "artifact    "+i.Info.Ref.String()+"\n") {
		t.Errorf("as text:\n%s", table.String())
	}
	var inspection struct{ Ref cpython.Ref }
	if err := json.Unmarshal(asJSON.Bytes(), &inspection); err != nil || inspection.Ref != i.Info.Ref {
		t.Errorf("as JSON: %v, %v", inspection, err)
	}
	var document struct{ SPDXVersion string }
	if err := json.Unmarshal(sbom.Bytes(), &document); err != nil || document.SPDXVersion != "SPDX-2.3" {
		t.Errorf("SBOM: %v, %v", document, err)
	}
	if err := printInspection(&table, i, true, true); err == nil {
		t.Error("-json and -sbom together are no error")
	}
}

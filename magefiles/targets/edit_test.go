package targets

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

const editable = `{
  "features": {
    "./cpython/installer": {
      // "artifactUrl": "https://example.com/x.tgz", // published
      "artifactUrl": "/workspaces/x/y.tgz",
      "version": "3.12.6"
    }
  }
}
`

func TestEditDevcontainer(t *testing.T) {
	const artifact, url = "cpython-3.13.5-debian12-build2.tgz", "https://github.com/acme/python/releases/download/cpython-3.13.5-build2/cpython-3.13.5-debian12-build2.tgz"
	str := func(text string) *string { return &text }
	for _, test := range []struct {
		name string
		run  func(file *string, dryRun bool) error
		want string // the file afterwards; empty: refused
	}{
		{"release", func(file *string, dryRun bool) error {
			return runDevcontainerRelease(t.Context(), str("acme/python"), str("artifacts/"+artifact), nil, file, dryRun)
		}, strings.NewReplacer(`// "artifactUrl": "https://example.com/x.tgz"`, `"artifactUrl": "`+url+`"`, `"artifactUrl": "/work`, `// "artifactUrl": "/work`,
			`"3.12.6"`, `"3.13.5",`+"\n      \"checksumUrl\": \""+url+".sha256\"").Replace(editable)},
		{"release of nobody", func(file *string, dryRun bool) error {
			return runDevcontainerRelease(t.Context(), str("acme"), str(artifact), nil, file, dryRun)
		}, ""},
		{"local, elsewhere", func(file *string, dryRun bool) error {
			return runDevcontainerLocal(t.Context(), str("/elsewhere/"+artifact), nil, file, dryRun)
		}, ""},
		{"set", func(file *string, dryRun bool) error {
			return runDevcontainerSet(t.Context(), str("./cpython/installer"), str("skipValidation"), str("true"), file, dryRun)
		}, strings.Replace(editable, `"3.12.6"`, `"3.12.6",`+"\n      \"skipValidation\": true", 1)},
		{"take away", func(file *string, dryRun bool) error {
			return runDevcontainerSet(t.Context(), str("./cpython/installer"), str("version"), nil, file, dryRun)
		}, strings.Replace(editable, ",\n      \"version\": \"3.12.6\"", "", 1)},
		{"value of nothing", func(file *string, dryRun bool) error {
			return runDevcontainerSet(t.Context(), str("./x"), nil, str("v"), file, dryRun)
		}, ""},
		{"no feature", func(file *string, dryRun bool) error {
			return runDevcontainerSet(t.Context(), nil, nil, nil, file, dryRun)
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), ".devcontainer.json")
			if err := os.WriteFile(name, []byte(editable), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, dryRun := range []bool{true, false} {
				err := test.run(&name, dryRun)
				if (test.want == "") != (err != nil) {
					t.Fatalf("error %v", err)
				}
				want := editable
				if !dryRun && err == nil {
					want = test.want
				}
				if got, err := os.ReadFile(name); err != nil || string(got) != want {
					t.Errorf("with dryRun %t the file is\n%s (%v), wanted\n%s", dryRun, got, err, want)
				}
			}
		})
	}
}

func TestLoadDevcontainer(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, _, err := loadDevcontainer(nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in an empty folder: %v", err)
	}
}

func TestUnifiedDiff(t *testing.T) {
	want := "--- a/x.json\n+++ b/x.json\n@@ -1,3 +1,3 @@\n {\n-  \"a\": 1\n+  \"a\": 2\n }\n"
	if got := unifiedDiff("x.json", "{\n  \"a\": 1\n}\n", "{\n  \"a\": 2\n}\n"); got != want {
		t.Errorf("the difference is\n%s", got)
	}
	if got := unifiedDiff("/x", "same", "same"); got != "" {
		t.Errorf("between equal texts: %q", got)
	}
}

func TestShowDevcontainer(t *testing.T) {
	f, err := devcontainer.Parse("x.json", []byte(`{"image": "a", "onCreateCommand": ["b", "c d"], "features": {"./x": {"o": true}}}`))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := showDevcontainer(&out, f); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a\n", "feature ", "  o: true", `["b" "c d"]`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	broken, err := devcontainer.Parse("x.json", []byte(`{"image": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := showDevcontainer(io.Discard, broken); err == nil {
		t.Error("an image that is a number was shown")
	}
}

package devcontainer_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// parse reads a text that stands in a test.
func parse(t *testing.T, text string) *devcontainer.File {
	t.Helper()
	f, err := devcontainer.Parse("devcontainer.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// same compares what became of a file with what was wanted.
func same(t *testing.T, f *devcontainer.File, want string) {
	t.Helper()
	if got := string(f.Bytes()); got != want {
		t.Errorf("the file is now\n%s\nwanted\n%s", got, want)
	}
}

const gitFile = `{
  // versions are pinned
  "features": {
    "ghcr.io/devcontainers/features/git:1": { "version": "latest" }, // ours
    "ghcr.io/devcontainers/features/node:1": "20",
    "./tool": {
      "a": true // why
    }
  }
}
`

func TestSetFeature(t *testing.T) {
	for _, test := range []struct {
		name, id      string
		options       devcontainer.Options
		before, after string // of the one line that changes
	}{
		{"replaces and adds", "ghcr.io/devcontainers/features/git", devcontainer.Options{"version": "2", "ppa": false, "a": "x"},
			`{ "version": "latest" }`, `{ "version": "2", "a": "x", "ppa": false }`},
		{"removes", "ghcr.io/devcontainers/features/git:1", devcontainer.Options{"version": nil, "ppa": true}, `{ "version": "latest" }`, `{ "ppa": true }`},
		{"equal", "ghcr.io/devcontainers/features/git", devcontainer.Options{"version": "latest"}, "", ""},
		{"nothing", "./tool", nil, "", ""},
		{"shorthand stays", "ghcr.io/devcontainers/features/node", devcontainer.Options{"version": "22"}, `"20"`, `"22"`},
		{"shorthand equal", "ghcr.io/devcontainers/features/node", devcontainer.Options{"version": "20"}, "", ""},
		{"shorthand grows", "ghcr.io/devcontainers/features/node", devcontainer.Options{"yarn": "none"}, `"20"`, "{\n      \"version\": \"20\",\n      \"yarn\": \"none\"\n    }"},
		{"comment stays", "./tool", devcontainer.Options{"a": false}, `"a": true // why`, `"a": false // why`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := parse(t, gitFile)
			if err := f.SetFeature(test.id, test.options); err != nil {
				t.Fatal(err)
			}
			if test.name == "shorthand grows" {
				got, err := f.Feature(test.id)
				if err != nil || got.Shorthand || got.Options["version"] != "20" || got.Options["yarn"] != "none" {
					t.Errorf("the Feature is now %v, %v", got, err)
				}
				return
			}
			same(t, f, strings.Replace(gitFile, test.before, test.after, 1))
		})
	}
}

func TestSetFeatureAdds(t *testing.T) {
	f := parse(t, "{\n  \"image\": \"debian\"\n}\n")
	if err := f.SetFeature("./infrastructure/cpython/installer", devcontainer.Options{"version": "3.12.6", "installPrefix": "/opt/python", "x": nil}); err != nil {
		t.Fatal(err)
	}
	same(t, f, `{
  "image": "debian",
  "features": {
    "./infrastructure/cpython/installer": {
      "installPrefix": "/opt/python",
      "version": "3.12.6"
    }
  }
}
`)
}

func TestFeatureLookup(t *testing.T) {
	f := parse(t, `{"features": {"ghcr.io/x/git:1": {}, "localhost:5000/x/tool:2": {}, "localhost:5000/x/other": {}, "ghcr.io/x/pin@sha256:abc": {},
		"https://h.example/devcontainer-feature-a.tgz": {}, "./dir:1": true, "ghcr.io/x/two:1": {}, "ghcr.io/x/two:2": {}}}`)
	for id, want := range map[string]string{
		"ghcr.io/x/git": "ghcr.io/x/git:1", "ghcr.io/x/git:1": "ghcr.io/x/git:1", "ghcr.io/x/git:2": "",
		"localhost:5000/x/tool": "localhost:5000/x/tool:2", "localhost:5000/x/other": "localhost:5000/x/other",
		"ghcr.io/x/pin": "ghcr.io/x/pin@sha256:abc", "https://h.example/devcontainer-feature-a.tgz": "https://h.example/devcontainer-feature-a.tgz",
		"./dir:1": "./dir:1", "./dir": "", "git": "", "ghcr.io/x/two:2": "ghcr.io/x/two:2",
	} {
		feature, err := f.Feature(id)
		if feature.ID != want || (want == "") != errors.Is(err, devcontainer.ErrNoFeature) {
			t.Errorf("Feature(%q) is %q, %v; wanted %q", id, feature.ID, err, want)
		}
	}
	var several *devcontainer.FeatureError
	if _, err := f.Feature("ghcr.io/x/two"); !errors.As(err, &several) || len(several.Found) != 2 {
		t.Errorf("of two versions: %v", err)
	}
}

func TestFeatureRefused(t *testing.T) {
	for name, edit := range map[string]func(*devcontainer.File) error{
		"another version": func(f *devcontainer.File) error {
			return f.SetFeature("ghcr.io/devcontainers/features/git:2", nil)
		},
		"number":  func(f *devcontainer.File) error { return f.SetFeature("./tool", devcontainer.Options{"a": 1}) },
		"removed": func(f *devcontainer.File) error { return f.RemoveFeature("./other") },
		"moved":   func(f *devcontainer.File) error { return f.MoveFeature("./tool", 3) },
		"name taken": func(f *devcontainer.File) error {
			return f.RenameFeature("./tool", "ghcr.io/devcontainers/features/node:1")
		},
		"not objects": func(f *devcontainer.File) error {
			return f.SetFeature("./tool", devcontainer.Options{"a": []string{"x"}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := parse(t, gitFile)
			if err := edit(f); err == nil {
				t.Error("wanted an error")
			}
			same(t, f, gitFile)
		})
	}
}

func TestRenameMoveRemoveFeature(t *testing.T) {
	f := parse(t, gitFile)
	if err := f.RenameFeature("ghcr.io/devcontainers/features/git", "ghcr.io/devcontainers/features/git:2"); err != nil {
		t.Fatal(err)
	}
	same(t, f, strings.Replace(gitFile, "git:1", "git:2", 1))
	if err := f.MoveFeature("./tool", 0); err != nil {
		t.Fatal(err)
	}
	features, err := f.Features()
	if err != nil || len(features) != 3 || features[0].ID != "./tool" || features[0].Options["a"] != true || !features[2].Shorthand {
		t.Errorf("after moving: %v, %v", features, err)
	}
	if err := f.RemoveFeature("ghcr.io/devcontainers/features/node"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Feature("ghcr.io/devcontainers/features/node"); !errors.Is(err, devcontainer.ErrNoFeature) {
		t.Errorf("after removing: %v", err)
	}
}

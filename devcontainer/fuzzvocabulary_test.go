package devcontainer_test

import (
	"maps"
	"reflect"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// FuzzSources switches between the two sources in any text of a Feature: what
// is not named stays, and the sources are what was asked for.
func FuzzSources(f *testing.F) {
	for _, test := range swapTests {
		f.Add(test.local)
		f.Add(test.release)
	}
	f.Add(`{"features": {"./cpython/installer": {"a": [1, {"artifactUrl": "x"}] /* , */, // "artifactUrl": "https://x"` + "\n" + `}}}`)
	ref, err := cpython.ParseFile(oldArtifact)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := devcontainer.Parse("devcontainer.json", []byte(text))
		if err != nil {
			t.Skip()
		}
		before, err := file.Features()
		if err != nil {
			t.Skip()
		}
		for _, use := range []func() error{func() error { return file.UseRelease("acme", "python", ref) }, func() error { return file.UseLocal(relativePath) }} {
			unedited := string(file.Bytes())
			if err := use(); err != nil {
				same(t, file, unedited)
				return
			}
			after, err := file.Features()
			if err != nil || len(after) != len(before) {
				t.Fatalf("%v became %v, %v", before, after, err)
			}
			for i := range after {
				if _, ok := after[i].Options["artifactUrl"]; ok && after[i].Options["checksumUrl"] != after[i].Options["artifactUrl"].(string)+".sha256" {
					t.Errorf("the Feature has %v", after[i].Options)
				}
				if got, want := others(after[i].Options), others(before[i].Options); after[i].ID != before[i].ID || !reflect.DeepEqual(got, want) {
					t.Errorf("other options were %v and are %v", want, got)
				}
			}
		}
	})
}

// others returns the options that say nothing about the artifact.
func others(options devcontainer.Options) devcontainer.Options {
	rest := maps.Clone(options)
	for _, name := range []string{"artifactUrl", "checksumUrl", "version", "buildNumber"} {
		delete(rest, name)
	}
	return rest
}

// FuzzAppend appends any text to any other: the command reads back, or is
// refused and nothing changes.
func FuzzAppend(f *testing.F) {
	f.Add("cd a && b", "c # d")
	f.Add(`echo "a\"b" 'c'`, "x <<E\ny\nE")
	f.Add(`a \`, "${localEnv:X} ${Y#z}")
	f.Fuzz(func(t *testing.T, first, then string) {
		file, err := devcontainer.Parse("devcontainer.json", []byte("{ // comment\n}"))
		if err != nil {
			t.Fatal(err)
		}
		if file.Append(devcontainer.OnCreate, devcontainer.Command{Shell: first}) != nil {
			return
		}
		before := string(file.Bytes())
		if err := file.Append(devcontainer.OnCreate, devcontainer.Command{Shell: then}); err != nil {
			same(t, file, before)
		}
		if _, err := file.Lifecycle(devcontainer.OnCreate); err != nil {
			t.Error(err)
		}
	})
}

// FuzzCheck checks any text without stumbling.
func FuzzCheck(f *testing.F) {
	f.Add(everything)
	f.Add(editFeature)
	f.Fuzz(func(t *testing.T, text string) {
		file, err := devcontainer.Parse("devcontainer.json", []byte(text))
		if err != nil {
			t.Skip()
		}
		if report := file.Check(devcontainer.CheckSettings{Workspace: workspace()}); len(report.Findings) == 0 {
			t.Error("the report is empty")
		}
	})
}

const editFeature = `{"image": 1, "features": {"./tool": {"kind": 1, "artifactUrl": "x/y"}, "../z": "1", "": true}, "forwardPorts": [1e99, "a:b:c", null], "appPort": {},
	"mounts": ["", {"type": "x"}], "postCreateCommand": {"a": {"b": 1}}, "runArgs": ["--env-file"], "build": [], "dockerComposeFile": [1, "/abs"], "customizations": {"vscode": {"extensions": "x"}}}`

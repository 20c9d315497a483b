package devcontainer_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

const (
	oldArtifact  = "cpython-3.12.6-ubuntu20.04-build1.tgz"
	localFolder  = "/workspaces/${localWorkspaceFolderBasename}/infrastructure/cpython/artifacts/"
	oldRelease   = "https://github.com/acme/python/releases/download/cpython-3.12.6-build1/"
	relativePath = "infrastructure/cpython/artifacts/" + oldArtifact
)

// sources writes a file whose Feature has these lines.
func sources(lines ...string) string {
	return "{\n  \"features\": {\n    // ours\n    \"./infrastructure/cpython/installer\": {\n" + strings.Join(lines, "\n") + "\n    }\n  } // end\n}\n"
}

// swapTests are files with the local source; the release is commented out in
// some of them. After UseRelease a file is the second text, and after UseLocal
// again the first, unless a third says otherwise.
var swapTests = []struct{ name, local, release, back string }{
	{name: "above", local: sources(
		`      // the published one`,
		`      // "artifactUrl": "`+oldRelease+oldArtifact+`",`,
		`      // "checksumUrl": "`+oldRelease+oldArtifact+`.sha256",`,
		``,
		`      // offline`,
		`      "artifactUrl": "`+localFolder+oldArtifact+`", // in git-lfs`,
		`      "checksumUrl": "`+localFolder+oldArtifact+`.sha256",`,
		`      "skipValidation": false`), release: sources(
		`      // the published one`,
		`      "artifactUrl": "`+oldRelease+oldArtifact+`",`,
		`      "checksumUrl": "`+oldRelease+oldArtifact+`.sha256",`,
		``,
		`      // offline`,
		`      // "artifactUrl": "`+localFolder+oldArtifact+`", // in git-lfs`,
		`      // "checksumUrl": "`+localFolder+oldArtifact+`.sha256",`,
		`      "skipValidation": false`)},
	{name: "pairs, other style of comment", local: sources(
		`      "artifactUrl": "`+localFolder+oldArtifact+`",`,
		`//      "artifactUrl": "`+oldRelease+oldArtifact+`",`,
		`      "checksumUrl": "`+localFolder+oldArtifact+`.sha256",`,
		`//      "checksumUrl": "`+oldRelease+oldArtifact+`.sha256",`,
		`      "version": "3.12.6",`), release: sources(
		`//      "artifactUrl": "`+localFolder+oldArtifact+`",`,
		`      "artifactUrl": "`+oldRelease+oldArtifact+`",`,
		`//      "checksumUrl": "`+localFolder+oldArtifact+`.sha256",`,
		`      "checksumUrl": "`+oldRelease+oldArtifact+`.sha256",`,
		`      "version": "3.12.6",`)},
	{name: "at the end, without a comma", local: sources(
		`      "version": "3.12.6",`,
		`      "artifactUrl": "`+localFolder+oldArtifact+`",`,
		`      "checksumUrl": "`+localFolder+oldArtifact+`.sha256"`,
		`      // "artifactUrl": "`+oldRelease+oldArtifact+`",`,
		`      // "checksumUrl": "`+oldRelease+oldArtifact+`.sha256"`), release: sources(
		`      "version": "3.12.6",`,
		`      // "artifactUrl": "`+localFolder+oldArtifact+`",`,
		`      // "checksumUrl": "`+localFolder+oldArtifact+`.sha256"`,
		`      "artifactUrl": "`+oldRelease+oldArtifact+`",`,
		`      "checksumUrl": "`+oldRelease+oldArtifact+`.sha256"`)},
	{name: "nothing commented out", local: sources(
		`      "artifactUrl": "` + localFolder + oldArtifact + `", "checksumUrl": "` + localFolder + oldArtifact + `.sha256" // both`), release: sources(
		`      "artifactUrl": "` + oldRelease + oldArtifact + `", "checksumUrl": "` + oldRelease + oldArtifact + `.sha256" // both`)},
	{name: "one line, and a comment that cannot take part", local: sources(
		`      "artifactUrl": "`+localFolder+oldArtifact+`", "checksumUrl": "`+localFolder+oldArtifact+`.sha256"`,
		`      // "artifactUrl": "`+oldRelease+oldArtifact+`",`), release: sources(
		`      "artifactUrl": "`+oldRelease+oldArtifact+`", "checksumUrl": "`+oldRelease+oldArtifact+`.sha256"`,
		`      // "artifactUrl": "`+oldRelease+oldArtifact+`",`)},
	{name: "trailing comma", local: sources(
		`      // "artifactUrl": "`+oldRelease+oldArtifact+`"`,
		`      "artifactUrl": "`+localFolder+oldArtifact+`",`,
		`      "checksumUrl": "`+localFolder+oldArtifact+`.sha256",`), release: sources(
		`      "artifactUrl": "`+oldRelease+oldArtifact+`",`,
		`      // "artifactUrl": "`+localFolder+oldArtifact+`",`,
		`      "checksumUrl": "`+oldRelease+oldArtifact+`.sha256",`), back: sources(
		`      // "artifactUrl": "`+oldRelease+oldArtifact+`",`,
		`      "artifactUrl": "`+localFolder+oldArtifact+`",`,
		`      "checksumUrl": "`+localFolder+oldArtifact+`.sha256",`)},
	{name: "an older release", local: sources(
		`      // "artifactUrl": "https://github.com/acme/python/releases/download/cpython-3.11.9-build1/cpython-3.11.9-ubuntu20.04-build1.tgz",`,
		`      "artifactUrl": "`+localFolder+oldArtifact+`",`,
		`      "checksumUrl": "`+localFolder+oldArtifact+`.sha256"`), release: sources(
		`      "artifactUrl": "`+oldRelease+oldArtifact+`",`,
		`      // "artifactUrl": "`+localFolder+oldArtifact+`",`,
		`      "checksumUrl": "`+oldRelease+oldArtifact+`.sha256"`), back: sources(
		`      // "artifactUrl": "`+oldRelease+oldArtifact+`",`,
		`      "artifactUrl": "`+localFolder+oldArtifact+`",`,
		`      "checksumUrl": "`+localFolder+oldArtifact+`.sha256"`)},
}

func TestSources(t *testing.T) {
	ref, err := cpython.ParseFile(oldArtifact)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range swapTests {
		for _, ending := range []string{"\n", "\r\n"} {
			t.Run(test.name, func(t *testing.T) {
				convert := func(text string) string { return strings.ReplaceAll(text, "\n", ending) }
				f := parse(t, convert(test.local))
				if err := f.UseLocal(relativePath); err != nil {
					t.Fatal(err)
				}
				same(t, f, convert(test.local))
				for range 2 { // the second time changes nothing
					if err := f.UseRelease("acme", "python", ref); err != nil {
						t.Fatal(err)
					}
					same(t, f, convert(test.release))
				}
				if err := f.UseLocal(relativePath); err != nil {
					t.Fatal(err)
				}
				back := test.back
				if back == "" {
					back = test.local
				}
				same(t, f, convert(back))
			})
		}
	}
}

func TestSourceFollowsVersion(t *testing.T) {
	f := parse(t, sources(`      "version": "3.12.6", // pinned`, `      "buildNumber": "1",`, `      "artifactUrl": "x"`))
	ref, err := cpython.ParseFile("cpython-3.13.5-debian12-build2.tgz")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.UseRelease("acme", "python", ref); err != nil {
		t.Fatal(err)
	}
	url := "https://github.com/acme/python/releases/download/cpython-3.13.5-build2/cpython-3.13.5-debian12-build2.tgz"
	same(t, f, sources(`      "version": "3.13.5", // pinned`, `      "buildNumber": "2",`, `      "artifactUrl": "`+url+`",`, `      "checksumUrl": "`+url+`.sha256"`))
}

func TestSourceAmongOddNeighbours(t *testing.T) {
	odd := `      "z": {"a":"}x","b":["]",{"artifactUrl":"{"}]}, /* "artifactUrl": "https://x", */`
	f := parse(t, sources(odd, `      "artifactUrl": "`+localFolder+oldArtifact+`"`, `      // "artifactUrl": "`+oldRelease+oldArtifact+`" // published`))
	ref, err := cpython.ParseFile(oldArtifact)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.UseRelease("acme", "python", ref); err != nil {
		t.Fatal(err)
	}
	same(t, f, sources(odd, `      // "artifactUrl": "`+localFolder+oldArtifact+`"`, `      "artifactUrl": "`+oldRelease+oldArtifact+`", // published`,
		`      "checksumUrl": "`+oldRelease+oldArtifact+`.sha256"`))
}

func TestSourceBothCommentedOut(t *testing.T) {
	f := parse(t, sources(`      "version": "3.12.6"`, `      // "artifactUrl": "`+localFolder+oldArtifact+`"`, `      // "artifactUrl": "`+oldRelease+oldArtifact+`"`))
	if err := f.UseLocal(relativePath); err != nil {
		t.Fatal(err)
	}
	same(t, f, sources(`      "version": "3.12.6",`, `      "artifactUrl": "`+localFolder+oldArtifact+`",`, `      "checksumUrl": "`+localFolder+oldArtifact+`.sha256"`,
		`      // "artifactUrl": "`+oldRelease+oldArtifact+`"`))
}

func TestSourcePaths(t *testing.T) {
	folder := t.TempDir()
	for _, test := range []struct{ name, more, artifact, want string }{
		{"relative", "", "artifacts/" + oldArtifact, "/workspaces/${localWorkspaceFolderBasename}/artifacts/" + oldArtifact},
		{"absolute", "", filepath.Join(folder, "a b", oldArtifact), "/workspaces/${localWorkspaceFolderBasename}/a b/" + oldArtifact},
		{"another folder in the container", `"workspaceFolder": "/work/",`, "./" + oldArtifact, "/work/" + oldArtifact},
		{"as it is", "", "${containerWorkspaceFolder}/" + oldArtifact, "${containerWorkspaceFolder}/" + oldArtifact},
		{"outside", "", "../" + oldArtifact, ""},
		{"outside, absolute", "", filepath.Join(filepath.Dir(folder), oldArtifact), ""},
		{"no artifact", "", "artifacts/python.tgz", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := `{` + test.more + `"features": {"./cpython/installer": "3.12.6", "ghcr.io/x/y": {}}}`
			f, err := devcontainer.Parse(filepath.Join(folder, ".devcontainer", "devcontainer.json"), []byte(text))
			if err != nil {
				t.Fatal(err)
			}
			err = f.UseLocal(test.artifact)
			if test.want == "" {
				if err == nil {
					t.Error("wanted an error")
				}
				same(t, f, text)
				return
			}
			feature, lookupErr := f.Feature("./cpython/installer")
			if err != nil || lookupErr != nil || feature.Options["artifactUrl"] != test.want || feature.Options["checksumUrl"] != test.want+".sha256" || feature.Options["version"] != "3.12.6" {
				t.Errorf("the Feature has %v (%v, %v), wanted %s", feature.Options, err, lookupErr, test.want)
			}
		})
	}
}

func TestSourceWhichFeature(t *testing.T) {
	several := parse(t, `{"features": {"./a": {"artifactUrl": "x"}, "./b": {"artifactUrl": "y"}}}`)
	var which *devcontainer.FeatureError
	if err := several.UseLocal(oldArtifact); !errors.As(err, &which) || len(which.Found) != 2 {
		t.Errorf("of two Features: %v", err)
	}
	none := parse(t, `{"features": {"./a": {}}}`)
	if err := none.UseLocal(oldArtifact); !errors.Is(err, devcontainer.ErrNoFeature) {
		t.Errorf("without a Feature: %v", err)
	}
	if err := none.UseRelease("a/b", "c", cpython.Ref{}); err == nil {
		t.Error("the zero Ref was accepted")
	}
}

package devcontainer_test

import (
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// TestCheckCorpus keeps the checks from crying wolf: real files, most of them
// from the makers of the specification, have no failure. Their neighbours are
// not part of the corpus; the files that they name are put there.
func TestCheckCorpus(t *testing.T) {
	for _, s := range corpus(t) {
		f, err := devcontainer.Parse(s.name, s.text)
		if err != nil {
			t.Fatal(err)
		}
		folder := ".devcontainer"
		if strings.Contains(s.name, "config-outside-dev-container-folder") {
			folder = "."
		}
		report := f.Check(devcontainer.CheckSettings{Workspace: neighbours(t, f, folder), Name: path.Join(folder, "devcontainer.json")})
		for _, finding := range report.Findings {
			switch {
			case finding.Status == cpython.Pass:
			case finding.Status == cpython.Fail:
				t.Errorf("%s: %+v", s.name, finding)
			default:
				t.Logf("%s %s %s: %s (%s; %s)", finding.ID, finding.Status, finding.Subject, finding.Message, finding.Found, finding.Wanted)
			}
		}
	}
}

// neighbours makes what a file names.
func neighbours(t *testing.T, f *devcontainer.File, folder string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	add := func(name, text string) {
		if name = path.Join(folder, name); name != "." && !strings.HasPrefix(name, "..") {
			files[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	build, err := f.Build()
	if err != nil {
		t.Fatal(err)
	}
	compose, err := f.DockerComposeFiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(compose, build.Dockerfile) {
		if name != "" {
			add(name, "")
		}
	}
	features, err := f.Features()
	if err != nil {
		t.Fatal(err)
	}
	for _, feature := range features {
		if !feature.Local() {
			continue
		}
		var options []string
		for name := range feature.Options {
			options = append(options, `"`+name+`": {"type": "string", "default": ""}`)
		}
		add(feature.ID+"/devcontainer-feature.json", `{"id": "`+path.Base(feature.ID)+`", "options": {`+strings.Join(options, ",")+`}}`)
		add(feature.ID+"/install.sh", "")
	}
	return files
}

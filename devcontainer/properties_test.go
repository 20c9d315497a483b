package devcontainer_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

const everything = `{
  // all of it
  "name": "app", "image": "debian:12",
  "remoteUser": "vscode",
  "containerEnv": { "A": "1" },
  "remoteEnv": { "B": "2", "C": null },
  "mounts": [
    "source=v,target=/v,type=volume", // kept
    { "type": "bind", "source": "/s", "target": "/t" }
  ],
  "forwardPorts": [3000, "db:5432"],
  "overrideFeatureInstallOrder": ["ghcr.io/x/git"],
  "customizations": { "vscode": { "extensions": ["golang.Go"], "settings": { "a.b": 1 } } }
}
`

// TestProperties makes one edit after the other, and looks at the text and at
// what the getter says.
func TestProperties(t *testing.T) {
	two := "two"
	for _, test := range []struct {
		name          string
		edit          func(*devcontainer.File) error
		before, after string // the part of the text that changes
		read          func(*devcontainer.File) (any, error)
		want          any
	}{
		{"name", func(f *devcontainer.File) error { return f.SetName("b") }, `"app"`, `"b"`, func(f *devcontainer.File) (any, error) { return f.Name() }, "b"},
		{"image", func(f *devcontainer.File) error { return f.SetImage("debian:13") }, `debian:12`, `debian:13`, func(f *devcontainer.File) (any, error) { return f.Image() }, "debian:13"},
		{"no user", func(f *devcontainer.File) error { return f.SetRemoteUser("") }, "  \"remoteUser\": \"vscode\",\n", "", func(f *devcontainer.File) (any, error) { return f.RemoteUser() }, ""},
		{"containerEnv", func(f *devcontainer.File) error { return f.SetContainerEnv("D", "") }, `"A": "1"`, `"A": "1", "D": ""`, func(f *devcontainer.File) (any, error) { return f.ContainerEnv() }, map[string]string{"A": "1", "D": ""}},
		{"remoteEnv", func(f *devcontainer.File) error { return f.SetRemoteEnv("B", nil) }, `"B": "2"`, `"B": null`, func(f *devcontainer.File) (any, error) { return f.RemoteEnv() }, map[string]*string{"B": nil, "C": nil}},
		{"remoteEnv of null", func(f *devcontainer.File) error { return f.SetRemoteEnv("C", &two) }, `"C": null`, `"C": "two"`, func(f *devcontainer.File) (any, error) { m, err := f.RemoteEnv(); return *m["C"], err }, "two"},
		{"mount with the same target", func(f *devcontainer.File) error {
			return f.SetMount(devcontainer.Mount{Text: "source=w,target=/v,type=volume,readonly"})
		}, `source=v,target=/v,type=volume`, `source=w,target=/v,type=volume,readonly`, func(f *devcontainer.File) (any, error) { m, err := f.Mounts(); return m[0], err },
			devcontainer.Mount{Type: "volume", Source: "w", Target: "/v", Text: "source=w,target=/v,type=volume,readonly"}},
		{"mount as an object", func(f *devcontainer.File) error {
			return f.SetMount(devcontainer.Mount{Type: "bind", Source: "/other", Target: "/t"})
		}, `"/s"`, `"/other"`, func(f *devcontainer.File) (any, error) { m, err := f.Mounts(); return m[1], err }, devcontainer.Mount{Type: "bind", Source: "/other", Target: "/t"}},
		{"mount gone", func(f *devcontainer.File) error { _, err := f.RemoveMount("/v"); return err }, "    \"source=v,target=/v,type=volume\", // kept\n", "",
			func(f *devcontainer.File) (any, error) { m, err := f.Mounts(); return len(m), err }, 1},
		{"ports", func(f *devcontainer.File) error {
			return f.AddForwardPort(devcontainer.Port{Number: 3000}, devcontainer.Port{Number: 80}, devcontainer.Port{Host: "db", Number: 80})
		}, `"db:5432"`, `"db:5432", 80, "db:80"`, func(f *devcontainer.File) (any, error) { p, err := f.ForwardPorts(); return p[3], err }, devcontainer.Port{Host: "db", Number: 80}},
		{"port gone", func(f *devcontainer.File) error {
			_, err := f.RemoveForwardPort(devcontainer.Port{Host: "db", Number: 5432})
			return err
		}, `, "db:5432"`, ``, func(f *devcontainer.File) (any, error) { p, err := f.ForwardPorts(); return len(p), err }, 1},
		{"order", func(f *devcontainer.File) error { return f.SetOverrideFeatureInstallOrder("ghcr.io/x/git", "./a") }, `["ghcr.io/x/git"]`, `["ghcr.io/x/git", "./a"]`,
			func(f *devcontainer.File) (any, error) { return f.OverrideFeatureInstallOrder() }, []string{"ghcr.io/x/git", "./a"}},
		{"extensions", func(f *devcontainer.File) error { return f.AddVSCodeExtension("GoLang.go", "ms-python.python") }, `"golang.Go"`, `"golang.Go", "ms-python.python"`,
			func(f *devcontainer.File) (any, error) { return f.VSCodeExtensions() }, []string{"golang.Go", "ms-python.python"}},
		{"extension gone", func(f *devcontainer.File) error { return f.RemoveVSCodeExtension("golang.go") }, `["golang.Go"]`, `[]`,
			func(f *devcontainer.File) (any, error) { return f.VSCodeExtensions() }, []string{}},
		{"setting", func(f *devcontainer.File) error { return f.SetVSCodeSetting("c/d", true) }, `"a.b": 1`, `"a.b": 1, "c/d": true`,
			func(f *devcontainer.File) (any, error) { return f.VSCodeSettings() }, map[string]any{"a.b": 1.0, "c/d": true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := parse(t, everything)
			if err := test.edit(f); err != nil {
				t.Fatal(err)
			}
			same(t, f, strings.Replace(everything, test.before, test.after, 1))
			if got, err := test.read(f); err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("reads as %#v, %v; wanted %#v", got, err, test.want)
			}
			before := string(f.Bytes())
			if err := test.edit(f); err != nil {
				t.Fatal(err)
			}
			same(t, f, before)
		})
	}
}

// sameButSpace compares what became of a file, layout apart.
func sameButSpace(t *testing.T, f *devcontainer.File, want string) {
	t.Helper()
	squeeze := strings.NewReplacer(" ", "", "\n", "", "\t", "")
	if got := squeeze.Replace(string(f.Bytes())); got != squeeze.Replace(want) {
		t.Errorf("the file is now\n%s\nwanted\n%s", f.Bytes(), want)
	}
}

func TestBuild(t *testing.T) {
	for _, test := range []struct{ name, text, after string }{
		{"new", `{"build": {"dockerfile": "Dockerfile", "cacheFrom": "a"}}`, `{"build": {"dockerfile": "D", "cacheFrom": "b", "context": "..", "target": "dev", "args": {"X": "1", "Y": "2"}, "options": ["--pull"]}}`},
		{"old", `{"dockerFile": "Dockerfile", "context": "."}`, `{"dockerFile": "D", "context": "..", "build": {"target": "dev", "args": {"X": "1", "Y": "2"}, "cacheFrom": ["b"], "options": ["--pull"]}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := parse(t, test.text)
			want := devcontainer.Build{Dockerfile: "D", Context: "..", Target: "dev", Args: map[string]string{"Y": "2", "X": "1"}, CacheFrom: []string{"b"}, Options: []string{"--pull"}}
			if err := f.SetBuild(want); err != nil {
				t.Fatal(err)
			}
			sameButSpace(t, f, test.after)
			if got, err := f.Build(); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("reads as %+v, %v", got, err)
			}
			if err := f.SetBuild(devcontainer.Build{}); err != nil {
				t.Fatal(err)
			}
			sameButSpace(t, f, test.after)
		})
	}
}

func TestDockerComposeFiles(t *testing.T) {
	f := parse(t, `{}`)
	for _, test := range []struct {
		files []string
		want  string
	}{
		{[]string{"a.yml"}, `{"dockerComposeFile": "a.yml"}`}, {[]string{"b.yml"}, `{"dockerComposeFile": "b.yml"}`},
		{[]string{"b.yml", "c.yml"}, `{"dockerComposeFile": ["b.yml", "c.yml"]}`}, {[]string{"c.yml"}, `{"dockerComposeFile": ["c.yml"]}`}, {nil, `{}`},
	} {
		if err := f.SetDockerComposeFiles(test.files...); err != nil {
			t.Fatal(err)
		}
		sameButSpace(t, f, test.want)
		if got, err := f.DockerComposeFiles(); err != nil || strings.Join(got, " ") != strings.Join(test.files, " ") {
			t.Errorf("reads as %v, %v; wanted %v", got, err, test.files)
		}
	}
}

func TestPropertiesOfTheWrongType(t *testing.T) {
	f := parse(t, `{"image": 1, "mounts": [1], "forwardPorts": ["x"], "dockerComposeFile": {}, "build": {"args": {"X": 1}}, "customizations": {"vscode": []}}`)
	before := string(f.Bytes())
	for name, do := range map[string]func() error{
		"image":      func() error { _, err := f.Image(); return err },
		"mounts":     func() error { return f.SetMount(devcontainer.Mount{Target: "/x"}) },
		"no target":  func() error { return f.SetMount(devcontainer.Mount{Source: "/x"}) },
		"ports":      func() error { return f.AddForwardPort(devcontainer.Port{Number: 1}) },
		"compose":    func() error { _, err := f.DockerComposeFiles(); return err },
		"build":      func() error { _, err := f.Build(); return err },
		"extensions": func() error { return f.AddVSCodeExtension("a.b") },
	} {
		if do() == nil {
			t.Errorf("%s: wanted an error", name)
		}
		same(t, f, before)
	}
}

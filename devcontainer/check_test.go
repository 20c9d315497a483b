package devcontainer_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// workspace is what the checks of files look into.
func workspace() fstest.MapFS {
	feature := func(id string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(`{ "id": "` + id + `", "version": "1.0.0", // comments are fine
			"options": { "kind": { "type": "string", "enum": ["a", "b"], "default": "a" }, "fast": { "type": "boolean", "default": true },
				"where": { "type": "string", "proposals": ["/opt"], "default": "" } } }`)}
	}
	return fstest.MapFS{
		".devcontainer/Dockerfile":                        {},
		".devcontainer/tool/devcontainer-feature.json":    feature("tool"),
		".devcontainer/tool/install.sh":                   {},
		".devcontainer/renamed/devcontainer-feature.json": feature("tool"),
		".devcontainer/broken/devcontainer-feature.json":  {Data: []byte(`{`)},
		".devcontainer/empty/install.sh":                  {},
		".devcontainer/half/devcontainer-feature.json":    feature("half"),
		"outside/devcontainer-feature.json":               feature("outside"),
		"compose.yml":                                     {},
		"src/main.go":                                     {},
		"dist/cpython-3.12.6-debian12-build1.tgz":         {},
	}
}

func TestCheck(t *testing.T) {
	const release = "https://github.com/acme/python/releases/download/"
	for _, test := range []struct {
		name, text string
		want       []string // "ID status line:column: words of the message, found, wanted or fix"
	}{
		{"all is well", `{"image": "debian:12", "features": {"./tool": {"kind": "b", "fast": "true", "where": "${localEnv:X}"}}, "customizations": {"any": {"thing": 1}}}`, nil},
		{"duplicate", "{\n \"image\": \"a\",\n \"image\": \"b\"}", []string{"C01 fail 3:2: line 2"}},
		{"duplicate below", `{"image": "a", "customizations": {"x": {"y": 1, "y": 2}}}`, []string{"C01 fail 1:49: /customizations/x/y"}},
		{"misspelt", `{"image": "a", "remoteuser": "x"}`, []string{"C02 warn 1:16: remoteUser"}},
		{"misspelt below", `{"build": {"dockerFile": "Dockerfile"}}`, []string{"C02 warn 1:12: dockerfile", `C04 fail 1:2: "dockerfile"`}},
		{"unknown", `{"image": "a", "zzz": {"name": 1}}`, []string{"C02 warn 1:16: zzz"}},
		{"unknown attribute", `{"image": "a", "portsAttributes": {"3000": {"lable": "x"}}}`, []string{"C02 warn 1:45: label"}},
		{"for another form", `{"dockerComposeFile": "../compose.yml", "service": "app", "runArgs": ["--init"]}`, []string{"C02 warn 1:59: runArgs"}},
		{"types", "{\"image\": 5,\n\"runArgs\": \"--init\",\n\"forwardPorts\": [3000, true, 70000, \"db:5432\", \"x\"]}",
			[]string{"C03 fail 1:2: string", "C03 fail 2:1: array", "C03 fail 3:24: boolean", "C03 fail 3:30: 70000", "C03 fail 3:48: x"}},
		{"null is nothing", `{"image": "a", "remoteUser": null}`, nil},
		{"command", `{"image": "a", "postCreateCommand": {"x": ["a", 1]}}`, []string{"C03 fail 1:49: string"}},
		{"lenient", `{"image": "a", "containerEnv": {"X": 1, "Y": {}}}`, []string{"C03 warn 1:33: quotes", "C03 fail 1:41: object"}},
		{"enumeration", `{"image": "a", "waitFor": "postCreatCommand"}`, []string{"C03 warn 1:16: postCreateCommand"}},
		{"nothing to make it from", `{}`, []string{"C04 warn 1:1: image"}},
		{"two forms", `{"image": "a", "build": {"dockerfile": "Dockerfile"}}`, []string{"C04 warn 1:2: image, build"}},
		{"old form", `{"dockerFile": "Dockerfile", "build": {"args": {"X": "1"}}}`, []string{"C09 warn 1:2: build.dockerfile"}},
		{"no service", `{"dockerComposeFile": ["../compose.yml"]}`, []string{"C04 fail 1:2: service"}},
		{"feature outside", `{"image": "a", "features": {"../outside": {}, "../../x": {}, "/abs": {}}}`,
			[]string{"C05 fail 1:29: .devcontainer", "C05 fail 1:47: .devcontainer", "C05 fail 1:62: absolute", "C06 skip 1:47: not known", "C06 skip 1:62: not known"}},
		{"feature and its folder", `{"image": "a", "features": {"./renamed": {}, "./none": {}, "./empty": {}, "./broken": {}, "./half": {}}}`,
			[]string{"C05 fail 1:29: named tool", "C05 fail 1:46: not there", "C05 fail 1:60: devcontainer-feature.json", "C05 fail 1:75: cannot be read", "C05 fail 1:91: install.sh",
				"C06 skip 1:46: not known", "C06 skip 1:60: not known", "C06 skip 1:75: not known"}},
		{"options", "{\"image\": \"a\", \"features\": {\"./tool\": {\n\"kinds\": \"a\",\n\"kind\": \"c\",\n\"fast\": \"yes\",\n\"where\": true}}}",
			[]string{"C06 fail 2:1: kind", "C06 fail 3:1: a, b", "C06 fail 4:1: true or false", "C06 warn 5:1: quotes"}},
		{"shorthand", `{"image": "a", "features": {"./tool": "latest"}}`, []string{"C06 warn 1:29: version"}},
		{"files", `{"build": {"dockerfile": "Dockerfil", "context": "../src/main.go"}}`, []string{"C07 fail 1:12: .devcontainer/Dockerfil", "C07 fail 1:39: wanted a folder"}},
		{"files above", `{"build": {"dockerfile": "Dockerfile", "context": "../.."}}`, []string{"C07 skip 1:40: outside"}},
		{"the whole workspace", `{"build": {"dockerfile": "./Dockerfile", "context": ".."}}`, nil},
		{"file with a variable", `{"build": {"dockerfile": "${localEnv:FILE}"}}`, nil},
		{"compose files", `{"dockerComposeFile": ["../compose.yml", "more.yml"], "service": "a"}`, []string{"C07 fail 1:42: .devcontainer/more.yml"}},
		{"environment", `{"image": "a", "runArgs": ["--env-file", "x.env", "--env-file=compose.yml"]}`, []string{"C07 fail 1:42: x.env"}},
		{"local artifact", `{"image": "a", "features": {"ghcr.io/x/cpython": {"artifactUrl": "/workspaces/${localWorkspaceFolderBasename}/dist/cpython-3.12.6-debian12-build1.tgz",
 "checksumUrl": "/workspaces/${localWorkspaceFolderBasename}/dist/cpython-3.12.6-debian12-build1.tgz.sha256"}}}`, []string{"C07 fail 2:2: mage build"}},
		{"artifact and checksum", "{\"image\": \"a\", \"features\": {\"ghcr.io/x/cpython\": {\n\"artifactUrl\": \"" + release + "cpython-3.12.6-build1/cpython-3.12.6-debian12-build1.tgz\",\n" +
			"\"checksumUrl\": \"" + release + "cpython-3.12.6-build2/cpython-3.12.6-debian12-build2.tgz.sha256\"}}}", []string{"C08 fail 3:1: build1.tgz.sha256"}},
		{"artifact of another release", "{\"image\": \"a\", \"features\": {\"ghcr.io/x/cpython\": {\n\"artifactUrl\": \"" + release + "cpython-3.12.6-build2/cpython-3.12.6-debian12-build1.tgz\",\n" +
			"\"version\": \"3.12.5\",\n\"buildNumber\": \"2\"}}}", []string{"C08 fail 3:1: 3.12.6", "C08 fail 4:1: 2", "C08 fail 2:1: cpython-3.12.6-build1"}},
		{"not an artifact", `{"image": "a", "features": {"ghcr.io/x/cpython": {"artifactUrl": "https://e.example/python.tgz"}}}`, []string{"C08 warn 1:51: python.tgz"}},
		{"deprecated", `{"image": "a", "extensions": ["x.y"], "features": {"node": "latest"}}`, []string{"C09 warn 1:16: customizations.vscode.extensions", "C09 warn 1:52: ghcr.io/devcontainers/features/node:1"}},
		{"variables", `{"image": "${localEnv}", "remoteEnv": {"A": "${localWorkspaceFolderBaseName} ${HOME} ${env:X}"}}`,
			[]string{"C10 fail 1:2: ${localEnv:NAME}", "C10 warn 1:40: ${localWorkspaceFolderBasename}"}},
		{"not an object", `[]`, []string{"C03 fail 1:1: object"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			report := parse(t, test.text).Check(devcontainer.CheckSettings{Workspace: workspace()})
			var got []string
			for _, f := range report.Findings {
				if f.Status != cpython.Pass {
					got = append(got, fmt.Sprintf("%s %s %s: %s | %s | %s | %s", f.ID, f.Status, strings.TrimPrefix(f.Subject, "devcontainer.json:"), f.Message, f.Found, f.Wanted, f.Fix))
				}
			}
			if len(got) != len(test.want) {
				t.Fatalf("found\n%s\nwanted %d findings", strings.Join(got, "\n"), len(test.want))
			}
			for i, want := range test.want {
				place, words, _ := strings.Cut(want, ": ")
				if !strings.HasPrefix(got[i], place+": ") || !strings.Contains(got[i], words) {
					t.Errorf("finding %d is %q, wanted %q", i, got[i], want)
				}
			}
		})
	}
}

// TestCheckEveryID keeps a report complete: each check says something, once at
// least, in the order of its ID.
func TestCheckEveryID(t *testing.T) {
	report := parse(t, `{"image": "a"}`).Check(devcontainer.CheckSettings{TextOnly: true})
	var ids []string
	for _, f := range report.Findings {
		ids = append(ids, f.ID+" "+string(f.Status))
	}
	want := "C01 pass C02 pass C03 pass C04 pass C05 skip C06 skip C07 skip C08 pass C09 pass C10 pass"
	if got := strings.Join(ids, " "); got != want || !report.OK() {
		t.Errorf("the report has %s, OK %t; wanted %s", got, report.OK(), want)
	}
}

func TestCheckFindsItsWorkspace(t *testing.T) {
	folder := t.TempDir()
	for _, test := range []struct{ name, dockerfile string }{
		{".devcontainer/devcontainer.json", ".devcontainer/Dockerfile"},
		{".devcontainer/python/devcontainer.json", ".devcontainer/python/Dockerfile"},
		{".devcontainer.json", "Dockerfile"},
	} {
		t.Run(test.name, func(t *testing.T) {
			name := filepath.Join(folder, filepath.FromSlash(test.name))
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(`{"build": {"dockerfile": "Dockerfile"}}`), 0o644); err != nil {
				t.Fatal(err)
			}
			f, err := devcontainer.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			if f.Check(devcontainer.CheckSettings{}).OK() {
				t.Error("the missing Dockerfile was not noticed")
			}
			if err := os.WriteFile(filepath.Join(folder, filepath.FromSlash(test.dockerfile)), nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if report := f.Check(devcontainer.CheckSettings{}); !report.OK() {
				t.Errorf("the Dockerfile was not found: %+v", report.Findings)
			}
		})
	}
}

package main

import (
	"os"
	"strings"
	"testing"
)

// TestExample keeps the example true: the lines that change are these, and all
// others stay.
func TestExample(t *testing.T) {
	before, err := os.ReadFile(".devcontainer/devcontainer.json")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run(&out); err != nil {
		t.Fatal(err)
	}
	after, report, _ := strings.Cut(out.String(), "\n}\n")
	const release = `"https://github.com/acme/infrastructure/releases/download/cpython-3.12.6-build1/cpython-3.12.6-ubuntu20.04-build1.tgz`
	const local = `"/workspaces/${localWorkspaceFolderBasename}/infrastructure/cpython/artifacts/cpython-3.12.6-ubuntu20.04-build1.tgz`
	want := strings.NewReplacer(
		`// "artifactUrl": `+release, `"artifactUrl": `+release, `// "checksumUrl": `+release, `"checksumUrl": `+release,
		`"artifactUrl": `+local, `// "artifactUrl": `+local, `"checksumUrl": `+local, `// "checksumUrl": `+local,
		`{ "version": "latest" }`, `{ "version": "latest", "ppa": false }`,
		`pip install -e .`, `pip install -e . && pip install -r 'requirements dev.txt'`,
		`"remoteUser": "vscode"`, "\"remoteUser\": \"vscode\",\n\t\"customizations\": {\n\t\t\"vscode\": {\n\t\t\t\"extensions\": [\"ms-python.python\"]\n\t\t}\n\t}",
	).Replace(string(before))
	if got := after + "\n}\n"; got != want {
		t.Errorf("the file became\n%s\nwanted\n%s", got, want)
	}
	if !strings.Contains(report, "[SUCCESS]") {
		t.Errorf("the report is\n%s", report)
	}
}

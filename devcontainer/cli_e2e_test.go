//go:build e2e

package devcontainer_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// cliVersion is the version of the reference implementation that this was
// written against.
const cliVersion = "0.89.0"

// A cli is the real devcontainer command.
type cli struct{ script string }

// installCLI installs it from npm.
func installCLI(t *testing.T) cli {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("there is no npm here to install the devcontainer command with")
	}
	dir := t.TempDir()
	install := exec.CommandContext(t.Context(), "npm", "install", "--no-audit", "--no-fund", "--prefix", dir, "@devcontainers/cli@"+cliVersion)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm install: %v\n%s", err, out)
	}
	return cli{filepath.Join(dir, "node_modules", "@devcontainers", "cli", "devcontainer.js")}
}

// What read-configuration prints, as far as it matters here.
type configuration struct {
	Configuration map[string]any `json:"configuration"`
	Workspace     struct {
		WorkspaceFolder string `json:"workspaceFolder"`
	} `json:"workspace"`
}

// read has the command read a devcontainer.json in a workspace of its own.
func (c cli) read(ctx context.Context, folder string) (configuration, error) {
	var out, said bytes.Buffer
	cmd := exec.CommandContext(ctx, "node", c.script, "read-configuration", "--workspace-folder", folder)
	cmd.Stdout, cmd.Stderr = &out, &said
	cmd.Env = append(os.Environ(), "HOME=/home/test", "USERPROFILE=")
	var read configuration
	if err := cmd.Run(); err != nil {
		return read, &cpython.ParseError{Kind: "configuration", Text: folder, Reason: err.Error() + ": " + said.String()}
	}
	err := json.Unmarshal(out.Bytes(), &read)
	delete(read.Configuration, "configFilePath")
	return read, err
}

// resolved is the file as the command should report it: all of it, with the
// variables that are known on the host.
func resolved(t *testing.T, f *devcontainer.File, folder, inContainer string) map[string]any {
	t.Helper()
	var value map[string]any
	if _, err := f.Get("", &value); err != nil {
		t.Fatal(err)
	}
	v := devcontainer.Variables{LocalWorkspaceFolder: folder, ContainerWorkspaceFolder: inContainer, LocalEnv: map[string]string{"HOME": "/home/test", "USERPROFILE": ""}}
	modernise(value)
	return resolveAll(value, v).(map[string]any)
}

// modernise puts old properties where the command reports them.
func modernise(value map[string]any) {
	extensions, hasExtensions := value["extensions"].([]any)
	settings, hasSettings := value["settings"].(map[string]any)
	if !hasExtensions && !hasSettings {
		return
	}
	inside := func(parent map[string]any, name string) map[string]any {
		if _, ok := parent[name].(map[string]any); !ok {
			parent[name] = map[string]any{}
		}
		return parent[name].(map[string]any)
	}
	code := inside(inside(value, "customizations"), "vscode")
	if more, ok := code["extensions"].([]any); ok || hasExtensions {
		code["extensions"] = append(append([]any{}, more...), extensions...)
	}
	if hasSettings {
		maps.Copy(settings, inside(code, "settings"))
		code["settings"] = settings
	}
	delete(value, "extensions")
	delete(value, "settings")
}

func resolveAll(value any, v devcontainer.Variables) any {
	switch value := value.(type) {
	case string:
		return devcontainer.Resolve(value, v)
	case []any:
		for i := range value {
			value[i] = resolveAll(value[i], v)
		}
	case map[string]any:
		for name := range value {
			value[name] = resolveAll(value[name], v)
		}
	}
	return value
}

// edits are one of each kind, all of which the command must report.
func edits(t *testing.T, f *devcontainer.File) {
	t.Helper()
	ref, err := cpython.ParseRef("cpython-3.12.6-ubuntu20.04-build1")
	if err != nil {
		t.Fatal(err)
	}
	const id = "./infrastructure/cpython/installer"
	for name, edit := range map[string]func() error{
		"feature": func() error {
			if err := f.SetFeature(id, devcontainer.Options{"version": "3.12.6", "skipValidation": false}); err != nil {
				return err
			}
			if err := f.UseLocal("dist/" + ref.File()); err != nil {
				return err
			}
			return f.MoveFeature(id, 0)
		},
		"env":       func() error { return f.SetContainerEnv("E2E", `"${localEnv:HOME}" ${localEnv:NO:or}`) },
		"remoteEnv": func() error { return f.SetRemoteEnv("E2E", nil) },
		"port":      func() error { return f.AddForwardPort(devcontainer.Port{Number: 12345}) },
		"mount":     func() error { return f.SetMount(devcontainer.Mount{Type: "volume", Source: "e2e", Target: "/e2e"}) },
		"user":      func() error { return f.SetRemoteUser("e2e") },
		"extension": func() error { return f.AddVSCodeExtension("a.b") },
		"setting":   func() error { return f.SetVSCodeSetting("a.b", map[string]any{"c": []int{1}}) },
		"wait":      func() error { return f.SetWaitFor(devcontainer.PostCreate) },
		"start": func() error {
			command, err := f.Lifecycle(devcontainer.PostStart)
			if err != nil || command.Parallel != nil {
				return err
			}
			return f.Append(devcontainer.PostStart, devcontainer.Command{Shell: "echo 'it' \"works\""})
		},
	} {
		if err := edit(); err != nil {
			t.Errorf("%s: %s: %v", f.Path(), name, err)
		}
	}
}

// TestE2EReadConfiguration has the real command read every corpus file that it
// accepts: as it is, edited, and with the other source; it must report all that
// stands in it, variables resolved.
func TestE2EReadConfiguration(t *testing.T) {
	c := installCLI(t)
	accepted, refused := 0, 0
	for _, s := range append(corpus(t), sample{"ours", []byte(everything)}) {
		t.Run(s.name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "my project")
			name := filepath.Join(folder, ".devcontainer", "devcontainer.json")
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, s.text, 0o644); err != nil {
				t.Fatal(err)
			}
			before, err := c.read(t.Context(), folder)
			if err != nil {
				refused++
				t.Skipf("the command does not accept the file as it is: %v", err)
			}
			accepted++
			f, err := devcontainer.Load(name)
			if err != nil {
				t.Fatal(err)
			}
			if want := resolved(t, f, folder, before.Workspace.WorkspaceFolder); !reflect.DeepEqual(before.Configuration, want) {
				t.Errorf("unedited, the command reports\n%v, wanted\n%v", before.Configuration, want)
			}
			edits(t, f)
			agree(t, c, f, folder)
			if err := f.UseRelease("acme", "python", mustRef(t, "cpython-3.13.5-debian12-build2")); err != nil {
				t.Fatal(err)
			}
			agree(t, c, f, folder)
		})
	}
	t.Logf("the command accepts %d files", accepted)
	if refused > 10 {
		t.Errorf("the command refuses %d files as they are: too many to prove anything", refused)
	}
}

func mustRef(t *testing.T, text string) cpython.Ref {
	t.Helper()
	ref, err := cpython.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// agree saves the file and compares what the command reports with what it says.
func agree(t *testing.T, c cli, f *devcontainer.File, folder string) {
	t.Helper()
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	read, err := c.read(t.Context(), folder)
	if err != nil {
		t.Fatalf("the command does not accept the edited file: %v\n%s", err, f.Bytes())
	}
	if want := resolved(t, f, folder, read.Workspace.WorkspaceFolder); !reflect.DeepEqual(read.Configuration, want) {
		t.Errorf("the command reports\n%v, wanted\n%v\n%s", read.Configuration, want, f.Bytes())
	}
	if features, ok := read.Configuration["features"].(map[string]any); !ok || features["./infrastructure/cpython/installer"] == nil {
		t.Errorf("the command reports no Feature: %v", read.Configuration["features"])
	}
}

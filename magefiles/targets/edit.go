package targets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

func runDevcontainerLocal(_ context.Context, artifact, out, file *string, dryRun bool) error {
	return editDevcontainer(file, dryRun, func(c *console, f *devcontainer.File) error {
		name, err := c.artifact(artifact, out)
		if err != nil {
			return err
		}
		if name, err = filepath.Abs(name); err != nil { // flags are relative to this folder, the file to its own
			return err
		}
		return f.UseLocal(name)
	})
}

func runDevcontainerRelease(_ context.Context, repo, artifact, out, file *string, dryRun bool) error {
	return editDevcontainer(file, dryRun, func(c *console, f *devcontainer.File) error {
		full := c.value("repo", repo, "GITHUB_REPOSITORY", "")
		owner, name, ok := strings.Cut(full, "/")
		if !ok {
			return fmt.Errorf("-repo=%s, wanted owner/name", full)
		}
		published, err := c.artifact(artifact, out)
		if err != nil {
			return err
		}
		ref, err := cpython.ParseFile(strings.TrimSuffix(filepath.Base(published), cpython.FileSuffix) + cpython.FileSuffix)
		if err != nil {
			return err
		}
		return f.UseRelease(owner, name, ref)
	})
}

func runDevcontainerSet(_ context.Context, feature, option, value, file *string, dryRun bool) error {
	options := devcontainer.Options{}
	switch {
	case feature == nil:
		return errors.New("-feature=ID: wanted a Feature, such as ghcr.io/devcontainers/features/git:1")
	case option == nil && value != nil:
		return errors.New("-value without -option")
	case option != nil && value == nil:
		options[*option] = nil
	case option != nil && (*value == "true" || *value == "false"):
		options[*option] = *value == "true"
	case option != nil:
		options[*option] = *value
	}
	return editDevcontainer(file, dryRun, func(_ *console, f *devcontainer.File) error { return f.SetFeature(*feature, options) })
}

// editDevcontainer edits a devcontainer.json, and prints its path or, with
// dryRun, the difference.
func editDevcontainer(file *string, dryRun bool, edit func(*console, *devcontainer.File) error) error {
	c, f, err := loadDevcontainer(file)
	if err != nil {
		return err
	}
	before := string(f.Bytes())
	if err := edit(c, f); err != nil {
		return err
	}
	if dryRun {
		_, err := io.WriteString(os.Stdout, unifiedDiff(f.Path(), before, string(f.Bytes())))
		return err
	}
	if !f.Changed() {
		c.logger.Info("nothing to do: the file says so already", "file", f.Path())
	}
	if err := f.Save(); err != nil {
		return err
	}
	_, err = fmt.Println(f.Path())
	return err
}

// unifiedDiff returns what git apply and patch take; it is empty where nothing
// changes.
func unifiedDiff(path, before, after string) string {
	path = strings.TrimLeft(filepath.ToSlash(path), "/")
	return udiff.Unified("a/"+path, "b/"+path, before, after)
}

// loadDevcontainer loads the file that a flag names, or finds the one there is.
func loadDevcontainer(file *string) (*console, *devcontainer.File, error) {
	c, err := newConsole()
	if err != nil {
		return nil, nil, err
	}
	name := c.value("file", file, "", "")
	if name == "" {
		if name, err = devcontainer.Find("."); err != nil {
			return nil, nil, err
		}
	}
	f, err := devcontainer.Load(name)
	return c, f, err
}

func runDevcontainerCheck(ctx context.Context, file *string, o devcontainer.HostOptions, asJSON, asJUnit bool) error {
	_, f, err := loadDevcontainer(file)
	if err != nil {
		return err
	}
	o.File, o.Env = f, devcontainer.Environment(os.Environ())
	report, err := devcontainer.CheckAll(ctx, "", o)
	if err != nil {
		return err
	}
	return printReport(report, asJSON, asJUnit)
}

func runDevcontainerShow(pointer, file *string, asJSON bool) error {
	_, f, err := loadDevcontainer(file)
	if err != nil {
		return err
	}
	if pointer == nil && !asJSON {
		return showDevcontainer(os.Stdout, f)
	}
	at := ""
	if pointer != nil {
		at = *pointer
	}
	var value any
	found, err := f.Get(at, &value)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%s has nothing at %s", f.Path(), at)
	}
	if text, ok := value.(string); ok && !asJSON {
		_, err := fmt.Println(text)
		return err
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// Command devcontainer shows package devcontainer on a team's own file: it
// prints what becomes of .devcontainer/devcontainer.json, and what a rebuild
// would stumble over, and changes nothing on disk.
package main

import (
	"fmt"
	"io"
	"log"
	"os"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

func main() {
	if err := run(os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(w io.Writer) error {
	name, err := devcontainer.Find(".")
	if err != nil {
		return err
	}
	f, err := devcontainer.Load(name)
	if err != nil {
		return err
	}
	if err := edit(f); err != nil {
		return err
	}
	// f.Save() would write it; Bytes shows it.
	if _, err := fmt.Fprintf(w, "%s\n", f.Bytes()); err != nil {
		return err
	}
	return f.Check(devcontainer.CheckSettings{TextOnly: true}).WriteText(w)
}

// edit moves the team to a published artifact and to a second step in the
// creation of the container.
func edit(f *devcontainer.File) error {
	ref, err := cpython.ParseRef("cpython-3.12.6-ubuntu20.04-build1")
	if err != nil {
		return err
	}
	if err := f.UseRelease("acme", "infrastructure", ref); err != nil {
		return err
	}
	if err := f.SetFeature("ghcr.io/devcontainers/features/git", devcontainer.Options{"ppa": false}); err != nil {
		return err
	}
	if err := f.Append(devcontainer.UpdateContent, devcontainer.Command{Args: []string{"pip", "install", "-r", "requirements dev.txt"}}); err != nil {
		return err
	}
	return f.AddVSCodeExtension("ms-python.python")
}

package targets

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// showDevcontainer prints a summary of a devcontainer.json.
func showDevcontainer(w io.Writer, f *devcontainer.File) error {
	image, err := f.Image()
	if err != nil {
		return err
	}
	build, err := f.Build()
	if err != nil {
		return err
	}
	compose, err := f.DockerComposeFiles()
	if err != nil {
		return err
	}
	user, err := f.RemoteUser()
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "file\t%s\n", f.Path())
	fmt.Fprintf(t, "made from\t%s\n", cmp.Or(image, build.Dockerfile, strings.Join(compose, ", "), "nothing"))
	fmt.Fprintf(t, "remote user\t%s\n", cmp.Or(user, "that of the container"))
	if err := showFeatures(t, f); err != nil {
		return err
	}
	for _, stage := range devcontainer.Stages() {
		command, err := f.Lifecycle(stage)
		if err != nil {
			return err
		}
		if !command.IsZero() {
			fmt.Fprintf(t, "%s\t%s\n", stage, commandText(command))
		}
	}
	return t.Flush()
}

func showFeatures(w io.Writer, f *devcontainer.File) error {
	features, err := f.Features()
	if err != nil {
		return err
	}
	for _, feature := range features {
		fmt.Fprintf(w, "feature\t%s\n", feature.ID)
		for _, name := range slices.Sorted(maps.Keys(feature.Options)) {
			fmt.Fprintf(w, "\t  %s: %v\n", name, feature.Options[name])
		}
	}
	return nil
}

// commandText is one line for people.
func commandText(c devcontainer.Command) string {
	var parts []string
	for _, named := range c.Parallel {
		parts = append(parts, named.Name+": "+commandText(named.Command))
	}
	if c.Args != nil {
		return fmt.Sprintf("%q", c.Args)
	}
	return cmp.Or(strings.Join(parts, "; "), c.Shell)
}

package targets

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/2-coatl/cpython-prebuilt/cpython/build"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
)

// A leftover is something of ours that is kept, on this host or in an engine.
type leftover struct {
	kind, name, size string
	remove           func() error
}

func runClean(ctx context.Context, remove, engine *string) error {
	c, err := newConsole()
	if err != nil {
		return err
	}
	found, err := c.leftovers(ctx, c.value("engine", engine, "", ""))
	if err != nil {
		return err
	}
	wanted := strings.Split(c.value("remove", remove, "", ""), ",")
	if wanted[0] == "" {
		return printLeftovers(os.Stdout, found)
	}
	return c.clean(found, wanted)
}

// leftovers returns what there is. Where no engine answers, it has nothing.
func (c *console) leftovers(ctx context.Context, engine string) ([]leftover, error) {
	local, err := build.Leftovers(ctx, c.cache, c.cache, "/var/tmp")
	if err != nil {
		return nil, err
	}
	var found []leftover
	for _, l := range local {
		found = append(found, leftover{l.Kind, l.Path, fmt.Sprintf("%.1f MB", float64(l.Size)/1e6), l.Remove})
	}
	inEngine, err := docker.List(ctx, engine)
	if errors.Is(err, docker.ErrNoEngine) || engine == "" && err != nil {
		c.logger.Info("containers, images and volumes are not looked at", "reason", err)
		return found, nil
	}
	for _, l := range inEngine {
		found = append(found, leftover{l.Kind, strings.TrimSpace(l.Name + " " + l.State), l.Size, func() error { return docker.Remove(ctx, engine, l) }})
	}
	return found, err
}

// kinds are what can be asked to be removed.
var kinds = []string{"sources", "logs", "work", "ccache", "container", "image", "volume", "all"}

// clean removes what is of the wanted kinds, and says so.
func (c *console) clean(found []leftover, wanted []string) error {
	for _, kind := range wanted {
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("%q cannot be removed, wanted one of %s", kind, strings.Join(kinds, ", "))
		}
	}
	var problems []error
	for _, l := range found {
		if !slices.Contains(wanted, l.kind) && !slices.Contains(wanted, "all") {
			continue
		}
		if err := l.remove(); err != nil {
			problems = append(problems, err)
			continue
		}
		c.logger.Info("removed", "kind", l.kind, "name", l.name, "size", l.size)
	}
	return errors.Join(problems...)
}

func printLeftovers(w io.Writer, found []leftover) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "KIND\tSIZE\tNAME")
	for _, l := range found {
		fmt.Fprintf(t, "%s\t%s\t%s\n", l.kind, l.size, l.name)
	}
	return t.Flush()
}

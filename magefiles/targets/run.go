package targets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/build"
)

func runBuild(ctx context.Context, what recipeFlags, where machineFlags, how builderFlags, dryRun bool) error {
	c, err := newConsole()
	if err != nil {
		return err
	}
	recipe, err := c.recipe(what)
	if err != nil {
		return err
	}
	on, err := c.machine(ctx, where)
	if err != nil {
		return err
	}
	result, err := c.buildOn(ctx, on, recipe, how, dryRun)
	c.end()
	if err := errors.Join(err, on.Close()); err != nil || result == nil {
		return err
	}
	return c.printBuilt(result)
}

// buildOn builds on a machine, or prints what would be done there.
func (c *console) buildOn(ctx context.Context, on *place, recipe build.Recipe, how builderFlags, dryRun bool) (*build.Result, error) {
	b := c.builder(how, on)
	if dryRun {
		return nil, printPlan(ctx, b, recipe)
	}
	return b.Build(ctx, recipe)
}

type validateFlags struct {
	artifact, out, level, machine, images *string
	json, junit                           bool
}

func runValidate(ctx context.Context, f validateFlags) error {
	c, err := newConsole()
	if err != nil {
		return err
	}
	level, err := artifact.ParseLevel(c.value("level", f.level, "", "full"))
	if err != nil {
		return err
	}
	name, err := c.artifact(f.artifact, f.out)
	if err != nil {
		return err
	}
	opts := artifact.VerifyOptions{Level: level}
	if way := c.value("machine", f.machine, "MACHINE", "local"); way != "local" && way != "auto" {
		var network *string
		if !strings.HasPrefix(way, "vagrant") {
			none := "none" // checks need no network, and get none
			network = &none
		}
		on, err := c.machine(ctx, machineFlags{machine: &way, network: network})
		if err != nil {
			return err
		}
		defer on.Close()
		opts.Machine, opts.TempDir = on.Machine, on.work
	}
	if list := c.value("image", f.images, "", ""); list != "" {
		for _, name := range strings.Split(list, ",") {
			none := "none"
			m := c.container(name, machineFlags{network: &none})
			m.Volumes = nil
			defer m.Close()
			opts.Images = append(opts.Images, artifact.Image{Name: name, Machine: m})
		}
	}
	report, err := artifact.Verify(ctx, name, opts)
	if err != nil {
		return err
	}
	return printReport(report, f.json, f.junit)
}

// artifact returns the artifact that was named, or else the newest there is.
func (c *console) artifact(file, out *string) (string, error) {
	if name := c.value("artifact", file, "ARTIFACT", ""); name != "" {
		return name, nil
	}
	dir := c.value("out", out, "", defaultOut)
	refs, err := artifact.Refs(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if len(refs) == 0 {
		return "", fmt.Errorf("no artifact in %s; build one (mage build), or name one (-artifact=FILE)", dir)
	}
	name := filepath.Join(dir, refs[len(refs)-1].File())
	c.logger.Info("artifact", "is", name, "from", "the newest in "+dir)
	return name, nil
}

func runInspect(ctx context.Context, file, out *string, asJSON, sbom bool) error {
	c, err := newConsole()
	if err != nil {
		return err
	}
	name, err := c.artifact(file, out)
	if err != nil {
		return err
	}
	i, err := artifact.Inspect(ctx, name)
	if err != nil {
		return err
	}
	return printInspection(os.Stdout, i, asJSON, sbom)
}

func runList(ctx context.Context, out *string, asJSON bool) error {
	c, err := newConsole()
	if err != nil {
		return err
	}
	dir := c.value("out", out, "", defaultOut)
	listed, err := artifact.List(ctx, dir)
	if err != nil {
		return err
	}
	return printList(os.Stdout, dir, listed, asJSON)
}

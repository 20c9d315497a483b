package targets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/build"
)

func runBuild(ctx context.Context, what recipeFlags, how builderFlags, dryRun bool) error {
	c, err := newConsole()
	if err != nil {
		return err
	}
	recipe, err := c.recipe(what)
	if err != nil {
		return err
	}
	if dryRun {
		return printPlan(recipe)
	}
	result, err := c.builder(how).Build(ctx, recipe)
	c.end()
	if err != nil {
		return err
	}
	return c.printBuilt(result)
}

type validateFlags struct {
	artifact, out, level *string
	json, junit          bool
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
	report, err := artifact.Verify(ctx, name, artifact.VerifyOptions{Level: level})
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

func runDoctor(ctx context.Context, what recipeFlags, how builderFlags, asJSON bool) error {
	c, err := newConsole()
	if err != nil {
		return err
	}
	recipe, err := c.recipe(what)
	if err != nil {
		return err
	}
	report, err := build.Doctor(ctx, c.builder(how), recipe)
	if err != nil {
		return err
	}
	return printReport(report, asJSON, false)
}

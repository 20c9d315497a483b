//go:build linux

// Command bench prints how long it takes to pack, check and install an
// artifact, in turn with what people would use instead, and how much memory.
// "mage bench" runs it. Every measured command is a process of its own: ours is
// this program again, with what it shall do as its first argument.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) > 0 && operations[args[0]] != nil {
		return operations[args[0]](ctx, args[1:])
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	file := flags.String("artifact", "", "the artifact to measure with (default: the newest in artifacts)")
	rounds := flags.Int("rounds", 9, "how often each command runs; medians are printed")
	only := flags.String("only", "", "measure only what holds this text")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	path, err := chosen(*file)
	if err != nil {
		return err
	}
	b, err := newBench(ctx, path, *rounds)
	if err != nil {
		return err
	}
	defer b.close()
	return b.print(ctx, *only)
}

// chosen returns the absolute path of the artifact to measure with.
func chosen(file string) (string, error) {
	if file != "" {
		return filepath.Abs(file)
	}
	const dir = "artifacts"
	refs, err := artifact.Refs(dir)
	if len(refs) == 0 {
		return "", errors.Join(fmt.Errorf("no artifact in %s; build one (go tool mage build), or name one (-artifact=FILE)", dir), err)
	}
	return filepath.Abs(filepath.Join(dir, refs[len(refs)-1].File()))
}

// operations are what this program does when it is measured.
var operations = map[string]func(context.Context, []string) error{
	"install": func(ctx context.Context, args []string) error { return install(ctx, args, false) },
	"durable": func(ctx context.Context, args []string) error { return install(ctx, args, true) },
	"verify":  func(ctx context.Context, args []string) error { return verify(ctx, args[0], artifact.Static) },
	"quick":   func(ctx context.Context, args []string) error { return verify(ctx, args[0], artifact.Quick) },
	"drift":   drift,
	"pack":    pack,
}

func install(ctx context.Context, args []string, durable bool) error {
	_, err := artifact.InstallFile(ctx, args[0], artifact.InstallOptions{InstallPrefix: args[1], Durable: durable})
	return err
}

func verify(ctx context.Context, path string, level artifact.Level) error {
	report, err := artifact.Verify(ctx, path, artifact.VerifyOptions{Level: level})
	if err == nil && !report.OK() {
		err = errors.Join(errors.New("the artifact fails its checks"), report.WriteText(os.Stderr))
	}
	return err
}

func drift(ctx context.Context, args []string) error {
	report, err := artifact.VerifyInstalled(ctx, args[0])
	if err == nil && !report.OK() {
		err = errors.Join(errors.New("the tree is not as it was installed"), report.WriteText(os.Stderr))
	}
	return err
}

func pack(ctx context.Context, args []string) error {
	text, err := os.ReadFile(filepath.Join(args[0], artifact.BuildInfoName))
	if err != nil {
		return err
	}
	info, err := artifact.ParseBuildInfo(text)
	if err != nil {
		return err
	}
	out, err := os.Create(args[1])
	if err != nil {
		return err
	}
	defer out.Close()
	packed, err := artifact.Pack(ctx, out, args[0], info)
	if err == nil && strings.HasSuffix(args[1], ".tgz") {
		err = artifact.WriteSidecar(args[1], packed.SHA256)
	}
	return err
}

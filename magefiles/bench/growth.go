//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
)

// printSize compares the size of the packed tree.
func (b *bench) printSize(context.Context) error {
	var sizes [2]int64
	for i, cmd := range []*exec.Cmd{
		b.operation(0, "pack", b.tree, filepath.Join(b.disk, "ours")),
		shell(`tar c -C "$1" . | gzip -9 >"$2"`, b.tree, filepath.Join(b.disk, "theirs")),
	} {
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%q: %w\n%s", cmd.Args, err, out)
		}
		var err error
		if sizes[i], err = size(filepath.Join(b.disk, []string{"ours", "theirs"}[i])); err != nil {
			return err
		}
	}
	_, err := fmt.Printf("\npacked size: %d bytes, tar c | gzip -9: %d bytes, ratio %.3f (limit 1.02)\n",
		sizes[0], sizes[1], float64(sizes[0])/float64(sizes[1]))
	return err
}

// printGrowth installs trees with more files, and with larger ones.
func (b *bench) printGrowth(ctx context.Context) error {
	fmt.Println()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TREE\tFILES\tMB\tINSTALL MS\tMB OF MEMORY\tVERIFY MS\tMB OF MEMORY\tPACK MS\tMB OF MEMORY\t")
	for _, g := range []struct {
		name, more string
	}{
		{"as it is", ""},
		{"its library twice", `cp -r "$1/lib/python"*.*/. "$1/share/1"`},
		{"its library four times", `for n in 1 2 3; do cp -r "$1/lib/python"*.*/. "$1/share/$n"; done`},
		{"and a file of 60 MB", `head -c 60000000 "$2" >"$1/share/large"`},
		{"and 10,000 files of 1 KB", `mkdir "$1/share/many"; cd "$1/share/many"; head -c 10240000 "$2" | split -b 1024 -a 4`},
	} {
		if err := b.grow(ctx, w, g.name, g.more); err != nil {
			return fmt.Errorf("growth: %s: %w", g.name, err)
		}
	}
	return w.Flush()
}

// grow adds to a copy of the tree, packs it, and measures with that.
func (b *bench) grow(ctx context.Context, w *tabwriter.Writer, name, more string) error {
	dir, err := os.MkdirTemp(b.disk, "growth")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tree, file := filepath.Join(dir, "tree"), filepath.Join(dir, filepath.Base(b.path))
	prepare := `cp -r "$1/" "$2" && mkdir -p "$2/share" && set -- "$2" "$3" && ` + cmp.Or(more, "true")
	if out, err := shell(prepare, b.tree, tree, b.path).CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	files, bytes, err := contents(tree)
	if err != nil {
		return err
	}
	if out, err := b.operation(0, "pack", tree, file).CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	fmt.Fprintf(w, "%s\t%d\t%.1f", name, files, float64(bytes)/1e6)
	for _, c := range []command{
		func(fresh string) *exec.Cmd { return b.operation(0, "install", file, fresh+"/python") },
		func(string) *exec.Cmd { return b.operation(0, "quick", file) },
		func(fresh string) *exec.Cmd { return b.operation(0, "pack", tree, fresh+"/a") },
	} {
		s, _, err := inTurn(ctx, dir, (b.rounds+1)/2, c, nil)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "\t%s\t%.0f", s.milliseconds(), float64(s.peak)/1e6)
	}
	_, err = fmt.Fprintln(w, "\t")
	return err
}

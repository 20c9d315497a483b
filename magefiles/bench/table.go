//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"golang.org/x/sys/unix"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// A bench is what the rows work with.
type bench struct {
	self    string // this program
	path    string // the artifact
	rounds  int
	disk    string // a folder beside the artifact
	memory  string // one in memory; empty where there is none
	prefix  string // the artifact, installed on disk
	tree    string // and as tar unpacks it
	uv      string // the program; empty where it cannot be had
	noUV    string // why
	entries int
	bytes   int64
}

func newBench(ctx context.Context, path string, rounds int) (*bench, error) {
	b := &bench{path: path, rounds: max(rounds, 1)}
	var err error
	if b.self, err = os.Executable(); err != nil {
		return nil, err
	}
	if b.disk, err = os.MkdirTemp(filepath.Dir(path), ".bench-"); err != nil {
		return nil, err
	}
	if fileSystem("/dev/shm") == "tmpfs" {
		if b.memory, err = os.MkdirTemp("/dev/shm", "bench-"); err != nil {
			b.memory = ""
		}
	}
	installed, err := artifact.InstallFile(ctx, path, artifact.InstallOptions{InstallPrefix: filepath.Join(b.disk, "tree")})
	if err != nil {
		b.close()
		return nil, err
	}
	b.prefix, b.tree = installed.Prefix, filepath.Join(b.disk, installed.Ref.Tree())
	out, err := shell(`tar xzf "$1" -C "$2"`, path, b.disk).CombinedOutput()
	if err != nil {
		b.close()
		return nil, fmt.Errorf("tar: %w\n%s", err, out)
	}
	if b.entries, b.bytes, err = contents(b.tree); err != nil {
		b.close()
		return nil, err
	}
	if b.uv, err = b.getUV(ctx); err != nil {
		b.noUV = strings.SplitN(err.Error(), "\n", 2)[0]
	}
	return b, nil
}

func (b *bench) close() {
	for _, dir := range []string{b.disk, b.memory} {
		if dir != "" {
			os.RemoveAll(dir)
		}
	}
}

// fileSystem returns the name of the file system that a folder is on.
func fileSystem(dir string) string {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return err.Error()
	}
	for magic, name := range map[int64]string{
		unix.TMPFS_MAGIC: "tmpfs", unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs",
		unix.BTRFS_SUPER_MAGIC: "btrfs", unix.OVERLAYFS_SUPER_MAGIC: "overlayfs",
	} {
		if int64(stat.Type) == magic {
			return name
		}
	}
	return fmt.Sprintf("%#x", stat.Type)
}

// A row is one line of the table.
type row struct {
	what    string
	against string // what else; empty where there is nothing to compare with
	dir     string // where; empty is a row that cannot be measured here
	ours    command
	theirs  command
	bar     float64 // the most that ours may take of theirs; 0 is none
	limit   string  // another limit, in words
	why     string  // why it cannot be measured
}

// operation is this program with an operation, on so many processors; 0 is all.
func (b *bench) operation(processors int, args ...string) *exec.Cmd {
	c := exec.Command(b.self, args...)
	c.Env = os.Environ()
	if processors > 0 {
		c.Env = append(c.Env, fmt.Sprintf("GOMAXPROCS=%d", processors))
	}
	return c
}

func shell(script string, args ...string) *exec.Cmd {
	return exec.Command("sh", append([]string{"-c", script, "sh"}, args...)...)
}

// rows returns the table. Every row installs into, or packs, a folder of its own.
func (b *bench) rows() []row {
	installs := func(what string, processors int) command {
		return func(fresh string) *exec.Cmd { return b.operation(processors, what, b.path, fresh+"/python") }
	}
	tar := func(fresh string) *exec.Cmd {
		return shell(`cd "$1" && sha256sum -c --quiet "$2.sha256" && tar xzf "$2" -C "$3"`, filepath.Dir(b.path), filepath.Base(b.path), fresh)
	}
	verifies := func(processors int) command {
		return func(string) *exec.Cmd { return b.operation(processors, "verify", b.path) }
	}
	gunzip := func(string) *exec.Cmd { return shell(`gzip -dc "$1" >/dev/null`, b.path) }
	packs := func(processors int) command {
		return func(fresh string) *exec.Cmd { return b.operation(processors, "pack", b.tree, fresh+"/a") }
	}
	tarGzip := func(fresh string) *exec.Cmd {
		return shell(`tar c -C "$1" . | gzip -9 >"$2"`, b.tree, fresh+"/a")
	}
	const scriptName, uvName = "sha256sum -c && tar xzf", "uv python install"
	rows := []row{
		{what: "install", against: scriptName, dir: b.disk, ours: installs("install", 0), theirs: tar, bar: 0.55},
		{what: "install", against: scriptName, dir: b.memory, ours: installs("install", 0), theirs: tar, bar: 0.5},
		{what: "install, 1 processor", against: scriptName, dir: b.disk, ours: installs("install", 1), theirs: tar},
		{what: "install, 1 processor", against: scriptName, dir: b.memory, ours: installs("install", 1), theirs: tar},
		{what: "install, durable", against: "without", dir: b.disk, ours: installs("durable", 0), theirs: installs("install", 0)},
		{what: "install", against: uvName, dir: b.disk, ours: installs("install", 0), theirs: b.installUV, bar: 0.8},
		{what: "install, durable", against: uvName, dir: b.disk, ours: installs("durable", 0), theirs: b.installUV, bar: 1},
		{what: "install", against: uvName, dir: b.memory, ours: installs("install", 0), theirs: b.installUV, bar: 0.8},
		{what: "already installed", dir: b.disk, ours: func(string) *exec.Cmd {
			return b.operation(0, "install", b.path, strings.TrimSuffix(b.prefix, "-"+b.version()))
		}, limit: "20 ms"},
		{what: "static verify", against: "gzip -dc >/dev/null", dir: b.disk, ours: verifies(0), theirs: gunzip, bar: 1},
		{what: "static verify, 1 processor", against: "gzip -dc >/dev/null", dir: b.disk, ours: verifies(1), theirs: gunzip},
		{what: "compare the installed tree", dir: b.disk, ours: func(string) *exec.Cmd { return b.operation(0, "drift", b.prefix) }},
		{what: "pack", against: "tar c | gzip -9", dir: b.disk, ours: packs(0), theirs: tarGzip, bar: 0.35},
		{what: "pack, 1 processor", against: "tar c | gzip -9", dir: b.disk, ours: packs(1), theirs: tarGzip},
	}
	for i := range rows {
		if rows[i].against == uvName && b.uv == "" {
			rows[i].why = b.noUV
		}
		if rows[i].dir == "" {
			rows[i].why = "/dev/shm is no tmpfs"
		}
	}
	return rows
}

func (b *bench) version() string {
	_, version, _ := strings.Cut(filepath.Base(b.tree), "-")
	return version
}

// print measures and prints row after row.
func (b *bench) print(ctx context.Context, only string) error {
	packed, err := size(b.path)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %.1f MB packed, %.1f MB in %d files; medians of %d rounds, in turn\n\n",
		filepath.Base(b.path), float64(packed)/1e6, float64(b.bytes)/1e6, b.entries, b.rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WHAT\tON\tMS\tMB OF MEMORY\tAGAINST\tMS\tRATIO\tLIMIT\t")
	for _, r := range b.rows() {
		if !strings.Contains(r.what+" "+r.against, only) {
			continue
		}
		if err := b.printRow(ctx, w, r); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if only != "" {
		return nil
	}
	return errors.Join(b.printSize(ctx), b.printGrowth(ctx))
}

func (b *bench) printRow(ctx context.Context, w *tabwriter.Writer, r row) error {
	if r.why != "" {
		fmt.Fprintf(w, "%s\t\tskipped: %s\t\t%s\t\t\t\t\n", r.what, r.why, r.against)
		return nil
	}
	fmt.Fprintln(os.Stderr, "measuring:", r.what, "/", cmp.Or(r.against, "nothing"), "on", fileSystem(r.dir))
	ours, theirs, err := inTurn(ctx, r.dir, b.rounds, r.ours, r.theirs)
	if err != nil {
		return fmt.Errorf("%s: %w", r.what, err)
	}
	ratio, other, limit := "", "", r.limit
	if r.theirs != nil {
		other = theirs.milliseconds()
		ratio = fmt.Sprintf("%.2f", float64(ours.median())/float64(theirs.median()))
	}
	if r.bar > 0 {
		limit = fmt.Sprintf("%.2f", r.bar)
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%.0f\t%s\t%s\t%s\t%s\t\n", r.what, fileSystem(r.dir), ours.milliseconds(), float64(ours.peak)/1e6, r.against, other, ratio, limit)
	return nil
}

package lab

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

const muslImage = "cpython-prebuilt/musl:latest"

// MuslImage sees to an image of a system with musl, made of Debian's musl and
// busybox packages, and returns its name: artifacts have to be refused there.
func MuslImage(ctx context.Context, out io.Writer) (name string, err error) {
	if _, err := output(ctx, "docker", "image", "inspect", muslImage); err == nil {
		return muslImage, nil
	}
	fmt.Fprintf(out, "lab: make %s\n", muslImage)
	dir, err := os.MkdirTemp("", "cpython-prebuilt-lab-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	tree := filepath.Join(dir, "tree")
	for _, folder := range []string{"bin", "etc", "tmp", "var/tmp", "root"} {
		if err := os.MkdirAll(filepath.Join(tree, folder), 0o777); err != nil {
			return "", err
		}
	}
	const release = "ID=musl\nPRETTY_NAME=\"a system with musl\"\n"
	if err := os.WriteFile(filepath.Join(tree, "etc/os-release"), []byte(release), 0o644); err != nil {
		return "", err
	}
	run := func(args ...string) error {
		return machine.Local().Run(ctx, machine.Cmd{Args: args, Dir: dir, Stdout: out, Stderr: out})
	}
	if err := run("apt-get", "update", "-q"); err != nil { // a new machine has no lists
		return "", fmt.Errorf("lab: image %s: %w", muslImage, err)
	}
	if err := run("apt-get", "download", "musl", "busybox-static"); err != nil {
		return "", fmt.Errorf("lab: image %s: %w", muslImage, err)
	}
	packages, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil {
		return "", err
	}
	for _, file := range packages {
		if err := run("dpkg-deb", "-x", file, tree); err != nil {
			return "", fmt.Errorf("lab: image %s: %w", muslImage, err)
		}
	}
	for _, applet := range strings.Fields("sh cat chmod chown cp env expr false find grep head id kill ln ls mkdir mv rm rmdir sed setsid sleep tail tar test touch true uname") {
		if err := os.Symlink("busybox", filepath.Join(tree, "bin", applet)); err != nil {
			return "", fmt.Errorf("lab: image %s: %w", muslImage, err)
		}
	}
	return muslImage, importTree(ctx, out, tree, muslImage)
}

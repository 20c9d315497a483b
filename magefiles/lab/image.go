package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
)

// suites is what Image takes: it becomes part of paths and names.
var suites = regexp.MustCompile(`^[a-z]+$`)

// Image sees to an image of a Debian suite, such as bookworm, and returns its
// name. It is Debian's smallest set of packages and nothing else, with an apt
// that uses the mirror of this machine.
func Image(ctx context.Context, out io.Writer, suite string) (name string, err error) {
	if !suites.MatchString(suite) {
		return "", fmt.Errorf("lab: %q is no suite of Debian, wanted one such as bookworm", suite)
	}
	name = "cpython-prebuilt/debian:" + suite
	if _, err := output(ctx, "docker", "image", "inspect", name); err == nil {
		return name, nil
	}
	text, err := output(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)", "Created-By: Packages")
	if err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	m := parseMirrors(text)
	if m.main == "" { // Ubuntu, say
		return name, pullImage(ctx, out, name, suite)
	}
	if err := need(ctx, out, map[string]string{"debootstrap": "debootstrap"}); err != nil {
		return "", err
	}
	if err := makeImage(ctx, out, name, suite, m); err != nil {
		return "", fmt.Errorf("lab: image %s: %w", name, err)
	}
	return name, checkApt(ctx, out, name)
}

// pullImage gives Debian's own image the name, where a registry can be reached.
func pullImage(ctx context.Context, out io.Writer, name, suite string) error {
	official := "debian:" + suite + "-slim"
	fmt.Fprintf(out, "lab: the apt of this machine has no mirror of Debian: pull %s\n", official)
	for _, args := range [][]string{{"docker", "pull", "-q", official}, {"docker", "tag", official, name}} {
		if err := machine.Local().Run(ctx, machine.Cmd{Args: args, Stdout: out, Stderr: out}); err != nil {
			return fmt.Errorf("lab: image %s: %w", name, err)
		}
	}
	return checkApt(ctx, out, name)
}

// mirrors are where the packages of Debian are.
type mirrors struct{ main, security string }

// parseMirrors finds the mirrors among lines of an address and the code name
// of what is there. Debian's security updates have an archive of their own.
func parseMirrors(text string) mirrors {
	var m mirrors
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 2 {
			continue
		}
		address, codename := strings.TrimSuffix(fields[0], "/"), fields[1]
		switch {
		case strings.HasSuffix(codename, "-security"):
			if m.security == "" {
				m.security = address
			}
		case strings.HasSuffix(address, "/debian") && m.main == "":
			m.main = address
		}
	}
	return m
}

// sources is the sources.list of an image.
func (m mirrors) sources(suite string, security bool) string {
	text := "deb " + m.main + " " + suite + " main\n"
	if security {
		text += "deb " + m.security + " " + suite + "-security main\n"
	}
	return text
}

// makeImage makes a tree with debootstrap and imports it.
func makeImage(ctx context.Context, out io.Writer, name, suite string, m mirrors) error {
	dir, err := os.MkdirTemp("", "cpython-prebuilt-lab-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintf(out, "lab: make %s\n", name)
	run := func(args ...string) error {
		return machine.Local().Run(ctx, machine.Cmd{Args: args, Stdout: out, Stderr: out})
	}
	if err := run("debootstrap", "--variant=minbase", suite, dir, m.main); err != nil {
		return err
	}
	security := m.security != "" && served(ctx, m.security+"/dists/"+suite+"-security/Release")
	if err := os.WriteFile(filepath.Join(dir, "etc/apt/sources.list"), []byte(m.sources(suite, security)), 0o644); err != nil {
		return err
	}
	proxy, err := output(ctx, "apt-config", "dump", "--no-empty", "Acquire::http::Proxy", "Acquire::https::Proxy")
	if err == nil && proxy != "" {
		err = os.WriteFile(filepath.Join(dir, "etc/apt/apt.conf.d/80proxy"), []byte(proxy), 0o644)
	}
	if err != nil {
		return err
	}
	return importTree(ctx, out, dir, name)
}

// served reports whether an address answers. A suite that is past its end has
// security updates on some mirrors only.
func served(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// importTree makes an image of a folder, with its owners, without what apt has
// fetched and can fetch again.
func importTree(ctx context.Context, out io.Writer, dir, name string) error {
	r, w := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := machine.Local().Run(ctx, machine.Cmd{Stdout: w, Stderr: out, Args: []string{"tar", "-C", dir, "-c",
			"--exclude=./var/lib/apt/lists/*", "--exclude=./var/cache/apt/*.bin", "--exclude=./var/cache/apt/archives/*.deb", "."}})
		w.CloseWithError(err)
		packed <- err
	}()
	err := machine.Local().Run(ctx, machine.Cmd{Stdin: r, Stdout: out, Stderr: out,
		Args: []string{"docker", "import", "--change", "LABEL " + docker.Label + "=", "-", name}})
	r.Close()
	return errors.Join(<-packed, err)
}

// checkApt proves that apt works in a container of the image, and says so
// when that takes the host's network.
func checkApt(ctx context.Context, out io.Writer, name string) error {
	m := docker.New(name)
	defer m.Close()
	var err error
	if m.Network, err = Network(ctx); err != nil {
		return err
	}
	if m.Network != "" {
		fmt.Fprintf(out, "lab: containers need the network %s to reach the mirror\n", m.Network)
	}
	err = m.Run(ctx, machine.Cmd{Args: []string{"apt-get", "update", "-q"}, Root: true, Stdout: out, Stderr: out})
	if err != nil {
		return fmt.Errorf("lab: apt does not work in a container of %s: %w", name, err)
	}
	return nil
}

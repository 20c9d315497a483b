package lab

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/docker"
)

const vagrantImage = "cpython-prebuilt/vagrant:bookworm"

// vagrantDockerfile makes of a base image what Vagrant calls a base box: an SSH
// server, a user vagrant who may become root without a password, and Vagrant's
// well-known key, which vagrant up replaces by one of its own
// (developer.hashicorp.com/vagrant/docs/boxes/base).
const vagrantDockerfile = `FROM %s
LABEL ` + docker.Label + `=
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends openssh-server procps sudo \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home --shell /bin/bash vagrant \
 && printf 'vagrant ALL=(ALL) NOPASSWD:ALL\n' >/etc/sudoers.d/vagrant \
 && mkdir -p /run/sshd
COPY --chown=vagrant:vagrant authorized_keys /home/vagrant/.ssh/authorized_keys
RUN chown vagrant:vagrant /home/vagrant/.ssh && chmod 700 /home/vagrant/.ssh && chmod 600 /home/vagrant/.ssh/authorized_keys
CMD ["/usr/sbin/sshd", "-D", "-e"]
`

// ErrNoBridge says that the daemon's containers cannot be reached by a port of
// this host, as Vagrant wants it.
var ErrNoBridge = errors.New("lab: the Docker daemon has no bridge network, which Vagrant's docker provider needs")

// VagrantImage sees to a Docker daemon, to Vagrant, which it installs with apt
// where it is missing, and to an image for Vagrant's docker provider, whose
// name it returns. Where the daemon has no bridge, that is ErrNoBridge. What it
// does goes to out.
func VagrantImage(ctx context.Context, out io.Writer) (name string, err error) {
	if err := Engine(ctx, out); err != nil {
		return "", err
	}
	if network, err := Network(ctx); err != nil {
		return "", err
	} else if network != "" {
		return "", ErrNoBridge
	}
	if _, err := exec.LookPath("vagrant"); err != nil {
		if err := need(ctx, out, map[string]string{"vagrant": "vagrant"}); err != nil {
			return "", err
		}
	}
	base, err := Image(ctx, out, "bookworm")
	if err != nil {
		return "", err
	}
	files, err := vagrantFiles(ctx, base)
	if err != nil {
		return "", err
	}
	// What has not changed since the last time, Docker takes from its cache.
	c := machine.Cmd{Args: []string{"docker", "build", "--tag", vagrantImage, "-"}, Stdin: files, Stdout: out, Stderr: out}
	if err := machine.Local().Run(ctx, c); err != nil {
		return "", fmt.Errorf("lab: image %s: %w", vagrantImage, err)
	}
	return vagrantImage, nil
}

// vagrantFiles returns what docker build reads, as a tar stream.
func vagrantFiles(ctx context.Context, base string) (io.Reader, error) {
	key, err := vagrantKey(ctx)
	if err != nil {
		return nil, err
	}
	var stream bytes.Buffer
	w := tar.NewWriter(&stream)
	for name, text := range map[string]string{"Dockerfile": fmt.Sprintf(vagrantDockerfile, base), "authorized_keys": key} {
		err = errors.Join(err, w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(text))}))
		_, wrote := io.WriteString(w, text)
		err = errors.Join(err, wrote)
	}
	return &stream, errors.Join(err, w.Close())
}

// vagrantKey returns the public key that every base box trusts, from the
// installed package of Vagrant.
func vagrantKey(ctx context.Context) (string, error) {
	list, err := output(ctx, "dpkg", "--listfiles", "vagrant")
	if err != nil {
		return "", fmt.Errorf("lab: where Vagrant keeps its public key: %w", err)
	}
	for file := range strings.Lines(list) {
		file = strings.TrimSpace(file)
		if path.Base(path.Dir(file)) == "keys" && path.Base(file) == "vagrant.pub" {
			key, err := os.ReadFile(file)
			return string(key), err
		}
	}
	return "", errors.New("lab: the package vagrant has no keys/vagrant.pub")
}

package docker

import (
	"errors"
	"strings"
	"testing"
)

// What real command lines said: docker 20.10.24 and 28.2.2 and podman 4.3.1.
func TestExplain(t *testing.T) {
	about := subject{image: "debian:12", arch: "arm64", container: "cpython-prebuilt-abc"}
	for _, test := range []struct {
		name string
		said string
		kind error
		want string
	}{
		{"unreachable, socket", "Cannot connect to the Docker daemon at unix:///nonexistent.sock. Is the docker daemon running?", ErrUnreachable,
			"the daemon at unix:///nonexistent.sock does not answer; start it"},
		{"unreachable, tcp", "Cannot connect to the Docker daemon at tcp://127.0.0.1:9. Is the docker daemon running?", ErrUnreachable, "at tcp://127.0.0.1:9 does not"},
		{"unreachable, ssh", `error during connect: Get "http://docker.example.com/v1.24/version": command [ssh -- host docker system dial-stdio] has exited with exit status 255`, ErrUnreachable, "does not answer"},
		{"permission, 28", "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get \"http://%2Fvar%2Frun%2Fdocker.sock/v1.50/version\": dial unix /var/run/docker.sock: connect: permission denied", ErrPermission,
			"this user may not use the daemon at unix:///var/run/docker.sock; add the user to the group docker"},
		{"permission, 20.10", "Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get \"http://%2Fvar%2Frun%2Fdocker.sock/v1.24/version\": dial unix /var/run/docker.sock: connect: permission denied", ErrPermission, "may not use the daemon"},
		{"image, no network", "Unable to find image 'debian:12' locally\ndocker: Error response from daemon: Get \"https://registry-1.docker.io/v2/\": dial tcp: lookup registry-1.docker.io: no such host\n\nRun 'docker run --help' for more information", ErrNoImage,
			`image debian:12 is not on this machine and cannot be pulled (Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host); check`},
		{"image, no network, 20.10", "Unable to find image 'debian:12' locally\ndocker: Error response from daemon: Get \"https://registry-1.docker.io/v2/\": no such host.\nSee 'docker run --help'.", ErrNoImage, "no such host); check"},
		{"image, unknown", "Unable to find image 'debian:12' locally\ndocker: Error response from daemon: pull access denied for debian, repository does not exist or may require 'docker login': denied: requested access to the resource is denied.", ErrNoImage, "or see docker login"},
		{"arch, exec format", "exec /usr/bin/sh: exec format error", ErrArch, "docker run --privileged --rm tonistiigi/binfmt --install arm64, or apt install qemu-user-static"},
		{"arch, 20.10", "standard_init_linux.go:228: exec user process caused: exec format error", ErrArch, "--install arm64"},
		{"arch, manifest", "docker: no matching manifest for linux/arm64 in the manifest list entries.", ErrArch, "image debian:12 is not made for linux/arm64 (no matching manifest"},
		{"arch, here for another", "docker: Error response from daemon: image with reference debian:12 was found but does not match the specified platform: wanted linux/arm64, actual: linux/amd64.", ErrArch, "actual: linux/amd64); choose"},
		{"space, pull", "12: Pulling from library/debian\ndocker: failed to register layer: write /usr/lib/x: no space left on device.", ErrNoSpace, "docker has no disk space left; docker system df"},
		{"space, after a pull", "Unable to find image 'debian:12' locally\nStatus: Downloaded newer image for debian:12\ndocker: Error response from daemon: mkdir /var/lib/docker/overlay2/x: no space left on device.", ErrNoSpace, "no disk space left"},
		{"no shell", `docker: Error response from daemon: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "sh": executable file not found in $PATH: unknown`, ErrNoShell, "image debian:12 has no sh"},
		{"gone", "Error response from daemon: No such container: cpython-prebuilt-abc", ErrGone, "container cpython-prebuilt-abc is gone"},
		{"stopped", "Error response from daemon: Container 32a7df3f3475 is not running", ErrGone, "container cpython-prebuilt-abc is gone"},
		{"podman, pull", "Trying to pull nosuch.invalid/x:latest...\nError: initializing source docker://nosuch.invalid/x:latest: pinging container registry nosuch.invalid: dial tcp: lookup nosuch.invalid: no such host", ErrNoImage, "cannot be pulled (initializing source"},
		{"podman, short name", `Error: short-name "x" did not resolve to an alias and no unqualified-search registries are defined in "/etc/containers/registries.conf"`, ErrNoImage, "short-name"},
		{"podman, gone", `Error: no container with name or ID "cpython-prebuilt-abc" found: no such container`, ErrGone, "is gone"},
		{"podman, stopped", "Error: can only create exec sessions on running containers: container state improper", ErrGone, "is gone"},
		{"podman, limits", "Error: crun: setrlimit `RLIMIT_NOFILE`: Operation not permitted: OCI permission denied", nil, "crun: setrlimit"},
		{"unknown after a pull", "Unable to find image 'debian:12' locally\nStatus: Downloaded newer image for debian:12\ndocker: Error response from daemon: network nonet not found.", nil, "docker failed with exit code 125: network nonet not found"},
		{"unknown", "docker: invalid spec: /bad::name:x: empty section between colons\n\nRun 'docker run --help' for more information", nil, "empty section between colons"},
		{"silent", "", nil, "it said nothing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := explain("docker", about, 125, test.said)
			if !errors.Is(err.Kind, test.kind) || test.kind != nil && !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("kind %v, %v; wanted %v with %q", err.Kind, err, test.kind, test.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than a line: %q", err.Error())
			}
		})
	}
}

func TestGoneSaysHow(t *testing.T) {
	if err := gone(subject{container: "c"}, 137); !strings.Contains(err.Error(), "want of memory (exit code 137)") {
		t.Error(err)
	}
}

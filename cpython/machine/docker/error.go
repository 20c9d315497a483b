package docker

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// What can be wrong with the engine; the Kind of an [Error].
var (
	ErrNoEngine    = errors.New("no container engine")
	ErrUnreachable = errors.New("container engine does not answer")
	ErrPermission  = errors.New("no permission to use the container engine")
	ErrNoImage     = errors.New("no such image")
	ErrArch        = errors.New("image for another processor")
	ErrNoSpace     = errors.New("container engine has no space left")
	ErrNoShell     = errors.New("image without a shell")
	ErrGone        = errors.New("container is gone")
)

// An Error is trouble with the engine, never a command that failed. errors.Is
// tells its kind.
type Error struct {
	Kind    error  // one of those above; nil for what is not known here
	Message string // one sentence: what is wrong and what to do
	Said    string // what the engine said
}

func (e *Error) Error() string { return "docker: " + e.Message }

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

func noEngine(names []string) *Error {
	what := names[0] + " is not"
	if len(names) > 1 {
		what = "neither " + strings.Join(names, " nor ") + " is"
	}
	return &Error{Kind: ErrNoEngine, Message: what + " on PATH; install it (on Debian and Ubuntu: apt install docker.io, or podman)"}
}

// A subject is what a command of the engine was about, as far as errors say it.
type subject struct {
	image, arch, container string
}

// endpoint finds where the command line looked for the daemon. It differs
// between versions whether a sentence or the next word follows.
var endpoint = regexp.MustCompile(`(?:unix|tcp|ssh|npipe|fd|https?)://[^\s"]*[^\s".:]`)

// explanations are tried in order: the first whose one text was said is it.
var explanations = []struct {
	said    []string
	explain func(engine string, about subject, said string) *Error
}{
	{[]string{"permission denied while trying to connect", "dial unix /var/run/docker.sock: connect: permission denied"},
		func(engine string, _ subject, said string) *Error {
			return &Error{Kind: ErrPermission, Message: "this user may not use the daemon" + at(said) +
				"; add the user to the group docker and log in again, or install podman, which needs no daemon"}
		}},
	{[]string{"Cannot connect to the Docker daemon", "error during connect", "Cannot connect to Podman", "unable to connect to Podman"},
		func(engine string, _ subject, said string) *Error {
			return &Error{Kind: ErrUnreachable, Message: "the daemon" + at(said) +
				" does not answer; start it (systemctl start docker), or choose another with DOCKER_HOST or docker context use"}
		}},
	{[]string{"no space left on device"}, func(engine string, _ subject, said string) *Error {
		return &Error{Kind: ErrNoSpace, Message: fmt.Sprintf("%s has no disk space left; %s system df says what takes it, and %s system prune frees what nobody uses", engine, engine, engine)}
	}},
	{[]string{"exec format error", "Exec format error"}, func(engine string, about subject, said string) *Error {
		arch := about.arch
		if arch == "" {
			arch = "all"
		}
		return &Error{Kind: ErrArch, Message: fmt.Sprintf("image %s is for a processor whose programs this machine cannot run; "+
			"enable them (docker run --privileged --rm tonistiigi/binfmt --install %s, or apt install qemu-user-static)", about.image, arch)}
	}},
	{[]string{"does not match the specified platform", "no matching manifest for", "no image found in manifest list for architecture", "no image found in image index for architecture"},
		func(engine string, about subject, said string) *Error {
			return &Error{Kind: ErrArch, Message: fmt.Sprintf("image %s is not made for %s (%s); choose another image or another processor", about.image, about.platform(), reason(said))}
		}},
	{[]string{`"sh": executable file not found`, "exec sh failed: No such file", "executable file `sh` not found"},
		func(engine string, about subject, said string) *Error {
			return &Error{Kind: ErrNoShell, Message: fmt.Sprintf("image %s has no sh; choose one that has sh, tar and env", about.image)}
		}},
	{[]string{"Unable to find image", "pull access denied", "manifest unknown", "initializing source", "No such image", "short-name"},
		func(engine string, about subject, said string) *Error {
			return &Error{Kind: ErrNoImage, Message: fmt.Sprintf("image %s is not on this machine and cannot be pulled (%s); check its name and the network, or see %s login", about.image, reason(said), engine)}
		}},
	{[]string{"No such container", "no such container", "is not running", "container state improper", "no container with name"},
		func(engine string, about subject, said string) *Error { return gone(about, 0) }},
}

// explain makes an error of what the engine said when it exited with a code.
func explain(engine string, about subject, code int, said string) *Error {
	said = strings.TrimSpace(said)
	if _, after, ok := strings.Cut(said, "\nStatus: Downloaded newer image"); ok {
		said = after // what was said of the image before is settled
	}
	for _, e := range explanations {
		for _, text := range e.said {
			if strings.Contains(said, text) {
				err := e.explain(engine, about, said)
				err.Said = said
				return err
			}
		}
	}
	return &Error{Message: fmt.Sprintf("%s failed with exit code %d: %s", engine, code, reason(said)), Said: said}
}

// gone says that the container ended while it was in use. code is its exit
// code where that is known.
func gone(about subject, code int) *Error {
	how := "it was stopped or removed by somebody else, or the daemon was restarted"
	if code == 128+9 {
		how = "it was killed, by somebody or for want of memory (exit code 137)"
	}
	return &Error{Kind: ErrGone, Message: fmt.Sprintf("container %s is gone: %s; look into the engine's log and start again", about.container, how)}
}

func (s subject) platform() string {
	if s.arch == "" {
		return "this machine's processor"
	}
	return "linux/" + s.arch
}

// at says where the daemon was looked for.
func at(said string) string {
	if where := endpoint.FindString(said); where != "" {
		return " at " + where
	}
	return ""
}

// reason is the line of what the engine said that has the reason: the last
// but for the advice that follows it.
func reason(said string) string {
	lines := strings.Split(said, "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		line := strings.TrimSpace(lines[i])
		if line == "" || strings.HasPrefix(line, "Run '") || strings.HasPrefix(line, "See '") {
			continue
		}
		for _, prefix := range []string{"docker: ", "Error: ", "Error response from daemon: "} {
			line = strings.TrimPrefix(line, prefix)
		}
		return strings.TrimSuffix(line, ".")
	}
	return "it said nothing"
}

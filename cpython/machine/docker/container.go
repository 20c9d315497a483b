package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"crypto/rand"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// home is the folder of the container's ordinary user.
const home = "/home/cpython"

// watchScript is the first process of a container: it ends when its standard
// input does, that is with the program that holds the other end. As process 1
// the shell also reaps what others leave, and must end on SIGTERM by itself.
const watchScript = `trap 'exit 143' INT TERM
exec 3<&0
cat <&3 >/dev/null &
printf 'ready\n'
wait
`

// keepScript is the first process of a container that stays for a day.
const keepScript = `trap 'exit 143' INT TERM
sleep 86400 &
wait
`

// userScript makes an ordinary user with uid 1000 or the first free one above
// and prints its numbers. The arguments are the folder that is its home, and
// volumes, which belong to it as well. Where no program makes users a number
// without a name does.
const userScript = `exec 2>&1
used() { while IFS=: read -r _ _ id _; do [ "$id" != "$uid" ] || return 0; done; return 1; }
uid=1000
while used </etc/passwd || used </etc/group; do uid=$((uid + 1)); done
if command -v useradd; then useradd -m -U -u "$uid" -d "$1" -s /bin/sh cpython
elif command -v adduser; then adduser -D -u "$uid" -h "$1" -s /bin/sh cpython
fi
gid=$uid
while IFS=: read -r name _ _ group _; do [ "$name" != cpython ] || gid=$group; done </etc/passwd
mkdir -p -- "$1" && chown "$uid:$gid" -- "$@" && printf 'user %s:%s\n' "$uid" "$gid"
`

// A container is one that was started. It is the transport of its machine.
type container struct {
	engine *engine
	about  subject
	name   string
	user   string // uid:gid of the ordinary user

	release io.Closer     // ends what the container watches; nil where it is kept
	stop    func()        // ends the engine's command that holds the container
	ended   chan struct{} // closed when the container has ended; nil where it is kept
	code    int           // its exit code then
	said    string        // what the engine said then
}

// start starts the container and makes its ordinary user.
func (m *Machine) start(ctx context.Context) (*container, error) {
	if m.Image == "" {
		return nil, errors.New("docker: no image is named")
	}
	e, err := findEngine(ctx, m.Engine)
	if err != nil {
		return nil, err
	}
	name := "cpython-prebuilt-" + strings.ToLower(rand.Text()[:10])
	box := &container{engine: &e, name: name, about: subject{m.Image, m.Arch, name}}
	for _, v := range m.Volumes {
		if _, err := e.output(ctx, box.about, "volume", "create", "--label", Label, v.Name); err != nil {
			return nil, err
		}
	}
	if m.Keep {
		_, err = e.output(ctx, box.about, m.runArgs(name)...)
	} else {
		err = box.hold(ctx, m.runArgs(name))
	}
	if err == nil {
		err = box.makeUser(ctx, m.Volumes)
	}
	if err == nil {
		return box, nil
	}
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), limit)
	defer cancel()
	// What went wrong first is what counts. An engine's command that was
	// stopped may have left a container that never started and so never ends.
	_ = box.remove(clean)
	_, _ = e.output(clean, box.about, "rm", "--force", name)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, box.other(clean, err)
}

// runArgs are the arguments that start the container.
func (m *Machine) runArgs(name string) []string {
	args := []string{"run", "--name", name, "--label", Label, "--user", "0:0", "--workdir", "/", "--entrypoint", "sh"}
	if m.Arch != "" {
		args = append(args, "--platform", "linux/"+m.Arch)
	}
	if m.Network != "" {
		args = append(args, "--network", m.Network)
	}
	for _, v := range m.Volumes {
		args = append(args, "--volume", v.Name+":"+v.Path)
	}
	if m.Keep {
		return append(args, "--detach", m.Image, "-c", keepScript)
	}
	return append(args, "--rm", "--interactive", m.Image, "-c", watchScript)
}

// hold starts the container and holds its standard input open until release.
// Only when the container says so is it ready: the image may have to be pulled first.
func (b *container) hold(ctx context.Context, args []string) error {
	input, release := io.Pipe()
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.release, b.stop, b.ended = release, stop, make(chan struct{})
	ready := make(chan struct{})
	once := sync.OnceFunc(func() { close(ready) })
	var errs bytes.Buffer
	go func() {
		defer close(b.ended)
		err := machine.Local().Run(running, machine.Cmd{
			Args: append([]string{b.engine.name}, args...), Stdin: input, Stderr: &errs,
			Stdout: writerFunc(func(p []byte) (int, error) { once(); return len(p), nil }),
		})
		if exit := (*machine.ExitError)(nil); errors.As(err, &exit) {
			b.code = exit.Code
		}
		b.said = errs.String()
	}()
	select {
	case <-ready:
		return nil
	case <-b.ended:
		return explain(b.engine.name, b.about, b.code, b.said)
	case <-ctx.Done():
		stop() // it may pull for long
		return ctx.Err()
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// makeUser sees to the ordinary user.
func (b *container) makeUser(ctx context.Context, volumes []Volume) error {
	args := []string{"exec", "--user", "0:0", b.name, "sh", "-c", userScript, "sh", home}
	for _, v := range volumes {
		args = append(args, v.Path)
	}
	out, err := b.engine.output(ctx, b.about, args...)
	if err != nil {
		return err
	}
	at := strings.LastIndex(out, "user ")
	if at < 0 {
		return &Error{Message: fmt.Sprintf("image %s: no ordinary user can be made: %s", b.about.image, reason(out)), Said: out}
	}
	b.user = strings.TrimSpace(out[at+len("user "):])
	return nil
}

// other finds out whether the image is here, but for another processor: some
// versions of docker then say only that they cannot pull it.
func (b *container) other(ctx context.Context, err error) error {
	if b.about.arch == "" || !errors.Is(err, ErrNoImage) {
		return err
	}
	platform, failed := b.engine.output(ctx, b.about, "image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", b.about.image)
	if failed != nil {
		return err
	}
	return &Error{Kind: ErrArch, Message: fmt.Sprintf("image %s is here for %s, not for %s, and cannot be pulled; choose another image or another processor",
		b.about.image, strings.TrimSpace(platform), b.about.platform()), Said: err.(*Error).Said}
}

// Exec runs argv in the container.
func (b *container) Exec(ctx context.Context, root bool, argv []string, stdin io.Reader, stdout, stderr io.Writer) (int, error) {
	for _, arg := range argv {
		if !utf8.ValidString(arg) {
			return 0, fmt.Errorf("docker: %q is not UTF-8, and %s would change it", arg, b.engine.name)
		}
	}
	if b.hasEnded() {
		return 0, b.goneError()
	}
	args := []string{b.engine.name, "exec", "--user", b.user, "--env", "HOME=" + home, "--workdir", home}
	if root {
		args = []string{b.engine.name, "exec", "--user", "0:0", "--workdir", "/"}
	}
	if stdin != nil {
		args = append(args, "--interactive")
	}
	args = append(append(args, b.name), argv...)
	err := machine.Local().Run(ctx, machine.Cmd{Args: args, Stdin: stdin, Stdout: stdout, Stderr: stderr})
	exit := (*machine.ExitError)(nil)
	if !errors.As(err, &exit) {
		if errors.Is(err, exec.ErrNotFound) {
			err = noEngine([]string{b.engine.name})
		}
		return 0, err
	}
	// The scripts of package remote exit with 0, so it is the engine that speaks.
	if trouble := explain(b.engine.name, b.about, exit.Code, exit.Tail); trouble.Kind == ErrGone {
		return exit.Code, b.goneError()
	} else if trouble.Kind != nil {
		return exit.Code, trouble
	}
	if !b.runs() {
		return exit.Code, b.goneError()
	}
	return exit.Code, nil
}

// runs asks the engine whether the container runs: a command often hears of
// its end before anybody else.
func (b *container) runs() bool {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	state, err := b.engine.output(ctx, b.about, "container", "inspect", "--format", "{{.State.Running}}", b.name)
	return err == nil && strings.TrimSpace(state) == "true"
}

func (b *container) hasEnded() bool {
	select {
	case <-b.ended: // never, of a nil channel
		return true
	default:
		return false
	}
}

// goneError waits a while for the engine to say how the container ended; it
// removes its files first.
func (b *container) goneError() *Error {
	select {
	case <-b.ended:
	case <-time.After(limit / 6):
		return gone(b.about, 0)
	}
	err := gone(b.about, b.code)
	err.Said = strings.TrimSpace(b.said)
	return err
}

// remove ends the container and returns when it is gone. That takes as long
// as the engine takes to remove its files.
func (b *container) remove(ctx context.Context) error {
	if b.release != nil {
		defer b.stop()
		b.release.Close()
		select {
		case <-b.ended:
			return nil
		case <-time.After(limit / 3): // its first process does not see the end
		}
	}
	_, err := b.engine.output(ctx, b.about, "rm", "--force", b.name)
	if trouble := (*Error)(nil); errors.As(err, &trouble) && b.ended != nil && strings.Contains(trouble.Said, "already in progress") {
		select {
		case <-b.ended:
			return nil
		case <-ctx.Done():
		}
	}
	if errors.Is(err, ErrGone) {
		return nil
	}
	return err
}

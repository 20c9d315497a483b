package artifact

import (
	"context"
	"io"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// seal is what runs before the interpreter in namespaces of its own
// (namespaces(7)): the tree becomes read-only there. Its first argument is the
// tree, the others are the command.
const seal = `tree=$1
shift
mount --bind "$tree" "$tree" && mount -o remount,bind,ro "$tree" && exec "$@"`

// isolation returns the arguments to put before a command so that it has no
// network and cannot write into the tree.
func isolation(tree string) []string {
	return []string{"unshare", "--user", "--map-root-user", "--net", "--mount", "--", "/bin/sh", "-c", seal, "sh", tree}
}

// isolate finds out how the machine lets the interpreter be isolated. Where it
// does not, its commands run as they are and open says why.
func (s *stage) isolate(ctx context.Context) {
	s.wrap = isolation(s.tree)
	var stderr bounded
	// Writing has to fail, or the seal means nothing: root in a user namespace may
	// write anywhere that is not read-only.
	err := s.machine.Run(ctx, machine.Cmd{
		Args: append(s.wrap, "/bin/sh", "-c", `! touch "$1/sealed"`, "sh", s.tree),
		Dir:  s.dir, Env: []string{"PATH=/usr/bin:/bin:/usr/sbin:/sbin"}, Stderr: &stderr,
	})
	if err == nil {
		return
	}
	s.wrap = nil
	if s.withdraw(ctx) != nil {
		s.open = "this host does not let a program have namespaces of its own: " + lastLine(stderr.String(), err.Error())
	}
}

// withdraw is what does in a container, which is a namespace already, without
// a network and with a user who is not root: nobody may write into the tree.
func (s *stage) withdraw(ctx context.Context) error {
	const script = `[ "$(id -u)" != 0 ] && [ "$(ls /sys/class/net)" = lo ] && chmod -R a-w "$1" && ! touch "$1/sealed" 2>/dev/null`
	return s.ask(ctx, io.Discard, "sh", "-c", script, "sh", s.tree)
}

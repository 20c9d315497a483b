package vagrant

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// A rootWay is how commands become root's.
type rootWay int

const (
	rootUnknown rootWay = iota
	rootItself          // the user of the virtual machine is root
	rootSudo            // sudo, which does not ask
)

// asRoot returns the arguments that, before those of a command, make it root's.
func (t transport) asRoot(ctx context.Context) ([]string, error) {
	p := &t.machine.pool
	p.mutex.Lock()
	way := p.root
	p.mutex.Unlock()
	if way == rootUnknown {
		var err error
		if way, err = t.findRoot(ctx); err != nil {
			return nil, err
		}
		p.mutex.Lock()
		p.root = way
		p.mutex.Unlock()
	}
	if way == rootItself {
		return nil, nil
	}
	return []string{"sudo", "-n", "--"}, nil
}

// findRoot tries how to become root. A refused sudo looks like a command that
// failed, so it is asked once, apart from any command.
func (t transport) findRoot(ctx context.Context) (rootWay, error) {
	var user, said bytes.Buffer
	code, err := t.Exec(ctx, false, []string{"id", "-u"}, nil, &user, nil)
	if err != nil {
		return rootUnknown, err
	}
	if code == 0 && strings.TrimSpace(user.String()) == "0" {
		return rootItself, nil
	}
	code, err = t.Exec(ctx, false, []string{"sudo", "-n", "--", "true"}, nil, &said, &said)
	if err != nil {
		return rootUnknown, err
	}
	if code != 0 {
		return rootUnknown, fmt.Errorf("%w: on the virtual machine of %s sudo says %q, wanted a user who need not give a password",
			machine.ErrNoRoot, t.machine.name(), strings.TrimSpace(said.String()))
	}
	return rootSudo, nil
}

package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// A Leftover is something with our label that the engine has.
type Leftover struct {
	Kind  string // container, image or volume
	ID    string // by which Remove finds it
	Name  string
	State string // of a container: running, exited and so on
	Size  string // as the engine prints it; empty where it does not know
}

// lists are how an engine lists each kind, as ID, name, state and size.
var lists = []struct {
	kind string
	args []string
	rm   []string
}{
	{"container", []string{"ps", "--all", "--size", "--format", "{{.ID}}\t{{.Names}}\t{{.State}}\t{{.Size}}"}, []string{"rm", "--force"}},
	{"image", []string{"images", "--format", "{{.ID}}\t{{.Repository}}:{{.Tag}}\t\t{{.Size}}"}, []string{"rmi"}},
	{"volume", []string{"volume", "ls", "--format", "{{.Name}}\t{{.Name}}\t\t"}, []string{"volume", "rm"}},
}

// List returns the containers, images and volumes that bear our label:
// containers first, because they stand in the way of removing the others.
// engine is as for Check.
func List(ctx context.Context, engine string) ([]Leftover, error) {
	e, err := findEngine(ctx, engine)
	if err != nil {
		return nil, err
	}
	var found []Leftover
	for _, list := range lists {
		text, err := e.output(ctx, subject{}, append(list.args[:len(list.args):len(list.args)], "--filter", "label="+Label)...)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(text) {
			fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
			if len(fields) != 4 {
				return nil, fmt.Errorf("docker: %s lists a %s as %q, wanted four fields", e.name, list.kind, line)
			}
			found = append(found, Leftover{list.kind, fields[0], fields[1], fields[2], fields[3]})
		}
	}
	return found, nil
}

// Remove removes what List found, or those of it that the caller chose, in
// that order. Running containers are ended. It goes on after an error; what is
// gone already is none.
func Remove(ctx context.Context, engine string, leftovers ...Leftover) error {
	e, err := findEngine(ctx, engine)
	if err != nil {
		return err
	}
	var errs []error
	for _, l := range leftovers {
		for _, list := range lists {
			if list.kind != l.Kind {
				continue
			}
			_, err := e.output(ctx, subject{image: l.Name, container: l.Name}, append(list.rm[:len(list.rm):len(list.rm)], l.ID)...)
			if err != nil && !errors.Is(err, ErrGone) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

package docker

import (
	"context"
	"errors"
	"fmt"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// Check says whether a container engine is there and answers. engine is docker
// or podman; empty is whichever does. It changes nothing.
func Check(ctx context.Context, engine string) []cpython.Finding {
	f := cpython.Finding{ID: "container-engine", Subject: engine, Wanted: "Docker or Podman that answers"}
	e, err := findEngine(ctx, engine)
	if err == nil {
		f.Status, f.Subject, f.Found = cpython.Pass, e.name, e.version
		f.Message = fmt.Sprintf("%s %s answers", e.name, e.version)
		return []cpython.Finding{f}
	}
	f.Status, f.Message, f.Found = cpython.Fail, "no container engine can be used", err.Error()
	if trouble := (*Error)(nil); errors.As(err, &trouble) {
		f.Message, f.Found, f.Fix = trouble.Message, trouble.Said, fixes[trouble.Kind]
	}
	return []cpython.Finding{f}
}

// fixes are the commands that most people need.
var fixes = map[error]string{
	ErrNoEngine:    "sudo apt-get install -y docker.io",
	ErrUnreachable: "sudo systemctl start docker",
	ErrPermission:  "sudo usermod -aG docker $USER, then log in again",
}

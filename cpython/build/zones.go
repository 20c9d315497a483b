package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// zoneDir is where the machine has the time zone database; the package that the
// toolchain step sees to puts it there on every distribution.
const zoneDir = "/usr/share/zoneinfo"

// notZones are in that folder too: the same zones twice more, with leap seconds
// counted and without, and what is the machine's own.
var notZones = []string{"posix", "right", "localtime", "posixrules"}

// addZones puts the time zone database into the tree, for systems without one:
// configure was told that it is there.
func (s *session) addZones(ctx context.Context) error {
	stream, err := s.Machine.CopyOut(ctx, zoneDir)
	if err != nil {
		return fmt.Errorf("time zones: %w", err)
	}
	defer stream.Close()
	dir := filepath.Join(s.treeDir(), "share", "zoneinfo")
	if err := machine.Local().CopyIn(ctx, dir, stream); err != nil {
		return fmt.Errorf("time zones: %w", err)
	}
	for _, name := range notZones {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("time zones: %w", err)
		}
	}
	return nil
}

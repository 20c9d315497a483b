//go:build e2e

package machine_test

import (
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/machinetest"
)

// TestE2EConform is TestLocal with as many and as large files as for the others.
func TestE2EConform(t *testing.T) {
	machinetest.Conform(t, machine.Local(), machinetest.Options{Dir: t.TempDir(), Files: 10_000, Large: 1 << 30})
}

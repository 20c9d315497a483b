package vagrant_test

import (
	"context"
	"fmt"
	"os"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine/vagrant"
)

// The virtual machine of a folder is started, used and shut down.
func ExampleMachine() {
	ctx := context.Background()
	m := &vagrant.Machine{Dir: "builder", Memory: 8192}
	if err := m.Up(ctx, os.Stderr); err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	if err := m.Run(ctx, machine.Cmd{Args: []string{"cat", "/etc/os-release"}, Stdout: os.Stdout}); err != nil {
		fmt.Println(err)
	}
	if err := m.Halt(ctx, os.Stderr); err != nil {
		fmt.Println(err)
	}
}

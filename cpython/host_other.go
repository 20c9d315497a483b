//go:build !linux

package cpython

import (
	"fmt"
	"runtime"
)

func hostMachine() (string, error) {
	return "", fmt.Errorf("%s is not Linux; build in a container or a virtual machine", runtime.GOOS)
}

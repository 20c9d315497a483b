package cpython

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// HostPlatform returns the platform of the machine this program runs on. It
// fails where CPython cannot be built directly: on anything but Linux.
func HostPlatform() (Platform, error) {
	machine, err := hostMachine()
	if err != nil {
		return Platform{}, fmt.Errorf("platform of this host: %w", err)
	}
	osRelease, err := os.ReadFile("/etc/os-release")
	if errors.Is(err, fs.ErrNotExist) {
		osRelease, err = os.ReadFile("/usr/lib/os-release") // os-release(5)
	}
	if err != nil {
		return Platform{}, fmt.Errorf("platform of this host: %w", err)
	}
	return ParsePlatform(string(osRelease), machine)
}

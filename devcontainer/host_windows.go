package devcontainer

import (
	"errors"

	"golang.org/x/sys/windows"
)

// freeDisk returns the bytes that this user can still write where path lies.
func freeDisk(path string) (int64, error) {
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		return 0, err
	}
	var free uint64
	err = windows.GetDiskFreeSpaceEx(name, &free, nil, nil)
	return int64(free), err
}

// portTaken knows the error of Windows, which is not that of package syscall.
func portTaken(err error) bool { return errors.Is(err, windows.WSAEADDRINUSE) }

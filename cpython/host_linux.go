package cpython

import "syscall"

// hostMachine returns what uname -m prints. A program that was compiled for
// another architecture than the machine's may run there.
func hostMachine() (string, error) {
	var name syscall.Utsname
	if err := syscall.Uname(&name); err != nil {
		return "", err
	}
	var machine []byte
	for _, c := range name.Machine { // int8 or uint8, as the C compiler has char
		if c == 0 {
			break
		}
		machine = append(machine, byte(c))
	}
	return string(machine), nil
}

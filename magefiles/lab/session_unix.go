//go:build unix

package lab

import (
	"os/exec"
	"syscall"
)

// ownSession keeps a daemon from the signals that a terminal sends to us.
func ownSession(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

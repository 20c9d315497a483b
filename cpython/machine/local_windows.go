package machine

import (
	"io/fs"
	"os"
	"os/exec"
	"time"
)

// ownGroup does nothing: Windows has no process groups in the sense of POSIX.
func ownGroup(*exec.Cmd) {}

// terminate ends the command itself. There is no signal to ask for it.
func (g *group) terminate() error { return g.cmd.Process.Kill() }

// end does nothing.
func (g *group) end(time.Time) {}

// exitCode returns the exit code.
func exitCode(state *os.ProcessState) int { return state.ExitCode() }

// A fileID tells files apart whatever their names.
type fileID struct{}

// linkedID finds no other names of a file; each is copied as a file of its own.
func linkedID(fs.FileInfo) (fileID, bool) { return fileID{}, false }

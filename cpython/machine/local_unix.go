//go:build unix

package machine

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ownGroup makes the command the leader of a session, and so of a process
// group. Setpgid alone would leave it the terminal of this program, in the
// background of which a password prompt stops forever instead of failing.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// terminate asks the process group that p leads to end.
func terminate(p *os.Process) error {
	if err := syscall.Kill(-p.Pid, syscall.SIGTERM); err == syscall.ESRCH {
		return os.ErrProcessDone
	} else if err != nil {
		return err
	}
	return nil
}

// endGroup ends what is left of a process group whose leader has ended. It
// waits until the given time for the rest to end by itself, kills it, and
// waits a moment longer, so that nobody writes files after Run has returned.
func endGroup(group int, until time.Time) {
	awaitGroup(group, until)
	if syscall.Kill(-group, syscall.SIGKILL) == nil {
		awaitGroup(group, time.Now().Add(grace/4))
	}
}

// awaitGroup waits until nothing of the group runs, or until the given time.
func awaitGroup(group int, until time.Time) {
	for pause := time.Millisecond; time.Now().Before(until); pause = min(2*pause, 20*time.Millisecond) {
		if syscall.Kill(-group, 0) != nil || allZombies(group) {
			return
		}
		time.Sleep(pause)
	}
}

// allZombies reports whether every member of the group has ended and only
// waits to be reaped, as orphans do for long or forever in a container whose
// first process is no init. It says no where there is no Linux /proc.
func allZombies(group int) bool {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return false
	}
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // has ended meanwhile
		}
		// proc_pid_stat(5): number (name) state parent group ...; a name may hold anything.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 2 && fields[2] == strconv.Itoa(group) && fields[0] != "Z" && fields[0] != "X" {
			return false
		}
	}
	return len(stats) > 0
}

// exitCode returns the exit code as shells count it.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}

// A fileID tells files apart whatever their names.
type fileID struct{ device, inode uint64 }

// linkedID returns the identity of a file that has more than one name.
func linkedID(info fs.FileInfo) (fileID, bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Nlink < 2 {
		return fileID{}, false
	}
	return fileID{uint64(stat.Dev), stat.Ino}, true
}

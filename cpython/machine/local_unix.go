//go:build unix

package machine

import (
	"bytes"
	"fmt"
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

// terminate asks the group to end.
func (g *group) terminate() error {
	if g.sudo != "" {
		// os/exec will not get through with the SIGKILL that follows.
		g.killer = time.AfterFunc(grace, func() { _ = g.signal(syscall.SIGKILL) })
	}
	if err := g.signal(syscall.SIGTERM); err == syscall.ESRCH {
		return os.ErrProcessDone
	} else if err != nil {
		return err
	}
	return nil
}

// signal sends a signal to every process of the group.
func (g *group) signal(s syscall.Signal) error {
	id := g.cmd.Process.Pid
	if g.sudo == "" {
		return syscall.Kill(-id, s)
	}
	// The kill of the shell: not every machine has one as a program.
	return exec.Command(g.sudo, "-n", "--", "sh", "-c", `kill "$1" "$2"`, "sh", fmt.Sprintf("-%d", s), fmt.Sprintf("-%d", id)).Run()
}

// end ends what is left of the group, whose leader has ended. It waits until
// the given time for the rest to end by itself, kills it, and waits a moment
// longer, so that nobody writes files after Run has returned.
func (g *group) end(until time.Time) {
	if g.killer != nil {
		g.killer.Stop()
	}
	if g.await(until); g.gone() {
		return
	}
	if g.signal(syscall.SIGKILL) == nil {
		g.await(time.Now().Add(grace / 4))
	}
}

// await waits until nothing of the group runs, or until the given time.
func (g *group) await(until time.Time) {
	for pause := time.Millisecond; time.Now().Before(until); pause = min(2*pause, 20*time.Millisecond) {
		if g.gone() || allZombies(g.cmd.Process.Pid) {
			return
		}
		time.Sleep(pause)
	}
}

// gone reports whether the group has no process that could take a signal.
func (g *group) gone() bool {
	err := syscall.Kill(-g.cmd.Process.Pid, 0)
	return err != nil && (err != syscall.EPERM || g.sudo == "")
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

//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A command is one that is measured. The folder it is given is empty and of its
// own, on the file system that the row is about.
type command func(fresh string) *exec.Cmd

// A sample is what runs of one command took.
type sample struct {
	times []time.Duration
	peak  int64 // bytes of memory, the most of all runs
}

func (s sample) median() time.Duration {
	times := slices.Sorted(slices.Values(s.times))
	return times[len(times)/2]
}

func (s sample) milliseconds() string {
	return fmt.Sprintf("%.1f", float64(s.median().Microseconds())/1000)
}

// once runs a command and adds what it took. On a disk the folder stays: removing
// trees slows down what is written after that, so all go at the end. In memory
// it goes at once: memory that was never used before takes longer to get.
func (s *sample) once(dir string, c command) error {
	fresh, err := os.MkdirTemp(dir, "fresh")
	if err != nil {
		return err
	}
	cmd := c(fresh)
	started := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%q: %w\n%s", cmd.Args, err, out)
	}
	s.times = append(s.times, time.Since(started))
	if fileSystem(dir) == "tmpfs" {
		if err := os.RemoveAll(fresh); err != nil {
			return err
		}
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.peak = max(s.peak, usage.Maxrss<<10) // getrusage(2): kilobytes on Linux
	}
	return nil
}

// inTurn runs two commands one after the other, several times. There may be no
// second one.
func inTurn(ctx context.Context, dir string, rounds int, ours, theirs command) (a, b sample, err error) {
	dir, err = os.MkdirTemp(dir, "row")
	if err != nil {
		return a, b, err
	}
	defer os.RemoveAll(dir)
	spread(dir)
	for round := range rounds + 1 {
		if round == 1 {
			a, b = sample{}, sample{} // the first round warms the caches
		}
		if err := ctx.Err(); err != nil {
			return a, b, err
		}
		if err := a.once(dir, ours); err != nil {
			return a, b, err
		}
		if theirs == nil {
			continue
		}
		if err := b.once(dir, theirs); err != nil {
			return a, b, err
		}
	}
	return a, b, nil
}

// spread has ext4 put the folders in dir far apart. Where much was deleted in
// the last minutes, as by an earlier run, ext4 takes several times as long to
// make a file: it passes over what was deleted recently, one by one. Other file
// systems do not know the flag, and need no help.
func spread(dir string) {
	f, err := os.Open(dir)
	if err != nil {
		return
	}
	defer f.Close()
	if flags, err := unix.IoctlGetUint32(int(f.Fd()), unix.FS_IOC_GETFLAGS); err == nil {
		_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, int(flags|topDir))
	}
}

// topDir is FS_TOPDIR_FL of linux/fs.h: what chattr +T sets.
const topDir = 0x20000

// size returns the bytes of a file.
func size(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// contents returns how many files are below a folder and how many bytes they have.
func contents(dir string) (files int, bytes int64, err error) {
	err = filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			files++
			bytes += info.Size()
		}
		return err
	})
	return files, bytes, err
}

package artifact_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// realArtifact returns the artifact that the benchmarks of installing work on:
// what they measure depends on its size and its number of files.
func realArtifact(b *testing.B) string {
	b.Helper()
	path := os.Getenv("CPYTHON_ARTIFACT")
	if path == "" {
		b.Skip("CPYTHON_ARTIFACT does not name an artifact")
	}
	return path
}

// benchDir is where they install: CPYTHON_BENCH_DIR chooses the file system.
func benchDir(b *testing.B) string {
	b.Helper()
	dir, err := os.MkdirTemp(os.Getenv("CPYTHON_BENCH_DIR"), "install")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// BenchmarkInstall installs into a fresh folder each time, in turn with what a
// shell script would do, and reports medians. Nothing is removed in between:
// that would slow down what comes after it.
func BenchmarkInstall(b *testing.B) {
	path := realArtifact(b)
	install := func(durable bool) func(context.Context, string) error {
		return func(ctx context.Context, dir string) error {
			_, err := artifact.InstallFile(ctx, path, artifact.InstallOptions{InstallPrefix: dir + "/python", Durable: durable})
			return err
		}
	}
	script := func(ctx context.Context, dir string) error {
		c := exec.CommandContext(ctx, "sh", "-c", `cd "$1" && sha256sum -c --quiet "$2.sha256" && tar xzf "$2" -C "$3"`,
			"sh", filepath.Dir(path), filepath.Base(path), dir)
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		return nil
	}
	for name, durable := range map[string]bool{"plain": false, "durable": true} {
		b.Run(name, func(b *testing.B) {
			dir := benchDir(b)
			var ours, theirs []time.Duration
			for b.Loop() {
				ours = append(ours, took(b, dir, install(durable)))
				theirs = append(theirs, took(b, dir, script))
			}
			a, t := median(ours), median(theirs)
			b.ReportMetric(float64(a.Microseconds())/1000, "install-ms")
			b.ReportMetric(float64(t.Microseconds())/1000, "tar-ms")
			b.ReportMetric(float64(a)/float64(t), "of-tar")
		})
	}
}

func took(b *testing.B, dir string, f func(context.Context, string) error) time.Duration {
	b.Helper()
	fresh, err := os.MkdirTemp(dir, "fresh")
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	if err := f(b.Context(), fresh); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}

// BenchmarkInstallAgain installs what is there already.
func BenchmarkInstallAgain(b *testing.B) {
	path := realArtifact(b)
	opts := artifact.InstallOptions{InstallPrefix: benchDir(b) + "/python"}
	if _, err := artifact.InstallFile(b.Context(), path, opts); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if installed, err := artifact.InstallFile(b.Context(), path, opts); err != nil || installed.Changed {
			b.Fatal(installed, err)
		}
	}
}

func BenchmarkVerifyInstalled(b *testing.B) {
	path := realArtifact(b)
	opts := artifact.InstallOptions{InstallPrefix: benchDir(b) + "/python"}
	installed, err := artifact.InstallFile(b.Context(), path, opts)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if report, err := artifact.VerifyInstalled(b.Context(), installed.Prefix); err != nil || !report.OK() {
			b.Fatal(report, err)
		}
	}
}

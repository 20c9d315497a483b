package build

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// What a build takes: a compiled tree with its profile comes to about 1 GB, and
// link-time optimisation takes about as much memory per processor.
const (
	diskNeeded   = 3 << 30  // bytes, in the work folder
	diskWanted   = 10 << 30 // bytes: room for several builds, images and artifacts
	memoryNeeded = 1 << 30  // bytes
)

// Doctor checks whether the builder's machine can build the recipe, and says
// what to do about each thing that stands in the way. It changes nothing.
func Doctor(ctx context.Context, b Builder, recipe Recipe) (*cpython.Report, error) {
	b, err := b.withDefaults()
	if err != nil {
		return nil, err
	}
	report := &cpython.Report{Subject: "building on this machine"}
	platform, err := b.platform(ctx, recipe.Ref.Platform)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		report.Add(cpython.Finding{ID: "platform", Status: cpython.Fail, Message: "not a machine that can build",
			Found: err.Error(), Wanted: "Linux with glibc", Fix: "build on a machine like that, or in a container of one"})
		return report, nil
	}
	recipe.Ref.Platform = platform
	recipe = recipe.withDefaults()
	report.Add(cpython.Finding{ID: "platform", Status: cpython.Pass, Subject: platform.String(), Message: "can be built for"})
	for _, check := range []func(context.Context, Builder, Recipe) (cpython.Finding, error){
		checkToolchain, checkDisk, checkMemory, checkOutput,
	} {
		finding, err := check(ctx, b, recipe)
		if err != nil {
			return nil, err
		}
		report.Add(finding)
	}
	return report, nil
}

func checkToolchain(ctx context.Context, b Builder, recipe Recipe) (cpython.Finding, error) {
	p := recipe.packages()
	f := cpython.Finding{ID: "toolchain", Subject: p.manager.name, Wanted: strings.Join(p.names, " ")}
	if !p.known {
		f.Status, f.Message = cpython.Warn, "the package manager of this distribution is not known here, so nothing is checked"
		f.Fix = "install what provides these (the names are Debian's)"
		return f, nil
	}
	installed, err := p.installed(ctx, b.Machine, queryEnv)
	if err != nil {
		if ctx.Err() != nil {
			return f, ctx.Err()
		}
		f.Status, f.Message, f.Found = cpython.Fail, "the installed packages cannot be listed", err.Error()
		return f, nil
	}
	missing := p.missing(installed)
	if len(missing) == 0 {
		f.Status, f.Message = cpython.Pass, fmt.Sprintf("all %d packages are installed", len(p.names))
		return f, nil
	}
	f.Found, f.Fix = "missing: "+strings.Join(missing, " "), p.commandLine(missing)
	err = b.Machine.Run(ctx, machine.Cmd{Args: []string{"true"}, Env: queryEnv, Root: true})
	if ctx.Err() != nil {
		return f, ctx.Err()
	}
	if err == nil && p.manager.refresh != nil {
		f.Status, f.Message = cpython.Warn, "some packages are missing; the build installs them by itself"
		return f, nil
	}
	f.Status, f.Message = cpython.Fail, "some packages are missing, and the build may not install them"
	if err != nil {
		f.Message += ": " + err.Error()
	}
	return f, nil
}

func checkDisk(ctx context.Context, b Builder, _ Recipe) (cpython.Finding, error) {
	f := cpython.Finding{ID: "disk", Subject: b.Work, Wanted: gigabytes(diskNeeded)}
	free, err := b.freeDisk(ctx)
	if err != nil {
		return f, err
	}
	f.Status, f.Message, f.Found = cpython.Pass, gigabytes(free)+" free", gigabytes(free)
	if free < diskNeeded {
		f.Status, f.Message = cpython.Fail, "not enough free disk space to build in"
		f.Fix = "free some, or build in another folder (environment CPYTHON_PREBUILT_CACHE)"
	} else if free < diskWanted {
		f.Status, f.Message, f.Wanted = cpython.Warn, "enough for one build, and not for several, for images and virtual machines", gigabytes(diskWanted)
		f.Fix = "free some (mage clean says what is kept here)"
	}
	return f, nil
}

// freeDisk returns the free bytes below the work folder, or below the nearest
// folder above it that is there.
func (b Builder) freeDisk(ctx context.Context) (int64, error) {
	dir := b.Work
	for dir != "/" && b.missingDir(ctx, dir) {
		dir = dir[:max(1, strings.LastIndexByte(dir, '/'))]
	}
	text, err := b.output(ctx, "df", "-Pk", dir) // POSIX: blocks of 1024 bytes, one line per file system
	if err != nil {
		return 0, fmt.Errorf("free disk space: %w", err)
	}
	lines := strings.Split(text, "\n")
	fields := strings.Fields(lines[len(lines)-1])
	if len(fields) < 4 {
		return 0, fmt.Errorf("free disk space: df says %q", text)
	}
	blocks, err := strconv.ParseInt(fields[3], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("free disk space: %w", err)
	}
	return blocks << 10, nil
}

func (b Builder) missingDir(ctx context.Context, dir string) bool {
	_, err := b.output(ctx, "test", "-d", dir)
	return err != nil && ctx.Err() == nil
}

func checkMemory(ctx context.Context, b Builder, _ Recipe) (cpython.Finding, error) {
	f := cpython.Finding{ID: "memory", Wanted: gigabytes(memoryNeeded) + " available"}
	text, err := b.output(ctx, "cat", "/proc/meminfo")
	if err != nil {
		return f, fmt.Errorf("memory: %w", err)
	}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "MemAvailable:" {
			continue
		}
		kilobytes, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return f, fmt.Errorf("memory: %w", err)
		}
		available := kilobytes << 10
		f.Status, f.Found = cpython.Pass, gigabytes(available)
		f.Message = gigabytes(available) + " available"
		if available < memoryNeeded {
			f.Status, f.Message = cpython.Warn, "link-time optimisation may run out of memory"
			f.Fix = "give the machine more, or build with fewer jobs (-jobs=1)"
		}
		return f, nil
	}
	f.Status, f.Message = cpython.Skip, "/proc/meminfo does not say how much is available"
	return f, nil
}

func checkOutput(_ context.Context, b Builder, _ Recipe) (cpython.Finding, error) {
	f := cpython.Finding{ID: "output", Subject: b.Dir, Status: cpython.Pass, Message: "can be written"}
	if err := prepareDir(b.Dir); err != nil {
		f.Status, f.Message, f.Found = cpython.Fail, "cannot be written", err.Error()
		f.Fix = "choose another folder (-out=)"
	}
	return f, nil
}

func gigabytes(bytes int64) string { return fmt.Sprintf("%.1f GB", float64(bytes)/1e9) }

package build

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// packageManager is how a distribution installs packages.
type packageManager struct {
	name          string
	distributions []string
	tools         []string // what compiling C needs
	choose        func(dependency) string
	zones         string   // the package of the time zone database
	query         []string // lists the installed ones of the names that follow, as "name<tab>version"
	refresh       []string // fetches the lists of packages; nil where installing does it by itself
	install       []string
	owner         []string // tells which package the file that follows belongs to
	version       []string // tells the version of the package that follows
	source        []string // tells the source package of the package that follows
	licence       string   // a script that prints the licences of the package $1
}

var packageManagers = []packageManager{
	{
		name:          "apt",
		distributions: []string{"debian", "ubuntu", "raspbian", "linuxmint", "pop", "kali", "devuan"},
		tools:         []string{"gcc", "libc6-dev", "make", "patch", "pkg-config"},
		choose:        func(d dependency) string { return d.apt },
		zones:         "tzdata",
		query:         []string{"dpkg-query", "-W", "-f", "${db:Status-Abbrev}\t${Package}\t${Version}\n"},
		refresh:       []string{"apt-get", "update", "-q"},
		install:       []string{"apt-get", "install", "-y", "-q", "--no-install-recommends"},
		owner:         []string{"dpkg-query", "-S"},
		version:       []string{"dpkg-query", "-W", "-f", "${Version}\n"},
		source:        []string{"dpkg-query", "-W", "-f", "${source:Package}\n"},
		licence:       `cat "/usr/share/doc/$1/copyright"`,
	},
	{
		name:          "dnf",
		distributions: []string{"fedora", "rhel", "centos", "rocky", "almalinux", "ol", "amzn"},
		tools:         []string{"gcc", "glibc-devel", "make", "patch", "pkgconf-pkg-config", "findutils"},
		choose:        func(d dependency) string { return d.dnf },
		zones:         "tzdata",
		query:         []string{"rpm", "-q", "--qf", "ii\t%{NAME}\t%{VERSION}-%{RELEASE}\n"},
		install:       []string{"dnf", "install", "-y"},
		owner:         []string{"rpm", "-q", "--qf", "%{NAME}\n", "-f"},
		version:       []string{"rpm", "-q", "--qf", "%{VERSION}-%{RELEASE}\n"},
		source:        []string{"rpm", "-q", "--qf", "%{SOURCERPM}\n"},
		licence:       `rpm -qL "$1" | while read -r file; do cat "$file"; done`,
	},
	{
		name:          "zypper",
		distributions: []string{"opensuseleap", "opensusetumbleweed", "sles", "sled"},
		tools:         []string{"gcc", "glibc-devel", "make", "patch", "pkg-config", "findutils"},
		choose:        func(d dependency) string { return d.zypper },
		zones:         "timezone",
		query:         []string{"rpm", "-q", "--qf", "ii\t%{NAME}\t%{VERSION}-%{RELEASE}\n"},
		install:       []string{"zypper", "install", "-y"},
		owner:         []string{"rpm", "-q", "--qf", "%{NAME}\n", "-f"},
		version:       []string{"rpm", "-q", "--qf", "%{VERSION}-%{RELEASE}\n"},
		source:        []string{"rpm", "-q", "--qf", "%{SOURCERPM}\n"},
		licence:       `rpm -qL "$1" | while read -r file; do cat "$file"; done`,
	},
}

func packageManagerOf(p cpython.Platform) (packageManager, bool) {
	for _, m := range packageManagers {
		if slices.Contains(m.distributions, p.Distribution()) {
			return m, true
		}
	}
	return packageManager{}, false
}

// Supported reports whether builds work on a platform without anything being
// installed by hand: it has glibc and a package manager that is known here.
func Supported(p cpython.Platform) bool {
	_, known := packageManagerOf(p)
	return known && p.Libc() == "glibc"
}

// packages is what a recipe needs from the distribution.
type packages struct {
	manager packageManager
	known   bool // whether the distribution's package manager is known
	names   []string
}

// packages returns what the recipe needs from the distribution. On one whose
// package manager is not known, the names are Debian's, to go by.
func (r Recipe) packages() packages {
	manager, known := packageManagerOf(r.Ref.Platform)
	if !known {
		manager = packageManagers[0]
	}
	names := slices.Clone(manager.tools)
	for _, module := range r.linkedModules() {
		if d, ok := dependencies[module]; ok {
			names = append(names, manager.choose(d))
		}
	}
	if !r.SystemLibraries {
		names = append(names, "patchelf")
	}
	names = append(names, manager.zones)
	slices.Sort(names)
	return packages{manager, known, slices.Compact(names)}
}

// installed returns the versions of those packages that the machine has, by name.
func (p packages) installed(ctx context.Context, m machine.Machine, env []string) (map[string]string, error) {
	var out bytes.Buffer
	err := m.Run(ctx, machine.Cmd{Args: slices.Concat(p.manager.query, p.names), Env: env, Stdout: &out})
	// Both query tools exit with 1 when one of the packages is not there.
	if exit := (*machine.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	versions := map[string]string{}
	for line := range strings.Lines(out.String()) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) == 3 && strings.HasPrefix(fields[0], "ii") {
			versions[fields[1]] = fields[2]
		}
	}
	return versions, nil
}

// missing returns the packages that are not among the installed ones.
func (p packages) missing(installed map[string]string) []string {
	var missing []string
	for _, name := range p.names {
		if _, ok := installed[name]; !ok {
			missing = append(missing, name)
		}
	}
	return missing
}

// A ToolchainError says what the machine lacks to build, and the one command
// that brings it.
type ToolchainError struct {
	Missing []string
	Command string // empty where the distribution's package manager is not known
	Err     error  // why it could not be done here; may be nil
}

func (e *ToolchainError) Error() string {
	text := "toolchain: not installed: " + strings.Join(e.Missing, " ")
	if e.Err != nil {
		text += " (" + e.Err.Error() + ")"
	}
	if e.Command != "" {
		return text + "\nrun this, then build again: " + e.Command
	}
	return text + "\ninstall what provides these (the names are Debian's), then build again"
}

func (e *ToolchainError) Unwrap() error { return e.Err }

// commandLine is the command that people type to install packages.
func (p packages) commandLine(missing []string) string {
	if !p.known {
		return ""
	}
	return "sudo " + strings.Join(slices.Concat(p.manager.install, missing), " ")
}

// ensure installs what is missing where that needs no question: with apt, on a
// machine that can become root. It returns the versions of
// all packages.
func (p packages) ensure(ctx context.Context, m machine.Machine, run func(machine.Cmd) error, env []string) (map[string]string, error) {
	installed, err := p.installed(ctx, m, env)
	if err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return nil, err
		}
		return nil, &ToolchainError{p.names, p.commandLine(p.names), err}
	}
	missing := p.missing(installed)
	if len(missing) == 0 {
		return installed, nil
	}
	if !p.known || p.manager.refresh == nil {
		return nil, &ToolchainError{missing, p.commandLine(missing), nil}
	}
	quietly := slices.Concat(env, []string{"DEBIAN_FRONTEND=noninteractive"})
	for _, args := range [][]string{p.manager.refresh, slices.Concat(p.manager.install, missing)} {
		if p.manager.name == "apt" {
			args = slices.Insert(slices.Clone(args), 1, "-o", "Acquire::Retries=3") // mirrors have weak moments
		}
		if err := run(machine.Cmd{Args: args, Env: quietly, Root: true}); err != nil {
			return nil, &ToolchainError{missing, p.commandLine(missing), err}
		}
	}
	if installed, err = p.installed(ctx, m, env); err != nil {
		return nil, err
	}
	if missing = p.missing(installed); len(missing) > 0 {
		return nil, &ToolchainError{missing, p.commandLine(missing), errors.New("still missing after they were installed")}
	}
	return installed, nil
}

// InstallPackages sees to packages of the builder's machine, by their names in
// its distribution, the way a build sees to its toolchain: what is missing is
// installed where that needs no question, and is a [*ToolchainError] elsewhere.
// Of the builder it uses Machine, Output and ProxyEnv.
func InstallPackages(ctx context.Context, b Builder, names ...string) error {
	if b.Machine == nil {
		b.Machine = machine.Local()
	}
	platform, err := b.platform(ctx, cpython.Platform{})
	if err != nil {
		return err
	}
	manager, known := packageManagerOf(platform)
	p := packages{manager, known, names}
	_, err = p.ensure(ctx, b.Machine, func(c machine.Cmd) error {
		c.Stdout, c.Stderr = b.Output, b.Output
		return b.Machine.Run(ctx, c)
	}, slices.Concat(queryEnv, b.ProxyEnv))
	return err
}

package cpython

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// A Platform is what an artifact was built for: "debian12", "ubuntu20.04",
// "debian12-arm64", "debian12-amd64_v3". Platforms are comparable with == and
// usable as map keys. The zero Platform is no platform and its text is empty.
type Platform struct {
	// OS is the distribution and its release: the fields ID, without
	// hyphens, and VERSION_ID of os-release(5). A rolling distribution has
	// no release: "arch".
	OS string

	// Arch is the processor architecture in Go's spelling: "amd64", "arm64".
	Arch string

	// Level is the micro-architecture level of the x86-64 psABI, "v2" to
	// "v4". Empty is the baseline of the architecture.
	Level string
}

// machineNames maps what uname -m prints to Go's names of architectures.
var machineNames = map[string]string{
	"x86_64":  "amd64",
	"amd64":   "amd64",
	"aarch64": "arm64",
	"arm64":   "arm64",
	"armv7l":  "arm",
	"i686":    "386",
	"ppc64le": "ppc64le",
	"riscv64": "riscv64",
	"s390x":   "s390x",
}

var (
	osPattern    = regexp.MustCompile(`^[a-z][a-z0-9]*(?:\.[a-z0-9]+)*$`)
	levelPattern = regexp.MustCompile(`^v[2-4]$`)
)

// PlatformNamed reads the text form of a platform. The error is a [*ParseError].
func PlatformNamed(text string) (Platform, error) {
	fail := func(format string, args ...any) (Platform, error) {
		return Platform{}, &ParseError{"platform", text, fmt.Sprintf(format, args...)}
	}
	system, arch, spelled := strings.Cut(text, "-")
	if !osPattern.MatchString(system) {
		return fail("wanted a distribution and its release, as in debian12, ubuntu20.04 or debian12-arm64")
	}
	if !spelled {
		return Platform{OS: system, Arch: "amd64"}, nil
	}
	arch, level, levelled := strings.Cut(arch, "_")
	if !slices.Contains(Architectures(), arch) {
		return fail("unknown architecture %q, wanted one of %s", arch, strings.Join(Architectures(), ", "))
	}
	if levelled && (arch != "amd64" || !levelPattern.MatchString(level)) {
		return fail("unknown level %q, wanted v2, v3 or v4 of amd64, as in debian12-amd64_v3", level)
	}
	if arch == "amd64" && !levelled {
		return fail("amd64 is implied, write %s", system)
	}
	return Platform{system, arch, level}, nil
}

// Architectures returns the known names of architectures, sorted.
func Architectures() []string {
	return slices.Compact(slices.Sorted(maps.Values(machineNames)))
}

// ParsePlatform reads the platform of a machine from the content of its
// /etc/os-release (os-release(5)) and the output of uname -m there. The error
// is a [*ParseError].
func ParsePlatform(osRelease, machine string) (Platform, error) {
	fields := osReleaseFields(osRelease)
	strip := strings.NewReplacer("-", "", "_", "")
	id := strip.Replace(fields["ID"])
	if id == "" {
		return Platform{}, &ParseError{"os-release", firstLine(osRelease), "has no ID= line, so it does not name a distribution"}
	}
	machine = strings.TrimSpace(machine)
	arch, ok := machineNames[machine]
	if !ok {
		return Platform{}, &ParseError{"machine", machine, "unknown to this program, wanted one of " +
			strings.Join(slices.Sorted(maps.Keys(machineNames)), ", ")}
	}
	p := Platform{OS: id + strip.Replace(fields["VERSION_ID"]), Arch: arch}
	if !osPattern.MatchString(p.OS) {
		return Platform{}, &ParseError{"os-release", p.OS, "ID and VERSION_ID do not make a platform name, as in debian12"}
	}
	return p, nil
}

// osReleaseFields reads the assignments of os-release(5), which are those of
// a shell without expansion.
func osReleaseFields(text string) map[string]string {
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if ok && !strings.HasPrefix(key, "#") {
			fields[key] = unquote(value)
		}
	}
	return fields
}

// unquote returns the value of an assignment as a shell sees it: up to the
// closing quote or the first white space, with backslashes removed.
func unquote(value string) string {
	var b strings.Builder
	var quote, escape rune
	for _, r := range value {
		switch {
		case escape != 0:
			b.WriteRune(r)
			escape = 0
		case r == '\\' && quote != '\'':
			escape = r
		case r == quote:
			quote = 0
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case quote == 0 && unicode.IsSpace(r):
			return b.String()
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// String returns the text form, as PlatformNamed reads it.
func (p Platform) String() string {
	switch {
	case p == Platform{}:
		return ""
	case p.Level != "":
		return p.OS + "-" + p.Arch + "_" + p.Level
	case p.Arch == "amd64":
		return p.OS
	}
	return p.OS + "-" + p.Arch
}

// Distribution returns the part of OS that names the distribution, the text
// before the first digit: "debian", "alpine" also for alpine3.21alpha20240923.
func (p Platform) Distribution() string {
	if i := strings.IndexAny(p.OS, "0123456789."); i >= 0 {
		return p.OS[:i]
	}
	return p.OS
}

// Libc returns the C library of the distribution, "glibc" or "musl".
func (p Platform) Libc() string {
	switch p.Distribution() {
	case "alpine", "chimera", "postmarketos":
		return "musl"
	}
	return "glibc"
}

// Compare orders platforms by their text.
func (p Platform) Compare(q Platform) int { return strings.Compare(p.String(), q.String()) }

// MarshalText returns the platform as String does, and an error for one that
// PlatformNamed would not give.
func (p Platform) MarshalText() ([]byte, error) { return marshal(p, PlatformNamed) }

// UnmarshalText reads what MarshalText wrote.
func (p *Platform) UnmarshalText(text []byte) error { return unmarshal(p, text, PlatformNamed) }

package cpython

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Ref is the identity of an artifact: which Python, for what, which rebuild.
// Its text is "cpython-3.12.6-ubuntu20.04-build1". Refs are comparable with ==
// and usable as map keys.
type Ref struct {
	Version  Version
	Platform Platform
	Build    int // 1 or more
}

// FileSuffix ends the name of an artifact, and SidecarSuffix comes after it in
// the name of its checksum file.
const (
	FileSuffix    = ".tgz"
	SidecarSuffix = ".sha256"
)

var refPattern = regexp.MustCompile(`^cpython-([^-]+)-(.+)-build([1-9][0-9]{0,8})$`)

// ParseRef reads the text form of a Ref. The error wraps a [*ParseError].
func ParseRef(text string) (Ref, error) {
	m := refPattern.FindStringSubmatch(text)
	if m == nil {
		return Ref{}, &ParseError{"artifact name", text, "wanted cpython-<version>-<platform>-build<number>, as in cpython-3.12.6-ubuntu20.04-build1"}
	}
	version, err := ParseVersion(m[1])
	if err != nil {
		return Ref{}, fmt.Errorf("artifact name %q: %w", text, err)
	}
	platform, err := PlatformNamed(m[2])
	if err != nil {
		return Ref{}, fmt.Errorf("artifact name %q: %w", text, err)
	}
	build, err := strconv.Atoi(m[3])
	if err != nil {
		return Ref{}, fmt.Errorf("artifact name %q: %w", text, err)
	}
	return Ref{version, platform, build}, nil
}

// ParseFile reads a Ref from the file name of an artifact, without folders.
func ParseFile(name string) (Ref, error) {
	text, ok := strings.CutSuffix(name, FileSuffix)
	if !ok {
		return Ref{}, &ParseError{"artifact name", name, "does not end in " + FileSuffix}
	}
	return ParseRef(text)
}

// String returns the text form, as ParseRef reads it.
func (r Ref) String() string {
	if r == (Ref{}) {
		return ""
	}
	return fmt.Sprintf("cpython-%s-%s-build%d", r.Version, r.Platform, r.Build)
}

// File returns the artifact's file name: "cpython-3.12.6-ubuntu20.04-build1.tgz".
func (r Ref) File() string { return r.String() + FileSuffix }

// Sidecar returns the name of the file that holds the artifact's digest.
func (r Ref) Sidecar() string { return r.File() + SidecarSuffix }

// Tag returns the release tag, "cpython-3.12.6-build1". One release holds all
// platforms of a version and build.
func (r Ref) Tag() string { return fmt.Sprintf("cpython-%s-build%d", r.Version, r.Build) }

// Tree returns the one folder at the root of the tarball: "python-3.12.6".
func (r Ref) Tree() string { return "python-" + r.Version.String() }

// Prefix returns where a tree is installed below installPrefix, which names
// no version: "/opt/python-3.12.6" for "/opt/python" and for "/opt/python/".
func (r Ref) Prefix(installPrefix string) string {
	return strings.TrimRight(installPrefix, "/") + "-" + r.Version.String()
}

// Compare orders by version, then platform, then build number.
func (r Ref) Compare(s Ref) int {
	return cmp.Or(r.Version.Compare(s.Version), r.Platform.Compare(s.Platform), cmp.Compare(r.Build, s.Build))
}

// Validate returns what keeps r from naming an artifact, or nil.
func (r Ref) Validate() error {
	switch {
	case r.Version.IsZero():
		return &ParseError{"artifact", r.String(), "has no version"}
	case r.Platform == Platform{}:
		return &ParseError{"artifact", r.String(), "has no platform"}
	case r.Build < 1:
		return &ParseError{"artifact", r.String(), fmt.Sprintf("build number %d, wanted 1 or more", r.Build)}
	}
	_, err := r.MarshalText()
	return err
}

// MarshalText returns the Ref as String does, and an error for one that
// ParseRef would not give.
func (r Ref) MarshalText() ([]byte, error) { return marshal(r, ParseRef) }

// UnmarshalText reads what MarshalText wrote.
func (r *Ref) UnmarshalText(text []byte) error { return unmarshal(r, text, ParseRef) }

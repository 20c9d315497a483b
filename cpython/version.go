package cpython

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	goversion "github.com/hashicorp/go-version"
)

// A Version is a version of CPython: "3.12.6", "3.14.0rc1", or with a final
// "t" the free-threaded build of one (PEP 703), "3.13.5t". Versions are
// comparable with == and usable as map keys. The zero Version is no version
// and its text is empty.
type Version struct {
	Major, Minor, Micro int

	// Pre is the phase of a pre-release, "a", "b" or "rc" (PEP 440), and
	// PreNumber its number. Pre is empty for a final release.
	Pre       string
	PreNumber int

	// FreeThreaded is set for a build without the global interpreter lock.
	FreeThreaded bool
}

var versionPattern = regexp.MustCompile(`^(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:(a|b|rc)(\d{1,3}))?(t)?$`)

// ParseVersion reads a version in CPython's own spelling. All three numbers
// are needed; the error, a [*ParseError], says what is wrong.
func ParseVersion(text string) (Version, error) {
	m := versionPattern.FindStringSubmatch(text)
	if m == nil {
		return Version{}, &ParseError{"version", text, versionHint(text)}
	}
	v := Version{Pre: m[4], FreeThreaded: m[6] != ""}
	for _, part := range []struct {
		to   *int
		text string
	}{{&v.Major, m[1]}, {&v.Minor, m[2]}, {&v.Micro, m[3]}, {&v.PreNumber, m[5]}} {
		if part.text == "" {
			continue
		}
		if len(part.text) > 1 && part.text[0] == '0' {
			return Version{}, &ParseError{"version", text, fmt.Sprintf("%q has a leading zero", part.text)}
		}
		*part.to, _ = strconv.Atoi(part.text) // the pattern leaves at most three digits
	}
	if v.Major != 3 {
		return Version{}, &ParseError{"version", text, "only CPython 3 is known here, as in 3.13.5"}
	}
	if v.FreeThreaded && v.Minor < 13 {
		return Version{}, &ParseError{"version", text, "free-threaded builds (the final t) exist from 3.13 on"}
	}
	return v, nil
}

// versionHint says what would make text a version.
func versionHint(text string) string {
	const wanted = "wanted major.minor.micro as in 3.13.5, 3.14.0rc1 or 3.13.5t"
	switch {
	case text == "":
		return "is empty; " + wanted
	case strings.HasPrefix(text, "-"):
		return "looks like a flag; give the value with an equals sign, as in -version=3.13.5"
	case regexp.MustCompile(`^[vV]\d`).MatchString(text):
		return fmt.Sprintf("write it without the %q; %s", text[:1], wanted)
	case regexp.MustCompile(`^\d+\.\d+t?$`).MatchString(text):
		return "names a series, not a version; " + wanted
	case strings.TrimSpace(text) != text:
		return "has white space around it; " + wanted
	case regexp.MustCompile(`\d{4}`).MatchString(text):
		return "has a number of more than three digits; " + wanted
	case regexp.MustCompile(`^\d+\.\d+\.\d+-(a|b|rc)`).MatchString(text):
		return "CPython writes pre-releases without a hyphen; " + wanted
	}
	return wanted
}

// String returns the version in CPython's own spelling, as ParseVersion reads it.
func (v Version) String() string {
	if v.IsZero() {
		return ""
	}
	return v.Source() + v.threadSuffix()
}

// IsZero reports whether v is the zero Version.
func (v Version) IsZero() bool { return v == Version{} }

// Source returns the version as CPython's source archives spell it, which do
// not tell the free-threaded build apart: "3.13.5" for 3.13.5t.
func (v Version) Source() string {
	if v.Pre == "" {
		return v.Release()
	}
	return fmt.Sprintf("%s%s%d", v.Release(), v.Pre, v.PreNumber)
}

// Release returns the final release that v is or leads to, "3.14.0" for
// 3.14.0rc1: the folder that python.org keeps its files in.
func (v Version) Release() string {
	return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Micro)
}

// Series returns the feature series, "3.13".
func (v Version) Series() string { return fmt.Sprintf("%d.%d", v.Major, v.Minor) }

// LD returns what CPython's Makefile calls LDVERSION: the series with the ABI
// flag, "3.13" or "3.13t", as in python3.13t and lib/python3.13t.
func (v Version) LD() string { return v.Series() + v.threadSuffix() }

// ABITag returns the ABI tag of wheels, "cp313" or "cp313t" (PEP 425).
func (v Version) ABITag() string {
	return fmt.Sprintf("cp%d%d%s", v.Major, v.Minor, v.threadSuffix())
}

func (v Version) threadSuffix() string {
	if v.FreeThreaded {
		return "t"
	}
	return ""
}

// Compare returns -1, 0 or +1. A pre-release stands before its final release,
// rc2 before rc10, and a free-threaded build right after the plain one. The
// zero Version stands before all others.
func (v Version) Compare(w Version) int {
	return cmp.Or(v.semver().Compare(w.semver()), strings.Compare(v.threadSuffix(), w.threadSuffix()))
}

// semver spells the version with the pre-release number as a field of its own.
// In CPython's spelling go-version would compare "rc10" and "rc2" as texts.
// What ParseVersion would refuse has no place in the order: it counts as zero.
func (v Version) semver() *goversion.Version {
	text := v.Release()
	if v.Pre != "" {
		text += fmt.Sprintf("-%s.%d", v.Pre, v.PreNumber)
	}
	parsed, err := goversion.NewSemver(text)
	if err != nil {
		return goversion.Must(goversion.NewSemver("0.0.0"))
	}
	return parsed
}

// MarshalText returns the version as String does, and an error for one that
// ParseVersion would not give.
func (v Version) MarshalText() ([]byte, error) { return marshal(v, ParseVersion) }

// UnmarshalText reads what MarshalText wrote.
func (v *Version) UnmarshalText(text []byte) error { return unmarshal(v, text, ParseVersion) }

package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// Schema is the version of the build-info schema that this package writes.
const Schema = 1

// BuildInfoName is the name of the build-info file, at the top of the tree.
const BuildInfoName = "build-info.json"

// PrefixPlaceholder stands for the prefix in the text that the digest of a
// prefix file is taken of: such digests are the same wherever a tree stands.
const PrefixPlaceholder = "@CPYTHON_PREFIX@"

// A BuildInfo is the content of build-info.json: what an artifact says about
// itself. It holds no time of building; its only date is that of the source,
// so that the same inputs give the same bytes.
type BuildInfo struct {
	Schema    int         `json:"schema"` // [Schema]
	Ref       cpython.Ref `json:"ref"`
	Source    Source      `json:"source"`
	Recipe    Recipe      `json:"recipe"`
	Inputs    string      `json:"inputs"` // SHA-256 over everything that decides the content
	Toolchain Toolchain   `json:"toolchain"`

	// Prefix is the prefix that is compiled in: "/opt/python-3.13.5".
	// PrefixFiles are the files whose text holds it, relative to the tree,
	// sorted. Installing elsewhere rewrites just those.
	Prefix      string   `json:"prefix"`
	PrefixFiles []string `json:"prefixFiles"`

	// Modules are the extension modules of the standard library and their
	// states: "shared", "builtin", "missing", "disabled" or "n/a".
	Modules map[string]string `json:"modules"`

	Requirements Requirements `json:"requirements"`

	// Files maps every regular file but build-info.json, relative to the
	// tree, to its SHA-256; of a prefix file that is the digest of its text
	// with [PrefixPlaceholder] in place of the prefix. Links maps every
	// symbolic link to its target. Pack fills both in.
	Files map[string]string `json:"files"`
	Links map[string]string `json:"links"`
}

// A Source is the source archive that an artifact was built from.
type Source struct {
	Archive string    `json:"archive"` // "Python-3.13.5.tar.xz"
	SHA256  string    `json:"sha256"`
	Date    time.Time `json:"date"` // the newest time stamp in the archive, UTC, in seconds
}

// A Recipe is how the source was built.
type Recipe struct {
	Optimize        string            `json:"optimize"` // "none", "pgo" or "full"
	Link            string            `json:"link"`     // "system" or "bundled"
	ConfigureArgs   []string          `json:"configureArgs"`
	RequiredModules []string          `json:"requiredModules"`
	Patches         []Patch           `json:"patches,omitempty"`
	KeepTests       bool              `json:"keepTests,omitempty"`
	KeepDebug       bool              `json:"keepDebug,omitempty"`
	KeepStatic      bool              `json:"keepStatic,omitempty"`
	Flags           map[string]string `json:"flags,omitempty"` // anything else that decided something
}

// A Patch is a change to the source that the build applied.
type Patch struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Reason string `json:"reason"`
}

// A Toolchain is what compiled and linked the artifact.
type Toolchain struct {
	Compiler  string            `json:"compiler"` // the first line of gcc --version
	Linker    string            `json:"linker"`
	Libc      string            `json:"libc"`                // "glibc 2.36"
	Packages  map[string]string `json:"packages,omitempty"`  // name and version of what the build needed
	Libraries []Library         `json:"libraries,omitempty"` // what the tree links to
}

// Requirements are what an artifact needs of the machine that it runs on,
// computed from its ELF files. The zero Requirements are not computed.
type Requirements struct {
	Interpreter string            `json:"interpreter,omitempty"` // "/lib64/ld-linux-x86-64.so.2"
	Symbols     map[string]string `json:"symbols,omitempty"`     // the highest version of each: "GLIBC" to "2.36"
	Sonames     []string          `json:"sonames,omitempty"`     // shared libraries that are not in the tree
	ISA         string            `json:"isa,omitempty"`         // "x86-64-v3"; empty is the baseline
}

// maxBuildInfo bounds build-info.json: 100,000 files of 160 bytes each.
const maxBuildInfo = 16 << 20

// ParseBuildInfo reads the content of a build-info.json. It refuses unknown
// and repeated keys, other schemas, anything after the object and, with that,
// every text but the one that Encode writes. Whether what it says is true of an
// artifact is for Verify to find out.
func ParseBuildInfo(text []byte) (BuildInfo, error) {
	fail := func(err error) (BuildInfo, error) {
		return BuildInfo{}, fmt.Errorf("%s: %w", BuildInfoName, err)
	}
	if len(text) > maxBuildInfo {
		return fail(fmt.Errorf("%d bytes, wanted at most %d", len(text), maxBuildInfo))
	}
	var version struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return fail(err)
	}
	switch {
	case version.Schema == nil:
		return fail(errors.New("has no schema"))
	case *version.Schema != Schema:
		return fail(fmt.Errorf("schema %d, wanted %d; it was made by another version of this program", *version.Schema, Schema))
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var info BuildInfo
	if err := decoder.Decode(&info); err != nil {
		return fail(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fail(errors.New("something follows the object"))
	}
	// The decoder takes keys of any case, repeated keys and broken UTF-8.
	if again, err := info.Encode(); err != nil || !bytes.Equal(again, text) {
		return fail(errors.New("is not written the way that this program writes it"))
	}
	return info, nil
}

// Encode returns the build-info as Pack writes it: indented, keys of maps
// sorted, with a final newline. ParseBuildInfo reads it back.
func (b BuildInfo) Encode() ([]byte, error) {
	b.Source.Date = b.Source.Date.UTC()
	for _, list := range []*[]string{&b.PrefixFiles, &b.Recipe.ConfigureArgs, &b.Recipe.RequiredModules} {
		if *list == nil {
			*list = []string{}
		}
	}
	for _, table := range []*map[string]string{&b.Modules, &b.Files, &b.Links} {
		if *table == nil {
			*table = map[string]string{}
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(b); err != nil {
		return nil, fmt.Errorf("%s: %w", BuildInfoName, err)
	}
	return out.Bytes(), nil
}

// Validate returns everything that keeps b from describing an artifact, at
// once, or nil. It looks at no file.
func (b BuildInfo) Validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if b.Schema != Schema {
		report("schema %d, wanted %d", b.Schema, Schema)
	}
	if err := b.Ref.Validate(); err != nil {
		report("ref: %w", err)
	}
	for _, digest := range []struct{ name, text string }{{"source.sha256", b.Source.SHA256}, {"inputs", b.Inputs}} {
		if !isDigest(digest.text) {
			report("%s is %q, wanted 64 lower-case hexadecimal digits", digest.name, digest.text)
		}
	}
	date := b.Source.Date
	if date.Year() < 1980 || date.Year() > 2100 {
		report("source.date is %s, wanted one of 1980 to 2100", date.Format(time.RFC3339))
	} else if date.Nanosecond() != 0 {
		report("source.date is %s, wanted whole seconds", date.Format(time.RFC3339Nano))
	}
	if !oneOf(b.Recipe.Optimize, "none", "pgo", "full") {
		report("recipe.optimize is %q, wanted none, pgo or full", b.Recipe.Optimize)
	}
	if !oneOf(b.Recipe.Link, "system", "bundled") {
		report("recipe.link is %q, wanted system or bundled", b.Recipe.Link)
	}
	if !strings.HasPrefix(b.Prefix, "/") || strings.HasSuffix(b.Prefix, "/") || strings.ContainsAny(b.Prefix, "\x00\n") {
		report("prefix is %q, wanted an absolute path", b.Prefix)
	}
	problems = append(problems, validateLibraries(b.Toolchain.Libraries)...)
	for name, state := range b.Modules {
		if !oneOf(state, "shared", "builtin", "missing", "disabled", "n/a") {
			report("modules: %s is %q, wanted shared, builtin, missing, disabled or n/a", name, state)
		}
	}
	for name, digest := range b.Files {
		if !isDigest(digest) {
			report("files: %s has %q, wanted 64 lower-case hexadecimal digits", name, digest)
		}
	}
	return errors.Join(problems...)
}

func oneOf(text string, wanted ...string) bool {
	for _, w := range wanted {
		if text == w {
			return true
		}
	}
	return false
}

// isDigest reports whether text is a SHA-256 as sha256sum writes it.
func isDigest(text string) bool {
	if len(text) != 64 {
		return false
	}
	return strings.Trim(text, "0123456789abcdef") == ""
}

package artifact

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// An Inspection is what an artifact is and what is in it, for people who want
// to know what they got. It is what the artifact says about itself and what can
// be counted; whether that is true is for Verify to find out.
type Inspection struct {
	Path     string
	Size     int64  // of the file, in bytes
	SHA256   string // of the file
	Unpacked int64  // bytes in all files
	Files    int    // how many regular files
	Info     BuildInfo

	// Folders are the folders at the top of the tree, and Library those of
	// lib/pythonX.Y; each with everything below it, the largest first. Files
	// that lie beside the folders are under the name of the folder above them.
	Folders, Library []Folder

	HasSBOM bool // whether the list of what it is made of lies in it
	sbom    []byte
}

// A Folder is a folder of an artifact with everything below it.
type Folder struct {
	Path  string `json:"path"` // below the tree; "." is the tree itself
	Size  int64  `json:"size"` // bytes in its files
	Files int    `json:"files"`
}

// Inspect reads the artifact at path, once, and executes nothing. A file that is
// no artifact, or is damaged, is a [*FormatError].
func Inspect(ctx context.Context, path string) (*Inspection, error) {
	a, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	stat, err := a.file.Stat()
	if err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	hash := sha256.New()
	in := io.TeeReader(&input{ctx: ctx, r: io.NewSectionReader(a.file, 0, stat.Size())}, hash)
	i := &Inspection{Path: path, Info: a.Info()}
	c := counter{lib: "lib/python" + i.Info.Ref.Version.LD(), top: map[string]*Folder{}, library: map[string]*Folder{}}
	err = a.walk(in, func(e Entry) error {
		if !e.Mode.IsRegular() {
			return nil
		}
		c.count(e)
		i.Files++
		i.Unpacked += e.Size
		if e.Path == SBOMName && e.Content != nil {
			i.sbom, i.HasSBOM = bytes.Clone(e.Content), true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return nil, fmt.Errorf("artifact: %w", err)
	}
	i.Size, i.SHA256 = stat.Size(), hex.EncodeToString(hash.Sum(nil))
	i.Folders, i.Library = bySize(c.top), bySize(c.library)
	return i, nil
}

// SBOM returns the list of what the artifact is made of: the one that lies in
// it, or else the one that its build-info gives.
func (i *Inspection) SBOM() ([]byte, error) {
	if i.HasSBOM {
		return i.sbom, nil
	}
	return SBOM(i.Info)
}

// A counter adds up what lies in folders.
type counter struct {
	lib          string // lib/pythonX.Y
	top, library map[string]*Folder
}

func (c *counter) count(e Entry) {
	first, _, below := strings.Cut(e.Path, "/")
	if !below {
		first = "."
	}
	add(c.top, first, e.Size)
	if rest, ok := strings.CutPrefix(e.Path, c.lib+"/"); ok {
		name := c.lib
		if folder, _, below := strings.Cut(rest, "/"); below {
			name += "/" + folder
		}
		add(c.library, name, e.Size)
	}
}

func add(folders map[string]*Folder, name string, size int64) {
	f := folders[name]
	if f == nil {
		f = &Folder{Path: name}
		folders[name] = f
	}
	f.Size += size
	f.Files++
}

func bySize(folders map[string]*Folder) []Folder {
	list := []Folder{}
	for _, f := range folders {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(f, g Folder) int { return cmp.Or(cmp.Compare(g.Size, f.Size), cmp.Compare(f.Path, g.Path)) })
	return list
}

// Modules returns the extension modules that are in a state, sorted. The states
// are those of [BuildInfo].
func (i *Inspection) Modules(state string) []string {
	names := []string{}
	for name, of := range sorted(i.Info.Modules) {
		if of == state {
			names = append(names, name)
		}
	}
	return names
}

// Bundled returns the libraries of others that lie in the tree, in the order of
// their sonames.
func (i *Inspection) Bundled() []Library {
	list := []Library{}
	for _, l := range i.Info.Toolchain.Libraries {
		if l.File != "" {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(l, m Library) int { return cmp.Or(cmp.Compare(l.Soname, m.Soname), cmp.Compare(l.File, m.File)) })
	return list
}

// Needs says in words what the artifact needs of the machine that it runs on.
func (i *Inspection) Needs() []string {
	req, p := i.Info.Requirements, i.Info.Ref.Platform
	if req.Interpreter == "" && len(req.Symbols) == 0 && len(req.Sonames) == 0 {
		return []string{"Linux on " + p.Arch + "; what else was not computed"}
	}
	needs := []string{"Linux on " + p.Arch + ", " + level(p, req.ISA)}
	names := map[string]string{"GLIBC": "glibc", "GLIBCXX": "libstdc++ with GLIBCXX", "CXXABI": "libstdc++ with CXXABI", "GCC": "libgcc_s with GCC"}
	for _, prefix := range slices.Sorted(maps.Keys(req.Symbols)) {
		needs = append(needs, or(names[prefix], prefix)+" "+req.Symbols[prefix]+" or newer")
	}
	if req.Interpreter != "" {
		needs = append(needs, "the loader "+req.Interpreter)
	}
	if len(req.Sonames) == 0 {
		return append(needs, "no library from outside but those of glibc")
	}
	return append(needs, "from outside: "+strings.Join(req.Sonames, " "))
}

// level says which processors an artifact runs on.
func level(p cpython.Platform, isa string) string {
	if isa == "" && p.Level != "" {
		isa = "x86-64-" + p.Level
	}
	if isa == "" {
		return "any processor"
	}
	return "a processor of level " + isa
}

// WriteJSON writes the inspection as one indented JSON object with these
// members, to which others may be added:
//
//	path, size, sha256         of the file
//	unpacked, files            bytes in its files, and how many they are
//	ref, source, recipe, inputs, toolchain, prefix, requirements  as in build-info.json
//	modules                    object: the names of the modules by their state
//	bundled                    array: the libraries of others in the tree, as in build-info.json
//	needs                      array of strings: the requirements in words
//	folders, library           arrays of objects with path, size and files, the largest first
//	sbom                       boolean: whether the list of what it is made of lies in it
func (i *Inspection) WriteJSON(w io.Writer) error {
	modules := map[string][]string{}
	for _, state := range moduleStates {
		modules[state] = i.Modules(state)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		Path         string              `json:"path"`
		Size         int64               `json:"size"`
		SHA256       string              `json:"sha256"`
		Unpacked     int64               `json:"unpacked"`
		Files        int                 `json:"files"`
		Ref          cpython.Ref         `json:"ref"`
		Source       Source              `json:"source"`
		Recipe       Recipe              `json:"recipe"`
		Inputs       string              `json:"inputs"`
		Toolchain    Toolchain           `json:"toolchain"`
		Prefix       string              `json:"prefix"`
		Modules      map[string][]string `json:"modules"`
		Bundled      []Library           `json:"bundled"`
		Requirements Requirements        `json:"requirements"`
		Needs        []string            `json:"needs"`
		Folders      []Folder            `json:"folders"`
		Library      []Folder            `json:"library"`
		SBOM         bool                `json:"sbom"`
	}{i.Path, i.Size, i.SHA256, i.Unpacked, i.Files, i.Info.Ref, i.Info.Source, i.Info.Recipe, i.Info.Inputs, i.Info.Toolchain,
		i.Info.Prefix, modules, i.Bundled(), i.Info.Requirements, i.Needs(), i.Folders, i.Library, i.HasSBOM})
}

// moduleStates are the states of modules, in the order of reports.
var moduleStates = []string{"shared", "builtin", "disabled", "missing", "n/a"}

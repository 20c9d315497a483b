package cpython_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/2-coatl/cpython-prebuilt/"

// allowed is the house: which packages of this module each package may import,
// directly or not. A package that is not here may import all; an internal
// package counts as the one that it is internal to.
var allowed = map[string][]string{
	"cpython":                       {"cpython"},
	"cpython/fetch":                 {"cpython", "cpython/fetch"},
	"cpython/machine":               {"cpython", "cpython/machine"},
	"cpython/machine/docker":        {"cpython", "cpython/machine", "cpython/machine/docker"},
	"cpython/machine/machinetest":   {"cpython", "cpython/machine"},
	"cpython/machine/vagrant":       {"cpython", "cpython/machine", "cpython/machine/vagrant"},
	"cpython/artifact":              {"cpython", "cpython/artifact", "cpython/machine"},
	"cpython/artifact/artifacttest": {"cpython", "cpython/artifact", "cpython/machine"},
	"cpython/build":                 {"cpython", "cpython/artifact", "cpython/fetch", "cpython/machine"},
	"devcontainer":                  {"cpython", "cpython/artifact", "cpython/machine", "devcontainer"},
}

// doors are the packages through which each dependency comes in, and no other.
var doors = map[string][]string{
	"github.com/hashicorp/go-version":   {"cpython"},
	"github.com/cavaliergopher/grab/v3": {"cpython/fetch"},
	"github.com/klauspost/compress":     {"cpython/artifact"},
	"github.com/ulikunitz/xz":           {"cpython/build"},
	"github.com/magefile/mage":          {"magefiles", "magefiles/targets"},
	"github.com/aymanbagabas/go-udiff":  {"magefiles/targets"},
	"github.com/tailscale/hujson":       {"devcontainer"},
	"golang.org/x/crypto":               {"cpython/machine/vagrant"},
}

type goPackage struct {
	Path          string `json:"ImportPath"`
	Imports, Deps []string
}

// list asks the go command for every package of the module.
func list(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "-tags=mage", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func TestImportsRunOneWay(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.Path, module)
		seen[name] = true
		may, ok := allowed[name]
		if !ok {
			continue
		}
		for _, dep := range p.Deps {
			own, ours := strings.CutPrefix(dep, module)
			if host, _, internal := strings.Cut(own, "/internal/"); internal {
				own = host
			}
			if ours && !slices.Contains(may, own) {
				t.Errorf("%s imports %s, directly or not", name, own)
			}
		}
	}
	for name := range allowed {
		if !seen[name] {
			t.Errorf("the house has a package %s that is not there", name)
		}
	}
}

func TestOneDoorPerDependency(t *testing.T) {
	used := map[string]bool{}
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.Path, module)
		for _, imported := range p.Imports {
			if !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") || strings.HasPrefix(imported, module) {
				continue // the standard library, or our own
			}
			at := slices.IndexFunc(doorNames(), func(door string) bool { return imported == door || strings.HasPrefix(imported, door+"/") })
			if at < 0 {
				if !strings.HasPrefix(imported, "golang.org/x/sys/") {
					t.Errorf("%s imports %s, which has no door", name, imported)
				}
				continue
			}
			door := doorNames()[at]
			used[door] = true
			if !slices.Contains(doors[door], name) {
				t.Errorf("%s imports %s; its door is %s", name, imported, doors[door])
			}
		}
	}
	for door := range doors {
		if !used[door] {
			t.Errorf("%s has a door, but nobody uses it", door)
		}
	}
}

func doorNames() []string {
	var names []string
	for name := range doors {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestImportersStayLight keeps what one package needs from the importers of another.
func TestImportersStayLight(t *testing.T) {
	for _, p := range list(t) {
		name := strings.TrimPrefix(p.Path, module)
		if !slices.Contains([]string{"cpython/artifact", "cpython/machine", "cpython/machine/docker", "devcontainer"}, name) {
			continue
		}
		for _, heavy := range []string{"cavaliergopher/grab", "google/go-github", "magefile/mage", "golang.org/x/crypto"} {
			for _, dep := range p.Deps {
				if strings.Contains(dep, heavy) {
					t.Errorf("who imports %s compiles %s", name, dep)
				}
			}
		}
	}
}

package build

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// allPatches returns those of the recipe that gets the most.
func allPatches() []Patch { return Recipe{Tkinter: true}.ownPatches() }

func TestTclPatchGoesWithTcl(t *testing.T) {
	without := len(Recipe{}.ownPatches())
	for name, tt := range map[string]struct {
		recipe Recipe
		want   int
	}{
		"tkinter":                    {Recipe{Tkinter: true}, without + 1},
		"tkinter, the machine's Tcl": {Recipe{Tkinter: true, SystemLibraries: true}, without},
		"no tkinter, the machine's":  {Recipe{SystemLibraries: true}, without},
	} {
		if got := len(tt.recipe.ownPatches()); got != tt.want {
			t.Errorf("%s: %d patches, want %d", name, got, tt.want)
		}
	}
}

func TestOwnPatches(t *testing.T) {
	files, err := fs.Glob(os.DirFS("patches"), "*.patch")
	if err != nil {
		t.Fatal(err)
	}
	patches := allPatches()
	if len(files) != len(patches) {
		t.Errorf("patches/ holds %v, but %d are applied", files, len(patches))
	}
	for _, p := range patches {
		sum := sha256.Sum256(p.Data)
		if got := hex.EncodeToString(sum[:]); got != p.SHA256 {
			t.Errorf("%s has sha256 %s, patches.go says %s", p.Name, got, p.SHA256)
		}
	}
	if problems := (Recipe{Patches: patches}).validatePatches(); problems != nil {
		t.Error(problems)
	}
}

func TestOwnPatchesComeFirst(t *testing.T) {
	theirs := Patch{Name: "x.patch"}
	for _, s := range supported {
		v, err := cpython.ParseVersion(s.name + ".0")
		if err != nil {
			t.Fatal(err)
		}
		got := Recipe{Ref: cpython.Ref{Version: v}, Patches: []Patch{theirs}}.withDefaults().Patches
		if len(got) != len(Recipe{}.ownPatches())+1 || got[len(got)-1].Name != theirs.Name {
			t.Errorf("%s: %d patches, want x.patch after %d", s.name, len(got), len(Recipe{}.ownPatches()))
		}
	}
}

// TestOwnPatchesApply runs the very command of a build on files made of
// nothing but the lines that each patch expects, at other places than it says.
func TestOwnPatchesApply(t *testing.T) {
	if _, err := exec.LookPath("patch"); err != nil {
		t.Skip("needs patch")
	}
	for i, command := range (Recipe{Patches: allPatches()}).patchStep().Commands {
		t.Run(allPatches()[i].Name, func(t *testing.T) {
			name, before, after := sides(t, command.Stdin)
			file := filepath.Join(t.TempDir(), name)
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(before), 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), command.Args[0], command.Args[1:]...)
			cmd.Dir, cmd.Stdin = strings.TrimSuffix(file, name), strings.NewReader(command.Stdin)
			if out, err := cmd.CombinedOutput(); err != nil || bytes.Contains(out, []byte("fuzz")) {
				t.Fatalf("%v: %s", err, out)
			}
			if got, err := os.ReadFile(file); err != nil || string(got) != after {
				t.Errorf("patched to %q, %v, want %q", got, err, after)
			}
		})
	}
}

// sides returns the file that a patch is for, and the lines that its hunks
// talk of, before and after, with others between them.
func sides(t *testing.T, diff string) (name, before, after string) {
	t.Helper()
	for line := range strings.Lines(diff) {
		kind, text := line[0], line[1:]
		switch {
		case strings.HasPrefix(line, "--- a/"):
			name = strings.TrimSpace(strings.TrimPrefix(line, "--- a/"))
		case strings.HasPrefix(line, "+++ b/"):
		case kind == '@':
			between := strings.Repeat("between\n", 9)
			before, after = before+between, after+between
		case kind == ' ':
			before, after = before+text, after+text
		case kind == '-':
			before += text
		case kind == '+':
			after += text
		default:
			t.Fatalf("line %q", line)
		}
	}
	between := strings.Repeat("between\n", 9)
	return name, before + between, after + between
}

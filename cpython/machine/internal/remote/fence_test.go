package remote

import (
	"errors"
	"path"
	"strings"
	"testing"
)

func TestFencePlace(t *testing.T) {
	f := newFence()
	f.add("lib", true, "")
	f.add("lib64", false, "lib")
	f.add("deep/up", false, "../lib")
	f.add("out", false, "/etc")
	f.add("up", false, "..")
	f.add("loop", false, "loop2")
	f.add("loop2", false, "loop")
	f.add("chain", false, "lib64")
	f.add("here", false, ".")
	for _, test := range []struct{ name, want string }{
		{"a/b", "a/b"}, {"./a//b/", "a/b"}, {"a/../b", "b"}, {"./", "."},
		{"lib64/file", "lib/file"}, {"lib64", "lib64"}, {"chain/file", "lib/file"}, {"deep/up/file", "lib/file"},
		{"here/here/lib64/x", "lib/x"}, {"out", "out"},
		{"../a", ""}, {"/a", ""}, {"", ""}, {"..", ""}, {"a/../../b", ""},
		{"out/passwd", ""}, {"up/x", ""}, {"loop/x", ""},
	} {
		got, err := f.place(test.name)
		if got != test.want || (err != nil) != (test.want == "") {
			t.Errorf("place(%q) = %q, %v; wanted %q", test.name, got, err, test.want)
		}
	}
	if _, err := f.place("up/x"); !errors.Is(err, errEscapes) {
		t.Errorf("error is %v, wanted errEscapes", err)
	}
	if !f.isFolder("lib64") || !f.isFolder("chain") || f.isFolder("out") || f.isFolder("loop") {
		t.Error("isFolder is wrong about links")
	}
	f.add("lib64", true, "") // a folder where the link was
	if got, err := f.place("lib64/file"); got != "lib64/file" || err != nil {
		t.Errorf("place through what is no link any more: %q, %v", got, err)
	}
}

// FuzzFence: wherever a link leads, a place has no link above it and lies below the folder.
func FuzzFence(f *testing.F) {
	f.Add("a", "..", "a/b")
	f.Add("a/b", "../..", "a/b/../c")
	f.Add("x", "y/../../z", "x/x/x")
	f.Fuzz(func(t *testing.T, link, target, name string) {
		fence := newFence()
		at, err := localName(link)
		if err != nil || at == "." || strings.Contains(link, "\x00") {
			return
		}
		fence.add(at, false, target)
		place, err := fence.place(name)
		if err != nil {
			return
		}
		if path.IsAbs(place) || place == ".." || strings.HasPrefix(place, "../") || path.Clean(place) != place {
			t.Errorf("place(%q) = %q", name, place)
		}
		for above := path.Dir(place); above != "."; above = path.Dir(above) {
			if target != "" && above == at {
				t.Errorf("place(%q) = %q goes through the link %q", name, place, at)
			}
		}
	})
}

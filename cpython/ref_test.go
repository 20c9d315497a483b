package cpython_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

func ref(t *testing.T, text string) cpython.Ref {
	t.Helper()
	r, err := cpython.ParseRef(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRefForms(t *testing.T) {
	type forms struct{ file, sidecar, tag, tree, prefix string }
	for _, test := range []struct {
		text string
		want forms
	}{
		{"cpython-3.12.6-ubuntu20.04-build1", forms{
			"cpython-3.12.6-ubuntu20.04-build1.tgz", "cpython-3.12.6-ubuntu20.04-build1.tgz.sha256",
			"cpython-3.12.6-build1", "python-3.12.6", "/opt/python-3.12.6"}},
		{"cpython-3.12.6-ubuntu20.04-arm64-build1", forms{
			"cpython-3.12.6-ubuntu20.04-arm64-build1.tgz", "cpython-3.12.6-ubuntu20.04-arm64-build1.tgz.sha256",
			"cpython-3.12.6-build1", "python-3.12.6", "/opt/python-3.12.6"}},
		{"cpython-3.13.5t-debian12-build2", forms{
			"cpython-3.13.5t-debian12-build2.tgz", "cpython-3.13.5t-debian12-build2.tgz.sha256",
			"cpython-3.13.5t-build2", "python-3.13.5t", "/opt/python-3.13.5t"}},
		{"cpython-3.14.0rc1-debian12-amd64_v3-build10", forms{
			"cpython-3.14.0rc1-debian12-amd64_v3-build10.tgz", "cpython-3.14.0rc1-debian12-amd64_v3-build10.tgz.sha256",
			"cpython-3.14.0rc1-build10", "python-3.14.0rc1", "/opt/python-3.14.0rc1"}},
	} {
		t.Run(test.text, func(t *testing.T) {
			r := ref(t, test.text)
			if r.String() != test.text {
				t.Errorf("text became %s", r)
			}
			for _, prefix := range []string{"/opt/python", "/opt/python/"} {
				if got := (forms{r.File(), r.Sidecar(), r.Tag(), r.Tree(), r.Prefix(prefix)}); got != test.want {
					t.Errorf("forms are %q, wanted %q", got, test.want)
				}
			}
			if back, err := cpython.ParseFile(test.want.file); err != nil || back != r {
				t.Errorf("file is read as %v, %v, wanted %v", back, err, r)
			}
			if err := r.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestParseFileErrors(t *testing.T) {
	for _, test := range []struct {
		name, file, want string
	}{
		{"empty", "", "does not end in .tgz"},
		{"sidecar", "cpython-3.12.6-ubuntu20.04-build1.tgz.sha256", "does not end in .tgz"},
		{"other suffix", "cpython-3.12.6-ubuntu20.04-build1.tar.gz", "does not end in .tgz"},
		{"only suffix", ".tgz", "wanted cpython-"},
		{"tag", "cpython-3.12.6-build1.tgz", "wanted cpython-"},
		{"folder", "out/cpython-3.12.6-ubuntu20.04-build1.tgz", "wanted cpython-"},
		{"part of a download", "cpython-3.12.6-ubuntu20.04-build1.tgz.part", "does not end in .tgz"},
		{"second download", "cpython-3.12.6-ubuntu20.04-build1 (1).tgz", "wanted cpython-"},
		{"upper case", "CPython-3.12.6-ubuntu20.04-build1.tgz", "wanted cpython-"},
		{"no build", "cpython-3.12.6-ubuntu20.04.tgz", "wanted cpython-"},
		{"build zero", "cpython-3.12.6-ubuntu20.04-build0.tgz", "wanted cpython-"},
		{"build with zeros", "cpython-3.12.6-ubuntu20.04-build01.tgz", "wanted cpython-"},
		{"build too large", "cpython-3.12.6-ubuntu20.04-build12345678901.tgz", "wanted cpython-"},
		{"negative build", "cpython-3.12.6-ubuntu20.04-build-1.tgz", "wanted cpython-"},
		{"two builds", "cpython-3.12.6-ubuntu20.04-build1-build2.tgz", "unknown architecture"},
		{"series", "cpython-3.12-ubuntu20.04-build1.tgz", "names a series"},
		{"implied architecture", "cpython-3.12.6-ubuntu20.04-amd64-build1.tgz", "amd64 is implied"},
		{"newline", "cpython-3.12.6-ubuntu20.04\n-build1.tgz", "wanted cpython-"},
		{"other project's", "cpython-3.12.6+20240909-x86_64-unknown-linux-gnu-install_only.tgz", "wanted cpython-"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := cpython.ParseFile(test.file)
			parse := (*cpython.ParseError)(nil)
			if !errors.As(err, &parse) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v, wanted a ParseError with %q", got, err, test.want)
			}
		})
	}
}

func TestRefValidate(t *testing.T) {
	valid := ref(t, "cpython-3.12.6-ubuntu20.04-build1")
	for _, test := range []struct {
		name   string
		change func(*cpython.Ref)
		want   string
	}{
		{"no version", func(r *cpython.Ref) { r.Version = cpython.Version{} }, "no version"},
		{"no platform", func(r *cpython.Ref) { r.Platform = cpython.Platform{} }, "no platform"},
		{"no build", func(r *cpython.Ref) { r.Build = 0 }, "build number 0"},
		{"negative build", func(r *cpython.Ref) { r.Build = -1 }, "build number -1"},
		{"build too large", func(r *cpython.Ref) { r.Build = 1_000_000_000 }, "wanted cpython-"},
		{"not free-threaded", func(r *cpython.Ref) { r.Version.FreeThreaded = true }, "from 3.13 on"},
		{"number without phase", func(r *cpython.Ref) { r.Version.PreNumber = 1 }, "not the whole"},
		{"no architecture", func(r *cpython.Ref) { r.Platform.Arch = "" }, "unknown architecture"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := valid
			test.change(&r)
			if err := r.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, wanted %q in it", err, test.want)
			}
			if text, err := r.MarshalText(); err == nil {
				t.Errorf("was written as %s, wanted an error", text)
			}
		})
	}
}

func TestRefCompare(t *testing.T) {
	var want []cpython.Ref
	for _, text := range []string{
		"cpython-3.12.6-debian12-build1", "cpython-3.12.6-debian12-build2", "cpython-3.12.6-debian12-build10",
		"cpython-3.12.6-debian12-arm64-build1", "cpython-3.12.6-ubuntu20.04-build1",
		"cpython-3.13.0rc2-debian12-build1", "cpython-3.13.0rc10-debian12-build1", "cpython-3.13.0-debian12-build1",
		"cpython-3.13.0t-debian12-build1",
	} {
		want = append(want, ref(t, text))
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, cpython.Ref.Compare)
	if !slices.Equal(got, want) {
		t.Errorf("sorted to %v, wanted %v", got, want)
	}
}

func TestRefZero(t *testing.T) {
	if text, err := (cpython.Ref{}).MarshalText(); err != nil || len(text) > 0 {
		t.Errorf("the zero Ref is written as %q, %v", text, err)
	}
	if err := (cpython.Ref{}).Validate(); err == nil {
		t.Error("the zero Ref names an artifact")
	}
}

func TestDigestErrorText(t *testing.T) {
	err := &cpython.DigestError{Name: "python.tgz", Want: "aa", Got: "bb"}
	if got, want := err.Error(), "python.tgz: sha256 is bb, wanted aa"; got != want {
		t.Errorf("text is %q, wanted %q", got, want)
	}
}

func ExampleParseRef() {
	r, err := cpython.ParseRef("cpython-3.12.6-ubuntu20.04-build1")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Version, r.Platform, r.Build)
	fmt.Println(r.File())
	fmt.Println(r.Tag())
	fmt.Println(r.Prefix("/opt/python"))
	// Output:
	// 3.12.6 ubuntu20.04 1
	// cpython-3.12.6-ubuntu20.04-build1.tgz
	// cpython-3.12.6-build1
	// /opt/python-3.12.6
}

package cpython_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

func TestParseVersion(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       cpython.Version
	}{
		{"final", "3.12.6", cpython.Version{Major: 3, Minor: 12, Micro: 6}},
		{"micro zero", "3.13.0", cpython.Version{Major: 3, Minor: 13}},
		{"two digits", "3.11.15", cpython.Version{Major: 3, Minor: 11, Micro: 15}},
		{"alpha", "3.15.0a1", cpython.Version{Major: 3, Minor: 15, Pre: "a", PreNumber: 1}},
		{"alpha zero", "3.15.0a0", cpython.Version{Major: 3, Minor: 15, Pre: "a"}},
		{"beta", "3.15.0b4", cpython.Version{Major: 3, Minor: 15, Pre: "b", PreNumber: 4}},
		{"candidate", "3.14.0rc1", cpython.Version{Major: 3, Minor: 14, Pre: "rc", PreNumber: 1}},
		{"free-threaded", "3.13.5t", cpython.Version{Major: 3, Minor: 13, Micro: 5, FreeThreaded: true}},
		{"free-threaded candidate", "3.14.0rc1t", cpython.Version{Major: 3, Minor: 14, Pre: "rc", PreNumber: 1, FreeThreaded: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := cpython.ParseVersion(test.text)
			if err != nil || got != test.want {
				t.Errorf("got %#v, %v, wanted %#v", got, err, test.want)
			}
			if got.String() != test.text {
				t.Errorf("text became %s, wanted %s", got, test.text)
			}
		})
	}
}

func TestParseVersionErrors(t *testing.T) {
	for _, test := range []struct {
		name, text, want string
	}{
		{"series", "3.12", "names a series"},
		{"free-threaded series", "3.13t", "names a series"},
		{"v", "v3.13.5", `without the "v"`},
		{"V", "V3.13.5", `without the "V"`},
		{"flag that Mage swallowed", "-version", "looks like a flag"},
		{"flag with value", "-version=3.13.5", "looks like a flag"},
		{"empty", "", "is empty"},
		{"leading zero", "3.13.05", `"05" has a leading zero`},
		{"leading zero of a candidate", "3.13.0rc01", `"01" has a leading zero`},
		{"leading zero of all", "03.13.5", `"03" has a leading zero`},
		{"no free threads yet", "3.12.0t", "from 3.13 on"},
		{"Python 2", "2.7.18", "only CPython 3"},
		{"Python 4", "4.0.0", "only CPython 3"},
		{"too large", "3.1000.0", "more than three digits"},
		{"too large for an int", "3.13.99999999999999999999", "more than three digits"},
		{"too large candidate", "3.13.0rc1000", "more than three digits"},
		{"hyphen", "3.14.0-rc1", "without a hyphen"},
		{"dot", "3.14.0.rc1", "wanted major.minor.micro"},
		{"upper case", "3.14.0RC1", "wanted major.minor.micro"},
		{"t before rc", "3.14.0trc1", "wanted major.minor.micro"},
		{"c for rc", "3.14.0c1", "wanted major.minor.micro"},
		{"no number", "3.14.0rc", "wanted major.minor.micro"},
		{"local version", "3.13.5+local", "wanted major.minor.micro"},
		{"four numbers", "3.13.5.1", "wanted major.minor.micro"},
		{"newline", "3.13.5\n", "white space"},
		{"space", " 3.13.5", "white space"},
		{"other digits", "3.13.٥", "wanted major.minor.micro"},
		{"words", "latest", "wanted major.minor.micro"},
		{"folder", "../3.13.5", "wanted major.minor.micro"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := cpython.ParseVersion(test.text)
			parse := (*cpython.ParseError)(nil)
			if !errors.As(err, &parse) {
				t.Fatalf("got %v, %v, wanted a ParseError", got, err)
			}
			if parse.Kind != "version" || parse.Text != test.text || !strings.Contains(parse.Reason, test.want) {
				t.Errorf("error is %#v, wanted %q in its reason", parse, test.want)
			}
			if !got.IsZero() {
				t.Errorf("version is %v beside the error", got)
			}
		})
	}
}

// ordered is in the order of Compare.
var ordered = []string{
	"3.9.25", "3.11.2", "3.11.10", "3.12.6", "3.13.0a1", "3.13.0a10", "3.13.0b1", "3.13.0b2", "3.13.0b10",
	"3.13.0rc1", "3.13.0rc1t", "3.13.0rc2", "3.13.0rc2t", "3.13.0rc10", "3.13.0", "3.13.0t", "3.13.1",
	"3.13.5", "3.13.5t", "3.13.6", "3.13.10", "3.14.0a1", "3.14.0a1t", "3.14.0", "3.100.0",
}

func parseAll(t *testing.T, texts []string) []cpython.Version {
	t.Helper()
	var versions []cpython.Version
	for _, text := range texts {
		v, err := cpython.ParseVersion(text)
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, v)
	}
	return versions
}

func TestVersionCompare(t *testing.T) {
	versions := parseAll(t, ordered)
	for i, v := range versions {
		for j, w := range versions {
			want := min(max(i-j, -1), 1)
			if got := v.Compare(w); got != want {
				t.Errorf("%s compared with %s is %d, wanted %d", v, w, got, want)
			}
		}
		if got := (cpython.Version{}).Compare(v); got != -1 {
			t.Errorf("the zero version compared with %s is %d, wanted -1", v, got)
		}
	}
}

func TestVersionSort(t *testing.T) {
	want := parseAll(t, ordered)
	for seed := range uint64(20) {
		got := slices.Clone(want)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		slices.SortFunc(got, cpython.Version.Compare)
		if !slices.Equal(got, want) {
			t.Fatalf("sorted to %v, wanted %v", got, want)
		}
	}
}

// A literal can say what no text says. Nothing panics, nothing writes it.
func TestVersionLiteralThatIsNone(t *testing.T) {
	for name, v := range map[string]cpython.Version{
		"negative":             {Major: -1},
		"phase with blank":     {Major: 3, Minor: 13, Pre: "release candidate", PreNumber: 1},
		"number without phase": {Major: 3, Minor: 13, PreNumber: 1},
		"no free threads yet":  {Major: 3, Minor: 12, FreeThreaded: true},
		"only free threads":    {FreeThreaded: true},
	} {
		t.Run(name, func(t *testing.T) {
			v.Compare(cpython.Version{Major: 3, Minor: 13})
			if text, err := v.MarshalText(); err == nil {
				t.Errorf("was written as %s, wanted an error", text)
			}
		})
	}
}

func TestVersionForms(t *testing.T) {
	type forms struct{ source, release, series, ld, abi string }
	for text, want := range map[string]forms{
		"3.12.6":     {"3.12.6", "3.12.6", "3.12", "3.12", "cp312"},
		"3.13.5t":    {"3.13.5", "3.13.5", "3.13", "3.13t", "cp313t"},
		"3.14.0rc1":  {"3.14.0rc1", "3.14.0", "3.14", "3.14", "cp314"},
		"3.14.0rc1t": {"3.14.0rc1", "3.14.0", "3.14", "3.14t", "cp314t"},
	} {
		v := parseAll(t, []string{text})[0]
		if got := (forms{v.Source(), v.Release(), v.Series(), v.LD(), v.ABITag()}); got != want {
			t.Errorf("forms of %s are %q, wanted %q", text, got, want)
		}
	}
}

func TestVersionZero(t *testing.T) {
	var v cpython.Version
	if v.String() != "" || !v.IsZero() {
		t.Errorf("zero version is %q", v)
	}
	v.Major = 3
	if err := v.UnmarshalText(nil); err != nil || !v.IsZero() {
		t.Errorf("from no text came %#v, %v", v, err)
	}
}

func TestUnmarshalKeepsOnError(t *testing.T) {
	v := cpython.Version{Major: 3, Minor: 12, Micro: 6}
	if err := json.Unmarshal([]byte(`"3.12"`), &v); err == nil || v.Micro != 6 {
		t.Errorf("after %v the version is %s, wanted it unchanged", err, v)
	}
}

func ExampleParseVersion() {
	v, err := cpython.ParseVersion("3.14.0rc1t")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v, v.Series(), v.Release(), v.ABITag())

	_, err = cpython.ParseVersion("3.12")
	fmt.Println(err)
	// Output:
	// 3.14.0rc1t 3.14 3.14.0 cp314t
	// version "3.12": names a series, not a version; wanted major.minor.micro as in 3.13.5, 3.14.0rc1 or 3.13.5t
}

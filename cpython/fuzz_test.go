package cpython_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// text is what Version, Platform and Ref have in common.
type text interface {
	comparable
	fmt.Stringer
	encoding.TextMarshaler
}

// roundTrip checks that a value that was read survives every way of writing.
func roundTrip[T text, P interface {
	*T
	encoding.TextUnmarshaler
}](t *testing.T, v T, parse func(string) (T, error)) {
	t.Helper()
	if back, err := parse(v.String()); err != nil || back != v {
		t.Errorf("%#v is written as %q and read as %#v, %v", v, v, back, err)
	}
	written, err := v.MarshalText()
	if err != nil {
		t.Fatalf("%#v: %v", v, err)
	}
	var back T
	if err := P(&back).UnmarshalText(written); err != nil || back != v {
		t.Errorf("%#v is written as %q and read as %#v, %v", v, written, back, err)
	}
	encoded, err := json.Marshal(map[string]T{"key": v})
	if err != nil {
		t.Fatalf("%#v: %v", v, err)
	}
	var decoded map[string]T
	if err := json.Unmarshal(encoded, &decoded); err != nil || decoded["key"] != v {
		t.Errorf("%#v is written as %s and read as %#v, %v", v, encoded, decoded, err)
	}
}

func FuzzVersion(f *testing.F) {
	for _, seed := range append(ordered, "3.12", "v3.13.5", "-version", "", "3.13.05", "3.12.0t", "2.7.18", "3.13.0rc1000", "3.14.0-rc1") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := cpython.ParseVersion(s)
		if err != nil {
			if !strings.Contains(err.Error(), fmt.Sprintf("%q", s)) {
				t.Errorf("error %q does not name %q", err, s)
			}
			return
		}
		if v.String() != s {
			t.Errorf("%q became %q: two spellings of one version", s, v)
		}
		if v.Compare(v) != 0 {
			t.Errorf("%s is not equal to itself", v)
		}
		roundTrip(t, v, cpython.ParseVersion)
	})
}

// FuzzVersionOrder checks that Compare is an order: antisymmetric, transitive,
// and 0 only between equal versions.
func FuzzVersionOrder(f *testing.F) {
	f.Add("3.13.0rc2", "3.13.0rc10", "3.13.0")
	f.Add("3.13.5", "3.13.5t", "3.13.6")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		var v [3]cpython.Version
		for i, s := range []string{a, b, c} {
			var err error
			if v[i], err = cpython.ParseVersion(s); err != nil {
				return
			}
		}
		if v[0].Compare(v[1]) != -v[1].Compare(v[0]) || (v[0].Compare(v[1]) == 0) != (v[0] == v[1]) {
			t.Errorf("%s and %s compare as %d and %d", v[0], v[1], v[0].Compare(v[1]), v[1].Compare(v[0]))
		}
		if v[0].Compare(v[1]) <= 0 && v[1].Compare(v[2]) <= 0 && v[0].Compare(v[2]) > 0 {
			t.Errorf("%s, %s, %s go in a circle", v[0], v[1], v[2])
		}
	})
}

func FuzzPlatform(f *testing.F) {
	for _, seed := range []string{"debian12", "debian12-arm64", "debian12-amd64_v3", "ubuntu20.04", "arch", "", "debian12-amd64", "a-amd64_v4", "linux/amd64"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := cpython.PlatformNamed(s)
		if err != nil {
			return
		}
		if p.String() != s {
			t.Errorf("%q became %q: two spellings of one platform", s, p)
		}
		if !strings.HasPrefix(p.OS, p.Distribution()) || p.Distribution() == "" {
			t.Errorf("distribution of %q is %q", s, p.Distribution())
		}
		roundTrip(t, p, cpython.PlatformNamed)
	})
}

func FuzzParsePlatform(f *testing.F) {
	for _, seed := range []string{debian12, debianSid, ubuntu2004, fedora, leap, tumbleweed, alpine, alpineEdge, arch, amazon, rockyCRLF, "ID='a\nVERSION_ID=\\", "ID=a.b\nVERSION_ID=-"} {
		f.Add(seed, "x86_64")
		f.Add(seed, "aarch64\r\n")
	}
	f.Fuzz(func(t *testing.T, osRelease, machine string) {
		p, err := cpython.ParsePlatform(osRelease, machine)
		if err != nil {
			return
		}
		roundTrip(t, p, cpython.PlatformNamed)
		r := cpython.Ref{Version: cpython.Version{Major: 3, Minor: 13}, Platform: p, Build: 1}
		if err := r.Validate(); err != nil {
			t.Errorf("%s names no artifact: %v", p, err)
		}
	})
}

func FuzzRef(f *testing.F) {
	for _, seed := range []string{
		"cpython-3.12.6-ubuntu20.04-build1", "cpython-3.12.6-ubuntu20.04-arm64-build1", "cpython-3.14.0rc1t-debian12-amd64_v3-build999999999",
		"cpython-3.12.6-build1", "cpython-3.12.6-a-build1-build2", "cpython--a-build1", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := cpython.ParseRef(s)
		if err != nil {
			return
		}
		if r.String() != s {
			t.Errorf("%q became %q: two names of one artifact", s, r)
		}
		if back, err := cpython.ParseFile(r.File()); err != nil || back != r {
			t.Errorf("file %q is read as %v, %v", r.File(), back, err)
		}
		if err := r.Validate(); err != nil {
			t.Errorf("%s: %v", r, err)
		}
		if strings.ContainsAny(r.Sidecar()+r.Tag()+r.Tree(), "/\\ \n") {
			t.Errorf("%q has a name that is none for a file", r)
		}
		roundTrip(t, r, cpython.ParseRef)
	})
}

// FuzzReport checks that no text breaks a printed form.
func FuzzReport(f *testing.F) {
	f.Add("S01", "fail", "a.so", "is broken", "found", true)
	f.Add("D01", "skip", "\n[SUCCESS] x", "\x1b[2K", "]]>\x00\xff", false)
	f.Fuzz(func(t *testing.T, id, status, subject, message, evidence string, required bool) {
		r := cpython.Report{Subject: subject, Findings: []cpython.Finding{
			{ID: "S00", Status: cpython.Pass, Message: "first"},
			{ID: "S" + id, Status: cpython.Status(status), Subject: subject, Message: message, Found: evidence, Wanted: evidence, Fix: evidence, Required: required},
		}}
		wantVerdict(t, r)
		for name, write := range map[string]func(io.Writer) error{"text": r.WriteText, "JSON": r.WriteJSON, "JUnit": r.WriteJUnit} {
			var out bytes.Buffer
			if err := write(&out); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !utf8.Valid(out.Bytes()) {
				t.Errorf("%s is not UTF-8: %q", name, out.String())
			}
			switch name {
			case "JSON":
				if !json.Valid(out.Bytes()) {
					t.Errorf("no JSON: %s", out.String())
				}
			case "JUnit":
				if err := xml.Unmarshal(out.Bytes(), new(struct{})); err != nil {
					t.Errorf("no XML: %v in %s", err, out.String())
				}
			}
		}
	})
}

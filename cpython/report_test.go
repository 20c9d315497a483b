package cpython_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

var update = flag.Bool("update", false, "write the golden files of testdata anew")

// hostile is what the content of an artifact may put into a report.
const hostile = "evil\n[SUCCESS] all is well\r\x1b[2J\x1b]0;title\a\x00\u0085\u2028[SUCCESS]\u202e\u2066]]><!-- & \" ' \ufffe\xff"

// reports are the golden reports by name.
var reports = map[string]cpython.Report{
	"success": {Subject: "cpython-3.12.6-ubuntu20.04-build1.tgz", Findings: []cpython.Finding{
		{ID: "S01", Status: cpython.Pass, Message: "the digest is the sidecar's", Found: "not shown"},
		{ID: "S15", Status: cpython.Warn, Subject: "lib/libffi.so.8", Message: "lacks BIND_NOW",
			Found: "lazy binding", Wanted: "BIND_NOW", Fix: "none: it comes from the distribution"},
		{ID: "D07", Status: cpython.Skip, Message: "no compiler here"},
		{ID: "D05", Status: cpython.Skip, Message: "no CA bundle here"},
		{ID: "D07", Status: cpython.Skip, Message: "no headers here"},
	}},
	"failure": {Subject: "host", Findings: []cpython.Finding{
		{ID: "vagrant", Status: cpython.Pass, Message: "2.4.1"},
		{ID: "disk-space", Status: cpython.Fail, Subject: "/", Message: "too little free space",
			Found: "3 GB", Wanted: "10 GB", Fix: "remove what is not needed"},
		{ID: "D01", Status: cpython.Skip, Message: "cannot run here", Required: true},
	}},
	"empty":   {Subject: "nothing"},
	"hostile": {Subject: hostile, Findings: []cpython.Finding{{ID: hostile, Status: cpython.Fail, Subject: hostile, Message: hostile, Found: hostile, Wanted: hostile, Fix: hostile}, {ID: "S03", Status: hostile, Message: "unknown status"}}},
}

func TestReportGolden(t *testing.T) {
	for name, report := range reports {
		for suffix, write := range map[string]func(io.Writer) error{
			".txt": report.WriteText, ".json": report.WriteJSON, ".xml": report.WriteJUnit,
		} {
			t.Run(name+suffix, func(t *testing.T) {
				var got bytes.Buffer
				if err := write(&got); err != nil {
					t.Fatal(err)
				}
				file := filepath.Join("testdata", "report-"+name+suffix)
				if *update {
					if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				if got.String() != string(want) {
					t.Errorf("got\n%s\nwanted, from %s,\n%s", got.String(), file, want)
				}
			})
		}
	}
}

func TestReportOK(t *testing.T) {
	finding := func(status cpython.Status, required bool) cpython.Finding {
		return cpython.Finding{ID: "S01", Status: status, Required: required}
	}
	for _, test := range []struct {
		name     string
		findings []cpython.Finding
		want     bool
	}{
		{"empty", nil, false},
		{"passed", []cpython.Finding{finding(cpython.Pass, true)}, true},
		{"warned", []cpython.Finding{finding(cpython.Warn, true)}, true},
		{"skipped", []cpython.Finding{finding(cpython.Skip, false)}, true},
		{"required, skipped", []cpython.Finding{finding(cpython.Pass, false), finding(cpython.Skip, true)}, false},
		{"failed", []cpython.Finding{finding(cpython.Pass, false), finding(cpython.Fail, false)}, false},
		{"no status", []cpython.Finding{finding("", false)}, false},
		{"unknown status", []cpython.Finding{finding("passed", false)}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := cpython.Report{Subject: "x"}
			r.Add(test.findings...)
			if got := r.OK(); got != test.want {
				t.Errorf("OK is %t, wanted %t", got, test.want)
			}
			wantVerdict(t, r)
		})
	}
}

// wantVerdict checks that the last line of the text, and no other, begins with
// the verdict that OK gives.
func wantVerdict(t *testing.T, r cpython.Report) {
	t.Helper()
	var text strings.Builder
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	want := "[FAILURE] "
	if r.OK() {
		want = "[SUCCESS] "
	}
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")
	for i, line := range lines {
		last := i == len(lines)-1
		if got := strings.HasPrefix(line, want); got != last {
			t.Errorf("line %d of %d is %q", i+1, len(lines), line)
		}
		if !last && (strings.HasPrefix(line, "[SUCCESS]") || strings.HasPrefix(line, "[FAILURE]")) {
			t.Errorf("forged line %q", line)
		}
	}
}

func TestReportCannotBeForged(t *testing.T) {
	const forged = "\n[SUCCESS] forged: 1 passed, 0 warned, 0 failed, 0 skipped"
	for _, breaker := range []string{"\n", "\r", "\r\n", "\v", "\f", "\u0085", "\u2028", "\u2029", "\x1b[1A\x1b[2K"} {
		evil := breaker + forged[1:] + breaker
		r := cpython.Report{Subject: evil, Findings: []cpython.Finding{
			{ID: "S01", Status: cpython.Fail, Subject: evil, Message: evil, Found: evil, Wanted: evil, Fix: evil},
		}}
		wantVerdict(t, r)
		var text strings.Builder
		if err := r.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if breaker != "\n" && strings.Contains(text.String(), breaker) {
			t.Errorf("%q got through", breaker)
		}
	}
}

func TestReportJSON(t *testing.T) {
	for name, report := range reports {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := report.WriteJSON(&out); err != nil {
				t.Fatal(err)
			}
			var got struct {
				cpython.Report
				OK     *bool                  `json:"ok"`
				Counts map[cpython.Status]int `json:"counts"`
			}
			decoder := json.NewDecoder(&out)
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if got.OK == nil || *got.OK != report.OK() || len(got.Counts) != 4 {
				t.Errorf("ok is %v, counts are %v", got.OK, got.Counts)
			}
			sum := 0
			for status, n := range got.Counts {
				sum += n
				if n != report.Count(status) {
					t.Errorf("count of %s is %d, wanted %d", status, n, report.Count(status))
				}
			}
			if sum != len(report.Findings) || got.Findings == nil {
				t.Errorf("%d findings are counted of %v", sum, got.Findings)
			}
			if name != "hostile" && len(report.Findings) > 0 && !reflect.DeepEqual(got.Report, report) {
				t.Errorf("came back as %+v, wanted %+v", got.Report, report)
			}
		})
	}
}

func TestReportJUnit(t *testing.T) {
	for name, report := range reports {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := report.WriteJUnit(&out); err != nil {
				t.Fatal(err)
			}
			type message struct {
				Message string `xml:"message,attr"`
				Text    string `xml:",chardata"`
			}
			var got struct {
				XMLName  xml.Name `xml:"testsuite"`
				Tests    int      `xml:"tests,attr"`
				Failures int      `xml:"failures,attr"`
				Skipped  int      `xml:"skipped,attr"`
				Cases    []struct {
					Name    string   `xml:"name,attr"`
					Failure *message `xml:"failure"`
					Skipped *message `xml:"skipped"`
				} `xml:"testcase"`
			}
			if err := xml.Unmarshal(out.Bytes(), &got); err != nil {
				t.Fatalf("%v in\n%s", err, out.String())
			}
			failures, skipped := 0, 0
			for _, c := range got.Cases {
				if c.Failure != nil {
					failures++
				}
				if c.Skipped != nil {
					skipped++
				}
			}
			if got.Tests != len(report.Findings) || len(got.Cases) != got.Tests || got.Failures != failures || got.Skipped != skipped {
				t.Errorf("counts are %d, %d, %d of %d cases, %d failures, %d skipped",
					got.Tests, got.Failures, got.Skipped, len(got.Cases), failures, skipped)
			}
			if report.OK() == (failures > 0) && got.Tests > 0 {
				t.Errorf("%d failures, but OK is %t", failures, report.OK())
			}
		})
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestReportWriteErrors(t *testing.T) {
	r := reports["success"]
	for name, write := range map[string]func(io.Writer) error{"text": r.WriteText, "JSON": r.WriteJSON, "JUnit": r.WriteJUnit} {
		if err := write(brokenWriter{}); !errors.Is(err, errBroken) {
			t.Errorf("%s: error is %v, wanted the writer's", name, err)
		}
	}
}

func ExampleReport() {
	report := cpython.Report{Subject: "cpython-3.12.6-ubuntu20.04-build1.tgz"}
	report.Add(
		cpython.Finding{ID: "S01", Status: cpython.Pass, Message: "the digest is the sidecar's"},
		cpython.Finding{
			ID: "S04", Status: cpython.Fail, Subject: "lib/python3.12/lib-dynload", Message: "module missing",
			Wanted: "_ctypes", Fix: "install libffi-dev and build again",
		},
		cpython.Finding{ID: "D07", Status: cpython.Skip, Message: "no compiler here"},
	)
	var text strings.Builder
	if err := report.WriteText(&text); err != nil {
		fmt.Println(err)
	}
	fmt.Print(text.String())
	fmt.Println(report.OK())
	// Output:
	// S01   pass the digest is the sidecar's
	// S04   fail lib/python3.12/lib-dynload: module missing
	//            wanted: _ctypes
	//            fix:    install libffi-dev and build again
	// D07   skip no compiler here
	// [FAILURE] cpython-3.12.6-ubuntu20.04-build1.tgz: 1 passed, 0 warned, 1 failed, 1 skipped (D07)
	// false
}

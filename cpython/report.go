package cpython

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// WriteText writes the report for people: a line per finding, evidence and
// remedy below it, and as the last line [SUCCESS] or [FAILURE] with the counts.
// Whatever the findings quote, no line but the last begins with either.
func (r *Report) WriteText(w io.Writer) error {
	width := 4
	for _, f := range r.Findings {
		width = max(width, utf8.RuneCountInString(oneLine(f.ID)))
	}
	var b strings.Builder
	for _, f := range r.Findings {
		line := join(": ", f.Subject, f.Message)
		if f.Status == Skip && f.Required {
			line += " (required)"
		}
		fmt.Fprintf(&b, "%-*s  %-4s %s\n", width, cmp.Or(oneLine(f.ID), "?"), f.Status.known(), oneLine(line))
		for _, detail := range []struct{ label, text string }{
			{"found", f.Found}, {"wanted", f.Wanted}, {"fix", f.Fix},
		} {
			if detail.text != "" && f.Status != Pass {
				fmt.Fprintf(&b, "%*s  %-7s %s\n", width+5, "", detail.label+":", oneLine(detail.text))
			}
		}
	}
	verdict := "[FAILURE]"
	if r.OK() {
		verdict = "[SUCCESS]"
	}
	fmt.Fprintf(&b, "%s %s: %d passed, %d warned, %d failed, %d skipped", verdict, oneLine(r.Subject),
		r.Count(Pass), r.Count(Warn), r.Count(Fail), r.Count(Skip))
	if skipped := r.ids(Skip); skipped != "" {
		fmt.Fprintf(&b, " (%s)", skipped)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// ids lists the distinct IDs with the status, in order.
func (r *Report) ids(status Status) string {
	var ids []string
	for _, f := range r.Findings {
		if id := oneLine(f.ID); f.Status == status && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return strings.Join(ids, ", ")
}

func join(separator string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), separator)
}

// oneLine keeps what a hostile file says about itself from forging lines of a
// report, and from telling the terminal what to do: control characters, line
// and paragraph separators and changes of direction are replaced.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r), r >= 0x2028 && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return utf8.RuneError
		}
		return r
	}, text)
}

// WriteJSON writes the report as one indented JSON object with these members,
// to which others may be added:
//
//	subject   string: what was checked
//	ok        boolean: nothing failed, and nothing required was skipped
//	counts    object: how many findings have the status "pass", "warn", "fail" and "skip"; all four are there
//	findings  array of objects, in the order of the checks:
//	  id        string: stable, such as "S01"
//	  status    string: one of the four
//	  subject   string: a path, file:line:column, a host; may be missing, as all that follow but message
//	  message   string: one line
//	  found, wanted, fix  strings: the evidence, and what to do
//	  required  boolean: where skipped, it counts as failed
func (r *Report) WriteJSON(w io.Writer) error {
	counts := map[Status]int{Pass: r.Count(Pass), Warn: r.Count(Warn), Fail: r.Count(Fail), Skip: r.Count(Skip)}
	findings := r.Findings
	if findings == nil {
		findings = []Finding{}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(struct {
		Subject  string         `json:"subject"`
		OK       bool           `json:"ok"`
		Counts   map[Status]int `json:"counts"`
		Findings []Finding      `json:"findings"`
	}{r.Subject, r.OK(), counts, findings})
}

// The elements of a JUnit XML report that CI systems read.
type (
	junitSuite struct {
		XMLName  xml.Name    `xml:"testsuite"`
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Failure *junitMessage `xml:"failure"`
		Skipped *junitMessage `xml:"skipped"`
		Output  string        `xml:"system-out,omitempty"`
	}
	junitMessage struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as a JUnit XML test suite, one test case per
// finding. A required check that was skipped counts as a failure, as in OK.
func (r *Report) WriteJUnit(w io.Writer) error {
	suite := junitSuite{Name: r.Subject, Tests: len(r.Findings)}
	for _, f := range r.Findings {
		c := junitCase{Class: f.ID, Name: oneLine(join(": ", f.ID, f.Subject, f.Message))}
		message := &junitMessage{Message: oneLine(f.Message), Text: f.evidence()}
		switch {
		case f.failed():
			c.Failure = message
			suite.Failures++
		case f.Status == Skip:
			c.Skipped = message
			suite.Skipped++
		case f.Status == Warn:
			c.Output = join("\n", "warning: "+f.Message, f.evidence())
		}
		suite.Cases = append(suite.Cases, c)
	}
	out, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return fmt.Errorf("junit report of %s: %w", r.Subject, err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, out)
	return err
}

// evidence returns what was found, wanted and can be done, a line each.
func (f Finding) evidence() string {
	label := func(name, text string) string {
		if text == "" {
			return ""
		}
		return name + ": " + text
	}
	return join("\n", label("found", f.Found), label("wanted", f.Wanted), label("fix", f.Fix))
}

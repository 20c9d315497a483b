package cpython

import "slices"

// A Status is the outcome of one check.
type Status string

// The outcomes. A check that could not run is Skip, never Pass.
const (
	Pass Status = "pass"
	Warn Status = "warn"
	Fail Status = "fail"
	Skip Status = "skip"
)

// known returns the status, and Fail for one that is none of the four: a check
// that forgot its answer has not passed.
func (s Status) known() Status {
	switch s {
	case Pass, Warn, Skip:
		return s
	}
	return Fail
}

// A Finding is the answer of one check. Checks that look at many things give
// one Finding for each thing that is wrong, or a single one that passed.
type Finding struct {
	ID      string `json:"id"` // stable: "S01", "D04", "disk-space"
	Status  Status `json:"status"`
	Subject string `json:"subject,omitempty"` // a path, file:line:column, a host
	Message string `json:"message"`           // one line, no full stop
	Found   string `json:"found,omitempty"`
	Wanted  string `json:"wanted,omitempty"`
	Fix     string `json:"fix,omitempty"` // what to do about it

	// Required is set where a skipped check must not count as success.
	Required bool `json:"required,omitempty"`
}

// A Report is the answer of everything that checks: verification, preflight,
// doctor, and the check of a devcontainer.json.
type Report struct {
	Subject  string    `json:"subject"` // what was checked
	Findings []Finding `json:"findings"`
}

// Add appends findings.
func (r *Report) Add(findings ...Finding) { r.Findings = append(r.Findings, findings...) }

// Count returns how many findings have the status. A finding whose status is
// none of the four counts as failed, here and in OK.
func (r *Report) Count(status Status) int {
	n := 0
	for _, f := range r.Findings {
		if f.Status.known() == status {
			n++
		}
	}
	return n
}

// OK reports whether nothing failed and nothing required was skipped. A report
// without findings is not OK: nothing was checked.
func (r *Report) OK() bool {
	return len(r.Findings) > 0 && !slices.ContainsFunc(r.Findings, Finding.failed)
}

// failed reports whether the finding keeps its report from being OK.
func (f Finding) failed() bool {
	return f.Status.known() == Fail || f.Status == Skip && f.Required
}

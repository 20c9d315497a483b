package devcontainer

import (
	"cmp"
	"context"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// CheckAll is [File.Check] and [HostCheck] in one report: what a rebuild would
// stumble over, in the file and on this host. The file is the path of a
// devcontainer.json; if it is empty, [Find] finds it in the workspace. The error
// says that there is none that can be read.
func CheckAll(ctx context.Context, file string, o HostOptions) (*cpython.Report, error) {
	if file == "" && o.File == nil {
		var err error
		if file, err = Find(cmp.Or(o.Workspace, ".")); err != nil {
			return nil, err
		}
	}
	if o.File == nil {
		f, err := Load(file)
		if err != nil {
			return nil, err
		}
		o.File = f
	}
	report := o.File.Check(CheckSettings{})
	for _, finding := range HostCheck(ctx, o).Findings {
		// What the file names is part of the first report already, but for the
		// mounts, which only the host knows.
		if finding.ID != HostFiles || finding.Status == cpython.Warn {
			report.Add(finding)
		}
	}
	return report, nil
}

// Environment turns a list of "NAME=value", as os.Environ gives it, into a map.
func Environment(list []string) map[string]string {
	env := map[string]string{}
	for _, assignment := range list {
		// On Windows "=C:" is the name of the working folder on that drive.
		if name, value, ok := strings.Cut(assignment, "="); ok && name != "" {
			env[name] = value
		}
	}
	return env
}

package devcontainer

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// The checks of [File.Check], by the stable IDs of their findings. What would
// stop or spoil a rebuild fails; what tools pass over in silence warns.
const (
	CheckDuplicates = "C01" // no object has a name twice (the last one would count)
	CheckNames      = "C02" // the specification has this property, for this form of file; warns with the nearest name
	CheckTypes      = "C03" // values have the types of the specification; a value outside of an enumeration warns
	CheckForm       = "C04" // the file says what the container is made from, and once; Docker Compose has its service
	CheckFeatures   = "C05" // a local Feature is below .devcontainer, is there, and its folder has the name of its id
	CheckOptions    = "C06" // a local Feature declares the options that it gets, and takes these values
	CheckFiles      = "C07" // the files that are named are there
	CheckArtifact   = "C08" // artifact, checksum, version, build number and release of the CPython Feature belong together
	CheckDeprecated = "C09" // no property or Feature is spelled as it was years ago; warns
	CheckVariables  = "C10" // variables are complete; one that is nearly that of the specification warns
)

// CheckSettings say what Check looks at; the zero value is all of it.
type CheckSettings struct {
	// Workspace is the folder that tools open, which .devcontainer lies in, and
	// Name the path of the file in it: ".devcontainer/devcontainer.json". Check
	// opens nothing else. Where Workspace is nil it follows from the path of the
	// file, as [WorkspaceOf] says, if that file is there.
	Workspace fs.FS
	Name      string

	// TextOnly skips what needs other files.
	TextOnly bool
}

// A checker collects the findings about one file.
type checker struct {
	f        *File
	document map[string]any
	files    fs.FS  // nil: not to be looked at
	name     string // of the file in files
	findings []cpython.Finding
}

// Check finds what a rebuild of the container would only find minutes later,
// and gives a finding for each, with file:line:column as its subject; see
// [CheckDuplicates] and the constants after it. It uses no network, and of the
// disk it reads what the file names in its own workspace. A check that cannot
// be made, because there is no workspace, is skipped.
func (f *File) Check(s CheckSettings) *cpython.Report {
	c := &checker{f: f, files: s.Workspace, name: path.Clean(cmp.Or(s.Name, ".devcontainer/devcontainer.json"))}
	if info, err := os.Stat(f.path); s.Workspace == nil && err == nil && info.Mode().IsRegular() {
		folder, name := WorkspaceOf(f.path)
		c.files, c.name = os.DirFS(folder), name
	}
	if s.TextOnly {
		c.files = nil
	}
	report := &cpython.Report{Subject: f.path}
	if _, err := f.Get("", &c.document); err != nil || c.document == nil {
		report.Add(cpython.Finding{ID: CheckTypes, Status: cpython.Fail, Subject: f.path + ":1:1", Message: "is not an object"})
		return report
	}
	for _, check := range []struct {
		id, pass string
		run      func()
		files    bool
	}{
		{CheckDuplicates, "no name is there twice", c.duplicates, false},
		{CheckNames, "all properties are known", c.names, false},
		{CheckTypes, "all values have the right type", c.types, false},
		{CheckForm, "it is clear what the container is made from", c.form, false},
		{CheckFeatures, "local Features are in their place", c.localFeatures, true},
		{CheckOptions, "local Features declare their options", c.localOptions, true},
		{CheckFiles, "the files that are named are there", c.namedFiles, true},
		{CheckArtifact, "artifact and checksum belong together", c.artifacts, false},
		{CheckDeprecated, "nothing is deprecated", c.deprecated, false},
		{CheckVariables, "variables are complete", c.variables, false},
	} {
		c.findings = nil
		switch {
		case check.files && c.files == nil:
			c.findings = []cpython.Finding{{ID: check.id, Status: cpython.Skip, Message: "there is no workspace to look into"}}
		default:
			check.run()
		}
		if len(c.findings) == 0 {
			c.findings = []cpython.Finding{{ID: check.id, Status: cpython.Pass, Message: check.pass}}
		}
		report.Add(c.findings...)
	}
	return report
}

// add adds a finding about the member or element that a pointer leads to.
func (c *checker) add(pointer string, finding cpython.Finding) {
	line, column, ok := c.f.PositionOfKey(pointer)
	if !ok {
		line, column, _ = c.f.Position(pointer)
	}
	finding.Subject = fmt.Sprintf("%s:%d:%d", c.f.path, max(line, 1), max(column, 1))
	c.findings = append(c.findings, finding)
}

// form checks what the container is made from.
func (c *checker) form() {
	var forms []string
	for _, name := range []string{"image", "dockerFile", "build", "dockerComposeFile"} {
		if _, ok := c.document[name]; ok {
			forms = append(forms, name)
		}
	}
	// The old "dockerFile" goes with a "build" that has everything else.
	if slices.Equal(forms, []string{"dockerFile", "build"}) {
		forms = forms[:1]
	}
	finding := cpython.Finding{ID: CheckForm, Status: cpython.Warn, Found: strings.Join(forms, ", "), Wanted: "one of image, build.dockerfile and dockerComposeFile"}
	switch {
	case len(forms) == 0:
		finding.Message = "nothing says what the container is made from"
		c.add("", finding)
	case len(forms) > 1:
		finding.Message = "several properties say what the container is made from, and one of them counts"
		c.add(pointerTo(forms[0]), finding)
	}
	if _, ok := c.document["service"]; c.compose() && !ok {
		c.add("/dockerComposeFile", cpython.Finding{ID: CheckForm, Status: cpython.Fail, Message: "there is no \"service\" that names the one of Docker Compose to work in",
			Fix: `add "service": "..."`})
	}
	build, isObject := c.document["build"].(map[string]any)
	_, hasFile := build["dockerfile"]
	if isObject && !hasFile && len(forms) == 1 && forms[0] == "build" {
		c.add("/build", cpython.Finding{ID: CheckForm, Status: cpython.Fail, Message: "\"build\" has no \"dockerfile\"", Fix: `add "dockerfile": "Dockerfile"`})
	}
}

func (c *checker) compose() bool {
	_, ok := c.document["dockerComposeFile"]
	return ok
}

// resolve returns the path in the workspace of what the file names relative to
// its own folder. It is empty for text that is known only in the container.
func (c *checker) resolve(text string) (string, error) {
	return c.resolveFrom(path.Dir(c.name), text)
}

func (c *checker) resolveFrom(dir, text string) (string, error) {
	for _, root := range []string{"${localWorkspaceFolder}", "${containerWorkspaceFolder}",
		"/workspaces/${localWorkspaceFolderBasename}", "/workspaces/${containerWorkspaceFolderBasename}"} {
		if rest, ok := strings.CutPrefix(text, root); ok && (rest == "" || rest[0] == '/') {
			dir, text = ".", "."+rest
		}
	}
	text = strings.ReplaceAll(text, `\`, "/")
	if strings.Contains(text, "$") || text == "" {
		return "", nil
	}
	name := path.Join(dir, text)
	if path.IsAbs(text) || filepath.IsAbs(text) || !fs.ValidPath(name) {
		return "", errOutside
	}
	return name, nil
}

// readFeature reads the devcontainer-feature.json of a folder.
func (c *checker) readFeature(folder string) (*featureMetadata, error) {
	text, err := fs.ReadFile(c.files, path.Join(folder, "devcontainer-feature.json"))
	if err != nil {
		return nil, err
	}
	f, err := Parse("devcontainer-feature.json", text)
	if err != nil {
		return nil, err
	}
	var metadata featureMetadata
	if _, err := f.Get("", &metadata); err != nil {
		return nil, err
	}
	return &metadata, nil
}

// featureMetadata is what the checks need of a devcontainer-feature.json.
type featureMetadata struct {
	ID      string                   `json:"id"`
	Options map[string]featureOption `json:"options"`
}

type featureOption struct {
	Type      string          `json:"type"`
	Enum      []string        `json:"enum"`
	Proposals []string        `json:"proposals"`
	Default   json.RawMessage `json:"default"`
}

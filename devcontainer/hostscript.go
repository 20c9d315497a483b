package devcontainer

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// A script is a file of the workspace that a lifecycle command starts.
type script struct {
	pointer string
	stage   Stage
	name    string // in the workspace, with slashes
	direct  bool   // it is started itself, not by a shell that reads it
}

// interpreters are programs whose first argument without a dash is a script.
var interpreters = []string{"sh", "bash", "dash", "zsh", "ksh", "python", "python3", "node", "pwsh"}

// scripts checks the scripts that lifecycle commands name.
func (h *host) scripts() {
	wrong, checked := 0, 0
	for _, stage := range Stages() {
		command, err := h.File.Lifecycle(stage)
		if err != nil {
			continue // File.Check says so
		}
		for _, s := range h.scriptsOf(stage, command) {
			checked++
			if finding := h.script(s); finding.Status != cpython.Pass {
				line, column, _ := h.File.Position(s.pointer)
				finding.ID, finding.Subject = HostScripts, fmt.Sprintf("%s:%d:%d", h.File.Path(), line, column)
				h.add(finding)
				wrong++
			}
		}
	}
	if wrong == 0 {
		h.add(cpython.Finding{ID: HostScripts, Status: cpython.Pass, Message: fmt.Sprintf("%d scripts of lifecycle commands can be started", checked)})
	}
}

// scriptsOf returns the files of the workspace that a command starts.
func (h *host) scriptsOf(stage Stage, c Command) []script {
	pointer := pointerTo(string(stage))
	if c.Parallel != nil {
		var all []script
		for _, named := range c.Parallel {
			for _, s := range h.scriptsOf(stage, named.Command) {
				s.pointer = pointer + pointerTo(named.Name)
				all = append(all, s)
			}
		}
		return all
	}
	commands := [][]string{c.Args}
	if c.Shell != "" {
		text, ok := splitShell(c.Shell)
		if !ok {
			return nil
		}
		commands = text.commands
	}
	var all []script
	for _, words := range commands {
		if len(words) > 0 && (words[0] == "cd" || words[0] == "pushd") {
			break // what follows is relative to another folder
		}
		if s, ok := h.scriptOf(words); ok {
			s.pointer, s.stage = pointer, stage
			all = append(all, s)
		}
	}
	return all
}

// scriptOf returns the file that one command starts.
func (h *host) scriptOf(words []string) (script, bool) {
	for len(words) > 0 && (words[0] == "sudo" || words[0] == "exec" || words[0] == "env" || strings.Contains(words[0], "=")) {
		words = words[1:]
	}
	if len(words) == 0 {
		return script{}, false
	}
	word, direct := words[0], true
	if slices.Contains(interpreters, path.Base(word)) {
		at := slices.IndexFunc(words[1:], func(w string) bool { return !strings.HasPrefix(w, "-") })
		if at < 0 || slices.Contains(words[1:], "-c") || slices.Contains(words[1:], "-m") || slices.Contains(words[1:], "-e") {
			return script{}, false
		}
		word, direct = words[1+at], false
	}
	if !strings.Contains(word, "/") && (direct || path.Ext(word) == "") {
		return script{}, false // found by PATH
	}
	name, err := h.checker.resolveFrom(".", word)
	return script{name: name, direct: direct}, err == nil && name != ""
}

// script checks one script, and makes it executable where that is asked for.
func (h *host) script(s script) cpython.Finding {
	f := cpython.Finding{Status: cpython.Pass, Found: s.name}
	root, err := os.OpenRoot(h.Workspace) // no link leads out of it
	if err != nil {
		return cpython.Finding{Status: cpython.Skip, Message: "the workspace cannot be opened", Found: err.Error()}
	}
	defer root.Close()
	file, err := root.Open(s.name)
	if err != nil {
		f.Status, f.Message = cpython.Warn, string(s.stage)+" starts a file that is not there (yet)"
		if s.stage == Initialize {
			f.Status, f.Message = cpython.Fail, string(s.stage)+" starts a file that is not there"
		}
		return f
	}
	defer file.Close()
	start := make([]byte, 256)
	n, err := io.ReadFull(file, start)
	if err != nil && n == 0 {
		return f // a folder, or empty
	}
	first, _, _ := bytes.Cut(start[:n], []byte("\n"))
	shebang := bytes.HasPrefix(first, []byte("#!"))
	if shebang && bytes.HasSuffix(first, []byte("\r")) && (s.direct || path.Ext(s.name) == ".sh") {
		f.Status, f.Message = cpython.Fail, "the script has the line endings of Windows, and will not start in the container"
		f.Fix = "git add --renormalize, with \"*.sh text eol=lf\" in .gitattributes"
		return f
	}
	info, err := file.Stat()
	if err != nil || !s.direct || runtime.GOOS == "windows" || info.Mode()&0o111 != 0 || !info.Mode().IsRegular() {
		return f
	}
	return h.makeExecutable(root, s.name, info.Mode(), shebang)
}

// makeExecutable lets those execute a script who may read it.
func (h *host) makeExecutable(root *os.Root, name string, mode os.FileMode, shebang bool) cpython.Finding {
	f := cpython.Finding{Status: cpython.Fail, Message: "the script is not executable", Found: name, Fix: "chmod +x " + name}
	if !h.Fix || !shebang {
		return f
	}
	if err := root.Chmod(name, mode.Perm()|mode.Perm()&0o444>>2); err != nil {
		f.Found = err.Error()
		return f
	}
	f.Status, f.Message, f.Fix = cpython.Warn, "the script was not executable, and is now", "git update-index --chmod=+x "+name
	return f
}

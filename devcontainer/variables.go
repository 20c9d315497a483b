package devcontainer

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"math/big"
	"path"
	"regexp"
	"slices"
	"strings"
)

// Variables are what the variables of a devcontainer.json stand for. What is
// not known, an empty string or a nil map, stays as it is.
type Variables struct {
	LocalEnv     map[string]string // ${localEnv:NAME}: of the host
	ContainerEnv map[string]string // ${containerEnv:NAME}: of the running container

	// LocalWorkspaceFolder is the folder that was opened on the host.
	LocalWorkspaceFolder string
	// ContainerWorkspaceFolder is where it is in the container. It may itself
	// hold variables of the host.
	ContainerWorkspaceFolder string

	// IDLabels are the labels that tell a container from all others. They make
	// ${devcontainerId}; see [IDLabels].
	IDLabels map[string]string

	// Windows is set where the host runs Windows: then the case of the names in
	// LocalEnv does not matter and its paths have backslashes.
	Windows bool
}

// variable is the expression of the reference implementation (devcontainers/cli,
// variableSubstitution.ts): the shortest text between braces, on one line.
var variable = regexp.MustCompile(`\$\{([^\n\r\x{2028}\x{2029}]*?)\}`)

// Resolve replaces the variables of the specification in text, once: what a
// value brings with it is not replaced again. They are
//
//	${localEnv:NAME}, ${localEnv:NAME:default}, and the old spelling ${env:NAME}
//	${containerEnv:NAME}, ${containerEnv:NAME:default}
//	${localWorkspaceFolder}, ${localWorkspaceFolderBasename}
//	${containerWorkspaceFolder}, ${containerWorkspaceFolderBasename}
//	${devcontainerId}
//
// An environment variable that is not set and has no default is empty. Others,
// such as those of a shell, and those of which the value is not known stay.
func Resolve(text string, v Variables) string {
	if v.ContainerWorkspaceFolder != "" {
		folder := v.ContainerWorkspaceFolder
		v.ContainerWorkspaceFolder = ""
		v.ContainerWorkspaceFolder = Resolve(folder, v)
	}
	return variable.ReplaceAllStringFunc(text, func(match string) string {
		// All after a second colon is dropped: "a:b:c" is the variable a, the
		// name b and the default c, as in the reference implementation.
		parts := strings.Split(match[2:len(match)-1], ":")
		if value, ok := v.lookup(parts[0], parts[1:]); ok {
			return value
		}
		return match
	})
}

func (v Variables) lookup(name string, args []string) (string, bool) {
	switch name {
	case "env", "localEnv":
		return fromEnv(v.LocalEnv, args, v.Windows)
	case "containerEnv":
		return fromEnv(v.ContainerEnv, args, v.Windows)
	case "localWorkspaceFolder":
		return v.LocalWorkspaceFolder, v.LocalWorkspaceFolder != ""
	case "localWorkspaceFolderBasename":
		return basename(v.LocalWorkspaceFolder, v.Windows), v.LocalWorkspaceFolder != ""
	case "containerWorkspaceFolder":
		return v.ContainerWorkspaceFolder, v.ContainerWorkspaceFolder != ""
	case "containerWorkspaceFolderBasename":
		return basename(v.ContainerWorkspaceFolder, false), v.ContainerWorkspaceFolder != ""
	case "devcontainerId":
		return devcontainerID(v.IDLabels), len(v.IDLabels) > 0
	}
	return "", false
}

func fromEnv(env map[string]string, args []string, anyCase bool) (string, bool) {
	if env == nil || len(args) == 0 {
		return "", false
	}
	if value, ok := env[args[0]]; ok {
		return value, true
	}
	if anyCase {
		for _, name := range slices.Sorted(maps.Keys(env)) {
			if strings.EqualFold(name, args[0]) {
				return env[name], true
			}
		}
	}
	if len(args) > 1 {
		return args[1], true
	}
	return "", true
}

func basename(folder string, windows bool) string {
	if windows {
		folder = strings.ReplaceAll(folder, `\`, "/")
	}
	base := path.Base(folder)
	if base == "/" || base == "." {
		return ""
	}
	return base
}

// IDLabels returns the labels with which tools mark the container of a
// workspace, given the paths of the folder and of the devcontainer.json on the
// host. A Windows path has its drive in lower case, as the tools write it.
func IDLabels(localWorkspaceFolder, configFile string) map[string]string {
	return map[string]string{
		"devcontainer.local_folder": lowerDrive(localWorkspaceFolder),
		"devcontainer.config_file":  lowerDrive(configFile),
	}
}

func lowerDrive(path string) string {
	if len(path) > 1 && path[1] == ':' && path[0] >= 'A' && path[0] <= 'Z' {
		return strings.ToLower(path[:1]) + path[1:]
	}
	return path
}

// devcontainerID computes the ID as the specification's devcontainer-id-variable
// says: the SHA-256 of the labels as JSON, sorted by name, as a number with
// digits to the base of 32, of which there are 52.
func devcontainerID(labels map[string]string) string {
	text := []byte("{")
	for i, name := range slices.Sorted(maps.Keys(labels)) {
		if i > 0 {
			text = append(text, ',')
		}
		text = append(append(append(text, jsonString(name)...), ':'), jsonString(labels[name])...)
	}
	sum := sha256.Sum256(append(text, '}'))
	digits := new(big.Int).SetBytes(sum[:]).Text(32)
	return strings.Repeat("0", 52-len(digits)) + digits
}

// jsonString writes a string as JavaScript does, which leaves alone what
// encoding/json escapes for the sake of HTML and of older JavaScript.
func jsonString(text string) []byte {
	var all []byte
	for _, part := range strings.SplitAfter(text, "\u2028") {
		for _, part := range strings.SplitAfter(part, "\u2029") {
			tail := ""
			if end := strings.TrimRight(part, "\u2028\u2029"); end != part {
				part, tail = end, part[len(end):]
			}
			var b bytes.Buffer
			encoder := json.NewEncoder(&b)
			encoder.SetEscapeHTML(false)
			_ = encoder.Encode(part) // a string always can be
			all = append(append(all, b.Bytes()[1:b.Len()-2]...), tail...)
		}
	}
	return append(append([]byte{'"'}, all...), '"')
}

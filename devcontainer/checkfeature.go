package devcontainer

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// localFeatures checks the Features that are folders beside the file.
func (c *checker) localFeatures() {
	for _, id := range c.localIDs() {
		pointer := pointerTo("features", id)
		finding := cpython.Finding{ID: CheckFeatures, Status: cpython.Fail, Found: id}
		folder := path.Join(path.Dir(c.name), id)
		switch {
		case strings.HasPrefix(id, "/"):
			finding.Message, finding.Wanted = "an absolute path to a local Feature is not allowed", "./folder, relative to the folder of this file"
		case !strings.HasPrefix(folder, ".devcontainer/"):
			finding.Message = "a local Feature must lie in a folder of .devcontainer"
			finding.Found, finding.Wanted = folder, ".devcontainer/..."
			finding.Fix = fmt.Sprintf("move the folder to .devcontainer/%s and name it relative to the folder of this file", path.Base(folder))
		default:
			if finding = c.localFeature(folder); finding.Status == cpython.Pass {
				continue
			}
		}
		c.add(pointer, finding)
	}
}

// localFeature checks the folder of a Feature.
func (c *checker) localFeature(folder string) cpython.Finding {
	finding := cpython.Finding{ID: CheckFeatures, Status: cpython.Fail, Found: folder}
	metadata, err := c.readFeature(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !c.exists(folder):
		finding.Message, finding.Fix = "the folder of the Feature is not there", "paths are relative to the folder of this file"
	case errors.Is(err, fs.ErrNotExist):
		finding.Message, finding.Wanted = "the Feature has no devcontainer-feature.json", path.Join(folder, "devcontainer-feature.json")
	case err != nil:
		finding.Message, finding.Found = "its devcontainer-feature.json cannot be read", err.Error()
	case metadata.ID != path.Base(folder):
		finding.Message = "the folder of a Feature must have the name of its id"
		finding.Found, finding.Wanted = "id "+quote(metadata.ID)+" in "+folder, "a folder named "+metadata.ID
	case !c.exists(path.Join(folder, "install.sh")):
		finding.Message, finding.Wanted = "the Feature has no install.sh", path.Join(folder, "install.sh")
	default:
		finding.Status = cpython.Pass
	}
	return finding
}

// localIDs returns the local Features, in the order of the file.
func (c *checker) localIDs() []string {
	if _, ok := c.document["features"].(map[string]any); !ok {
		return nil
	}
	return slices.DeleteFunc(c.memberNames("/features"), func(id string) bool { return !isLocalFeature(id) })
}

func (c *checker) exists(name string) bool {
	_, err := fs.Stat(c.files, name)
	return err == nil
}

// localOptions checks what local Features are given against what they declare.
func (c *checker) localOptions() {
	for _, id := range c.localIDs() {
		metadata, err := c.readFeature(path.Join(path.Dir(c.name), id))
		if err != nil {
			c.add(pointerTo("features", id), cpython.Finding{ID: CheckOptions, Status: cpython.Skip, Message: "what the Feature declares is not known", Found: err.Error()})
			continue
		}
		feature, err := c.f.feature(id)
		if err != nil {
			continue // a finding of types already
		}
		pointer := pointerTo("features", id)
		if !feature.Shorthand {
			for _, name := range c.memberNames(pointer) {
				c.option(pointer+pointerTo(name), name, feature.Options[name], metadata.Options)
			}
		} else if metadata.Options[versionOption].Type != "" {
			c.option(pointer, versionOption, feature.Options[versionOption], metadata.Options)
		} else {
			c.add(pointer, cpython.Finding{ID: CheckOptions, Status: cpython.Warn, Message: "the string stands for the option version, which the Feature does not declare"})
		}
	}
}

// option checks one option.
func (c *checker) option(pointer, name string, value any, declared map[string]featureOption) {
	finding := cpython.Finding{ID: CheckOptions, Status: cpython.Fail, Found: fmt.Sprint(value)}
	option, ok := declared[name]
	text, isText := value.(string)
	_, isBool := value.(bool)
	switch {
	case !ok:
		finding.Message, finding.Found, finding.Wanted = "the Feature does not declare this option", name, strings.Join(sortedKeys(declared), ", ")
		if near := nearest(name, sortedKeys(declared)); near != "" {
			finding.Wanted, finding.Fix = near, fmt.Sprintf("write %q, if that is what is meant", near)
		}
	case isText && strings.Contains(text, "${"):
		return // the value is known later
	case option.Type == "boolean" && !isBool && text != "true" && text != "false":
		finding.Message, finding.Wanted = fmt.Sprintf("option %q is no boolean", name), "true or false"
	case len(option.Enum) > 0 && !slices.Contains(option.Enum, text):
		finding.Message, finding.Wanted = fmt.Sprintf("option %q has a value that the Feature does not take", name), strings.Join(option.Enum, ", ")
	case option.Type == "string" && !isText:
		finding.Status = cpython.Warn
		finding.Message, finding.Wanted = fmt.Sprintf("option %q is text, and should stand in quotes", name), "a string"
	default:
		return
	}
	c.add(pointer, finding)
}

package devcontainer

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// A namedFile is a file or folder that the file names.
type namedFile struct {
	pointer, text, dir string
	folder             bool
	fix                string
}

// namedFiles checks that what the file names is there.
func (c *checker) namedFiles() {
	for _, named := range c.listFiles() {
		finding := cpython.Finding{ID: CheckFiles, Status: cpython.Fail, Found: named.text, Fix: named.fix}
		name, err := c.resolveFrom(named.dir, named.text)
		if name == "" && err == nil {
			continue // it holds variables that are known later
		}
		if err != nil {
			finding.Status, finding.Message = cpython.Skip, "lies outside of the workspace and is not looked at"
			c.add(named.pointer, finding)
			continue
		}
		info, err := fs.Stat(c.files, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			finding.Message, finding.Wanted = "there is no such file", name+" in the workspace"
		case err != nil:
			finding.Message, finding.Found = "cannot be looked at", err.Error()
		case info.IsDir() != named.folder:
			finding.Message = "is a folder, wanted a file"
			if named.folder {
				finding.Message = "is a file, wanted a folder"
			}
		default:
			continue
		}
		c.add(named.pointer, finding)
	}
}

// listFiles returns what the file names. Paths are relative to its own folder,
// only those of docker's arguments to the workspace.
func (c *checker) listFiles() []namedFile {
	own := path.Dir(c.name)
	var all []namedFile
	for _, n := range []namedFile{
		{pointer: "/dockerFile", dir: own}, {pointer: "/context", dir: own, folder: true},
		{pointer: "/build/dockerfile", dir: own}, {pointer: "/build/context", dir: own, folder: true},
		{pointer: "/dockerComposeFile", dir: own},
	} {
		if n.text = c.stringAt(n.pointer); n.text != "" {
			all = append(all, n)
		}
	}
	if files, ok := c.document["dockerComposeFile"].([]any); ok {
		for i := range files {
			pointer := "/dockerComposeFile/" + strconv.Itoa(i)
			all = append(all, namedFile{pointer: pointer, text: c.stringAt(pointer), dir: own})
		}
	}
	if args, ok := c.document["runArgs"].([]any); ok {
		for i := range args {
			pointer := "/runArgs/" + strconv.Itoa(i)
			text, ok := strings.CutPrefix(c.stringAt(pointer), "--env-file=")
			if !ok && i > 0 && args[i-1] == "--env-file" {
				text, ok = c.stringAt(pointer), true
			}
			if ok {
				all = append(all, namedFile{pointer: pointer, text: text, dir: "."})
			}
		}
	}
	return append(all, c.listArtifacts()...)
}

// listArtifacts returns the local artifacts and checksums of Features.
func (c *checker) listArtifacts() []namedFile {
	var all []namedFile
	for _, id := range c.artifactIDs() {
		for _, option := range []string{artifactOption, checksumOption} {
			pointer := pointerTo("features", id, option)
			text := c.stringAt(pointer)
			// What is no path in the workspace is a URL, or a file of the image.
			if name, err := c.resolve(text); err == nil && name != "" && !strings.Contains(text, "://") {
				all = append(all, namedFile{pointer: pointer, text: text, dir: path.Dir(c.name),
					fix: "mage build makes it, mage devcontainer:release takes the published one"})
			}
		}
	}
	return all
}

func (c *checker) stringAt(pointer string) string {
	var text string
	if _, err := c.f.Get(pointer, &text); err != nil {
		return "" // a finding of types already
	}
	return text
}

// artifactIDs returns the Features that are given an artifact.
func (c *checker) artifactIDs() []string {
	var ids []string
	if _, ok := c.document["features"].(map[string]any); ok {
		for _, id := range c.memberNames("/features") {
			if c.stringAt(pointerTo("features", id, artifactOption)) != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// artifacts checks that what a Feature is told about its artifact agrees.
func (c *checker) artifacts() {
	for _, id := range c.artifactIDs() {
		url := c.stringAt(pointerTo("features", id, artifactOption))
		base := path.Base(url)
		at := func(option string, status cpython.Status, message, found, wanted string) {
			c.add(pointerTo("features", id, option), cpython.Finding{ID: CheckArtifact, Status: status, Message: message, Found: found, Wanted: wanted})
		}
		checksum := c.stringAt(pointerTo("features", id, checksumOption))
		if checksum != "" && path.Base(checksum) != base+cpython.SidecarSuffix {
			at(checksumOption, cpython.Fail, "is not the checksum of the artifact", path.Base(checksum), base+cpython.SidecarSuffix)
		} else if checksum != "" && path.Dir(checksum) != path.Dir(url) {
			at(checksumOption, cpython.Warn, "the checksum comes from another place than the artifact", path.Dir(checksum), path.Dir(url))
		}
		ref, err := cpython.ParseFile(base)
		if err != nil {
			if !strings.Contains(base, "${") {
				at(artifactOption, cpython.Warn, "is not the name of an artifact", base, "such as cpython-3.12.6-ubuntu20.04-build1.tgz")
			}
			continue
		}
		c.artifactNames(id, url, ref, at)
	}
}

// artifactNames compares version, build number and release with an artifact.
func (c *checker) artifactNames(id, url string, ref cpython.Ref, at func(option string, status cpython.Status, message, found, wanted string)) {
	options, ok := get[Options](c.f, pointerTo("features", id))
	if ok != nil {
		return
	}
	for _, option := range []struct{ name, want string }{{versionOption, ref.Version.String()}, {buildOption, fmt.Sprint(ref.Build)}} {
		value, ok := options[option.name]
		if text := fmt.Sprint(value); ok && text != "" && !strings.Contains(text, "${") && text != option.want {
			at(option.name, cpython.Fail, "is not that of the artifact", text, option.want)
		}
	}
	if before, tag, ok := cutLast(path.Dir(url), "/"); ok && strings.HasSuffix(before, "/releases/download") && tag != ref.Tag() {
		at(artifactOption, cpython.Fail, "the release is not that of the artifact", tag, ref.Tag())
	}
}

func cutLast(text, separator string) (before, after string, found bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}

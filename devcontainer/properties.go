package devcontainer

import (
	"encoding/json"
)

// The typed properties below share two rules. A property that is not there
// reads as the zero value, and setting the zero value takes it out. One that
// has another type than the specification gives it is an error, never a guess.

// pointerTo returns the JSON pointer that leads through the names.
func pointerTo(names ...string) string {
	pointer := ""
	for _, name := range names {
		pointer += "/" + escapePointer(name)
	}
	return pointer
}

// get reads the value at a pointer.
func get[T any](f *File, pointer string) (T, error) {
	var value T
	_, err := f.Get(pointer, &value)
	return value, err
}

// atomically undoes all edits where one of them fails.
func (f *File) atomically(do func() error) error {
	before := *f
	err := do()
	if err != nil {
		*f = before
	}
	return err
}

// isObject reports whether the value that the pointer leads to is an object.
func (f *File) isObject(pointer string) (bool, error) {
	var raw json.RawMessage
	found, err := f.Get(pointer, &raw)
	return found && len(raw) > 0 && raw[0] == '{', err
}

// setString sets a string, or takes it out where it is empty.
func (f *File) setString(pointer, value string) error {
	if value == "" {
		_, err := f.Remove(pointer)
		return err
	}
	return f.Set(pointer, value)
}

// setList sets a list of strings, or takes it out where it is empty.
func (f *File) setList(pointer string, values []string) error {
	if len(values) == 0 {
		_, err := f.Remove(pointer)
		return err
	}
	return f.Set(pointer, values)
}

// stringOrList reads what may be one string or a list of them.
func (f *File) stringOrList(pointer string) ([]string, error) {
	var raw json.RawMessage
	if found, err := f.Get(pointer, &raw); !found || err != nil {
		return nil, err
	}
	if raw[0] == '"' {
		one, err := get[string](f, pointer)
		return []string{one}, err
	}
	return get[[]string](f, pointer)
}

// Name returns the name that tools show for the container.
func (f *File) Name() (string, error) { return get[string](f, "/name") }

// SetName sets the name that tools show for the container.
func (f *File) SetName(name string) error { return f.setString("/name", name) }

// Image returns the image that the container is made from.
func (f *File) Image() (string, error) { return get[string](f, "/image") }

// SetImage sets the image that the container is made from.
func (f *File) SetImage(image string) error { return f.setString("/image", image) }

// RemoteUser returns the user that tools and lifecycle commands run as.
func (f *File) RemoteUser() (string, error) { return get[string](f, "/remoteUser") }

// SetRemoteUser sets the user that tools and lifecycle commands run as.
func (f *File) SetRemoteUser(user string) error { return f.setString("/remoteUser", user) }

// A Build says how an image is built. Paths are relative to the folder of the
// devcontainer.json.
type Build struct {
	Dockerfile string
	Context    string
	Target     string
	Args       map[string]string
	CacheFrom  []string
	Options    []string // further arguments of docker build
}

// Build returns how the image is built; also where the file says so in the old
// way, with "dockerFile" and "context" beside "build".
func (f *File) Build() (Build, error) {
	b, err := get[struct {
		Dockerfile string            `json:"dockerfile"`
		Context    string            `json:"context"`
		Target     string            `json:"target"`
		Args       map[string]string `json:"args"`
		Options    []string          `json:"options"`
	}](f, "/build")
	if err != nil {
		return Build{}, err
	}
	build := Build{Dockerfile: b.Dockerfile, Context: b.Context, Target: b.Target, Args: b.Args, Options: b.Options}
	if build.CacheFrom, err = f.stringOrList("/build/cacheFrom"); err != nil {
		return Build{}, err
	}
	for _, old := range []struct {
		pointer string
		field   *string
	}{{"/dockerFile", &build.Dockerfile}, {"/context", &build.Context}} {
		if f.Has(old.pointer) && *old.field == "" {
			if *old.field, err = get[string](f, old.pointer); err != nil {
				return Build{}, err
			}
		}
	}
	return build, nil
}

// SetBuild sets the fields of b that are not empty, in the place where the file
// has them, and leaves the others as they are.
func (f *File) SetBuild(b Build) error {
	return f.atomically(func() error { return f.setBuild(b) })
}

func (f *File) setBuild(b Build) error {
	dockerfile, context := "/build/dockerfile", "/build/context"
	if f.Has("/dockerFile") {
		dockerfile, context = "/dockerFile", "/context"
	}
	for _, field := range []struct{ pointer, value string }{
		{dockerfile, b.Dockerfile}, {context, b.Context}, {"/build/target", b.Target},
	} {
		if field.value != "" {
			if err := f.Set(field.pointer, field.value); err != nil {
				return err
			}
		}
	}
	if err := f.setStrings("/build/args", b.Args); err != nil {
		return err
	}
	for _, field := range []struct {
		pointer string
		values  []string
	}{{"/build/cacheFrom", b.CacheFrom}, {"/build/options", b.Options}} {
		if len(field.values) > 0 {
			if err := f.setStringOrList(field.pointer, field.values); err != nil {
				return err
			}
		}
	}
	return nil
}

// setStrings sets the members of an object, those that are new by name.
func (f *File) setStrings(pointer string, values map[string]string) error {
	for _, name := range sortedKeys(values) {
		if err := f.Set(pointer+pointerTo(name), values[name]); err != nil {
			return err
		}
	}
	return nil
}

// setStringOrList keeps the one string that the file has where it still will do.
func (f *File) setStringOrList(pointer string, values []string) error {
	var one string
	if _, err := f.Get(pointer, &one); err == nil && one != "" && len(values) == 1 {
		return f.Set(pointer, values[0])
	}
	return f.setList(pointer, values)
}

// DockerComposeFiles returns the Docker Compose files, which the file may give
// as a string or a list, relative to its own folder.
func (f *File) DockerComposeFiles() ([]string, error) { return f.stringOrList("/dockerComposeFile") }

// SetDockerComposeFiles sets the Docker Compose files: a single one as a
// string, unless the file has a list.
func (f *File) SetDockerComposeFiles(files ...string) error {
	if len(files) == 1 && !f.Has("/dockerComposeFile") {
		return f.Set("/dockerComposeFile", files[0])
	}
	return f.setStringOrList("/dockerComposeFile", files)
}

// OverrideFeatureInstallOrder returns the order in which Features are installed
// before all others, by ID without version.
func (f *File) OverrideFeatureInstallOrder() ([]string, error) {
	return get[[]string](f, "/overrideFeatureInstallOrder")
}

// SetOverrideFeatureInstallOrder sets the order in which Features are installed.
func (f *File) SetOverrideFeatureInstallOrder(ids ...string) error {
	return f.setList("/overrideFeatureInstallOrder", ids)
}

// ContainerEnv returns the environment of the container.
func (f *File) ContainerEnv() (map[string]string, error) {
	return get[map[string]string](f, "/containerEnv")
}

// SetContainerEnv sets one variable of the container's environment. An empty
// value is a value; [File.Remove] takes a variable out.
func (f *File) SetContainerEnv(name, value string) error {
	return f.Set(pointerTo("containerEnv", name), value)
}

// RemoteEnv returns the environment of tools and lifecycle commands. A variable
// that is nil is one that is taken away from what the container gives them.
func (f *File) RemoteEnv() (map[string]*string, error) {
	return get[map[string]*string](f, "/remoteEnv")
}

// SetRemoteEnv sets one variable of the environment of tools and lifecycle
// commands; nil takes it away from what the container gives them.
func (f *File) SetRemoteEnv(name string, value *string) error {
	return f.Set(pointerTo("remoteEnv", name), value)
}

package devcontainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
)

// Options are what a Feature is given, by name. The specification knows
// strings and booleans; nothing else is written.
type Options map[string]any

// A Feature is one member of "features".
type Feature struct {
	ID      string  // as the file spells it: "ghcr.io/devcontainers/features/git:1"
	Options Options // never nil; the shorthand "1.2" is the option version

	// Shorthand is set where the file gives a string instead of an object.
	Shorthand bool
}

// Base returns the identity of a Feature without version: "ghcr.io/x/git" for
// "ghcr.io/x/git:1" and for "ghcr.io/x/git@sha256:...". Paths and URLs have no
// version, and are what they are.
func (f Feature) Base() string { return featureBase(f.ID) }

// Local reports whether the Feature is a folder beside the devcontainer.json.
func (f Feature) Local() bool { return isLocalFeature(f.ID) }

func isLocalFeature(id string) bool {
	return strings.HasPrefix(id, "./") || strings.HasPrefix(id, "../") || strings.HasPrefix(id, "/")
}

func featureBase(id string) string {
	if isLocalFeature(id) || strings.Contains(id, "://") {
		return id
	}
	if base, _, ok := strings.Cut(id, "@"); ok {
		return base
	}
	// The colon before the last slash, if any, belongs to the registry's port.
	if colon := strings.LastIndexByte(id, ':'); colon > strings.LastIndexByte(id, '/') {
		return id[:colon]
	}
	return id
}

// ErrNoFeature says that the file does not name the Feature that was asked for.
var ErrNoFeature = errors.New("no such Feature")

// A FeatureError says that a Feature cannot be meant or changed as asked.
type FeatureError struct {
	ID     string   // what was asked for
	Found  []string // what the file holds instead, or which of them could be meant
	Reason string   // and what to do about it
}

func (e *FeatureError) Error() string {
	text := fmt.Sprintf("feature %s: %s", e.ID, e.Reason)
	if len(e.Found) > 0 {
		text += "; the file has " + strings.Join(e.Found, ", ")
	}
	return text
}

// Features returns what "features" holds, in the order of the file.
func (f *File) Features() ([]Feature, error) {
	if !f.Has("/features") {
		return nil, nil
	}
	names, err := f.Members("/features")
	if err != nil {
		return nil, err
	}
	var features []Feature
	for _, name := range names {
		feature, err := f.feature(name)
		if err != nil {
			return nil, err
		}
		features = append(features, feature)
	}
	return features, nil
}

// feature reads the Feature with just that ID.
func (f *File) feature(id string) (Feature, error) {
	feature := Feature{ID: id, Options: Options{}}
	var raw json.RawMessage
	if _, err := f.Get(pointerTo("features", id), &raw); err != nil {
		return feature, err
	}
	var version string
	if json.Unmarshal(raw, &version) == nil && len(raw) > 0 && raw[0] == '"' {
		feature.Options["version"], feature.Shorthand = version, true
		return feature, nil
	}
	// Anything else than an object, as the true of old files, gives no options.
	if len(raw) > 0 && raw[0] == '{' {
		if err := json.Unmarshal(raw, &feature.Options); err != nil {
			return feature, fmt.Errorf("feature %s: %w", id, err)
		}
	}
	return feature, nil
}

// Feature finds a Feature. An id without a version, such as "ghcr.io/x/git",
// finds the one with any version or digest, an id with one finds just that. The
// error wraps [ErrNoFeature] where there is none, and is a [*FeatureError] that
// lists them where there are several.
func (f *File) Feature(id string) (Feature, error) {
	name, err := f.featureID(id)
	if err != nil {
		return Feature{}, err
	}
	return f.feature(name)
}

// featureID returns the ID as the file spells it.
func (f *File) featureID(id string) (string, error) {
	features, err := f.Features()
	if err != nil {
		return "", err
	}
	var found []string
	for _, feature := range features {
		if feature.ID == id {
			return id, nil
		}
		if featureBase(id) == id && feature.Base() == id {
			found = append(found, feature.ID)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("feature %s: %w in %s", id, ErrNoFeature, f.path)
	case 1:
		return found[0], nil
	}
	return "", &FeatureError{id, found, "say which version is meant"}
}

// SetFeature gives a Feature options: those that are given replace or join the
// ones it has, the others stay, and a value of nil takes an option away. A
// Feature that is not there is added at the end, and new options in
// alphabetical order. It is found as [File.Feature] finds it. An id with one
// version where the file has another is a [*FeatureError]: that is what
// [File.RenameFeature] is for.
//
// A shorthand, as in "ghcr.io/x/git:1": "latest", stays one as long as the only
// option is version.
func (f *File) SetFeature(id string, options Options) error {
	if err := options.validate(id); err != nil {
		return err
	}
	name, err := f.featureID(id)
	if errors.Is(err, ErrNoFeature) {
		return f.addFeature(id, options)
	}
	if err != nil {
		return err
	}
	feature, err := f.feature(name)
	if err != nil {
		return err
	}
	pointer := pointerTo("features", name)
	isObject, err := f.isObject(pointer)
	if err != nil {
		return err
	}
	if isObject {
		return f.setOptions(pointer, options)
	}
	return f.setShorthand(pointer, feature, options)
}

// setOptions sets options of a Feature that the file gives an object.
func (f *File) setOptions(pointer string, options Options) error {
	return f.atomically(func() error {
		for _, name := range sortedKeys(options) {
			option := pointer + pointerTo(name)
			if options[name] == nil {
				if _, err := f.Remove(option); err != nil {
					return err
				}
			} else if err := f.Set(option, options[name]); err != nil {
				return err
			}
		}
		return nil
	})
}

// setShorthand sets options of a Feature that the file gives a string, or true.
func (f *File) setShorthand(pointer string, feature Feature, options Options) error {
	merged := maps.Clone(feature.Options)
	for name, value := range options {
		if value == nil {
			delete(merged, name)
		} else {
			merged[name] = value
		}
	}
	if maps.Equal(merged, feature.Options) {
		return nil
	}
	if version, ok := merged["version"].(string); ok && len(merged) == 1 && feature.Shorthand {
		return f.Set(pointer, version)
	}
	return f.Set(pointer, merged.ordered())
}

func (f *File) addFeature(id string, options Options) error {
	features, err := f.Features()
	if err != nil {
		return err
	}
	for _, feature := range features {
		if feature.Base() == featureBase(id) {
			return &FeatureError{id, []string{feature.ID}, "another version of it is there: rename that one"}
		}
	}
	return f.Set(pointerTo("features", id), options.ordered())
}

// ordered returns the options in alphabetical order, without those of nil.
func (o Options) ordered() Ordered {
	ordered := Ordered{}
	for _, name := range sortedKeys(o) {
		if o[name] != nil {
			ordered = append(ordered, Member{name, o[name]})
		}
	}
	return ordered
}

// validate returns which options have values that no Feature can get.
func (o Options) validate(id string) error {
	var problems []error
	for _, name := range sortedKeys(o) {
		switch value := o[name].(type) {
		case nil, string, bool:
		default:
			problems = append(problems, &FeatureError{id, nil, fmt.Sprintf("option %s is %v (%T), wanted a string or a boolean", name, value, value)})
		}
	}
	return errors.Join(problems...)
}

// RemoveFeature takes a Feature out. The error wraps [ErrNoFeature] where there
// is none.
func (f *File) RemoveFeature(id string) error {
	name, err := f.featureID(id)
	if err != nil {
		return err
	}
	_, err = f.Remove(pointerTo("features", name))
	return err
}

// RenameFeature gives a Feature another ID, such as another version; its
// options, comments and place stay.
func (f *File) RenameFeature(id, to string) error {
	name, err := f.featureID(id)
	if err != nil || name == to {
		return err
	}
	if f.Has(pointerTo("features", to)) {
		return &FeatureError{id, []string{to}, "the new name is taken"}
	}
	return f.Rename(pointerTo("features", name), to)
}

// MoveFeature puts a Feature at a place in the order, 0 being the first. Tools
// install Features in the order of their dependencies first, and what that
// leaves open in this order; [File.SetOverrideFeatureInstallOrder] is stronger.
func (f *File) MoveFeature(id string, index int) error {
	name, err := f.featureID(id)
	if err != nil {
		return err
	}
	return f.Move(pointerTo("features", name), index)
}

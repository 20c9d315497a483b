package devcontainer

import (
	"fmt"
	"slices"
	"strings"
)

// VSCodeExtensions returns the extensions that VS Code installs; one that
// begins with "-" is an extension that it does not.
func (f *File) VSCodeExtensions() ([]string, error) { return get[[]string](f, vscodeExtensions) }

const (
	vscodeExtensions = "/customizations/vscode/extensions"
	vscodeSettings   = "/customizations/vscode/settings"
)

// AddVSCodeExtension adds extensions at the end of the list. One that is there
// already, in upper or lower case, is not added again.
func (f *File) AddVSCodeExtension(ids ...string) error {
	have, err := f.VSCodeExtensions()
	if err != nil {
		return err
	}
	return f.atomically(func() error {
		for _, id := range ids {
			if slices.ContainsFunc(have, func(h string) bool { return strings.EqualFold(h, id) }) {
				continue
			}
			if err := f.Set(vscodeExtensions+"/-", id); err != nil {
				return err
			}
			have = append(have, id)
		}
		return nil
	})
}

// RemoveVSCodeExtension takes an extension out of the list.
func (f *File) RemoveVSCodeExtension(id string) error {
	have, err := f.VSCodeExtensions()
	if err != nil {
		return err
	}
	return f.atomically(func() error {
		for i := len(have) - 1; i >= 0; i-- {
			if !strings.EqualFold(have[i], id) {
				continue
			}
			if _, err := f.Remove(fmt.Sprintf("%s/%d", vscodeExtensions, i)); err != nil {
				return err
			}
		}
		return nil
	})
}

// VSCodeSettings returns the settings for VS Code.
func (f *File) VSCodeSettings() (map[string]any, error) {
	return get[map[string]any](f, vscodeSettings)
}

// SetVSCodeSetting sets one setting, by its whole name: "editor.tabSize".
func (f *File) SetVSCodeSetting(name string, value any) error {
	return f.Set(vscodeSettings+pointerTo(name), value)
}

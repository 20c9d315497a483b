package devcontainer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A ChangedError says that a file on disk is not what was read: somebody else
// has edited, replaced or removed it since.
type ChangedError struct {
	Path string
	Gone bool
}

func (e *ChangedError) Error() string {
	if e.Gone {
		return e.Path + " is gone since it was read"
	}
	return e.Path + " has changed on disk since it was read: load it again and repeat the edit"
}

// Save writes the text to the path, if it differs from what was read or saved
// last; otherwise the file is not touched. Readers see the old text or the new
// one, never a part: it is written beside the file and renamed. The file keeps
// its mode, and its owner where the system allows that. Links stay: what is
// written is the file to which a symbolic link leads, and a file with several
// names is written in place, after the copy beside it is complete, because
// renaming would part them. If the file is not what was read, Save leaves it
// alone and returns a [*ChangedError].
func (f *File) Save() error {
	if !f.Changed() {
		return nil
	}
	target, err := filepath.EvalSymlinks(f.path)
	if err != nil {
		return f.saveError(err)
	}
	info, err := os.Stat(target)
	if err != nil {
		return f.saveError(err)
	}
	text := f.Bytes()
	temporary, err := writeBeside(target, text, info)
	if err != nil {
		return f.saveError(err)
	}
	if err := f.replace(target, temporary, info, text); err != nil {
		return errors.Join(f.saveError(err), remove(temporary))
	}
	f.disk = string(text)
	return nil
}

func (f *File) saveError(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &ChangedError{Path: f.path, Gone: true}
	}
	var changed *ChangedError
	if errors.As(err, &changed) {
		return err
	}
	return fmt.Errorf("save %s: %w", f.path, err)
}

// replace compares last, so that the time in which an edit by somebody else can
// be lost is as short as it gets without locks, which no editor takes.
func (f *File) replace(target, temporary string, info fs.FileInfo, text []byte) error {
	now, err := os.ReadFile(target)
	if err != nil {
		return err
	}
	if string(now) != f.disk {
		return &ChangedError{Path: f.path}
	}
	if !hasOtherNames(info) {
		return os.Rename(temporary, target)
	}
	// O_TRUNC keeps the file, its mode and its owner.
	if err := os.WriteFile(target, text, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Remove(temporary)
}

// writeBeside writes a file in the folder of the target, that can take its place.
func writeBeside(target string, text []byte, info fs.FileInfo) (path string, err error) {
	file, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(text)
	if err == nil {
		keepOwner(file, info)
		// After the owner: a change of owner clears bits of the mode.
		err = file.Chmod(info.Mode() & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky))
	}
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err != nil {
		return "", errors.Join(err, remove(file.Name()))
	}
	return file.Name(), nil
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

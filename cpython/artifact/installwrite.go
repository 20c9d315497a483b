package artifact

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxCopied is up to what size files are copied, to be written by a worker
// while the pass goes on. Larger ones are written at once.
const maxCopied = 1 << 20

// A treeWriter writes the entries of an artifact into a new folder, which it
// cannot leave: folders as they come, through os.Root; files by several
// workers; links at the end, so that nothing is ever written through one.
type treeWriter struct {
	dir    string
	prefix string // of the new place
	info   *BuildInfo
	when   time.Time
	root   *os.Root
	folder *openFolder // of the last file
	links  []*entry    // with paths below the root

	jobs   chan fileJob
	free   chan []byte // memory for content, as many as there may be jobs
	wait   sync.WaitGroup
	closed bool
	failed atomic.Bool
	lock   sync.Mutex
	err    error // the first of a worker
}

// A fileJob is a file to write.
type fileJob struct {
	folder  *openFolder
	name    string // in the folder
	mode    fs.FileMode
	content []byte
	memory  []byte // to be given back; nil where there is none
}

// An openFolder is a folder that files are written in, open as long as anyone
// uses it.
type openFolder struct {
	name  string
	root  *os.Root
	users atomic.Int32
}

func (f *openFolder) leave() {
	if f != nil && f.users.Add(-1) == 0 {
		f.root.Close()
	}
}

// newTreeWriter makes the folder and starts the workers.
func newTreeWriter(p *place, info *BuildInfo, workers int) (*treeWriter, error) {
	w := &treeWriter{dir: p.hidden(partialSuffix), prefix: p.prefix, info: info, when: info.Source.Date,
		jobs: make(chan fileJob, 8*workers), free: make(chan []byte, 8*workers)}
	err := os.Mkdir(w.dir, 0o755)
	if errors.Is(err, fs.ErrPermission) {
		return nil, p.denied(err)
	}
	if err != nil {
		return nil, err
	}
	if w.root, err = os.OpenRoot(w.dir); err != nil {
		return nil, errors.Join(err, os.Remove(w.dir))
	}
	for range cap(w.free) {
		w.free <- nil
	}
	for range workers {
		w.wait.Go(w.work)
	}
	return w, nil
}

func (w *treeWriter) work() {
	for job := range w.jobs {
		if !w.failed.Load() {
			if err := w.file(job); err != nil {
				w.fail(err)
			}
		}
		job.folder.leave()
		w.free <- job.memory
	}
}

func (w *treeWriter) fail(err error) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if w.err == nil {
		w.err = err
	}
	w.failed.Store(true)
}

// add writes one entry, or sees to it that it will be.
func (w *treeWriter) add(below string, e *entry, content []byte) error {
	if w.failed.Load() {
		w.lock.Lock()
		defer w.lock.Unlock()
		return w.err
	}
	switch e.kind {
	case directory:
		return w.mkdir(below)
	case symlink:
		w.links = append(w.links, &entry{name: below, target: e.target})
		return nil
	case regular:
		return w.addFile(below, e, content)
	}
	return fmt.Errorf("%s: cannot be written", below)
}

// mkdir makes a folder with the mode that it shall have, whatever the umask is.
func (w *treeWriter) mkdir(below string) error {
	if below != "." {
		if err := w.root.Mkdir(below, 0o755); err != nil {
			return err
		}
	}
	return w.root.Chmod(below, 0o755)
}

func (w *treeWriter) addFile(below string, e *entry, content []byte) error {
	content, err := w.rewritten(below, content)
	if err != nil {
		return err
	}
	if err := w.enter(path.Dir(below)); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if e.mode&0o100 != 0 {
		mode = 0o755
	}
	job := fileJob{folder: w.folder, name: path.Base(below), mode: mode, content: content}
	if len(content) > maxCopied {
		return w.file(job)
	}
	job.memory = append((<-w.free)[:0], content...)
	job.content = job.memory
	w.folder.users.Add(1)
	w.jobs <- job
	return nil
}

// enter opens the folder of the next file.
func (w *treeWriter) enter(name string) error {
	if w.folder != nil && w.folder.name == name {
		return nil
	}
	root, err := w.root.OpenRoot(name)
	if err != nil {
		return err
	}
	w.folder.leave()
	w.folder = &openFolder{name: name, root: root}
	w.folder.users.Store(1)
	return nil
}

// rewritten returns the content with the prefix of the new place.
func (w *treeWriter) rewritten(below string, content []byte) ([]byte, error) {
	if w.prefix == w.info.Prefix || !slices.Contains(w.info.PrefixFiles, below) {
		return content, nil
	}
	content = bytes.ReplaceAll(content, []byte(w.info.Prefix), []byte(w.prefix))
	if sum := prefixDigest(content, w.prefix); hex.EncodeToString(sum[:]) != w.info.Files[below] {
		// Nobody could tell any more which of them was the prefix.
		return nil, &PlaceError{Path: w.prefix, Reason: "cannot be the prefix: " + below + " holds that text for another reason"}
	}
	return content, nil
}

// file writes a file. It must not be there.
func (w *treeWriter) file(job fileJob) error {
	root := job.folder.root
	f, err := root.OpenFile(job.name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, job.mode)
	if err != nil {
		return err
	}
	_, err = f.Write(job.content)
	if err == nil {
		err = f.Chmod(job.mode) // whatever the umask is
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = root.Chtimes(job.name, w.when, w.when)
	}
	return err
}

// close ends the workers. It may be called again.
func (w *treeWriter) close() {
	if w.closed {
		return
	}
	w.closed = true
	w.failed.Store(true) // what still waits is not wanted
	w.stop()
	w.root.Close()
}

func (w *treeWriter) stop() {
	close(w.jobs)
	w.wait.Wait()
	w.folder.leave()
	w.folder = nil
}

// finish waits until all is written and makes the links. The folder is whole
// when there is no error.
func (w *treeWriter) finish() error {
	w.closed = true
	w.stop()
	defer w.root.Close()
	if w.err != nil {
		return w.err
	}
	for _, link := range w.links {
		if err := w.root.Symlink(link.target, link.name); err != nil {
			return err
		}
	}
	return nil
}

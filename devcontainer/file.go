package devcontainer

import (
	"fmt"
	"os"
	"strings"

	"github.com/tailscale/hujson"
)

// byteOrderMark is what some editors on Windows put before UTF-8.
const byteOrderMark = "\ufeff"

// A File is one devcontainer.json: its text, and what the text means.
type File struct {
	path string
	disk string // what is on disk, as far as we know: text of the last Load or Save

	bom  string // byteOrderMark or ""
	text string // all that follows it
	// root is the syntax of text. Its offsets count bytes of text; its comments
	// and white space are not those of text, see plain.
	root hujson.Value

	lines []int  // offsets in text where lines start, nil if not known
	hints *hints // nil if not known
}

// Parse reads the text of a devcontainer.json. The name is the path that errors
// give, and to which Save writes; it is not opened. Text that is not JSON with
// comments is a *SyntaxError. An object with the same name twice is accepted:
// the last one counts, as for VS Code, and [File.Duplicates] finds them.
func Parse(name string, text []byte) (*File, error) {
	f := &File{path: name, disk: string(text)}
	rest, marked := strings.CutPrefix(f.disk, byteOrderMark)
	if marked {
		f.bom = byteOrderMark
	}
	if err := f.become(rest); err != nil {
		return nil, err
	}
	return f, nil
}

// Load reads and parses the file.
func Load(path string) (*File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load devcontainer.json: %w", err)
	}
	return Parse(path, text)
}

// Path returns the name that the file was loaded or parsed with.
func (f *File) Path() string { return f.path }

// Bytes returns the text as it is now. Without edits it is the text that was
// read, byte for byte.
func (f *File) Bytes() []byte { return []byte(f.bom + f.text) }

// Changed reports whether the text differs from what was read or saved last.
func (f *File) Changed() bool {
	return len(f.disk) != len(f.bom)+len(f.text) || f.disk[len(f.bom):] != f.text
}

// become makes text the file's, if it is valid.
func (f *File) become(text string) error {
	root, err := parse(f.path, text)
	if err != nil {
		return err
	}
	f.text, f.root, f.lines, f.hints = text, root, nil, nil
	return nil
}

package devcontainer_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A document is what an independent reader makes of a text: it shares no code
// with the package or with hujson, and is written to be obvious, not fast.
type document struct {
	text     string
	comments []span // of // comments without the line ending
	value    any    // map[string]any, []any, string, json.Number, bool, nil
	values   map[string]span
	keys     map[string]span     // by the pointer of their member
	order    map[string][]string // names by the pointer of their object
	pointers []string            // of all values, outer ones first
}

type span struct{ start, end int }

func (d *document) of(s span) string { return d.text[s.start:s.end] }

func (d *document) commentTexts() []string {
	var all []string
	for _, c := range d.comments {
		all = append(all, d.of(c))
	}
	return all
}

type reader struct {
	*document
	at int
}

var errSyntax = errors.New("not JSON with comments")

func readDocument(text []byte) (*document, error) {
	d := &document{text: string(text), values: map[string]span{}, keys: map[string]span{}, order: map[string][]string{}}
	r := &reader{document: d}
	if strings.HasPrefix(d.text, "\ufeff") {
		r.at = 3
	}
	var err error
	if d.value, err = r.readValue(""); err != nil {
		return nil, err
	}
	if err := r.skip(); err != nil || r.at != len(d.text) {
		return nil, errSyntax
	}
	return d, nil
}

func mustRead(t testing.TB, text []byte) *document {
	t.Helper()
	d, err := readDocument(text)
	if err != nil {
		t.Fatalf("the independent reader refuses this:\n%s", text)
	}
	return d
}

// skip passes white space and comments.
func (r *reader) skip() error {
	for r.at < len(r.text) {
		start := r.at
		switch rest := r.text[r.at:]; {
		case strings.ContainsAny(rest[:1], " \t\r\n"):
			r.at++
			continue
		case strings.HasPrefix(rest, "//"):
			for r.at < len(r.text) && r.text[r.at] != '\n' && r.text[r.at] != '\r' {
				r.at++
			}
		case strings.HasPrefix(rest, "/*"):
			n := strings.Index(rest[2:], "*/")
			if n < 0 {
				return errSyntax
			}
			r.at += n + 4
		default:
			return nil
		}
		r.comments = append(r.comments, span{start, r.at})
	}
	return nil
}

// next passes to the next byte that means something.
func (r *reader) next() (byte, error) {
	if err := r.skip(); err != nil {
		return 0, err
	}
	if r.at == len(r.text) {
		return 0, errSyntax
	}
	return r.text[r.at], nil
}

func (r *reader) readValue(pointer string) (value any, err error) {
	c, err := r.next()
	if err != nil {
		return nil, err
	}
	if _, again := r.values[pointer]; !again {
		r.pointers = append(r.pointers, pointer)
	}
	start := r.at
	switch c {
	case '{':
		value, err = r.readObject(pointer)
	case '[':
		value, err = r.readArray(pointer)
	default:
		value, err = r.readLiteral()
	}
	r.values[pointer] = span{start, r.at}
	return value, err
}

func (r *reader) readObject(pointer string) (any, error) {
	object := map[string]any{}
	r.order[pointer] = nil
	for r.at++; ; {
		c, err := r.next()
		if err != nil {
			return nil, err
		}
		if c == '}' {
			r.at++
			return object, nil
		}
		start := r.at
		key, err := r.readLiteral()
		name, ok := key.(string)
		if err != nil || !ok {
			return nil, errSyntax
		}
		inner := pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		r.keys[inner] = span{start, r.at}
		if c, err := r.next(); err != nil || c != ':' {
			return nil, errSyntax
		}
		r.at++
		if _, again := object[name]; !again {
			r.order[pointer] = append(r.order[pointer], name)
		} else {
			r.forget(inner)
		}
		if object[name], err = r.readValue(inner); err != nil {
			return nil, err
		}
		if err := r.comma('}'); err != nil {
			return nil, err
		}
	}
}

// forget drops what an earlier member of the same name held.
func (r *reader) forget(pointer string) {
	inside := func(p string) bool { return p == pointer || strings.HasPrefix(p, pointer+"/") }
	r.pointers = slices.DeleteFunc(r.pointers, inside)
	maps.DeleteFunc(r.values, func(p string, _ span) bool { return inside(p) })
	maps.DeleteFunc(r.order, func(p string, _ []string) bool { return inside(p) })
	maps.DeleteFunc(r.keys, func(p string, _ span) bool { return inside(p) && p != pointer })
}

func (r *reader) readArray(pointer string) (any, error) {
	array := []any{}
	for r.at++; ; {
		c, err := r.next()
		if err != nil {
			return nil, err
		}
		if c == ']' {
			r.at++
			return array, nil
		}
		value, err := r.readValue(fmt.Sprintf("%s/%d", pointer, len(array)))
		if err != nil {
			return nil, err
		}
		array = append(array, value)
		if err := r.comma(']'); err != nil {
			return nil, err
		}
	}
}

func (r *reader) comma(end byte) error {
	c, err := r.next()
	if err == nil && c == ',' {
		r.at++
		return nil
	}
	if err == nil && c == end {
		return nil
	}
	return errSyntax
}

func (r *reader) readLiteral() (value any, err error) {
	start := r.at
	if r.text[r.at] == '"' {
		for r.at++; r.at < len(r.text) && r.text[r.at] != '"'; r.at++ {
			if r.text[r.at] == '\\' {
				r.at++
			}
		}
		r.at = min(r.at+1, len(r.text))
	} else {
		for r.at < len(r.text) && strings.IndexByte("{}[],:/\" \t\r\n", r.text[r.at]) < 0 {
			r.at++
		}
	}
	decoder := json.NewDecoder(strings.NewReader(r.text[start:r.at]))
	decoder.UseNumber()
	if r.at == start || decoder.Decode(&value) != nil || decoder.InputOffset() != int64(r.at-start) {
		return nil, errSyntax
	}
	return value, nil
}

func TestIndependentReader(t *testing.T) {
	d := mustRead(t, []byte("\ufeff// a\r{ /*b*/ \"x/y\": [1, {\"z\" /* c */: null,},], \"x/y\": [true] } // d"))
	if got, want := fmt.Sprint(d.value), "map[x/y:[true]]"; got != want {
		t.Errorf("value %s, want %s", got, want)
	}
	if got, want := fmt.Sprintf("%q", d.commentTexts()), `["// a" "/*b*/" "/* c */" "// d"]`; got != want {
		t.Errorf("comments %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(d.pointers), "[ /x~1y /x~1y/0]"; got != want {
		t.Errorf("pointers %s, want %s", got, want)
	}
}

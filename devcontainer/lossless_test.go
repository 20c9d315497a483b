package devcontainer_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

func mustParse(t testing.TB, text []byte) *devcontainer.File {
	t.Helper()
	f, err := devcontainer.Parse("devcontainer.json", text)
	if err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return f
}

// clone copies a value of a document, so that a test can edit the copy.
func clone(value any) any {
	switch value := value.(type) {
	case map[string]any:
		copied := map[string]any{}
		for name, inner := range value {
			copied[name] = clone(inner)
		}
		return copied
	case []any:
		copied := []any{}
		for _, inner := range value {
			copied = append(copied, clone(inner))
		}
		return copied
	}
	return value
}

// parent splits a pointer into that of what it is in, and its last name.
func parent(pointer string) (outer, name string) {
	i := strings.LastIndexByte(pointer, '/')
	return pointer[:i], strings.NewReplacer("~1", "/", "~0", "~").Replace(pointer[i+1:])
}

// edited returns the value after do has edited the object or array at the
// pointer; do returns what takes its place.
func edited(value any, pointer string, do func(container any) any) any {
	if pointer == "" {
		return do(value)
	}
	outer, name := parent(pointer)
	return edited(value, outer, func(container any) any {
		switch container := container.(type) {
		case map[string]any:
			container[name] = do(container[name])
		case []any:
			i, _ := strconv.Atoi(name)
			container[i] = do(container[i])
		}
		return container
	})
}

// A proof runs one kind of edit at one place, and counts.
type proof struct {
	t      *testing.T
	sample sample
	before *document
	counts map[string]int
}

func prove(t *testing.T, do func(p *proof, pointer string)) {
	counts := map[string]int{}
	for _, s := range samples(t) {
		p := &proof{t: t, sample: s, before: mustRead(t, s.text), counts: counts}
		for _, pointer := range p.before.pointers {
			do(p, pointer)
		}
		counts["files"]++
		if t.Failed() {
			// one file at a time is enough to read
		}
	}
	t.Log(counts)
}

// after reads what the file is after an edit, and compares its values.
func (p *proof) after(f *devcontainer.File, what string, want any) *document {
	p.t.Helper()
	d := mustRead(p.t, f.Bytes())
	if !reflect.DeepEqual(d.value, want) {
		p.t.Errorf("%s: %s: got\n%s\nwant the value %v, from\n%s", p.sample.name, what, f.Bytes(), want, p.sample.text)
	}
	if len(d.text) < 600 { // the others are too many
		samePlaces(p.t, f, d)
	}
	p.counts["edits"]++
	return d
}

// sameComments requires every comment, once, and in order.
func (p *proof) sameComments(d *document, what string) {
	p.t.Helper()
	if got, want := d.commentTexts(), p.before.commentTexts(); !slices.Equal(got, want) {
		p.t.Errorf("%s: %s: comments %q, want %q, in\n%s", p.sample.name, what, got, want, d.text)
	}
	p.counts["comments"] += len(p.before.comments)
}

// undone counts whether the bytes are the old ones again.
func (p *proof) undone(f *devcontainer.File, what string, required bool) {
	p.t.Helper()
	if bytes.Equal(f.Bytes(), p.sample.text) {
		p.counts["undone"]++
		return
	}
	p.counts["not undone"]++
	if required {
		p.t.Errorf("%s: undo %s: got\n%q\nwant\n%q", p.sample.name, what, f.Bytes(), p.sample.text)
	}
}

func (p *proof) must(err error, what string) {
	p.t.Helper()
	if err != nil {
		p.t.Fatalf("%s: %s: %v", p.sample.name, what, err)
	}
}

func TestIdentity(t *testing.T) {
	prove(t, func(p *proof, pointer string) {
		f := mustParse(p.t, p.sample.text)
		if !bytes.Equal(f.Bytes(), p.sample.text) || f.Changed() {
			t.Errorf("%s: the bytes differ without an edit", p.sample.name)
		}
		var got json.RawMessage
		found, err := f.Get(pointer, &got)
		p.must(err, "get "+pointer)
		want := p.before.of(p.before.values[pointer])
		if d := mustRead(t, []byte(want)); !found || !reflect.DeepEqual(mustRead(t, got).value, d.value) {
			t.Errorf("%s: get %s: %s, want %s", p.sample.name, pointer, got, want)
		}
		p.must(f.Set(pointer, got), "set "+pointer)
		if f.Changed() {
			t.Errorf("%s: to set %s to what it is changed bytes:\n%s", p.sample.name, pointer, f.Bytes())
		}
		p.counts["values"]++
	})
}

func TestReplaceLosesNothing(t *testing.T) {
	prove(t, func(p *proof, pointer string) {
		at := p.before.values[pointer]
		old := p.before.of(at)
		if old[0] == '{' || old[0] == '[' {
			return
		}
		f := mustParse(p.t, p.sample.text)
		p.must(f.Set(pointer, "it's <new> && \"good\""), "set "+pointer)
		want := p.before.text[:at.start] + `"it's <new> && \"good\""` + p.before.text[at.end:]
		if string(f.Bytes()) != want {
			t.Errorf("%s: set %s: got\n%s\nwant\n%s", p.sample.name, pointer, f.Bytes(), want)
		}
		p.counts["edits"]++
		p.must(f.Set(pointer, json.RawMessage(old)), "set back "+pointer)
		p.undone(f, "set "+pointer, !strings.Contains(old, `\`))
	})
}

func TestAddLosesNothing(t *testing.T) {
	values := []any{true, "x", map[string]any{"one": 1, "two": []int{1}}, []any{}, []any{"a", map[string]any{}}}
	prove(t, func(p *proof, pointer string) {
		added := pointer + "/-"
		switch p.before.of(p.before.values[pointer])[0] {
		case '{':
			added = pointer + "/brand new"
		case '[':
		default:
			return
		}
		for _, value := range values {
			f := mustParse(p.t, p.sample.text)
			p.must(f.Set(added, value), "set "+added)
			encoded, _ := json.Marshal(value)
			plain := mustRead(t, encoded).value
			n := 0
			want := edited(clone(p.before.value), pointer, func(container any) any {
				if array, ok := container.([]any); ok {
					n = len(array)
					return append(array, plain)
				}
				container.(map[string]any)["brand new"] = plain
				return container
			})
			p.sameComments(p.after(f, "set "+added, want), "set "+added)
			name := added
			if strings.HasSuffix(added, "/-") {
				name = pointer + "/" + strconv.Itoa(n)
			}
			removed, err := f.Remove(name)
			if p.must(err, "remove "+name); !removed {
				t.Errorf("%s: remove %s: nothing was there", p.sample.name, name)
			}
			// Without members, "{ }" is not told from "{}" any more, nor a line
			// ending from none.
			interior := p.before.of(p.before.values[pointer])
			interior = interior[1 : len(interior)-1]
			empty := !slices.ContainsFunc(p.before.pointers, func(inner string) bool { return strings.HasPrefix(inner, pointer+"/") })
			lines := strings.ContainsAny(interior, "\r\n") && strings.TrimSpace(interior) != ""
			p.undone(f, "set "+added, !empty || interior == "" || lines)
		}
	})
}

func TestRenameLosesNothing(t *testing.T) {
	prove(t, func(p *proof, pointer string) {
		at, ok := p.before.keys[pointer]
		if !ok {
			return
		}
		f := mustParse(p.t, p.sample.text)
		if err := f.Rename(pointer, "re/na~med"); err != nil {
			if len(f.Duplicates()) == 0 {
				t.Errorf("%s: rename %s: %v", p.sample.name, pointer, err)
			}
			return
		}
		want := p.before.text[:at.start] + `"re/na~med"` + p.before.text[at.end:]
		if string(f.Bytes()) != want {
			t.Errorf("%s: rename %s: got\n%s\nwant\n%s", p.sample.name, pointer, f.Bytes(), want)
		}
		p.counts["edits"]++
		outer, name := parent(pointer)
		p.must(f.Rename(outer+"/re~1na~0med", name), "rename back")
		p.undone(f, "rename "+pointer, !strings.Contains(p.before.of(at), `\`))
	})
}

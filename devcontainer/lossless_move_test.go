package devcontainer_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// tidy reports whether each member starts a line, and its comma is on the line
// where it ends. In other files a move has to break lines.
func (p *proof) tidy(outer string) bool {
	d := p.before
	for pointer, at := range d.values {
		if pointer == "" {
			continue
		}
		if in, _ := parent(pointer); in != outer {
			continue
		}
		if key, ok := d.keys[pointer]; ok {
			at.start = key.start
		}
		line := d.text[:at.start]
		line = line[strings.LastIndexAny(line, "\r\n")+1:]
		next := strings.TrimLeft(d.text[at.end:], " \t\r\n")
		behind := strings.HasPrefix(d.text[at.end:], ",") || strings.HasPrefix(next, "}") || strings.HasPrefix(next, "]")
		if strings.Trim(line, " \t") != "" || !behind {
			return false
		}
	}
	return true
}

func TestMoveLosesNothing(t *testing.T) {
	prove(t, func(p *proof, pointer string) {
		if pointer == "" || len(mustParse(t, p.sample.text).Duplicates()) > 0 {
			return
		}
		outer, name := parent(pointer)
		names, isObject := p.before.order[outer]
		n, from := len(names), slices.Index(names, name)
		if !isObject {
			from, _ = strconv.Atoi(name)
			for n = 0; p.before.values[fmt.Sprintf("%s/%d", outer, n)] != (span{}); n++ {
			}
		}
		for _, to := range slices.Compact([]int{0, n / 2, n - 1}) {
			f := mustParse(p.t, p.sample.text)
			what := fmt.Sprintf("move %s to %d", pointer, to)
			p.must(f.Move(pointer, to), what)
			want := clone(p.before.value)
			if !isObject {
				want = edited(want, outer, func(container any) any {
					array := container.([]any)
					moved := array[from]
					return slices.Insert(slices.Delete(array, from, from+1), to, moved)
				})
			}
			d := p.after(f, what, want)
			if isObject {
				order := slices.Insert(slices.Delete(slices.Clone(names), from, from+1), to, name)
				if !reflect.DeepEqual(d.order[outer], order) {
					t.Errorf("%s: %s: order %q, want %q", p.sample.name, what, d.order[outer], order)
				}
			}
			got, had := d.commentTexts(), p.before.commentTexts()
			slices.Sort(got)
			slices.Sort(had)
			if !slices.Equal(got, had) {
				t.Errorf("%s: %s: comments %q, want %q", p.sample.name, what, got, had)
			}
			p.counts["comments"] += len(had)
			back := pointer
			if !isObject {
				back = outer + "/" + strconv.Itoa(to)
			}
			p.must(f.Move(back, from), "move back")
			p.undone(f, what, p.tidy(outer))
		}
	})
}

// own says, by lines and brackets of the text alone, whether a comment may go
// with a member: it is inside of it, on the line where it ends or begins, or on
// lines above that hold nothing but comments.
func own(d *document, at span, comment span) bool {
	switch {
	case comment.start >= at.start && comment.end <= at.end:
		return true
	case comment.start >= at.end:
		return !strings.ContainsAny(d.text[at.end:comment.start], "\r\n")
	}
	between := d.text[comment.end:at.start]
	for _, c := range d.comments {
		if c.start >= comment.end && c.end <= at.start {
			between = strings.Replace(between, d.of(c), "#", 1)
		}
	}
	between = strings.NewReplacer("\r\n", "\n", "\r", "\n", " ", "", "\t", "").Replace(between)
	return strings.Trim(between, "#\n") == "" && !strings.Contains(between, "\n\n")
}

// putBack sets a removed member again. Which blank lines and loose comments were
// above it is not known any more, nor how an object in it was written.
func (p *proof) putBack(f *devcontainer.File, pointer string, index int, whole bool) {
	p.t.Helper()
	old := p.before.of(p.before.values[pointer])
	outer, _ := parent(pointer)
	again := pointer
	if _, isObject := p.before.order[outer]; !isObject {
		again = outer + "/-"
	}
	var value json.RawMessage
	if _, err := mustParse(p.t, p.sample.text).Get(pointer, &value); err != nil {
		p.t.Fatal(err)
	}
	p.must(f.Set(again, value), "put back "+pointer)
	n := 0
	for ; f.Has(fmt.Sprintf("%s/%d", outer, n+1)); n++ {
	}
	if again != pointer {
		again = fmt.Sprintf("%s/%d", outer, n)
	}
	p.must(f.Move(again, index), "move "+again)
	p.after(f, "put back "+pointer, p.before.value)
	isScalar := old[0] != '{' && old[0] != '['
	around := p.before.of(p.before.values[outer])
	plain := !strings.Contains(around, "\n\n") && !strings.Contains(around, "/")
	p.undone(f, "remove "+pointer, whole && plain && isScalar && p.tidy(outer) && len(p.before.order[outer]) > 1)
}

// numbered makes all comments differ, so that it is known which one is gone.
func numbered(d *document) []byte {
	var b strings.Builder
	at := 0
	for i, c := range d.comments {
		end := c.end
		if strings.HasPrefix(d.of(c), "/*") {
			end -= len("*/")
		}
		fmt.Fprintf(&b, "%s#%d", d.text[at:end], i)
		at = end
	}
	return []byte(b.String() + d.text[at:])
}

func TestRemoveTakesItsOwnCommentsOnly(t *testing.T) {
	prove(t, func(p *proof, pointer string) {
		if pointer == "" { // the first of each file
			p.sample.text = numbered(p.before)
			p.before = mustRead(t, p.sample.text)
		}
		if pointer == "" || len(mustParse(t, p.sample.text).Duplicates()) > 0 {
			return
		}
		outer, name := parent(pointer)
		at := p.before.values[pointer]
		if key, ok := p.before.keys[pointer]; ok {
			at.start = key.start
		}
		f := mustParse(p.t, p.sample.text)
		removed, err := f.Remove(pointer)
		if p.must(err, "remove "+pointer); !removed {
			t.Errorf("%s: remove %s: nothing was there", p.sample.name, pointer)
		}
		from := slices.Index(p.before.order[outer], name)
		d := p.after(f, "remove "+pointer, edited(clone(p.before.value), outer, func(container any) any {
			if array, ok := container.([]any); ok {
				from, _ = strconv.Atoi(name)
				return slices.Delete(array, from, from+1)
			}
			delete(container.(map[string]any), name)
			return container
		}))
		left := d.commentTexts()
		lost := 0
		for _, c := range p.before.comments {
			if len(left) > 0 && left[0] == p.before.of(c) && !(c.start >= at.start && c.end <= at.end) {
				left = left[1:]
				continue
			}
			lost++
			if !own(p.before, at, c) {
				t.Errorf("%s: remove %s took %q, and left\n%s\nof\n%s", p.sample.name, pointer, p.before.of(c), d.text, p.before.text)
			}
		}
		if len(left) > 0 {
			t.Errorf("%s: remove %s: comments %q are new", p.sample.name, pointer, left)
		}
		p.counts["comments"] += len(p.before.comments)
		p.counts["comments removed"] += lost
		p.putBack(f, pointer, from, lost == 0)
	})
}

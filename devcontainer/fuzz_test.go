package devcontainer_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

func seed(f *testing.F, add func(text []byte)) {
	for _, s := range samples(f) {
		if len(s.text) < 4096 {
			add(s.text)
		}
	}
}

// FuzzParse: what parses comes back byte for byte, and means what an
// independent reader reads.
func FuzzParse(f *testing.F) {
	seed(f, func(text []byte) { f.Add(text) })
	f.Fuzz(func(t *testing.T, text []byte) {
		file, err := devcontainer.Parse("f", text)
		d, other := readDocument(text)
		if err != nil {
			if other == nil && !strings.Contains(err.Error(), "nested deeper") {
				t.Fatalf("%v, but the independent reader reads it", err)
			}
			return
		}
		if other != nil {
			t.Fatalf("the independent reader refuses it: %v", other)
		}
		if !bytes.Equal(file.Bytes(), text) || file.Changed() {
			t.Fatal("the bytes differ without an edit")
		}
		for _, pointer := range d.pointers {
			line, column, ok := file.Position(pointer)
			if !ok || line < 1 || column < 1 {
				t.Fatalf("position of %q: %d:%d, %v", pointer, line, column, ok)
			}
		}
		var raw json.RawMessage
		if _, err := file.Get("", &raw); err != nil {
			t.Fatal(err)
		}
		if got := mustRead(t, raw).value; !reflect.DeepEqual(got, d.value) {
			t.Fatalf("value %v, want %v", got, d.value)
		}
		file.Duplicates()
	})
}

// FuzzEdit makes random edits, and compares with the same edits of the value.
func FuzzEdit(f *testing.F) {
	seed(f, func(text []byte) { f.Add(text, uint64(len(text))) })
	f.Fuzz(func(t *testing.T, text []byte, random uint64) {
		file, err := devcontainer.Parse("f", text)
		if err != nil || len(text) > 1<<16 {
			return
		}
		e := &editor{t: t, file: file, Rand: rand.New(rand.NewPCG(random, 1))}
		for range 6 {
			e.edit()
		}
	})
}

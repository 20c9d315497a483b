package devcontainer

import (
	"fmt"
	"slices"
	"sort"

	"github.com/tailscale/hujson"
)

// splice replaces the text of a value, or of the name of a member, which stands
// in the tree. The file stays as it is where the result would not be valid. Only
// the new text is parsed: a file of many megabytes is not read again for one word.
func (f *File) splice(at *hujson.Value, with string) error {
	start, end := at.StartOffset, at.EndOffset
	if f.text[start:end] == with {
		return nil
	}
	text := f.text[:start] + with + f.text[end:]
	if _, tooDeep := plain(text); tooDeep >= 0 {
		return fmt.Errorf("edit %s: %w", f.path, tooDeepError(f.path, text, tooDeep))
	}
	if !f.spliceInside(at, with) {
		fresh, err := parse(f.path, with)
		if err != nil {
			return fmt.Errorf("edit would break the file: %w", err)
		}
		shift(&fresh, 0, start)
		shift(&f.root, end, len(with)-(end-start))
		at.Value, at.EndOffset = fresh.Value, start+len(with)
	}
	f.text, f.lines, f.hints = text, nil, nil
	return nil
}

// spliceInside is for an object or array most of whose members stay. It parses
// the text from the first member that differs to the last one, and puts what
// that holds in the place of those members. It changes nothing and returns false
// where that is not possible.
func (f *File) spliceInside(at *hujson.Value, with string) bool {
	old, n := f.text[at.StartOffset:at.EndOffset], childCount(at)
	if n == 0 || old[0] != with[0] || old[len(old)-1] != with[len(with)-1] {
		return false
	}
	prefix := commonPrefix(old, with)
	suffix := commonSuffix(old[prefix:], with[prefix:])
	starts := func(i int) int { return startOf(at, i) - at.StartOffset }
	ends := func(i int) int { _, value := child(at, i); return value.EndOffset - at.StartOffset }
	// Old members before low and from high on stay. The cuts are at the start
	// of a member and at the end of one, or else at the brackets.
	low := sort.Search(n, func(i int) bool { return starts(i) > prefix }) - 1
	high := sort.Search(n, func(i int) bool { return ends(i) >= len(old)-suffix }) + 1
	from, to := 1, len(old)-1
	if low < 0 {
		low = 0
	} else {
		from = starts(low)
	}
	if high > n {
		high = n
	} else {
		to = ends(high - 1)
	}
	grown := len(with) - len(old)
	part := with[:1] + with[from:to+grown] + with[len(with)-1:]
	fresh, err := parse(f.path, part)
	if err != nil {
		return false
	}
	if k := childCount(&fresh); to < len(old)-1 {
		if k == 0 {
			return false
		}
		// What follows in the file has to follow a value.
		if _, last := child(&fresh, k-1); last.EndOffset != len(part)-1 {
			return false
		}
	}
	shift(&fresh, 0, at.StartOffset+from-1)
	shift(&f.root, at.StartOffset+to, grown)
	switch inner := at.Value.(type) {
	case *hujson.Object:
		inner.Members = slices.Replace(inner.Members, low, high, fresh.Value.(*hujson.Object).Members...)
	case *hujson.Array:
		inner.Elements = slices.Replace(inner.Elements, low, high, fresh.Value.(*hujson.Array).Elements...)
	}
	return true
}

// startOf returns the offset of a member's name, or of an element.
func startOf(v *hujson.Value, i int) int {
	name, value := child(v, i)
	if name != nil {
		return name.StartOffset
	}
	return value.StartOffset
}

// shift adds to the offsets of v and all in it that are not before from.
func shift(v *hujson.Value, from, by int) {
	if v.EndOffset < from {
		return
	}
	if v.StartOffset >= from {
		v.StartOffset += by
	}
	v.EndOffset += by
	switch inner := v.Value.(type) {
	case *hujson.Object:
		for i := range inner.Members {
			shift(&inner.Members[i].Name, from, by)
			shift(&inner.Members[i].Value, from, by)
		}
	case *hujson.Array:
		for i := range inner.Elements {
			shift(&inner.Elements[i], from, by)
		}
	}
}

func commonPrefix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func commonSuffix(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}

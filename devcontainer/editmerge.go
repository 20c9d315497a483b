package devcontainer

import (
	"github.com/tailscale/hujson"
)

// An entry is a member or element as it shall be: an old one, perhaps with
// another value, or a new one.
type entry struct {
	old   int           // its index, -1 for a new one
	name  string        // of a new member: its literal
	value *hujson.Value // nil: as it is
}

// keepAll is the plan that changes nothing.
func keepAll(v *hujson.Value) []entry {
	plan := make([]entry, childCount(v), childCount(v)+1)
	for i := range plan {
		plan[i].old = i
	}
	return plan
}

// rewrite returns the text that takes the place of a value.
func (f *File) rewrite(old, fresh *hujson.Value, s *style) string {
	if equal(old, fresh) {
		return f.text[old.StartOffset:old.EndOffset]
	}
	switch was := old.Value.(type) {
	case *hujson.Object:
		if is, ok := fresh.Value.(*hujson.Object); ok {
			return f.arrange(old, mergeObjects(was, is), s)
		}
	case *hujson.Array:
		if is, ok := fresh.Value.(*hujson.Array); ok {
			return f.arrange(old, mergeArrays(was, is), s)
		}
	}
	return s.render(fresh, f.indentAt(old.StartOffset))
}

// mergeObjects keeps the place of each member that stays, and appends the new ones.
func mergeObjects(old, fresh *hujson.Object) []entry {
	_, want := lastMembers(fresh)
	_, have := lastMembers(old)
	var plan []entry
	for i := range old.Members {
		name := nameOf(&old.Members[i].Name)
		switch {
		case want[name] == nil:
		case have[name] == &old.Members[i].Value:
			plan = append(plan, entry{old: i, value: want[name]})
		default: // one of several: it does not count, and stays as it is
			plan = append(plan, entry{old: i})
		}
	}
	for i := range fresh.Members {
		m := &fresh.Members[i]
		if have[nameOf(&m.Name)] == nil {
			plan = append(plan, entry{old: -1, name: string(m.Name.Value.(hujson.Literal)), value: &m.Value})
		}
	}
	return plan
}

// mergeArrays finds the elements that stay. Between two of them, old and new
// elements are matched in order: those take the new value and keep their
// comments, and what is left over goes or comes.
func mergeArrays(old, fresh *hujson.Array) []entry {
	was, is := canonicalTexts(old), canonicalTexts(fresh)
	var plan []entry
	i, j := 0, 0
	upTo := func(oldEnd, freshEnd int) {
		for ; i < oldEnd && j < freshEnd; i, j = i+1, j+1 {
			plan = append(plan, entry{old: i, value: &fresh.Elements[j]})
		}
		for i = oldEnd; j < freshEnd; j++ {
			plan = append(plan, entry{old: -1, value: &fresh.Elements[j]})
		}
	}
	for _, pair := range common(was, is) {
		upTo(pair[0], pair[1])
		plan = append(plan, entry{old: i})
		i, j = i+1, j+1
	}
	upTo(len(was), len(is))
	return plan
}

func canonicalTexts(array *hujson.Array) []string {
	all := make([]string, len(array.Elements))
	for i := range all {
		all[i] = string(canonical(nil, &array.Elements[i]))
	}
	return all
}

// maxCommon bounds the table that finds a longest common subsequence. What is
// larger, after the common start and end, is matched in order.
const maxCommon = 1 << 20

// common returns the pairs of indexes of a common subsequence: the longest one
// unless that would take too long.
func common(a, b []string) [][2]int {
	var pairs [][2]int
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		pairs = append(pairs, [2]int{start, start})
		start++
	}
	tail := 0
	for tail < len(a)-start && tail < len(b)-start && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	middleA, middleB := a[start:len(a)-tail], b[start:len(b)-tail]
	if len(middleA) > 0 && len(middleB) <= maxCommon/len(middleA) {
		for _, pair := range longestCommon(middleA, middleB) {
			pairs = append(pairs, [2]int{start + pair[0], start + pair[1]})
		}
	}
	for ; tail > 0; tail-- {
		pairs = append(pairs, [2]int{len(a) - tail, len(b) - tail})
	}
	return pairs
}

func longestCommon(a, b []string) [][2]int {
	width := len(b) + 1
	length := make([]int32, (len(a)+1)*width) // of a[i:] and b[j:]
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				length[i*width+j] = length[(i+1)*width+j+1] + 1
			} else {
				length[i*width+j] = max(length[(i+1)*width+j], length[i*width+j+1])
			}
		}
	}
	var pairs [][2]int
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j]:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case length[(i+1)*width+j] >= length[i*width+j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}

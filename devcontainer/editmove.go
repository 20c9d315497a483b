package devcontainer

import "slices"

// move moves an item. Where all between the two places are on lines of their
// own, or all on one line, the white space and what is nobody's stays in place,
// so that paragraphs keep their shape. Elsewhere the item takes its line along.
func (l *layout) move(from, to int) {
	if !l.regular(min(from, to), max(from, to)) {
		l.carry(from, to)
		return
	}
	old := slices.Clone(l.items)
	order := make([]int, 0, len(old))
	for i := range old {
		if i != from {
			order = append(order, i)
		}
	}
	for slot, i := range slices.Insert(order, to, from) {
		it := &l.items[slot]
		it.own, it.body, it.post, it.eol = old[i].own, old[i].body, old[i].post, old[i].eol
		it.settle()
	}
}

// regular reports whether the items between two places are set off alike.
func (l *layout) regular(low, high int) bool {
	lines := hasNewline(l.items[high].sep)
	for i := low; i < len(l.items) && i <= high+1; i++ {
		it := l.items[i]
		if i > low && it.loose != "" && !isBlank(it.loose) {
			if line, _, _ := cutLine(it.loose); !isBlank(line) {
				return false // the comment of a line with several items
			}
		}
		if hasNewline(it.sep) != lines || !lines && hasNewline(it.own) {
			return false
		}
	}
	return true
}

// carry moves an item with the line ending before it.
func (l *layout) carry(from, to int) {
	p := planner{layout: l, loose: pieces{newline: l.newline}}
	moved := l.items[from]
	keepUpTo := func(end int) {
		for p.next < end {
			p.keep()
		}
	}
	put := func() {
		p.insert(item{own: moved.own, body: moved.body, post: moved.post, eol: moved.eol})
		if hasNewline(moved.sep) {
			p.kept[len(p.kept)-1].sep = moved.sep
		}
	}
	if to < from {
		keepUpTo(to)
		put()
		keepUpTo(from)
		p.dropUpTo(from + 1)
	} else {
		keepUpTo(from)
		p.dropUpTo(from + 1)
		keepUpTo(to + 1)
		put()
	}
	keepUpTo(len(l.items))
	p.finish()
}

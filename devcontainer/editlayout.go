package devcontainer

import (
	"regexp"
	"strings"

	"github.com/tailscale/hujson"
)

// arrange returns the text of an object or array with the members of the plan,
// which names old ones in their order. The style is for new values; where the
// plan has none it may be nil.
func (f *File) arrange(v *hujson.Value, plan []entry, outer *style) string {
	l := f.layout(v)
	if len(plan) == 0 {
		l.removeAll()
		return l.String()
	}
	if len(l.items) == 0 {
		if !hasComment(l.tail) { // as if it were all new
			return outer.render(fromPlan(v, plan), l.indent)
		}
		l.openUp()
	}
	inner := &style{file: f, of: v, near: childCount(v)}
	p := planner{layout: l, kept: make([]item, 0, len(plan)), loose: pieces{newline: l.newline}}
	for _, e := range plan {
		if e.old < 0 {
			p.insert(item{body: inner.member(e, l.indentOfNew(p.next))})
			continue
		}
		p.dropUpTo(e.old)
		if e.value != nil {
			_, value := child(v, e.old)
			body := &l.items[e.old].body
			head := (*body)[:len(*body)-(value.EndOffset-value.StartOffset)]
			inner.near = e.old
			if changed := f.rewrite(value, e.value, inner); head+changed != *body {
				*body = head + changed
			}
		}
		p.keep()
	}
	p.dropUpTo(len(l.items))
	p.finish()
	return l.String()
}

// A planner makes the items of a layout anew.
type planner struct {
	*layout
	kept  []item
	next  int    // the first old item that is neither kept nor dropped
	loose pieces // nobody's, around the items dropped since the last one kept
	sep   string // of the first of them
}

// dropUpTo drops items, but not what is nobody's around them.
func (p *planner) dropUpTo(end int) {
	for ; p.next < end; p.next++ {
		it := p.items[p.next]
		p.loose.put(it.loose, p.indent+p.unit)
		if hasComment(it.mid) {
			p.loose.put(it.mid, p.indent+p.unit)
		}
		if p.sep == "" {
			p.sep = it.sep
		}
	}
}

// looseBefore returns what is nobody's before a piece, and the piece.
func (p *planner) looseBefore(piece string) string {
	p.loose.put(piece, p.indent+p.unit)
	all := p.loose.String()
	p.loose = pieces{newline: p.newline}
	return all
}

// keep keeps the next item. Where those before it are gone, it starts the line
// that they started.
func (p *planner) keep() {
	it := p.items[p.next]
	it.loose = p.looseBefore(it.loose)
	if !hasNewline(it.sep) && p.next > 0 {
		switch {
		case hasNewline(p.sep):
			it.sep = p.sep
		case len(p.kept) == 0:
			it.sep = p.items[0].sep
		}
	}
	if !hasNewline(it.sep) && p.next == 0 && len(p.kept) > 0 { // no longer the first
		it.sep = p.separator()
	}
	p.sep = ""
	p.next++
	p.kept = append(p.kept, it)
}

// insert puts an item directly after the last one.
func (p *planner) insert(it item) {
	it.sep = p.newSep(p.next)
	if len(p.kept) == 0 && len(p.items) > 0 && !hasNewline(it.sep) {
		it.sep = p.items[0].sep
	}
	p.kept = append(p.kept, it)
}

// finish sets the commas: one between two items, and one after the last if
// there was one.
func (p *planner) finish() {
	old := len(p.items)
	trailing := old > 0 && p.items[old-1].comma
	mid := ""
	if old > 1 && hasNewline(p.items[0].mid) && isBlank(p.items[old-2].mid) {
		mid = p.items[old-2].mid // the style that starts lines with commas
	}
	for i := range p.kept {
		it := &p.kept[i]
		want := i < len(p.kept)-1 || trailing
		switch {
		case it.comma && !want && isBlank(it.mid):
			it.mid = ""
		case !it.comma && want && i < len(p.kept)-1:
			it.mid += mid
		}
		it.comma = want
		it.settle()
	}
	p.items, p.tail = p.kept, p.looseBefore(p.tail)
}

// settle lets the comma stand where the others stand: behind the value, before
// a comment that ends the line, or at the start of the next line.
func (it *item) settle() {
	switch {
	case !it.comma:
	case hasNewline(it.mid):
		it.post, it.eol = it.post+it.eol, ""
	case endsInLineComment(it.post):
		it.post, it.eol = "", it.post+it.eol
	}
}

// removeAll leaves what is nobody's, or nothing where that is only white space.
func (l *layout) removeAll() {
	p := planner{layout: l, loose: pieces{newline: l.newline}}
	p.dropUpTo(len(l.items))
	p.finish()
	if isBlank(l.tail) {
		l.tail = ""
	}
}

// openUp prepares an object without members, but with comments, for the first
// one: it starts a line of its own before those comments that do, so that they
// do not become its own.
func (l *layout) openUp() {
	line, rest, found := cutLine(l.tail)
	if !found {
		rest = l.newline + l.indent
	}
	l.head, l.tail = line, rest
}

// newSep returns what sets a new item off, before the old one with the index.
func (l *layout) newSep(index int) string {
	if len(l.items) == 0 {
		return l.newline + l.indent + l.unit
	}
	like := l.items[max(0, min(index, len(l.items))-1)]
	if at := strings.LastIndexAny(like.sep, "\r\n"); at >= 0 {
		return l.newline + like.sep[at+1:]
	}
	return l.separator()
}

// separator is what stands between two items on one line.
func (l *layout) separator() string {
	for i := len(l.items) - 1; i > 0; i-- {
		if sep := l.items[i].sep; !hasNewline(sep) {
			return sep
		}
	}
	if len(l.items) == 1 && tightMember.MatchString(l.items[0].body) {
		return "" // {"a":1}
	}
	return " "
}

// tightMember matches a member without a space after its colon.
var tightMember = regexp.MustCompile(`^"(?:[^"\\]|\\.)*":\S`)

// indentOfNew returns the indentation of the line of a new item.
func (l *layout) indentOfNew(index int) string {
	sep := l.newSep(index)
	if at := strings.LastIndexAny(sep, "\r\n"); at >= 0 {
		return sep[at+1:]
	}
	return l.indent
}

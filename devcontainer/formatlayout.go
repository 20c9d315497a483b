package devcontainer

import (
	"strings"

	"github.com/tailscale/hujson"
)

// A layout is an object or array cut into pieces: put together again in order
// they are its text. An edit moves pieces, and never looks into them.
type layout struct {
	open, close string
	head        string // after the opening bracket; nobody's
	items       []item
	tail        string // before the closing bracket; nobody's

	newline string // how the file ends lines
	indent  string // of the line that the object or array starts on
	unit    string // by which its members are indented further
}

// An item is a member of an object or an element of an array, and what stands
// around it.
type item struct {
	loose string // nobody's
	sep   string // white space that sets it off from what stands before
	own   string // its comments above and before it
	body  string
	post  string // its comments before the comma
	mid   string // nobody's, before the comma
	comma bool
	eol   string // its comments behind the comma
}

// layout cuts a value that is an object or array.
func (f *File) layout(v *hujson.Value) *layout {
	l := &layout{
		open:    f.text[v.StartOffset : v.StartOffset+1],
		close:   f.text[v.EndOffset-1 : v.EndOffset],
		newline: f.newlineNear(v.StartOffset),
		indent:  f.indentAt(v.StartOffset),
		items:   make([]item, childCount(v)),
	}
	gap := v.StartOffset + 1
	alone := true
	for i := range l.items {
		name, value := child(v, i)
		start := value.StartOffset
		if name != nil {
			start = name.StartOffset
		}
		it := &l.items[i]
		it.body = f.text[start:value.EndOffset]
		lead := f.text[gap:start]
		if i > 0 {
			alone = l.items[i-1].cut(&lead, alone) || hasNewline(it.body)
		}
		if line, rest, found := cutLine(lead); found {
			if lead = rest; i == 0 {
				l.head = line
			} else {
				it.loose = line
			}
		}
		loose, sep, own := cutLead(lead)
		it.loose += loose // they are next to each other: no copy
		it.sep, it.own = sep, own
		gap = value.EndOffset
	}
	l.tail = f.text[gap : v.EndOffset-1]
	if n := len(l.items); n > 0 {
		l.items[n-1].cutTail(&l.tail, alone)
	}
	l.unit = f.unitOf(v, l.tail)
	return l
}

// cut takes from the text between the item and the next what is the item's, and
// reports whether the next one starts a line.
func (it *item) cut(gap *string, alone bool) (newLine bool) {
	at := first(*gap, comma)
	it.comma = true
	it.before((*gap)[:at], alone)
	after := (*gap)[at+1:]
	line, rest, found := cutLine(after)
	if found && alone && !hasNewline(it.mid) {
		it.eol, after = line, rest
	}
	newLine = found || hasNewline(it.mid)
	*gap = after
	return newLine
}

// before takes what stands before the comma.
func (it *item) before(gap string, alone bool) {
	line, rest, found := cutLine(gap)
	switch {
	case !found:
		it.post = gap
	case alone:
		it.post, it.mid = line, rest
	default:
		it.mid = gap
	}
}

// cutTail takes from the text before the closing bracket what is the last item's.
func (it *item) cutTail(gap *string, alone bool) {
	if at := first(*gap, comma); at >= 0 {
		it.comma = true
		it.before((*gap)[:at], alone)
		*gap = (*gap)[at+1:]
		if line, rest, found := cutLine(*gap); alone && !hasNewline(it.mid) {
			if !found {
				line, rest = cutComments(line, true)
			}
			it.eol, *gap = line, rest
		}
		return
	}
	line, rest, found := cutLine(*gap)
	switch {
	case !found:
		it.post, *gap = cutComments(line, true)
	case alone: // a comma will stand directly behind the value
		it.eol, *gap = line, rest
	default:
		it.post, *gap = cutComments(line, false)
		*gap += rest
	}
}

// String puts the pieces together.
func (l *layout) String() string {
	b := pieces{newline: l.newline}
	inner := l.indent + l.unit
	b.put(l.open, "")
	b.put(l.head, inner)
	for _, it := range l.items {
		b.put(it.loose, inner)
		b.put(it.sep, inner)
		b.put(it.own, inner)
		b.value(it.body, inner)
		b.put(it.post, inner)
		b.put(it.mid, inner)
		if it.comma {
			b.put(",", inner)
		}
		b.put(it.eol, inner)
	}
	b.put(l.tail, l.indent)
	b.put(l.close, l.indent)
	return b.String()
}

// pieces joins what was not next to each other. Where a line comment would
// swallow what follows, that starts a line.
type pieces struct {
	strings.Builder
	newline   string
	inComment bool
}

func (p *pieces) put(piece, indent string) {
	if piece == "" {
		return
	}
	if p.inComment && !hasNewline(piece[:1]) {
		p.WriteString(p.newline + indent)
		piece = strings.TrimLeft(piece, " \t")
	}
	p.WriteString(piece)
	p.inComment = endsInLineComment(piece)
}

// value puts what holds comments, but does not end in one.
func (p *pieces) value(body, indent string) {
	if p.inComment {
		p.WriteString(p.newline + indent)
	}
	p.WriteString(body)
	p.inComment = false
}

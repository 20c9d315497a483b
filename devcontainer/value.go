package devcontainer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tailscale/hujson"
)

// Ordered is an object whose members are written in this order. A map is
// written in the order of its keys.
type Ordered []Member

// A Member is a name and its value, which is anything that [json.Marshal] takes.
type Member struct {
	Name  string
	Value any
}

// MarshalJSON implements [json.Marshaler].
func (o Ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	seen := map[string]bool{}
	for i, m := range o {
		if seen[m.Name] {
			return nil, fmt.Errorf("member %q occurs twice", m.Name)
		}
		seen[m.Name] = true
		if i > 0 {
			b.WriteByte(',')
		}
		value, err := encode(m.Value)
		if err != nil {
			return nil, fmt.Errorf("member %q: %w", m.Name, err)
		}
		b.WriteString(quote(m.Name) + ":")
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode is json.Marshal, except that it leaves the && of a command alone.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func quote(text string) string {
	b, err := encode(text)
	if err != nil {
		return strconv.Quote(text) // a string is never refused
	}
	return string(b)
}

// syntax returns a value as the syntax tree of its shortest JSON.
func syntax(value any) (*hujson.Value, error) {
	b, err := encode(value)
	if err != nil {
		return nil, err
	}
	if _, tooDeep := plain(string(b)); tooDeep >= 0 {
		return nil, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	v, err := hujson.Parse(b)
	return &v, err
}

// equal reports whether two values mean the same: the order of members, the way
// a string is escaped, and 1 or 1.0 make no difference.
func equal(a, b *hujson.Value) bool {
	return a.Value.Kind() == b.Value.Kind() && string(canonical(nil, a)) == string(canonical(nil, b))
}

// canonical appends a JSON text that equal values have in common.
func canonical(b []byte, v *hujson.Value) []byte {
	switch v := v.Value.(type) {
	case *hujson.Array:
		b = append(b, '[')
		for i := range v.Elements {
			b = append(canonical(b, &v.Elements[i]), ',')
		}
		return append(b, ']')
	case *hujson.Object:
		names, members := lastMembers(v)
		slices.Sort(names)
		b = append(b, '{')
		for _, name := range names {
			b = append(append(b, quote(name)...), ':')
			b = append(canonical(b, members[name]), ',')
		}
		return append(b, '}')
	case hujson.Literal:
		switch v.Kind() {
		case '"':
			return append(b, quote(v.String())...)
		case '0':
			return append(b, canonicalNumber(string(v))...)
		}
		return append(b, v...)
	}
	return b
}

// canonicalNumber writes a number as its digits and a power of ten.
func canonicalNumber(text string) string {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(text), "e")
	power := 0
	if exponent != "" {
		n, err := strconv.Atoi(exponent)
		if err != nil || n > 1<<30 || n < -1<<30 {
			return text // beyond what means anything: compare as written
		}
		power = n
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(whole+fraction, "0")
	power -= len(fraction)
	trimmed := strings.TrimRight(digits, "0")
	power += len(digits) - len(trimmed)
	if trimmed == "" {
		return "0"
	}
	if negative {
		trimmed = "-" + trimmed
	}
	return trimmed + "e" + strconv.Itoa(power)
}

// lastMembers returns the names of an object, in the order in which they occur
// first, and the value that counts for each: the last one.
func lastMembers(object *hujson.Object) (names []string, members map[string]*hujson.Value) {
	members = make(map[string]*hujson.Value, len(object.Members))
	for i := range object.Members {
		name := nameOf(&object.Members[i].Name)
		if members[name] == nil {
			names = append(names, name)
		}
		members[name] = &object.Members[i].Value
	}
	return names, members
}

// standard appends the value as standard JSON, each name once.
func standard(b []byte, v *hujson.Value) []byte {
	switch v := v.Value.(type) {
	case *hujson.Array:
		b = append(b, '[')
		for i := range v.Elements {
			if i > 0 {
				b = append(b, ',')
			}
			b = standard(b, &v.Elements[i])
		}
		return append(b, ']')
	case *hujson.Object:
		names, members := lastMembers(v)
		b = append(b, '{')
		for i, name := range names {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(b, quote(name)...), ':')
			b = standard(b, members[name])
		}
		return append(b, '}')
	case hujson.Literal:
		return append(b, v...)
	}
	return b
}

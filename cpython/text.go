package cpython

import "fmt"

// A named value has a text form. Its zero value is written as an empty text.
type named interface {
	comparable
	fmt.Stringer
}

// marshal returns the text form of v, once it is sure that parse gives v back.
func marshal[T named](v T, parse func(string) (T, error)) ([]byte, error) {
	text := v.String()
	var zero T
	if v == zero {
		return nil, nil
	}
	parsed, err := parse(text)
	if err != nil {
		return nil, err
	}
	if parsed != v {
		return nil, fmt.Errorf("%q is not the whole of %#v", text, v)
	}
	return []byte(text), nil
}

// unmarshal reads what marshal wrote.
func unmarshal[T named](v *T, text []byte, parse func(string) (T, error)) error {
	var parsed T
	if len(text) > 0 {
		var err error
		if parsed, err = parse(string(text)); err != nil {
			return err
		}
	}
	*v = parsed
	return nil
}

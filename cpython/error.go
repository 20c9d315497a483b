package cpython

import "fmt"

// A ParseError says that a text is not what it should name.
type ParseError struct {
	Kind   string // what the text should have been: "version", "platform", "artifact name"
	Text   string // what was found
	Reason string // what is wrong with it and what was wanted
}

func (e *ParseError) Error() string {
	return fmt.Sprintf("%s %q: %s", e.Kind, e.Text, e.Reason)
}

// A DigestError says that the content of a file is not the content that was
// asked for.
type DigestError struct {
	Name string // the file or its origin
	Want string // SHA-256, lower-case hexadecimal
	Got  string // SHA-256, lower-case hexadecimal
}

func (e *DigestError) Error() string {
	return fmt.Sprintf("%s: sha256 is %s, wanted %s", e.Name, e.Got, e.Want)
}

package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// An Error says why a file could not be fetched: what was wrong with each
// origin that was tried, in their order.
type Error struct {
	Name    string         // of the file
	Origins []*OriginError // those that were tried

	// Stopped is what ended the search before all origins were tried: the
	// context's error, or a cache that cannot be written.
	Stopped error
}

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "fetch %s: ", e.Name)
	switch {
	case e.Stopped != nil && len(e.Origins) > 0:
		fmt.Fprintf(&b, "%s; before that:", e.Stopped)
	case e.Stopped != nil:
		b.WriteString(e.Stopped.Error())
	default:
		b.WriteString("no origin has it:")
	}
	for _, o := range e.Origins {
		fmt.Fprintf(&b, "\n  %s", o)
	}
	return b.String()
}

// Unwrap returns the reasons of all origins and what stopped the search.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, o := range e.Origins {
		errs = append(errs, o)
	}
	if e.Stopped != nil {
		errs = append(errs, e.Stopped)
	}
	return errs
}

// An OriginError says why one origin did not give the file.
type OriginError struct {
	Origin   string // a path, or a URL without credentials and query
	Attempts int
	Err      error // of the last attempt
}

func (e *OriginError) Error() string {
	if e.Attempts > 1 {
		return fmt.Sprintf("%s: %s (%d attempts)", e.Origin, e.Err, e.Attempts)
	}
	return fmt.Sprintf("%s: %s", e.Origin, e.Err)
}

func (e *OriginError) Unwrap() error { return e.Err }

// A StatusError says that a server answered, but not with the file.
type StatusError struct {
	Code       int           // HTTP status code
	Proxy      bool          // set when it was the proxy that refused the connection
	RetryAfter time.Duration // what the server asks to wait; 0 when it does not ask
}

func (e *StatusError) Error() string {
	who := "the server"
	if e.Proxy {
		who = "the proxy"
	}
	// The server's own wording could hold anything.
	return strings.TrimSpace(fmt.Sprintf("%s answered %d %s", who, e.Code, http.StatusText(e.Code)))
}

// A refusal is a reason that asking the same origin again does not change.
type refusal string

func (e refusal) Error() string { return string(e) }

func refusef(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }

// A contentError is a DigestError inside of an OriginError, which names the
// origin already.
type contentError struct {
	what   string // "got an HTML page"
	digest *cpython.DigestError
}

func (e *contentError) Error() string {
	return fmt.Sprintf("%s: sha256 is %s, wanted %s", e.what, e.digest.Got, e.digest.Want)
}

func (e *contentError) Unwrap() error { return e.digest }

// A cacheError ends the search: no other origin would help.
type cacheError struct {
	dir string
	err error
}

func (e *cacheError) Error() string {
	if diskFull(e.err) {
		return fmt.Sprintf("cache %s: no space is left for it: %s", e.dir, e.err)
	}
	return fmt.Sprintf("cache %s cannot be written: %s", e.dir, e.err)
}

func (e *cacheError) Unwrap() error { return e.err }

// as is errors.As as an expression.
func as[E error](err error) (found E, ok bool) {
	ok = errors.As(err, &found)
	return found, ok
}

package artifact

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A refusal says that an archive holds something that makes reading on unsafe
// or pointless. It is a finding of the check with the ID.
type refusal struct {
	id, subject, message, found, wanted string
}

func (r *refusal) Error() string { return r.message }

func refuse(subject, format string, args ...any) *refusal {
	return &refusal{id: "S04", subject: subject, message: fmt.Sprintf(format, args...)}
}

// A tarReader reads the entries of a tar stream: the plain USTAR ones, with the
// extended headers that Pack writes. Everything else that has been called tar
// (sparse files, GNU names, global headers) is refused: an archive must not
// mean one thing here and another to the program that unpacks it.
type tarReader struct {
	next   func() ([]byte, error) // parts of the stream
	part   []byte                 // the rest of the current one
	held   []byte                 // for what does not lie in one part
	offset int64
	count  int
	names  int   // bytes of all names and targets
	left   int64 // bytes of the current entry that were not taken, padding excluded
	pad    int64
}

// take returns the next n bytes, valid until the next call.
func (t *tarReader) take(n int) ([]byte, error) {
	if len(t.part) == 0 && n > 0 {
		if err := t.advance(); err != nil {
			return nil, err
		}
	}
	if len(t.part) >= n {
		p := t.part[:n]
		t.part = t.part[n:]
		t.offset += int64(n)
		return p, nil
	}
	if t.held = t.held[:0]; cap(t.held) < n {
		t.held = make([]byte, 0, n) // at most maxHeld, and no memory until it is written to
	}
	for len(t.held) < n {
		if len(t.part) == 0 {
			if err := t.advance(); err != nil {
				if errors.Is(err, io.EOF) {
					return t.held, io.ErrUnexpectedEOF
				}
				return t.held, err
			}
		}
		k := min(n-len(t.held), len(t.part))
		t.held = append(t.held, t.part[:k]...)
		t.part = t.part[k:]
	}
	t.offset += int64(n)
	return t.held, nil
}

func (t *tarReader) advance() error {
	for len(t.part) == 0 {
		part, err := t.next()
		if err != nil {
			return err
		}
		t.part = part
	}
	return nil
}

// skip passes over what is left of the current entry.
func (t *tarReader) skip() error {
	if err := t.chunks(func([]byte) {}); err != nil {
		return err
	}
	p, err := t.take(int(t.pad))
	if err != nil {
		return t.ended(err)
	}
	t.pad = 0
	if len(bytes.Trim(p, "\x00")) > 0 {
		return refuse("", "bytes are hidden after the end of a file, in what fills up its last block")
	}
	return nil
}

// chunks hands what is left of the current entry to f, a part at a time.
func (t *tarReader) chunks(f func([]byte)) error {
	for t.left > 0 {
		p, err := t.take(int(min(t.left, max(int64(len(t.part)), 1))))
		if err != nil {
			return t.ended(err)
		}
		t.left -= int64(len(p))
		f(p)
	}
	return nil
}

// content returns the whole content of the current entry, valid until the next
// call of any method.
func (t *tarReader) content() ([]byte, error) {
	n := t.left
	p, err := t.take(int(n))
	if err != nil {
		return nil, t.ended(err)
	}
	t.left = 0
	return p, nil
}

// ended makes an end of the stream inside of an entry a *streamError.
func (t *tarReader) ended(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &streamError{message: "the tar stream ends in the middle of an entry", fix: "fetch it again"}
	}
	return err
}

// entry returns the next entry. The error is io.EOF after the two zero blocks
// that end an archive with nothing behind them, a *refusal, a *streamError, or
// that of the stream.
func (t *tarReader) entry() (*entry, error) {
	if err := t.skip(); err != nil {
		return nil, err
	}
	header, err := t.take(tarBlock)
	if errors.Is(err, io.EOF) {
		return nil, &streamError{message: "the tar stream has no end: its two blocks of zeros are missing", fix: "fetch it again"}
	}
	if err != nil {
		return nil, t.ended(err)
	}
	if len(bytes.Trim(header, "\x00")) == 0 {
		return nil, t.end()
	}
	e, err := parseHeader(header)
	if err != nil {
		return nil, err
	}
	e.raw = bytes.Clone(header)
	if e.kind == extendedPAX {
		if e, err = t.extended(e); err != nil {
			return nil, err
		}
	}
	t.count++
	t.names += len(e.name) + len(e.target)
	switch {
	case t.names > maxNames:
		return nil, refuse("", "the names in the archive have more than %d bytes", maxNames)
	case t.count > maxEntries:
		return nil, refuse("", "the archive has more than %d entries", maxEntries)
	case t.offset+e.size > maxUnpacked:
		return nil, refuse(e.name, "the archive unpacks to more than %d bytes", int64(maxUnpacked))
	}
	t.left, t.pad = e.size, padding(e.size)
	return e, nil
}

// end reads what follows the first block of zeros: another one, and nothing.
func (t *tarReader) end() error {
	second, err := t.take(tarBlock)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &streamError{message: "the tar stream ends after one block of zeros, wanted two", fix: "fetch it again"}
	}
	if err != nil {
		return err
	}
	zeros := len(bytes.Trim(second, "\x00")) == 0
	filling := false
	for zeros {
		if err := t.advance(); errors.Is(err, io.EOF) {
			if filling {
				return &refusal{id: "S05", message: "zeros follow the two blocks that end the tar stream", wanted: "nothing after them"}
			}
			return io.EOF
		} else if err != nil {
			return err
		}
		zeros, filling = len(bytes.Trim(t.part, "\x00")) == 0, true
		t.offset += int64(len(t.part))
		t.part = nil
		if t.offset > maxUnpacked {
			return refuse("", "the archive unpacks to more than %d bytes", int64(maxUnpacked))
		}
	}
	return &streamError{message: "something follows the end of the tar stream", wanted: "two blocks of zeros and nothing after them"}
}

// otherTypes are type flags that are refused, in words.
var otherTypes = map[byte]string{
	'3': "a character device", '4': "a block device", '6': "a FIFO", '7': "a contiguous file",
	'g': "a global extended header", 'L': "a GNU long name", 'K': "a GNU long target", 'S': "a GNU sparse file",
	'D': "a GNU dump folder", 'M': "a GNU multi-volume entry", 'V': "a GNU volume label", 'X': "a Solaris extended header",
}

// parseHeader reads one header block.
func parseHeader(h []byte) (*entry, error) {
	sum, ok := octal(fieldChecksum.of(h))
	if !ok || sum != checksum(h) {
		return nil, &streamError{message: "a tar header has the wrong checksum", fix: "fetch it again"}
	}
	e := &entry{name: text(fieldName.of(h)), kind: entryType(h[fieldType.offset]), target: text(fieldTarget.of(h))}
	magic := string(fieldMagic.of(h))
	if magic == ustar {
		if prefix := text(fieldPrefix.of(h)); prefix != "" {
			e.name = prefix + "/" + e.name
		}
	}
	if e.kind == 0 { // tar before POSIX
		e.kind = regular
	}
	if what, ok := otherTypes[byte(e.kind)]; ok {
		return nil, refuse(e.name, "is %s", what)
	}
	if !oneOf(string(rune(e.kind)), "0", "1", "2", "5", "x") {
		return nil, refuse(e.name, "has the unknown type %q", byte(e.kind))
	}
	for _, number := range []struct {
		to *int64
		f  field
	}{{&e.mode, fieldMode}, {&e.uid, fieldUID}, {&e.gid, fieldGID}, {&e.size, fieldSize}, {&e.time, fieldTime}} {
		if *number.to, ok = octal(number.f.of(h)); !ok {
			return nil, refuse(e.name, "has a header field that is not an octal number")
		}
	}
	if e.kind != regular && e.kind != extendedPAX && e.size != 0 {
		return nil, refuse(e.name, "is no file and has %d bytes of content", e.size)
	}
	return e, nil
}

// text returns a field up to its first zero byte.
func text(field []byte) string {
	if i := bytes.IndexByte(field, 0); i >= 0 {
		field = field[:i]
	}
	return string(field)
}

// octal reads a numeric field: digits, then spaces or zero bytes.
func octal(field []byte) (int64, bool) {
	digits := strings.Trim(string(field), " \x00")
	if digits == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(digits, 8, 40)
	return int64(n), err == nil
}

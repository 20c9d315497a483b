package artifact

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// window is how far back a deflate stream can refer (RFC 1951, section 2).
const window = 32 << 10

// A gunzip reads the one gzip member that an artifact is. With a table of flush
// points in the header it inflates several blocks at once; without one, and from
// the block on where the table turns out to be wrong, it reads in one go. What
// it returns is the same either way, and the checksum at the end decides.
type gunzip struct {
	header   gzipHeader
	in       *bufio.Reader
	parallel *inflater // nil: in one go
	single   io.Reader
	buffer   []byte // of the single pass
	tail     []byte // the last output, up to window bytes
	crc      uint32
	size     uint64
	badTable bool // a table is there and is wrong
	done     error
}

// newGunzip reads the header. The error is a *streamError or that of r.
func newGunzip(r io.Reader, workers int) (*gunzip, error) {
	g := &gunzip{in: bufio.NewReaderSize(r, 64<<10)}
	var err error
	if g.header, err = readGzipHeader(g.in); err != nil {
		return nil, err
	}
	table, found, err := g.header.table()
	g.badTable = found && err != nil
	if found && err == nil && workers > 0 {
		g.parallel = newInflater(g.in, table, workers)
	} else {
		g.single = flate.NewReader(g.in)
	}
	return g, nil
}

// Close stops what goes on in the background. It does not close the reader
// below, which is not used any more when Close returns.
func (g *gunzip) Close() {
	if g.parallel != nil {
		g.parallel.stop()
		g.parallel = nil
	}
	if g.done == nil {
		g.done = errors.New("gunzip: closed")
	}
}

// next returns the next part of the stream, valid until the next call. The
// error is io.EOF after a whole and valid member with nothing behind it, a
// *streamError, or that of the reader below.
func (g *gunzip) next() ([]byte, error) {
	if g.done != nil {
		return nil, g.done
	}
	p, err := g.read()
	g.crc = crc32.Update(g.crc, crc32.IEEETable, p)
	g.size += uint64(len(p))
	if errors.Is(err, io.EOF) {
		err = g.trailer()
	}
	if err != nil {
		g.done = err
		if len(p) == 0 {
			return nil, err
		}
	}
	return p, nil
}

func (g *gunzip) read() ([]byte, error) {
	if g.parallel != nil {
		p, err := g.parallel.next()
		if err == nil {
			g.remember(p)
			return p, nil
		}
		rest := g.parallel.stop()
		g.parallel = nil
		if errors.Is(err, io.EOF) {
			return nil, err
		}
		// Everything up to here was read as an ordinary reader would have:
		// see package inflate. So one can go on from here.
		g.badTable = true
		g.in = bufio.NewReader(io.MultiReader(rest, g.in))
		g.single = flate.NewReaderDict(g.in, g.tail)
	}
	if g.buffer == nil {
		g.buffer = make([]byte, 256<<10)
	}
	n := 0
	for n < len(g.buffer) {
		k, err := g.single.Read(g.buffer[n:])
		n += k
		if err != nil {
			return g.buffer[:n], g.singleError(err)
		}
	}
	return g.buffer, nil
}

// singleError tells the end of the stream, damage and trouble with reading apart.
func (g *gunzip) singleError(err error) error {
	var corrupt flate.CorruptInputError
	var internal flate.InternalError
	if errors.As(err, &corrupt) || errors.As(err, &internal) {
		return &streamError{message: fmt.Sprintf("the compressed data is damaged after %d bytes of content", g.size), fix: "fetch it again"}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return truncated(err, "in the compressed data")
	}
	return err
}

// remember keeps the last output, for going on without the table.
func (g *gunzip) remember(p []byte) {
	if len(p) >= window {
		g.tail = append(g.tail[:0], p[len(p)-window:]...)
		return
	}
	g.tail = append(g.tail, p...)
	if extra := len(g.tail) - window; extra > 0 {
		g.tail = append(g.tail[:0], g.tail[extra:]...)
	}
}

// trailer checks checksum and length (RFC 1952, section 2.3.1), and that
// nothing follows.
func (g *gunzip) trailer() error {
	var b [8]byte
	if _, err := io.ReadFull(g.in, b[:]); err != nil {
		return truncated(err, "in the gzip trailer")
	}
	crc, size := binary.LittleEndian.Uint32(b[:]), binary.LittleEndian.Uint32(b[4:])
	switch {
	case crc != g.crc:
		return &streamError{message: "the content does not have the checksum of the gzip trailer",
			found: fmt.Sprintf("CRC-32 %08x", g.crc), wanted: fmt.Sprintf("%08x", crc), fix: "fetch it again"}
	case size != uint32(g.size):
		return &streamError{message: "the content does not have the length of the gzip trailer",
			found: fmt.Sprint(uint32(g.size)), wanted: fmt.Sprint(size), fix: "fetch it again"}
	}
	after, err := g.in.Peek(2)
	switch {
	case len(after) == 2 && string(after) == gzipMagic[:2]:
		return &streamError{message: "a second gzip member follows the first", wanted: "exactly one"}
	case len(after) > 0:
		return &streamError{message: "bytes follow the gzip member", wanted: "nothing after it"}
	}
	return err // io.EOF, or what went wrong with reading
}

package artifact

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// packer names what chose the compressed form. It stands in the extra field,
// and not in the tar stream: that is the same for every packer.
const packer = "cpython-prebuilt 1, klauspost/compress v1.18.6 level 8 split 32768"

// The fields of a gzip header (RFC 1952, section 2.3.1).
const (
	gzipMagic   = "\x1f\x8b\x08" // ID1, ID2, CM = deflate
	flagText    = 1 << 0
	flagCRC     = 1 << 1
	flagExtra   = 1 << 2
	flagName    = 1 << 3
	flagComment = 1 << 4
	slowest     = 2   // XFL: the compressor used its slowest algorithm
	unknownOS   = 255 // OS
)

// tableID marks our subfield of the extra field: SI1 and SI2 (section 2.3.1.1).
const tableID = "PF"

// A flushTable says where the deflate stream can be entered: the idea of
// dictzip(1). After every size bytes of input the compressor started anew on a
// byte of its own.
type flushTable struct {
	packer string
	size   int   // bytes of input per block
	total  int64 // bytes of input
	packed []int // bytes of each block, compressed
}

// encode returns the subfield's data: a version, then the packer's name as
// length and text, then size, total and each packed length, as uvarints.
func (t flushTable) encode() []byte {
	out := []byte{1}
	out = binary.AppendUvarint(out, uint64(len(t.packer)))
	out = append(out, t.packer...)
	out = binary.AppendUvarint(out, uint64(t.size))
	out = binary.AppendUvarint(out, uint64(t.total))
	for _, n := range t.packed {
		out = binary.AppendUvarint(out, uint64(n))
	}
	return out
}

// maxBlock is what a block of size bytes can take when it does not compress:
// five bytes for each stored block of 65,535, and the flush.
func maxBlock(size int) int { return size + size/1000 + 64 }

var errTable = errors.New("the table of flush points is malformed")

// parseFlushTable reads what encode wrote. It refuses sizes that no packer
// writes, since the reader allocates by them.
func parseFlushTable(data []byte) (t flushTable, err error) {
	if len(data) == 0 || data[0] != 1 {
		return t, errTable
	}
	data = data[1:]
	number := func(most uint64) int {
		n, size := binary.Uvarint(data)
		if size <= 0 || n > most {
			err = errTable
			return 0
		}
		data = data[size:]
		return int(n)
	}
	name := number(uint64(len(data)))
	if err != nil || name > len(data) {
		return t, errTable
	}
	t.packer = string(data[:name])
	data = data[name:]
	t.size = number(blockSize)
	t.total = int64(number(maxUnpacked))
	if err != nil || t.size < 1024 {
		return t, errTable
	}
	for len(data) > 0 && err == nil {
		t.packed = append(t.packed, number(uint64(maxBlock(t.size))))
	}
	if err == nil && len(t.packed) != t.blocks() {
		err = errTable
	}
	return t, err
}

// blocks returns how many blocks total bytes make: an empty stream has one.
func (t flushTable) blocks() int {
	return max(1, int((t.total+int64(t.size)-1)/int64(t.size)))
}

// blockLen returns how many bytes of input block i holds.
func (t flushTable) blockLen(i int) int {
	return int(min(int64(t.size), t.total-int64(i)*int64(t.size)))
}

// encodeGzipHeader returns the header of an artifact: no time, no name, and
// the table in the extra field.
func encodeGzipHeader(t flushTable) ([]byte, error) {
	table := t.encode()
	if len(table)+4 > maxExtra {
		return nil, fmt.Errorf("pack: %d blocks do not fit the gzip header", len(t.packed))
	}
	out := []byte(gzipMagic)
	out = append(out, flagExtra, 0, 0, 0, 0, slowest, unknownOS)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(table)+4))
	out = append(out, tableID...)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(table)))
	return append(out, table...), nil
}

// A gzipHeader is what the header of a gzip member says.
type gzipHeader struct {
	flags, level, os byte
	time             uint32
	extra            []byte
	name             string
}

// A streamError says that a file is not a whole, valid gzip member, or that
// the tar stream in it does not end as it should: a finding, not an error.
type streamError struct {
	message, found, wanted, fix string
}

func (e *streamError) Error() string { return e.message }

// readGzipHeader reads the header of a member. The error is a *streamError or
// that of r.
func readGzipHeader(r *bufio.Reader) (h gzipHeader, err error) {
	head, err := r.Peek(10)
	if err != nil && !errors.Is(err, io.EOF) {
		return h, err
	}
	if len(head) < 10 || string(head[:3]) != gzipMagic {
		start, err := r.Peek(512)
		if err != nil && !errors.Is(err, io.EOF) {
			return h, err
		}
		return h, notGzip(start)
	}
	h.flags, h.time, h.level, h.os = head[3], binary.LittleEndian.Uint32(head[4:]), head[8], head[9]
	if h.flags&^(flagText|flagCRC|flagExtra|flagName|flagComment) != 0 {
		return h, &streamError{message: "the gzip header has flags that do not exist", found: fmt.Sprintf("%#x", h.flags)}
	}
	return h, truncated(h.readFields(r), "in the gzip header")
}

// readFields reads the header and keeps the fields of no fixed size.
func (h *gzipHeader) readFields(r io.Reader) (err error) {
	sum := crc32.NewIEEE()
	in := io.TeeReader(r, sum)
	if _, err := io.ReadFull(in, make([]byte, 10)); err != nil {
		return err
	}
	if h.flags&flagExtra != 0 {
		var size [2]byte
		if _, err := io.ReadFull(in, size[:]); err != nil {
			return err
		}
		h.extra = make([]byte, binary.LittleEndian.Uint16(size[:]))
		if _, err := io.ReadFull(in, h.extra); err != nil {
			return err
		}
	}
	if h.flags&flagName != 0 {
		if h.name, err = readText(in); err != nil {
			return err
		}
	}
	if h.flags&flagComment != 0 {
		if _, err := readText(in); err != nil {
			return err
		}
	}
	if h.flags&flagCRC == 0 {
		return nil
	}
	want := uint16(sum.Sum32())
	var got [2]byte
	if _, err := io.ReadFull(r, got[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint16(got[:]) != want {
		return &streamError{message: "the checksum of the gzip header is wrong"}
	}
	return nil
}

// readText reads a text that ends in a zero byte, bounded.
func readText(r io.Reader) (string, error) {
	var text []byte
	one := make([]byte, 1)
	for len(text) < 4096 {
		if _, err := io.ReadFull(r, one); err != nil {
			return "", err
		}
		if one[0] == 0 {
			return string(text), nil
		}
		text = append(text, one[0])
	}
	return "", &streamError{message: "a text in the gzip header is longer than 4,096 bytes"}
}

// notGzip says what a file is that is not gzip.
func notGzip(start []byte) *streamError {
	e := &streamError{message: "not a gzip file", wanted: "a gzip file", fix: "fetch it again"}
	switch {
	case len(start) == 0:
		e.message, e.found = "the file is empty", "0 bytes"
	case looksLikeHTML(start):
		e.message, e.found = "a web page, not an artifact", firstLine(start)
	case strings.HasPrefix(string(start), "version https://git-lfs"):
		e.message, e.found, e.fix = "a pointer of Git LFS, not an artifact", firstLine(start), "git lfs pull"
	case strings.HasPrefix(gzipMagic, string(start[:min(len(start), 3)])):
		e.message, e.found = "the file ends in the gzip header", fmt.Sprintf("%d bytes", len(start))
	default:
		e.found = fmt.Sprintf("%q", start[:min(len(start), 16)])
	}
	return e
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line[:min(len(line), 80)]
}

// truncated makes the end of the file in the wrong place a *streamError.
func truncated(err error, where string) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &streamError{message: "the file is truncated: it ends " + where, fix: "fetch it again"}
	}
	return err
}

// table returns the table of flush points, if the header has one.
func (h gzipHeader) table() (t flushTable, found bool, err error) {
	for rest := h.extra; len(rest) >= 4; {
		n := int(binary.LittleEndian.Uint16(rest[2:]))
		if n > len(rest)-4 {
			return t, false, nil
		}
		if string(rest[:2]) == tableID {
			t, err := parseFlushTable(rest[4 : 4+n])
			return t, true, err
		}
		rest = rest[4+n:]
	}
	return t, false, nil
}

// canonical returns how the header differs from the one that Pack writes.
func (h gzipHeader) canonical() string {
	switch {
	case h.time != 0:
		return "holds a time"
	case h.flags&flagName != 0:
		return fmt.Sprintf("holds a file name, %q", h.name)
	case h.flags&flagComment != 0:
		return "holds a comment"
	case h.flags&^flagExtra != 0:
		return fmt.Sprintf("has the flags %#x", h.flags)
	case h.level != slowest || h.os != unknownOS:
		return fmt.Sprintf("has XFL %d and OS %d, wanted %d and %d", h.level, h.os, slowest, unknownOS)
	case len(h.extra) == 0:
		return ""
	}
	n := len(h.extra)
	if n < 4 || string(h.extra[:2]) != tableID || int(binary.LittleEndian.Uint16(h.extra[2:])) != n-4 {
		return "has an extra field with something else than a table of flush points"
	}
	return ""
}

package artifact

import (
	"fmt"
	"strconv"
	"strings"
)

// An entryType is the type flag of a tar header.
type entryType byte

// The types that an artifact has.
const (
	regular   entryType = '0'
	symlink   entryType = '2'
	directory entryType = '5'

	hardLink    entryType = '1' // never in an artifact; read, to be named in a finding
	extendedPAX entryType = 'x'
)

// An entry is one file, folder or link of an artifact.
type entry struct {
	name   string // as it stands in the archive; a folder's ends in a slash
	kind   entryType
	mode   int64
	uid    int64
	gid    int64
	size   int64
	time   int64  // seconds since 1970
	target string // of a link
	raw    []byte // the header as it was read, with its extended header
}

// path returns the name without the final slash of a folder.
func (e *entry) path() string {
	if e.kind == directory {
		return strings.TrimSuffix(e.name, "/")
	}
	return e.name
}

// below returns the path below the folder root, and whether it is there: "bin/pip3"
// for python-3.13.5/bin/pip3, and "." for the folder itself.
func (e *entry) below(root string) (string, bool) {
	if path := e.path(); path != root {
		return strings.CutPrefix(path, root+"/")
	}
	return ".", true
}

const tarBlock = 512

// Fields of a tar header, as offset and size (POSIX, pax, "ustar Interchange Format").
var (
	fieldName     = field{0, 100}
	fieldMode     = field{100, 8}
	fieldUID      = field{108, 8}
	fieldGID      = field{116, 8}
	fieldSize     = field{124, 12}
	fieldTime     = field{136, 12}
	fieldChecksum = field{148, 8}
	fieldType     = field{156, 1}
	fieldTarget   = field{157, 100}
	fieldMagic    = field{257, 8}
	// uname, 265 to 296, and gname, 297 to 328, stay empty
	fieldMajor  = field{329, 8}
	fieldMinor  = field{337, 8}
	fieldPrefix = field{345, 155}
)

const ustar = "ustar\x0000"

type field struct{ offset, size int }

func (f field) of(header []byte) []byte { return header[f.offset : f.offset+f.size] }

// number writes an octal number with leading zeros and a final zero byte.
func (f field) number(header []byte, n int64) {
	copy(f.of(header), fmt.Sprintf("%0*o\x00", f.size-1, n))
}

// encode returns the header of e in the one form that artifacts use: USTAR,
// and before it a PAX extended header only when a name does not fit. What a
// header of an artifact holds is decided here, for Pack and for the check of
// the canonical form.
func (e *entry) encode() []byte {
	name, prefix, fits := splitName(e.name)
	var records string
	if !fits {
		records += paxRecord("path", e.name)
		name, prefix = shortName(e.name), ""
	}
	target := e.target
	if len(target) > fieldTarget.size || !isASCII(target) {
		records += paxRecord("linkpath", e.target)
		target = shortName(target)
	}
	var out []byte
	if records != "" {
		out = encodeHeader(&entry{name: "././@PaxHeader", kind: extendedPAX, mode: 0o644, size: int64(len(records)), time: e.time}, "././@PaxHeader", "", "")
		out = append(out, records...)
		out = append(out, make([]byte, padding(int64(len(records))))...)
	}
	return append(out, encodeHeader(e, name, prefix, target)...)
}

func encodeHeader(e *entry, name, prefix, target string) []byte {
	h := make([]byte, tarBlock)
	copy(fieldName.of(h), name)
	fieldMode.number(h, e.mode)
	fieldUID.number(h, e.uid)
	fieldGID.number(h, e.gid)
	fieldSize.number(h, e.size)
	fieldTime.number(h, e.time)
	h[fieldType.offset] = byte(e.kind)
	copy(fieldTarget.of(h), target)
	copy(fieldMagic.of(h), ustar)
	fieldMajor.number(h, 0)
	fieldMinor.number(h, 0)
	copy(fieldPrefix.of(h), prefix)
	copy(fieldChecksum.of(h), fmt.Sprintf("%06o\x00 ", checksum(h)))
	return h
}

// checksum is the sum of the bytes of a header, those of the sum taken as spaces.
func checksum(header []byte) int64 {
	var sum int64
	for _, b := range header {
		sum += int64(b)
	}
	for _, b := range fieldChecksum.of(header) {
		sum += ' ' - int64(b)
	}
	return sum
}

// splitName splits a name at the last slash that leaves a prefix which fits.
func splitName(name string) (short, prefix string, fits bool) {
	switch {
	case !isASCII(name):
		return "", "", false
	case len(name) <= fieldName.size:
		return name, "", true
	}
	head := strings.TrimSuffix(name, "/")
	at := strings.LastIndexByte(head[:min(len(head), fieldPrefix.size+1)], '/')
	if at <= 0 || len(name)-at-1 > fieldName.size {
		return "", "", false
	}
	return name[at+1:], name[:at], true
}

// shortName is what stands in the field of a name that the extended header holds.
func shortName(name string) string {
	ascii := strings.Map(func(r rune) rune {
		if r >= 0x80 {
			return '_'
		}
		return r
	}, name)
	return ascii[:min(len(ascii), fieldName.size)]
}

// paxRecord returns "<length> key=value\n"; the length counts itself.
func paxRecord(key, value string) string {
	rest := " " + key + "=" + value + "\n"
	n := len(rest)
	for {
		text := strconv.Itoa(n)
		if len(text)+len(rest) == n {
			return text + rest
		}
		n = len(text) + len(rest)
	}
}

// padding returns how many bytes follow content of size bytes, up to the next block.
func padding(size int64) int64 { return -size & (tarBlock - 1) }

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

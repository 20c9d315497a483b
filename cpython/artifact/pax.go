package artifact

import (
	"strconv"
	"strings"
)

// extended reads the records of an extended header, and the header they are about.
func (t *tarReader) extended(x *entry) (*entry, error) {
	if x.size == 0 || x.size > maxPAX {
		return nil, refuse(x.name, "an extended header of %d bytes, wanted at most %d", x.size, maxPAX)
	}
	records, err := t.take(int(x.size + padding(x.size)))
	if err != nil {
		return nil, t.ended(err)
	}
	raw := append(x.raw, records...)
	path, target, err := parsePAX(string(records[:x.size]))
	if err != nil {
		return nil, err
	}
	header, err := t.take(tarBlock)
	if err != nil {
		return nil, t.ended(err)
	}
	e, err := parseHeader(header)
	if err != nil {
		return nil, err
	}
	if e.kind == extendedPAX {
		return nil, refuse(e.name, "one extended header follows another")
	}
	e.raw = append(raw, header...)
	if path != "" {
		e.name = path
	}
	if target != "" {
		e.target = target
	}
	return e, nil
}

// parsePAX reads the records of an extended header (POSIX, pax Extended
// Header). Only names are allowed: nothing else is needed, and every other key
// changes what an entry is.
func parsePAX(text string) (path, target string, err error) {
	for text != "" {
		size, rest, ok := strings.Cut(text, " ")
		n, err := strconv.Atoi(size)
		if !ok || err != nil || n <= len(size)+1 || n > len(text) || text[n-1] != '\n' {
			return "", "", refuse("", "a malformed record in an extended header")
		}
		key, value, ok := strings.Cut(rest[:n-len(size)-2], "=")
		switch {
		case !ok || value == "" || strings.Contains(value, "\x00"):
			return "", "", refuse("", "a malformed record in an extended header")
		case key == "path" && path == "":
			path = value
		case key == "linkpath" && target == "":
			target = value
		default:
			return "", "", &refusal{id: "S04", message: "an extended header sets what it must not", found: key, wanted: "path or linkpath, once each"}
		}
		text = text[n:]
	}
	return path, target, nil
}

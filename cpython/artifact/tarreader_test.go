package artifact

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestHeaderReadByLibrary(t *testing.T) {
	long := "python-3.13.5/" + strings.Repeat("folder/", 20)
	for _, e := range []entry{
		{name: "python-3.13.5/", kind: directory, mode: 0o755},
		{name: "python-3.13.5/bin/python3.13", kind: regular, mode: 0o755, size: 1 << 30},
		{name: long + "file", kind: regular, mode: 0o644},
		{name: long, kind: directory, mode: 0o755},
		{name: long + strings.Repeat("f", 101), kind: regular, mode: 0o644},
		{name: strings.Repeat("f", 156) + "/x", kind: regular, mode: 0o644},
		{name: strings.Repeat("d", 99) + "/", kind: directory, mode: 0o755},
		{name: strings.Repeat("d", 100) + "/", kind: directory, mode: 0o755},
		{name: "python-3.13.5/ünder", kind: regular, mode: 0o644},
		{name: "python-3.13.5/link", kind: symlink, mode: 0o777, target: strings.Repeat("../", 40) + "x"},
		{name: "python-3.13.5/link", kind: symlink, mode: 0o777, target: "ünder"},
		{name: "python-3.13.5/lünk", kind: symlink, mode: 0o777, target: strings.Repeat("ü", 60)},
	} {
		e.time = 1749656217
		raw := e.encode()
		h, err := tar.NewReader(bytes.NewReader(raw)).Next()
		if err != nil {
			t.Errorf("%s: %v", e.name, err)
			continue
		}
		if h.Name != e.name || h.Linkname != e.target || h.Mode != e.mode || h.Size != e.size ||
			h.Typeflag != byte(e.kind) || !h.ModTime.Equal(time.Unix(e.time, 0)) {
			t.Errorf("read %+v, wanted %+v", h, e)
		}
		r := &tarReader{next: once(append(raw, make([]byte, 1<<10)...))}
		got, err := r.entry()
		if err != nil || got.name != e.name || got.target != e.target || got.size != e.size || !bytes.Equal(got.encode(), raw) {
			t.Errorf("read %+v, error %v, wanted %+v", got, err, e)
		}
	}
}

// once returns a stream in parts of odd sizes.
func once(stream []byte) func() ([]byte, error) {
	size := 1
	return func() ([]byte, error) {
		if len(stream) == 0 {
			return nil, io.EOF
		}
		n := min(size, len(stream))
		size = size*3%1021 + 1
		p := stream[:n]
		stream = stream[n:]
		return p, nil
	}
}

func TestTarReaderRefuses(t *testing.T) {
	header := func(e entry) []byte { return encodeHeader(&e, e.name, "", e.target) }
	pax := func(records string) []byte {
		x := header(entry{name: "x", kind: extendedPAX, mode: 0o644, size: int64(len(records))})
		x = append(x, records...)
		x = append(x, make([]byte, padding(int64(len(records))))...)
		return append(x, header(entry{name: "r/a", kind: regular, mode: 0o644})...)
	}
	bomb := header(entry{name: "r/a", kind: regular, mode: 0o644, size: 8<<30 - 1})
	for _, test := range []struct {
		name, want string
		stream     []byte
	}{
		{"10 GB", "unpacks to more than", bomb},
		{"link with content", "is no file and has", header(entry{name: "r/a", kind: symlink, target: "b", size: 5})},
		{"size by PAX", "sets what it must not", pax(paxRecord("size", "1"))},
		{"sparse by PAX", "sets what it must not", pax(paxRecord("GNU.sparse.major", "1"))},
		{"path twice", "sets what it must not", pax(paxRecord("path", "r/b") + paxRecord("path", "r/c"))},
		{"zero byte in a path", "malformed record", pax(paxRecord("path", "r/b\x00c"))},
		{"empty path", "malformed record", pax(paxRecord("path", ""))},
		{"record too long", "malformed record", pax("99 path=r/b\n")},
		{"record without end", "malformed record", pax("11 path=r/b")},
		{"record with a negative length", "malformed record", pax("-5 path=r/b\n")},
		{"no records", "extended header of 0 bytes", pax("")},
		{"huge extended header", "extended header of", pax(paxRecord("path", strings.Repeat("x", maxPAX)))},
		{"two extended headers", "one extended header follows", append(pax(paxRecord("path", "r/b"))[:1024], pax(paxRecord("path", "r/b"))...)},
		{"hidden bytes", "hidden", append(header(entry{name: "r/a", kind: regular, size: 1}), append([]byte("a\x00b"), make([]byte, 1021)...)...)},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := &tarReader{next: once(append(test.stream, make([]byte, 1024)...))}
			var err error
			for err == nil {
				_, err = r.entry()
			}
			var refused *refusal
			if !errors.As(err, &refused) || refused.id != "S04" || !strings.Contains(refused.message, test.want) {
				t.Errorf("error %v, wanted a refusal with %q", err, test.want)
			}
		})
	}
}

func TestTarReaderManyEntries(t *testing.T) {
	header := encodeHeader(&entry{kind: regular, mode: 0o644}, "r/a", "", "")
	n := 0
	r := &tarReader{next: func() ([]byte, error) { n++; return header, nil }}
	var err error
	for err == nil {
		_, err = r.entry()
	}
	if !strings.Contains(err.Error(), "entries") || n > maxEntries+2 {
		t.Errorf("error %v after %d entries", err, n)
	}
}

// Names that fold together, and links that only the whole tree shows to be bad.
func TestResolve(t *testing.T) {
	s := &scene{tree: map[string]*entry{}}
	for name, target := range map[string]string{"a/b/up": "..", "a/self": "../a/b", "l1": "l2", "l2": "l1", "out": "a/b/up/../..", "file": "a/f", "deep": "a/self/up/f"} {
		s.tree[name] = &entry{name: name, kind: symlink, target: target}
	}
	for _, name := range []string{"a", "a/b"} {
		s.tree[name] = &entry{name: name, kind: directory}
	}
	s.tree["a/f"] = &entry{name: "a/f", kind: regular}
	for _, test := range []struct{ path, end, problem string }{
		{"file", "a/f", ""}, {"deep", "a/f", ""}, {"a/self", "a/b", ""}, {"a/b/up", "a", ""},
		{"l1", "", "leads in a circle"}, {"out", "", "leads out of the tree"}, {"none", "", "leads to nothing"}, {"a/f/x", "", "leads through a file"},
	} {
		end, problem := s.resolve(test.path)
		if end != test.end || problem != test.problem {
			t.Errorf("resolve(%q) = %q, %q, wanted %q, %q", test.path, end, problem, test.end, test.problem)
		}
	}
}

func FuzzTarReader(f *testing.F) {
	var valid []byte
	for _, e := range []entry{
		{name: "python-3.13.5/", kind: directory, mode: 0o755},
		{name: "python-3.13.5/" + strings.Repeat("x", 200), kind: regular, mode: 0o644, size: 3},
		{name: "python-3.13.5/l", kind: symlink, mode: 0o777, target: "x"},
	} {
		valid = append(valid, e.encode()...)
		valid = append(valid, make([]byte, e.size+padding(e.size))...)
	}
	f.Add(append(valid, make([]byte, 1024)...))
	f.Add(make([]byte, 1024))
	f.Fuzz(func(t *testing.T, stream []byte) {
		s := &scene{tree: map[string]*entry{}, root: "python-3.13.5"}
		r := &reporter{id: "S04"}
		paths := &checkPaths{s, r, map[string]string{}}
		tr := &tarReader{next: once(stream)}
		library := tar.NewReader(bytes.NewReader(stream))
		for {
			e, err := tr.entry()
			if err != nil {
				break
			}
			paths.entry(e, nil)
			// What is accepted here is the same to everybody else.
			h, err := library.Next()
			if err == nil && e.kind != 0 && len(r.findings) == 0 && bytes.Equal(e.encode(), e.raw) && (h.Name != e.name || h.Linkname != e.target || h.Size != e.size || h.Mode != e.mode) {
				t.Errorf("read %q -> %q, %d bytes; the library %q -> %q, %d bytes", e.name, e.target, e.size, h.Name, h.Linkname, h.Size)
			}
			if err != nil {
				library = tar.NewReader(bytes.NewReader(nil))
			}
		}
		paths.end()
	})
}

package artifact

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/flate"
)

// smallBlock is the size of blocks in most tests here: what takes a while is
// done often. TestGunzip has the real one too.
const smallBlock = 4096

// packed compresses content as Pack does.
func packed(t testing.TB, content []byte, size int) []byte {
	t.Helper()
	c := newCompressor(context.Background(), 2, size)
	if _, err := c.Write(content); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, _, err := c.finish(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// unpacked reads everything that a gunzip returns.
func unpacked(r io.Reader, workers int) (content []byte, badTable bool, err error) {
	g, err := newGunzip(r, workers)
	if err != nil {
		return nil, false, err
	}
	defer g.Close()
	for {
		p, err := g.next()
		content = append(content, p...)
		if errors.Is(err, io.EOF) {
			return content, g.badTable, nil
		}
		if err != nil {
			return content, g.badTable, err
		}
	}
}

func sample(n int) []byte {
	content := make([]byte, n)
	random := uint64(7)
	for i := range content {
		random = random*6364136223846793005 + 1442695040888963407
		content[i] = byte(random >> 57)
		if i>>6&3 == 0 { // something to refer back to
			content[i] = byte(i)
		}
	}
	return content
}

func TestGunzip(t *testing.T) {
	for n, size := range map[int]int{
		0: smallBlock, 1: smallBlock, 1000: smallBlock, smallBlock: smallBlock, smallBlock + 1: smallBlock,
		50*smallBlock + 99: smallBlock, blockSize: blockSize, blockSize + 99: blockSize,
	} {
		content := sample(n)
		file := packed(t, content, size)
		z, err := gzip.NewReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes, read by the library: error %v", n, err)
		}
		for _, workers := range []int{0, 1, 2, 7} {
			for name, r := range map[string]io.Reader{
				"plain": bytes.NewReader(file), "half": iotest.HalfReader(bytes.NewReader(file)), "data with error": iotest.DataErrReader(bytes.NewReader(file)),
			} {
				got, bad, err := unpacked(r, workers)
				if err != nil || bad || !bytes.Equal(got, content) {
					t.Errorf("%d bytes, %d workers, %s: error %v, bad table %t, equal %t", n, workers, name, err, bad, bytes.Equal(got, content))
				}
			}
		}
	}
}

// A table that lies costs time, never the content.
func TestGunzipLyingTable(t *testing.T) {
	content := sample(3*smallBlock + 17)
	file := packed(t, content, smallBlock)
	size := int(binary.LittleEndian.Uint16(file[10:]))
	table, err := parseFlushTable(file[16 : 12+size])
	if err != nil {
		t.Fatal(err)
	}
	lies := map[string]func(*flushTable){
		"first block shorter":   func(f *flushTable) { f.packed[0]-- },
		"first block longer":    func(f *flushTable) { f.packed[0]++ },
		"border moved":          func(f *flushTable) { f.packed[1]--; f.packed[2]++ },
		"last block shorter":    func(f *flushTable) { f.packed[3]-- },
		"last block longer":     func(f *flushTable) { f.packed[3] += 100 },
		"total too small":       func(f *flushTable) { f.total-- },
		"total too large":       func(f *flushTable) { f.total++ },
		"smaller blocks":        func(f *flushTable) { f.size /= 2; f.packed = append(f.packed, 1, 1, 1) },
		"empty block":           func(f *flushTable) { f.packed[0] = 0 },
		"one block for all":     func(f *flushTable) { f.packed = []int{f.packed[0]}; f.total = int64(f.size) },
		"one block too many":    func(f *flushTable) { f.total = int64(4*f.size) + 1; f.packed = append(f.packed, 9) },
		"malformed: blocks":     func(f *flushTable) { f.packed = f.packed[:2] },
		"malformed: block size": func(f *flushTable) { f.size = 1 << 30 },
		"malformed: total":      func(f *flushTable) { f.total = 1 << 60 },
		"malformed: length":     func(f *flushTable) { f.packed[1] = 1 << 40 },
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			f := table
			f.packed = append([]int(nil), table.packed...)
			lie(&f)
			header, err := encodeGzipHeader(f)
			if err != nil {
				t.Fatal(err)
			}
			got, bad, err := unpacked(bytes.NewReader(append(header, file[12+size:]...)), 2)
			if err != nil || !bad || !bytes.Equal(got, content) {
				t.Errorf("error %v, bad table noticed %t, equal %t", err, bad, bytes.Equal(got, content))
			}
		})
	}
}

// A stream in which a stretch that the table points at reads well by itself,
// but is something else to whoever reads from the start.
func TestGunzipTwoFaces(t *testing.T) {
	deflated := func(text string, last bool) []byte {
		p, err := deflate([]byte(text), last)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	evil := deflated(strings.Repeat("evil", 256), true)
	// A stored block that holds the evil stream as data, and ends for real.
	stored := []byte{1, byte(len(evil)), byte(len(evil) >> 8), ^byte(len(evil)), ^byte(len(evil) >> 8)}
	first := deflated(strings.Repeat("good", 256), false)
	body := append(append(bytes.Clone(first), stored...), evil...)
	plain, err := io.ReadAll(flate.NewReader(bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []flushTable{
		{packer: "evil", size: 1024, total: 2048, packed: []int{len(first) + len(stored), len(evil)}},
		{packer: "evil", size: 1024, total: 2048, packed: []int{len(first), len(stored) + len(evil)}},
	} {
		header, err := encodeGzipHeader(table)
		if err != nil {
			t.Fatal(err)
		}
		file := binary.LittleEndian.AppendUint32(append(header, body...), crc32.ChecksumIEEE(plain))
		file = binary.LittleEndian.AppendUint32(file, uint32(len(plain)))
		got, bad, err := unpacked(bytes.NewReader(file), 2)
		if err != nil || !bad || !bytes.Equal(got, plain) {
			t.Errorf("error %v, noticed %t, got what everybody else reads: %t", err, bad, bytes.Equal(got, plain))
		}
	}
}

// Whatever is flipped in the file, the content is never another one.
func TestGunzipFlippedBits(t *testing.T) {
	content := sample(12*smallBlock + 500)
	file := packed(t, content, smallBlock)
	for i := 0; i < len(file); i += 1 + len(file)/500 {
		broken := bytes.Clone(file)
		broken[i] ^= 1 << (i % 8)
		for _, workers := range []int{0, 2} {
			got, _, err := unpacked(bytes.NewReader(broken), workers)
			var stream *streamError
			if err != nil && !errors.As(err, &stream) {
				t.Errorf("bit %d of byte %d: error %v is no finding", i%8, i, err)
			}
			if err == nil && !bytes.Equal(got, content) {
				t.Errorf("bit %d of byte %d: other content, no error", i%8, i)
			}
		}
	}
}

func TestGunzipTruncated(t *testing.T) {
	file := packed(t, sample(9*smallBlock), smallBlock)
	for n := 0; n < len(file); n += 1 + len(file)/500 {
		var stream *streamError
		if _, _, err := unpacked(bytes.NewReader(file[:n]), 2); !errors.As(err, &stream) {
			t.Errorf("%d of %d bytes: error %v, wanted a finding", n, len(file), err)
		}
	}
}

func TestGunzipReadError(t *testing.T) {
	file := packed(t, sample(20*smallBlock), smallBlock)
	broken := errors.New("broken disk")
	for n := 0; n < len(file); n += 1 + len(file)/200 {
		r := &input{ctx: t.Context(), r: io.MultiReader(bytes.NewReader(file[:n]), iotest.ErrReader(broken))}
		if _, _, err := unpacked(r, 2); !errors.Is(err, broken) {
			t.Errorf("after %d bytes: error %v, wanted that of the reader", n, err)
		}
	}
}

// The version of the compressor that stands in the header is the one in go.mod.
func TestPackerVersion(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(mod), "github.com/klauspost/compress ")
	version, _, _ := strings.Cut(rest, "\n")
	if version = strings.Fields(version)[0]; !strings.Contains(packer, "klauspost/compress "+version+" ") {
		t.Errorf("packer is %q and go.mod has %s: another version compresses differently", packer, version)
	}
}

func FuzzGunzip(f *testing.F) {
	f.Add(packed(f, []byte("some content"), smallBlock), 2)
	f.Add(packed(f, sample(9000), smallBlock), 0)
	f.Add([]byte("<html>"), 1)
	f.Fuzz(func(t *testing.T, file []byte, workers int) {
		got, _, err := unpacked(bytes.NewReader(file), workers&3)
		want, _, wantErr := unpacked(bytes.NewReader(file), 0)
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("with the table: %d bytes, error %v; without: %d bytes, error %v", len(got), err, len(want), wantErr)
		}
	})
}

func BenchmarkGunzip(b *testing.B) {
	content := sample(24 * blockSize)
	file := packed(b, content, blockSize)
	for _, workers := range []int{0, 1, 2, 4} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				g, err := newGunzip(bytes.NewReader(file), workers)
				if err != nil {
					b.Fatal(err)
				}
				for err == nil {
					_, err = g.next()
				}
				g.Close()
				if !errors.Is(err, io.EOF) {
					b.Fatal(err)
				}
			}
		})
	}
}

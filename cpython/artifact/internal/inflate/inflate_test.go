package inflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// stretch deflates data so that it stands by itself, as the last part of a
// stream or as one in the middle.
func stretch(t testing.TB, data []byte, level int, last bool) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil && last {
		err = w.Close()
	} else if err == nil {
		err = w.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func samples() map[string][]byte {
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 30_000)
	skewed := make([]byte, 30_000)
	for i := range noise {
		noise[i] = byte(random.Uint32())
		skewed[i] = byte(random.ExpFloat64() * 9)
	}
	var text strings.Builder
	for i := range 800 {
		fmt.Fprintf(&text, "def function_%d(argument):\n    return argument * %d\n", i, random.IntN(100))
	}
	return map[string][]byte{
		"empty": nil, "one": {42}, "zeros": make([]byte, 50_000), "pair": bytes.Repeat([]byte("ab"), 1000),
		"noise": noise, "skewed": skewed, "text": []byte(text.String()),
	}
}

func TestDecode(t *testing.T) {
	var d Decoder
	for name, data := range samples() {
		for _, level := range []int{flate.HuffmanOnly, 0, 1, 6, 9} {
			for _, last := range []bool{true, false} {
				src := stretch(t, data, level, last)
				dst := make([]byte, len(data))
				if err := d.Decode(dst, src, last); err != nil || !bytes.Equal(dst, data) {
					t.Errorf("%s, level %d, last %t: error %v, equal %t", name, level, last, err, bytes.Equal(dst, data))
				}
				if err := d.Decode(dst, src, !last); !errors.Is(err, ErrRefused) {
					t.Errorf("%s, level %d, last %t taken for the contrary: error %v", name, level, last, err)
				}
				if err := d.Decode(make([]byte, len(data)+1), src, last); !errors.Is(err, ErrRefused) {
					t.Errorf("%s, level %d: output one byte too long: error %v", name, level, err)
				}
				if err := d.Decode(dst, append(bytes.Clone(src), 0), last); !errors.Is(err, ErrRefused) {
					t.Errorf("%s, level %d: input one byte too long: error %v", name, level, err)
				}
			}
		}
	}
}

// A stretch that is cut anywhere but at the end of a block must be refused,
// also where the bytes before the cut look like the end of one.
func TestDecodeCut(t *testing.T) {
	hidden := []byte{0, 0, 0xff, 0xff}
	data := append(bytes.Repeat([]byte("x"), 40), hidden...)
	src := stretch(t, append(data, "more"...), 0, false)
	for n := range src {
		for size := range len(data) + 1 {
			if err := new(Decoder).Decode(make([]byte, size), src[:n], false); err == nil && (n != 0 || size != 0) {
				t.Errorf("%d of %d bytes accepted as a stretch of %d", n, len(src), size)
			}
		}
	}
}

func TestDecodeReachesBack(t *testing.T) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 9)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("something to be repeated later on")
	w.Write(text)
	w.Flush()
	n := b.Len()
	w.Write(text)
	w.Flush()
	if err := new(Decoder).Decode(make([]byte, len(text)), b.Bytes()[n:], false); !errors.Is(err, ErrRefused) {
		t.Errorf("a stretch that refers to one before it: error %v, wanted ErrRefused", err)
	}
}

// What Decode accepts, an ordinary reader reads the same, to the same place.
func FuzzDecode(f *testing.F) {
	for _, data := range samples() {
		data = data[:min(len(data), 3000)]
		f.Add(stretch(f, data, 9, true), uint32(len(data)), true)
		f.Add(stretch(f, data, 1, false), uint32(len(data)), false)
	}
	f.Fuzz(func(t *testing.T, src []byte, size uint32, last bool) {
		size %= 1 << 20
		dst := make([]byte, size)
		err := new(Decoder).Decode(dst, src, last)
		tail := []byte{1, 0, 0, 0xff, 0xff} // ends the stream
		r := bytes.NewReader(append(bytes.Clone(src), tail...))
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(r), 1<<20+1))
		if err == nil {
			left := 0
			if last {
				left = len(tail)
			}
			if wantErr != nil || !bytes.Equal(dst, want) || r.Len() != left {
				t.Errorf("accepted %d bytes; the library: %v, equal %t, %d bytes left, wanted %d", size, wantErr, bytes.Equal(dst, want), r.Len(), left)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"text", "skewed"} {
		data := samples()[name]
		src := stretch(b, data, 9, true)
		b.Run(name, func(b *testing.B) {
			var d Decoder
			dst := make([]byte, len(data), len(data)+Slack)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if err := d.Decode(dst, src, true); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/library", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := io.Copy(io.Discard, flate.NewReader(bytes.NewReader(src))); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

package siphash

import (
	"bytes"
	"encoding/binary"
	"testing"
)

// TestSum compares with what _imp.source_hash of CPython 3.13.5 answers for its
// own magic number.
func TestSum(t *testing.T) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	for _, test := range []struct {
		data []byte
		want uint64 // its bytes, in their order
	}{
		{nil, 0x27ec6d312f93b814},
		{[]byte("a"), 0x4edf51a8923be584},
		{[]byte("abcdefg"), 0x5938e0b96d03c544},
		{[]byte("abcdefgh"), 0x688580b078b36f08},
		{bytes.Repeat([]byte("import os\n"), 10), 0x76e99b2791acfd94},
		{all, 0x58e329a361564cd3},
	} {
		var got [8]byte
		binary.LittleEndian.PutUint64(got[:], Sum(0x0a0d0df3, test.data))
		if got := binary.BigEndian.Uint64(got[:]); got != test.want {
			t.Errorf("%.20q: got %016x, want %016x", test.data, got, test.want)
		}
	}
}

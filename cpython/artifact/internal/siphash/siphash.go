// Package siphash has the hash that ties a .pyc file to its source (PEP 552):
// SipHash-1-3, as CPython's Python/pyhash.c defines it in _Py_KeyedHash since
// 3.11. The entry point is [Sum]. It is no general SipHash: the second half of
// the key is always zero.
package siphash

import (
	"encoding/binary"
	"math/bits"
)

// Sum returns the SipHash-1-3 of data under the key (key, 0). Written
// little-endian it is what importlib.util.source_hash returns when key is the
// four bytes of importlib.util.MAGIC_NUMBER.
func Sum(key uint64, data []byte) uint64 {
	s := state{key ^ 0x736f6d6570736575, 0x646f72616e646f6d, key ^ 0x6c7967656e657261, 0x7465646279746573}
	last := uint64(len(data)) << 56
	for ; len(data) >= 8; data = data[8:] {
		s.add(binary.LittleEndian.Uint64(data))
	}
	for i, b := range data {
		last |= uint64(b) << (8 * i)
	}
	s.add(last)
	s.v2 ^= 0xff
	for range 3 {
		s.round()
	}
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3
}

type state struct{ v0, v1, v2, v3 uint64 }

func (s *state) add(word uint64) {
	s.v3 ^= word
	s.round()
	s.v0 ^= word
}

func (s *state) round() {
	v0, v1, v2, v3 := s.v0, s.v1, s.v2, s.v3
	v0 += v1
	v2 += v3
	v1 = bits.RotateLeft64(v1, 13) ^ v0
	v3 = bits.RotateLeft64(v3, 16) ^ v2
	v0 = bits.RotateLeft64(v0, 32)
	v2 += v1
	v0 += v3
	v1 = bits.RotateLeft64(v1, 17) ^ v2
	v3 = bits.RotateLeft64(v3, 21) ^ v0
	v2 = bits.RotateLeft64(v2, 32)
	s.v0, s.v1, s.v2, s.v3 = v0, v1, v2, v3
}

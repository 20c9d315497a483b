// Package inflate decompresses a stretch of a deflate stream (RFC 1951) from
// memory to memory, and knows exactly where it ended.
//
// [Decoder.Decode] accepts a stretch only when it begins at a block, needs no
// output from before it, and ends where a block ends, on a byte. Stretches that
// follow each other and are all accepted are therefore what a reader that
// knows nothing of stretches reads, which is what makes it safe to inflate them
// side by side: the library readers do not tell where between two blocks they are.
//
// Where Decode refuses, the stretch may still be part of a valid stream. The
// caller then reads on with an ordinary reader.
package inflate

import (
	"encoding/binary"
	"errors"
)

// Slack is how many bytes after the end of its arguments Decode may use when
// their capacity allows. Slices without that capacity are copied.
const Slack = 288

// ErrRefused says that a stretch is damaged or does not stand by itself.
var ErrRefused = errors.New("not a stretch of deflate blocks by itself")

// A Decoder holds the tables of the block under way. The zero Decoder is
// ready; it must not be used concurrently.
type Decoder struct {
	literals  [literalSize]uint32
	distances [distanceSize]uint32
	lengths   [288 + 32]uint8
}

// state is the position in a stretch.
type state struct {
	src  []byte // with Slack zero bytes after end
	end  int    // of the stretch in src
	in   int    // next byte of src that is not in bits
	bits uint64 // what was read and not used, lowest first
	have uint   // how many of bits
	dst  []byte // with Slack bytes after size
	size int    // of the output
	out  int    // bytes of output so far
}

// Decode inflates src into dst and fails unless src is whole blocks that give
// exactly len(dst) bytes. Last says whether the stream ends with src: its last
// block must be marked final, and no other may be. What stands between the
// length and the capacity of both slices may be overwritten.
func (d *Decoder) Decode(dst, src []byte, last bool) error {
	s := state{src: withSlack(src, true), end: len(src), dst: withSlack(dst, false), size: len(dst)}
	for {
		final, err := d.block(&s)
		switch {
		case err != nil:
			return err
		case final && !last:
			return ErrRefused
		case final:
			s.have -= s.have % 8 // what is left of the last byte means nothing
			return s.finish(dst)
		case s.position() == 8*s.end:
			if last {
				return ErrRefused
			}
			return s.finish(dst)
		case s.position() > 8*s.end:
			return ErrRefused
		}
	}
}

// withSlack returns p with Slack bytes after it, zeroed if asked for.
func withSlack(p []byte, zero bool) []byte {
	if cap(p)-len(p) < Slack {
		return append(make([]byte, 0, len(p)+Slack), p...)[: len(p)+Slack : len(p)+Slack]
	}
	q := p[:len(p)+Slack]
	if zero {
		clear(q[len(p):])
	}
	return q
}

// position returns how many bits of src are used.
func (s *state) position() int { return 8*s.in - int(s.have) }

func (s *state) finish(dst []byte) error {
	if s.position() != 8*s.end || s.out != s.size {
		return ErrRefused
	}
	if len(dst) > 0 && &dst[0] != &s.dst[0] {
		copy(dst, s.dst)
	}
	return nil
}

// refill makes at least 56 bits available. Beyond the end of the stretch they
// are zero; the caller notices by position. Bits above have may be set: they
// are those that the next refill puts there.
func (s *state) refill() bool {
	if s.position() > 8*s.end {
		return false
	}
	s.bits |= binary.LittleEndian.Uint64(s.src[s.in:]) << (s.have & 63)
	s.in += int(63-s.have) >> 3
	s.have |= 56
	return true
}

func (s *state) take(n uint) uint64 {
	v := s.bits & (1<<n - 1)
	s.bits >>= n
	s.have -= n
	return v
}

// block decodes one block and reports whether it is marked final.
func (d *Decoder) block(s *state) (final bool, err error) {
	if !s.refill() {
		return false, ErrRefused
	}
	final = s.take(1) == 1
	switch s.take(2) {
	case 0:
		return final, s.stored()
	case 1:
		d.fixed()
	case 2:
		if err := d.dynamic(s); err != nil {
			return false, err
		}
	default:
		return false, ErrRefused
	}
	return final, d.compressed(s)
}

// stored copies a block that is not compressed (section 3.2.4).
func (s *state) stored() error {
	s.take(s.have % 8)
	s.in -= int(s.have / 8) // nothing of src is in bits any more
	s.bits, s.have = 0, 0
	if s.in+4 > s.end {
		return ErrRefused
	}
	n := int(binary.LittleEndian.Uint16(s.src[s.in:]))
	if uint16(n) != ^binary.LittleEndian.Uint16(s.src[s.in+2:]) {
		return ErrRefused
	}
	s.in += 4
	if s.in+n > s.end || s.out+n > s.size {
		return ErrRefused
	}
	copy(s.dst[s.out:], s.src[s.in:s.in+n])
	s.in += n
	s.out += n
	return nil
}

// compressed decodes the symbols of a block with the tables of d. It writes at
// most three bytes and a match beyond the end of the output, into the slack,
// before it notices.
//
// Most of the time goes into waiting for one symbol to say where the next one
// begins. So a table is asked for the next entry before the last byte is
// written, and one shift takes a code together with its extra bits.
func (d *Decoder) compressed(s *state) error {
	src, dst, size, end := s.src, s.dst, s.size, s.end
	in, out, bits, have := s.in, s.out, s.bits, s.have
	for in <= end+8 && out <= size {
		bits |= binary.LittleEndian.Uint64(src[in:]) << (have & 63)
		in += int(63-have) >> 3
		have |= 56
		e := d.literals[bits&(1<<literalBits-1)]
		if e&isLiteral != 0 { // three of at most 11 bits, and one of 15 may follow
			bits, have = bits>>(e&31), have-uint(e&31)
			dst[out] = byte(e >> 16)
			out++
			if e = d.literals[bits&(1<<literalBits-1)]; e&isLiteral != 0 {
				bits, have = bits>>(e&31), have-uint(e&31)
				dst[out] = byte(e >> 16)
				out++
				if e = d.literals[bits&(1<<literalBits-1)]; e&isLiteral != 0 {
					bits, have = bits>>(e&31), have-uint(e&31)
					dst[out] = byte(e >> 16)
					out++
					continue
				}
			}
			bits |= binary.LittleEndian.Uint64(src[in:]) << (have & 63)
			in += int(63-have) >> 3
			have |= 56
		}
		if e&isSpecial != 0 {
			if e&kindMask == kindTable {
				bits, have = bits>>literalBits, have-literalBits
				e = d.literals[(uint64(e>>16)+bits&(1<<(e>>8&15)-1))%literalSize]
				if e&isLiteral != 0 {
					bits, have = bits>>(e&31), have-uint(e&31)
					dst[out] = byte(e >> 16)
					out++
					continue
				}
			}
			if e&isSpecial != 0 {
				if e&kindMask != kindEnd {
					return ErrRefused
				}
				s.in, s.out, s.bits, s.have = in, out, bits>>(e&31), have-uint(e&31)
				return nil
			}
		}
		// A match takes at most 15 + 5 + 15 + 13 bits.
		length := int(e>>16) + int(bits&(1<<(e&31)-1)>>(e>>8&15))
		bits, have = bits>>(e&31), have-uint(e&31)
		e = d.distances[bits&(1<<distanceBits-1)]
		if e&isSpecial != 0 {
			if e&kindMask == kindTable {
				bits, have = bits>>distanceBits, have-distanceBits
				e = d.distances[(uint64(e>>16)+bits&(1<<(e>>8&15)-1))%distanceSize]
			}
			if e&isSpecial != 0 {
				return ErrRefused
			}
		}
		distance := int(e>>16) + int(bits&(1<<(e&31)-1)>>(e>>8&15))
		bits, have = bits>>(e&31), have-uint(e&31)
		if distance > out {
			return ErrRefused
		}
		if distance >= 16 && length <= 16 {
			from := out - distance
			*(*[16]byte)(dst[out : out+16]) = *(*[16]byte)(dst[from : from+16])
		} else {
			replay(dst, out, distance, length)
		}
		out += length
	}
	return ErrRefused
}

// replay appends length bytes of the output from distance before its end. It
// may write up to 15 bytes more, which are overwritten later or lie in the slack.
func replay(dst []byte, out, distance, length int) {
	from := out - distance
	switch {
	case distance >= 16 && length <= 64:
		for i := 0; i < length; i += 16 {
			a, b := dst[from+i:from+i+16], dst[out+i:out+i+16]
			*(*[16]byte)(b) = *(*[16]byte)(a)
		}
	case distance >= length:
		copy(dst[out:out+length], dst[from:out])
	default:
		for n := 0; n < length; { // what was just written is part of what repeats
			n += copy(dst[out+n:out+length], dst[from:out+n])
		}
	}
}

package inflate

import "math/bits"

// Sizes of the decoding tables: a first level of 1<<bits entries, and behind it
// second levels for longer codes. Two codes at least share a second level, and
// the longest code has 15 bits, so that these hold any set of codes.
const (
	literalBits  = 12
	literalSize  = 1<<literalBits + 144<<(15-literalBits)
	distanceBits = 8
	distanceSize = 1<<distanceBits + 16<<(15-distanceBits)
)

// An entry holds in bits 0 to 4 how many bits its code and its extra bits have
// together, in 8 to 11 how many of them are the code (of a second level: its
// size), from 12 on what it is, and from 16 on the byte, the smallest length or
// distance, or where the second level is. A second level counts without the
// bits of the first one.
const (
	isSpecial   = 1 << 15 // no literal, length or distance
	isLiteral   = 1 << 31 // distances have 15 bits
	kindMask    = isSpecial | 3<<12
	kindInvalid = isSpecial | 0<<12
	kindEnd     = isSpecial | 1<<12
	kindTable   = isSpecial | 2<<12
)

// symbols are the entries of all symbols, but for the lengths of their codes
// (section 3.2.5): bits 0 to 4 hold the extra bits alone.
type symbols struct {
	literals  [288]uint32
	distances [32]uint32
}

var meaning = func() (m symbols) {
	for i := range 256 {
		m.literals[i] = uint32(i)<<16 | isLiteral
	}
	m.literals[256] = kindEnd
	base := uint32(3)
	for i := uint32(0); i < 28; i++ {
		extra := max(i/4, 1) - 1
		m.literals[257+i] = base<<16 | extra
		base += 1 << extra
	}
	m.literals[285] = 258 << 16
	m.literals[286], m.literals[287] = kindInvalid, kindInvalid
	base = 1
	for i := uint32(0); i < 30; i++ {
		extra := max(i/2, 1) - 1
		m.distances[i] = base<<16 | extra
		base += 1 << extra
	}
	m.distances[30], m.distances[31] = kindInvalid, kindInvalid
	return m
}()

// build fills a table from the lengths of the codes (section 3.2.2). A set of
// codes that does not use all there are is refused, but for a single code of
// one bit and for none.
func build(table []uint32, first uint, lengths []uint8, meaning []uint32) error {
	var count, next [16]int
	longest, total := uint(0), 0
	for _, n := range lengths {
		count[n]++
		if n > 0 {
			total++
			longest = max(longest, uint(n))
		}
	}
	count[0] = 0
	free, code := 1, 0
	for n := 1; n < 16; n++ {
		code = (code + count[n-1]) << 1
		next[n] = code
		free = free<<1 - count[n]
		if free < 0 {
			return ErrRefused
		}
	}
	if free > 0 && (total > 1 || longest > 1) {
		return ErrRefused
	}
	clear(table[:1<<first])
	end := uint32(1) << first
	for symbol, length := range lengths {
		if length == 0 {
			continue
		}
		n := uint(length)
		reversed := uint32(bits.Reverse16(uint16(next[n])) >> (16 - n))
		next[n]++
		if n <= first {
			entry := meaning[symbol] + uint32(n<<8|n)
			for i := reversed; i < 1<<first; i += 1 << n {
				table[i] = entry
			}
			continue
		}
		entry := meaning[symbol] + uint32((n-first)<<8|(n-first))
		head := &table[reversed&(1<<first-1)]
		if *head == 0 {
			*head = end<<16 | uint32(longest-first)<<8 | kindTable
			clear(table[end : end+1<<(longest-first)])
			end += 1 << (longest - first)
		}
		second := table[*head>>16:][:1<<(longest-first)]
		for i := reversed >> first; i < uint32(len(second)); i += 1 << (n - first) {
			second[i] = entry
		}
	}
	if free > 0 { // nothing has a code that a stream could name
		for i, entry := range table[:1<<first] {
			if entry == 0 {
				table[i] = kindInvalid
			}
		}
	}
	return nil
}

// fixed fills the tables with the codes that need no description (section 3.2.6).
func (d *Decoder) fixed() {
	lengths := &d.lengths
	for i := range lengths {
		switch {
		case i < 144, i >= 280 && i < 288:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 5
		}
	}
	if build(d.literals[:], literalBits, lengths[:288], meaning.literals[:]) != nil ||
		build(d.distances[:], distanceBits, lengths[288:], meaning.distances[:]) != nil {
		panic("inflate: the fixed codes are not complete") // a mistake in this file
	}
}

// lengthOrder is the order of the code lengths of code lengths (section 3.2.7).
var lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamic reads the description of the codes of a block (section 3.2.7).
func (d *Decoder) dynamic(s *state) error {
	literals, distances, codes := int(s.take(5))+257, int(s.take(5))+1, int(s.take(4))+4
	if literals > 286 || distances > 30 {
		return ErrRefused
	}
	var order [19]uint8
	for i := range codes {
		if s.have < 3 && !s.refill() {
			return ErrRefused
		}
		order[lengthOrder[i]] = uint8(s.take(3))
	}
	var numbers [19]uint32
	for i := range numbers {
		numbers[i] = uint32(i)<<16 | isLiteral
	}
	table := d.distances[:1<<7]
	if err := build(table, 7, order[:], numbers[:]); err != nil {
		return err
	}
	lengths := d.lengths[:literals+distances]
	if err := s.codeLengths(lengths, table); err != nil {
		return err
	}
	if lengths[256] == 0 { // a block without an end
		return ErrRefused
	}
	if err := build(d.literals[:], literalBits, lengths[:literals], meaning.literals[:]); err != nil {
		return err
	}
	return build(d.distances[:], distanceBits, lengths[literals:], meaning.distances[:])
}

// codeLengths reads the lengths of all codes of a block, which are themselves
// in the code of table.
func (s *state) codeLengths(lengths []uint8, table []uint32) error {
	for i := 0; i < len(lengths); {
		if s.have < 14 && !s.refill() {
			return ErrRefused
		}
		e := table[s.bits&(1<<7-1)]
		if e&isSpecial != 0 {
			return ErrRefused
		}
		s.take(uint(e & 31))
		length, times := uint8(e>>16), 1
		switch length {
		case 16:
			if i == 0 {
				return ErrRefused
			}
			length, times = lengths[i-1], 3+int(s.take(2))
		case 17:
			length, times = 0, 3+int(s.take(3))
		case 18:
			length, times = 0, 11+int(s.take(7))
		}
		if times > len(lengths)-i {
			return ErrRefused
		}
		for range times {
			lengths[i] = length
			i++
		}
	}
	return nil
}

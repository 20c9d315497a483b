package artifact

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
)

// readSymbols looks up the wanted names as the loader would, and looks through
// the symbols that the file wants from others.
func (f *elfFile) readSymbols(m *elfImage, d *elfDynamic, wanted []string) error {
	addr, ok := d.value[elf.DT_SYMTAB]
	if !ok {
		return nil
	}
	table := &elfSymbols{image: m, dynamic: d, symbols: m.memoryFrom(addr)}
	if err := table.openHash(); err != nil {
		return err
	}
	if err := table.imports(f); err != nil {
		return err
	}
	for _, name := range wanted {
		if table.exported(name) {
			f.exports = append(f.exports, name)
		}
	}
	return nil
}

// elfSymbols is a dynamic symbol table with the hash table that says how long
// it is and by which the loader finds a name.
type elfSymbols struct {
	image   *elfImage
	dynamic *elfDynamic
	symbols []byte

	gnu     bool   // has a GNU hash table; the loader prefers it
	first   uint32 // the first symbol in it: what comes before are imports
	count   uint32 // of symbols, where it is the older kind of hash table
	buckets []byte
	chains  []byte
	cell    uint64 // bytes of an entry of the older kind
}

func (t *elfSymbols) openHash() error {
	m := t.image
	if addr, ok := t.dynamic.value[elf.DT_GNU_HASH]; ok {
		table := m.memoryFrom(addr)
		if len(table) < 16 {
			return errors.New("hash table is not in memory")
		}
		t.gnu, t.first = true, m.order.Uint32(table[4:])
		bloom := uint64(m.order.Uint32(table[8:])) * m.size(4, 8)
		end := 16 + bloom + 4*uint64(m.order.Uint32(table))
		if end > uint64(len(table)) {
			return errors.New("hash table is not in memory")
		}
		t.buckets, t.chains = table[16+bloom:end], table[end:]
		return nil
	}
	addr, ok := t.dynamic.value[elf.DT_HASH]
	if !ok {
		return nil
	}
	t.cell = 4
	if m.wide && m.machine == elf.EM_S390 {
		t.cell = 8 // the exception of the s390x ABI
	}
	table := m.memoryFrom(addr)
	if uint64(len(table)) < 2*t.cell {
		return errors.New("hash table is not in memory")
	}
	t.count = t.cellAt(table, 1)
	end := (2 + uint64(t.cellAt(table, 0))) * t.cell
	if end > uint64(len(table)) {
		return errors.New("hash table is not in memory")
	}
	t.buckets, t.chains = table[2*t.cell:end], table[end:]
	return nil
}

// cellAt returns an entry of the older hash table, which has 32 bits that count.
func (t *elfSymbols) cellAt(table []byte, n uint64) uint32 {
	if t.cell == 8 {
		return uint32(t.image.order.Uint64(table[8*n:]))
	}
	return t.image.order.Uint32(table[4*n:])
}

// symbol returns the name of a symbol and whether the file itself defines it
// for others.
func (t *elfSymbols) symbol(n uint32) (name []byte, defined bool, err error) {
	m := t.image
	size := m.size(16, 24)
	at := uint64(n) * size
	if at+size > uint64(len(t.symbols)) {
		return nil, false, fmt.Errorf("symbol %d is not in memory", n)
	}
	entry := t.symbols[at:]
	name, err = stringAt(t.dynamic.strings, uint64(m.order.Uint32(entry)))
	section := elf.SectionIndex(m.order.Uint16(entry[m.size(14, 6):]))
	info := entry[m.size(12, 4)]
	return name, section != elf.SHN_UNDEF && elf.ST_BIND(info) != elf.STB_LOCAL, err
}

// importsEnd returns where the symbols end among which the imports are.
// Undefined symbols are in no GNU hash table, so they stand before the first
// one that is. The linker writes an empty table for a file without exports;
// then whatever comes next in memory tells.
func (t *elfSymbols) importsEnd() uint64 {
	switch {
	case !t.gnu:
		return uint64(t.count)
	case len(bytes.Trim(t.buckets, "\x00")) > 0:
		return uint64(t.first)
	}
	begin, size := t.dynamic.value[elf.DT_SYMTAB], uint64(len(t.symbols))
	for _, tag := range []elf.DynTag{
		elf.DT_STRTAB, elf.DT_GNU_HASH, elf.DT_VERSYM, elf.DT_VERNEED, elf.DT_VERDEF, elf.DT_REL, elf.DT_RELA, elf.DT_JMPREL,
	} {
		if next, ok := t.dynamic.value[tag]; ok && next > begin {
			size = min(size, next-begin)
		}
	}
	return size / t.image.size(16, 24)
}

// imports notes what the file wants from others.
func (t *elfSymbols) imports(f *elfFile) error {
	end := t.importsEnd()
	if end > maxSymbols {
		return fmt.Errorf("%d symbols, wanted at most %d", end, maxSymbols)
	}
	for n := uint32(1); uint64(n) < end; n++ {
		name, defined, err := t.symbol(n)
		if err != nil {
			return err
		}
		switch {
		case defined || !bytes.HasPrefix(name, []byte("__")):
		case bytes.Equal(name, []byte("__stack_chk_fail")):
			f.stackProtector = true
		case bytes.HasSuffix(name, []byte("_chk")):
			f.fortified = true
		}
	}
	return nil
}

// exported reports whether the loader would find a symbol in this file.
func (t *elfSymbols) exported(name string) bool {
	count := uint64(len(t.buckets)) / max(t.cell, 4)
	if count == 0 {
		return false
	}
	if !t.gnu {
		n := t.cellAt(t.buckets, uint64(sysvHash(name))%count)
		for range maxChain {
			if n == 0 || (uint64(n)+1)*t.cell > uint64(len(t.chains)) {
				return false
			}
			if t.is(n, name) {
				return true
			}
			n = t.cellAt(t.chains, uint64(n))
		}
		return false
	}
	hash := gnuHash(name)
	n := t.image.order.Uint32(t.buckets[4*(uint64(hash)%count):])
	for range maxChain {
		at := 4 * (uint64(n) - uint64(t.first))
		if n < t.first || at+4 > uint64(len(t.chains)) {
			return false
		}
		value := t.image.order.Uint32(t.chains[at:])
		if value|1 == hash|1 && t.is(n, name) {
			return true
		}
		if value&1 != 0 {
			return false // the end of the bucket
		}
		n++
	}
	return false
}

func (t *elfSymbols) is(n uint32, name string) bool {
	text, defined, err := t.symbol(n)
	return err == nil && defined && string(text) == name
}

// gnuHash is the hash function of DT_GNU_HASH, by Daniel J. Bernstein.
func gnuHash(name string) uint32 {
	h := uint32(5381)
	for i := range len(name) {
		h = h*33 + uint32(name[i])
	}
	return h
}

// sysvHash is the hash function of DT_HASH (System V ABI, chapter 5).
func sysvHash(name string) uint32 {
	var h uint32
	for i := range len(name) {
		h = h<<4 + uint32(name[i])
		h ^= h >> 24 & 0xf0
		h &= 0x0fffffff
	}
	return h
}

package artifact

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
)

// Bounds on what is read of one ELF file. CPython's own libraries have 13
// segments, 40 sections and 30 dynamic entries; what is beyond these bounds was
// made to cost time.
const (
	maxSegments = 128
	maxSections = 4096
	maxDynamic  = 4096 // entries of the dynamic section
	maxNeeded   = 256  // libraries that one file needs
	maxRunPaths = 16   // entries that give a run path; the loader knows one
	maxVersions = 4096 // symbol versions that one file needs or defines
	maxSymbols  = 1 << 20
	maxChain    = 1 << 16 // symbols that one hash bucket is searched for
	maxString   = 4096    // bytes of a name or run path
)

// An elfImage is an ELF file as the kernel and the loader see it: its segments,
// and through them the memory that they make of it. The dynamic section is
// found the way the loader finds it and not through the section headers, which
// nobody reads at run time and which may tell something else. That is why this
// is not elf.NewFile; the constants are debug/elf's.
type elfImage struct {
	data     []byte
	order    binary.ByteOrder
	wide     bool // 64 bits
	machine  elf.Machine
	kind     elf.Type
	segments []elfSegment
	sections []elfSection
}

// An elfSegment is an entry of the program header table.
type elfSegment struct {
	kind                                      elf.ProgType
	flags                                     elf.ProgFlag
	offset, addr, fileSize, memorySize, align uint64
}

// An elfSection is what matters here of an entry of the section header table.
type elfSection struct {
	name []byte
	kind elf.SectionType
}

// isELF reports whether a file begins as an ELF file does.
func isELF(head []byte) bool { return bytes.HasPrefix(head, []byte(elf.ELFMAG)) }

// openELF reads the tables of an ELF file (System V ABI, chapters 4 and 5).
func openELF(data []byte) (*elfImage, error) {
	if !isELF(data) || len(data) < elf.EI_NIDENT {
		return nil, errors.New("not an ELF file")
	}
	m := &elfImage{data: data}
	switch class := elf.Class(data[elf.EI_CLASS]); class {
	case elf.ELFCLASS32, elf.ELFCLASS64:
		m.wide = class == elf.ELFCLASS64
	default:
		return nil, fmt.Errorf("ELF class %d, wanted 1 or 2", class)
	}
	switch order := elf.Data(data[elf.EI_DATA]); order {
	case elf.ELFDATA2LSB:
		m.order = binary.LittleEndian
	case elf.ELFDATA2MSB:
		m.order = binary.BigEndian
	default:
		return nil, fmt.Errorf("ELF byte order %d, wanted 1 or 2", order)
	}
	header, ok := m.at(0, m.size(52, 64))
	if !ok {
		return nil, errors.New("ELF header is cut off")
	}
	if data[elf.EI_VERSION] != byte(elf.EV_CURRENT) {
		return nil, fmt.Errorf("ELF version %d, wanted 1", data[elf.EI_VERSION])
	}
	m.kind = elf.Type(m.order.Uint16(header[16:]))
	m.machine = elf.Machine(m.order.Uint16(header[18:]))
	if err := m.readSegments(header); err != nil {
		return nil, err
	}
	return m, m.readSections(header)
}

// at returns n bytes of the file from off on, or false where they are not in it.
func (m *elfImage) at(off, n uint64) ([]byte, bool) {
	size := uint64(len(m.data))
	if off > size || n > size-off {
		return nil, false
	}
	return m.data[off : off+n : off+n], true
}

// size chooses between what holds for 32 and for 64 bits.
func (m *elfImage) size(narrow, wide uint64) uint64 {
	if m.wide {
		return wide
	}
	return narrow
}

// word reads a field that is as wide as an address, at its place in the 32-bit
// and in the 64-bit form of a structure.
func (m *elfImage) word(b []byte, narrow, wide int) uint64 {
	if m.wide {
		return m.order.Uint64(b[wide:])
	}
	return uint64(m.order.Uint32(b[narrow:]))
}

// table returns a table of a header: count entries of the size that the class
// of the file has.
func (m *elfImage) table(what string, off, count, entry, want, most uint64) ([]byte, error) {
	switch {
	case count == 0:
		return nil, nil
	case entry != want:
		return nil, fmt.Errorf("%s headers of %d bytes, wanted %d", what, entry, want)
	case count > most:
		return nil, fmt.Errorf("%d %s headers, wanted at most %d", count, what, most)
	}
	table, ok := m.at(off, count*entry)
	if !ok {
		return nil, fmt.Errorf("%s headers are outside of the file", what)
	}
	return table, nil
}

func (m *elfImage) readSegments(header []byte) error {
	h := header[m.size(28, 32):]
	half := func(narrow, wide uint64) uint64 { return uint64(m.order.Uint16(header[m.size(narrow, wide):])) }
	size := m.size(32, 56)
	table, err := m.table("program", m.word(h, 0, 0), half(44, 56), half(42, 54), size, maxSegments)
	if err != nil {
		return err
	}
	for ; len(table) > 0; table = table[size:] {
		s := elfSegment{
			kind:       elf.ProgType(m.order.Uint32(table)),
			flags:      elf.ProgFlag(m.order.Uint32(table[m.size(24, 4):])),
			offset:     m.word(table, 4, 8),
			addr:       m.word(table, 8, 16),
			fileSize:   m.word(table, 16, 32),
			memorySize: m.word(table, 20, 40),
			align:      m.word(table, 28, 48),
		}
		if err := m.addSegment(s); err != nil {
			return err
		}
	}
	return nil
}

// addSegment refuses what kernel, loader and this program could understand in
// different ways: the specification wants loadable segments in ascending order
// and one each of the others, and the loader maps whole pages of 4 KiB or more.
func (m *elfImage) addSegment(s elfSegment) error {
	if s.kind == elf.PT_NULL {
		return nil
	}
	if _, ok := m.at(s.offset, s.fileSize); !ok {
		return fmt.Errorf("segment %s is outside of the file", s.kind)
	}
	if s.kind == elf.PT_LOAD && (s.memorySize < s.fileSize || s.addr+s.memorySize < s.addr) {
		return fmt.Errorf("segment %s at %#x has %#x bytes of file in %#x of memory", s.kind, s.addr, s.fileSize, s.memorySize)
	}
	for _, other := range m.segments {
		if other.kind != s.kind {
			continue
		}
		switch s.kind {
		case elf.PT_LOAD:
			if s.addr&^0xfff < other.addr+other.memorySize {
				return fmt.Errorf("segments %s at %#x and %#x share a page or are not in order", s.kind, other.addr, s.addr)
			}
		case elf.PT_DYNAMIC, elf.PT_INTERP, elf.PT_PHDR, elf.PT_TLS, elf.PT_GNU_STACK, elf.PT_GNU_RELRO, elf.PT_GNU_PROPERTY:
			return fmt.Errorf("two segments %s", s.kind)
		}
	}
	m.segments = append(m.segments, s)
	return nil
}

// segment returns the only segment of a kind.
func (m *elfImage) segment(kind elf.ProgType) (elfSegment, bool) {
	for _, s := range m.segments {
		if s.kind == kind {
			return s, true
		}
	}
	return elfSegment{}, false
}

// memory returns what the file has for n bytes of memory from addr on.
func (m *elfImage) memory(addr, n uint64) ([]byte, bool) {
	for _, s := range m.segments {
		if s.kind == elf.PT_LOAD && addr >= s.addr && addr-s.addr <= s.fileSize && n <= s.fileSize-(addr-s.addr) {
			return m.at(s.offset+(addr-s.addr), n)
		}
	}
	return nil, false
}

// memoryFrom returns all that the file has of memory from addr to the end of
// the segment that it lies in.
func (m *elfImage) memoryFrom(addr uint64) []byte {
	for _, s := range m.segments {
		if s.kind == elf.PT_LOAD && addr >= s.addr && addr-s.addr < s.fileSize {
			rest, _ := m.at(s.offset+(addr-s.addr), s.fileSize-(addr-s.addr))
			return rest
		}
	}
	return nil
}

// readSections reads the names and types of the sections, which tell whether
// debug information was left in. A file without any is fine.
func (m *elfImage) readSections(header []byte) error {
	half := func(narrow, wide uint64) uint64 { return uint64(m.order.Uint16(header[m.size(narrow, wide):])) }
	size := m.size(40, 64)
	off := m.word(header, 32, 40)
	count, names := half(48, 60), half(50, 62)
	if count == 0 && off != 0 {
		return errors.New("more than 65,279 sections, or none where a table is named")
	}
	table, err := m.table("section", off, count, half(46, 58), size, maxSections)
	if err != nil || len(table) == 0 {
		return err
	}
	if names >= count {
		return errors.New("section names are in no section")
	}
	at := table[names*size:]
	text, ok := m.at(m.word(at, 16, 24), m.word(at, 20, 32))
	if !ok || elf.SectionType(m.order.Uint32(at[4:])) != elf.SHT_STRTAB {
		return errors.New("section names are outside of the file")
	}
	for ; len(table) > 0; table = table[size:] {
		name, err := stringAt(text, uint64(m.order.Uint32(table)))
		if err != nil {
			return fmt.Errorf("section name: %w", err)
		}
		m.sections = append(m.sections, elfSection{name, elf.SectionType(m.order.Uint32(table[4:]))})
	}
	return nil
}

// stringAt returns the string that begins at off of a string table.
func stringAt(table []byte, off uint64) ([]byte, error) {
	if off >= uint64(len(table)) {
		return nil, fmt.Errorf("offset %d is outside of the string table", off)
	}
	rest := table[off:]
	end := bytes.IndexByte(rest[:min(len(rest), maxString)], 0)
	if end < 0 {
		return nil, fmt.Errorf("the string at offset %d does not end within %d bytes", off, maxString)
	}
	return rest[:end:end], nil
}

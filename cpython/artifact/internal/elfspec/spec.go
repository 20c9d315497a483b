// Package elfspec makes small ELF files for tests.
//
// A [Spec] describes one and its method Bytes makes it: what a linker would
// make as far as package artifact looks. None of them runs.
package elfspec

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
)

// A Spec describes a small ELF file to make. The zero Spec with a
// machine is a library without anything that hardening asks for.
type Spec struct {
	Arch string   // Go's name; empty is amd64
	Kind elf.Type // zero is ET_DYN

	Interpreter, Soname string
	Needed              []string
	RPath, RunPath      string
	Versions            map[string][]string // library to the versions that are needed of it
	Defines             []string            // versions that it defines: "GLIBC_2.36"
	Imports, Exports    []string
	SysVHash            bool // an older hash table instead of the GNU one

	NoStack, ExecStack, NoRelro, Lazy, TextRel, WriteExec bool
	PIE                                                   bool
	ISA                                                   uint32
	Sections                                              []string // names of further, empty sections
	Tail                                                  string   // text after everything else
}

// A machine is an architecture as ELF files spell it.
type machine struct {
	machine   elf.Machine
	wide, big bool // 64 bits; most significant byte first
}

// machines are the architectures by Go's names.
var machines = map[string]machine{
	"amd64": {elf.EM_X86_64, true, false}, "arm64": {elf.EM_AARCH64, true, false}, "386": {elf.EM_386, false, false},
	"arm": {elf.EM_ARM, false, false}, "ppc64le": {elf.EM_PPC64, true, false}, "riscv64": {elf.EM_RISCV, true, false}, "s390x": {elf.EM_S390, true, true},
}

// A segment is an entry of the program header table.
type segment struct {
	kind                                      elf.ProgType
	flags                                     elf.ProgFlag
	offset, addr, fileSize, memorySize, align uint64
}

// A builder lays a file out: one segment holds all of it, at address 0, so
// that addresses are offsets.
type builder struct {
	order    binary.ByteOrder
	wide     bool
	out      bytes.Buffer
	text     []byte // the dynamic string table
	segments []segment
	dynamic  [][2]uint64
}

// Bytes returns the file. It is what a linker would make as far as readELF
// looks; it runs nowhere.
func (s Spec) Bytes() []byte {
	m := machines[cmp.Or(s.Arch, "amd64")]
	b := &builder{order: binary.LittleEndian, wide: m.wide, text: []byte{0}}
	if m.big {
		b.order = binary.BigEndian
	}
	b.out.Write(make([]byte, 64+32*56)) // room for the headers
	b.interpreter(s)
	b.note(s)
	b.tags(s)
	b.symbols(s)
	b.needs(s)
	b.definitions(s)
	b.strings()
	b.finishDynamic(s)
	sections := b.sections(s)
	b.out.WriteString(s.Tail)
	return b.headers(s, m, sections)
}

func (b *builder) align() uint64 {
	for b.out.Len()%16 != 0 {
		b.out.WriteByte(0)
	}
	return uint64(b.out.Len())
}

func (b *builder) u16(values ...uint16) { b.put(values) }
func (b *builder) u32(values ...uint32) { b.put(values) }
func (b *builder) put(values any) {
	if err := binary.Write(&b.out, b.order, values); err != nil {
		panic(err)
	}
}

// word writes numbers that are as wide as addresses.
func (b *builder) word(values ...uint64) {
	for _, v := range values {
		if b.wide {
			b.put(v)
		} else {
			b.put(uint32(v))
		}
	}
}

func (b *builder) string(text string) uint32 {
	at := len(b.text)
	b.text = append(append(b.text, text...), 0)
	return uint32(at)
}

func (b *builder) tag(tag elf.DynTag, value uint64) {
	b.dynamic = append(b.dynamic, [2]uint64{uint64(tag), value})
}

// add adds a segment of what was written since offset.
func (b *builder) add(kind elf.ProgType, flags elf.ProgFlag, offset uint64) {
	size := uint64(b.out.Len()) - offset
	b.segments = append(b.segments, segment{kind, flags, offset, offset, size, size, 8})
}

func (b *builder) interpreter(s Spec) {
	if s.Interpreter == "" {
		return
	}
	at := b.align()
	b.out.WriteString(s.Interpreter + "\x00")
	b.add(elf.PT_INTERP, elf.PF_R, at)
}

func (b *builder) note(s Spec) {
	if s.ISA == 0 {
		return
	}
	at := b.align()
	b.u32(4, 16, 5) // NT_GNU_PROPERTY_TYPE_0
	b.out.WriteString("GNU\x00")
	b.u32(0xc0008002, 4, s.ISA, 0) // GNU_PROPERTY_X86_ISA_1_NEEDED
	b.add(elf.PT_NOTE, elf.PF_R, at)
	b.add(elf.PT_GNU_PROPERTY, elf.PF_R, at)
}

func (b *builder) tags(s Spec) {
	for _, name := range s.Needed {
		b.tag(elf.DT_NEEDED, uint64(b.string(name)))
	}
	for _, text := range []struct {
		tag  elf.DynTag
		text string
	}{{elf.DT_SONAME, s.Soname}, {elf.DT_RPATH, s.RPath}, {elf.DT_RUNPATH, s.RunPath}} {
		if text.text != "" {
			b.tag(text.tag, uint64(b.string(text.text)))
		}
	}
	if !s.Lazy {
		b.tag(elf.DT_FLAGS, uint64(elf.DF_BIND_NOW))
	}
	if s.TextRel {
		b.tag(elf.DT_TEXTREL, 0)
	}
	if s.PIE {
		b.tag(elf.DT_FLAGS_1, uint64(elf.DF_1_NOW|elf.DF_1_PIE))
	}
}

func (b *builder) strings() {
	at := b.align()
	b.out.Write(b.text)
	b.tag(elf.DT_STRTAB, at)
	b.tag(elf.DT_STRSZ, uint64(len(b.text)))
}

func (b *builder) finishDynamic(s Spec) {
	at := b.align()
	for _, entry := range b.dynamic {
		b.word(entry[0], entry[1])
	}
	b.word(0, 0)
	b.add(elf.PT_DYNAMIC, elf.PF_R|elf.PF_W, at)
	if !s.NoRelro {
		b.add(elf.PT_GNU_RELRO, elf.PF_R, at)
	}
}

// sections writes the section headers and returns where they begin.
func (b *builder) sections(s Spec) uint64 {
	names := append([]string{"", ".shstrtab"}, s.Sections...)
	var text []byte
	at := uint64(b.out.Len())
	offsets := make([]uint32, len(names))
	for i, name := range names {
		offsets[i] = uint32(len(text))
		text = append(append(text, name...), 0)
	}
	b.out.Write(text)
	begin := b.align()
	for i := range names {
		kind, size := elf.SHT_PROGBITS, uint64(0)
		switch i {
		case 0:
			kind = elf.SHT_NULL
		case 1:
			kind, size = elf.SHT_STRTAB, uint64(len(text))
		}
		b.u32(offsets[i], uint32(kind))
		b.word(0, 0, at, size)
		b.u32(0, 0)
		b.word(1, 0)
	}
	return begin
}

// headers writes the ELF header and the program headers into the room for them.
func (b *builder) headers(s Spec, m machine, sections uint64) []byte {
	data := bytes.Clone(b.out.Bytes())
	load := segment{elf.PT_LOAD, elf.PF_R, 0, 0, uint64(len(data)), uint64(len(data)), 0x1000}
	if s.WriteExec {
		load.flags |= elf.PF_W | elf.PF_X
	}
	b.segments = append([]segment{load}, b.segments...)
	if !s.NoStack {
		stack := segment{kind: elf.PT_GNU_STACK, flags: elf.PF_R | elf.PF_W}
		if s.ExecStack {
			stack.flags |= elf.PF_X
		}
		b.segments = append(b.segments, stack)
	}
	kind := s.Kind
	if kind == elf.ET_NONE {
		kind = elf.ET_DYN
	}
	class, order, size := elf.ELFCLASS32, elf.ELFDATA2LSB, []uint16{52, 32, uint16(len(b.segments)), 40}
	if m.wide {
		class, size = elf.ELFCLASS64, []uint16{64, 56, uint16(len(b.segments)), 64}
	}
	if m.big {
		order = elf.ELFDATA2MSB
	}
	b.out.Reset()
	b.out.WriteString(elf.ELFMAG)
	b.out.Write([]byte{byte(class), byte(order), 1, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	b.u16(uint16(kind), uint16(m.machine))
	b.u32(1)
	b.word(0, uint64(size[0]), sections)
	b.u32(0)
	b.put(size)
	b.u16(uint16(2+len(s.Sections)), 1)
	for _, p := range b.segments {
		if b.wide {
			b.put(elf.Prog64{Type: uint32(p.kind), Flags: uint32(p.flags), Off: p.offset, Vaddr: p.addr, Filesz: p.fileSize, Memsz: p.memorySize, Align: p.align})
		} else {
			b.put(elf.Prog32{Type: uint32(p.kind), Flags: uint32(p.flags), Off: uint32(p.offset), Vaddr: uint32(p.addr), Filesz: uint32(p.fileSize), Memsz: uint32(p.memorySize), Align: uint32(p.align)})
		}
	}
	copy(data, b.out.Bytes())
	return data
}

package elfspec

import (
	"debug/elf"
	"maps"
	"slices"
)

// symbols writes the symbol table and its hash table, which has one bucket.
func (b *builder) symbols(s Spec) {
	b.tag(elf.DT_SYMTAB, b.align())
	b.symbol(0, elf.SHN_UNDEF)
	for _, name := range s.Imports {
		b.symbol(b.string(name), elf.SHN_UNDEF)
	}
	for _, name := range s.Exports {
		b.symbol(b.string(name), 1)
	}
	first := uint32(1 + len(s.Imports))
	count := first + uint32(len(s.Exports))
	if s.SysVHash {
		b.tag(elf.DT_HASH, b.align())
		b.u32(1, count, count-1, 0)
		for n := uint32(1); n < count; n++ {
			b.u32(n - 1)
		}
		return
	}
	b.tag(elf.DT_GNU_HASH, b.align())
	b.u32(1, first, 1, 0)
	b.word(^uint64(0))
	if len(s.Exports) == 0 {
		b.u32(0)
		return
	}
	b.u32(first)
	for i, name := range s.Exports {
		end := uint32(0)
		if i == len(s.Exports)-1 {
			end = 1
		}
		b.u32(gnuHash(name)&^1 | end)
	}
}

func (b *builder) symbol(name uint32, section elf.SectionIndex) {
	info := elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC)
	if b.wide {
		b.put(elf.Sym64{Name: name, Info: info, Shndx: uint16(section)})
	} else {
		b.put(elf.Sym32{Name: name, Info: info, Shndx: uint16(section)})
	}
}

func (b *builder) needs(s Spec) {
	if len(s.Versions) == 0 {
		return
	}
	b.tag(elf.DT_VERNEED, b.align())
	libraries := slices.Sorted(maps.Keys(s.Versions))
	for i, library := range libraries {
		versions := s.Versions[library]
		next := uint32(16 + 16*len(versions))
		if i == len(libraries)-1 {
			next = 0
		}
		b.u16(1, uint16(len(versions)))
		b.u32(b.string(library), 16, next)
		for j, version := range versions {
			next := uint32(16)
			if j == len(versions)-1 {
				next = 0
			}
			b.u32(0)
			b.u16(0, 2)
			b.u32(b.string(version), next)
		}
	}
}

func (b *builder) definitions(s Spec) {
	if len(s.Defines) == 0 {
		return
	}
	b.tag(elf.DT_VERDEF, b.align())
	for i, version := range s.Defines {
		next := uint32(28)
		if i == len(s.Defines)-1 {
			next = 0
		}
		b.u16(1, 0, uint16(i+1), 1)
		b.u32(0, 20, next, b.string(version), 0)
	}
}

// gnuHash is the hash function of DT_GNU_HASH.
func gnuHash(name string) uint32 {
	h := uint32(5381)
	for i := range len(name) {
		h = h*33 + uint32(name[i])
	}
	return h
}

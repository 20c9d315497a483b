package artifact

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"strings"
)

// An elfFile is what the checks and the requirements need of one ELF file.
type elfFile struct {
	machine elf.Machine
	kind    elf.Type
	wide    bool // 64 bits
	big     bool // most significant byte first

	interpreter string
	soname      string
	needed      []string
	rpath       []string // folders of DT_RPATH; nil where there is none
	runpath     []string // folders of DT_RUNPATH; nil where there is none

	versions []elfVersion      // that it needs, one per library and prefix: the highest
	features []elfVersion      // that it needs and whose text is no number: GLIBC_PRIVATE
	defined  map[string]string // highest versions that it defines, by prefix: "GLIBC" to "2.36"
	exports  []string          // those of the wanted names that it exports

	stackProtector bool // calls __stack_chk_fail
	fortified      bool // calls a checked form of a libc function: __memcpy_chk

	stack     bool // has a PT_GNU_STACK
	execStack bool // which asks for an executable stack
	relro     bool // has memory that becomes read-only once it is relocated
	bindNow   bool // has all symbols bound before anything runs
	textRel   bool // has relocations in its code
	writeExec bool // has memory both writable and executable
	dynamic   bool // has a dynamic section
	pieFlag   bool // says that it is a position-independent executable

	isaNeeded, isaUsed uint32 // bits of the x86 ISA notes; see isaLevel

	debug   bool // has debug information
	symbols bool // has the symbol table that only debuggers read
}

// An elfVersion is a version of a symbol and the library that should have it.
type elfVersion struct{ library, prefix, version string }

func (v elfVersion) String() string { return v.prefix + "_" + v.version + " of " + v.library }

// arch returns Go's name of the architecture, empty for an unknown one.
func (f *elfFile) arch() string {
	for _, m := range elfMachines {
		if m.machine == f.machine && m.wide == f.wide && m.big == f.big {
			return m.arch
		}
	}
	return ""
}

// describe tells machine, width and byte order in words.
func (f *elfFile) describe() string {
	bits, order := 32, "little"
	if f.wide {
		bits = 64
	}
	if f.big {
		order = "big"
	}
	return fmt.Sprintf("%s, %d bit, %s-endian", f.machine, bits, order)
}

// linked reports whether f is something that runs: not an object file.
func (f *elfFile) linked() bool { return f.kind == elf.ET_EXEC || f.kind == elf.ET_DYN }

// executable reports whether f is a program and not a library. A library may
// name an interpreter as well (glibc's do), but then it has a soname.
func (f *elfFile) executable() bool {
	return f.kind == elf.ET_EXEC || f.kind == elf.ET_DYN && (f.pieFlag || f.soname == "" && f.interpreter != "")
}

// readELF reads one ELF file. It looks for the symbols named in wanted among
// those that the file exports. No input makes it panic, and it takes time and
// memory in proportion to the size of the file at most.
func readELF(name string, data []byte, wanted ...string) (f *elfFile, err error) {
	defer func() {
		if r := recover(); r != nil { // never seen; the bounds are checked before
			f, err = nil, fmt.Errorf("%s: ELF file that cannot be read: %v", name, r)
		}
	}()
	m, err := openELF(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f = &elfFile{machine: m.machine, kind: m.kind, wide: m.wide, big: elf.Data(data[elf.EI_DATA]) == elf.ELFDATA2MSB}
	f.readSections(m)
	if !f.linked() {
		return f, nil
	}
	if err := f.readSegments(m); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := f.readDynamic(m, wanted); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, nil
}

func (f *elfFile) readSections(m *elfImage) {
	for _, s := range m.sections {
		switch {
		case bytes.HasPrefix(s.name, []byte(".debug_")), bytes.HasPrefix(s.name, []byte(".zdebug_")):
			f.debug = true
		case s.kind == elf.SHT_SYMTAB:
			f.symbols = true
		}
	}
}

func (f *elfFile) readSegments(m *elfImage) error {
	for _, s := range m.segments {
		switch s.kind {
		case elf.PT_LOAD:
			f.writeExec = f.writeExec || s.flags&elf.PF_W != 0 && s.flags&elf.PF_X != 0
		case elf.PT_GNU_STACK:
			f.stack, f.execStack = true, s.flags&elf.PF_X != 0
		case elf.PT_GNU_RELRO:
			f.relro = s.memorySize > 0
		case elf.PT_INTERP: // the kernel reads it from the file, not from memory
			text, err := stringAt(m.data[s.offset:][:s.fileSize], 0)
			if err != nil {
				return fmt.Errorf("interpreter: %w", err)
			}
			f.interpreter = string(text)
		}
	}
	f.readProperties(m)
	return nil
}

// An elfDynamic is the dynamic section: the tags that occur once, and the
// offsets of strings for those that may occur often.
type elfDynamic struct {
	value                  map[elf.DynTag]uint64
	needed, rpath, runpath []uint64
	strings                []byte
}

// readDynamic reads the dynamic section (System V ABI, chapter 5).
func (f *elfFile) readDynamic(m *elfImage, wanted []string) error {
	d, err := m.dynamicSection()
	if err != nil || d == nil {
		return err
	}
	f.dynamic = true
	has := func(tag elf.DynTag) bool { _, ok := d.value[tag]; return ok }
	flags, flags1 := elf.DynFlag(d.value[elf.DT_FLAGS]), elf.DynFlag1(d.value[elf.DT_FLAGS_1])
	f.bindNow = has(elf.DT_BIND_NOW) || flags&elf.DF_BIND_NOW != 0 || flags1&elf.DF_1_NOW != 0
	f.textRel = has(elf.DT_TEXTREL) || flags&elf.DF_TEXTREL != 0
	f.pieFlag = flags1&elf.DF_1_PIE != 0
	if f.needed, err = d.texts("needed library", d.needed); err != nil {
		return err
	}
	if has(elf.DT_SONAME) {
		names, err := d.texts("soname", []uint64{d.value[elf.DT_SONAME]})
		if err != nil {
			return err
		}
		f.soname = names[0]
	}
	for _, path := range []struct {
		offsets []uint64
		to      *[]string
	}{{d.rpath, &f.rpath}, {d.runpath, &f.runpath}} {
		texts, err := d.texts("run path", path.offsets)
		if err != nil {
			return err
		}
		for _, text := range texts {
			*path.to = append(*path.to, strings.Split(text, ":")...)
		}
	}
	if err := f.readVersions(m, d); err != nil {
		return err
	}
	return f.readSymbols(m, d, wanted)
}

// dynamicSection reads the entries up to DT_NULL; nil where the file has none.
func (m *elfImage) dynamicSection() (*elfDynamic, error) {
	s, ok := m.segment(elf.PT_DYNAMIC)
	if !ok {
		return nil, nil
	}
	table, ok := m.memory(s.addr, s.fileSize)
	if !ok {
		return nil, errors.New("dynamic section is not in memory")
	}
	d := &elfDynamic{value: map[elf.DynTag]uint64{}}
	entry := m.size(8, 16)
	for n := 0; ; n++ {
		if uint64(len(table)) < entry || n == maxDynamic {
			return nil, fmt.Errorf("dynamic section has no end within its %d bytes and %d entries", s.fileSize, maxDynamic)
		}
		tag, value := elf.DynTag(m.word(table, 0, 0)), m.word(table, 4, 8)
		table = table[entry:]
		if tag == elf.DT_NULL {
			break
		}
		switch tag {
		case elf.DT_NEEDED:
			d.needed = append(d.needed, value)
		case elf.DT_RPATH:
			d.rpath = append(d.rpath, value)
		case elf.DT_RUNPATH:
			d.runpath = append(d.runpath, value)
		default:
			d.value[tag] = value // the loader, too, takes the last one
		}
	}
	switch paths := len(d.rpath) + len(d.runpath); {
	case len(d.needed) > maxNeeded:
		return nil, fmt.Errorf("needs %d libraries, wanted at most %d", len(d.needed), maxNeeded)
	case paths > maxRunPaths:
		return nil, fmt.Errorf("has %d run paths, wanted at most %d", paths, maxRunPaths)
	}
	if size, ok := d.value[elf.DT_STRSZ]; ok {
		if d.strings, ok = m.memory(d.value[elf.DT_STRTAB], size); !ok {
			return nil, errors.New("dynamic string table is not in memory")
		}
	}
	return d, nil
}

// texts returns the strings at the offsets.
func (d *elfDynamic) texts(what string, offsets []uint64) ([]string, error) {
	var list []string
	for _, off := range offsets {
		text, err := stringAt(d.strings, off)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		list = append(list, string(text))
	}
	return list, nil
}

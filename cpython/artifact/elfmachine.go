package artifact

import (
	"debug/elf"
	"strings"
)

// An elfMachine is an architecture as ELF files spell it, with the path of
// glibc's loader that every program for it names (glibc's wiki, "ABIList").
type elfMachine struct {
	arch    string // Go's name
	machine elf.Machine
	wide    bool // 64 bits
	big     bool // most significant byte first
	loader  string
	triplet string // names the folder of libraries on Debian and its kin
}

var elfMachines = []elfMachine{
	{"amd64", elf.EM_X86_64, true, false, "/lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"},
	{"arm64", elf.EM_AARCH64, true, false, "/lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"},
	{"386", elf.EM_386, false, false, "/lib/ld-linux.so.2", "i386-linux-gnu"},
	{"arm", elf.EM_ARM, false, false, "/lib/ld-linux-armhf.so.3", "arm-linux-gnueabihf"},
	{"ppc64le", elf.EM_PPC64, true, false, "/lib64/ld64.so.2", "powerpc64le-linux-gnu"},
	{"riscv64", elf.EM_RISCV, true, false, "/lib/ld-linux-riscv64-lp64d.so.1", "riscv64-linux-gnu"},
	{"s390x", elf.EM_S390, true, true, "/lib/ld64.so.1", "s390x-linux-gnu"},
}

// elfMachineOf returns the description of an architecture by Go's name.
func elfMachineOf(arch string) (elfMachine, bool) {
	for _, m := range elfMachines {
		if m.arch == arch {
			return m, true
		}
	}
	return elfMachine{}, false
}

// The x86 properties of a .note.gnu.property (x86-64 psABI, "Program Property").
const (
	propertyNote  = 5          // NT_GNU_PROPERTY_TYPE_0
	x86ISANeeded  = 0xc0008002 // GNU_PROPERTY_X86_ISA_1_NEEDED
	x86ISAUsed    = 0xc0010002 // GNU_PROPERTY_X86_ISA_1_USED
	maxProperties = 1024
)

// readProperties reads the note that says which level of the x86-64
// instruction set the file needs. What is malformed counts as absent: the
// loader ignores it, too.
func (f *elfFile) readProperties(m *elfImage) {
	if m.machine != elf.EM_X86_64 && m.machine != elf.EM_386 {
		return
	}
	left := maxProperties
	for _, s := range m.segments {
		if s.kind != elf.PT_NOTE && s.kind != elf.PT_GNU_PROPERTY {
			continue
		}
		align := max(s.align, 4)
		if align != 4 && align != 8 {
			continue
		}
		notes, ok := m.memory(s.addr, s.fileSize)
		for ok && len(notes) >= 12 && left > 0 {
			left--
			nameSize, size := uint64(m.order.Uint32(notes)), uint64(m.order.Uint32(notes[4:]))
			begin := roundUp(12+nameSize, align)
			end := roundUp(begin+size, align)
			if begin+size > uint64(len(notes)) {
				break
			}
			if m.order.Uint32(notes[8:]) == propertyNote && string(notes[12:12+min(nameSize, 4)]) == "GNU\x00" {
				f.addProperties(m, notes[begin:begin+size], &left)
			}
			notes = notes[min(end, uint64(len(notes))):]
		}
	}
}

func (f *elfFile) addProperties(m *elfImage, table []byte, left *int) {
	for ; len(table) >= 8 && *left > 0; *left-- {
		kind, size := m.order.Uint32(table), uint64(m.order.Uint32(table[4:]))
		if size > uint64(len(table)-8) {
			return
		}
		if value := table[8 : 8+size]; len(value) == 4 {
			switch kind {
			case x86ISANeeded:
				f.isaNeeded |= m.order.Uint32(value)
			case x86ISAUsed:
				f.isaUsed |= m.order.Uint32(value)
			}
		}
		table = table[min(roundUp(8+size, m.size(4, 8)), uint64(len(table))):]
	}
}

func roundUp(n, align uint64) uint64 { return (n + align - 1) / align * align }

// isaLevel returns the level of the x86-64 psABI that the bits of a note ask
// for: 0 for none, 1 for the baseline, up to 4.
func isaLevel(bits uint32) int {
	level := 0
	for n := range 4 { // GNU_PROPERTY_X86_ISA_1_BASELINE, _V2, _V3, _V4
		if bits&(1<<n) != 0 {
			level = n + 1
		}
	}
	return level
}

// levelNumber reads "v3" and "x86-64-v3" as 3. Everything else is the baseline.
func levelNumber(text string) int {
	switch strings.TrimPrefix(text, "x86-64-") {
	case "v2":
		return 2
	case "v3":
		return 3
	case "v4":
		return 4
	}
	return 1
}

// levelName returns the psABI's name of a level, as the compiler spells it.
func levelName(level int) string {
	if level < 2 {
		return "x86-64"
	}
	return "x86-64-v" + string(rune('0'+level))
}

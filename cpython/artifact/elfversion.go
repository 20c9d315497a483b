package artifact

import (
	"debug/elf"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// readVersions reads the versions of symbols that the file needs and defines
// (Linux Standard Base, "Symbol Versioning"). The loader follows the chain and
// not the counts, and so does this.
func (f *elfFile) readVersions(m *elfImage, d *elfDynamic) error {
	left := maxVersions
	if addr, ok := d.value[elf.DT_VERNEED]; ok {
		if err := f.readNeeds(m, d, m.memoryFrom(addr), &left); err != nil {
			return fmt.Errorf("needed versions: %w", err)
		}
	}
	if addr, ok := d.value[elf.DT_VERDEF]; ok {
		if err := f.readDefinitions(m, d, m.memoryFrom(addr), &left); err != nil {
			return fmt.Errorf("defined versions: %w", err)
		}
	}
	return nil
}

// walkVersions walks a list in which each entry says how far the next one is, with 0
// for the last. It calls do with what follows the begin of each entry.
func walkVersions(table []byte, size int, left *int, do func(entry []byte) (next uint32, err error)) error {
	for {
		if len(table) < size {
			return errors.New("an entry is not in memory")
		}
		if *left--; *left < 0 {
			return fmt.Errorf("more than %d", maxVersions)
		}
		next, err := do(table)
		if err != nil || next == 0 {
			return err
		}
		if uint64(next) > uint64(len(table)) {
			return errors.New("an entry is not in memory")
		}
		table = table[next:]
	}
}

// behind returns what lies off bytes behind the begin of an entry.
func behind(entry []byte, off uint32) []byte { return entry[min(uint64(off), uint64(len(entry))):] }

func (f *elfFile) readNeeds(m *elfImage, d *elfDynamic, table []byte, left *int) error {
	return walkVersions(table, 16, left, func(need []byte) (uint32, error) {
		library, err := stringAt(d.strings, uint64(m.order.Uint32(need[4:])))
		if err != nil {
			return 0, err
		}
		err = walkVersions(behind(need, m.order.Uint32(need[8:])), 16, left, func(aux []byte) (uint32, error) {
			version, err := stringAt(d.strings, uint64(m.order.Uint32(aux[8:])))
			if err == nil {
				f.addVersion(string(library), string(version))
			}
			return m.order.Uint32(aux[12:]), err
		})
		return m.order.Uint32(need[12:]), err
	})
}

func (f *elfFile) readDefinitions(m *elfImage, d *elfDynamic, table []byte, left *int) error {
	f.defined = map[string]string{}
	return walkVersions(table, 20, left, func(definition []byte) (uint32, error) {
		aux := behind(definition, m.order.Uint32(definition[12:]))
		if len(aux) < 8 {
			return 0, errors.New("a name is not in memory")
		}
		text, err := stringAt(d.strings, uint64(m.order.Uint32(aux)))
		if prefix, version, ok := splitVersion(string(text)); err == nil && ok {
			if compareNumbers(version, f.defined[prefix]) > 0 {
				f.defined[prefix] = version
			}
		}
		return m.order.Uint32(definition[16:]), err
	})
}

// addVersion keeps the highest version of each library and prefix.
func (f *elfFile) addVersion(library, text string) {
	prefix, version, ok := splitVersion(text)
	v := elfVersion{library, prefix, version}
	if !ok {
		if !slices.Contains(f.features, v) {
			f.features = append(f.features, v)
		}
		return
	}
	for i, old := range f.versions {
		if old.library == library && old.prefix == prefix {
			if compareNumbers(version, old.version) > 0 {
				f.versions[i] = v
			}
			return
		}
	}
	f.versions = append(f.versions, v)
}

// splitVersion splits "GLIBC_2.36" into prefix and number; ok is false where
// what follows the prefix is no number, as in GLIBC_PRIVATE.
func splitVersion(text string) (prefix, version string, ok bool) {
	if text == "GLIBC_ABI_DT_RELR" {
		return "GLIBC", "2.36", true // glibc's NEWS for 2.36: DT_RELR is supported from then on
	}
	at := strings.LastIndexByte(text, '_')
	if at < 0 {
		return text, "", false
	}
	if prefix, version = text[:at], text[at+1:]; version != "" && strings.Trim(version, "0123456789.") == "" {
		return prefix, version, true
	}
	prefix, version, _ = strings.Cut(text, "_")
	return prefix, version, false
}

// compareNumbers compares dotted numbers part by part: 2.4 is before 2.36, and
// an empty text before all.
func compareNumbers(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		if len(x) != len(y) {
			return len(x) - len(y)
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	return 0
}

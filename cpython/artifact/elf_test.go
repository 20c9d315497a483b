package artifact

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// fullSpec is a specification that uses everything.
func fullSpec(arch string) elfSpec {
	return elfSpec{
		Arch: arch, Soname: "libx.so.1", Needed: []string{"libc.so.6", "libssl.so.3"}, RPath: "$ORIGIN:$ORIGIN/..",
		Versions: map[string][]string{
			"libc.so.6":   {"GLIBC_2.4", "GLIBC_2.36", "GLIBC_2.2.5", "GLIBC_PRIVATE"},
			"libssl.so.3": {"OPENSSL_3.0.0"},
		},
		Defines: []string{"libx.so.1", "X_1.2", "X_1.10", "X_1.9"},
		Imports: []string{"puts", "__stack_chk_fail", "__memcpy_chk"}, Exports: []string{"first", "PyInit_x", "last"},
		ISA: 5, Sections: []string{".debug_info"},
	}
}

func TestReadELF(t *testing.T) {
	for _, m := range elfMachines {
		for _, sysv := range []bool{false, true} {
			spec := fullSpec(m.arch)
			if spec.SysVHash = sysv; sysv && m.arch == "s390x" {
				continue // has a hash table of its own kind
			}
			got, err := readELF("libx.so.1", spec.Bytes(), "PyInit_x", "puts", "absent", "last", "first")
			if err != nil {
				t.Errorf("%s: %v", m.arch, err)
				continue
			}
			want := &elfFile{
				machine: m.machine, kind: elf.ET_DYN, wide: m.wide, big: m.big,
				soname: "libx.so.1", needed: []string{"libc.so.6", "libssl.so.3"}, rpath: []string{"$ORIGIN", "$ORIGIN/.."},
				versions: []elfVersion{{"libc.so.6", "GLIBC", "2.36"}, {"libssl.so.3", "OPENSSL", "3.0.0"}},
				features: []elfVersion{{"libc.so.6", "GLIBC", "PRIVATE"}},
				defined:  map[string]string{"X": "1.10"}, exports: []string{"PyInit_x", "last", "first"},
				stackProtector: true, fortified: true, stack: true, relro: true, bindNow: true, dynamic: true, debug: true,
			}
			if m.machine == elf.EM_X86_64 || m.machine == elf.EM_386 {
				want.isaNeeded = 5
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s:\ngot  %+v\nwant %+v", m.arch, got, want)
			}
			if got.arch() != m.arch {
				t.Errorf("architecture %q, want %q", got.arch(), m.arch)
			}
		}
	}
}

func TestReadELFProgram(t *testing.T) {
	f, err := readELF("bin/x", elfSpec{Interpreter: "/lib64/ld-linux-x86-64.so.2", PIE: true, RunPath: "/a::b",
		ExecStack: true, NoRelro: true, TextRel: true, WriteExec: true, Imports: []string{"__stack_chk_fail"}}.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if !f.executable() || f.interpreter != "/lib64/ld-linux-x86-64.so.2" {
		t.Errorf("executable %v, interpreter %q", f.executable(), f.interpreter)
	}
	if !f.execStack || f.relro || !f.textRel || !f.writeExec {
		t.Errorf("hardening: %+v", f)
	}
	if want := []string{"/a", "", "b"}; !slices.Equal(f.runpath, want) {
		t.Errorf("runpath %q, want %q", f.runpath, want)
	}
	if !f.stackProtector {
		t.Error("an import was not found in a file without exports")
	}
	if f, err = readELF("x.o", elfSpec{Kind: elf.ET_REL, Sections: []string{".debug_line"}}.Bytes()); err != nil || f.linked() || !f.debug {
		t.Errorf("object file: %+v, %v", f, err)
	}
}

// realFiles are ELF files of the machine that the test runs on, if it has any.
func realFiles(t testing.TB) map[string][]byte {
	names := []string{"/bin/true", "/bin/sh"}
	for _, pattern := range []string{"/lib/*/libc.so.6", "/lib/*/libm.so.6", "/lib64/libc.so.6", "/usr/lib/*/libcrypto.so.3", "/usr/lib/*/libstdc++.so.6", "/lib64/ld-linux-*.so.*"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if data, err := os.ReadFile(name); err == nil && isELF(data) {
			files[name] = data
		}
	}
	return files
}

// TestReadELFAgrees compares with what debug/elf reads through the section headers.
func TestReadELFAgrees(t *testing.T) {
	files := realFiles(t)
	if len(files) == 0 {
		t.Skip("no ELF files on " + runtime.GOOS)
	}
	for name, data := range files {
		f, err := readELF(name, data)
		if err != nil {
			t.Error(err)
			continue
		}
		e, err := elf.NewFile(bytes.NewReader(data))
		if err != nil {
			t.Error(name, err)
			continue
		}
		needed, _ := e.ImportedLibraries()
		if !slices.Equal(f.needed, needed) {
			t.Errorf("%s: needs %q, debug/elf says %q", name, f.needed, needed)
		}
		if soname, _ := e.DynString(elf.DT_SONAME); strings.Join(soname, "") != f.soname {
			t.Errorf("%s: soname %q, debug/elf says %q", name, f.soname, soname)
		}
		symbols, _ := e.DynamicSymbols()
		protected, highest, exports := false, "", []string{}
		for _, s := range symbols {
			protected = protected || s.Name == "__stack_chk_fail" && s.Section == elf.SHN_UNDEF
			if version, ok := strings.CutPrefix(s.Version, "GLIBC_"); ok && s.Section == elf.SHN_UNDEF && s.Library == "libc.so.6" &&
				version != "PRIVATE" && compareNumbers(version, highest) > 0 {
				highest = version
			}
			if s.Section != elf.SHN_UNDEF && elf.ST_BIND(s.Info) != elf.STB_LOCAL && len(exports) < 200 {
				exports = append(exports, s.Name)
			}
		}
		if f.stackProtector != protected {
			t.Errorf("%s: stack protector %v, debug/elf says %v", name, f.stackProtector, protected)
		}
		for _, v := range f.versions {
			if v.library == "libc.so.6" && v.prefix == "GLIBC" && compareNumbers(v.version, highest) < 0 {
				t.Errorf("%s: needs %s, debug/elf says %s", name, v, highest)
			}
		}
		if f, err = readELF(name, data, exports...); err != nil || !slices.Equal(f.exports, exports) {
			t.Errorf("%s: %d of %d exports were found: %v", name, len(f.exports), len(exports), err)
		}
	}
}

// patched overwrites a part of a 64-bit file.
func patched(data []byte, at int, value any) []byte {
	data = bytes.Clone(data)
	if _, err := binary.Encode(data[at:], binary.LittleEndian, value); err != nil {
		panic(err)
	}
	return data
}

// segmentOf returns where the header of a segment of a 64-bit file begins.
func segmentOf(data []byte, kind elf.ProgType) int {
	for at := 64; ; at += 56 {
		if elf.ProgType(binary.LittleEndian.Uint32(data[at:])) == kind {
			return at
		}
	}
}

// dynamicOf returns where an entry of the dynamic section of a 64-bit file begins.
func dynamicOf(data []byte, tag elf.DynTag) int {
	for at := int(binary.LittleEndian.Uint64(data[segmentOf(data, elf.PT_DYNAMIC)+8:])); ; at += 16 {
		if elf.DynTag(binary.LittleEndian.Uint64(data[at:])) == tag {
			return at
		}
	}
}

func TestReadELFRefuses(t *testing.T) {
	good := fullSpec("").Bytes()
	sections := int(binary.LittleEndian.Uint64(good[40:]))
	verneed := int(binary.LittleEndian.Uint64(good[dynamicOf(good, elf.DT_VERNEED)+8:]))
	hash := int(binary.LittleEndian.Uint64(good[dynamicOf(good, elf.DT_GNU_HASH)+8:]))
	many := fullSpec("")
	many.Needed = slices.Repeat([]string{"libx.so"}, maxNeeded+1)
	for name, row := range map[string]struct {
		data []byte
		want string
	}{
		"empty":                        {nil, "not an ELF file"},
		"only the magic":               {[]byte(elf.ELFMAG), "not an ELF file"},
		"cut header":                   {good[:40], "cut off"},
		"class":                        {patched(good, 4, byte(3)), "class"},
		"byte order":                   {patched(good, 5, byte(9)), "byte order"},
		"version":                      {patched(good, 6, byte(2)), "version"},
		"segment count":                {patched(good, 56, uint16(0xffff)), "program headers"},
		"segment size":                 {patched(good, 54, uint16(8)), "program headers"},
		"segment table":                {patched(good, 32, ^uint64(0)), "outside of the file"},
		"section count":                {patched(good, 60, uint16(0xfff0)), "section headers"},
		"sections in section 0":        {patched(good, 60, uint16(0)), "sections"},
		"section table":                {patched(good, 40, ^uint64(0)-7), "outside of the file"},
		"section names":                {patched(good, 62, uint16(77)), "in no section"},
		"section names are elsewhere":  {patched(good, sections+64+24, uint64(1<<60)), "outside of the file"},
		"a section name":               {patched(good, sections+64, uint32(1<<30)), "section name"},
		"segment beyond the file":      {patched(good, segmentOf(good, elf.PT_LOAD)+32, uint64(1<<40)), "outside of the file"},
		"segment wraps around":         {patched(good, segmentOf(good, elf.PT_LOAD)+40, ^uint64(0)), ""},
		"dynamic is not in memory":     {patched(good, segmentOf(good, elf.PT_DYNAMIC)+16, uint64(1<<40)), "not in memory"},
		"two dynamic sections":         {patched(good, segmentOf(good, elf.PT_NOTE), uint32(elf.PT_DYNAMIC)), "two segments"},
		"overlapping segments":         {patched(good, segmentOf(good, elf.PT_NOTE), uint32(elf.PT_LOAD)), "share a page"},
		"dynamic without an end":       {patched(good, segmentOf(good, elf.PT_DYNAMIC)+32, uint64(16)), "no end"},
		"a soname out of the strings":  {patched(good, dynamicOf(good, elf.DT_SONAME)+8, uint64(1<<40)), "soname"},
		"a library out of the strings": {patched(good, dynamicOf(good, elf.DT_NEEDED)+8, ^uint64(0)), "needed library"},
		"a run path":                   {patched(good, dynamicOf(good, elf.DT_RPATH)+8, ^uint64(0)), "run path"},
		"strings out of memory":        {patched(good, dynamicOf(good, elf.DT_STRSZ)+8, uint64(1<<40)), "string table"},
		"too many libraries":           {many.Bytes(), "wanted at most"},
		"versions out of memory":       {patched(good, dynamicOf(good, elf.DT_VERNEED)+8, uint64(1<<50)), "needed versions"},
		"version chain jumps":          {patched(good, verneed+12, uint32(0xfffffff0)), "needed versions"},
		"version name":                 {patched(good, verneed+16+8, uint32(0xfffffff0)), "needed versions"},
		"definitions out of memory":    {patched(good, dynamicOf(good, elf.DT_VERDEF)+8, uint64(1<<50)), "defined versions"},
		"hash out of memory":           {patched(good, dynamicOf(good, elf.DT_GNU_HASH)+8, uint64(1<<50)), "hash table"},
		"hash with a huge filter":      {patched(good, hash+8, ^uint32(0)), "hash table"},
		"hash with huge buckets":       {patched(good, hash, ^uint32(0)), "hash table"},
		"four milliard imports":        {patched(good, hash+4, ^uint32(0)), "symbols"},
		"more imports than symbols":    {patched(good, hash+4, uint32(1<<19)), "string table"},
		"symbols out of memory":        {patched(good, dynamicOf(good, elf.DT_SYMTAB)+8, uint64(1<<50)), "symbol"},
	} {
		f, err := readELF("x.so", row.data, "PyInit_x")
		if err == nil {
			if row.want != "" {
				t.Errorf("%s: accepted: %+v", name, f)
			}
		} else if !strings.Contains(err.Error(), row.want) || !strings.HasPrefix(err.Error(), "x.so: ") || strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

// TestReadELFTime bounds what files cost that were made to cost much.
func TestReadELFTime(t *testing.T) {
	manyVersions := elfSpec{Versions: map[string][]string{"libc.so.6": nil}}
	for n := range maxVersions - 2 {
		manyVersions.Versions["libc.so.6"] = append(manyVersions.Versions["libc.so.6"], strings.Repeat("x", n%50)+"_"+strings.Repeat("1", 1+n/50))
	}
	long := elfSpec{Soname: strings.Repeat("x", maxString+1)}
	endless := elfSpec{Versions: map[string][]string{"libc.so.6": {"GLIBC_2.36"}}}.Bytes()
	verneed := int(binary.LittleEndian.Uint64(endless[dynamicOf(endless, elf.DT_VERNEED)+8:]))
	endless = patched(endless, verneed+12, uint32(1)) // each entry one byte after the other, to the end
	padded := append(bytes.Clone(endless), make([]byte, 8<<20)...)
	for name, data := range map[string][]byte{"versions": manyVersions.Bytes(), "long name": long.Bytes(), "endless": endless, "padded": padded} {
		start := time.Now()
		_, err := readELF("x.so", data)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v (%v)", name, took, err)
		}
	}
}

// TestReadELFFlipped reads files with every byte changed in turn.
func TestReadELFFlipped(t *testing.T) {
	for _, arch := range []string{"amd64", "arm", "s390x"} {
		data := fullSpec(arch).Bytes()
		for at := range data {
			for _, value := range []byte{0, 0xff, data[at] ^ 1, data[at] ^ 0x80} {
				old := data[at]
				data[at] = value
				if _, err := readELF("x.so", data, "PyInit_x"); err != nil && strings.Contains(err.Error(), "cannot be read") {
					t.Fatalf("%s, byte %d set to %#x: %v", arch, at, value, err)
				}
				data[at] = old
			}
		}
	}
}

func FuzzELF(f *testing.F) {
	for _, m := range elfMachines {
		f.Add(fullSpec(m.arch).Bytes())
	}
	f.Add(elfSpec{Interpreter: "/lib64/ld-linux-x86-64.so.2", SysVHash: true, RunPath: "/a:b"}.Bytes())
	f.Add(elfSpec{Kind: elf.ET_REL}.Bytes())
	for name, data := range realFiles(f) {
		if len(data) < 1<<16 {
			f.Add(data)
		}
		f.Logf("seed %s, %d bytes", name, len(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := readELF("lib/lib-dynload/x.so", data, "PyInit_x", "Py_Initialize")
		if (file == nil) == (err == nil) {
			t.Fatalf("file %v, error %v", file, err)
		}
		if err != nil && strings.Contains(err.Error(), "cannot be read") {
			t.Fatal(err) // a panic was caught
		}
		if len(leaks(data)) > 3*len(leakMarkers) {
			t.Error("too many leaks")
		}
		tree := newTree()
		tree.add("lib/lib-dynload/x.so", data)
		tree.check()
		computeRequirements(tree)
	})
}

func TestCompareNumbers(t *testing.T) {
	sorted := []string{"", "2", "2.2.5", "2.4", "2.17", "2.36", "2.36.1", "2.100", "3", "10", "123456789012345678901"}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := compareNumbers(a, b); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("compare %q with %q: %d", a, b, got)
			}
		}
	}
}

func TestSplitVersion(t *testing.T) {
	for text, want := range map[string][3]string{
		"GLIBC_2.36": {"GLIBC", "2.36", "true"}, "CXXABI_1.3.13": {"CXXABI", "1.3.13", "true"}, "GLIBC_PRIVATE": {"GLIBC", "PRIVATE", ""},
		"CXXABI_TM_1": {"CXXABI_TM", "1", "true"}, "GLIBC_ABI_DT_RELR": {"GLIBC", "2.36", "true"}, "GLIBC_ABI_NEW": {"GLIBC", "ABI_NEW", ""},
		"libc.so.6": {"libc.so.6", "", ""}, "LIBFFI_BASE_8.0": {"LIBFFI_BASE", "8.0", "true"}, "GLIBC_": {"GLIBC", "", ""},
	} {
		prefix, version, ok := splitVersion(text)
		if prefix != want[0] || version != want[1] || ok != (want[2] == "true") {
			t.Errorf("%s: %q, %q, %v", text, prefix, version, ok)
		}
	}
}

func TestLeaks(t *testing.T) {
	data := []byte("\x00\x01/home/joe/src/x.c\x00 /tmp/cpython-prebuilt-build7/src\x00/vagrant\x00" + strings.Repeat("/root/x\x00", 9))
	got := leaks(data)
	want := []string{"/home/joe/src/x.c", "/root/x", "/vagrant", "/tmp/cpython-prebuilt-build7/src"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := leaks([]byte("/opt/python-3.13.5/lib")); got != nil {
		t.Errorf("got %q, want none", got)
	}
	if got := leaks(bytes.Repeat([]byte("/home/"), 1000)); len(got) > 3 || len(got[0]) > 200 {
		t.Errorf("got %q", got)
	}
}

var errBroken = errors.New("broken")

func BenchmarkReadELF(b *testing.B) {
	for name, data := range realFiles(b) {
		b.Run(filepath.Base(name), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := readELF(name, data, "Py_Initialize"); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("leaks/"+filepath.Base(name), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				leaks(data)
			}
		})
	}
}

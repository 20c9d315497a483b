package artifact

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

var (
	forDebian12 = cpython.Platform{OS: "debian12", Arch: "amd64"}
	someNeeds   = Requirements{Interpreter: loader64, Symbols: map[string]string{"GLIBC": "2.36"}, Sonames: []string{"libssl.so.3"}}
)

// A fakeRoot is the root of a system with fake libraries.
type fakeRoot struct {
	t   *testing.T
	dir string
}

func (r fakeRoot) write(name, text string) {
	r.t.Helper()
	full := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o755); err != nil {
		r.t.Fatal(err)
	}
}

func (r fakeRoot) elf(name string, spec elfSpec) { r.write(name, string(spec.Bytes())) }

func (r fakeRoot) link(name, target string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Join(r.dir, filepath.Dir(filepath.FromSlash(name))), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Symlink(target, filepath.Join(r.dir, filepath.FromSlash(name))); err != nil {
		r.t.Skip("no symbolic links here:", err)
	}
}

// debian makes a root in the layout of Debian since 11: /lib is a link.
func debian(t *testing.T, glibc string) fakeRoot {
	r := fakeRoot{t, t.TempDir()}
	r.write("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\n")
	r.write("usr/bin/apt-get", "")
	r.link("lib", "usr/lib")
	r.link("lib64", "/usr/lib64")
	r.elf("usr/lib/x86_64-linux-gnu/libc.so.6", elfSpec{Soname: "libc.so.6", Defines: []string{"libc.so.6", "GLIBC_2.2.5", "GLIBC_" + glibc, "GLIBC_PRIVATE"}})
	r.elf("usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", elfSpec{Soname: "ld-linux-x86-64.so.2"})
	r.link("usr/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")
	r.elf("usr/lib/x86_64-linux-gnu/libssl.so.3.0", elfSpec{Soname: "libssl.so.3"})
	r.link("usr/lib/x86_64-linux-gnu/libssl.so.3", "libssl.so.3.0")
	r.elf("usr/bin/dash", elfSpec{Interpreter: loader64, PIE: true})
	r.link("bin", "usr/bin")
	r.link("usr/bin/sh", "dash")
	return r
}

// fedora makes a root in the layout of Fedora.
func fedora(t *testing.T) fakeRoot {
	r := fakeRoot{t, t.TempDir()}
	r.write("usr/lib/os-release", "PRETTY_NAME='Rocky Linux 9'\nID=rocky\nID_LIKE=\"rhel centos fedora\"\n")
	r.write("usr/bin/dnf", "")
	r.link("lib64", "usr/lib64")
	r.elf("usr/lib64/libc.so.6", elfSpec{Soname: "libc.so.6", Defines: []string{"GLIBC_2.34"}, Tail: "GNU C Library (GNU libc) stable release version 2.36.\n"})
	r.elf("usr/lib64/ld-linux-x86-64.so.2", elfSpec{})
	return r
}

// cacheText is an ld.so.cache of names and paths, after a table of the old form.
func cacheText(order binary.AppendByteOrder, flags byte, pairs ...string) string {
	const entry, header = 24, 48
	out := append([]byte("glibc-ld.so.cache1.1"), order.AppendUint32(nil, uint32(len(pairs)/2))...)
	out = append(out, 0, 0, 0, 0, flags)
	out = append(out, make([]byte, header-len(out))...)
	var text []byte
	at := func(s string) uint32 {
		n := header + entry*len(pairs)/2 + len(text)
		text = append(append(text, s...), 0)
		return uint32(n)
	}
	for pair := range slices.Chunk(pairs, 2) {
		out = order.AppendUint32(out, 0x0303)
		out = order.AppendUint32(out, at(pair[0]))
		out = order.AppendUint32(out, at(pair[1]))
		out = append(out, make([]byte, 12)...)
	}
	return "ld.so-1.7.0\x00\x00\x00\x00\x00" + string(out) + string(text)
}

func TestPreflight(t *testing.T) {
	const noFix = "no package brings a newer glibc"
	for name, row := range map[string]struct {
		root     func(*testing.T) fakeRoot
		req      func(*Requirements)
		platform cpython.Platform
		id       string // of the finding that is wanted; empty is a report that is OK
		subject  string
		message  string // all that the finding says
		fix      string // begins so
	}{
		"all is there":      {root: func(t *testing.T) fakeRoot { return debian(t, "2.36") }},
		"newer":             {root: func(t *testing.T) fakeRoot { return debian(t, "2.41") }},
		"the banner counts": {root: fedora, req: func(r *Requirements) { r.Sonames = nil }},
		"old glibc": {root: func(t *testing.T) fakeRoot { return debian(t, "2.31") }, id: "glibc",
			message: "needs glibc 2.36 or newer, this container has 2.31", fix: noFix + ": use a newer image, such as debian:12-slim, or an artifact"},
		"missing library, apt": {root: func(t *testing.T) fakeRoot { return debian(t, "2.36") }, req: func(r *Requirements) { r.Sonames = []string{"libffi.so.8", "libssl.so.3"} },
			id: "library", subject: "libffi.so.8", message: "needs libffi.so.8, which this container does not have", fix: "apt-get install -y libffi8 (in Debian 12"},
		"missing library, dnf": {root: fedora, id: "library", subject: "libssl.so.3", message: "needs libssl.so.3, which this container does not have", fix: "dnf install -y openssl-libs"},
		"another name on Fedora": {root: fedora, req: func(r *Requirements) { r.Sonames = []string{"libbz2.so.1.0"} },
			id: "library", subject: "libbz2.so.1.0", message: "needs libbz2.so.1.0, which this container does not have", fix: "no package here has it (Debian and Ubuntu; elsewhere the library is called libbz2.so.1)"},
		"unknown to us, dnf": {root: fedora, req: func(r *Requirements) { r.Sonames = []string{"libodd.so.4"} },
			id: "library", subject: "libodd.so.4", message: "needs libodd.so.4, which this container does not have", fix: "dnf install -y 'libodd.so.4()(64bit)'"},
		"unknown to us, apt": {root: func(t *testing.T) fakeRoot { return debian(t, "2.36") }, req: func(r *Requirements) { r.Sonames = []string{"libodd.so.4"} },
			id: "library", subject: "libodd.so.4", message: "needs libodd.so.4, which this container does not have", fix: "find its package with: apt-file search libodd.so.4"},
		"apk with glibc": {root: func(t *testing.T) fakeRoot {
			r := debian(t, "2.36")
			r.write("etc/os-release", "ID=wolfi\n")
			r.write("sbin/apk", "")
			return r
		}, req: func(r *Requirements) { r.Sonames = []string{"libz.so.1"} },
			id: "library", subject: "libz.so.1", message: "needs libz.so.1, which this container does not have", fix: "apk add so:libz.so.1"},
		"no package manager": {root: func(t *testing.T) fakeRoot {
			r := debian(t, "2.36")
			if err := os.Remove(filepath.Join(r.dir, "usr", "bin", "apt-get")); err != nil {
				t.Fatal(err)
			}
			return r
		}, req: func(r *Requirements) { r.Sonames = []string{"libz.so.1"} },
			id: "library", subject: "libz.so.1", message: "needs libz.so.1, which this container does not have", fix: "put the package zlib1g into the image"},
		"library of another architecture": {root: func(t *testing.T) fakeRoot {
			r := debian(t, "2.36")
			r.elf("usr/lib/x86_64-linux-gnu/libz.so.1", elfSpec{Arch: "386"})
			return r
		}, req: func(r *Requirements) { r.Sonames = []string{"libz.so.1"} },
			id: "library", subject: "libz.so.1", message: "needs libz.so.1, which this container does not have", fix: "apt-get install -y zlib1g"},
		"library in the cache only": {root: func(t *testing.T) fakeRoot {
			r := debian(t, "2.36")
			r.elf("opt/z/libz.so.1", elfSpec{})
			r.write("etc/ld.so.cache", cacheText(binary.LittleEndian, 2, "liba.so", "/lib/liba.so", "libz.so.1", "/gone/libz.so.1", "libz.so.1", "/opt/z/libz.so.1"))
			return r
		}, req: func(r *Requirements) { r.Sonames = []string{"libz.so.1"} }},
		"old libstdc++": {root: func(t *testing.T) fakeRoot {
			r := debian(t, "2.36")
			r.elf("usr/lib/x86_64-linux-gnu/libstdc++.so.6", elfSpec{Defines: []string{"GLIBCXX_3.4.9", "GLIBCXX_3.4.28", "CXXABI_1.3.12"}})
			return r
		}, req: func(r *Requirements) { r.Symbols = map[string]string{"GLIBCXX": "3.4.30", "CXXABI": "1.3.8"} },
			id: "symbols", subject: "libstdc++.so.6", message: "needs GLIBCXX_3.4.30 or newer, libstdc++.so.6 of this container has 3.4.28", fix: "use a newer image"},
		"another loader": {root: func(t *testing.T) fakeRoot { return debian(t, "2.36") }, req: func(r *Requirements) { r.Interpreter = "/lib/ld64.so.9" },
			id: "loader", message: "needs the loader /lib/ld64.so.9, which this container does not have", fix: "use an image with glibc"},
		"another architecture": {root: func(t *testing.T) fakeRoot { return debian(t, "2.36") }, platform: cpython.Platform{OS: "debian12", Arch: "arm64"},
			id: "architecture", message: "is built for arm64, this container is amd64", fix: "use the artifact for amd64"},
		"musl": {root: func(t *testing.T) fakeRoot {
			r := fakeRoot{t, t.TempDir()}
			r.write("etc/os-release", "PRETTY_NAME=\"Alpine Linux v3.20\"\nID=alpine\n")
			r.elf("lib/ld-musl-x86_64.so.1", elfSpec{})
			r.link("lib/libc.so.6", "ld-musl-x86_64.so.1") // gcompat
			r.elf("bin/busybox", elfSpec{Interpreter: "/lib/ld-musl-x86_64.so.1", PIE: true})
			return r
		}, id: "libc", message: "needs glibc, this container (Alpine Linux v3.20) has musl, which is not supported", fix: "use an image with glibc, such as debian:12-slim"},
		"from scratch": {root: func(t *testing.T) fakeRoot { return fakeRoot{t, t.TempDir()} },
			id: "libc", message: "needs glibc, this container has no C library", fix: "use an image with glibc"},
		"processor unknown": {root: func(t *testing.T) fakeRoot { return debian(t, "2.36") }, req: func(r *Requirements) { r.ISA = "x86-64-v3" }},
	} {
		t.Run(name, func(t *testing.T) {
			req, platform := someNeeds, forDebian12
			if row.req != nil {
				row.req(&req)
			}
			if row.platform != (cpython.Platform{}) {
				platform = row.platform
			}
			report, err := Preflight(req, platform, row.root(t).dir)
			if err != nil {
				t.Fatal(err)
			}
			var failed []cpython.Finding
			for _, f := range report.Findings {
				if f.Status == cpython.Fail {
					failed = append(failed, f)
				}
			}
			if row.id == "" {
				if !report.OK() {
					t.Errorf("failed: %+v", failed)
				}
				return
			}
			if len(failed) != 1 {
				t.Fatalf("%d failed, want 1: %+v", len(failed), failed)
			}
			if f := failed[0]; f.ID != row.id || f.Subject != row.subject || f.Message != row.message || !strings.HasPrefix(f.Fix, row.fix) {
				t.Errorf("got  %+v\nwant %+v", f, row)
			}
		})
	}
}

func TestPreflightHere(t *testing.T) {
	if runtime.GOOS != "linux" {
		report, err := Preflight(someNeeds, forDebian12, "/")
		if err != nil || report.OK() {
			t.Errorf("%v, %v", report, err)
		}
		return
	}
	data, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Skip(err)
	}
	shell, err := readELF("bin/sh", data)
	if err != nil || shell.interpreter == "" || strings.Contains(shell.interpreter, "musl") {
		t.Skip("this system has no glibc")
	}
	platform, err := cpython.HostPlatform()
	if err != nil {
		t.Skip(err)
	}
	tree := &elfTree{info: BuildInfo{Ref: cpython.Ref{Platform: platform}}}
	tree.add("bin/sh", data)
	req := computeRequirements(tree)
	report, err := Preflight(req, platform, "/")
	if err != nil || !report.OK() {
		t.Errorf("the shell of this system does not run on it: %+v, %v", report, err)
	}
	t.Logf("%+v %+v", req, report)
	req.Symbols, req.Sonames = map[string]string{"GLIBC": "9.99"}, []string{"libabsent.so.1"}
	if report, err = Preflight(req, platform, "/"); err != nil || report.Count(cpython.Fail) != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestPreflightErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if report, err := Preflight(someNeeds, cpython.Platform{}, t.TempDir()); err == nil {
		t.Errorf("no platform: %+v", report)
	}
	for _, root := range []string{filepath.Join(t.TempDir(), "absent"), file} {
		if report, err := Preflight(someNeeds, forDebian12, root); err == nil {
			t.Errorf("%s: %+v", root, report)
		}
	}
}

func TestHostRootStaysInside(t *testing.T) {
	r := fakeRoot{t, t.TempDir()}
	r.write("etc/passwd", "inside")
	r.link("up", "../../../../../../etc/passwd")
	r.link("abs", "/etc/passwd")
	r.link("loop", "loop")
	r.link("far", "a/b")
	root := hostRoot(filepath.ToSlash(r.dir))
	for _, name := range []string{"/up", "/abs", "/etc/../../etc/passwd"} {
		if text, err := root.read(name, 100); err != nil || string(text) != "inside" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	for _, name := range []string{"/loop", "/far", "/etc"} {
		if text, err := root.read(name, 100); err == nil {
			t.Errorf("%s: %q", name, text)
		}
	}
	if _, err := root.read("/abs", 3); err == nil {
		t.Error("a file beyond the limit was read")
	}
}

func TestMissingFlags(t *testing.T) {
	v2 := "processor\t: 0\nflags\t\t: fpu cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3\n"
	v3 := strings.TrimSpace(v2) + " avx avx2 bmi1 bmi2 f16c fma abm movbe xsave\n"
	for _, row := range []struct {
		text  string
		level int
		want  int
	}{{v2, 2, 0}, {v2, 3, 9}, {v3, 3, 0}, {v3, 4, 5}, {"", 2, 7}} {
		if got := missingFlags(row.text, row.level); len(got) != row.want {
			t.Errorf("level %d: %v, want %d", row.level, got, row.want)
		}
	}
}

func TestLoaderCache(t *testing.T) {
	text := cacheText(binary.BigEndian, 3, "liba.so", "/x/liba.so", "libb.so", "/x/libb.so")
	if got := loaderCache(text).paths("libb.so"); !slices.Equal(got, []string{"/x/libb.so"}) {
		t.Errorf("%q", got)
	}
	for end := range text { // cut off anywhere, nothing breaks
		loaderCache(text[:end]).paths("libb.so")
	}
	if got := loaderCache(nil).paths("liba.so"); got != nil {
		t.Errorf("%q", got)
	}
}

func FuzzLoaderCache(f *testing.F) {
	f.Add([]byte(cacheText(binary.LittleEndian, 2, "liba.so", "/x/liba.so")))
	f.Add([]byte(cacheText(binary.BigEndian, 3, "liba.so", "/x/liba.so")))
	f.Fuzz(func(t *testing.T, data []byte) {
		if got := loaderCache(data).paths("liba.so"); len(got) > 64 {
			t.Errorf("%d paths", len(got))
		}
	})
}

// TestLibraryPackages looks for slips of the pen in the table.
func TestLibraryPackages(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range libraryPackages {
		if seen[p.soname] || p.apt == "" || p.dnf == "" || !strings.Contains(p.soname, ".so") || ofGlibc(p.soname) {
			t.Errorf("%+v", p)
		}
		seen[p.soname] = true
	}
	if f, err := readELF("x", bytes.Clone(elfSpec{Kind: elf.ET_DYN}.Bytes())); err != nil || f.executable() {
		t.Errorf("%+v, %v", f, err)
	}
}

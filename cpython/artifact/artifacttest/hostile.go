package artifacttest

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
)

// fileBreaks are pairs of files that do not belong together, or are no artifact.
func fileBreaks() []Break {
	sidecar := func(name string, change func(text, file string) string) Break {
		return Break{Name: "checksum file " + name, ID: "S01", File: func(t testing.TB, path string) string {
			text, err := os.ReadFile(path + cpython.SidecarSuffix)
			if err != nil {
				t.Fatal(err)
			}
			changed := change(string(text), filepath.Base(path))
			if err := os.WriteFile(path+cpython.SidecarSuffix, []byte(changed), 0o644); err != nil {
				t.Fatal(err)
			}
			return path
		}}
	}
	rename := func(name, to string) Break {
		return Break{Name: name, ID: "S02", File: func(t testing.TB, path string) string {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			path = filepath.Join(filepath.Dir(path), to)
			Store(t, path, content)
			return path
		}}
	}
	return []Break{
		{Name: "no checksum file", ID: "S01", File: func(t testing.TB, path string) string {
			if err := os.Remove(path + cpython.SidecarSuffix); err != nil {
				t.Fatal(err)
			}
			return path
		}},
		sidecar("is empty", func(string, string) string { return "" }),
		sidecar("is a web page", func(string, string) string { return "<!DOCTYPE html>\n<html></html>\n" }),
		sidecar("has upper-case digits", func(text, file string) string { return strings.ToUpper(text[:64]) + "  " + file + "\n" }),
		sidecar("has one space", func(text, file string) string { return text[:64] + " " + file + "\n" }),
		sidecar("names another file", func(text, _ string) string { return text[:66] + "other.tgz\n" }),
		sidecar("names a path", func(text, file string) string { return text[:66] + "./" + file + "\n" }),
		sidecar("has two lines", func(text, _ string) string { return text + text }),
		sidecar("has no newline", func(text, _ string) string { return strings.TrimSpace(text) }),
		sidecar("has a carriage return", func(text, _ string) string { return strings.TrimSpace(text) + "\r\n" }),
		sidecar("has another digest", func(_, file string) string { return strings.Repeat("0", 64) + "  " + file + "\n" }),
		rename("name of another version", "cpython-3.13.4-debian12-build1.tgz"),
		rename("name of another platform", "cpython-3.13.5-ubuntu20.04-build1.tgz"),
		rename("name of another build", "cpython-3.13.5-debian12-build2.tgz"),
		rename("name of a free-threaded build", "cpython-3.13.5t-debian12-build1.tgz"),
		rename("no artifact's name", "python.tgz"),
	}
}

// streamBreaks are files that are no whole gzip member, or no whole tar stream.
func streamBreaks() []Break {
	whole := func(name, id string, change func([]byte) []byte) Break {
		return Break{Name: name, ID: id, Bytes: change}
	}
	return []Break{
		whole("empty file", "S03", func([]byte) []byte { return nil }),
		whole("web page", "S03", func([]byte) []byte { return []byte("<!DOCTYPE html><html><body>404</body></html>") }),
		whole("pointer of Git LFS", "S03", func([]byte) []byte { return []byte("version https://git-lfs.github.com/spec/v1\n") }),
		whole("zeros", "S03", func(b []byte) []byte { return make([]byte, len(b)) }),
		whole("cut in the header", "S03", func(b []byte) []byte { return b[:20] }),
		whole("cut in the data", "S03", func(b []byte) []byte { return b[:len(b)/2] }),
		whole("cut in the trailer", "S03", func(b []byte) []byte { return b[:len(b)-3] }),
		whole("without the trailer", "S03", func(b []byte) []byte { return b[:len(b)-8] }),
		whole("wrong checksum", "S03", func(b []byte) []byte { b[len(b)-8] ^= 1; return b }),
		whole("wrong length", "S03", func(b []byte) []byte { b[len(b)-1] ^= 1; return b }),
		whole("bit flipped in the data", "S03", func(b []byte) []byte { b[len(b)-len(b)/4] ^= 4; return b }),
		whole("byte behind the end", "S03", func(b []byte) []byte { return append(b, 0) }),
		whole("second member", "S03", func(b []byte) []byte { return append(b, b...) }),
		whole("unknown flags", "S03", func(b []byte) []byte { b[3] |= 0x80; return b }),
		{Name: "no end of the tar stream", ID: "S03", Stream: func(s []byte) []byte { return s[:len(s)-1024] }},
		{Name: "one block of zeros", ID: "S03", Stream: func(s []byte) []byte { return s[:len(s)-512] }},
		{Name: "tar stream cut in an entry", ID: "S03", Stream: func(s []byte) []byte { return s[:1200] }},
		{Name: "something behind the tar stream", ID: "S03", Stream: func(s []byte) []byte { return append(s, bytes.Repeat([]byte("x"), 512)...) }},
		{Name: "header with a wrong checksum", ID: "S03", Stream: func(s []byte) []byte { s[1] ^= 1; return s }},
		{Name: "file of 8 GB", ID: "S04", Stream: func(s []byte) []byte { return append(claiming(8<<30-1), s...) }},
		{Name: "empty tar stream", ID: "S06", Stream: func([]byte) []byte { return make([]byte, 1024) }},
	}
}

// claiming returns the header of a file with so many bytes, and none of them.
func claiming(size int64) []byte {
	var out bytes.Buffer
	header := tar.Header{Name: "python-3.13.5/zz", Typeflag: tar.TypeReg, Mode: 0o644, Size: size, Format: tar.FormatUSTAR}
	if err := tar.NewWriter(&out).WriteHeader(&header); err != nil {
		panic(err) // such a header is valid
	}
	return out.Bytes()
}

// pathBreaks are archives that would write where they must not.
func pathBreaks() []Break {
	extra := func(name, path string, change func(*File)) Break {
		return Break{Name: name, ID: "S04", Entries: func(files []File) []File {
			return append(files, Like(files, path, change))
		}}
	}
	named := func(name, path string) Break {
		return extra(name, "zz", func(f *File) { f.Header.Name = path })
	}
	typed := func(name string, kind byte) Break {
		return extra(name, "zz", func(f *File) { f.Header.Typeflag, f.Body = kind, nil })
	}
	link := func(name string, kind byte, target string) Break {
		return extra(name, "zz", func(f *File) {
			f.Header.Typeflag, f.Header.Linkname, f.Header.Mode, f.Body = kind, target, 0o777, nil
		})
	}
	mode := func(name string, bits int64) Break {
		return extra(name, "zz", func(f *File) { f.Header.Mode |= bits })
	}
	return []Break{
		named("absolute path", "/etc/passwd"),
		named("path upwards", "python-3.13.5/../../etc/passwd"),
		named("path upwards at the front", "../etc/passwd"),
		named("path with a dot", "python-3.13.5/./zz"),
		named("path with an empty part", "python-3.13.5//zz"),
		named("path with a backslash", `python-3.13.5\..\zz`),
		named("path with a newline", "python-3.13.5/z\nz"),
		named("second root", "other/zz"),
		named("file beside the root", "zz"),
		named("path that is not UTF-8", "python-3.13.5/z\xff"),
		named("path that is too long", "python-3.13.5/"+strings.Repeat("z/", 600)+"z"),
		extra("file twice", "LICENSE", nil),
		extra("file twice but for case", "license", nil),
		extra("file below a file", "LICENSE/zz", nil),
		extra("file below a link", "bin/python3/zz", nil),
		typed("character device", tar.TypeChar),
		typed("block device", tar.TypeBlock),
		typed("FIFO", tar.TypeFifo),
		link("link to an absolute path", tar.TypeSymlink, "/etc/passwd"),
		link("link out of the tree", tar.TypeSymlink, "../zz"),
		link("link out of the tree and back", tar.TypeSymlink, "bin/../../python-3.13.5/LICENSE"),
		link("link to nothing", tar.TypeSymlink, "nothing"),
		link("link to itself", tar.TypeSymlink, "zz"),
		link("link through a file", tar.TypeSymlink, "LICENSE/zz"),
		link("hard link", tar.TypeLink, "python-3.13.5/LICENSE"),
		link("hard link out of the tree", tar.TypeLink, "../etc/passwd"),
		mode("setuid", 0o4000), mode("setgid", 0o2000), mode("sticky", 0o1000), mode("world-writable", 0o002),
		extra("GNU long name", "zz", func(f *File) {
			f.Header.Name += strings.Repeat("z", 200)
			f.Header.Format = tar.FormatGNU
		}),
		extra("extended header with a time", "zz", func(f *File) {
			f.Header.PAXRecords = map[string]string{"SCHILY.xattr.user.x": "y"}
			f.Header.Format = tar.FormatPAX
		}),
		extra("global extended header", "zz", func(f *File) {
			f.Header = tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"path": "zz"}}
			f.Body = nil
		}),
	}
}

// canonicalBreaks are archives with another form than the one that Pack writes.
func canonicalBreaks() []Break {
	last := func(name string, change func(*tar.Header)) Break {
		return Break{Name: name, ID: "S05", Entries: func(files []File) []File {
			change(&files[len(files)-1].Header)
			return files
		}}
	}
	return []Break{
		last("another time", func(h *tar.Header) { h.ModTime = h.ModTime.AddDate(0, 0, 1) }),
		last("an owner", func(h *tar.Header) { h.Uid = 1000 }),
		last("the name of an owner", func(h *tar.Header) { h.Uname = "root" }),
		last("another mode", func(h *tar.Header) { h.Mode = 0o600 }),
		last("GNU header", func(h *tar.Header) { h.Format = tar.FormatGNU }),
		{Name: "another order", ID: "S05", Entries: func(files []File) []File {
			slices.Reverse(files[len(files)-3:])
			return files
		}},
		{Name: "no root folder", ID: "S05", Entries: func(files []File) []File { return slices.Delete(files, 1, 2) }},
		{Name: "zeros behind the tar stream", ID: "S05", Stream: func(s []byte) []byte { return append(s, make([]byte, 8192)...) }},
		{Name: "time in the gzip header", ID: "S05", Bytes: func(b []byte) []byte { b[4] = 1; return b }},
		{Name: "name in the gzip header", ID: "S05", Bytes: func(b []byte) []byte {
			n := 12 + int(binary.LittleEndian.Uint16(b[10:]))
			b[3] |= 1 << 3
			return slices.Insert(b, n, []byte("cpython.tar\x00")...)
		}},
		{Name: "foreign extra field", ID: "S05", Bytes: func(b []byte) []byte { b[12] = 'X'; return b }},
	}
}

// infoBreaks are archives that say something about themselves that is not so.
func infoBreaks() []Break {
	text := func(name, old, new string) Break {
		return Break{Name: name, ID: "S06", Entries: func(files []File) []File {
			files[0].Body = []byte(strings.Replace(string(files[0].Body), old, new, 1))
			return files
		}}
	}
	return []Break{
		{Name: "no build-info", ID: "S06", Entries: func(files []File) []File { return files[1:] }},
		{Name: "build-info is not the first", ID: "S06", Entries: func(files []File) []File { return append(files[1:], files[0]) }},
		text("build-info is no JSON", "{", "["),
		text("build-info of another schema", `"schema": 1`, `"schema": 2`),
		text("build-info with an unknown key", `"schema": 1`, `"schema": 1, "more": 1`),
		text("build-info with a repeated key", `"schema": 1`, `"schema": 1, "schema": 1`),
		text("build-info with another spelling of a key", `"inputs"`, `"Inputs"`),
		text("build-info without a valid date", "2025-06-11", "1970-06-11"),
		text("build-info without a digest", strings.Repeat("5", 64), "5"),
		{Name: "a file that build-info does not name", ID: "S06", Entries: func(files []File) []File {
			return append(files, Like(files, "zz", nil))
		}},
		{Name: "a file that is not there", ID: "S06", Entries: func(files []File) []File {
			return slices.DeleteFunc(files, func(f File) bool { return strings.HasSuffix(f.Header.Name, "/os.py") })
		}},
		{Name: "a file that was changed", ID: "S06", Entries: func(files []File) []File {
			i := slices.IndexFunc(files, func(f File) bool { return strings.HasSuffix(f.Header.Name, "/os.py") })
			files[i].Body = []byte("name = 'evil'\n")
			return files
		}},
		{Name: "a link that was changed", ID: "S06", Entries: func(files []File) []File {
			i := slices.IndexFunc(files, func(f File) bool { return strings.HasSuffix(f.Header.Name, "/bin/python3") })
			files[i].Header.Linkname = "pip3"
			return files
		}},
		{Name: "a required module that is not there", ID: "S09", Info: func(info *artifact.BuildInfo) {
			info.Recipe.RequiredModules = append(info.Recipe.RequiredModules, "_zstd")
		}},
		{Name: "another state of a module", ID: "S09", Info: func(info *artifact.BuildInfo) { info.Modules["_ssl"] = "builtin" }},
	}
}

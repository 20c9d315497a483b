package fetch_test

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
)

// original writes content to a file outside of any cache.
func original(t *testing.T) string {
	t.Helper()
	return write(t, filepath.Join(t.TempDir(), "a file 100% [original].tgz"), content)
}

func write(t *testing.T, name string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func fileURL(path string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/folder
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

func TestFetchLocal(t *testing.T) {
	t.Parallel()
	name := original(t)
	for _, test := range []struct{ name, origin string }{
		{"path", name},
		{"URL", fileURL(name)},
		{"URL with a host", strings.Replace(fileURL(name), "file:///", "file://localhost/", 1)},
		{"URL with one slash", strings.Replace(fileURL(name), "file:///", "FILE:/", 1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := quick(t)
			var last fetch.Progress
			f.Progress = func(p fetch.Progress) { last = p }
			path := mustFetch(t, f, sized(0, test.origin))
			if path == name {
				t.Error("handed out the original")
			}
			if want := int64(len(content)); last.Origin != name || last.Done != want || last.Total != want {
				t.Errorf("last progress is %+v, want %d bytes of %s", last, want, name)
			}
		})
	}
	for _, test := range []struct {
		name, origin string
		size         int64
		says         string
	}{
		{"missing", name + "x", 0, name + "x: "},
		{"a folder", filepath.Dir(name), 0, "is a folder"},
		{"another size", name, 5, "has 1120000 bytes, wanted 5"},
		{"too large", name, 0, "more than the 1000 that are accepted"},
		{"another file", write(t, filepath.Join(t.TempDir(), "x"), []byte("x")), 0, "wrong content: sha256 is " + digest([]byte("x"))},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := quick(t)
			f.MaxSize = 1000
			mustFail(t, t.Context(), f, sized(test.size, test.origin), test.says)
		})
	}
}

func TestFetchFromCache(t *testing.T) {
	t.Parallel()
	server := serve(t, good)
	f := quick(t)
	path := mustFetch(t, f, wanted(server.URL))
	if again := mustFetch(t, f, sized(0, "/nonexistent")); again != path {
		t.Errorf("the second time the path is %s, want %s", again, path)
	}
	for name, damage := range map[string][]byte{
		"same size": append([]byte("X"), content[1:]...), "shorter": content[:5], "empty": nil,
	} {
		write(t, path, damage)
		before := server.requests.Load()
		mustFetch(t, f, wanted(server.URL))
		if got := server.requests.Load() - before; got != 1 {
			t.Errorf("%s: fetched %d times, want 1", name, got)
		}
	}
	write(t, path, []byte("damaged"))
	if got, err := f.Fetch(t.Context(), sized(0, "/nonexistent")); err == nil {
		t.Errorf("returned the damaged %s", got)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o044 == 0 {
		t.Errorf("mode is %v (%v), want one that others can read", info.Mode(), err)
	}
}

func TestFetchFromReadOnlyCache(t *testing.T) {
	t.Parallel()
	f := quick(t)
	mustFetch(t, f, wanted(original(t)))
	lock := filepath.Join(f.Cache, digest(content)+".lock")
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	mustFetch(t, f, wanted("/nonexistent"))
	if _, err := os.Stat(lock); err == nil {
		t.Error("wrote a lock file for a file that was there")
	}
}

func TestFetchCacheThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	t.Run("a file", func(t *testing.T) {
		f := quick(t)
		f.Cache = original(t)
		err := mustFail(t, t.Context(), f, wanted("/x"), "cache "+f.Cache+" cannot be written")
		var all *fetch.Error
		if !errors.As(err, &all) || all.Stopped == nil || len(all.Origins) != 0 {
			t.Errorf("error is %+v, want a *fetch.Error that was stopped", err)
		}
	})
	t.Run("a folder in place of the file", func(t *testing.T) {
		f := quick(t)
		write(t, filepath.Join(f.Cache, digest(content), "x"), nil)
		server := serve(t, good)
		if path, err := f.Fetch(t.Context(), wanted(server.URL, server.URL)); err == nil {
			t.Errorf("returned %s", path)
		}
		noParts(t, f.Cache)
		if got := server.requests.Load(); got != 1 {
			t.Errorf("asked %d times, but no origin can help", got)
		}
	})
	t.Run("no permission", func(t *testing.T) {
		if runtime.GOOS == "windows" || os.Geteuid() == 0 {
			t.Skip("root and Windows write into folders of mode 0555")
		}
		f := quick(t)
		if err := os.Mkdir(f.Cache, 0o555); err != nil {
			t.Fatal(err)
		}
		err := mustFail(t, t.Context(), f, wanted(original(t)), "cannot be written")
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("error is %v, want fs.ErrPermission", err)
		}
	})
}

func TestFetchRefusesAllAtOnce(t *testing.T) {
	err := mustFail(t, t.Context(), fetch.Fetcher{}, fetch.File{SHA256: "abc", Size: -1},
		"fetch sha256 abc", `sha256 "abc": wanted 64`, "size is -1", "no origin is given", "Cache is needed")
	var text *cpython.ParseError
	if !errors.As(err, &text) || text.Kind != "sha256" {
		t.Errorf("error is %v, want a *cpython.ParseError", err)
	}
	for _, bad := range []string{"", strings.ToUpper(digest(content)), digest(content)[1:], digest(content) + "0", "../" + digest(content)[3:], digest(content)[:63] + "\n"} {
		f := wanted("/x")
		f.SHA256 = bad
		if err := f.Validate(); err == nil {
			t.Errorf("accepted the digest %q", bad)
		}
	}
	for origin, says := range map[string]string{
		"":                                 "origin 1: is empty",
		"ftp://host/x":                     "begins with ftp:, wanted https:",
		"https:///x":                       "names no host",
		"https://user:secret%zz@host/":     "not a valid URL",
		"https://user:sec/ret@host:port/":  "not a valid URL",
		"http://user:secret@host/x?secret": "http://host/x: user and password would be sent over plain http",
		"file://host/x":                    "is a file of the host host",
		"file:x":                           "without an absolute path",
	} {
		err := wanted(origin).Validate()
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "sec") {
			t.Errorf("origin %q: error is %v, want one that says %q and no secret", origin, err, says)
		}
	}
	if err := wanted("https://user:secret@host/x", "http://host", "./a", `C:\a`, "/a://b", "file:///a").Validate(); err != nil {
		t.Errorf("good origins: %v", err)
	}
}

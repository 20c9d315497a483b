package artifact

import (
	"runtime"
	"testing"
)

// InstallRoot returns the root of a system that the artifacts of artifacttest
// run on, whatever this one is.
func InstallRoot(t *testing.T) string {
	t.Helper()
	if runtime.GOARCH == "arm64" {
		if runtime.GOOS != "linux" {
			t.Skip("there is no fake root for this architecture")
		}
		return "/"
	}
	return debian(t, "2.36").dir
}

// MuslRoot returns the root of a system with musl.
func MuslRoot(t *testing.T) string {
	t.Helper()
	r := fakeRoot{t, t.TempDir()}
	r.write("etc/os-release", "ID=alpine\nPRETTY_NAME=Alpine\n")
	r.write("lib/ld-musl-x86_64.so.1", "musl")
	return r.dir
}

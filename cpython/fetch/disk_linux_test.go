package fetch_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
)

func TestFetchFullDisk(t *testing.T) {
	t.Parallel()
	f := quick(t)
	if err := os.Mkdir(f.Cache, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", f.Cache, "tmpfs", 0, "size=128k"); err != nil {
		t.Skipf("needs root, to mount a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(f.Cache, 0); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	server := serve(t, good)
	for _, origin := range []string{server.URL, original(t)} {
		err := mustFail(t, t.Context(), f, wanted(origin, server.URL), "cache "+f.Cache+": no space is left for it")
		var all *fetch.Error
		if !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &all) || len(all.Origins) != 0 {
			t.Errorf("error is %v, want ENOSPC that is no origin's fault", err)
		}
	}
	if got := server.requests.Load(); got != 1 {
		t.Errorf("asked %d times for what does not fit, want once", got)
	}
}

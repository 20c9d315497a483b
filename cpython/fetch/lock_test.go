package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
)

// TestMain is, when told so, another process that fetches content. Otherwise it
// sees to it that nothing is printed, which net/http does on its own at times.
func TestMain(m *testing.M) {
	origin := os.Getenv("FETCH_TEST_ORIGIN")
	if origin == "" {
		var printed strings.Builder
		log.SetOutput(&printed)
		code := m.Run()
		if text := printed.String(); text != "" {
			fmt.Fprintf(os.Stderr, "FAIL: printed by a library: %.500s\n", text)
			code = 1
		}
		os.Exit(code)
	}
	path, err := fetch.Fetcher{Cache: os.Getenv("FETCH_TEST_CACHE")}.Fetch(context.Background(), wanted(origin))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(path)
}

// another returns a process that fetches content from origin.
func another(t *testing.T, cache, origin string) *exec.Cmd {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program)
	cmd.Env = append(os.Environ(), "FETCH_TEST_ORIGIN="+origin, "FETCH_TEST_CACHE="+cache)
	return cmd
}

func TestFetchOnceForAll(t *testing.T) {
	t.Parallel()
	f := quick(t)
	const processes, goroutines = 2, 8
	started := make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(content[:1000])
		w.(http.Flusher).Flush()
		<-started
		time.Sleep(300 * time.Millisecond) // for the others to come to the lock
		w.Write(content[1000:])
	})
	var all sync.WaitGroup
	defer all.Wait()
	var ready sync.WaitGroup
	ready.Add(processes)
	for range processes {
		all.Go(func() {
			var out, stderr strings.Builder
			cmd := another(t, f.Cache, server.URL)
			cmd.Stdout, cmd.Stderr = &out, &stderr
			err := cmd.Start()
			ready.Done()
			if err == nil {
				err = cmd.Wait()
			}
			if want := filepath.Join(f.Cache, digest(content)); err != nil || out.String() != want {
				t.Errorf("another process: %q, %v, %s; want %q", out.String(), err, stderr.String(), want)
			}
		})
	}
	for range goroutines {
		all.Go(func() {
			if _, err := f.Fetch(t.Context(), wanted(server.URL)); err != nil {
				t.Error(err)
			}
		})
	}
	ready.Wait()
	close(started)
	all.Wait()
	if got := server.requests.Load(); got != 1 {
		t.Errorf("fetched %d times, want once", got)
	}
	noParts(t, f.Cache)
}

func TestFetchAfterAKilledProcess(t *testing.T) {
	t.Parallel()
	half := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write(content[:len(content)/2])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	f := quick(t)
	cmd := another(t, f.Cache, half.URL)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	parts := func() int {
		found, err := os.ReadDir(f.Cache)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		n := 0
		for _, file := range found {
			if info, err := file.Info(); err == nil && strings.HasSuffix(file.Name(), ".part") && info.Size() > 0 {
				n++
			}
		}
		return n
	}
	for parts() == 0 {
		time.Sleep(5 * time.Millisecond)
	}

	// While it runs, its part file stays, and waiting for it ends with ctx.
	other := fetch.File{SHA256: digest(nil), Origins: []string{write(t, filepath.Join(t.TempDir(), "empty"), nil)}}
	if _, err := f.Fetch(t.Context(), other); err != nil {
		t.Error(err)
	}
	if parts() != 1 {
		t.Fatalf("%d part files of a running process, want 1", parts())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := f.Fetch(ctx, wanted(half.URL)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v, want context.DeadlineExceeded", err)
	}

	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if parts() != 1 {
		t.Fatalf("%d part files of a killed process, want 1", parts())
	}
	mustFetch(t, f, wanted(original(t)))
}

func TestFetchRemovesLeftoversOfOtherFiles(t *testing.T) {
	t.Parallel()
	f := quick(t)
	leftover := write(t, filepath.Join(f.Cache, digest([]byte("other"))+".ABC.part"), content)
	foreign := write(t, filepath.Join(f.Cache, "somebody's.part"), content)
	if _, err := f.Fetch(t.Context(), wanted(original(t))); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(leftover); err == nil {
		t.Error("a left-over part file is still there")
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("removed a file that is not the cache's: %v", err)
	}
}

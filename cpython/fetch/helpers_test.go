package fetch_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
)

// content is larger than any buffer on the way, so that it arrives in pieces.
var content = bytes.Repeat([]byte("a source archive of CPython\n"), 40_000)

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// quick is a fetcher with a new cache that does not wait long for anything.
func quick(t *testing.T) fetch.Fetcher {
	t.Helper()
	return fetch.Fetcher{
		Cache:   filepath.Join(t.TempDir(), "cache"),
		Backoff: time.Millisecond,
		MaxWait: 3 * time.Second,
		Limits:  fetch.Limits{Connect: 5 * time.Second, TLS: 5 * time.Second, Header: 5 * time.Second, Stall: 5 * time.Second},
	}
}

// wanted is the file of content at origins.
func wanted(origins ...string) fetch.File {
	return fetch.File{Name: "python.tgz", SHA256: digest(content), Size: int64(len(content)), Origins: origins}
}

// sized is wanted with a size that may be 0.
func sized(size int64, origins ...string) fetch.File {
	f := wanted(origins...)
	f.Size = size
	return f
}

// A site is a server that counts its requests.
type site struct {
	*httptest.Server
	requests atomic.Int64
}

func serve(t *testing.T, handler http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewServer(s.count(handler))
	t.Cleanup(s.stop)
	return s
}

func serveTLS(t *testing.T, protocol int, handler http.HandlerFunc) *site {
	t.Helper()
	s := &site{}
	s.Server = httptest.NewUnstartedServer(s.count(handler))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that do not trust it
	s.EnableHTTP2 = protocol == 2
	s.StartTLS()
	t.Cleanup(s.stop)
	return s
}

func (s *site) count(handler http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		handler(w, r)
	}
}

func (s *site) stop() {
	s.CloseClientConnections()
	s.Close()
}

// good serves content, with its length.
func good(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// first answers the first n requests with one handler and the rest with another.
func first(n int64, early, late http.HandlerFunc) http.HandlerFunc {
	var seen atomic.Int64
	return func(w http.ResponseWriter, r *http.Request) {
		if seen.Add(1) <= n {
			early(w, r)
			return
		}
		late(w, r)
	}
}

// reset announces the content and closes the connection in the middle of it.
func reset(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", fmt.Sprint(len(content)))
	w.Write(content[:len(content)/2])
	panic(http.ErrAbortHandler)
}

// mustFetch fetches, compares what came with content, and looks for leftovers.
func mustFetch(t *testing.T, f fetch.Fetcher, file fetch.File) string {
	t.Helper()
	path, err := f.Fetch(t.Context(), file)
	if err != nil {
		t.Fatalf("Fetch: %v", err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if digest(got) != file.SHA256 {
		t.Fatalf("fetched %d bytes with sha256 %s, want %s", len(got), digest(got), file.SHA256)
	}
	noParts(t, f.Cache)
	return path
}

// mustFail fetches and returns the error, which has all the texts in it.
func mustFail(t *testing.T, ctx context.Context, f fetch.Fetcher, file fetch.File, texts ...string) error {
	t.Helper()
	path, err := f.Fetch(ctx, file)
	if err == nil {
		t.Fatalf("Fetch returned %s, want an error", path)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q does not say %q", err, text)
		}
	}
	noParts(t, f.Cache)
	if _, err := os.Stat(filepath.Join(f.Cache, file.SHA256)); err == nil {
		t.Error("Fetch failed, but the cache holds a file of that name")
	}
	return err
}

// noParts fails when the cache holds anything but whole files and locks.
func noParts(t *testing.T, cache string) {
	t.Helper()
	files, err := os.ReadDir(cache)
	if err != nil {
		return // not made
	}
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".part") {
			t.Errorf("left behind: %s", file.Name())
		}
	}
}

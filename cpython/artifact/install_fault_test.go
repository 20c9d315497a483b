package artifact_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact"
	"github.com/2-coatl/cpython-prebuilt/cpython/artifact/artifacttest"
	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
)

// TestInstallHelper is the process that other tests start, and kill.
func TestInstallHelper(t *testing.T) {
	path := os.Getenv("ARTIFACT_TEST_INSTALL")
	if path == "" {
		t.Skip("is only for other tests to run")
	}
	fmt.Println("begin")
	_, err := artifact.InstallFile(t.Context(), path, artifact.InstallOptions{
		InstallPrefix: os.Getenv("ARTIFACT_TEST_PREFIX"), Root: os.Getenv("ARTIFACT_TEST_ROOT"), Keep: -1})
	if err != nil {
		t.Fatal(err)
	}
}

// helper prepares a process that installs the artifact at path.
func (s site) helper(path string) *exec.Cmd {
	c := exec.Command(os.Args[0], "-test.run=^TestInstallHelper$")
	c.Env = append(os.Environ(), "ARTIFACT_TEST_INSTALL="+path, "ARTIFACT_TEST_PREFIX="+s.opts.InstallPrefix, "ARTIFACT_TEST_ROOT="+s.opts.Root, "GORACE=atexit_sleep_ms=0")
	return c
}

// Whatever is refused leaves nothing, and names its check.
func TestInstallHostile(t *testing.T) {
	installable := map[string]bool{"S09": true, "S22": true} // Install looks at S01 to S08
	for _, b := range artifacttest.Breaks() {
		if installable[b.ID] || b.ID > "S08" {
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			path := b.Make(t)
			_, err := artifact.InstallFile(t.Context(), path, s.opts)
			named := func(err error) bool { // a bad link is none that build-info.json names, which is noticed first
				return refusedFor(err, b.ID) || b.ID == "S04" && refusedFor(err, "S06")
			}
			if !named(err) {
				t.Errorf("file: %v, wanted a refusal for %s", err, b.ID)
			}
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s.opts.Name, s.opts.SHA256 = filepath.Base(path), digestOf(content)
			if b.ID == "S01" {
				s.opts.SHA256 = strings.Repeat("0", 64)
			}
			_, err = artifact.Install(t.Context(), bytes.NewReader(content), s.opts)
			if !named(err) {
				t.Errorf("stream: %v, wanted a refusal for %s", err, b.ID)
			}
			s.untouched(t)
		})
	}
}

// untouched checks that nothing is installed, and nothing beside the place but
// the lock.
func (s site) untouched(t *testing.T) {
	t.Helper()
	for _, name := range names(t, s.parent) {
		if name != ".python-3.13.5.lock" {
			t.Errorf("left behind: %s", name)
		}
	}
	if above := names(t, filepath.Dir(s.parent)); len(above) > 1 {
		t.Errorf("written outside: %q", above)
	}
}

// The digest decides: what is damaged on the way is first of all not the file
// that was asked for.
func TestInstallOtherDigest(t *testing.T) {
	content, err := os.ReadFile(artifacttest.Make(t))
	if err != nil {
		t.Fatal(err)
	}
	want := digestOf(content)
	for name, changed := range map[string][]byte{
		"truncated": content[:len(content)/2], "flipped": flipped(content), "longer": append(bytes.Clone(content), 0), "empty": nil,
		"web page": []byte("<html>not here</html>"),
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.opts.SHA256 = want
			_, err := artifact.Install(t.Context(), bytes.NewReader(changed), s.opts)
			var digest *cpython.DigestError
			if !refusedFor(err, "S01") || !errors.As(err, &digest) || digest.Want != want {
				t.Errorf("error %v, wanted S01 and a *cpython.DigestError", err)
			}
			s.untouched(t)
		})
	}
}

func flipped(content []byte) []byte {
	content = bytes.Clone(content)
	content[len(content)*2/3] ^= 1
	return content
}

// A disk that breaks in mid-file, and a connection that does.
func TestInstallReadError(t *testing.T) {
	path := another(t, "a")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	s.opts.SHA256 = digestOf(content)
	broken := errors.New("the disk broke")
	if _, err := artifact.Install(t.Context(), io.MultiReader(bytes.NewReader(content[:len(content)/2]), iotest.ErrReader(broken)), s.opts); !errors.Is(err, broken) {
		t.Errorf("disk: %v", err)
	}
	s.untouched(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		w.Write(content[:len(content)/2])
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	response, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := artifact.Install(t.Context(), response.Body, s.opts); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("server: %v, wanted io.ErrUnexpectedEOF", err)
	}
	s.untouched(t)
}

// A server is everything that servers have been seen to do. Install gets what
// fetch makes of it: the file or an error, and then the tree before stays.
func TestInstallFromServer(t *testing.T) {
	path := another(t, "new")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	half := len(content) / 2
	whole := func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
	}
	announce := func(w http.ResponseWriter, n int) { w.Header().Set("Content-Length", fmt.Sprint(n)) }
	flush := func(w http.ResponseWriter) { w.(http.Flusher).Flush() }
	other := httptest.NewServer(http.HandlerFunc(whole))
	t.Cleanup(other.Close)
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(code)
		}
	}
	for name, bad := range map[string]http.HandlerFunc{
		"resets": func(w http.ResponseWriter, _ *http.Request) {
			announce(w, len(content))
			w.Write(content[:half])
			panic(http.ErrAbortHandler)
		},
		"resets at once": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"stalls": func(w http.ResponseWriter, r *http.Request) {
			announce(w, len(content))
			w.Write(content[:half])
			flush(w)
			<-r.Context().Done()
		},
		"never answers":        func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"says it is shorter":   func(w http.ResponseWriter, _ *http.Request) { announce(w, half); w.Write(content[:half]) },
		"says it is longer":    func(w http.ResponseWriter, _ *http.Request) { announce(w, len(content)+7); w.Write(content) },
		"says nothing of size": func(w http.ResponseWriter, _ *http.Request) { flush(w); w.Write(content[:half]) },
		"sends a part although none was asked for": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", half, len(content)-1, len(content)))
			w.WriteHeader(http.StatusPartialContent)
			w.Write(content[half:])
		},
		"sends a web page":     func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>log in first</html>") },
		"sends one bit wrong":  func(w http.ResponseWriter, _ *http.Request) { w.Write(flipped(content)) },
		"too many requests":    status(http.StatusTooManyRequests),
		"is unavailable":       status(http.StatusServiceUnavailable),
		"is a broken gateway":  status(http.StatusBadGateway),
		"redirects in circles": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) },
		"redirects to a host that does not answer": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/gone", http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var healthy atomic.Bool
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if healthy.Load() {
					http.Redirect(w, r, other.URL, http.StatusFound) // as GitHub does
					return
				}
				bad(w, r)
			}))
			t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
			s := newSite(t)
			old := s.install(t, another(t, "old"))
			fetcher := fetch.Fetcher{Cache: t.TempDir(), Backoff: time.Millisecond, Retries: 1,
				Limits: fetch.Limits{Header: 300 * time.Millisecond, Stall: 300 * time.Millisecond}}
			file := fetch.File{SHA256: digestOf(content), Origins: []string{server.URL}}
			install := func() error {
				fetched, err := fetcher.Fetch(t.Context(), file)
				if err != nil {
					return err
				}
				opts := s.opts
				opts.Name, opts.SHA256 = filepath.Base(path), file.SHA256
				_, err = artifact.InstallFile(t.Context(), fetched, opts)
				return err
			}
			var failed *fetch.Error
			if err := install(); !errors.As(err, &failed) || !strings.Contains(err.Error(), server.URL) {
				t.Errorf("error %v, wanted a *fetch.Error that names the server", err)
			}
			s.whole(t, old.Tree)
			healthy.Store(true)
			if err := install(); err != nil {
				t.Fatalf("when the server is well again: %v", err)
			}
			s.whole(t, old.Prefix+"."+file.SHA256[:12])
		})
	}
}

// However an installer is killed, the prefix leads to a whole tree.
func TestInstallKilled(t *testing.T) {
	const rounds = 100
	paths := []string{another(t, "a"), another(t, "b")}
	s := newSite(t)
	s.opts.Keep = -1
	took := time.Second // what an installation takes at least
	for range 3 {
		s.install(t, paths[0])
		start := time.Now()
		s.install(t, paths[1])
		took = min(took, time.Since(start))
	}
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	killed := 0
	for n := range rounds {
		if s.kill(t, paths[n%2], time.Duration(random.Int64N(int64(took)))) {
			killed++
		}
		report, err := artifact.VerifyInstalled(t.Context(), s.prefix())
		if err != nil || !report.OK() {
			t.Fatalf("round %d, seed %d: %v\n%s", n, seed, err, text(t, report))
		}
	}
	if t.Logf("%d killed, seed %d", killed, seed); killed < rounds/10 {
		t.Errorf("%d of %d installers were killed while at work, wanted many", killed, rounds)
	}
	s.install(t, another(t, "c")) // and nothing is left after it
}

// kill installs and ends that some time after it has begun.
func (s site) kill(t *testing.T, path string, after time.Duration) (killed bool) {
	t.Helper()
	c := s.helper(path)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("begin\n"))); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	if err := c.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	return c.Wait() != nil
}

// Installers at the same time do not get in each other's way.
func TestInstallTogether(t *testing.T) {
	paths := []string{another(t, "a"), another(t, "b")}
	s := newSite(t)
	var wait sync.WaitGroup
	for n := range 6 {
		wait.Go(func() {
			if n < 3 {
				if out, err := s.helper(paths[n%2]).CombinedOutput(); err != nil {
					t.Errorf("process: %v\n%s", err, out)
				}
				return
			}
			if _, err := artifact.InstallFile(context.Background(), paths[n%2], s.opts); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	s.install(t, paths[0])
}

func TestInstallCancelled(t *testing.T) {
	path := another(t, "a")
	digest, err := artifact.ReadSidecar(path)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t)
	s.opts.SHA256 = digest
	reason := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(5*time.Millisecond, func() { cancel(reason) })
	_, err = artifact.Install(ctx, io.MultiReader(bytes.NewReader(content[:len(content)/2]), slow{}), s.opts)
	if !errors.Is(err, reason) {
		t.Errorf("cancelled: %v", err)
	}
	if left := s.others(t); len(left) > 0 || s.trees(t) > 0 {
		t.Errorf("left behind: %q", names(t, s.parent))
	}
}

type slow struct{}

func (slow) Read([]byte) (int, error) {
	time.Sleep(time.Millisecond)
	return 0, nil
}

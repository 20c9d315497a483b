package fetch_test

import (
	"bytes"
	"compress/gzip"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
)

// raw answers with bytes as they are, without HTTP's own framing.
func raw(answer string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		io.WriteString(conn, answer)
		conn.Write(body)
	}
}

func chunked(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush() // without a length
		w.Write(data)
	}
}

func length(n int) string { return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", n) }

const untilClosed = "HTTP/1.0 200 OK\r\n\r\n"

func TestFetchFromOddServers(t *testing.T) {
	t.Parallel()
	page := []byte("\n<!DOCTYPE html><title>Please log in</title>")
	size := int64(len(content))
	for _, test := range []struct {
		name    string
		size    int64
		handler http.HandlerFunc
	}{
		{"length known", size, good},
		{"length not known", 0, good},
		{"chunked, size known", size, chunked(content)},
		{"chunked, size not known", 0, chunked(content)},
		{"ends with the connection", 0, raw(untilClosed, content)},
		{"reset in the middle", size, first(2, reset, good)},
		{"reset before an answer", size, first(2, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, good)},
		{"announces more than it sends", 0, first(1, raw(length(len(content)), content[:1000]), good)},
		{"cut off with the connection, size known", size, first(1, raw(untilClosed, content[:1000]), good)},
		{"labelled gzip, but the file itself", size, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(content)
		}},
		{"ignores Range", size, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") != "" {
				t.Error("asked for a range")
			}
			w.Write(content)
		}},
		{"does not know HEAD", 0, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet {
				panic(http.ErrAbortHandler)
			}
			w.Write(content)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, test.handler)
			mustFetch(t, quick(t), sized(test.size, server.URL+"/python.tgz"))
		})
	}
	for _, test := range []struct {
		name    string
		size    int64
		handler http.HandlerFunc
		says    string
	}{
		{"announces more than wanted", size, raw(length(len(content)+1), content), "announces 1120001 bytes, wanted 1120000"},
		{"announces less than wanted", size, raw(length(10), content), "announces 10 bytes, wanted 1120000"},
		{"announces less than it sends", 0, raw(length(10), content), "wrong content: sha256 is"},
		{"chunked, sends more", size, chunked(append(slices.Clip(content), 'x')), "sent more than the 1120000 bytes that are accepted"},
		{"chunked, sends less", size, chunked(content[1:]), "sent 1119999 bytes, wanted 1120000"},
		{"announces more than is accepted", 0, raw(length(5<<20), nil), "announces 5242880 bytes, more than the 2097152 that are accepted"},
		{"sends more than is accepted", 0, chunked(make([]byte, 3<<20)), "sent more than the 2097152 bytes"},
		{"HTML page, size known", size, chunked(page), "got an HTML page: sent"},
		{"HTML page with length, size known", size, raw(length(len(page)), page), "got an HTML page: announces"},
		{"HTML page, size not known", 0, chunked(page), "got an HTML page: sha256 is"},
		{"compressed on the way", 0, compressed, `sent with Content-Encoding "gzip"`},
		{"part of the file", 0, status(http.StatusPartialContent), "the server answered 206 Partial Content"},
		{"an empty answer", 0, status(http.StatusOK), "sha256 is e3b0c442"},
		{"redirects for ever", size, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, "redirects more than 10 times"},
		{"redirects to a file", size, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
		}, "redirects to a file: address"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, test.handler)
			f := quick(t)
			f.MaxSize = 2 << 20
			mustFail(t, t.Context(), f, sized(test.size, server.URL+"/python.tgz"), test.says)
			if got := server.requests.Load(); got > 1 && !strings.HasPrefix(test.name, "redirects") {
				t.Errorf("asked %d times for what will not change", got)
			}
		})
	}
}

func compressed(w http.ResponseWriter, _ *http.Request) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(content)
	z.Close()
	w.Header().Set("Content-Encoding", "gzip")
	w.Write(b.Bytes())
}

func TestFetchEmptyFile(t *testing.T) {
	t.Parallel()
	server := serve(t, status(http.StatusOK))
	mustFetch(t, quick(t), fetch.File{SHA256: digest(nil), Origins: []string{server.URL}})
}

func TestFetchWrongDigestThenMirror(t *testing.T) {
	t.Parallel()
	wrong := serve(t, chunked([]byte("something else")))
	right := serve(t, good)
	mustFetch(t, quick(t), sized(0, wrong.URL, right.URL))
	if got := wrong.requests.Load(); got != 1 {
		t.Errorf("asked the wrong origin %d times, want 1", got)
	}

	err := mustFail(t, t.Context(), quick(t), sized(0, wrong.URL+"/a"))
	var mismatch *cpython.DigestError
	if !errors.As(err, &mismatch) {
		t.Fatalf("error is %v, want a *cpython.DigestError in it", err)
	}
	want := cpython.DigestError{Name: wrong.URL + "/a", Want: digest(content), Got: digest([]byte("something else"))}
	if *mismatch != want {
		t.Errorf("digest error is %+v, want %+v", *mismatch, want)
	}
}

func TestFetchStall(t *testing.T) {
	t.Parallel()
	stall := func(w http.ResponseWriter, r *http.Request) {
		w.Write(content[:100_000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	f := quick(t)
	f.Limits.Stall = 200 * time.Millisecond
	mustFetch(t, f, wanted(serve(t, first(1, stall, good)).URL))

	f = quick(t)
	f.Limits.Stall = 50 * time.Millisecond
	f.Retries = 1
	mustFail(t, t.Context(), f, wanted(serve(t, stall).URL), "after 100000 of 1120000 bytes: no byte came for 50ms", "(2 attempts)")
}

func TestFetchSlowIsNotStalled(t *testing.T) {
	t.Parallel()
	slow := func(w http.ResponseWriter, r *http.Request) {
		for piece := range slices.Chunk(content, len(content)/10) {
			w.Write(piece)
			w.(http.Flusher).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	}
	f := quick(t)
	f.Limits.Stall = 400 * time.Millisecond
	f.Retries = -1
	mustFetch(t, f, wanted(serve(t, slow).URL))
}

func TestFetchServerWithoutAnswer(t *testing.T) {
	t.Parallel()
	silent := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	f := quick(t)
	f.Limits.Header = 50 * time.Millisecond
	f.Retries = -1
	mustFail(t, t.Context(), f, wanted(silent.URL), "timeout awaiting response headers")

	listener, err := net.Listen("tcp", "127.0.0.1:0") // accepts, but never shakes hands
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	f.Limits.TLS = 50 * time.Millisecond
	mustFail(t, t.Context(), f, wanted("https://"+listener.Addr().String()), "TLS handshake timeout")
}

func TestFetchRootCAs(t *testing.T) {
	t.Parallel()
	server := serveTLS(t, 1, good)
	f := quick(t)
	mustFail(t, t.Context(), f, wanted(server.URL), "certificate")
	if got := server.requests.Load(); got != 0 {
		t.Errorf("%d requests arrived over a connection that is not trusted", got)
	}
	f.RootCAs = x509.NewCertPool()
	f.RootCAs.AddCert(server.Certificate())
	mustFetch(t, f, wanted(server.URL))
}

func TestFetchHTTP2(t *testing.T) {
	t.Parallel()
	stall := func(w http.ResponseWriter, r *http.Request) {
		w.Write(content[:1000])
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	server := serveTLS(t, 2, first(1, reset, first(1, stall, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("protocol is %s, want HTTP/2", r.Proto)
		}
		good(w, r)
	})))
	f := quick(t)
	f.Limits.Stall = 200 * time.Millisecond
	trust(&f, server)
	mustFetch(t, f, sized(0, server.URL))
	if got := server.requests.Load(); got != 3 {
		t.Errorf("asked %d times, want 3", got)
	}
}

func TestFetchProxy(t *testing.T) {
	t.Parallel()
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		if r.URL.Host != "origin.invalid" {
			t.Errorf("the proxy is asked for %q", r.URL)
		}
		good(w, r)
	})
	f := quick(t)
	f.Proxy = func(*http.Request) (*url.URL, error) { return url.Parse(proxy.URL) }
	mustFetch(t, f, wanted("http://origin.invalid/python.tgz"))

	f = fetch.Fetcher{Cache: t.TempDir(), Proxy: f.Proxy, Backoff: time.Hour}
	err := mustFail(t, t.Context(), f, wanted("https://origin.invalid/python.tgz"), "the proxy answered 403 Forbidden")
	var refused *fetch.StatusError
	if !errors.As(err, &refused) || !refused.Proxy || refused.Code != http.StatusForbidden {
		t.Errorf("error is %v, want a *fetch.StatusError of the proxy", err)
	}
}

func TestFetchProgress(t *testing.T) {
	t.Parallel()
	server := serve(t, first(1, reset, good))
	f := quick(t)
	var seen []fetch.Progress
	f.Progress = func(p fetch.Progress) { seen = append(seen, p) }
	mustFetch(t, f, sized(0, server.URL+"/python.tgz?token=secret"))

	total := int64(len(content))
	last := fetch.Progress{}
	for _, p := range seen {
		if p.Attempt < last.Attempt || p.Attempt == last.Attempt && p.Done < last.Done || p.Done > p.Total {
			t.Errorf("progress went from %+v to %+v", last, p)
		}
		last = p
	}
	want := fetch.Progress{Name: "python.tgz", Origin: server.URL + "/python.tgz", Attempt: 2, Done: total, Total: total}
	if last != want {
		t.Errorf("last progress is %+v, want %+v", last, want)
	}

	seen = nil
	f.Cache = t.TempDir()
	mustFetch(t, f, sized(0, serve(t, chunked(content)).URL))
	if last = seen[len(seen)-1]; seen[0].Total != 0 || last.Done != total || last.Total != total {
		t.Errorf("without a length, progress begins with %+v and ends with %+v", seen[0], last)
	}
}

package fetch_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
)

func TestFetchRetries(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code     int
		requests int64 // with two retries
	}{
		{http.StatusBadRequest, 1},
		{http.StatusUnauthorized, 1},
		{http.StatusForbidden, 1},
		{http.StatusNotFound, 1},
		{http.StatusGone, 1},
		{http.StatusNotImplemented, 1},
		{http.StatusRequestTimeout, 3},
		{http.StatusTooManyRequests, 3},
		{http.StatusInternalServerError, 3},
		{http.StatusBadGateway, 3},
		{http.StatusServiceUnavailable, 3},
		{http.StatusGatewayTimeout, 3},
	} {
		t.Run(http.StatusText(test.code), func(t *testing.T) {
			t.Parallel()
			server := serve(t, status(test.code))
			mirror := serve(t, good)
			f := quick(t)
			f.Retries = 2
			err := mustFail(t, t.Context(), f, wanted(server.URL), http.StatusText(test.code))
			var answer *fetch.StatusError
			if !errors.As(err, &answer) || answer.Code != test.code {
				t.Errorf("error is %v, want a *fetch.StatusError with %d", err, test.code)
			}
			mustFetch(t, f, wanted(server.URL, mirror.URL))
			if got := server.requests.Load(); got != 2*test.requests {
				t.Errorf("asked %d times in two fetches, want %d", got, 2*test.requests)
			}
		})
	}
}

func TestFetchHonoursRetryAfter(t *testing.T) {
	t.Parallel()
	date := func() string { return time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat) }
	for _, test := range []struct {
		name  string
		code  int
		after func() string
	}{
		{"seconds", http.StatusTooManyRequests, func() string { return "1" }},
		{"date", http.StatusServiceUnavailable, date},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, first(1, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", test.after())
				w.WriteHeader(test.code)
			}, good))
			began := time.Now()
			mustFetch(t, quick(t), wanted(server.URL))
			if took := time.Since(began); took < 900*time.Millisecond {
				t.Errorf("asked again after %s, want about the time that the server named", took)
			}
		})
	}
}

func TestFetchDoesNotWaitTooLong(t *testing.T) {
	t.Parallel()
	busy := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "99999999999999999999")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	f := quick(t)
	mustFail(t, t.Context(), f, wanted(busy.URL), "429 Too Many Requests and asks to wait", "longer than 3s")
	mustFetch(t, f, wanted(busy.URL, serve(t, good).URL))
	if got := busy.requests.Load(); got != 2 {
		t.Errorf("asked %d times in two fetches, want 2", got)
	}
}

func TestFetchUnreachableOriginComesLast(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	f := quick(t)
	f.Backoff, f.MaxWait = time.Hour, time.Hour // would be noticed
	mustFetch(t, f, wanted(gone.URL, serve(t, good).URL))

	f = quick(t)
	f.Retries = 1
	err := mustFail(t, t.Context(), f, wanted(gone.URL+"/a", serve(t, status(404)).URL), "(3 attempts)", "404 Not Found")
	if strings.Count(err.Error(), gone.URL) != 1 {
		t.Errorf("error %q does not name the origin once", err)
	}
	f.Retries = -1
	mustFail(t, t.Context(), f, wanted(gone.URL), "refused")
}

func TestFetchNamesEachOrigin(t *testing.T) {
	t.Parallel()
	missing, broken, page := serve(t, status(404)), serve(t, status(500)), serve(t, chunked([]byte("<html>")))
	_, statErr := os.Stat("/nonexistent/python.tgz")
	noFile := statErr.(*os.PathError).Err
	f := quick(t)
	f.Retries = 1
	err := mustFail(t, t.Context(), f, sized(0, missing.URL, broken.URL, page.URL, "/nonexistent/python.tgz"))
	want := "fetch python.tgz: no origin has it:" +
		"\n  " + missing.URL + ": the server answered 404 Not Found" +
		"\n  " + broken.URL + ": the server answered 500 Internal Server Error (2 attempts)" +
		"\n  " + page.URL + ": got an HTML page: sha256 is " + digest([]byte("<html>")) + ", wanted " + digest(content) +
		"\n  /nonexistent/python.tgz: " + noFile.Error()
	if err.Error() != want {
		t.Errorf("error is\n%s\nwant\n%s", err, want)
	}
	var all *fetch.Error
	if !errors.As(err, &all) || len(all.Origins) != 4 || all.Origins[1].Attempts != 2 || all.Stopped != nil {
		t.Errorf("error is %+v, want a *fetch.Error with four origins", all)
	}
}

func TestFetchCancelled(t *testing.T) {
	t.Parallel()
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		server := serve(t, good)
		err := mustFail(t, ctx, quick(t), wanted(server.URL))
		if !errors.Is(err, context.Canceled) || server.requests.Load() != 0 {
			t.Errorf("error is %v after %d requests, want context.Canceled and none", err, server.requests.Load())
		}
	})
	t.Run("in the middle", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Write(content[:500_000])
			w.(http.Flusher).Flush()
			cancel()
			<-r.Context().Done()
		})
		mirror := serve(t, good)
		err := mustFail(t, ctx, quick(t), wanted(server.URL, mirror.URL))
		if want := "fetch python.tgz: context canceled"; !errors.Is(err, context.Canceled) || err.Error() != want {
			t.Errorf("error is %q, want %q", err, want)
		}
		if mirror.requests.Load() != 0 {
			t.Error("went on to the mirror")
		}
	})
	t.Run("while waiting to try again", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		f := quick(t)
		f.Backoff, f.MaxWait = time.Hour, time.Hour
		server := serve(t, status(503))
		err := mustFail(t, ctx, f, wanted(server.URL), "context deadline exceeded; before that:\n  "+server.URL+": the server answered 503")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v, want context.DeadlineExceeded", err)
		}
	})
}

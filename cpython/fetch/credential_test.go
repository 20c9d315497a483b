package fetch_test

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/2-coatl/cpython-prebuilt/cpython/fetch"
)

// headers records what each request brought.
type headers struct {
	mu   sync.Mutex
	seen []http.Header
}

func (h *headers) record(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.seen = append(h.seen, r.Header.Clone())
		h.mu.Unlock()
		next(w, r)
	}
}

// trust makes f trust the servers.
func trust(f *fetch.Fetcher, servers ...*site) {
	f.RootCAs = x509.NewCertPool()
	for _, s := range servers {
		f.RootCAs.AddCert(s.Certificate())
	}
}

func host(s *site) string { return s.Listener.Addr().String() }

func TestFetchCredentialsStayWithTheirHost(t *testing.T) {
	t.Parallel()
	var atHome, abroad headers
	elsewhere := serveTLS(t, 1, abroad.record(good))
	home := serveTLS(t, 1, atHome.record(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/first" {
			http.Redirect(w, r, "/second?signature=secret", http.StatusFound)
			return
		}
		http.Redirect(w, r, "https://user:password@"+host(elsewhere)+"/third", http.StatusFound)
	}))
	f := quick(t)
	trust(&f, home, elsewhere)
	f.Credentials = []fetch.Credential{
		{Host: host(home), Value: "Bearer secret"},
		{Host: host(home), Header: "Private-Token", Value: "secret"},
		{Host: "127.0.0.1", Value: "Bearer of another port"},
	}
	mustFetch(t, f, wanted(home.URL+"/first?key=secret"))

	if len(atHome.seen) != 2 {
		t.Fatalf("%d requests arrived at home, want 2", len(atHome.seen))
	}
	for i, header := range atHome.seen {
		if header.Get("Authorization") != "Bearer secret" || header.Get("Private-Token") != "secret" {
			t.Errorf("request %d at home brought %v, want both credentials", i+1, header)
		}
		if encoding := header.Get("Accept-Encoding"); encoding != "identity" {
			t.Errorf("Accept-Encoding is %q, want identity", encoding)
		}
	}
	for _, header := range abroad.seen {
		for _, name := range []string{"Authorization", "Private-Token", "Referer", "Cookie"} {
			if value := header.Get(name); value != "" {
				t.Errorf("%s: %s arrived at another host", name, value)
			}
		}
	}
	if len(abroad.seen) != 1 {
		t.Errorf("%d requests arrived abroad, want 1", len(abroad.seen))
	}
}

func TestFetchCredentialsNotOverPlainHTTP(t *testing.T) {
	t.Parallel()
	var plain headers
	server := serve(t, plain.record(good))
	f := quick(t)
	f.Credentials = []fetch.Credential{{Host: host(server), Value: "Bearer secret"}}
	mustFetch(t, f, wanted(server.URL))
	if value := plain.seen[0].Get("Authorization"); value != "" {
		t.Errorf("Authorization: %s went over plain http", value)
	}

	down := serveTLS(t, 1, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, server.URL+"/x?signature=secret", http.StatusFound)
	})
	f = quick(t)
	trust(&f, down)
	err := mustFail(t, t.Context(), f, wanted(down.URL), "redirects from https to plain http, to "+server.URL+"/x")
	if strings.Contains(err.Error(), "secret") || server.requests.Load() != 1 {
		t.Errorf("error is %v after %d requests to plain http, want 1 and no signature", err, server.requests.Load())
	}
}

func TestFetchCredentialsInURL(t *testing.T) {
	t.Parallel()
	var seen headers
	server := serveTLS(t, 1, seen.record(first(1, status(http.StatusForbidden), good)))
	var log bytes.Buffer
	f := quick(t)
	f.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	trust(&f, server)
	origin := "https://name:secret@" + host(server) + "/python.tgz?key=secret"
	err := mustFail(t, t.Context(), f, wanted(origin), "https://"+host(server)+"/python.tgz: the server answered 403")
	path := mustFetch(t, f, wanted(origin))
	for what, text := range map[string]string{"error": err.Error(), "log": log.String(), "path": path} {
		if strings.Contains(text, "secret") {
			t.Errorf("the %s tells the password: %s", what, text)
		}
	}
	if got, want := seen.seen[0].Get("Authorization"), "Basic bmFtZTpzZWNyZXQ="; got != want {
		t.Errorf("Authorization is %q, want %q", got, want)
	}

	// The words of an error about the connection do not tell it either.
	server.Close()
	f.Cache, f.Retries = t.TempDir(), -1
	if err := mustFail(t, t.Context(), f, wanted(origin), "refused"); strings.Contains(err.Error(), "secret") {
		t.Errorf("the error tells the password: %s", err)
	}
}

func TestCredentialDoesNotTellItsValue(t *testing.T) {
	c := fetch.Credential{Host: "github.com", Value: "Bearer secret"}
	f := fetch.Fetcher{Credentials: []fetch.Credential{c}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("text", "credential", c)
	for _, text := range []string{fmt.Sprint(c), fmt.Sprintf("%#v", c), fmt.Sprintf("%+v", f), log.String()} {
		if strings.Contains(text, "secret") || !strings.Contains(text, "Authorization for github.com") {
			t.Errorf("printed as %s", text)
		}
	}
}

func TestFetchRefusesCredentials(t *testing.T) {
	for _, test := range []struct {
		name       string
		credential fetch.Credential
		says       string
	}{
		{"no host", fetch.Credential{Value: "secret"}, "wanted a host"},
		{"a URL", fetch.Credential{Host: "https://github.com", Value: "secret"}, "wanted a host"},
		{"no value", fetch.Credential{Host: "github.com"}, "has no value"},
		{"token with its line break", fetch.Credential{Host: "github.com", Value: "secret\n"}, "line break"},
		{"no header", fetch.Credential{Host: "github.com", Header: "Authorization: secret", Value: "secret"}, "not a name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := quick(t)
			f.Credentials = []fetch.Credential{test.credential}
			err := mustFail(t, t.Context(), f, wanted("/x"), test.says)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells the value: %s", err)
			}
		})
	}
}

package fetch

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, test := range []struct {
		name, text, date string
		want             time.Duration
	}{
		{"none", "", "", 0},
		{"seconds", "120", "", 2 * time.Minute},
		{"seconds with space", " 5 ", "", 5 * time.Second},
		{"negative", "-5", "", 0},
		{"a date", date(90 * time.Second), "", 90 * time.Second},
		{"a date in the past", date(-time.Hour), "", 0},
		{"a date, server an hour ahead", date(time.Hour + time.Minute), date(time.Hour), time.Minute},
		{"nonsense", "soon", "", 0},
		{"very many", "99999999999999999999", "", (1<<31 - 1) * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := http.Header{"Retry-After": {test.text}}
			if test.date != "" {
				header.Set("Date", test.date)
			}
			if got := retryAfter(header, now); got != test.want {
				t.Errorf("retryAfter is %s, want %s", got, test.want)
			}
		})
	}
}

func TestTransient(t *testing.T) {
	dial := func(err error) error {
		return fmt.Errorf("wrapped: %w", &net.OpError{Op: "dial", Net: "tcp", Err: err})
	}
	for _, test := range []struct {
		name                   string
		err                    error
		transient, unreachable bool
	}{
		{"connection refused", dial(errors.New("refused")), true, true},
		{"proxy refused", &net.OpError{Op: "proxyconnect", Err: dial(errors.New("refused"))}, true, true},
		{"no such host", dial(&net.DNSError{IsNotFound: true}), false, false},
		{"no name server", dial(&net.DNSError{IsTemporary: true}), true, true},
		{"reset", &net.OpError{Op: "read", Err: errors.New("reset")}, true, false},
		{"cut off", io.ErrUnexpectedEOF, true, false},
		{"certificate", &tls.CertificateVerificationError{Err: errors.New("expired")}, false, false},
		{"refusal", fmt.Errorf("got an HTML page: %w", refusal("x")), false, false},
		{"digest", &contentError{"x", &cpython.DigestError{}}, false, false},
		{"cache", &cacheError{"x", errors.New("x")}, false, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := transient(test.err); got != test.transient {
				t.Errorf("transient is %t, want %t", got, test.transient)
			}
			if got := unreachable(test.err); got != test.unreachable {
				t.Errorf("unreachable is %t, want %t", got, test.unreachable)
			}
		})
	}
}

func TestBackoff(t *testing.T) {
	s := &session{Fetcher: Fetcher{Backoff: time.Second, MaxWait: time.Minute}}
	for retry, most := range map[int]time.Duration{0: time.Second, 1: 2 * time.Second, 4: 16 * time.Second, 6: time.Minute, 99: time.Minute} {
		for range 100 {
			if got := s.backoff(retry); got < most/2 || got > most {
				t.Fatalf("backoff(%d) is %s, want %s to %s", retry, got, most/2, most)
			}
		}
	}
}

// FuzzOrigin checks that what messages say of an origin holds no user,
// password or query, and that it names the same place.
func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{
		"https://user:secret@host:8443/a%2Fb?key=secret#x", "http://host", "file:///a%20b", "file:x", "/a/b", `C:\a`, "",
		"https://token@host", "https://[::1]:1/", "ftp://x", "https://a@b@c/", "HTTPS://HOST:443/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseOrigin(text)
		if err != nil {
			return
		}
		if o.url == nil {
			if o.path == "" || o.name != o.path {
				t.Errorf("%q: path %q is called %q", text, o.path, o.name)
			}
			return
		}
		name, err := url.Parse(o.name)
		if err != nil {
			t.Fatalf("%q: the name %q is no URL: %v", text, o.name, err)
		}
		if name.User != nil || o.url.User != nil || name.RawQuery != "" || name.Fragment != "" {
			t.Errorf("%q: the name %q tells too much", text, o.name)
		}
		if name.Host != o.url.Host || name.Path != o.url.Path && filepath.Clean(name.Path) != filepath.Clean(o.url.Path) {
			t.Errorf("%q: the name %q is of another place than %q", text, o.name, o.url)
		}
		if o.credential != nil && (!o.credential.matches(hostPort(o.url)) || o.url.Scheme != "https") {
			t.Errorf("%q: the credential is for %q", text, o.credential.Host)
		}
	})
}

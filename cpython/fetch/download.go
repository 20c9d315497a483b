package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/cavaliergopher/grab/v3"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// userAgent names this program to servers; some refuse requests without.
const userAgent = "cpython-prebuilt"

// download gets a URL into a part file with grab and compares its digest. A
// grab.Request keeps its hash and headers after a failure, so each attempt has
// its own; and grab resumes into corrupt files where a server ignores Range, so
// nothing is resumed.
func (s *session) download(ctx context.Context, o origin, part string, report reportFunc) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	x := &exchange{session: s, origin: o, cancel: cancel, report: report}
	x.client = s.client(o)

	want, err := hex.DecodeString(s.file.SHA256)
	if err != nil {
		return err
	}
	request, err := grab.NewRequest(part, o.url.String())
	if err != nil {
		return refusef("is not a valid URL")
	}
	hash := sha256.New()
	request.SetChecksum(hash, want, false)
	request.Size = s.file.Size
	request.NoResume = true
	request.NoCreateDirectories = true
	request.IgnoreRemoteTime = true
	request.HTTPRequest.Header.Set("Accept-Encoding", "identity")

	client := &grab.Client{HTTPClient: x, UserAgent: userAgent, BufferSize: 1 << 18}
	err = client.Do(request.WithContext(ctx)).Err()
	if stalled := context.Cause(ctx); err != nil && stalled != nil {
		err = stalled
	}
	return x.explain(err, part, hex.EncodeToString(hash.Sum(nil)))
}

// transport returns a connection to servers with the time limits that
// http.DefaultTransport does not have. It never decompresses: the digest is
// that of the bytes as they are sent.
func (s *session) transport() *http.Transport {
	return &http.Transport{
		Proxy:                 s.Proxy,
		DialContext:           (&net.Dialer{Timeout: s.Limits.Connect}).DialContext,
		TLSClientConfig:       &tls.Config{RootCAs: s.RootCAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   s.Limits.TLS,
		ResponseHeaderTimeout: s.Limits.Header,
		DisableCompression:    true,
		DisableKeepAlives:     true, // each attempt has its own; and net/http prints what arrives on an idle one
		ForceAttemptHTTP2:     true,
		OnProxyConnectResponse: func(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
			if answer.StatusCode == http.StatusOK {
				return nil
			}
			return &StatusError{Code: answer.StatusCode, Proxy: true, RetryAfter: retryAfter(answer.Header, time.Now())}
		},
	}
}

func (s *session) client(o origin) *http.Client {
	credentials := s.Credentials
	if o.credential != nil {
		credentials = append(slices.Clip(credentials), *o.credential)
	}
	return &http.Client{
		Transport: &guard{s.transport(), credentials},
		CheckRedirect: func(next *http.Request, before []*http.Request) error {
			switch {
			case len(before) > 10:
				return refusef("redirects more than 10 times")
			case next.URL.Scheme == "http" && before[len(before)-1].URL.Scheme == "https":
				return refusef("redirects from https to plain http, to %s", display(next.URL))
			case next.URL.Scheme != "https" && next.URL.Scheme != "http":
				return refusef("redirects to a %s: address", next.URL.Scheme)
			}
			return nil
		},
	}
}

// An exchange is the http.Client of one attempt, as grab sees it.
type exchange struct {
	*session
	origin origin
	client *http.Client
	cancel context.CancelCauseFunc
	report reportFunc
	body   *body // of the answer; nil before there is one
}

var _ grab.HTTPClient = (*exchange)(nil)

// Do refuses every answer but the file, and gives grab a body that is watched.
func (x *exchange) Do(req *http.Request) (*http.Response, error) {
	answer, err := x.client.Do(req)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		answer.Body.Close()
		return nil, &StatusError{Code: answer.StatusCode, RetryAfter: retryAfter(answer.Header, time.Now())}
	}
	stall := x.Limits.Stall
	x.body = &body{
		meter:  meter{r: answer.Body, limit: x.limit(), total: max(answer.ContentLength, 0), report: x.report},
		closer: answer.Body,
		timer:  time.AfterFunc(stall, func() { x.cancel(fmt.Errorf("no byte came for %s", stall)) }),
		stall:  stall,
		answer: answer,
	}
	answer.Body = x.body
	if answer.ContentLength < 0 {
		x.body.total = x.file.Size
	} else if err := x.checkSize(answer.ContentLength, "announces"); err != nil {
		io.CopyN(io.Discard, x.body, headSize) // what is it, then?
		answer.Body.Close()
		return nil, x.page(err)
	}
	x.report(0, x.body.total)
	return answer, nil
}

// explain says in plain words what became of an attempt.
func (x *exchange) explain(err error, part, got string) error {
	var (
		file   *fs.PathError
		asked  *url.Error
		refuse refusal
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &file) && file.Path == part:
		return &cacheError{x.Cache, file}
	case errors.Is(err, grab.ErrBadChecksum):
		digest := &cpython.DigestError{Name: x.origin.name, Want: x.file.SHA256, Got: got}
		return &contentError{x.body.what(), digest}
	case errors.Is(err, grab.ErrBadLength):
		if !x.body.framed() {
			return fmt.Errorf("the connection ended after %d of %d bytes: %w", x.body.done, x.file.Size, io.ErrUnexpectedEOF)
		}
		return x.page(x.checkSize(x.body.done, "sent"))
	case errors.As(err, &asked):
		return asked.Err // without the address, which may hold a signature
	case x.body == nil || errors.As(err, &refuse):
		return err
	case x.body.total > 0:
		return fmt.Errorf("after %d of %d bytes: %w", x.body.done, x.body.total, err)
	}
	return fmt.Errorf("after %d bytes: %w", x.body.done, err)
}

// page adds to err that the answer is an HTML page, if it is one.
func (x *exchange) page(err error) error {
	if isHTML(x.body.head) {
		return fmt.Errorf("got an HTML page: %w", err)
	}
	return err
}

// A body is the content of an answer. Waiting too long for a part of it cancels
// the attempt; the time that writing it takes does not count.
type body struct {
	meter
	closer io.Closer
	timer  *time.Timer
	stall  time.Duration
	answer *http.Response
}

func (b *body) Read(p []byte) (int, error) {
	b.timer.Reset(b.stall)
	defer b.timer.Stop()
	return b.meter.Read(p)
}

func (b *body) Close() error {
	b.timer.Stop()
	return b.closer.Close()
}

// framed reports whether a body that is cut off can be told from one that ends:
// not when it ends with the connection (RFC 9112, section 6.3).
func (b *body) framed() bool {
	return b.answer.ContentLength >= 0 || b.answer.ProtoMajor > 1 || slices.Contains(b.answer.TransferEncoding, "chunked")
}

// what says what content of the wrong digest is.
func (b *body) what() string {
	if isHTML(b.head) {
		return "got an HTML page"
	}
	if encoding := b.answer.Header.Get("Content-Encoding"); encoding != "" {
		return fmt.Sprintf("wrong content, sent with Content-Encoding %q", encoding)
	}
	return "wrong content"
}

// isHTML reports whether content begins as pages of logins and errors do.
func isHTML(head []byte) bool {
	head = bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(head, []byte("\ufeff"))))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}

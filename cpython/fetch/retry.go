package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
)

// tryAll tries the origins in order until one gives the file. One that cannot
// be connected to is not waited for while there are others: it comes again
// after them.
func (s *session) tryAll(ctx context.Context, origins []origin) error {
	problems := make([]*OriginError, len(origins))
	queue := make([]int, len(origins))
	for i, o := range origins {
		problems[i] = &OriginError{Origin: o.name}
		queue[i] = i
	}
	for n := 0; n < len(queue); n++ {
		o, p := origins[queue[n]], problems[queue[n]]
		others, first := len(origins) > 1, n < len(origins)
		p.Err = s.try(ctx, o, p, func(err error) (giveUp bool) {
			return others && unreachable(err) && (first || timedOut(err))
		})
		if p.Err == nil {
			return nil
		}
		if stopped := s.stopped(ctx, p); stopped != nil {
			return &Error{Name: s.file.name(), Origins: failed(problems), Stopped: stopped}
		}
		s.Logger.Warn("the origin does not have the file", "origin", p.Origin, "reason", p.Err)
		if others && first && unreachable(p.Err) {
			queue = append(queue, queue[n])
		}
	}
	return &Error{Name: s.file.name(), Origins: failed(problems)}
}

// stopped returns what makes it useless to go on, and takes it off the origin,
// which is not to blame.
func (s *session) stopped(ctx context.Context, p *OriginError) error {
	if broken, ok := as[*cacheError](p.Err); ok {
		p.Err = nil
		return broken
	}
	if ctx.Err() != nil && errors.Is(p.Err, ctx.Err()) {
		p.Err = nil
	}
	return ctx.Err()
}

func failed(problems []*OriginError) []*OriginError {
	var tried []*OriginError
	for _, p := range problems {
		if p.Err != nil {
			tried = append(tried, p)
		}
	}
	return tried
}

// try asks one origin until it gives the file or asking again is of no use. It
// counts the attempts.
func (s *session) try(ctx context.Context, o origin, count *OriginError, giveUp func(error) bool) error {
	for retry := 0; ; retry++ {
		count.Attempts++
		err := s.attempt(ctx, o, count.Attempts)
		if err == nil || ctx.Err() != nil || o.url == nil || retry >= s.Retries || !transient(err) || giveUp(err) {
			return err
		}
		wait := s.backoff(retry)
		if status, ok := as[*StatusError](err); ok && status.RetryAfter > 0 {
			if status.RetryAfter > s.MaxWait {
				return fmt.Errorf("%w and asks to wait %s, longer than %s", err, status.RetryAfter, s.MaxWait)
			}
			wait = max(wait, status.RetryAfter)
		}
		s.Logger.Warn("trying the origin again", "origin", o.name, "after", wait, "reason", err)
		if sleep(ctx, wait) != nil {
			return err
		}
	}
}

// backoff doubles with each retry. The jitter, up to half of it, keeps a fleet
// of containers that started together from asking together again.
func (s *session) backoff(retry int) time.Duration {
	wait := s.MaxWait
	if retry < 30 {
		wait = min(wait, s.Backoff<<retry)
	}
	return wait - rand.N(wait/2+1)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// transient reports whether asking again may help. What is not known to be
// lasting may pass: HTTP/2 has no errors that could be told apart.
func transient(err error) bool {
	var (
		status *StatusError
		dns    *net.DNSError
		cert   *tls.CertificateVerificationError
		record tls.RecordHeaderError
		digest *cpython.DigestError
		refuse refusal
		broken *cacheError
	)
	switch {
	case errors.As(err, &status):
		return status.Code >= 500 && status.Code != http.StatusNotImplemented || status.Code == http.StatusTooManyRequests ||
			status.Code == http.StatusRequestTimeout || status.Code == http.StatusTooEarly
	case errors.As(err, &dns):
		return !dns.IsNotFound
	}
	return !errors.As(err, &cert) && !errors.As(err, &record) && !errors.As(err, &digest) &&
		!errors.As(err, &refuse) && !errors.As(err, &broken)
}

// unreachable reports whether there was no connection at all.
func unreachable(err error) bool {
	op, ok := as[*net.OpError](err)
	return ok && transient(err) && (op.Op == "dial" || op.Op == "proxyconnect")
}

func timedOut(err error) bool {
	op, ok := as[*net.OpError](err)
	return ok && op.Timeout()
}

// retryAfter reads the header Retry-After (RFC 9110, section 10.2.3): seconds,
// or a date, which is compared with the server's own clock where it tells that.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(seconds, 0), math.MaxInt32)) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		now = date
	}
	return max(at.Sub(now), 0)
}

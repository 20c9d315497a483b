package fetch

import (
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// attempt asks an origin once. Only after the digest agreed does the file get
// its name in the cache; the part file is gone in any case.
func (s *session) attempt(ctx context.Context, o origin, number int) error {
	part := s.entry.newPart()
	defer os.Remove(part)
	s.Logger.Debug("fetching", "origin", o.name, "attempt", number)
	report := s.reporter(o, number)
	var err error
	if o.url == nil {
		err = s.copyLocal(ctx, o, part, report)
	} else {
		err = s.download(ctx, o, part, report)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return err
	}
	if err := os.Rename(part, s.entry.path()); err != nil {
		return &cacheError{s.Cache, err}
	}
	s.Logger.Info("fetched", "origin", o.name, "path", s.entry.path())
	return nil
}

// limit returns how many bytes are accepted.
func (s *session) limit() int64 {
	if s.file.Size > 0 {
		return s.file.Size
	}
	return s.MaxSize
}

// checkSize refuses a size that cannot be right. Says is what the origin does:
// "has", "announces", "sent".
func (s *session) checkSize(size int64, says string) error {
	switch {
	case s.file.Size > 0 && size != s.file.Size:
		return refusef("%s %d bytes, wanted %d", says, size, s.file.Size)
	case size > s.limit():
		return refusef("%s %d bytes, more than the %d that are accepted", says, size, s.limit())
	}
	return nil
}

// A reportFunc takes how many bytes are there of a total; 0 is not known.
type reportFunc func(done, total int64)

// reporter keeps callbacks rare: they may draw.
func (s *session) reporter(o origin, attempt int) reportFunc {
	if s.Progress == nil {
		return func(int64, int64) {}
	}
	var last time.Time
	return func(done, total int64) {
		if now := time.Now(); done == total || now.Sub(last) >= 100*time.Millisecond {
			last = now
			s.Progress(Progress{Name: s.file.name(), Origin: o.name, Attempt: attempt, Done: done, Total: total})
		}
	}
}

// headSize is how much of the content is kept to tell what else it is.
const headSize = 512

// A meter counts what is read, refuses more than limit and reports.
type meter struct {
	r      io.Reader
	limit  int64
	total  int64 // 0 is not known
	report reportFunc

	done int64
	head []byte
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.done += int64(n)
	if missing := headSize - len(m.head); missing > 0 {
		m.head = append(m.head, p[:min(n, missing)]...)
	}
	if m.done > m.limit {
		return 0, refusef("sent more than the %d bytes that are accepted", m.limit)
	}
	switch {
	case n > 0:
		m.report(m.done, m.total)
	case errors.Is(err, io.EOF) && m.total == 0:
		m.report(m.done, m.done)
	}
	return n, err
}

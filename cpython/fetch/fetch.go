package fetch

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/internal/filelock"
)

// A File is what to fetch. The SHA-256 alone decides whether it is the right
// one, never the origin it came from.
type File struct {
	Name   string // what messages call it; empty is the beginning of the digest
	SHA256 string // 64 lower-case hexadecimal digits
	Size   int64  // bytes; 0 is not known

	// Origins are tried in order: https, http and file URLs, and paths of
	// files. A user and password in an https URL are sent to its host only.
	Origins []string
}

// A Fetcher fetches files into a cache. It may be copied, and used by several
// goroutines at once.
type Fetcher struct {
	// Cache is the folder that fetched files are kept in, by digest; made
	// when it is not there. Several processes may use one at the same time.
	// A folder that cannot be written serves what it holds. Needed.
	Cache string

	Proxy       func(*http.Request) (*url.URL, error) // nil connects directly
	RootCAs     *x509.CertPool                        // nil is the system's
	Credentials []Credential

	// Retries is how often an origin is asked again after a failure that may
	// pass: of the network, or an answer 408, 425, 429 or 5xx. 0 is 3, a
	// negative number none.
	Retries int

	Backoff time.Duration // before the first retry, doubled for each further one; 0 is half a second
	MaxWait time.Duration // an origin whose Retry-After asks for more is given up; 0 is one minute
	Limits  Limits

	// MaxSize is the most that is accepted of a file of unknown size, in
	// bytes; 0 is 4 GiB.
	MaxSize int64

	Logger   *slog.Logger   // nil is silent
	Progress func(Progress) // called from one goroutine at a time for each Fetch; may be nil
}

// Limits are the longest times to wait for an HTTP server. Zeros are the
// defaults.
type Limits struct {
	Connect time.Duration // for a connection to server or proxy; 0 is 10 seconds
	TLS     time.Duration // for the TLS handshake; 0 is 10 seconds
	Header  time.Duration // for the answer's header; 0 is 30 seconds
	Stall   time.Duration // for the next byte of the content; 0 is 30 seconds
}

// Progress is how far the transfer of a file is. About ten come in a second,
// and one at the end. What arrived is not yet verified.
type Progress struct {
	Name    string // of the file
	Origin  string // without credentials and query
	Attempt int    // at this origin, from 1; each begins at Done 0
	Done    int64  // bytes
	Total   int64  // bytes; 0 is not known
}

var digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Validate returns all that is wrong with f, or nil. Nothing is contacted.
func (f File) Validate() error {
	_, err := f.origins()
	return err
}

func (f File) origins() ([]origin, error) {
	var problems []error
	if !digestPattern.MatchString(f.SHA256) {
		problems = append(problems, &cpython.ParseError{Kind: "sha256", Text: f.SHA256, Reason: "wanted 64 lower-case hexadecimal digits"})
	}
	if f.Size < 0 {
		problems = append(problems, fmt.Errorf("size is %d, wanted a number of bytes, or 0 when it is not known", f.Size))
	}
	if len(f.Origins) == 0 {
		problems = append(problems, errors.New("no origin is given"))
	}
	origins := make([]origin, 0, len(f.Origins))
	for i, text := range f.Origins {
		o, err := parseOrigin(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("origin %d: %w", i+1, err))
		}
		origins = append(origins, o)
	}
	return origins, errors.Join(problems...)
}

// name returns what messages call f.
func (f File) name() string {
	return cmp.Or(f.Name, "sha256 "+f.SHA256[:min(12, len(f.SHA256))])
}

// Fetch returns the path of the file in the cache, after fetching it if it is
// not there or damaged. Of several processes that want the same file, one
// fetches it and the others wait.
//
// When no origin has the file, the error is an [*Error]; so it is when ctx ends,
// or the disk is full, and then wraps that reason too. With errors.As, a
// *cpython.DigestError says that an origin had something else under the name,
// and a [*StatusError] what a server answered.
func (f Fetcher) Fetch(ctx context.Context, file File) (string, error) {
	origins, err := file.origins()
	if err := errors.Join(err, f.validate()); err != nil {
		return "", fmt.Errorf("fetch %s: %w", file.name(), err)
	}
	f = f.withDefaults()
	s := &session{Fetcher: f, file: file, entry: entry{f.Cache, file.SHA256}}
	s.Logger = f.Logger.With("file", file.name())
	path, err := s.run(ctx, origins)
	if err == nil {
		return path, nil
	}
	if _, ok := as[*Error](err); !ok {
		err = &Error{Name: file.name(), Stopped: err}
	}
	return "", err
}

// validate returns all that is wrong with the fetcher itself.
func (f Fetcher) validate() error {
	var problems []error
	if f.Cache == "" {
		problems = append(problems, errors.New("fetcher: Cache is needed"))
	}
	for _, c := range f.Credentials {
		problems = append(problems, c.validate())
	}
	return errors.Join(problems...)
}

func (f Fetcher) withDefaults() Fetcher {
	if f.Retries == 0 {
		f.Retries = 3
	}
	f.Backoff = cmp.Or(f.Backoff, 500*time.Millisecond)
	f.MaxWait = cmp.Or(f.MaxWait, time.Minute)
	f.MaxSize = cmp.Or(f.MaxSize, 4<<30)
	f.Limits.Connect = cmp.Or(f.Limits.Connect, 10*time.Second)
	f.Limits.TLS = cmp.Or(f.Limits.TLS, 10*time.Second)
	f.Limits.Header = cmp.Or(f.Limits.Header, 30*time.Second)
	f.Limits.Stall = cmp.Or(f.Limits.Stall, 30*time.Second)
	if f.Logger == nil {
		f.Logger = slog.New(slog.DiscardHandler)
	}
	return f
}

// A session is the fetching of one file.
type session struct {
	Fetcher
	file  File
	entry entry
}

// run looks into the cache, and only when the file is not there writes anything.
func (s *session) run(ctx context.Context, origins []origin) (string, error) {
	found, err := s.cached(ctx)
	if found || err != nil {
		return s.entry.path(), err
	}
	if err := os.MkdirAll(s.Cache, 0o755); err != nil {
		return "", &cacheError{s.Cache, err}
	}
	unlock, err := s.lock(ctx)
	if err != nil {
		return "", err
	}
	defer unlock()
	if found, err = s.cached(ctx); found || err != nil { // another may have fetched it meanwhile
		return s.entry.path(), err
	}
	return s.entry.path(), s.tryAll(ctx, origins)
}

// cached reports whether the cache holds the whole and undamaged file. The error
// is that of ctx: whatever else keeps a file from being read, fetching replaces it.
func (s *session) cached(ctx context.Context) (bool, error) {
	got, err := s.entry.digest(ctx, s.file.Size)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, os.ErrNotExist):
		return false, nil
	case err != nil:
		s.Logger.Warn("the cached file is not usable, fetching it again", "path", s.entry.path(), "error", err)
		return false, nil
	case got != s.file.SHA256:
		s.Logger.Warn("the cached file is damaged, fetching it again", "path", s.entry.path(), "sha256", got)
		return false, nil
	}
	s.Logger.Debug("found in the cache", "path", s.entry.path())
	return true, nil
}

// lock waits until no other fetches the same file, and removes what killed
// processes left behind.
func (s *session) lock(ctx context.Context) (unlock func(), err error) {
	unlock, err = s.entry.lock(ctx, func() { s.Logger.Info("another process is fetching the file, waiting for it") })
	if errors.Is(err, filelock.ErrUnsupported) {
		// Every part file has a name of its own, so that nothing is at stake but
		// work done twice. Without locks nobody can tell a left-over from a part
		// that is being written.
		s.Logger.Warn("the cache's file system has no locks, another process may fetch the same file", "error", err)
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	for _, name := range s.entry.removeLeftovers() {
		s.Logger.Info("removed what an earlier run left behind", "path", name)
	}
	return unlock, nil
}

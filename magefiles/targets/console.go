package targets

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/build"
)

// A console tells the story on standard error: a line for each thing that
// happens and, on a terminal, one line below them that counts the time.
type console struct {
	logger *slog.Logger
	cache  string

	mu       sync.Mutex
	w        io.Writer
	terminal bool
	shown    bool // whether the progress line is on the screen
}

// newConsole is the first thing that a target does. It refuses a command line
// that holds more than targets and flags.
func newConsole() (*console, error) {
	if err := refuseLeftovers(os.Args[1:], knownTargets); err != nil {
		return nil, err
	}
	cache, err := cacheDir()
	if err != nil {
		return nil, err
	}
	c := &console{cache: cache, w: os.Stderr, terminal: isTerminal(os.Stderr)}
	c.logger = slog.New(handler{console: c})
	return c, nil
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// println writes a line above the progress line.
func (c *console) println(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	fmt.Fprintln(c.w, text)
}

// progress rewrites the progress line.
func (c *console) progress(p build.Progress) {
	if !c.terminal {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
	fmt.Fprintf(c.w, "[%d/%d] %s  %s, about %s left", p.Number, p.Steps, p.Step,
		p.Elapsed.Round(time.Second), p.Remaining.Round(time.Second))
	c.shown = true
}

// end takes the progress line away.
func (c *console) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.clear()
}

func (c *console) clear() {
	if c.shown {
		fmt.Fprint(c.w, "\r\x1b[K")
		c.shown = false
	}
}

// A handler prints log records for people: time, message, values.
type handler struct {
	console *console
	attrs   string
}

func (h handler) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (h handler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	b.WriteString(r.Time.Format("15:04:05 "))
	if r.Level >= slog.LevelWarn {
		b.WriteString(strings.ToLower(r.Level.String()) + ": ")
	}
	b.WriteString(r.Message + h.attrs)
	r.Attrs(func(a slog.Attr) bool {
		b.WriteString(attrText(a))
		return true
	})
	h.console.println(b.String())
	return nil
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		h.attrs += attrText(a)
	}
	return h
}

func (h handler) WithGroup(string) slog.Handler { return h }

func attrText(a slog.Attr) string { return " " + a.Key + "=" + a.Value.String() }

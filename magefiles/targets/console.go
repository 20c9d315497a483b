package targets

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/2-coatl/cpython-prebuilt/cpython/build"
)

// A console tells the story of one thing on standard error: a line for each
// thing that happens and, on a terminal, one line below them that counts the
// time. What several builds tell at once has the name of the build before it.
type console struct {
	logger *slog.Logger
	cache  string
	name   string // of the build; empty where there is only one
	screen *screen
}

// A screen is what several consoles write to. Progress lines stay below all
// other lines.
type screen struct {
	mu       sync.Mutex
	w        io.Writer
	terminal bool
	lines    map[string]string // progress, by the name of the console
	shown    int               // how many progress lines are on the screen
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
	return makeConsole(cache, &screen{w: os.Stderr, terminal: isTerminal(os.Stderr), lines: map[string]string{}}), nil
}

func makeConsole(cache string, s *screen) *console {
	c := &console{cache: cache, screen: s}
	c.logger = slog.New(handler{console: c})
	return c
}

// of returns a console on the same screen for one of several builds.
func (c *console) of(name string) *console {
	one := makeConsole(c.cache, c.screen)
	one.name = name
	return one
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// println writes a line above the progress lines.
func (c *console) println(text string) {
	if c.name != "" {
		text = c.name + ": " + text
	}
	c.screen.update(func() { fmt.Fprintln(c.screen.w, text) })
}

// progress rewrites the progress line.
func (c *console) progress(p build.Progress) {
	if !c.screen.terminal {
		return
	}
	line := fmt.Sprintf("[%d/%d] %s  %s, about %s left", p.Number, p.Steps, p.Step,
		p.Elapsed.Round(time.Second), p.Remaining.Round(time.Second))
	if c.name != "" {
		line = c.name + "  " + line
	}
	c.screen.update(func() { c.screen.lines[c.name] = line })
}

// end takes the progress line away.
func (c *console) end() {
	c.screen.update(func() { delete(c.screen.lines, c.name) })
}

// update takes the progress lines off the screen, does something, and puts
// them there again.
func (s *screen) update(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ; s.shown > 0; s.shown-- {
		fmt.Fprint(s.w, "\r\x1b[K")
		if s.shown > 1 {
			fmt.Fprint(s.w, "\x1b[A")
		}
	}
	do()
	for _, name := range slices.Sorted(maps.Keys(s.lines)) {
		if s.shown > 0 {
			fmt.Fprintln(s.w)
		}
		fmt.Fprint(s.w, s.lines[name])
		s.shown++
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

package remote

import (
	"bytes"
	"crypto/rand"
	"strings"
	"sync"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine/internal/stream"
)

// saidBytes is how much is kept of what others than the command print.
const saidBytes = 4 << 10

// A control takes the lines of runScript out of a command's standard error.
type control struct {
	mark [2]string
	pass func([]byte)      // takes what the command itself printed
	tell func(line string) // takes a line of runScript, without its mark

	held    []byte // may be the beginning of a line
	running bool   // between started and exit
	said    []byte // what was printed when no command ran
}

func newMark() [2]string { return [2]string{rand.Text(), rand.Text()} }

// Write never fails.
func (c *control) Write(p []byte) (int, error) {
	mark := []byte(c.mark[0] + c.mark[1])
	c.held = append(c.held, p...)
	for {
		at := bytes.Index(c.held, mark)
		if at < 0 {
			at = len(c.held) - beginning(c.held, mark)
			c.text(c.held[:at])
			c.held = append(c.held[:0], c.held[at:]...)
			return len(p), nil
		}
		c.text(c.held[:at])
		line, rest, whole := bytes.Cut(c.held[at:], []byte("\n"))
		if !whole {
			c.held = append(c.held[:0], c.held[at:]...)
			return len(p), nil
		}
		text := strings.TrimPrefix(string(line[len(mark):]), " ")
		c.held = append(c.held[:0], rest...)
		c.running = strings.HasPrefix(text, "started ")
		c.tell(text)
	}
}

// beginning returns how many of the last bytes of p could begin a mark.
func beginning(p, mark []byte) int {
	for n := min(len(p), len(mark)-1); n > 0; n-- {
		if bytes.HasPrefix(mark, p[len(p)-n:]) {
			return n
		}
	}
	return 0
}

func (c *control) text(p []byte) {
	if len(p) == 0 {
		return
	}
	if c.running {
		c.pass(p)
		return
	}
	c.said = append(c.said, p[:min(len(p), saidBytes-len(c.said))]...)
}

// flush passes on what looked like the beginning of a line to the last.
func (c *control) flush() {
	c.text(c.held)
	c.held = nil
}

// A gate lets the transport write to an output, from two sides at once, and
// tells once when a writer of the caller's fails. The rest is then discarded,
// so that nothing has to wait for a reader that has gone.
type gate struct {
	refused chan struct{}
	mutex   sync.Mutex
	shut    bool
}

func (g *gate) to(sink *stream.Sink) func([]byte) {
	return func(p []byte) {
		g.mutex.Lock()
		defer g.mutex.Unlock()
		if g.shut {
			return
		}
		if _, err := sink.Write(p); err != nil {
			g.shut = true
			close(g.refused)
		}
	}
}

// A gateWriter is a writer that never fails.
type gateWriter func([]byte)

func (w gateWriter) Write(p []byte) (int, error) { w(p); return len(p), nil }

package vagrant

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"
)

// A session is one command and its three streams. It is not ssh.Session, which
// waits for a Read of standard input that may never return, and for output
// that something left behind holds open.
type session struct {
	stdin          io.Reader
	stdout, stderr *sink

	mutex     sync.Mutex
	channel   io.Closer
	abandoned bool
}

// begin notes the channel; it is closed at once when nobody waits any more.
func (s *session) begin(channel ssh.Channel) bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.abandoned {
		channel.Close()
		return false
	}
	s.channel = channel
	return true
}

// abandon closes the channel, now or as soon as there is one.
func (s *session) abandon() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.abandoned = true
	if s.channel != nil {
		go s.channel.Close() // writes to the connection, which may be stuck
	}
}

// wait passes the streams on until the command has ended.
func (s *session) wait(channel ssh.Channel, requests <-chan *ssh.Request) (int, error) {
	go func() {
		if s.stdin != nil {
			_, _ = io.Copy(channel, s.stdin) // fails when the command wants no more
		}
		_ = channel.CloseWrite()
	}()
	var streams sync.WaitGroup
	streams.Go(func() { s.stdout.copy(channel) })
	streams.Go(func() { s.stderr.copy(channel.Stderr()) })
	passed := make(chan struct{})
	go func() { streams.Wait(); close(passed) }()

	code, err := exitCode(requests)
	if err != nil {
		<-passed // the channel has ended, and so have they
		return 0, err
	}
	go ssh.DiscardRequests(requests)
	tick := time.NewTicker(grace / 10)
	defer tick.Stop()
	for ended := time.Now(); ; {
		select {
		case <-passed:
			return code, nil
		case now := <-tick.C:
			if quiet := s.stdout.quiet(now, ended) && s.stderr.quiet(now, ended); quiet {
				channel.Close()
				<-passed
				return code, nil
			}
		}
	}
}

// exitCode waits for the message of a command's end.
func exitCode(requests <-chan *ssh.Request) (int, error) {
	for request := range requests {
		if request.WantReply {
			_ = request.Reply(false, nil)
		}
		switch request.Type {
		case "exit-status":
			var status struct{ Code uint32 }
			if err := ssh.Unmarshal(request.Payload, &status); err != nil {
				return 0, err
			}
			return int(status.Code), nil
		case "exit-signal":
			var signal struct {
				Name       string
				CoreDumped bool
				Message    string
				Language   string
			}
			if err := ssh.Unmarshal(request.Payload, &signal); err != nil {
				return 0, err
			}
			// Not the command, whose shell would have told, but that shell itself.
			return 128 + signals[signal.Name], nil
		}
	}
	return 0, errors.New("it closed the session without an exit code")
}

// signals are those of RFC 4254, section 6.10, by their numbers on Linux.
var signals = map[string]int{
	"HUP": 1, "INT": 2, "QUIT": 3, "ILL": 4, "ABRT": 6, "FPE": 8, "KILL": 9,
	"USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13, "ALRM": 14, "TERM": 15,
}

// A sink passes one stream on, until it is shut.
type sink struct {
	to io.Writer // nil is discarded

	mutex  sync.Mutex // held during a Write
	closed bool
	last   atomic.Int64 // when something came last, in nanoseconds
	busy   atomic.Bool  // within a Write
}

// copy passes on what from has. Its errors are seen elsewhere as the end of the command.
func (s *sink) copy(from io.Reader) { _, _ = io.Copy(s, from) }

func (s *sink) Write(p []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.closed || s.to == nil {
		s.last.Store(time.Now().UnixNano())
		return len(p), nil
	}
	s.busy.Store(true)
	defer func() {
		s.last.Store(time.Now().UnixNano())
		s.busy.Store(false)
	}()
	return s.to.Write(p)
}

// shut ends the passing on. A Write that is under way is waited for: the
// writers of a remote.Transport return.
func (s *sink) shut() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.closed = true
}

// quiet reports whether nothing has come for the time of grace since the
// command ended.
func (s *sink) quiet(now, ended time.Time) bool {
	last := time.Unix(0, s.last.Load())
	if last.Before(ended) {
		last = ended
	}
	return !s.busy.Load() && now.Sub(last) > grace
}

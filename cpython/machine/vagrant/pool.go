package vagrant

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/crypto/ssh"
)

// sessionsEach is how many commands share a connection. OpenSSH allows 10 by
// default (MaxSessions in sshd_config(5)) and counts one a little longer than
// we do.
const sessionsEach = 8

// A pool holds the connections to a virtual machine. A command never waits for
// another to end, since the one that ends a command must get through: when all
// connections are full, one more is made.
type pool struct {
	mutex sync.Mutex
	all   []*connection
	root  rootWay // how commands become root's; see root.go

	dialing chan struct{} // holds one token: one connection is made at a time
}

// A connection is one SSH connection and how many commands use it.
type connection struct {
	client *ssh.Client
	config SSHConfig // how it was made
	used   int
	most   int
}

// acquire returns a connection with room for one command more. The caller
// calls release.
func (p *pool) acquire(ctx context.Context, dial func(context.Context) (*connection, error)) (*connection, error) {
	if c := p.take(); c != nil {
		return c, nil
	}
	token := p.token()
	select {
	case token <- struct{}{}:
		defer func() { <-token }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if c := p.take(); c != nil { // made while this one waited
		return c, nil
	}
	c, err := dial(ctx)
	if err != nil {
		return nil, err
	}
	c.used, c.most = 1, sessionsEach
	p.mutex.Lock()
	p.all = append(p.all, c)
	p.mutex.Unlock()
	go func() {
		keepAlive(c.client, keepaliveEvery, keepaliveAnswer)
		p.drop(c)
	}()
	return c, nil
}

// token returns the channel that lets one dial at a time. A mutex would not
// let go when the context ends.
func (p *pool) token() chan struct{} {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.dialing == nil {
		p.dialing = make(chan struct{}, 1)
	}
	return p.dialing
}

// known returns the configuration of a connection that lives. Asking Vagrant
// takes it a second, and as long as one lives another can be made the same way.
func (p *pool) known() (SSHConfig, bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if len(p.all) == 0 {
		return SSHConfig{}, false
	}
	return p.all[0].config, true
}

// take returns a connection that has room, or nil.
func (p *pool) take() *connection {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, c := range p.all {
		if c.used < c.most {
			c.used++
			return c
		}
	}
	return nil
}

// release gives back what acquire or take returned.
func (p *pool) release(c *connection) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	c.used--
}

// full notes that the server lets no more commands onto a connection than run
// on it beside the caller's, and gives it back. One that lets none at all on it
// is dropped, and the answer is true. So every refusal brings the caller nearer
// to a connection of its own.
func (p *pool) full(c *connection) (useless bool) {
	p.mutex.Lock()
	c.used--
	c.most = min(c.most, c.used)
	useless = c.used == 0
	p.mutex.Unlock()
	if useless {
		c.client.Close()
		p.drop(c)
	}
	return useless
}

// drop takes a connection that has ended out of the pool.
func (p *pool) drop(c *connection) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.all = slices.DeleteFunc(p.all, func(other *connection) bool { return other == c })
}

// closeAll closes the connections; what runs on them is lost.
func (p *pool) closeAll() {
	p.mutex.Lock()
	all := p.all
	p.all, p.root = nil, rootUnknown
	p.mutex.Unlock()
	for _, c := range all {
		c.client.Close() // one that has ended already is no trouble
	}
}

// open opens a channel for one command. A connection that turns out to be dead
// or full is no error yet: nothing has run, so another one is tried.
func (m *Machine) open(ctx context.Context) (*connection, ssh.Channel, <-chan *ssh.Request, error) {
	for attempt := 1; ; {
		c, err := m.pool.acquire(ctx, m.dial)
		if err != nil {
			return nil, nil, nil, err
		}
		channel, requests, err := c.client.OpenChannel("session", nil)
		if err == nil {
			return c, channel, requests, nil
		}
		if refused := (*ssh.OpenChannelError)(nil); errors.As(err, &refused) {
			if m.pool.full(c) {
				attempt++
			}
		} else {
			c.client.Close()
			m.pool.drop(c)
			m.pool.release(c)
			attempt++
		}
		if attempt > 4 || ctx.Err() != nil {
			return nil, nil, nil, err
		}
	}
}

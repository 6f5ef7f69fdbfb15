package postgres

import (
	"bytes"
	"maps"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// proxy is between a store and its server, and cuts connections when a test says so.
type proxy struct {
	server   string
	listener net.Listener
	mu       sync.Mutex
	armed    *cut
	silent   bool              // lets nothing through, without an error
	deaf     map[net.Conn]bool // the same for some clients
	open     map[net.Conn]bool
	done     sync.WaitGroup
	trips    atomic.Int64 // how often the server has answered and become idle
}

// cut says when a connection is lost: when the client sends the mark.
type cut struct {
	mark string
	// forward passes the mark on to the server, which does not notice that the client has
	// gone.
	forward bool
	// answered waits until the server has answered, but the client does not get the answer.
	answered bool
	happened chan struct{}
}

// through returns a way to a database that goes through a proxy.
func through(t *testing.T, dsn string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(dsn)
	ok(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	p := &proxy{server: u.Host, listener: listener, open: make(map[net.Conn]bool)}
	p.done.Go(p.accept)
	t.Cleanup(func() {
		_ = listener.Close()
		p.cutAll()
		p.done.Wait()
	})
	u.Host = listener.Addr().String()
	return p, u.String()
}

// cancelRequest is the beginning of a request to cancel another connection's statement.
var cancelRequest = []byte{0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.open[client], p.open[server] = true, true
		p.mu.Unlock()
		gone := make(chan struct{}) // closed when the client must get nothing more from the server
		answer := make(chan struct{}, 1)
		p.done.Go(func() { p.toServer(client, server, gone, answer) })
		p.done.Go(func() { p.toClient(client, server, gone, answer) })
	}
}

// cutAll cuts every connection.
func (p *proxy) cutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		_ = conn.Close()
	}
	clear(p.open)
}

// cutAt cuts the connection that sends the mark first.
func (p *proxy) cutAt(c cut) (happened <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.happened = make(chan struct{})
	p.armed = &c
	return c.happened
}

// silence drops everything sent from now on.
func (p *proxy) silence(silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = silent
}

// deafen drops everything sent on existing connections. New ones reach the server.
func (p *proxy) deafen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = maps.Clone(p.open)
}

func (p *proxy) isSilent(client net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.silent || p.deaf[client]
}

func (p *proxy) take(sent []byte) *cut {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.armed
	if c == nil || !bytes.Contains(sent, []byte(c.mark)) {
		return nil
	}
	p.armed = nil
	return c
}

func (p *proxy) toServer(client, server net.Conn, gone chan struct{}, answer <-chan struct{}) {
	defer client.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			_ = server.Close()
			return
		}
		if bytes.HasPrefix(buffer[:n], cancelRequest) {
			_ = server.Close() // if a connection is lost, so may be the request to cancel its statement
			return
		}
		c := p.take(buffer[:n])
		if p.isSilent(client) {
			continue
		}
		if c == nil {
			if _, err := server.Write(buffer[:n]); err != nil {
				return
			}
			continue
		}
		defer close(c.happened)
		if !c.forward {
			_ = server.Close()
			return
		}
		close(gone)
		for len(answer) > 0 { // answers from before
			<-answer
		}
		if _, err := server.Write(buffer[:n]); err == nil && c.answered {
			<-answer
		}
		return // the server's side ends once the server has answered
	}
}

func (p *proxy) toClient(client, server net.Conn, gone <-chan struct{}, answer chan<- struct{}) {
	defer client.Close()
	defer server.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		// It is in the middle of an answer until it is ready for the next query and idle:
		// then it has committed.
		ready := bytes.HasSuffix(buffer[:n], []byte{'Z', 0, 0, 0, 5, 'I'})
		if ready {
			p.trips.Add(1)
		}
		if ready || err != nil {
			select {
			case answer <- struct{}{}:
			default:
			}
		}
		if err != nil {
			return
		}
		select {
		case <-gone:
			if ready {
				return
			}
			continue
		default:
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

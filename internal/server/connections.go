package server

import (
	"container/list"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

const (
	// maxConnections is the most connections of a server, if it may open twice as many files.
	maxConnections = 4096
	// telemetryConnections is the most of the telemetry listener.
	telemetryConnections = 16
	// silence is how long a new connection may send nothing before it counts as idle.
	silence = time.Second
)

// connectionLimit is how many connections a server may have: at most half of the files that the
// process may open, so that the database can open its own.
func connectionLimit() int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return maxConnections
	}
	return int(min(maxConnections, files.Cur/2))
}

// connections keeps a server within its number of connections. To make room it closes the one
// that has been without a request for longest, as it may at any time (RFC 9112, 9.5), and never
// one with a request in progress. If all have one, new connections wait.
type connections struct {
	most    int
	mu      sync.Mutex
	open    map[net.Conn]*list.Element
	order   list.List // of *connection, by the time since which they have, or had, no request
	changed chan struct{}
	closing chan struct{}
}

type connection struct {
	net.Conn
	state http.ConnState
	since time.Time // it is new, or idle
}

func newConnections(most int) *connections {
	return &connections{most: most, open: make(map[net.Conn]*list.Element), changed: make(chan struct{}, 1), closing: make(chan struct{})}
}

// limit makes a server accept its connections from a listener within the limit.
func (c *connections) limit(s *http.Server, l net.Listener) net.Listener {
	s.ConnState = c.note
	return &limitedListener{Listener: l, of: c}
}

// note is called by the server when the state of a connection changes, for each request twice.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	place := c.open[conn]
	switch {
	case state == http.StateNew:
		c.open[conn] = c.order.PushBack(&connection{conn, state, time.Now()})
		return
	case place == nil:
		return // it was closed to make room
	case state == http.StateClosed, state == http.StateHijacked:
		c.forget(place)
	default:
		of := place.Value.(*connection)
		if of.state = state; state == http.StateIdle {
			of.since = time.Now()
			c.order.MoveToBack(place)
		}
	}
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *connections) forget(place *list.Element) net.Conn {
	conn := c.order.Remove(place).(*connection).Conn
	delete(c.open, conn)
	return conn
}

// room waits until there is room for one more connection; false if the listener is closed
// before.
func (c *connections) room() bool {
	for {
		full, wait := c.makeRoom()
		if !full {
			return true
		}
		timer := time.NewTimer(wait)
		select {
		case <-c.changed:
		case <-timer.C:
		case <-c.closing:
			timer.Stop()
			return false
		}
		timer.Stop()
	}
}

// makeRoom closes a connection without a request if there are too many. If all are busy, it
// says when to look again at the latest: a new one will then have been silent for too long.
func (c *connections) makeRoom() (full bool, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) < c.most {
		return false, 0
	}
	for place := c.order.Front(); place != nil; place = place.Next() {
		of := place.Value.(*connection)
		if of.state == http.StateIdle || of.state == http.StateNew && time.Since(of.since) > silence {
			closeNow(c.forget(place))
			return false, 0
		}
	}
	return true, silence
}

// closeNow closes a connection without the farewell of TLS, for which it might have to wait.
func closeNow(conn net.Conn) {
	if secure, ok := conn.(interface{ NetConn() net.Conn }); ok {
		conn = secure.NetConn()
	}
	_ = conn.Close() // nobody uses it
}

// limitedListener accepts a connection and holds it until there is room.
type limitedListener struct {
	net.Listener
	of   *connections
	once sync.Once
}

func (l *limitedListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil && !l.of.room() {
		_ = conn.Close() // the server is stopping
		return nil, net.ErrClosed
	}
	return conn, err
}

func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.of.closing) })
	return l.Listener.Close()
}

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
// that has been idle for longest, as it may at any time (RFC 9112, 9.5), and never one with a
// request in progress. If all have one, new connections wait.
type connections struct {
	most    int
	mu      sync.Mutex
	open    map[net.Conn]*connection
	idle    list.List // of *connection, in order: their requests have been answered
	silent  list.List // of *connection, in order: they have not sent a request yet
	changed chan struct{}
	closing chan struct{}
}

// connection is an open connection, and its place among those without a request in progress.
type connection struct {
	net.Conn
	since time.Time
	in    *list.List
	place *list.Element
}

func newConnections(most int) *connections {
	return &connections{most: most, open: make(map[net.Conn]*connection), changed: make(chan struct{}, 1), closing: make(chan struct{})}
}

// limit makes a server accept its connections from a listener within the limit.
func (c *connections) limit(s *http.Server, l net.Listener) net.Listener {
	s.ConnState = c.note
	return &limitedListener{Listener: l, of: c}
}

// note is called by the server when the state of a connection changes.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.open[conn]
	switch {
	case state == http.StateNew:
		of = &connection{Conn: conn}
		c.open[conn] = of
	case of == nil:
		return // it was closed to make room
	}
	if of.in != nil {
		of.in.Remove(of.place)
		of.in = nil
	}
	switch state {
	case http.StateNew:
		c.put(of, &c.silent)
	case http.StateIdle:
		c.put(of, &c.idle)
	case http.StateClosed, http.StateHijacked:
		delete(c.open, conn)
	}
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

func (c *connections) put(of *connection, in *list.List) {
	of.since, of.in, of.place = time.Now(), in, in.PushBack(of)
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

// makeRoom closes idle connections if there are too many. If all are busy, it says when one
// will count as idle.
func (c *connections) makeRoom() (full bool, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.open) >= c.most {
		oldest := c.idle.Front()
		if oldest == nil {
			oldest = c.silent.Front()
			if oldest == nil {
				return true, time.Hour // until one changes
			}
			if wait = silence - time.Since(oldest.Value.(*connection).since); wait > 0 {
				return true, wait
			}
		}
		of := oldest.Value.(*connection)
		of.in.Remove(oldest)
		of.in = nil
		delete(c.open, of.Conn)
		closeNow(of.Conn)
	}
	return false, 0
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

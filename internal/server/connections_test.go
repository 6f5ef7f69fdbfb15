package server_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"equality-information-api/internal/server"
)

// client is a connection that a test uses by hand.
type client struct {
	t *testing.T
	net.Conn
	in *bufio.Reader
}

func (s *running) dial(t *testing.T) *client {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &client{t, conn, bufio.NewReader(conn)}
}

func (c *client) ask(path string) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: test\r\n\r\n", path); err != nil {
		c.t.Error(err)
	}
}

// answered waits for a 200.
func (c *client) answered(within time.Duration) error {
	if err := c.SetReadDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	r, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if _, err := io.Copy(io.Discard, r.Body); err != nil || r.StatusCode != http.StatusOK {
		return fmt.Errorf("%d, %v", r.StatusCode, err)
	}
	return nil
}

// closed reports whether the server has closed the connection, or does so soon.
func (c *client) closed() bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Second))
	_, err := c.in.ReadByte()
	netErr, ok := err.(net.Error) //nolint:errorlint // as package net returns it
	return err != nil && !(ok && netErr.Timeout())
}

func within(most int) func(*server.Options) {
	return func(o *server.Options) { o.Connections = most }
}

const soon = 3 * time.Second

func TestIdleConnectionsMakeRoomForNewOnes(t *testing.T) {
	t.Parallel()
	s := start(t, func(w http.ResponseWriter, _ *http.Request) {}, within(4))
	var idle []*client
	for range 12 {
		c := s.dial(t)
		c.ask("/")
		if err := c.answered(soon); err != nil {
			t.Fatal(err)
		}
		idle = append(idle, c)
		time.Sleep(20 * time.Millisecond) // it becomes idle a moment after its response
	}
	// The one that has been idle for longest is closed first, and an idle one goes on working.
	for i, c := range idle[:8] {
		if !c.closed() {
			t.Errorf("connection %d of %d is still open", i, len(idle))
		}
	}
	for i, c := range idle[8:] {
		if c.ask("/"); c.answered(soon) != nil {
			t.Errorf("connection %d of %d was closed", i+8, len(idle))
		}
	}
}

func TestARequestInProgressKeepsItsConnection(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := start(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-release
		}
	}, within(3))
	var busy []*client
	for range 2 {
		c := s.dial(t)
		c.ask("/slow")
		busy = append(busy, c)
	}
	for range 20 { // each takes the place of the one before
		c := s.dial(t)
		if c.ask("/"); c.answered(soon) != nil {
			t.Fatal("an idle connection locks others out")
		}
	}
	third := s.dial(t)
	third.ask("/slow")
	fourth := s.dial(t)
	if fourth.ask("/"); fourth.answered(300*time.Millisecond) == nil {
		t.Error("there are more connections than there may be")
	}
	close(release)
	for _, c := range append(busy, third) {
		if err := c.answered(soon); err != nil {
			t.Errorf("a request in progress lost its connection: %v", err)
		}
	}
	fifth := s.dial(t)
	if fifth.ask("/"); fifth.answered(soon) != nil {
		t.Error("there is room again, and a new connection gets none")
	}
}

func TestConnectionsThatSendNothingMakeRoom(t *testing.T) {
	t.Parallel()
	s := start(t, func(http.ResponseWriter, *http.Request) {}, within(4))
	var mute []*client
	for range 6 {
		mute = append(mute, s.dial(t))
	}
	_, _ = mute[3].Write([]byte("GET / HT")) // nor one that never ends its request
	c := s.dial(t)
	if c.ask("/"); c.answered(4*time.Second) != nil {
		t.Error("connections that send nothing lock others out")
	}
}

func TestASecureConnectionMakesRoomToo(t *testing.T) {
	t.Parallel()
	cert, key, pool := certificate(t)
	s := start(t, func(http.ResponseWriter, *http.Request) {}, within(2), func(o *server.Options) { o.CertFile, o.KeyFile = cert, key })
	for range 6 {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(s.url, "http://"), &tls.Config{RootCAs: pool, NextProtos: []string{"http/1.1"}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		c := &client{t, conn, bufio.NewReader(conn)}
		if c.ask("/"); c.answered(soon) != nil {
			t.Fatal("an idle connection locks others out")
		}
	}
}

func TestAServerWithoutRoomStops(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := start(t, func(http.ResponseWriter, *http.Request) { <-release }, within(1))
	c := s.dial(t)
	c.ask("/")
	s.dial(t).ask("/")
	time.Sleep(50 * time.Millisecond)
	s.stop()
	time.Sleep(50 * time.Millisecond)
	close(release)
	select {
	case err := <-s.done:
		if err != nil {
			t.Error(err)
		}
		s.done <- nil
	case <-time.After(soon):
		t.Error("it does not stop")
	}
}

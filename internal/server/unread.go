package server

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// net/http answers some requests itself, before a handler sees them: what is no HTTP or has
// no Host, headers that are too large, an unknown version, transfer encoding or expectation.
// It writes plain text to the connection and offers no way to change it, so the connections
// of an unreadListener recognise such an answer and send a problem instead.

// unreadListener wraps the connections of a listener. With TLS they see only what is
// encrypted, and change nothing but the answer to a caller who does not speak TLS.
type unreadListener struct {
	net.Listener
	answer func(status int) []byte
}

func (l unreadListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &unreadConn{tcp, l.answer}, err
	}
	return conn, err
}

// unreadConn has all methods of a TCP connection, some of which net/http looks for.
type unreadConn struct {
	*net.TCPConn
	answer func(status int) []byte
}

func (c *unreadConn) Write(b []byte) (int, error) {
	status, own := ownAnswer(b)
	if !own {
		return c.TCPConn.Write(b)
	}
	if _, err := c.TCPConn.Write(c.answer(status)); err != nil {
		return 0, err
	}
	return len(b), nil
}

// What follows the status in net/http's own answers. The response of a handler always has
// other headers, such as Date. A long body goes out in several writes, so one of them can begin
// with whatever a caller has stored; but the bodies of this server have no line breaks of this
// kind, so every answer is known by what has them.
var (
	ownHeaders   = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")
	ownNoHeaders = []byte("\r\n\r\n")                        // to a caller who does not speak TLS
	ownExpected  = []byte("\r\nConnection: close\r\nDate: ") // 417, which no handler sends
)

// ownAnswer reports whether net/http writes an answer of its own, and its status.
func ownAnswer(b []byte) (status int, own bool) {
	const line = len("HTTP/1.1 400 ")
	if len(b) < line || string(b[:5]) != "HTTP/" || b[9] < '4' {
		return 0, false
	}
	status, err := strconv.Atoi(string(b[9:12]))
	if err != nil {
		return 0, false
	}
	rest := b[max(0, bytes.IndexByte(b, '\r')):] // from the end of the first line
	return status, bytes.HasPrefix(rest, ownHeaders) || bytes.HasPrefix(rest, ownNoHeaders) ||
		status == http.StatusExpectationFailed && bytes.HasPrefix(rest, ownExpected)
}

// Unread returns the answer to a request that net/http refuses with a status and shows to no
// handler. It is logged and counted like any other; nothing is known of the request.
func (o *Observer) Unread(status int) []byte {
	w := &written{header: make(http.Header)}
	seen := &observed{start: time.Now(), recorder: recorder{ResponseWriter: w}}
	seen.exchange.CorrelationID = uuid.New()
	seen.id = seen.exchange.CorrelationID.String()
	seen.headers(w.header)
	r := (&http.Request{URL: &url.URL{Path: "/"}, RequestURI: "/"}).WithContext(WithExchange(context.Background(), &seen.exchange))
	o.options.Unread(&seen.recorder, r, status)
	o.record(seen, r, seen.recorder.status, false)
	w.header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	answer := http.Response{
		StatusCode: seen.recorder.status, ProtoMajor: 1, ProtoMinor: 1, Close: true,
		Header: w.header, ContentLength: int64(w.body.Len()), Body: io.NopCloser(&w.body),
	}
	var b bytes.Buffer
	_ = answer.Write(&b) // a buffer takes everything
	return b.Bytes()
}

// written is a response in memory.
type written struct {
	header http.Header
	body   bytes.Buffer
}

func (w *written) Header() http.Header         { return w.header }
func (w *written) Write(b []byte) (int, error) { return w.body.Write(b) }
func (w *written) WriteHeader(int)             {}

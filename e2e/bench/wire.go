package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/url"
	"strconv"
	"time"
)

// driveWire sends requests over HTTP/1.1 for a time, with a connection for each
// worker, and gives their rate a second. The server shares the processors with
// its client: this one does no more for a request than pgbench's clients do.
func (p *process) driveWire(next func(*rand.Rand) request, workers int, d time.Duration) (rate float64, err error) {
	u, err := url.Parse(p.url)
	if err != nil {
		return 0, err
	}
	conns := make([]*wireConn, workers)
	for i := range conns {
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		conns[i] = &wireConn{conn: conn, answer: bufio.NewReaderSize(conn, 16<<10)}
	}
	r := drive(func(worker int, random *rand.Rand) error {
		return conns[worker].send(next(random), p.token)
	}, workers, d)
	if r.failed > 0 {
		return 0, fmt.Errorf("%d requests failed", r.failed)
	}
	return r.rate, nil
}

// wireConn is a connection with the requests sent on it one after the other.
type wireConn struct {
	conn    net.Conn
	request []byte
	answer  *bufio.Reader
}

func (c *wireConn) send(r request, token string) error {
	c.request = fmt.Appendf(c.request[:0], "%s %s HTTP/1.1\r\nHost: bench\r\nAuthorization: %s\r\n", r.method, r.path, token)
	if r.body != nil {
		c.request = fmt.Appendf(c.request, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(r.body))
	}
	c.request = append(append(c.request, "\r\n"...), r.body...)
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	status, err := c.answer.ReadSlice('\n')
	if err != nil {
		return err
	}
	fits := bytes.HasPrefix(status, fmt.Appendf(nil, "HTTP/1.1 %d ", r.want))
	length := -1
	for {
		line, err := c.answer.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == len("\r\n") {
			break
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("an answer without its length")
	}
	if _, err := c.answer.Discard(length); err != nil {
		return err
	}
	if !fits {
		return errors.New("not the status expected")
	}
	return nil
}

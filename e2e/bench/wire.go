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

	"github.com/google/uuid"
)

// driveWire does an operation over HTTP/1.1 with a connection for each worker,
// and nothing that an operation does not need. What stands beside pgbench shares
// the processors with its client: this one does no more than pgbench's clients do.
func (p *process) driveWire(op operation, people []uuid.UUID, workers int, d time.Duration) (_ result, err error) {
	u, err := url.Parse(p.url)
	if err != nil {
		return result{}, err
	}
	conns := make([]*wireConn, workers)
	for i := range conns {
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			return result{}, err
		}
		defer func() { err = errors.Join(err, conn.Close()) }()
		conns[i] = &wireConn{conn: conn, answer: bufio.NewReaderSize(conn, 16<<10)}
	}
	return drive(func(worker int, random *rand.Rand) error {
		path, body, want := op.request(people, random)
		return conns[worker].send(string(op), path, p.token, body, want)
	}, workers, d), nil
}

// wireConn is a connection with the requests sent on it one after the other.
type wireConn struct {
	conn    net.Conn
	request []byte
	answer  *bufio.Reader
}

func (c *wireConn) send(method, path, token string, body []byte, want int) error {
	c.request = fmt.Appendf(c.request[:0], "%s %s HTTP/1.1\r\nHost: bench\r\nAuthorization: %s\r\n", method, path, token)
	if body != nil {
		c.request = fmt.Appendf(c.request, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	c.request = append(append(c.request, "\r\n"...), body...)
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	status, err := c.answer.ReadSlice('\n')
	if err != nil {
		return err
	}
	fits := bytes.HasPrefix(status, fmt.Appendf(nil, "HTTP/1.1 %d ", want))
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

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// However many connections are idle, or say nothing, the server has files left for its database
// and for new connections, and a request in progress keeps its own.
func TestIdleConnectionsLockNobodyOut(t *testing.T) {
	t.Parallel()
	p, err := launchAs(func(args ...string) *exec.Cmd {
		cmd := command(args...)
		few := exec.Command("sh", append([]string{"-c", `ulimit -n 160 && exec "$0" "$@"`}, cmd.Args...)...)
		few.Env = cmd.Env
		return few
	}, home(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.end(); err != nil {
			t.Error(err)
		}
	})
	officer, service := p.token(t, "officer"), p.token(t, "service")
	m := p.create(t, officer, "")
	end := p.feed(t, "").Next
	waiting := make(chan error, 1)
	go func() {
		r, err := p.send("GET", "/events?wait=30&after="+end, request{token: service})
		if err == nil && r.status != 200 {
			err = fmt.Errorf("%d %s", r.status, r.body)
		}
		waiting <- err
	}()
	time.Sleep(100 * time.Millisecond) // so that it waits
	idle := func(ask bool) {
		t.Helper()
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if !ask {
			return
		}
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		fmt.Fprint(conn, "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("a new connection gets no response: %v", err)
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	for i := range 400 {
		idle(i < 300)
	}
	other := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for range 5 {
		r, err := http.NewRequest("GET", p.url+"/equality-information/"+m.id, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+officer)
		got, err := other.Do(r)
		if err != nil {
			t.Fatalf("idle connections lock others out: %v", err)
		}
		_ = got.Body.Close()
		if got.StatusCode != 200 {
			t.Errorf("a read is answered %d", got.StatusCode)
		}
	}
	p.create(t, officer, "")
	if err := <-waiting; err != nil {
		t.Errorf("the request that waited: %v", err)
	}
}

package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A request that began before the server was told to stop gets its response.
func TestRequestsInFlightAreAnsweredAtShutdown(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	target := uuid.NewString()
	sent := string(body(target, `"disabled":true`))
	var slow []net.Conn
	for range 3 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			records, officer, len(sent), sent[:10])
		slow = append(slow, conn)
	}
	time.Sleep(200 * time.Millisecond)
	stopped := make(chan int, 1)
	go func() { stopped <- p.stop(t) }()
	time.Sleep(200 * time.Millisecond)
	if conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://")); err == nil {
		conn.Close()
		t.Error("a server that was told to stop takes new connections")
	}
	statuses := make(map[int]int)
	for _, conn := range slow {
		if _, err := io.WriteString(conn, sent[10:]); err != nil {
			t.Fatal(err)
		}
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("a request in flight is not answered: %v", err)
		}
		statuses[r.StatusCode]++
	}
	same(t, statuses, map[int]int{201: 1, 409: 2})
	select {
	case status := <-stopped:
		if status != 0 {
			t.Errorf("the program ended with status %d\n%s", status, p.log())
		}
	case <-time.After(10 * time.Second):
		t.Error("the program has not ended though every request was answered")
	}
	p = p.restart(t)
	p.do(t, "GET", records+"/"+target, request{token: officer}).want(t, 200)
}

// Requests that take longer than the shutdown timeout are cut off, and the log says so.
func TestShutdownIsBounded(t *testing.T) {
	t.Parallel()
	p := start(t, "--shutdown-timeout", "300ms")
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: api.example\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
		records, p.token(t, "officer"))
	time.Sleep(200 * time.Millisecond)
	begin := time.Now()
	if status := p.stop(t); status != 2 || time.Since(begin) > 10*time.Second {
		t.Errorf("the program ended with status %d after %v\n%s", status, time.Since(begin), p.log())
	}
}

func TestHealthNeedsNoToken(t *testing.T) {
	t.Parallel()
	p := shared(t)
	for _, path := range []string{"/livez", "/readyz", "/healthcheck/ping", "/api/v1/healthcheck/ping/"} {
		r := p.do(t, "GET", path, request{headers: map[string]string{"Accept": "text/html"}}).want(t, 200)
		if string(r.body) != `{"status":"ok"}` || r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("GET %s is answered %s", path, r.body)
		}
	}
}

// unauthenticatedOnce is the counter of callers without a token, whatever its labels.
var unauthenticatedOnce = regexp.MustCompile(`(?m)^equality_http_unauthenticated_total(\{[^}]*\})? 1$`)

// metricName is how lines of metrics begin: those of the Go runtime and the process have
// their libraries' names.
var metricName = regexp.MustCompile(`^(# (HELP|TYPE) )?(equality|go|process)_`)

// Metrics have an address of their own, and name nobody.
func TestMetricsNameNoOne(t *testing.T) {
	t.Parallel()
	p := start(t)
	m := p.create(t, p.token(t, "officer"), `"disabled":true`)
	p.do(t, "GET", m.path(), request{}).want(t, 401)
	r, err := http.Get("http://" + p.telemetry + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 || !unauthenticatedOnce.Match(text) {
		t.Errorf("the metrics are answered %d (%v) and do not count the caller without a token", r.StatusCode, err)
	}
	for line := range strings.Lines(string(text)) {
		if !metricName.MatchString(line) {
			t.Errorf("a metric that could be another program's: %s", line)
		}
	}
	for _, secret := range []string{m.id, m.target, "council.example"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("the metrics have %s", secret)
		}
	}
}

// Each request is one line in the log, with its route but not its path.
func TestEachRequestIsOneLineOfTheLog(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer, correlation := p.token(t, "officer"), uuid.NewString()
	m := p.create(t, officer, "")
	p.do(t, "PATCH", "/api/v1"+m.path(), request{token: officer, body: []byte(`{"nationality":"zebra"}`), headers: map[string]string{"x-correlation-id": correlation}}).want(t, 400)
	var lines []map[string]any
	for line := range strings.Lines(p.logged(t, correlation)) {
		if strings.Contains(line, correlation) {
			lines = append(lines, object(t, line))
		}
	}
	if len(lines) != 1 {
		t.Fatalf("there are %d lines of the request: %v", len(lines), lines)
	}
	text, err := json.Marshal(lines[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, told := range []string{`"PATCH"`, `/equality-information/{id}`, "400", "invalid-body"} {
		if !strings.Contains(string(text), told) {
			t.Errorf("the line does not tell %s: %s", told, text)
		}
	}
}

// The access log of all this verifies.
func TestAccessLogVerifiesAfterAStop(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"disabled":true`)
	p.patch(t, officer, m, `{"disabled":false}`).want(t, 200)
	p.do(t, "GET", records, request{token: officer}).problem(t, 403, "forbidden")
	if status := p.stop(t); status != 0 {
		t.Fatalf("status %d\n%s", status, p.log())
	}
	if out, status := auditVerify(t, p.dir); status != 0 {
		t.Errorf("audit verify ends with %d: %s", status, out)
	}
}

package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// raw sends bytes on a connection of their own and returns the last of so many responses.
func (p *program) raw(t *testing.T, sent string, responses int) response {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startTimeout)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(conn, sent) }() // the server need not read it all
	reader := bufio.NewReader(conn)
	var last response
	for range responses {
		answered, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Errorf("%.60q: %v", sent, err)
			return last
		}
		body, err := io.ReadAll(answered.Body)
		if err != nil {
			t.Errorf("%.60q: %v", sent, err)
		}
		last = response{answered.StatusCode, answered.Header, body}
		if answered.Close != (last.status >= 400) {
			t.Errorf("%.60q is answered %d, and the connection stays open: %t", sent, last.status, !answered.Close)
		}
	}
	return last
}

// What net/http refuses before a handler sees it gets a problem like everything else, and a
// line in the log.
func TestRequestsThatAreNotReadGetProblems(t *testing.T) {
	t.Parallel()
	p := shared(t)
	const good = "GET /livez HTTP/1.1\r\nHost: a.example\r\n\r\n"
	for name, c := range map[string]struct {
		sent   string
		status int
		code   string
	}{
		"not HTTP":                    {"zebra\r\n\r\n", 400, "invalid-request"},
		"TLS":                         {"\x16\x03\x01\x00\x05zebra\r\n\r\n", 400, "invalid-request"},
		"no Host":                     {"GET /zebra HTTP/1.1\r\n\r\n", 400, "invalid-request"},
		"a malformed Host":            {"GET / HTTP/1.1\r\nHost: ze bra\r\n\r\n", 400, "invalid-request"},
		"two Hosts":                   {"GET / HTTP/1.1\r\nHost: zebra\r\nHost: b\r\n\r\n", 400, "invalid-request"},
		"a control character":         {"GET / HTTP/1.1\r\nHost: a\r\nX: zebra\x01\r\n\r\n", 400, "invalid-request"},
		"a header without a name":     {"GET / HTTP/1.1\r\nHost: a\r\n: zebra\r\n\r\n", 400, "invalid-request"},
		"a malformed path":            {"GET /zebra%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "invalid-request"},
		"a malformed length":          {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: zebra\r\n\r\n", 400, "invalid-request"},
		"two lengths":                 {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nzebra", 400, "invalid-request"},
		"an unknown expectation":      {"GET / HTTP/1.1\r\nHost: a\r\nExpect: zebra\r\n\r\n", 417, "expectation-failed"},
		"large headers":               {"GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("zebra", 16<<10) + "\r\n\r\n", 431, "headers-too-large"},
		"an unknown transfer coding":  {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: zebra\r\n\r\n", 501, "not-implemented"},
		"another version of HTTP":     {"GET / HTTP/3.0\r\nHost: a\r\nX: zebra\r\n\r\n", 505, "http-version-not-supported"},
		"no Host, after a good one":   {good + "GET /zebra HTTP/1.1\r\n\r\n", 400, "invalid-request"},
		"an expectation, after a one": {good + "GET / HTTP/1.1\r\nHost: a\r\nExpect: zebra\r\n\r\n", 417, "expectation-failed"},
	} {
		t.Run(name, func(t *testing.T) {
			r := p.raw(t, c.sent, 1+strings.Count(c.sent, good))
			told := r.problem(t, c.status, c.code)
			if strings.Contains(strings.ToLower(string(r.body)), zebra) || told.Instance != "/" {
				t.Errorf("answered %s", r.body)
			}
			for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
				if got := r.header.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			line := fmt.Sprintf(`"method":"other","route":"none","status":%d`, c.status)
			log := p.logged(t, `"correlation_id":"`+told.CorrelationID+`","problem":"`+c.code+`"`)
			for entry := range strings.Lines(log) {
				if strings.Contains(entry, told.CorrelationID) && !strings.Contains(entry, line) {
					t.Errorf("the log has %s", entry)
				}
			}
		})
	}
	if r := p.raw(t, good+good+"GET /livez HTTP/1.0\r\n\r\n", 2); r.status != 200 {
		t.Errorf("good requests are answered %d", r.status)
	}
}

// A long body goes out in several writes, and what a caller has stored can stand at the
// beginning of one. It is sent as it is, whatever it looks like.
func TestStoredTextIsNoAnswerOfNetHTTP(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	const looks = "HTTP/1.1 417"
	for shift := range len(looks) { // one of them is where the write begins
		requirements := []string{`"` + strings.Repeat("x", 1+shift) + `"`}
		for i := range 19 {
			requirements = append(requirements, fmt.Sprintf(`"%s%06d"`, strings.Repeat(looks, 39), i))
		}
		target := uuid.NewString()
		body := `{"targetId":"` + target + `","communicationRequirements":[` + strings.Join(requirements, ",") + `]}`
		r, err := p.send(http.MethodPost, front+"/equality-information", request{token: officer, body: []byte(body)})
		if err != nil || r.status != 201 || strings.Count(string(r.body), looks) != 19*39 {
			t.Errorf("shifted by %d: created with %d, %v: %.100s", shift, r.status, err, r.body)
		}
	}
}

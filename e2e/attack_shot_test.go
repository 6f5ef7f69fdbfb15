package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// shotTimeout is how long a request of the attack may take: nothing waits for events longer
// than a second.
const shotTimeout = 20 * time.Second

// shot is a request that is sent byte by byte as it stands, since a client would refuse it.
type shot struct {
	template string // the operation's path in its contract
	method   string
	target   string // of the request line
	headers  [][2]string
	body     []byte
}

func (x *shot) add(name, value string) { x.headers = append(x.headers, [2]string{name, value}) }

func (x *shot) mmh() bool { return strings.HasPrefix(x.template, "/mmh") }

func (x *shot) String() string {
	return fmt.Sprintf("%s %.200q %.90q with the body %.300q", x.method, x.target, x.headers, x.body)
}

// bytes is what to send.
func (x *shot) bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n", x.method, x.target)
	chunked := false
	for _, h := range x.headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
		chunked = chunked || h[0] == "Transfer-Encoding"
	}
	switch {
	case chunked:
		fmt.Fprintf(&b, "\r\n%x\r\n%s\r\n0\r\n\r\n", len(x.body), x.body)
		return b.Bytes()
	case x.body != nil:
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(x.body))
	}
	b.WriteString("\r\n")
	b.Write(x.body)
	return b.Bytes()
}

// sent is the request in the form that the contract is compared with.
func (x *shot) sent() request {
	o := request{body: x.body, values: make(http.Header)}
	o.values["Content-Type"] = nil
	for _, h := range x.headers {
		name := http.CanonicalHeaderKey(h[0])
		o.values[name] = append(o.values[name], strings.TrimSpace(h[1]))
	}
	return o
}

// exchangeRaw sends bytes on a connection of their own and reads the response, with whatever
// else comes until the server ends the connection. A client that is gone says that nothing
// more will come.
func (p *program) exchangeRaw(text []byte, method string, gone bool) (r response, rest []byte, err error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		return r, nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(shotTimeout)); err != nil {
		return r, nil, err
	}
	// The server may answer, and stop reading, before it has everything.
	go func() {
		_, _ = conn.Write(text)
		if gone {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
	}()
	reader := bufio.NewReader(conn)
	for {
		answered, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			return r, nil, err
		}
		if answered.StatusCode/100 == 1 {
			continue
		}
		body, err := io.ReadAll(answered.Body)
		if err != nil && answered.StatusCode/100 != 4 { // one that is refused unread may be cut off
			return r, nil, fmt.Errorf("the body of a %d ends early: %w", answered.StatusCode, err)
		}
		rest, _ := io.ReadAll(reader) // an end by a reset is an end too
		return response{answered.StatusCode, answered.Header, body}, rest, nil
	}
}

// aim makes a request for an operation, most of which are nearly valid.
func (a *attack) aim(s source, template string) *shot {
	method, path, _ := strings.Cut(template, " ")
	x := &shot{template: path, method: method}
	rude := s.one(2) // more than the body may be wrong
	id := s.person(a.known())
	parts := strings.NewReplacer("{id}", id, "{version}", pick(s, "0", "0", "1", s.small()), "{code}", pick(s, "conflict", s.small(), escaped(s, s.text())),
		"{list}", pick(s, "gender", s.small(), escaped(s, s.text())), "{file}", pick(s, "docs.js", "..%2fdocs.js", escaped(s, s.text())))
	x.target = parts.Replace(path)
	if !x.mmh() {
		x.target = pick(s, "", "/api/v1") + x.target
	} else {
		x.target = strings.Replace(x.target, "/mmh", front, 1)
	}
	if rude && s.one(7) {
		x.target += pick(s, "/", "//", "/.", "/..", "/%2e%2e/", ";"+stem, "%00", "%2F", "?", "%zz", "/"+escaped(s, s.text()))
	}
	if rude && s.one(20) {
		x.target = pick(s, "//"+stem, "/./", "/../..", "/api/v1/api/v1", "", elsewhere, "/%61pi/v1") + x.target
	}
	if rude && s.one(15) {
		x.method = pick(s, "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "get", "PROPFIND", strings.ToUpper(stem), "POST", "PATCH", "GET")
	}
	if query := a.query(s, method, path, rude); len(query) > 0 {
		x.target += "?" + strings.Join(query, pick(s, "&", "&", "&", ";", "&&"))
	}
	a.credentials(s, x)
	a.conditions(s, x, rude)
	// net/http resets a connection with an unread body, and so may cut off a large response.
	large := strings.HasPrefix(path, "/openapi") || strings.HasPrefix(path, "/docs/assets")
	if x.method == "POST" || x.method == "PATCH" || x.method == "PUT" || s.one(30) && !large {
		person := uuid.NewString()
		switch {
		case s.one(5):
			person = pick(s, a.known()...)
		case x.method != "POST" || strings.Contains(template, "/persons/"):
			person = id
		}
		x.body = s.bodyFor(template, person, pick(s, a.known()...))
		x.add("Content-Type", pick(s, "application/json", "application/json", "application/json", "application/json;charset=utf-8"))
		a.encodings(s, x)
	}
	if x.target == "" || x.target[0] != '/' && !strings.HasPrefix(x.target, "http://") {
		x.target = "/" + x.target
	}
	return x
}

// query returns parameters of an operation, of another, or of none.
func (a *attack) query(s source, method, path string, rude bool) (query []string) {
	add := func(name, value string) {
		for range pick(s, 1, 1, 1, 1, 1, 1, 2, 50) {
			query = append(query, name+pick(s, "=", "=", "=", "=", "=", "=", "=", "")+value)
		}
	}
	if method == "DELETE" && !s.one(5) {
		add("reason", "unlawful")
	}
	if method == "GET" && strings.HasPrefix(path, records) && s.one(4) {
		add("include", pick(s, "person", "person", "person,person", "person,extended", s.small()))
	}
	if strings.HasSuffix(path, "/mmh/equality-information") && method == "GET" || rude && s.one(10) {
		add("targetId", s.person(a.known()))
	}
	if !rude {
		return query
	}
	for range pick(s, 0, 0, 0, 1, 2) {
		name := pick(s, "limit", "cursor", "after", "wait", "modifiedSince", "modifiedBefore", "includeInactive", "reason", "category", "targetId", "include",
			"access_token", "token", escaped(s, s.name()))
		add(name, pick(s, s.small(), "1", "equality-information", escaped(s, s.text())))
	}
	return query
}

// credentials adds a token: mostly a good one.
func (a *attack) credentials(s source, x *shot) {
	if s.one(30) {
		return
	}
	token := a.tokens[0]
	if s.one(10) {
		token = pick(s, a.tokens...)
	}
	switch s.IntN(40) {
	case 0:
		token = token[:s.IntN(len(token))] + "A"
	case 1:
		token += "." + stem
	case 2:
		token = strings.Repeat("a."+stem, s.IntN(3000))
	case 3:
		x.add("Authorization", "Bearer "+pick(s, a.tokens...))
	}
	scheme := "Bearer "
	if s.one(8) {
		scheme = pick(s, "bearer ", "", "Bearer  ", "Basic ")
	}
	x.add("Authorization", scheme+token)
}

// conditions adds headers that operations look at, and others.
func (a *attack) conditions(s source, x *shot, rude bool) {
	if (x.method == "PATCH" || x.method == "PUT") && (x.mmh() || s.one(3)) {
		x.add("If-Match", pick(s, `"0"`, `"0"`, `"1"`, `"7"`, "*", `W/"1"`, s.small()))
	}
	if x.method == "GET" && s.one(4) {
		x.add("If-None-Match", pick(s, `"0"`, `"0", "1"`, `W/"0"`, "*", s.small()))
	}
	if !rude {
		return
	}
	for range pick(s, 0, 0, 1, 1, 3, 12) {
		name := pick(s, "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Idempotency-Key", "X-Change-Reason", "X-Access-Purpose",
			"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Accept", "Origin", "Range", "Cookie", "Accept-Encoding", "X-HTTP-Method-Override",
			"Traceparent", "Upgrade", "Access-Control-Request-Method", "Access-Control-Request-Headers", "x-correlation-id", "X-"+stem)
		value := pick(s, s.small(), "*/*;q=0", "application/json;q=0.000, */*;q=0.001", "application/"+stem, uuid.NewString(), "Mon, 02 Mar 2026 10:00:00 GMT",
			strings.Map(fieldOnly, s.text()))
		if len(value) > 7000 {
			value = value[:7000] // all headers together have a limit of the library's
		}
		if name == "x-correlation-id" && len(strings.TrimSpace(value)) <= 64 {
			value = strings.ReplaceAll(value, stem, "") // front ends get back theirs, and it is logged
		}
		for range pick(s, 1, 1, 1, 2) {
			x.add(name, value)
		}
	}
}

// encodings says wrong things about a body, or makes them true.
func (a *attack) encodings(s source, x *shot) {
	switch s.IntN(25) {
	case 0:
		x.add("Content-Encoding", "gzip")
		x.body = s.squeezed(x.body)
	case 1:
		x.add("Content-Encoding", pick(s, "identity", "Identity", "br", "gzip, gzip", marked))
	case 2:
		x.headers[len(x.headers)-1][1] = pick(s, "text/plain", "application/json;charset=utf-16", "application/merge-patch+json", "application/json; a=\"",
			"application/"+stem, "", "multipart/form-data; boundary="+stem, "application/json, text/html", "application/json; charset=utf-8; charset=utf-7")
	case 3:
		x.add("Content-Type", "text/plain")
	case 4:
		x.add("Transfer-Encoding", "chunked")
	case 5:
		x.add("Expect", "100-continue")
	}
}

// fieldOnly leaves out what a header's value must not have. The rest is for the raw attack.
func fieldOnly(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}

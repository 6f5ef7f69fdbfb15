package e2e

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// faulty is a request into which faults are put.
type faulty struct {
	method, path string
	request
}

// fault makes a request wrong in one way, and says what the response is.
type fault struct {
	name, code string
	status     int
	make       func(*faulty)
}

// For a request with several faults the response is about the first, in the contract's
// order. Each row is sent with all the faults below it.
func TestFaultsAreToldInOrder(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer, analyst := p.token(t, "officer"), p.token(t, "analyst")
	m := p.create(t, officer, "")
	absent := made{id: uuid.NewString()}
	header := func(name, value string) func(*faulty) {
		return func(a *faulty) { a.headers[name] = value }
	}
	const key = "order-of-checks"
	for _, used := range []made{m, absent} { // the key is taken by a different body
		p.do(t, "PATCH", used.path(), request{token: officer, body: []byte(`{"disabled":null}`), headers: map[string]string{"Idempotency-Key": key}})
	}
	faults := []fault{
		{"no such path", "not-found", 404, func(a *faulty) { a.path = "/none" }},
		{"no such method", "method-not-allowed", 405, func(a *faulty) { a.method = "PUT" }},
		{"a credential in the URL", "invalid-request", 400, func(a *faulty) {
			a.path += map[bool]string{false: "?token=zebra", true: "&token=zebra"}[strings.Contains(a.path, "?")]
		}},
		{"no token", "unauthenticated", 401, func(a *faulty) { a.token = "" }},
		{"a token that is none", "unauthenticated", 401, func(a *faulty) { a.token = "zebra" }},
		{"no permission", "forbidden", 403, func(a *faulty) { a.token = analyst }},
		{"no JSON wanted", "not-acceptable", 406, header("Accept", "text/html")},
		{"another media type", "unsupported-media-type", 415, header("Content-Type", "text/plain")},
		{"too large", "too-large", 413, func(a *faulty) { a.body = append(a.body, bytes.Repeat([]byte(" "), 64<<10)...) }},
		{"a malformed id", "invalid-request", 400, func(a *faulty) { a.path = records + "/zebra" }},
		{"an unknown query parameter", "invalid-request", 400, func(a *faulty) { a.path += "?zebra=1" }},
		{"a malformed If-Match", "invalid-request", 400, header("If-Match", "1")},
		{"an unknown reason", "invalid-request", 400, header("X-Change-Reason", "zebra")},
		{"an unknown purpose", "invalid-request", 400, header("X-Access-Purpose", "zebra")},
		{"a key used before", "idempotency-key-reused", 422, header("Idempotency-Key", key)},
		{"a body that is not JSON", "invalid-body", 400, func(a *faulty) { a.body = []byte("{") }},
		{"a member of another type", "invalid-body", 400, func(a *faulty) { a.body = []byte(`{"disabled":7}`) }},
		{"no such record", "not-found", 404, func(a *faulty) { a.path = absent.path() }},
		{"another version", "version-mismatch", 412, header("If-Match", `"99"`)},
		{"an unknown code", "invalid-body", 400, func(a *faulty) { a.body = []byte(`{"nationality":"zebra"}`) }},
	}
	for i := range faults {
		for j := i; j < len(faults); j++ { // with all faults from the j-th on
			a := faulty{"PATCH", m.path(), request{token: officer, body: []byte(`{}`), headers: map[string]string{}}}
			for k := len(faults) - 1; k >= j; k-- {
				faults[k].make(&a)
			}
			faults[i].make(&a)
			t.Run(fmt.Sprintf("%s, and all from %s on", faults[i].name, faults[j].name), func(t *testing.T) {
				p.do(t, a.method, a.path, a.request).problem(t, faults[i].status, faults[i].code)
			})
		}
	}
}

func TestCreateToldOfFormBeforeConflict(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	for members, status := range map[string]int{``: 409, `"disabled":7`: 400, `"nationality":"zebra"`: 400} {
		if r := p.do(t, "POST", m.path(), request{token: officer, body: body(m.target, members)}); r.status != status {
			t.Errorf("a second create with %s is answered %d, want %d", members, r.status, status)
		}
	}
}

// Callers beyond their rate get 429 after 401 and before 403.
func TestRateLimitStandsBetweenTokenAndPermission(t *testing.T) {
	t.Parallel()
	p, sign := startPublicMode(t, "--rate-limit", "0.001", "--rate-burst", "2")
	analyst := sign("analyst")
	for range 2 {
		p.do(t, "GET", "/events", request{token: analyst}).problem(t, 403, "forbidden")
	}
	p.do(t, "GET", "/events", request{token: analyst}).problem(t, 429, "too-many-requests")
	p.do(t, "GET", "/events", request{token: "zebra"}).problem(t, 401, "unauthenticated")
	p.do(t, "DELETE", "/events", request{token: analyst}).problem(t, 405, "method-not-allowed")
	p.do(t, "GET", "/events", request{token: sign("support")}).want(t, 200) // another caller has its own rate
	p.do(t, "GET", "/livez", request{}).want(t, 200)
}

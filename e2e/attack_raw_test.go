package e2e

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// malformed are requests that no client sends. Each ends with one for $victim that would
// erase it, where a server and what stands before it disagree about where a request ends.
// $auth is a good token, $close ends the connection.
var malformed = []string{
	"GET /livez HTTP/1.1\r\n$close\r\n",
	"GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n$close\r\n",
	"GET /livez HTTP/1.1\r\nHost: a b\x00\r\n$close\r\n",
	"GET /livez HTTP/0.9\r\n\r\n", "GET /livez HTTP/9.9\r\n\r\n", "GET /livez\r\n\r\n", "GET  /livez HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /livez\tHTTP/1.1\r\nHost: a\r\n$close\r\n", "GET /li\x00vez HTTP/1.1\r\nHost: a\r\n$close\r\n", "GET /li vez HTTP/1.1\r\nHost: a\r\n$close\r\n",
	"GET /livez#$m HTTP/1.1\r\nHost: a\r\n$close\r\n", "GET * HTTP/1.1\r\nHost: a\r\n$close\r\n", "OPTIONS * HTTP/1.1\r\nHost: a\r\n$close\r\n",
	"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n$close\r\n", "CONNECT /livez HTTP/1.1\r\nHost: a\r\n$close\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03$m\r\n\r\n", "\r\n\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n$close\r\n",
	"GET /livez HTTP/1.1\nHost: a\n$close\n", "GET /livez HTTP/1.1\rHost: a\r\r\n\r\n", "$m: $m\r\n\r\n",
	"GET /livez HTTP/1.1\r\nHost: a\r\n $m: folded\r\n$close\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nX-A: b\r\n\tfolded $m\r\n$close\r\n",
	"GET /livez HTTP/1.1\r\nHost: a\r\nX-A : $m\r\n$close\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\n: $m\r\n$close\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nX-A\r\n$close\r\n",
	"GET /livez HTTP/1.1\r\nHost: a\r\nX-A: \x00$m\r\n$close\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nX-\xff: $m\r\n$close\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nX-A: \x7f\x1b[31m$m\r\n$close\r\n",
	"GET /livez HTTP/1.1\r\nHost: a\r\nExpect: $m\r\n$close\r\n", "POST $records HTTP/1.1\r\nHost: a\r\n$authExpect: 100-continue, $m\r\nContent-Length: 2\r\n$close\r\n{}",
	"GET /livez HTTP/1.1\r\nHost: a\r\nUpgrade: h2c, websocket\r\nConnection: Upgrade, HTTP2-Settings, close\r\nHTTP2-Settings: $m\r\n\r\n",
	"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n$close\r\n$victim", "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n$close\r\n{}$victim",
	"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 0x2\r\n$close\r\n{}$victim", "GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n$close\r\n$victim",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nContent-Length: 2\r\nContent-Length: 3\r\n$close\r\n{}$victim",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nContent-Length: 2, 3\r\n$close\r\n{}$victim",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$victim",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n$victim",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n$close\r\n0\r\n\r\n$victim",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nTransfer-Encoding: identity, chunked\r\n$close\r\n0\r\n\r\n$victim",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n$close\r\n0\r\n\r\n$victim",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nTransfer-Encoding: \x0bchunked\r\n$close\r\n0\r\n\r\n$victim",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n$close\r\n0\r\n\r\n$victim",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nX: y\r\n\tTransfer-Encoding: chunked\r\nContent-Length: 5\r\n$close\r\n0\r\n\r\n",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n$close\r\n2;$m=\"\r\n\"\r\n{}\r\n0\r\n\r\n",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n$close\r\n-2\r\n{}\r\n0\r\n\r\n",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n$close\r\nffffffffffffffff1\r\n{}\r\n0\r\n\r\n",
	"POST $records HTTP/1.1\r\nHost: a\r\n$authContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n$close\r\n2\r\n{}\r\n0\r\nAuthorization: $m\r\nIf-Match: $m\r\n\r\n",
	"POST $records HTTP/1.0\r\nHost: a\r\n$authContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n$close\r\n0\r\n\r\n$victim",
	"GET /livez HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X-A: $m\r\n", 3000) + "$close\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nX-A: " + strings.Repeat("$m", 5000) + "\r\n$close\r\n",
	"GET /" + strings.Repeat("$m", 5000) + " HTTP/1.1\r\nHost: a\r\n$close\r\n",
}

// TestAttackWithMalformedRequests sends what is not quite HTTP: shapes that are known to
// confuse servers, and valid requests with a few bytes changed. Nothing is echoed, nothing
// hangs, and no request is smuggled behind another.
func TestAttackWithMalformedRequests(t *testing.T) {
	t.Parallel()
	a := startAttack(t)
	victim := a.create()
	auth := "Authorization: Bearer " + a.tokens[0] + "\r\n"
	replace := strings.NewReplacer("$m", marked, "$auth", auth, "$close", "Connection: close\r\n", "$records", records,
		"$victim", "DELETE "+victim.path()+"?reason=unlawful HTTP/1.1\r\nHost: a\r\n"+auth+"Connection: close\r\n\r\n")
	var all sync.WaitGroup
	for _, shape := range malformed {
		all.Go(func() { a.hurl(replace.Replace(shape), false) })
	}
	all.Wait()
	seed := attackSeed(t)
	var next atomic.Int64
	for range 8 {
		all.Go(func() {
			for n := next.Add(1); n <= int64(shots()/5) && a.wrong.Load() < 20; n = next.Add(1) {
				s := newSource(seed, uint64(n))
				a.hurl(s.corrupted(replace.Replace(pick(s, malformed...))), true)
			}
		})
	}
	all.Wait()
	a.do(t, "GET", victim.path(), request{token: a.tokens[0]}).want(t, 200)
	a.survived()
}

// corrupted changes some bytes of a request before its body, and makes sure that it ends.
func (s source) corrupted(text string) string {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	for n := 1 + s.IntN(4); n > 0 && head != ""; n-- {
		at := s.IntN(len(head))
		head = head[:at] + pick(s, "", "\x00", "\xff", "\r", "\n", "\r\n", " ", "\t", ":", ",", "0", head[at:], string(head[at]^byte(1<<s.IntN(8)))) + head[at+1:]
	}
	return head + "\r\nConnection: close\r\n\r\n" + body
}

// hurl sends bytes that may be no request.
func (a *attack) hurl(text string, gone bool) {
	r, rest, err := a.exchangeRaw([]byte(text), http.MethodGet, gone)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET):
		return // refused without a word
	case err != nil:
		err = fmt.Errorf("is not answered: %w", err)
	case r.status >= 500 && r.status != http.StatusNotImplemented && r.status != http.StatusHTTPVersionNotSupported:
		err = errors.New("the server failed")
	case r.status >= 400 && hasMarker(withoutInstance(r.body)) || hasMarker(rest) || hasMarker(fmt.Append(nil, r.header)):
		err = errors.New("it repeats what was sent")
	}
	if err != nil {
		a.wrong.Add(1)
		a.t.Errorf("%.600q\nis answered %d: %v\n%v\n%.300q%.300q", text, r.status, err, r.header, r.body, rest)
	}
}

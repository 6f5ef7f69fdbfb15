package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"equality-information-api/internal/httpapi"
)

func TestOtherMethodsAreNotAllowed(t *testing.T) {
	t.Parallel()
	p := shared(t)
	allowed := make(map[string][]string)
	for _, route := range httpapi.Routes() {
		method, path, _ := strings.Cut(route, " ")
		allowed[path] = append(allowed[path], method)
	}
	for path, methods := range allowed {
		has := " " + strings.Join(methods, " ") + " "
		if strings.Contains(has, " GET ") {
			has += "HEAD "
		}
		path = placeholders.Replace(path)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "ZEBRA"} {
			if strings.Contains(has, " "+method+" ") || method == "CONNECT" {
				continue
			}
			for _, prefix := range []string{"", httpapi.Prefix} {
				r := p.do(t, method, prefix+path, request{})
				if method == "HEAD" { // whose answer has no body
					r.want(t, 405)
				} else if told := r.problem(t, 405, "method-not-allowed"); told.Instance != prefix+path {
					t.Errorf("%s %s%s: the instance is %s", method, prefix, path, told.Instance)
				}
				allow := strings.Split(r.header.Get("Allow"), ", ")
				if len(allow) != len(strings.Fields(has)) {
					t.Errorf("%s %s: Allow is %v, want%s", method, path, allow, has)
				}
				for _, a := range allow {
					if !strings.Contains(has, " "+a+" ") {
						t.Errorf("%s %s: Allow has %s, want%s", method, path, a, has)
					}
				}
			}
		}
	}
}

// Percent-encoding that means the same path is the same path, on both contracts.
func TestEncodedPathsAreTheSame(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	for _, path := range []string{
		strings.ReplaceAll(m.path(), "-", "%2D"), strings.ReplaceAll(m.path(), "-", "%2d") + "/", "/api/v1" + strings.ReplaceAll(m.path(), "-", "%2D") + "/history",
		"/%65quality-information/" + m.id, "/l%69vez",
	} {
		r, err := p.send("GET", path, request{token: officer})
		if err != nil {
			t.Fatal(err)
		}
		r.want(t, 200)
	}
	for path, status := range map[string]int{
		"/equality-information/" + strings.ReplaceAll(m.id, "-", "%2D") + "?targetId=" + m.target: 200, "/equality%2Dinformation?targetId=" + m.target: 200,
		"/equality-information%2F" + m.id + "?targetId=" + m.target: 404, "/equality-information/%2E?targetId=" + m.target: 404,
	} {
		r, err := p.send("GET", front+path, request{token: officer})
		if err != nil {
			t.Fatal(err)
		}
		if r.want(t, status); r.header.Get("Location") != "" {
			t.Errorf("%s is redirected", path)
		}
	}
}

// Anything that is not a path gets a 404 with a problem, whatever it resembles; nothing
// redirects.
func TestOddPathsAreNotFound(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	for _, path := range []string{
		"/", "/api/v1", "/api/v1/", "/api", "/api/v2/livez", "/api/v1/api/v1/livez", "/api/v1livez", "/none", "/Livez", "/livez.json",
		"//livez", "/livez//", "/api//v1/livez", "/api/v1//livez", "/./livez", "/livez/.", "/docs/../livez", "/livez/..",
		"/%2e%2e/livez", "/docs/%2e%2e/livez", "/docs%2f..%2flivez", "/docs%2Fproblems%2Fconflict", "/docs/problems/..%2f..%2flivez",
		"/equality-information//" + m.id, "/equality-information/" + m.id + "//", "/equality-information/./" + m.id,
		"/equality-information/" + m.id + "%2fhistory", "/equality-information/" + m.id + "/history/0/", "/equality-information%2f" + m.id,
		"/equality-information/" + m.id + "/histories", "/equality-information/" + m.id + "/history/0/1",
		"/reference-data/zebra", "/reference-data/../livez", "/docs/problems/zebra", "/docs/problems/", "/docs/assets/", "/docs/assets/docs.html",
		"/docs/assets/..%2fdocs.html", "/docs/assets/swagger-ui.css.map", "/metrics", "/debug/pprof/", "/favicon.ico",
		"/livez\\", "/livez%00", "/livez%0a", "/;livez", "/livez;v=1", "/equality-information;/" + m.id,
	} {
		for _, method := range []string{"GET", "POST"} {
			r := p.do(t, method, path, request{token: officer})
			known := method == "GET" && strings.HasSuffix(path, "/history/0/") || path == "/docs/problems/" || path == "/docs/assets/" // a trailing slash makes no difference
			switch {
			case r.status >= 300 && r.status < 400 || r.header.Get("Location") != "":
				t.Errorf("%s %s is redirected: %d to %s", method, path, r.status, r.header.Get("Location"))
			case method == "POST" && r.status == 405, known && r.status == 200:
			default:
				r.problem(t, 404, "not-found")
			}
		}
	}
}

// A request target need not be a path; the response is a problem all the same.
func TestRequestTargetsThatAreNoPaths(t *testing.T) {
	t.Parallel()
	p := shared(t)
	for target, status := range map[string]int{
		"GET http://elsewhere.example/livez": 200, "GET http://elsewhere.example/none?zebra": 404, "GET //elsewhere.example/livez": 404,
		"GET /none#zebra": 404, `GET /none"<b>`: 404, "GET /none\xff": 404, "GET /equality-information/{" + seedID + "}": 404,
		"OPTIONS *": 404, "CONNECT elsewhere.example:443": 404,
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: api.example\r\nConnection: close\r\n\r\n", target)
		answered, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		text, err := io.ReadAll(answered.Body)
		r := response{answered.StatusCode, answered.Header, text}
		if err != nil || r.status != status || r.header.Get("Location") != "" {
			t.Errorf("%s is answered %d, want %d (%v): %s", target, r.status, status, err, text)
		}
		path := map[int]string{200: "/livez", 404: "/none"}[status]
		if err := theContract().check("GET", path, request{}, r); err != nil {
			t.Errorf("%s: %v", target, err)
		}
	}
}

func TestEveryAnswerHasTheSecurityHeaders(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	for _, path := range []string{m.path(), records, "/none", "/livez", "/docs", "/docs/problems/conflict", "/openapi.json", "/reference-data"} {
		h := p.do(t, "GET", path, request{token: officer}).header
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"} {
			if h.Get(name) != want {
				t.Errorf("GET %s: %s is %q, want %q", path, name, h.Get(name), want)
			}
		}
		if policy := h.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
			t.Errorf("GET %s: Content-Security-Policy is %q", path, policy)
		}
		if h.Get("Server") != "" || h.Get("X-Powered-By") != "" {
			t.Errorf("GET %s tells what it is made of", path)
		}
	}
}

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

type history struct {
	Versions []struct {
		Version        int
		At, By, Reason string
		Members        []string
	}
}

func (p *program) history(t *testing.T, token string, m made) history {
	t.Helper()
	var h history
	p.do(t, "GET", m.path()+"/history", request{token: token}).want(t, 200).decode(t, &h)
	return h
}

func TestChangeReasonIsKept(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	target := uuid.NewString()
	m := made{id: target, target: target}
	p.do(t, "POST", records, request{token: officer, body: body(target, ""), headers: map[string]string{"X-Change-Reason": "person-request"}}).want(t, 201)
	p.patch(t, officer, m, `{"disabled":true}`).want(t, 200)
	for i, reason := range []string{"correction", "update", "person-request"} {
		p.do(t, "PATCH", m.path(), request{
			token: officer, body: []byte(`{"disabled":` + []string{"false", "true", "null"}[i] + `}`), headers: map[string]string{"X-Change-Reason": reason},
		}).want(t, 200)
	}
	for _, bad := range [][]string{{""}, {"zebra"}, {"Correction"}, {"update,correction"}} {
		for method, path := range map[string]string{"PATCH": m.path(), "POST": records} {
			r := p.do(t, method, path, request{token: officer, body: body(target, ""), values: http.Header{"X-Change-Reason": bad}})
			if r.failed(t, "", "header.x-change-reason"); strings.Contains(string(r.body), zebra) {
				t.Errorf("the answer repeats the reason: %s", r.body)
			}
		}
	}
	var reasons []string
	for _, v := range p.history(t, officer, m).Versions {
		reasons = append(reasons, v.Reason)
	}
	same(t, reasons, []string{"person-request", "update", "correction", "update", "person-request"})
}

func TestAccessPurposeIsCheckedAndMayBeDemanded(t *testing.T) {
	t.Parallel()
	p, demanding := start(t), start(t, "--require-purpose")
	for _, p := range []*program{p, demanding} {
		everybody := p.token(t, "officer", "service", "governance")
		purpose := map[string]string{"X-Access-Purpose": "service-delivery"}
		target := uuid.NewString()
		path := records + "/" + target
		p.do(t, "POST", records, request{token: everybody, body: body(target, ""), headers: purpose}).want(t, 201)
		for _, path := range []string{path, records, records + "?targetId=" + target, path + "/history", path + "/history/0", "/events"} {
			for _, purpose := range []string{"service-delivery", "monitoring", "rights-request", "support"} {
				p.do(t, "GET", path, request{token: everybody, headers: map[string]string{"X-Access-Purpose": purpose}}).want(t, 200)
			}
			for _, bad := range []string{"zebra", "", "Support"} {
				p.do(t, "GET", path, request{token: everybody, values: http.Header{"X-Access-Purpose": {bad}}}).failed(t, "", "header.x-access-purpose")
			}
			if r := p.do(t, "GET", path, request{token: everybody}); p == demanding {
				r.failed(t, "", "header.x-access-purpose")
			} else {
				r.want(t, 200)
			}
		}
		p.do(t, "GET", "/reference-data", request{token: everybody}).want(t, 200)
		p.do(t, "GET", "/livez", request{}).want(t, 200)
	}
}

func TestCorrelationIDIsEchoedOrReplaced(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	for _, path := range []string{"/livez", "/none", "/reference-data", records + "/" + uuid.NewString()} {
		sent := uuid.NewString()
		for _, value := range []string{sent, strings.ToUpper(sent)} {
			r := p.do(t, "GET", path, request{token: officer, headers: map[string]string{"x-correlation-id": value}})
			if got := r.header.Get("x-correlation-id"); got != sent {
				t.Errorf("the correlation id %s comes back as %s", value, got)
			}
		}
		p.logged(t, sent)
		seen := make(map[string]bool)
		for _, values := range [][]string{nil, {""}, {"zebra"}, {"{" + sent + "}"}, {"urn:uuid:" + sent}, {strings.ReplaceAll(sent, "-", "")}, {sent + " " + sent}} {
			r := p.do(t, "GET", path, request{token: officer, values: http.Header{"X-Correlation-Id": values}})
			got := r.header.Get("x-correlation-id")
			if id, err := uuid.Parse(got); err != nil || id == uuid.Nil || seen[got] || got == sent {
				t.Errorf("for the correlation id %q comes %q, want a new one", values, got)
			}
			seen[got] = true
		}
	}
	if strings.Contains(p.log(), zebra) {
		t.Error("the log repeats what was sent for a correlation id")
	}
}

func TestOriginsThatAreConfiguredMayCall(t *testing.T) {
	t.Parallel()
	const origin = "https://forms.council.example"
	p := start(t, "--cors-origins", origin+",https://other.council.example")
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	for _, path := range []string{m.path(), "/none", "/livez"} {
		h := p.do(t, "GET", path, request{token: officer, headers: map[string]string{"Origin": origin}}).header
		if h.Get("Access-Control-Allow-Origin") != origin || h.Get("Vary") != "Origin" || h.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("GET %s: the CORS headers are %v", path, h)
		}
		for _, exposed := range []string{"ETag", "Location", "Retry-After", "Idempotency-Replayed", "x-correlation-id"} {
			if !strings.Contains(h.Get("Access-Control-Expose-Headers"), exposed) {
				t.Errorf("%s is not exposed: %s", exposed, h.Get("Access-Control-Expose-Headers"))
			}
		}
	}
	preflight := func(p *program, origin string) response {
		return p.do(t, "OPTIONS", m.path(), request{headers: map[string]string{
			"Origin": origin, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "authorization,if-match,traceparent,baggage,sentry-trace",
		}})
	}
	h := preflight(p, origin).want(t, 204).header
	for name, want := range map[string]string{"Access-Control-Allow-Methods": "PATCH", "Access-Control-Allow-Headers": "authorization,if-match,traceparent,baggage,sentry-trace", "Access-Control-Allow-Origin": origin} {
		if !strings.Contains(h.Get(name), want) {
			t.Errorf("the preflight's %s is %q, want %s in it", name, h.Get(name), want)
		}
	}
	none := start(t)
	for name, c := range map[string]struct {
		p      *program
		origin string
	}{
		"another origin": {p, "https://zebra.example"}, "null": {p, "null"}, "a prefix": {p, origin + ".zebra.example"}, "another port": {p, origin + ":8443"},
		"in clear": {p, "http://forms.council.example"}, "none configured": {none, origin},
	} {
		r := preflight(c.p, c.origin)
		r.problem(t, 405, "method-not-allowed")
		get := c.p.do(t, "GET", "/livez", request{headers: map[string]string{"Origin": c.origin}}).want(t, 200)
		for _, r := range []response{r, get} {
			if allowed := r.header.Get("Access-Control-Allow-Origin"); allowed != "" {
				t.Errorf("%s: Access-Control-Allow-Origin is %s", name, allowed)
			}
		}
	}
}

// No response except a record itself, and no line of the log, contains a value that was
// sent.
func TestNothingSentIsRepeated(t *testing.T) {
	t.Parallel()
	p := start(t, "--log-level", "debug")
	everybody := p.token(t, "officer", "service", "governance", "support")
	m := p.create(t, everybody, `"homeSituation":"other"`)
	for name, c := range map[string]struct {
		method, path string
		request      request
	}{
		"query value":     {"GET", records + "?cursor=zebra&limit=zebra&modifiedSince=zebra&modifiedBefore=zebra", request{}},
		"query name":      {"GET", records + "?ze-zebra%3Cb%3E=1", request{}},
		"target":          {"GET", records + "?targetId=zebra", request{}},
		"cursor":          {"GET", "/events?after=zebra&wait=zebra", request{}},
		"inactive":        {"GET", "/reference-data/gender?includeInactive=zebra", request{}},
		"If-Match":        {"PATCH", m.path(), request{body: []byte("{}"), headers: map[string]string{"If-Match": "zebra"}}},
		"an other ETag":   {"PATCH", m.path(), request{body: []byte("{}"), headers: map[string]string{"If-Match": `"zebra"`}}},
		"If-None-Match":   {"GET", m.path(), request{headers: map[string]string{"If-None-Match": "zebra"}}},
		"idempotency key": {"PATCH", m.path(), request{body: []byte("{}"), headers: map[string]string{"Idempotency-Key": "zebra\tzebra"}}},
		"purpose":         {"GET", m.path(), request{headers: map[string]string{"X-Access-Purpose": "zebra"}}},
		"accept":          {"GET", m.path(), request{headers: map[string]string{"Accept": "zebra/zebra"}}},
		"content type":    {"PATCH", m.path(), request{body: []byte("{}"), headers: map[string]string{"Content-Type": "zebra/zebra"}}},
		"token":           {"GET", m.path(), request{headers: map[string]string{"Authorization": "Bearer zebra"}}},
		"basic":           {"GET", m.path(), request{headers: map[string]string{"Authorization": "Basic zebra"}}},
		"other headers":   {"GET", "/none", request{headers: map[string]string{"User-Agent": "zebra", "X-Forwarded-For": "zebra", "X-Api-Key": "zebra", "Cookie": "a=zebra", "Referer": "http://zebra.example"}}},
		"method":          {"ZEBRA", m.path(), request{}},
	} {
		c.request.token = everybody
		r := p.do(t, c.method, c.path, c.request)
		if r.status < 400 || strings.Contains(strings.ToLower(string(r.body)), zebra) {
			t.Errorf("%s: answered %d %s", name, r.status, r.body)
		}
	}
	// A path is in the response, and nowhere else.
	for _, path := range []string{"/zebra", records + "/zebra", "/reference-data/zebra", "/docs/problems/zebra"} {
		told := p.do(t, "GET", path, request{token: everybody})
		if text := strings.Replace(string(told.body), `"instance":"`+path+`"`, "", 1); told.status < 400 || strings.Contains(text, zebra) {
			t.Errorf("GET %s is answered %d %s", path, told.status, told.body)
		}
	}
	p.patch(t, everybody, m, `{"homeSituationIfOther":"zebra"}`).want(t, 200)
	last := uuid.NewString() // once its line is written, all others are
	p.do(t, "GET", "/livez", request{headers: map[string]string{"x-correlation-id": last}}).want(t, 200)
	p.logged(t, last)
	for _, secret := range []string{zebra, m.id, m.target, everybody, "council.example"} {
		if strings.Contains(strings.ToLower(p.log()), strings.ToLower(secret)) {
			t.Errorf("the log has %q", secret)
		}
	}
}

// net/http reads a body with a length and in chunks as one in chunks, and forgets the length.
// What stands before the server may believe the length.
func TestConnectionEndsAfterABodyInChunks(t *testing.T) {
	t.Parallel()
	p := shared(t)
	for _, length := range []string{"", "Content-Length: 7\r\n"} {
		two := "POST " + records + " HTTP/1.1\r\nHost: a\r\n" + length + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\nGET /livez HTTP/1.1\r\nHost: a\r\n\r\n"
		r, rest, err := p.exchangeRaw([]byte(two), "POST", false)
		if err != nil || r.status != 401 || len(rest) > 0 {
			t.Errorf("with %q: answered %d (%v), and then %.100q", length, r.status, err, rest)
		}
	}
}

package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// personAPI is Hackney's Person API, played: it responds as a test says, and keeps what it
// was sent.
type personAPI struct {
	url, tokenFile string

	mu      sync.Mutex
	token   string // that it accepts
	respond http.HandlerFunc
	sent    []*http.Request
}

// serviceToken is the token of the program, in the form of a token for this program.
const serviceToken = "eyJhbGciOiJIUzI1NiJ9.c2VydmljZS10b2tlbg.zebra-zebra-zebra"

func newPersonAPI(t *testing.T) *personAPI {
	t.Helper()
	a := &personAPI{token: serviceToken, tokenFile: filepath.Join(t.TempDir(), "person-api.token")}
	a.says(knownPerson)
	a.useToken(t, serviceToken)
	server := httptest.NewServer(a)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	a.url = server.URL
	return a
}

// flags are what a server needs to ask it for people.
func (a *personAPI) flags(more ...string) []string {
	return append([]string{"--directory", "person-api", "--directory-url", a.url + "/", "--directory-token-file", a.tokenFile}, more...)
}

// useToken puts another token in the place of the program's, as one should.
func (a *personAPI) useToken(t *testing.T, token string) {
	t.Helper()
	if err := os.WriteFile(a.tokenFile+".new", []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(a.tokenFile+".new", a.tokenFile); err != nil {
		t.Fatal(err)
	}
}

// accepts makes it refuse all other tokens.
func (a *personAPI) accepts(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.token = token
}

func (a *personAPI) says(h http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.respond = h
}

// requests returns what was sent since the last call.
func (a *personAPI) requests() []*http.Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	sent := a.sent
	a.sent = nil
	return sent
}

func (a *personAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.sent = append(a.sent, r)
	respond, accepted := a.respond, a.token
	a.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer "+accepted {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	respond(w, r)
}

// personAnswer is what the Person API says of a person, with the members that we do not read.
func personAnswer(id, members string) string {
	return `{"id":"` + id + `","title":"Mrs","preferredTitle":"Mx","preferredFirstName":"Zaya","preferredSurname":null,"preferredMiddleName":null,
		"firstName":"Zebrina","middleName":"","surname":"Okonkwo","placeOfBirth":"Lagos","dateOfBirth":"1985-02-28","personTypes":["Tenant"],
		"tenures":[],"links":[],"isAMinor":false,"dateOfDeath":null,"personRef":12` + members + `}`
}

func knownPerson(w http.ResponseWriter, r *http.Request) {
	_, _ = io.WriteString(w, personAnswer(filepath.Base(r.URL.Path), ""))
}

// withPerson reads a record with its person, and returns both.
func (p *program) withPerson(t *testing.T, token string, m made) (record map[string]any, status any) {
	t.Helper()
	began := time.Now()
	r := p.do(t, "GET", m.path()+"?include=person", request{token: token}).want(t, 200)
	if took := time.Since(began); took > 4*time.Second { // two seconds, and what a loaded machine adds
		t.Errorf("the record came after %v", took)
	}
	record = r.document(t)
	if record["nationality"] != "british" || r.header.Get("ETag") != m.etag {
		t.Errorf("the record is not whole: %s", r.body)
	}
	return record, record["personStatus"]
}

func TestPersonAPIGivesThePerson(t *testing.T) {
	t.Parallel()
	a := newPersonAPI(t)
	p := start(t, a.flags()...)
	officer, correlation := p.token(t, "officer"), uuid.NewString()
	m := p.create(t, officer, `"nationality":"british"`)
	r := p.do(t, "GET", m.path()+"?include=person", request{token: officer, headers: map[string]string{"x-correlation-id": correlation}})
	record := r.want(t, 200).document(t)
	same(t, record["person"], object(t, `{"id":"`+m.target+`","title":"Mx","displayName":"Zaya Okonkwo","surname":"Okonkwo","dateOfBirth":"1985-02-28"}`))
	if record["personStatus"] != "found" || record["suggested"] == nil || strings.Contains(string(r.body), "Zebrina") {
		t.Errorf("%s", r.body)
	}
	sent := a.requests()
	if len(sent) != 1 || sent[0].Method != "GET" || sent[0].RequestURI != "/api/v1/persons/"+m.target ||
		sent[0].Header.Get("X-Correlation-Id") != correlation || strings.Contains(fmt.Sprint(sent[0].Header), officer) {
		t.Errorf("the Person API was sent %v", sent)
	}
	whole := p.do(t, "GET", "/persons/"+m.target, request{token: officer}).want(t, 200).document(t)
	if whole["firstName"] != "Zebrina" || whole["displayName"] != "Zaya Okonkwo" || whole["id"] != m.target {
		t.Errorf("the person: %v", whole)
	}
	a.requests()

	// Whoever may not see people causes no request, and neither does who does not ask.
	p.do(t, "GET", m.path(), request{token: officer}).want(t, 200)
	p.do(t, "GET", m.path()+"?include=person", request{token: p.token(t, "monitoring")}).want(t, 403)
	p.do(t, "GET", "/persons/"+m.target, request{token: p.token(t, "monitoring")}).want(t, 403)
	p.do(t, "GET", records+"/"+uuid.NewString()+"?include=person", request{token: officer}).want(t, 404)
	if sent := a.requests(); len(sent) != 0 {
		t.Errorf("the Person API was sent %d requests more", len(sent))
	}
}

// The record comes in time whatever the Person API does, and nothing wrong is passed on.
func TestPersonAPIThatFails(t *testing.T) {
	t.Parallel()
	a := newPersonAPI(t)
	p := start(t, a.flags()...)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"nationality":"british"`)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Error("a redirect was followed")
		knownPerson(w, r)
	}))
	t.Cleanup(elsewhere.Close)
	says := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
	}
	person := personAnswer(m.target, "")
	for name, c := range map[string]struct {
		status  string
		outcome string
		http.HandlerFunc
	}{
		"404": {"unknown", "unknown", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }},
		"401": {"unavailable", "refused", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }},
		"500": {"unavailable", "unreachable", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }},
		"a redirect": {"unavailable", "unreachable", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
		}},
		"slow":                {"unavailable", "unreachable", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
		"10 MB":               {"unavailable", "unusable", says(personAnswer(m.target, `,"reason":"`+strings.Repeat(" ", 10<<20)+`"`))},
		"another's id":        {"unavailable", "unusable", says(personAnswer(uuid.NewString(), ""))},
		"a wrong type":        {"unavailable", "unusable", says(strings.Replace(person, `"Okonkwo"`, `["Okonkwo"]`, 1))},
		"an impossible day":   {"unavailable", "unusable", says(strings.Replace(person, "1985-02-28", "1985-02-30", 1))},
		"a control character": {"unavailable", "unusable", says(strings.Replace(person, "Okonkwo", `Okonkwo\u001b[2J`, 1))},
		"a repeated member":   {"unavailable", "unusable", says(personAnswer(m.target, `,"surname":"Other"`))},
		"half of it":          {"unavailable", "unusable", says(person[:200])},
	} {
		a.says(c.HandlerFunc)
		before := p.counted(t, c.outcome)
		record, status := p.withPerson(t, officer, m)
		if status != c.status || record["person"] != nil || record["suggested"] != nil {
			t.Errorf("%s: %v %v", name, status, record["person"])
		}
		// The request may end a moment after the record has come without it.
		eventually(t, name+": one more is "+c.outcome, func() bool { return p.counted(t, c.outcome) == before+1 })
		switch person := "/persons/" + m.target; name {
		case "404":
			p.do(t, "GET", person, request{token: officer}).problem(t, 404, "not-found")
		case "500", "another's id":
			p.do(t, "GET", person, request{token: officer}).problem(t, 503, "unavailable")
		}
		if c.outcome == "refused" {
			p.logged(t, "it refuses the token, with status 401")
		}
	}
	a.says(knownPerson)
	if _, status := p.withPerson(t, officer, m); status != "found" {
		t.Errorf("works again: %v", status)
	}
	log := p.logged(t, "the Person API works again")
	for _, part := range []string{serviceToken, "zebra", officer, m.target, m.id, "Okonkwo", "1985-02-"} {
		if strings.Contains(log, part) {
			t.Errorf("the log has %s", part)
		}
	}
}

// counted returns how many requests to the Person API ended like this.
func (p *program) counted(t *testing.T, outcome string) (n int) {
	t.Helper()
	r, err := p.client.Get("http://" + p.telemetry + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, _ := io.ReadAll(r.Body)
	_, after, found := strings.Cut(string(text), `equality_person_api_requests_total{outcome="`+outcome+`"} `)
	if _, err := fmt.Sscan(after, &n); !found || err != nil {
		t.Fatalf("there is no count of %s: %v", outcome, err)
	}
	return n
}

// What the Person API cannot do is refused with a word why, and an erasure says what it does
// not reach.
func TestPersonAPIIsReadOnly(t *testing.T) {
	t.Parallel()
	a := newPersonAPI(t)
	p := start(t, a.flags()...)
	officer, governance := p.token(t, "officer"), p.token(t, "governance")
	m := p.create(t, officer, `"nationality":"british"`)
	p.do(t, "PUT", "/persons/"+m.target, request{token: p.token(t, "service"), body: []byte(`{"surname":"Okonkwo"}`)}).problem(t, 400, "directory-read-only")
	p.do(t, "POST", "/persons/search", request{token: officer, body: []byte(`{"name":"Okonkwo"}`)}).problem(t, 400, "directory-read-only")
	everyone := p.token(t, "governance", "officer")
	p.do(t, "GET", records+"?include=person", request{token: everyone}).problem(t, 400, "include-not-available")
	p.do(t, "GET", records, request{token: everyone}).want(t, 200)
	one := p.do(t, "GET", records+"?include=person&targetId="+m.target, request{token: officer}).want(t, 200).document(t)
	if one["personStatus"] != "found" {
		t.Errorf("with targetId: %v", one["personStatus"])
	}
	if n := len(a.requests()); n != 1 {
		t.Errorf("the Person API was sent %d requests", n)
	}
	certificate := p.do(t, "DELETE", m.path()+"?reason=person-request", request{token: governance}).want(t, 200)
	if !strings.Contains(string(certificate.body), "Person API") {
		t.Errorf("the certificate does not name the Person API: %s", certificate.body)
	}
	p.do(t, "GET", m.path()+"?include=person", request{token: officer}).problem(t, 410, "erased")
	if n := len(a.requests()); n != 0 {
		t.Errorf("after the erasure the Person API was sent %d requests", n)
	}
}

// A new token counts from the next request on, without a restart.
func TestPersonAPITokenIsReplacedWhileTheServerRuns(t *testing.T) {
	t.Parallel()
	a := newPersonAPI(t)
	p := start(t, a.flags()...)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"nationality":"british"`)
	next := strings.Replace(serviceToken, "zebra", "okapi", 1)
	a.accepts(next)
	if _, status := p.withPerson(t, officer, m); status != "unavailable" {
		t.Errorf("with the old token: %v", status)
	}
	a.useToken(t, next)
	if _, status := p.withPerson(t, officer, m); status != "found" {
		t.Errorf("with the new token: %v", status)
	}
	if err := os.Remove(a.tokenFile); err != nil {
		t.Fatal(err)
	}
	if _, status := p.withPerson(t, officer, m); status != "unavailable" {
		t.Errorf("without a token: %v", status)
	}
	for _, text := range []string{"it refuses the token, with status 403", "the Person API works again", "the file of the token: no such file"} {
		p.logged(t, text)
	}
	if log := p.log(); strings.Contains(log, "zebra") || strings.Contains(log, "okapi") || strings.Contains(log, a.tokenFile) {
		t.Error("the log has a token, or its path")
	}
}

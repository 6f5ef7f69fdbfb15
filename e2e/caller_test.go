package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/identity"
)

func TestMeIsWhoCalls(t *testing.T) {
	t.Parallel()
	p, sign := startPublicMode(t)
	for _, path := range []string{"/me", "/api/v1/me/"} {
		r := p.do(t, "GET", path, request{token: sign("support", "analyst")}).want(t, 200)
		same(t, r.document(t), object(t, `{"subject":"support.analyst@council.example","name":"Invented caller","kind":"person",
			"roles":["analyst","support"],"permissions":["equality:list","events:read","quality:mend","reporting:aggregate","support:read"]}`))
		if r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("Cache-Control is %s", r.header.Get("Cache-Control"))
		}
	}
	same(t, p.do(t, "GET", "/me", request{token: sign("nobody")}).want(t, 200).document(t),
		object(t, `{"subject":"nobody@council.example","name":"Invented caller","kind":"person","roles":[],"permissions":[]}`))
	machine, err := identity.Sign([]byte(secret), identity.Token{ID: "7", ConsumerName: "forms", ConsumerType: "officer"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, p.do(t, "GET", "/me", request{token: machine}).want(t, 200).document(t),
		object(t, `{"subject":"7","name":"forms","kind":"service","roles":[],"permissions":[]}`))
	p.do(t, "GET", "/me", request{}).problem(t, 401, "unauthenticated")
	p.do(t, "GET", "/me?a=1", request{token: machine}).failed(t, "", "query.unknown")
}

// The clocks of the issuer and of the server may differ by a minute; a server that remembers
// a token does not remember it longer.
func TestClocksOfTokensMayDifferByAMinute(t *testing.T) {
	t.Parallel()
	p, _ := startPublicMode(t)
	for _, c := range []struct {
		claim  string
		offset time.Duration
		status int
	}{
		{"exp", -50 * time.Second, 200}, {"exp", -70 * time.Second, 401}, {"nbf", 50 * time.Second, 200}, {"nbf", 70 * time.Second, 401},
		{"iat", 50 * time.Second, 200}, {"iat", 70 * time.Second, 401},
	} {
		token := claims(t, map[string]any{"sub": "a", c.claim: time.Now().Add(c.offset).Unix()})
		p.do(t, "GET", "/me", request{token: token}).want(t, c.status)
		p.do(t, "GET", "/me", request{token: token}).want(t, c.status)
	}
}

// claims returns a token with any claims, signed with secret.
func claims(t *testing.T, all map[string]any) string {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256"}`)) + "." + encode(marshal(t, all))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

// A caller in many groups has a large token, and is told if it is too large. For anything
// else the response does not say why, and the log does.
func TestTokensThatAreTooLargeAreToldWhy(t *testing.T) {
	t.Parallel()
	p, _ := startPublicMode(t)
	sized := func(size int) string {
		return claims(t, map[string]any{"sub": "a", "g": strings.Repeat("g", (size-100)/4*3)})
	}
	p.do(t, "GET", "/me", request{token: sized(16 << 10)}).want(t, 200)
	for path, size := range map[string]int{"/me": 16<<10 + 200, front + "/reference-data": 30 << 10} {
		r, err := p.send("GET", path, request{token: sized(size)})
		if err != nil {
			t.Fatal(err)
		}
		if told := r.document(t); r.status != 401 || told["detail"] != "The token is larger than 16 KiB." {
			t.Errorf("%s with a token of %d bytes: %d %s", path, size, r.status, r.body)
		}
	}
	p.logged(t, `"reason":"too-large"`)
}

func TestLogSaysWhyATokenIsRefused(t *testing.T) {
	t.Parallel()
	p, sign := startPublicMode(t)
	good := sign("officer")
	for reason, authorization := range map[string]string{
		"missing": "", "scheme": "Digest zebra", "malformed": "zebra", "signature": "Bearer " + flip(good, len(good)-5),
		"expired": signed(t, secret, "zebra@council.example", -time.Hour, "officer"),
		"name":    claims(t, map[string]any{"sub": "a", "name": "zebra\u0007"}), "subject": claims(t, map[string]any{"name": "zebra"}),
	} {
		for _, path := range []string{"/me", front + "/reference-data"} {
			id := uuid.NewString()
			r, err := p.send("GET", path, request{headers: map[string]string{"Authorization": authorization, "x-correlation-id": id}})
			if err != nil {
				t.Fatal(err)
			}
			if r.status != 401 || strings.Contains(string(r.body), reason) {
				t.Errorf("%s: answered %d %s", reason, r.status, r.body)
			}
			p.logged(t, `"correlation_id":"`+id+`","problem":"unauthenticated","reason":"`+reason+`"`)
		}
	}
	if log := p.log(); strings.Contains(log, "zebra") || strings.Contains(log, good) {
		t.Error("the log has a part of a token")
	}
}

// A credential in an address is refused before it is looked at, wherever it is sent, and is
// not written down.
func TestCredentialsInAURLAreRefused(t *testing.T) {
	t.Parallel()
	p := start(t, "--log-level", "debug")
	officer := p.token(t, "officer")
	for _, query := range []string{
		"access_token=zebra", "Token=zebra", "api_key=zebra", "apiKey=zebra", "X-API-Key=zebra", "KEY=zebra", "access%5Ftoken=zebra", "after=eqk_zebra", "a=1&token",
	} {
		for _, path := range []string{records, "/me", "/livez", "/docs", "/api/v1/events"} {
			for _, token := range []string{"", officer} {
				r := p.do(t, "GET", path+"?"+query, request{token: token})
				if r.failed(t, "", "query.credentials"); strings.Contains(string(r.body), zebra) {
					t.Errorf("the answer repeats the credential: %s", r.body)
				}
			}
		}
		for _, path := range []string{"/equality-information", "/healthcheck/ping"} {
			r, err := p.send("GET", front+path+"?"+query, request{})
			if err != nil {
				t.Fatal(err)
			}
			if r.status != 400 || !strings.Contains(string(r.body), `"errors":{"$":["Send credentials in the header`) || strings.Contains(string(r.body), zebra) {
				t.Errorf("GET %s?%s is answered %d %s", front+path, query, r.status, r.body)
			}
		}
	}
	p.do(t, "GET", "/none?token=zebra", request{}).problem(t, 404, "not-found")
	last := uuid.NewString()
	p.do(t, "GET", "/livez", request{headers: map[string]string{"x-correlation-id": last}})
	if strings.Contains(strings.ToLower(p.logged(t, last)), zebra) {
		t.Error("the log has a credential")
	}
}

// Of two values a proxy and the server could use different ones.
func TestHeadersThatMayAppearOnce(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	for name, value := range map[string]string{
		"Authorization": "Bearer " + officer, "X-Access-Purpose": "support", "Content-Type": "application/json", "Content-Encoding": "identity",
		"Idempotency-Key": "a", "X-Change-Reason": "update",
	} {
		twice := request{token: officer, body: []byte("{}"), values: http.Header{name: {value, value}}}
		p.do(t, "PATCH", m.path(), twice).failed(t, "", "header."+strings.ToLower(name))
		once := request{token: officer, body: []byte("{}"), values: http.Header{name: {value}}}
		p.do(t, "PATCH", m.path(), once).want(t, 200)
		if name == "X-Change-Reason" {
			continue // not of that contract
		}
		if r, err := p.send("PATCH", front+m.path(), twice); err != nil || r.status != 400 || !strings.Contains(string(r.body), `"errors":{`) {
			t.Errorf("%s twice under %s: %d %s %v", name, front, r.status, r.body, err)
		}
	}
	// Without a valid token too: two tokens are no token.
	p.do(t, "GET", "/me", request{values: http.Header{"Authorization": {"zebra", "zebra"}}}).failed(t, "", "header.authorization")
}

func TestRefusalsNameThePermission(t *testing.T) {
	t.Parallel()
	p := shared(t)
	for path, permission := range map[string]string{records: "equality:list", front + records + "?targetId=" + uuid.NewString(): "equality:read", "/events": "events:read"} {
		r, err := p.send("GET", path, request{token: p.token(t, "analyst")})
		if err != nil {
			t.Fatal(err)
		}
		if told := r.document(t); r.status != 403 || told["detail"] != "You need the permission `"+permission+"`." {
			t.Errorf("GET %s: %d %s", path, r.status, r.body)
		}
	}
}

// Without a public URL links are paths: a caller chooses the Host of a request.
func TestLinksDoNotFollowHost(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.crowd(t, 2)
	governance := p.token(t, "governance")
	sent, err := http.NewRequest("GET", p.url+records+"?limit=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	sent.Host = "zebra.example"
	sent.Header = request{token: governance, headers: map[string]string{"X-Forwarded-Host": "zebra.example", "Forwarded": "host=zebra.example"}}.header()
	answered, err := p.client.Do(sent)
	if err != nil {
		t.Fatal(err)
	}
	defer answered.Body.Close()
	var got page
	if err := json.NewDecoder(answered.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	next, err := url.Parse(got.Next)
	if err != nil || next.Host != "" || next.Scheme != "" || next.Path != "/api/v1"+records {
		t.Fatalf("next is %s", got.Next)
	}
	if last := p.page(t, governance, got.Next); len(last.EqualityInformation) != 1 || last.Next != "" {
		t.Errorf("next leads to %+v", last)
	}
}

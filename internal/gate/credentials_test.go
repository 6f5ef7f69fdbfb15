package gate

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/api"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

func TestCredentialsInAURLAreRefused(t *testing.T) {
	t.Parallel()
	for target, refused := range map[string]bool{
		"/a": false, "/a?limit=1&after=x": false, "/a?tokens=1": false, "/a?keys=1&x=eq_": false, "/a?a=%zz": false, "/a?cursor=aeqk_": false,
		"/a?access_token=x": true, "/a?Access_Token=x": true, "/a?ACCESS%5FTOKEN=": true, "/a?token": true, "/a?api_key=x": true, "/a?apikey=x": true,
		"/a?apiKey=x": true, "/a?x-api-key=x": true, "/a?X-Api-Key=x": true, "/a?key=x": true, "/a?a=1&b=eqk_x": true, "/a?a=1;key=2": true,
		"/a?after=eqk%5Fx": true, "/a?token=%zz": true, "/a?%zz=eqk_x": true, "http://token@api.example/a": true,
	} {
		for _, op := range []service.Operation{{AnyToken: true}, {Open: true}} {
			g := New(Options{Callers: everybody{}})
			_, _, err := g.Admit(httptest.NewRequest(http.MethodGet, target, nil), op, uuid.Nil)
			var p Problem
			if errors.As(err, &p); (err != nil) != refused || refused && (p.Code != api.InvalidRequest || p.Failures.Failures[0].Code != "query.credentials") {
				t.Errorf("%s (open %t): %v", target, op.Open, err)
			}
		}
	}
}

// everybody authenticates everybody, and notes their credentials.
type everybody struct{ seen *identity.Credentials }

func (e everybody) Authenticate(_ context.Context, c identity.Credentials) (identity.Caller, error) {
	if e.seen != nil {
		*e.seen = c
	}
	return identity.Caller{Subject: "somebody"}, nil
}

func TestHeadersThatMayAppearOnce(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Authorization", "Content-Type", "Content-Encoding", "X-Access-Purpose"} {
		for values, refused := range map[int]bool{1: false, 2: true, 3: true} {
			r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
			r.Header.Set("Content-Type", "application/json")
			r.Header[name] = slices.Repeat([]string{map[string]string{
				"Authorization": "x", "Content-Type": "application/json", "Content-Encoding": "identity", "X-Access-Purpose": "support",
			}[name]}, values)
			g := New(Options{Callers: everybody{}})
			_, _, err := g.Admit(r, service.Operation{AnyToken: true}, uuid.Nil)
			if err == nil {
				_, err = ReadBody(httptest.NewRecorder(), r, []string{"application/json"})
			}
			var p Problem
			errors.As(err, &p)
			if message := g.CheckPurpose(r.Header); message != "" {
				p.Code = api.InvalidRequest
			}
			if got := p.Code == api.InvalidRequest; got != refused || !got && p.Code != "" {
				t.Errorf("%s %d times: %v", name, values, p)
			}
		}
	}
}

// The log says why a token is refused, in fixed words; the response does not.
func TestReasonOfARefusedTokenIsForTheLog(t *testing.T) {
	t.Parallel()
	tokens, err := identity.NewTokenVerifier(identity.Config{Secret: []byte(strings.Repeat("k", 32))}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for token, want := range map[string]struct{ reason, detail string }{
		"": {reason: "missing"}, "Basic x": {reason: "scheme"}, "x": {reason: "malformed"},
		strings.Repeat("x", 16<<10+1): {"too-large", "The token is larger than 16 KiB."},
	} {
		counted := ""
		g := New(Options{Callers: tokens, Unauthenticated: func(reason string) { counted = reason }})
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", token)
		exchange := &server.Exchange{}
		_, _, err := g.Admit(r.WithContext(server.WithExchange(r.Context(), exchange)), service.Operation{}, uuid.Nil)
		var p Problem
		if errors.As(err, &p); p.Code != api.Unauthenticated || p.Detail != want.detail || exchange.Reason != want.reason || counted != want.reason {
			t.Errorf("%.10q: %v, %s", token, err, exchange.Reason)
		}
	}
}

// FuzzContentType checks that a body is read only if its header says JSON in UTF-8.
func FuzzContentType(f *testing.F) {
	for _, kind := range []string{"application/json", `Application/JSON; charset="utf8"`, "application/json;charset=UTF-8", "application/json; charset=", "text/json", "a/b;c", `application/json;*0=""`} {
		f.Add(kind)
	}
	f.Fuzz(func(t *testing.T, kind string) {
		if !isUTF8(kind, []string{"application/json"}) {
			return
		}
		name, params, err := mime.ParseMediaType(kind)
		charset := strings.ReplaceAll(strings.ToLower(params["charset"]), "-", "")
		again := mime.FormatMediaType(name, params) // empty if a parameter's name cannot be written
		if err != nil || name != "application/json" || charset != "" && charset != "utf8" || again != "" && !isUTF8(again, []string{name}) {
			t.Errorf("%q is taken: %s %s", kind, name, params)
		}
	})
}

// FuzzCredentialInURL checks that a credential in a query is found whatever stands around it.
func FuzzCredentialInURL(f *testing.F) {
	for _, s := range []string{"", "a=b", "%zz", "a;b", "a=%00&", "=;=&"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, name := range inURL {
			if u := (&url.URL{RawQuery: before + "&" + name + "=x&" + after}); !credentialInURL(u) {
				t.Errorf("%q has %s, which is not found", u.RawQuery, name)
			}
		}
	})
}

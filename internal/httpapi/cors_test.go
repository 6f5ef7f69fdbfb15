package httpapi

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"equality-information-api/internal/gate"
	"equality-information-api/internal/server"
)

const (
	ours   = "https://pages.council.example"
	theirs = "https://pages.council.example.evil.example"
)

func TestCORS(t *testing.T) {
	t.Parallel()
	exposed := "ETag, Location, x-correlation-id"
	for _, c := range []struct {
		name           string
		origins        []string
		method, origin string
		preflight      bool // the header of one
		answered       bool
		allowed        string
	}{
		{name: "not configured", method: "GET", origin: ours},
		{name: "not configured, preflight", method: "OPTIONS", origin: ours, preflight: true},
		{name: "ours", origins: []string{"http://localhost:3000", ours}, method: "GET", origin: ours, allowed: ours},
		{name: "ours, preflight", origins: []string{ours}, method: "OPTIONS", origin: ours, preflight: true, answered: true, allowed: ours},
		{name: "ours, OPTIONS that is no preflight", origins: []string{ours}, method: "OPTIONS", origin: ours, allowed: ours},
		{name: "ours, GET with a preflight's header", origins: []string{ours}, method: "GET", origin: ours, preflight: true, allowed: ours},
		{name: "theirs", origins: []string{ours}, method: "GET", origin: theirs},
		{name: "theirs, preflight", origins: []string{ours}, method: "OPTIONS", origin: theirs, preflight: true},
		{name: "in another case", origins: []string{ours}, method: "GET", origin: strings.ToUpper(ours)},
		{name: "null", origins: []string{ours}, method: "GET", origin: "null"},
		{name: "none", origins: []string{ours}, method: "GET"},
	} {
		a := &API{Options: Options{Gate: &gate.Gate{Origins: c.origins}}}
		r := httptest.NewRequest(c.method, "/equality-information", nil)
		exchange := &server.Exchange{}
		r = r.WithContext(server.WithExchange(r.Context(), exchange))
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if c.preflight {
			r.Header.Set("Access-Control-Request-Method", "PATCH")
		}
		w := httptest.NewRecorder()
		if got := a.CORS(w, r, exposed); got != c.answered {
			t.Errorf("%s: answered is %t", c.name, got)
		}
		want := http.Header{}
		if c.origins != nil {
			want.Set("Vary", "Origin")
		}
		if c.allowed != "" {
			want.Set("Access-Control-Allow-Origin", c.allowed)
			want.Set("Access-Control-Expose-Headers", exposed)
		}
		got := w.Header().Clone()
		if c.answered {
			if w.Code != http.StatusNoContent || exchange.Route != "preflight" {
				t.Errorf("%s: %d, route %s", c.name, w.Code, exchange.Route)
			}
			for _, name := range []string{"Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Max-Age"} {
				if got.Get(name) == "" {
					t.Errorf("%s: no %s", c.name, name)
				}
				got.Del(name)
			}
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

// A browser may send what the API takes, and no credentials of its own.
func TestPreflightAllowsWhatThereIs(t *testing.T) {
	t.Parallel()
	a := &API{Options: Options{Gate: &gate.Gate{Origins: []string{ours}}}}
	r := httptest.NewRequest(http.MethodOptions, "/", nil)
	r.Header.Set("Origin", ours)
	r.Header.Set("Access-Control-Request-Method", "GET")
	w := httptest.NewRecorder()
	a.CORS(w, r, exposed)
	methods := []string{"HEAD"}
	for _, e := range endpoints {
		methods = append(methods, e.method)
	}
	slices.Sort(methods)
	allowed := strings.Split(w.Header().Get("Access-Control-Allow-Methods"), ", ")
	slices.Sort(allowed)
	if d := cmp.Diff(slices.Compact(methods), allowed); d != "" {
		t.Errorf("methods: %s", d)
	}
	headers := strings.ToLower(w.Header().Get("Access-Control-Allow-Headers"))
	for _, name := range []string{"authorization", "content-type", "if-match", "if-none-match", "idempotency-key", "x-access-purpose", "x-change-reason", "x-correlation-id"} {
		if !slices.Contains(strings.Split(headers, ", "), name) {
			t.Errorf("%s is not allowed", name)
		}
	}
	if got := w.Header().Get("Access-Control-Allow-Credentials"); got != "" {
		t.Errorf("credentials are allowed: %s", got)
	}
}

package gate

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
		preflight      bool // the request has a preflight's header
		answered       bool
		allowed        string
	}{
		{name: "not configured", method: "GET", origin: ours},
		{name: "not configured, preflight", method: "OPTIONS", origin: ours, preflight: true},
		{name: "ours", origins: []string{"http://localhost:3000", ours}, method: "GET", origin: ours, allowed: ours},
		{name: "ours, preflight", origins: []string{ours}, method: "OPTIONS", origin: ours, preflight: true, answered: true, allowed: ours},
		{name: "ours, OPTIONS but no preflight", origins: []string{ours}, method: "OPTIONS", origin: ours, allowed: ours},
		{name: "ours, GET with a preflight's header", origins: []string{ours}, method: "GET", origin: ours, preflight: true, allowed: ours},
		{name: "theirs", origins: []string{ours}, method: "GET", origin: theirs},
		{name: "theirs, preflight", origins: []string{ours}, method: "OPTIONS", origin: theirs, preflight: true},
		{name: "in another case", origins: []string{ours}, method: "GET", origin: strings.ToUpper(ours)},
		{name: "null", origins: []string{ours}, method: "GET", origin: "null"},
		{name: "none", origins: []string{ours}, method: "GET"},
	} {
		g := New(Options{Origins: c.origins})
		r := httptest.NewRequest(c.method, "/equality-information", nil)
		exchange := &server.Exchange{}
		r = r.WithContext(server.WithExchange(r.Context(), exchange))
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if c.preflight {
			r.Header.Set("Access-Control-Request-Method", "PATCH")
			r.Header.Set("Access-Control-Request-Headers", "authorization,traceparent")
		}
		w := httptest.NewRecorder()
		if got := g.cors(w, r, "GET, HEAD", exposed); got != c.answered {
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
			if allowed := got.Get("Access-Control-Allow-Headers"); allowed != "authorization,traceparent" {
				t.Errorf("%s: allows the headers %s", c.name, allowed)
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

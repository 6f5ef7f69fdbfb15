package mmh_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/httpapi"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/mmh"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store/sqlite"
)

// now is the time in the tests, and correlation the correlation id of their requests.
var (
	now         = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	today       = equality.DateOf(now)
	correlation = uuid.MustParse("0c5e2b1a-7d3f-4e6a-9b8c-1d2e3f4a5b6c")
)

const (
	person  = "5d1b0f0e-4c27-4a5c-9a52-1f4bd1d2a001"
	another = "5d1b0f0e-4c27-4a5c-9a52-1f4bd1d2a002"
	records = mmh.Prefix + "/equality-information"
	secret  = "an invented secret of many bytes"
)

var lists = sync.OnceValues(func() (*refdata.Lists, error) { return refdata.Load() })

func newCodec(t testing.TB, strict bool) *mmh.Codec {
	t.Helper()
	l, err := lists()
	if err != nil {
		t.Fatal(err)
	}
	c, err := mmh.NewCodec(l, strict)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// both is both contracts on one store.
type both struct {
	mmh     *mmh.API
	api     *httpapi.API
	service *service.Service
	tokens  map[string]string
	dir     string
	options mmh.Options
}

// options are those of a setup that a test may change.
type options struct {
	gate gate.Options
	mmh.Options
}

func setup(t testing.TB, change ...func(*options)) both {
	t.Helper()
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := lists()
	fatal(err)
	rules, err := equality.NewRules(l)
	fatal(err)
	keys, err := sealing.Generate()
	fatal(err)
	groups := make(map[string][]string)
	for role := range identity.Roles() {
		groups[role] = []string{role}
	}
	tokens, err := identity.NewTokenVerifier(identity.Config{Secret: []byte(secret), Groups: groups}, time.Now)
	fatal(err)
	dir := t.TempDir()
	store, err := sqlite.Open(context.Background(), sqlite.Options{
		Dir: dir, Keys: keys, Now: time.Now, KeyRetention: time.Hour, EventRetention: time.Hour,
		Report: func(what string, err error) { t.Errorf("%s: %v", what, err) },
	})
	fatal(err)
	t.Cleanup(func() { fatal(store.Close()) })
	b := both{tokens: make(map[string]string), dir: dir}
	for role := range identity.Roles() {
		b.tokens[role], err = identity.Sign([]byte(secret), identity.Token{Subject: role, Groups: []string{role}})
		fatal(err)
	}
	b.service = service.New(store, service.Options{Rules: rules, Keys: keys, Now: func() time.Time { return now }})
	o := options{
		gate: gate.Options{
			Service: b.service, Callers: tokens, Now: time.Now, Unauthenticated: func(string) {},
			Internal: func(_ context.Context, err error) { t.Errorf("internal error: %v", err) },
		},
		Options: mmh.Options{
			UseCases: b.service, Codec: newCodec(t, false), Lists: l, Store: "store", Now: func() time.Time { return now },
		},
	}
	for _, f := range change {
		f(&o)
	}
	o.Gate = gate.New(o.gate)
	b.api = httpapi.New(httpapi.Options{Gate: o.Gate, UseCases: b.service, Rules: rules, Lists: l})
	b.options = o.Options
	b.mmh, err = mmh.New(b.options)
	fatal(err)
	return b
}

func strict(t testing.TB) func(*options) {
	return func(o *options) { o.Codec = newCodec(t, true) }
}

// header changes a request.
type header map[string]string

// ask sends a request as an officer, in the way that axios does.
func (b both) ask(method, target, body string, headers ...header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", b.tokens["officer"])
	r.Header.Set("Accept", "application/json, text/plain, */*")
	if body != "" {
		r.Header.Set("Content-Type", "application/json;charset=utf-8")
	}
	for _, h := range headers {
		for name, value := range h {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	gate.Surfaces{b.mmh, b.api}.ServeHTTP(w, r.WithContext(server.WithExchange(r.Context(), &server.Exchange{CorrelationID: correlation})))
	return w
}

// erase erases a record, as a governance user.
func (b both) erase(t testing.TB, id string) {
	t.Helper()
	wants(t, b.ask("DELETE", httpapi.Prefix+"/equality-information/"+id+"?reason=person-request", "", b.as("governance")), 200)
}

// as returns the header of a caller with a role.
func (b both) as(role string) header { return header{"Authorization": "Bearer " + b.tokens[role]} }

func ifMatch(tag string) header { return header{"If-Match": tag} }

// wants checks a status and returns the body.
func wants(t testing.TB, w *httptest.ResponseRecorder, status int) string {
	t.Helper()
	if w.Code != status {
		t.Fatalf("answered %d, want %d: %s", w.Code, status, w.Body)
	}
	return w.Body.String()
}

package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store/sqlite"
)

var secret = []byte("an invented secret of many bytes")

// bearer is the token of a caller in groups, which have the names of their roles.
func bearer(t *testing.T, groups ...string) string {
	t.Helper()
	text, err := identity.Sign(secret, identity.Token{Subject: "somebody", Groups: groups})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// setup returns an API with its own store, and a function for its access log, which closes
// the store.
func setup(t *testing.T) (a *API, log func() []audit.Entry) {
	t.Helper()
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	lists, err := refdata.Load()
	fatal(err)
	rules, err := equality.NewRules(lists)
	fatal(err)
	keys, err := sealing.Generate()
	fatal(err)
	groups := make(map[string][]string)
	for role := range identity.Roles() {
		groups[role] = []string{role}
	}
	tokens, err := identity.NewTokenVerifier(identity.Config{Secret: secret, Groups: groups}, time.Now)
	fatal(err)
	dir := t.TempDir()
	store, err := sqlite.Open(t.Context(), sqlite.Options{
		Dir: dir, Keys: keys, Now: time.Now, KeyRetention: time.Hour, EventRetention: time.Hour,
		Report: func(what string, err error) { t.Errorf("%s: %v", what, err) },
	})
	fatal(err)
	closed := false
	closing := func() {
		if !closed {
			closed = true
			fatal(store.Close())
		}
	}
	t.Cleanup(closing)
	s := service.New(store, service.Options{Rules: rules, Keys: keys, Now: time.Now})
	a = New(Options{UseCases: s, Rules: rules, Lists: lists, Gate: gate.New(gate.Options{
		Service: s, Callers: tokens, Now: time.Now,
		Unauthenticated: func(string) {}, Internal: func(_ context.Context, err error) { t.Errorf("internal error: %v", err) },
	})})
	return a, func() (entries []audit.Entry) {
		closing()
		log, err := sqlite.OpenLog(t.Context(), dir, keys)
		fatal(err)
		defer log.Close()
		fatal(log.Entries(t.Context(), func(l audit.Logged) error { entries = append(entries, l.Entry); return nil }))
		return entries
	}
}

func ask(t *testing.T, a *API, method, target, token string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.Header.Set("Authorization", token)
	r.Header.Set("X-Access-Purpose", "monitoring")
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r.WithContext(server.WithExchange(r.Context(), &server.Exchange{CorrelationID: uuid.New()})))
	return w
}

func TestRefusalNamesWhoseRecordWasAskedFor(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	for target, want := range map[string]uuid.UUID{
		"/equality-information/" + id.String():                            id,
		"/equality-information/" + id.String() + "/history":               id,
		"/equality-information/" + id.String() + "/history/0":             id,
		"/equality-information?targetId=" + id.String():                   id,
		"/api/v1/equality-information/?targetId=" + id.String() + "&x=%z": id,
		"/equality-information?targetId=nonsense":                         uuid.Nil,
		"/equality-information":                                           uuid.Nil,
		"/equality-information/nonsense":                                  uuid.Nil,
		"/events":                                                         uuid.Nil,
	} {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			a, log := setup(t)
			if w := ask(t, a, http.MethodGet, target, bearer(t, "admin")); w.Code != http.StatusForbidden {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			entries := log()
			if len(entries) != 1 || entries[0].Target != want || entries[0].Status != 403 || entries[0].Purpose != "monitoring" || entries[0].Subject != "somebody" {
				t.Errorf("the access log says %+v", entries)
			}
		})
	}
}

// A request without a valid token gets 401 wherever a token is needed, and no entry.
func TestEveryOperationButTheOpenOnesAsksForAToken(t *testing.T) {
	t.Parallel()
	a, log := setup(t)
	for _, op := range routed() {
		for name, bad := range map[string]string{"no token": "", "not a token": "Bearer x.y.z"} {
			w := ask(t, a, op.Method, plainPath.Replace(op.Path), bad)
			if want := http.StatusUnauthorized; (w.Code == want) == op.Open {
				t.Errorf("%s with %s: %d", op.ID, name, w.Code)
			}
		}
	}
	if entries := log(); len(entries) != 0 {
		t.Errorf("the access log says %+v", entries)
	}
}

// A caller whose token grants nothing may read the code lists, and nothing else.
func TestEveryRestrictedOperationIsRefusedToACallerWithoutRoles(t *testing.T) {
	t.Parallel()
	a, log := setup(t)
	refused := 0
	for _, op := range routed() {
		w := ask(t, a, op.Method, plainPath.Replace(op.Path), bearer(t, "unknown"))
		if !op.Restricted() {
			if w.Code == http.StatusForbidden {
				t.Errorf("%s is refused", op.ID)
			}
			continue
		}
		refused++
		if needs := "You need the permission `" + string(op.Action.Permission()) + "`."; w.Code != http.StatusForbidden ||
			!strings.Contains(w.Body.String(), needs) || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %d %v %s", op.ID, w.Code, w.Header(), w.Body)
		}
	}
	if entries := log(); len(entries) != refused {
		t.Errorf("%d entries for %d refusals", len(entries), refused)
	}
}

// routed are the operations with a route.
func routed() []service.Operation {
	return slices.DeleteFunc(slices.Clone(service.Operations), func(op service.Operation) bool { return op.Path == "" })
}

// plainPath turns a pattern into a path.
var plainPath = strings.NewReplacer("{", "", "}", "")

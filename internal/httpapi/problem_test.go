package httpapi

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/api"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

// answered returns the API's response to an error, and the error if the API reported it as
// internal.
func answered(t testing.TB, target string, err error) (w *httptest.ResponseRecorder, doc gate.ProblemDocument, internal error) {
	t.Helper()
	a := &API{gate: gate.New(gate.Options{Internal: func(_ context.Context, err error) { internal = err }})}
	w = httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r = r.WithContext(server.WithExchange(r.Context(), &server.Exchange{CorrelationID: uuid.UUID{15: 1}}))
	a.answer(newCall(w, r), err)
	if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil {
		t.Fatalf("%s: %v", w.Body, err)
	}
	if server.Of(r.Context()).Problem != strings.TrimPrefix(doc.Type, api.ProblemPath) {
		t.Errorf("the log says %q", server.Of(r.Context()).Problem)
	}
	return w, doc, internal
}

func TestErrorIsToldAsItsProblem(t *testing.T) {
	t.Parallel()
	existing := uuid.UUID{15: 7}
	path := Prefix + "/equality-information/" + existing.String()
	for _, c := range []struct {
		err     error
		want    string
		headers map[string]string
	}{
		{&equality.InvalidError{}, api.InvalidBody, nil},
		{&service.ConflictError{}, api.Conflict, map[string]string{"Location": ""}},
		{&service.ConflictError{Existing: existing}, api.Conflict, map[string]string{"Location": path}},
		{&service.VersionError{Version: 3}, api.VersionMismatch, map[string]string{"ETag": `"3"`}},
		{service.ErrNINOForbidden, api.Forbidden, nil},
		{service.ErrForbidden, api.Forbidden, nil},
		{service.ErrNotFound, api.NotFound, nil},
		{service.ErrErased, api.Erased, nil},
		{service.ErrPreconditionRequired, api.PreconditionRequired, nil},
		{service.ErrKeyReused, api.IdempotencyKeyReused, nil},
		{service.ErrBadCursor, api.InvalidRequest, nil},
		{service.ErrCursorExpired, api.CursorExpired, nil},
		{service.ErrUnavailable, api.Unavailable, map[string]string{"Retry-After": "5"}},
		{errors.Join(service.ErrUnavailable, errors.New("disk full")), api.Unavailable, nil},
		{context.Canceled, api.Unavailable, nil},
		{context.DeadlineExceeded, api.Unavailable, nil},
		{problem{Code: api.Unauthenticated}, api.Unauthenticated, map[string]string{"Www-Authenticate": `Bearer realm="equality-information"`}},
		{problem{Code: api.TooManyRequests}, api.TooManyRequests, map[string]string{"Retry-After": "1"}},
		{problem{Code: api.TooManyRequests, RetryAfter: 1400 * time.Millisecond}, api.TooManyRequests, map[string]string{"Retry-After": "2"}},
		{problem{Code: api.TooManyRequests, RetryAfter: time.Minute}, api.TooManyRequests, map[string]string{"Retry-After": "60"}},
		{errors.New("something of our own"), api.Internal, map[string]string{"Retry-After": ""}},
	} {
		for _, err := range []error{c.err, fmt.Errorf("wrapped: %w", c.err)} {
			w, doc, internal := answered(t, "/equality-information/x?secret=1", err)
			described := api.Problems[c.want]
			want := gate.ProblemDocument{
				Type: described.Type(), Title: described.Title, Status: described.Status, Detail: described.Description,
				Instance: "/equality-information/x", CorrelationID: uuid.UUID{15: 1}, Errors: doc.Errors,
			}
			if d := cmp.Diff(want, doc); d != "" || w.Code != described.Status {
				t.Errorf("%v: status %d %s", err, w.Code, d)
			}
			if (internal != nil) != (c.want == api.Internal) {
				t.Errorf("%v: reported as internal is %v", err, internal)
			}
			if kind, cache := w.Header().Get("Content-Type"), w.Header().Get("Cache-Control"); kind != "application/problem+json" || cache != "no-store" {
				t.Errorf("%v: %s, %s", err, kind, cache)
			}
			for name, value := range c.headers {
				if got := w.Header().Get(name); got != value {
					t.Errorf("%v: %s is %q, want %q", err, name, got, value)
				}
			}
		}
	}
}

func TestInternalErrorTellsNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w, _, _ := answered(t, "/x", errors.New("MARK"+rapid.String().Draw(rt, "message")))
		if strings.Contains(w.Body.String(), "MARK") {
			rt.Errorf("%s", w.Body)
		}
	})
}

func TestProblemTellsFailuresAndChangedMembers(t *testing.T) {
	t.Parallel()
	failures := []equality.Failure{{Pointer: "/disabled", Code: equality.TypeAnswer, Message: "is no answer"}}
	_, doc, _ := answered(t, "/x", &equality.InvalidError{Failures: failures, Omitted: 3})
	if len(doc.Errors) != 1 || equality.Failure(doc.Errors[0]) != failures[0] || doc.ErrorsOmitted != 3 {
		t.Errorf("%+v", doc)
	}
	w, doc, _ := answered(t, "/x", &service.VersionError{Version: 3, ChangedMembers: []string{"disabled"}})
	if !cmp.Equal(doc.ChangedMembers, []string{"disabled"}) || strings.Contains(w.Body.String(), `"errors`) {
		t.Errorf("%s", w.Body)
	}
	_, doc, _ = answered(t, "/x", service.ErrNINOForbidden)
	if len(doc.Errors) != 1 || doc.Errors[0].Pointer != "/nationalInsuranceNumber" {
		t.Errorf("%+v", doc)
	}
	if _, doc, _ = answered(t, "/x", problem{Code: api.Forbidden, Detail: "another"}); doc.Detail != "another" {
		t.Errorf("%+v", doc)
	}
}

// Whatever bytes the path has, the document must be valid.
func TestProblemIsWholeWhateverThePath(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RequestURI = "/" + string(rapid.SliceOf(rapid.Byte()).Draw(t, "path"))
		(&API{}).Problem(w, r, problem{Code: api.NotFound})
		var doc gate.ProblemDocument
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || doc.Status != 404 {
			t.Errorf("%q: %s, %v", r.RequestURI, w.Body, err)
		}
	})
}

// The missing permission is named, even if the error is wrapped.
func TestForbiddenNamesThePermission(t *testing.T) {
	t.Parallel()
	w, doc, _ := answered(t, "/x", fmt.Errorf("wrapped: %w", &service.ForbiddenError{Permission: "equality:list"}))
	if w.Code != 403 || doc.Detail != "You need the permission `equality:list`." {
		t.Errorf("%s", w.Body)
	}
}

// TestEveryProblemIsUsed finds problems that no code here sends, and codes that are missing
// from the contract.
func TestEveryProblemIsUsed(t *testing.T) {
	t.Parallel()
	names := constants(t, "../../api/problems.go")
	used := make(map[string]bool)
	for _, file := range append(parsePackage(t, "."), parsePackage(t, "../gate")...) {
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "api" {
					used[names[s.Sel.Name]] = true
				}
			}
			return true
		})
	}
	for _, p := range api.ProblemList {
		if !used[p.Code] {
			t.Errorf("nothing is answered with %s", p.Code)
		}
	}
	for name, code := range names {
		if _, ok := api.Problems[code]; !ok && code != api.ProblemPath {
			t.Errorf("api.%s is not described", name)
		}
	}
}

// constants returns the string constants of a file.
func constants(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]string)
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && len(spec.Values) == 1 {
			if value, ok := spec.Values[0].(*ast.BasicLit); ok && value.Kind == token.STRING {
				out[spec.Names[0].Name] = strings.Trim(value.Value, `"`)
			}
		}
		return true
	})
	return out
}

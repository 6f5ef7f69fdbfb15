package e2e

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

const records = "/equality-information"

// made is a record that a test has created.
type made struct {
	id, target, etag string
}

func (m made) path() string { return records + "/" + m.id }

// body is a JSON object of a target and further members.
func body(target, members string) []byte {
	if members != "" {
		members = "," + members
	}
	return []byte(`{"targetId":"` + target + `"` + members + `}`)
}

// create creates the record of a new person, whose id differs from the target's.
func (p *program) create(t *testing.T, token, members string) made {
	t.Helper()
	id, target := uuid.NewString(), uuid.NewString()
	r := p.do(t, "POST", records+"/"+id, request{token: token, body: body(target, members)}).want(t, 201)
	if r.status != 201 {
		t.FailNow()
	}
	return made{id, target, r.header.Get("ETag")}
}

// patch changes a record.
func (p *program) patch(t *testing.T, token string, m made, body string) response {
	t.Helper()
	return p.do(t, "PATCH", m.path(), request{token: token, body: []byte(body)})
}

// record reads a record.
func (p *program) record(t *testing.T, token string, m made) map[string]any {
	t.Helper()
	return p.do(t, "GET", m.path(), request{token: token}).want(t, 200).document(t)
}

// problem is an error response.
type problem struct {
	Type, Title, Detail, Instance, CorrelationID string
	Status, ErrorsOmitted                        int
	Errors                                       []failure
	ChangedMembers                               []string
}

type failure struct{ Pointer, Code, Message string }

// problem checks that an answer is this problem.
func (r response) problem(t *testing.T, status int, code string) problem {
	t.Helper()
	var p problem
	if kind := r.header.Get("Content-Type"); r.status != status || kind != "application/problem+json" {
		t.Errorf("answered %d %s, want the problem %d %s: %s", r.status, kind, status, code, r.body)
		return p
	}
	r.decode(t, &p)
	if p.Type != "/docs/problems/"+code || p.Status != status {
		t.Errorf("the problem is %s with status %d, want %s with %d", p.Type, p.Status, code, status)
	}
	if p.CorrelationID != r.header.Get("x-correlation-id") {
		t.Errorf("the problem's correlation id %s is not the header's %s", p.CorrelationID, r.header.Get("x-correlation-id"))
	}
	return p
}

// has reports whether a problem lists a failure.
func (p problem) has(pointer, code string) bool {
	return slices.ContainsFunc(p.Errors, func(f failure) bool { return f.Pointer == pointer && f.Code == code })
}

// failed checks that an answer is a 400 with this failure.
func (r response) failed(t *testing.T, pointer, code string) {
	t.Helper()
	kind := "invalid-body"
	if strings.HasPrefix(code, "path.") || strings.HasPrefix(code, "query.") || strings.HasPrefix(code, "header.") {
		kind = "invalid-request"
	}
	if p := r.problem(t, 400, kind); !p.has(pointer, code) {
		t.Errorf("the problem does not list %s at %q: %s", code, pointer, r.body)
	}
}

// same compares two JSON documents.
func same(t *testing.T, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("unexpected (-want +got):\n%s", d)
	}
}

// object reads a JSON object that a test wrote.
func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return o
}

// without returns a record without its ids.
func without(record map[string]any, names ...string) map[string]any {
	for _, name := range append(names, "id", "targetId") {
		delete(record, name)
	}
	return record
}

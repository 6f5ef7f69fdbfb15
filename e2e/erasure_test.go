package e2e

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/service"
)

// erase erases a record, by its id or its target's.
func (p *program) erase(t *testing.T, id string) response {
	t.Helper()
	return p.do(t, "DELETE", records+"/"+id+"?reason=person-request", request{token: p.token(t, "governance")}).want(t, 200)
}

func TestErasedRecordIsGoneForEveryOperation(t *testing.T) {
	t.Parallel()
	p := start(t)
	all := request{token: p.token(t, "officer", "service", "governance", "support")}
	m := p.create(t, all.token, `"nationality":"british","nationalInsuranceNumber":"QQ123456C"`)
	other := p.create(t, all.token, `"nationality":"irish"`)
	change := request{token: all.token, body: []byte(`{"disabled":true}`), headers: map[string]string{"Idempotency-Key": "before the erasure"}}
	p.do(t, "PATCH", m.path(), change).want(t, 200)

	var done certificate
	p.do(t, "DELETE", records+"/"+m.target+"?reason=unlawful", all).want(t, 200).decode(t, &done)
	if done.ID != m.id || done.TargetID != m.target || done.Reason != "unlawful" || done.LastVersion != 1 || len(done.Removed) == 0 || len(done.Kept) == 0 {
		t.Errorf("the certificate is %+v", done)
	}
	if by, err := time.Parse(time.DateOnly, done.CompleteBy); err != nil || by.Before(done.ErasedAt) {
		t.Errorf("complete by %s", done.CompleteBy)
	}

	for _, op := range service.Operations {
		if !strings.HasPrefix(op.Path, records+"/{id}") {
			continue
		}
		want := 410
		if op.Method == "POST" {
			want = 409
		}
		for _, id := range []string{m.id, m.target} {
			o := all
			path := strings.NewReplacer("{id}", id, "{version}", "0").Replace(op.Path)
			switch op.Method {
			case "POST": // with the erased record's id; the person's was never a record's
				o.body = body(uuid.NewString(), "")
				if id == m.target {
					continue
				}
			case "PATCH":
				o.body = []byte(`{"disabled":false}`)
			case "DELETE":
				path += "?reason=unlawful"
				o.headers = map[string]string{"Idempotency-Key": "a retry"}
			}
			p.do(t, op.Method, path, o).want(t, want)
		}
	}
	p.do(t, "GET", records+"?targetId="+m.target, all).want(t, 410)
	p.do(t, "PATCH", m.path(), change).want(t, 410) // a late retry creates nobody again
	for _, path := range []string{"?targetId=" + m.target, "/" + m.id + "?targetId=" + m.target} {
		r, err := p.send("GET", "/mmh/api/v1/equality-information"+path, all)
		if err != nil || r.status != 404 || string(r.body) != `"`+m.target+`"` {
			t.Errorf("front ends are answered %d %s, %v", r.status, r.body, err)
		}
	}
	p.do(t, "GET", other.path(), all).want(t, 200)

	told := p.allEvents(t, "100")
	types := []string{"created", "created", "updated", "erased"}
	for i, e := range told {
		if e.Type != "equality-information."+types[i] {
			t.Errorf("event %d is %s", i, e.Type)
		}
		if mine := e.Data.ID == m.id; mine == (len(e.Data.Members) > 0) {
			t.Errorf("event %d names %v", i, e.Data.Members)
		}
	}
	if last := told[len(told)-1]; len(told) != 4 || last.Subject != m.target || last.Data.Version != 1 {
		t.Errorf("the last of %d events is %+v", len(told), last)
	}

	again := p.do(t, "POST", records, request{token: all.token, body: body(m.target, "")}).want(t, 201)
	if id := again.document(t)["id"]; id == m.id || again.header.Get("ETag") != `"2"` {
		t.Errorf("the person's next record has the id %v and the version %s", id, again.header.Get("ETag"))
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	if out, status := auditVerify(t, p.dir, "--records"); status != 0 {
		t.Errorf("the access log failed verification: %s", out)
	}
}

// certificate is the response to an erasure.
type certificate struct {
	ID, TargetID string
	ErasedAt     time.Time
	Reason       string
	LastVersion  int64
	Removed      []string
	Kept         []struct{ What, Why, Until string }
	CompleteBy   string
}

func TestErasureIsRefused(t *testing.T) {
	t.Parallel()
	p := shared(t)
	governance, officer := request{token: p.token(t, "governance")}, p.token(t, "officer")
	m := p.create(t, officer, "")
	p.patch(t, officer, m, `{"disabled":true,"gender":{"genderValue":"f"}}`).want(t, 200)
	if1 := func(tag string) request {
		return request{token: governance.token, headers: map[string]string{"If-Match": tag}}
	}
	for name, c := range map[string]struct {
		path   string
		sent   request
		status int
		code   string
	}{
		"no reason":          {m.path(), governance, 400, "query.reason"},
		"an unknown reason":  {m.path() + "?reason=zebra", governance, 400, "query.reason"},
		"two reasons":        {m.path() + "?reason=unlawful&reason=unlawful", governance, 400, "query.reason"},
		"no permission":      {m.path() + "?reason=unlawful", request{token: officer}, 403, "equality:erase"},
		"no such record":     {records + "/" + uuid.NewString() + "?reason=unlawful", governance, 404, "not-found"},
		"another version":    {m.path() + "?reason=unlawful", if1(`"0"`), 412, "version-mismatch"},
		"a wrong condition":  {m.path() + "?reason=unlawful", if1("1"), 400, "If-Match"},
		"an unknown setting": {m.path() + "?reason=unlawful&force=" + url.QueryEscape("yes"), governance, 400, "query.unknown"},
	} {
		r := p.do(t, "DELETE", c.path, c.sent).want(t, c.status)
		if !strings.Contains(string(r.body), c.code) || strings.Contains(string(r.body), "zebra") {
			t.Errorf("%s: %s", name, r.body)
		}
	}
	r := p.do(t, "DELETE", m.path()+"?reason=unlawful", if1(`"0"`)).want(t, 412)
	var problem struct{ ChangedMembers []string }
	if r.decode(t, &problem); !slices.Equal(problem.ChangedMembers, []string{"gender", "disabled"}) {
		t.Errorf("changed since: %v", problem.ChangedMembers)
	}
	p.do(t, "GET", m.path(), request{token: officer}).want(t, 200)
	p.do(t, "DELETE", m.path()+"?reason=unlawful", if1(`"1"`)).want(t, 200)
}

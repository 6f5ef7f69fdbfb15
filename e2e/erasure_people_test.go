package e2e

import (
	"slices"
	"testing"

	"github.com/google/uuid"
)

// An erasure takes the person's entry in the directory with the record, or alone if there is no
// record.
func TestErasureTakesThePersonsEntryToo(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"nationality":"british"`)
	p.put(t, m.target, `"firstName":"Aroha","surname":"Invented"`).want(t, 201)
	p.put(t, m.target, `"firstName":"Aroha","surname":"Zebrafinch"`).want(t, 200)
	alone := uuid.NewString()
	p.put(t, alone, `"surname":"Invented"`).want(t, 201)

	var done certificate
	p.erase(t, m.id).decode(t, &done)
	if done.ID != m.id || done.TargetID != m.target || done.LastVersion != 0 || len(done.Removed) != 6 {
		t.Errorf("the certificate of both is %+v", done)
	}
	done = certificate{}
	p.erase(t, alone).decode(t, &done)
	if done.ID != "" || done.TargetID != alone || done.LastVersion != 0 || len(done.Removed) != 2 || done.ErasedAt.IsZero() {
		t.Errorf("the certificate of an entry is %+v", done)
	}
	for _, id := range []string{m.target, alone} {
		p.entry(t, id).want(t, 410)
		p.do(t, "DELETE", records+"/"+id+"?reason=unlawful", request{token: p.token(t, "governance")}).want(t, 410)
	}
	var told []string
	for _, e := range p.allEvents(t, "100") {
		told = append(told, e.Type)
	}
	want := []string{"equality-information.created", "person.created", "person.updated", "person.created", "equality-information.erased", "person.erased", "person.erased"}
	if !slices.Equal(told, want) {
		t.Errorf("events: %q", told)
	}
	if r := p.put(t, m.target, `"surname":"Invented"`).want(t, 201); r.header.Get("ETag") != `"2"` {
		t.Errorf("the next entry has the version %s", r.header.Get("ETag"))
	}
	p.entry(t, m.target).want(t, 200)
	p.do(t, "GET", m.path(), request{token: officer}).want(t, 410)
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	if out, status := auditVerify(t, p.dir, "--records"); status != 0 {
		t.Errorf("the access log failed verification: %s", out)
	}
}

func TestErasureOfAnEntryAloneIsConditionalToo(t *testing.T) {
	t.Parallel()
	p := shared(t)
	id := uuid.NewString()
	p.put(t, id, `"surname":"Invented"`).want(t, 201)
	if1 := func(tag string) request {
		return request{token: p.token(t, "governance"), headers: map[string]string{"If-Match": tag}}
	}
	p.do(t, "DELETE", records+"/"+id+"?reason=unlawful", if1(`"7"`)).want(t, 412)
	p.entry(t, id).want(t, 200)
	p.do(t, "DELETE", records+"/"+id+"?reason=unlawful", if1(`"0"`)).want(t, 200)
	p.entry(t, id).want(t, 410)
}

package e2e

import (
	"strings"
	"testing"
)

func TestNumberIsShownToThoseWhoMayReadIt(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"nationalInsuranceNumber":" qq 12 34 56 c ","disabled":true`)
	for roles, shown := range map[string]bool{"officer": true, "service": false, "governance": false, "service officer": true} {
		token := p.token(t, strings.Fields(roles)...)
		paths := []string{m.path(), records + "?targetId=" + m.target}
		if roles == "governance" || roles == "officer" {
			paths = append(paths, m.path()+"/history/0")
		}
		if roles == "governance" {
			paths = append(paths, records)
		}
		for _, path := range paths {
			text := string(p.do(t, "GET", path, request{token: token}).want(t, 200).body)
			if strings.Contains(text, `"nationalInsuranceNumber":"QQ123456C"`) != shown || !shown && strings.Contains(text, "QQ") {
				t.Errorf("GET %s by %s: %s", path, roles, text)
			}
		}
	}
}

func TestNumberIsChangedByThoseWhoMayReadIt(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer, service := p.token(t, "officer"), p.token(t, "service")
	m := p.create(t, service, `"nationalInsuranceNumber":"QQ123456C"`)
	number := func() any { return p.record(t, officer, m)["nationalInsuranceNumber"] }
	same(t, number(), any("QQ123456C"))

	for _, value := range []string{"QQ654321A", "QQ123456C"} { // not even the same one, which would confirm it
		told := p.patch(t, service, m, `{"disabled":true,"nationalInsuranceNumber":"`+value+`"}`).problem(t, 403, "forbidden")
		if !told.has("/nationalInsuranceNumber", "nino.forbidden") {
			t.Errorf("the refusal does not point at the number: %+v", told)
		}
	}
	same(t, without(p.record(t, officer, m)), object(t, `{"nationalInsuranceNumber":"QQ123456C"}`))

	// null does not remove a number that the caller was not shown, and the rest of the
	// patch is applied.
	r := p.patch(t, service, m, `{"disabled":true,"nationalInsuranceNumber":null}`).want(t, 200)
	same(t, without(r.document(t)), object(t, `{"disabled":true}`))
	same(t, number(), any("QQ123456C"))
	r = p.patch(t, service, m, `{"nationalInsuranceNumber":null}`).want(t, 200)
	if r.header.Get("ETag") != `"1"` {
		t.Errorf("a null that is ignored makes the version %s", r.header.Get("ETag"))
	}

	p.patch(t, officer, m, `{"nationalInsuranceNumber":"qq654321a"}`).want(t, 200)
	same(t, number(), any("QQ654321A"))
	p.patch(t, officer, m, `{"nationalInsuranceNumber":null}`).want(t, 200)
	same(t, number(), nil)
	p.patch(t, service, m, `{"nationalInsuranceNumber":"QQ111111D"}`).want(t, 200)
	same(t, number(), any("QQ111111D"))
}

// A refusal because of the number comes after those because of version and record.
func TestNumberIsJudgedLast(t *testing.T) {
	t.Parallel()
	p := shared(t)
	service := p.token(t, "service")
	m := p.create(t, service, `"nationalInsuranceNumber":"QQ123456C"`)
	change := []byte(`{"nationalInsuranceNumber":"QQ654321A"}`)
	p.do(t, "PATCH", m.path(), request{token: service, body: change, headers: map[string]string{"If-Match": `"7"`}}).problem(t, 412, "version-mismatch")
	p.patch(t, service, m, `{"nationalInsuranceNumber":"zebra"}`).failed(t, "/nationalInsuranceNumber", "nino.form")
}

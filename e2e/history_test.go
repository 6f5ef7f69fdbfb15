package e2e

import (
	"testing"
	"time"
)

func TestHistoryTellsEveryVersionNewestFirst(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer, service := p.token(t, "officer"), p.tokenOf(t, "machine@council.example", "service")
	before := time.Now().Add(-time.Second)
	m := p.create(t, service, `"gender":{"genderValue":"f"},"pregnancyOrMaternity":[{"pregnancyDate":"2024-05-06"}],"disabled":true`)
	p.patch(t, officer, m, `{"gender":{"genderValue":"m"},"nationality":"british"}`).want(t, 200)
	p.patch(t, officer, m, `{"nationality":"british"}`).want(t, 200) // no version
	p.patch(t, officer, m, `{"pregnancyOrMaternity":null}`).want(t, 200)

	for _, path := range []string{m.path(), records + "/" + m.target} {
		var h history
		p.do(t, "GET", path+"/history", request{token: officer}).want(t, 200).decode(t, &h)
		type told struct {
			Version int
			Members []string
		}
		var got []told
		for _, v := range h.Versions {
			got = append(got, told{v.Version, v.Members})
			at, err := time.Parse(time.RFC3339Nano, v.At)
			if err != nil || at.Before(before) || at.After(time.Now().Add(time.Second)) || v.By == "" || v.Reason != "update" {
				t.Errorf("version %d is of %s by %s for %s", v.Version, v.At, v.By, v.Reason)
			}
		}
		same(t, got, []told{
			{2, []string{"pregnancyOrMaternity"}}, {1, []string{"gender", "nationality"}}, {0, []string{"gender", "pregnancyOrMaternity", "disabled"}},
		})
	}
}

func TestEarlierGendersNeedTheRightToThem(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer, governance := p.token(t, "officer"), p.token(t, "governance")
	m := p.create(t, officer, `"gender":{"genderValue":"f"},"disabled":true,"nationalInsuranceNumber":"QQ123456C"`)
	p.patch(t, officer, m, `{"gender":{"genderValue":"m"}}`).want(t, 200)
	p.patch(t, officer, m, `{"disabled":false}`).want(t, 200)
	for version, want := range map[string]struct{ officer, governance string }{
		"0": {`{"disabled":true,"nationalInsuranceNumber":"QQ123456C"}`, `{"gender":{"genderValue":"f"},"disabled":true}`},
		"1": {`{"disabled":true,"nationalInsuranceNumber":"QQ123456C"}`, `{"gender":{"genderValue":"m"},"disabled":true}`},
		"2": {`{"gender":{"genderValue":"m"},"disabled":false,"nationalInsuranceNumber":"QQ123456C"}`, `{"gender":{"genderValue":"m"},"disabled":false}`},
	} {
		for token, want := range map[string]string{officer: want.officer, governance: want.governance} {
			r := p.do(t, "GET", m.path()+"/history/"+version, request{token: token}).want(t, 200)
			same(t, without(r.document(t)), object(t, want))
			if r.header.Get("ETag") != `"`+version+`"` {
				t.Errorf("version %s has the ETag %s", version, r.header.Get("ETag"))
			}
		}
	}
	p.do(t, "GET", m.path()+"/history/3", request{token: officer}).problem(t, 404, "not-found")
	p.do(t, "GET", m.path()+"/history/9223372036854775807", request{token: officer}).problem(t, 404, "not-found")
	for _, rest := range []string{"/history", "/history/0"} {
		p.do(t, "GET", records+"/"+seedID+rest, request{token: officer}).problem(t, 404, "not-found")
	}
}

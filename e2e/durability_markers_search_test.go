package e2e

import (
	"fmt"
	"net/url"
	"strings"
)

// searches has markers in searches for people, with success and failure.
func (p *planted) searches(target, officer, service, analyst string) {
	p.t.Helper()
	name := mustJSON(plant("a change"))
	terms := fmt.Appendf(nil, `{"name": %s, "dateOfBirth": %q, "id": %q}`, name, plantedBirth, target)
	eventually(p.t, "the planted person is found", func() bool {
		r, err := p.send("POST", searching, request{token: officer, body: terms})
		return err == nil && strings.Contains(string(r.body), plant("a change"))
	})
	p.hit("POST", searching, 200, request{token: officer, body: terms})
	p.hit("POST", searching, 200, request{token: officer, body: []byte(`{"name": ` + name + `, "nationalInsuranceNumber": "QQ 73 95 18 C"}`)})
	p.hit("POST", searching, 403, request{token: service, body: []byte(`{"name": ` + name + `, "nationalInsuranceNumber": "QQ 73 95 18 C"}`)})
	p.hit("POST", searching, 422, request{token: officer, body: []byte(`{"dateOfBirth": "` + plantedBirth[:4] + `"}`)})
	for _, wrong := range []string{stem, `{` + name, `{` + name + `: 1}`, `{"name": [` + name + `]}`, `{"name": ` + mustJSON(strings.Repeat(plant("x"), 20)) + `}`,
		`{"name": ` + name + `, "dateOfBirth": "` + plantedBirth + `x"}`, `{"id": ` + name + `}`, `{"nationalInsuranceNumber": ` + name + `}`} {
		if r := p.hit("POST", searching, 400, request{token: officer, body: []byte(wrong)}); strings.Contains(string(r.body), plantedBirth) {
			p.t.Errorf("an error repeats a date: %s", r.body)
		}
	}
	query := url.QueryEscape(plant("a query"))
	p.hit("POST", searching+"?name="+query, 400, request{token: officer, body: terms})
	p.hit("GET", "/support/duplicates?cursor="+query, 400, request{token: p.token(p.t, "support")})
	p.silent("GET", "/support/duplicates", request{token: p.token(p.t, "support")})
	for _, path := range []string{searching, "/support/duplicates"} {
		method := "POST"
		if path != searching {
			method = "GET"
		}
		p.hit(method, path, 403, request{token: analyst, body: terms})
	}
}

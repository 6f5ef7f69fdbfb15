package e2e

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/google/uuid"
)

// Days of birth and death that must not be found anywhere.
const plantedBirth, plantedDeath = "1938-11-17", "2019-12-24"

// plantedPerson has a marker in every name.
func plantedPerson(more string) []byte {
	return fmt.Appendf(nil, `{"title": %q, "preferredTitle": %q, "firstName": %q, "middleName": %q, "surname": %q, "preferredFirstName": %q,
		"preferredMiddleName": %q, "preferredSurname": %q, "displayName": %q, "dateOfBirth": %q, "dateOfDeath": %q%s}`,
		plant("title"), plant("preferred title"), plant("first"), plant("middle"), plant("surname"), plant("preferred first"),
		plant("preferred middle"), plant("preferred surname"), plant("display"), plantedBirth, plantedDeath, more)
}

// people has markers in the entries of the directory, alone and beside the record of target, and
// calls everything about them with success and failure.
func (p *planted) people(target, officer, service, governance, analyst string) {
	p.t.Helper()
	path, record := persons+"/"+target, records+"/"+target
	r := p.hit("PUT", path, 201, request{token: service, body: plantedPerson("")})
	if !strings.Contains(string(r.body), plant("preferred middle")) || !strings.Contains(string(r.body), plantedBirth) {
		p.t.Errorf("the entry does not say what was planted: %s", r.body)
	}
	match := map[string]string{"If-Match": `"0"`}
	p.hit("PUT", path, 200, request{token: service, body: plantedPerson(`, "id": "` + target + `"`), headers: match}) // the same
	p.hit("PUT", path, 200, request{token: service, body: fmt.Appendf(nil, `{"surname": %q, "dateOfBirth": %q}`, plant("a change"), plantedBirth), headers: match})
	p.hit("GET", path, 200, request{token: officer})
	p.silent("HEAD", path, request{token: officer})
	p.hit("GET", path, 304, request{token: officer, headers: map[string]string{"If-None-Match": `"` + stem + `", "1"`}})
	for _, path := range []string{record + "?include=person", records + "?include=person&targetId=" + target} {
		if r := p.hit("GET", path, 200, request{token: officer}); !strings.Contains(string(r.body), plant("a change")) {
			p.t.Errorf("the record comes without its person: %s", r.body)
		}
	}
	p.hit("GET", records+"?include=person", 200, request{token: governance})
	p.silent("GET", "/events", request{token: service})

	m, text := plant("a wrong name"), mustJSON(plant("a wrong name"))
	for _, wrong := range []string{m, `{"` + m, `[` + text + `]`, `{` + text + `: 1}`, `{"surname": 1, "surname": ` + text + `}`, `{"surname": "` + m + `\u0000"}`,
		`{"surname": "\u202e` + m + `"}`, `{"surname": ` + mustJSON(strings.Repeat(m, 9)) + `}`, `{"surname": [` + text + `]}`, `{"surname": {` + text + `: 1}}`,
		`{"dateOfBirth": ` + text + `}`, `{"dateOfBirth": "` + plantedBirth + `x"}`, `{"dateOfBirth": "2938-11-17", "surname": ` + text + `}`,
		`{"dateOfBirth": "` + plantedDeath + `", "dateOfDeath": "` + plantedBirth + `"}`, `{"id": ` + text + `}`} {
		r := p.hit("PUT", path, 400, request{token: service, body: []byte(wrong), headers: map[string]string{"If-Match": "*"}})
		if strings.Contains(string(r.body), plantedBirth) || strings.Contains(string(r.body), plantedDeath) {
			p.t.Errorf("an error repeats a date: %s", r.body)
		}
	}
	query := url.QueryEscape(plant("a query"))
	for path, token := range map[string]string{record + "?include=": officer, records + "?targetId=" + target + "&include=": officer, records + "?include=": governance,
		path + "?": officer, path + "?include=": officer} {
		p.hit("GET", path+query, 400, request{token: token})
	}
	p.hit("PUT", path+"?"+query, 400, request{token: service, body: plantedPerson("")})
	p.hit("PUT", path, 428, request{token: service, body: plantedPerson("")})
	p.hit("PUT", path, 412, request{token: service, body: plantedPerson(""), headers: match})
	p.hit("PUT", path, 415, request{token: service, body: []byte(stem), headers: map[string]string{"Content-Type": "text/" + stem}})
	p.hit("PUT", path, 413, request{token: service, body: []byte(strings.Repeat(stem, 7000))})
	p.hit("PUT", persons+"/"+stem, 400, request{token: service, body: plantedPerson("")})
	p.hit("PUT", path, 403, request{token: officer, body: plantedPerson("")})
	p.hit("PUT", path, 401, request{body: plantedPerson("")})
	p.hit("GET", persons+"/"+stem, 400, request{token: officer})
	p.hit("GET", persons+"/"+uuid.NewString(), 404, request{token: officer})
	for _, path := range []string{path, record + "?include=person", records + "?include=person"} {
		p.hit("GET", path, 403, request{token: analyst})
	}
	p.hit("PATCH", path, 405, request{token: service, body: plantedPerson("")})
	p.searches(target, officer, service, analyst)

	// Somebody else's entry comes and goes with their record.
	gone := uuid.NewString()
	p.hit("PUT", persons+"/"+gone, 201, request{token: service, body: plantedPerson("")})
	p.hit("POST", records, 201, request{token: officer, body: plantedRecord(gone)})
	p.silent("DELETE", records+"/"+gone+"?reason=unlawful", request{token: governance})
}

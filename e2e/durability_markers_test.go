package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/identity"
)

// plantedRecord has a marker in every member that takes text.
func plantedRecord(target string) []byte {
	return fmt.Appendf(nil, `{
		"targetId": %q, "ageGroup": "eightyFiveAndPlus", "nationalInsuranceNumber": "QQ 73 95 18 C",
		"gender": {"genderValue": "o", "genderValueIfOther": %q, "genderDifferentToBirthSex": "preferNotToSay"},
		"ethnicity": {"ethnicGroupValue": "anyOtherEthnicGroup", "ethnicGroupValueIfOther": %q},
		"religionOrBelief": {"religionOrBeliefValue": "other", "religionOrBeliefValueIfOther": %q},
		"sexualOrientation": {"sexualOrientationValue": "other", "sexualOrientationValueIfOther": %q},
		"pregnancyOrMaternity": [{"pregnancyDate": "2017-01-04", "pregnancyValidUntil": %q}],
		"communicationRequirements": ["other", "largePrint"], "communicationRequirementsIfOther": %q,
		"economicSituation": "other", "economicSituationIfOther": %q,
		"homeSituation": "other", "homeSituationIfOther": %q,
		"armedForces": "aFormerMemberOfTheArmedForces",
		"unrecognisedMembers": {%q: %q}, "person": %q, "extended": %q}`,
		target, plant("gender"), plant("ethnicity"), plant("religion"), plant("orientation"), plant("valid until"),
		plant("communication"), plant("economic"), plant("home"), plant("a name"), plant("unrecognised"),
		plant("person"), plant("extended"))
}

// plantedCodes are chosen codes and dates that the database must not show.
var plantedCodes = []string{"eightyFiveAndPlus", "anyOtherEthnicGroup", "lesbianOrGayWoman", "largePrint",
	"aFormerMemberOfTheArmedForces", "preferNotToSay", "2017-01-04", "2019-10-04", plantedBirth, plantedDeath}

// TestMarkers puts a marker in everything a caller can send, calls every endpoint with
// success and failure, and then looks for the markers everywhere.
func TestMarkers(t *testing.T) {
	t.Parallel()
	p := plantEverywhere(t, t.TempDir())
	p.cleanFiles("running")
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d", status)
	}
	p.cleanFiles("stopped")
	p.cleanOutput()
}

// plantEverywhere runs a server with markers in everything sent to it.
func plantEverywhere(t *testing.T, dir string) *planted {
	t.Helper()
	p := &planted{program: startIn(t, dir, "--require-if-match", "--cors-origins", "https://pages.example"), t: t}
	officer, service := p.token(t, "officer"), p.token(t, "service")
	governance, support, analyst := p.token(t, "governance"), p.token(t, "support"), p.token(t, "analyst")
	for _, token := range []string{officer, service, governance, support, analyst} {
		p.secret = append(p.secret, token, token[strings.LastIndexByte(token, '.')+1:])
	}
	target, path := uuid.NewString(), ""
	path = "/equality-information/" + target
	p.succeed(target, officer, service, governance, support)
	p.people(target, officer, service, governance, analyst)
	p.failBodies(path, officer)
	p.failQueries(path, officer, governance, service)
	p.failHeaders(path, officer, service)
	p.failCallers(path, officer, analyst)
	p.failPaths(officer, governance)
	p.raw("GET /"+stem+" HTTP/9.9\r\n\r\n", "HTTP/1.1 505")
	p.raw(stem+"\r\n\r\n", "HTTP/1.1 400")
	p.raw("GET / HTTP/1.1\r\nHost: a\r\n"+stem+" :x\r\n\r\n", "HTTP/1.1 400")
	p.raw("GET / HTTP/1.1\r\nHost: a\r\nX-Planted: "+strings.Repeat(stem, 6000)+"\r\n\r\n", "HTTP/1.1 431")
	p.raw("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: "+stem+"\r\n\r\n", "HTTP/1.1 400")

	p.cleanMetrics()
	p.cleanOutput()
	p.secret = append(p.secret, plantedCodes...)
	return p
}

// succeed calls every endpoint successfully.
func (p *planted) succeed(target, officer, service, governance, support string) {
	p.t.Helper()
	path, match := "/equality-information/"+target, map[string]string{"If-Match": `"0"`, "Idempotency-Key": plant("a key")}
	r := p.hit("POST", "/equality-information", 201, request{token: officer, body: plantedRecord(target),
		headers: map[string]string{"Idempotency-Key": plant("a key"), "X-Access-Purpose": "service-delivery"}})
	if !strings.Contains(string(r.body), plant("religion")) || !strings.Contains(string(r.body), plantedNINO) {
		p.t.Errorf("the record does not say what was planted: %s", r.body)
	}
	p.hit("PATCH", path, 200, request{token: officer, headers: match, body: fmt.Appendf(nil,
		`{"sexualOrientation": {"sexualOrientationValue": "lesbianOrGayWoman", "sexualOrientationValueIfOther": null},
		"homeSituationIfOther": %q, "nationalInsuranceNumber": null}`, plant("a change"))})
	p.hit("PATCH", path, 200, request{token: officer, headers: map[string]string{"If-Match": `"1"`},
		body: fmt.Appendf(nil, `{"nationalInsuranceNumber": %q}`, plantedNINO)})
	for _, path := range []string{path, "/equality-information?targetId=" + target, path + "/history/0"} {
		p.hit("GET", path, 200, request{token: officer})
	}
	p.hit("GET", path, 304, request{token: officer, headers: map[string]string{"If-None-Match": `"` + stem + `", "2"`}})
	p.hit("GET", "/equality-information", 200, request{token: governance})
	p.silent("HEAD", path, request{token: officer})
	p.silent("GET", path+"/history", request{token: officer})
	p.silent("GET", "/equality-information", request{token: support})
	p.silent("GET", "/events", request{token: service})
	for _, path := range []string{"/reference-data", "/reference-data/gender", "/livez", "/readyz", "/healthcheck/ping",
		"/openapi.yaml", "/openapi.json", "/docs", "/docs/assets/docs.js", "/docs/problems/conflict"} {
		p.silent("GET", path, request{token: officer})
	}
	// Another record, with the same answers, comes and goes.
	gone := uuid.NewString()
	p.hit("POST", "/equality-information", 201, request{token: officer, body: plantedRecord(gone)})
	p.silent("DELETE", "/equality-information/"+gone+"?reason=unlawful", request{token: governance})
	p.hit("OPTIONS", path, 405, request{headers: map[string]string{"Access-Control-Request-Method": stem}})
}

// failBodies sends bodies with every kind of error.
func (p *planted) failBodies(path, token string) {
	p.t.Helper()
	m, text := plant("a wrong value"), mustJSON(plant("a wrong value"))
	wrong := []string{m, `{"` + m, "{\"a\": \"\xff" + m + "\"}", `[` + text + `]`, text, `{` + text + `: 1}`, `{"gender": {` + text + `: {}}}`,
		`{"disabled": true, "disabled": ` + text + `}`, `{` + text + `: 1, ` + text + `: 2}`, strings.Repeat(`{`+text+`:`, 40),
		`{"homeSituationIfOther": ` + mustJSON(strings.Repeat(m, 100)) + `}`, `{"homeSituationIfOther": ` + mustJSON("\x01"+m) + `}`,
		`{"homeSituation": "temporaryAccommodation", "homeSituationIfOther": ` + text + `}`,
		`{"nationalInsuranceNumber": "` + plantedNINO + `X"}`, `{"nationalInsuranceNumber": 739518}`, `{"nationalInsuranceNumber": ["QQ739518C"]}`,
		`{"languages": [{"language": ` + text + `, "isPrimary": ` + text + `}]}`, `{"pregnancyOrMaternity": [{"pregnancyDate": ` + text + `}]}`,
		`{"communicationRequirements": [` + text + `]}`, `{"communicationRequirements": ` + text + `}`}
	for _, member := range []string{"id", "targetId", "ageGroup", "gender", "nationality", "ethnicity", "religionOrBelief", "sexualOrientation",
		"marriageOrCivilPartnership", "pregnancyOrMaternity", "nationalInsuranceNumber", "languages", "caringResponsibilities", "disabled",
		"communicationRequirementsIfOther", "economicSituation", "homeSituation", "armedForces"} {
		if member != "communicationRequirementsIfOther" {
			wrong = append(wrong, `{"`+member+`": `+text+`}`)
		}
		wrong = append(wrong, `{"`+member+`": {"`+member+`Value": `+text+`, `+text+`: `+text+`}}`)
	}
	for _, body := range wrong {
		p.hit("POST", "/equality-information", 400, request{token: token, body: []byte(body)})
		p.hit("PATCH", path, 400, request{token: token, body: []byte(body), headers: map[string]string{"If-Match": "*"}})
	}
	large := []byte(`{"homeSituationIfOther": ` + mustJSON(strings.Repeat(m, 4000)) + `}`)
	p.hit("POST", "/equality-information", 413, request{token: token, body: large})
	p.hit("PATCH", path, 413, request{token: token, body: large})
	// A response may repeat a name of letters to its sender, but nothing else may.
	safe, err := p.send("POST", "/equality-information", request{token: token, body: []byte(`{"` + stem + `": 1}`)})
	if err != nil || safe.status != 400 || !strings.Contains(string(safe.body), `"/`+stem+`"`) {
		p.t.Errorf("an unknown member: answered %d (%v) %s", safe.status, err, safe.body)
	}
}

// failQueries sends wrong queries.
func (p *planted) failQueries(path, officer, governance, service string) {
	p.t.Helper()
	m := url.QueryEscape(plant("a query"))
	for _, query := range []string{"limit=", "cursor=", "modifiedSince=", "modifiedBefore=", "limit=1&limit=", "", "%zz"} {
		p.hit("GET", "/equality-information?"+query+m, 400, request{token: governance})
	}
	for _, query := range []string{"after=", "limit=", "wait=", "", "%zz"} {
		p.hit("GET", "/events?"+query+m, 400, request{token: service})
	}
	p.hit("GET", "/equality-information?targetId="+m, 400, request{token: officer})
	p.hit("GET", "/equality-information?targetId="+plantedNINO, 400, request{token: officer})
	for _, path := range []string{path, path + "/history", path + "/history/0", "/reference-data/gender", "/reference-data",
		"/livez", "/readyz", "/docs", "/openapi.json"} {
		p.hit("GET", path+"?"+m+"="+m, 400, request{token: officer})
	}
	p.hit("GET", "/reference-data/gender?includeInactive="+m, 400, request{token: officer})
	p.hit("POST", "/equality-information?"+m, 400, request{token: officer, body: []byte(`{}`)})
	p.hit("PATCH", path+"?"+m, 400, request{token: officer, body: []byte(`{}`)})
}

// failHeaders sends wrong headers, or headers that ask for the impossible.
func (p *planted) failHeaders(path, officer, service string) {
	p.t.Helper()
	for name, value := range map[string]string{
		"X-Access-Purpose": plant("purpose"), "X-Change-Reason": plant("reason"), "If-Match": plant("If-Match"),
		"Idempotency-Key": strings.Repeat(stem, 30),
	} {
		p.hit("PATCH", path, 400, request{token: officer, body: []byte(`{}`), headers: map[string]string{name: value}})
	}
	p.hit("GET", path, 400, request{token: officer, headers: map[string]string{"If-None-Match": plant("If-None-Match")}})
	p.hit("GET", path, 406, request{token: officer, headers: map[string]string{"Accept": "application/" + stem}})
	p.hit("POST", "/equality-information", 415, request{token: officer, body: []byte(stem), headers: map[string]string{"Content-Type": "text/" + stem}})
	p.hit("PATCH", path, 415, request{token: officer, body: []byte(stem), headers: map[string]string{"Content-Encoding": stem}})
	p.hit("PATCH", path, 428, request{token: officer, body: plantedRecord(uuid.NewString())})
	change := fmt.Appendf(nil, `{"homeSituationIfOther": %q}`, plant("a refused change"))
	p.hit("PATCH", path, 412, request{token: officer, body: change, headers: map[string]string{"If-Match": `"` + stem + `"`}})
	p.hit("PATCH", path, 412, request{token: officer, body: change, headers: map[string]string{"If-Match": `"0"`}})
	p.hit("PATCH", path, 403, request{token: service, body: fmt.Appendf(nil, `{"nationalInsuranceNumber": %q}`, plantedNINO),
		headers: map[string]string{"If-Match": "*"}})
	p.hit("POST", "/equality-information", 409, request{token: officer, body: plantedRecord(path[len("/equality-information/"):])})
	p.hit("POST", "/equality-information", 422, request{token: officer, body: plantedRecord(uuid.NewString()),
		headers: map[string]string{"Idempotency-Key": plant("a key")}})
}

// failCallers sends invalid tokens, and requests that the caller may not make.
func (p *planted) failCallers(path, officer, analyst string) {
	p.t.Helper()
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." +
		base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"`+stem+`","groups":["officer"]}`)) + "."
	p.secret = append(p.secret, none[:len(none)-1])
	for _, value := range []string{"", stem, "Bearer " + stem, "Bearer " + plant("a token"), "Bearer " + officer + stem, "Bearer " + none,
		"Basic " + base64.StdEncoding.EncodeToString([]byte(stem+":"+stem)), stem + " " + stem} {
		for _, path := range []string{path, path + "/history", "/equality-information", "/events", "/reference-data"} {
			p.hit("GET", path, 401, request{headers: map[string]string{"Authorization": value}})
		}
	}
	p.hit("POST", "/equality-information", 401, request{body: plantedRecord(uuid.NewString())})
	for _, path := range []string{path, "/equality-information/" + stem, path + "/history", path + "/history/" + stem, "/equality-information", "/events"} {
		p.hit("GET", path, 403, request{token: analyst})
	}
	p.hit("POST", "/equality-information", 403, request{token: analyst, body: plantedRecord(uuid.NewString())})
	p.hit("PATCH", "/equality-information/"+stem, 403, request{token: analyst, body: plantedRecord(uuid.NewString())})
}

// failPaths asks for what is not there.
func (p *planted) failPaths(officer, governance string) {
	p.t.Helper()
	for path, want := range map[string]int{
		"/" + stem: 404, "/" + stem + "/" + plantedNINO: 404, "/reference-data/" + stem: 404, "/docs/problems/" + stem: 404,
		"/docs/assets/" + stem: 404, "/docs/assets/..%2f" + stem: 404, "/equality-information/" + stem: 400,
		"/equality-information/" + plantedNINO: 400, "/equality-information/" + stem + "/history": 400,
		"/equality-information/" + uuid.NewString() + "/history/" + stem: 400, "/equality-information/" + uuid.NewString(): 404,
		"/equality-information/" + uuid.NewString() + "/" + stem: 404,
	} {
		p.hit("GET", path, want, request{token: officer})
	}
	p.hit("POST", "/equality-information/"+stem, 400, request{token: officer, body: plantedRecord(uuid.NewString())})
	p.hit("PATCH", "/equality-information/"+uuid.NewString(), 404, request{token: officer, body: []byte(`{"homeSituationIfOther": "` + stem + `"}`),
		headers: map[string]string{"If-Match": "*"}})
	p.hit("DELETE", "/equality-information/"+stem+"?reason="+stem, 403, request{token: officer})
	p.hit("DELETE", "/equality-information/"+stem+"?reason="+stem, 400, request{token: governance})
	p.hit("DELETE", "/equality-information/"+uuid.NewString()+"?reason="+stem, 400, request{token: governance})
	p.hit("DELETE", "/equality-information/"+uuid.NewString()+"?reason=unlawful", 404, request{token: governance})
	p.hit("DELETE", "/events?"+stem+"="+stem, 405, request{token: governance})
	p.hit(strings.ToUpper(stem), "/equality-information/"+stem, 405, request{token: officer})
}

// TestMarkersLimited puts markers in the requests of a caller who sends too many.
func TestMarkersLimited(t *testing.T) {
	t.Parallel()
	dir, secret := t.TempDir(), []byte(stem+"-a-secret-of-more-than-32-bytes")
	writeFile(t, filepath.Join(dir, "secret"), secret)
	writeFile(t, filepath.Join(dir, "config.yaml"), []byte("groups:\n  "+stem+": [officer]\n"))
	data := filepath.Join(dir, "data")
	if _, errs, status := runCommand(t, "keys", "init", "--data-dir", data); status != 0 {
		t.Fatalf("keys init: status %d: %s", status, errs)
	}
	p := &planted{t: t, program: startIn(t, data, "--config", filepath.Join(dir, "config.yaml"),
		"--jwt-secret-file", filepath.Join(dir, "secret"), "--rate-limit", "0.001", "--rate-burst", "2", "--log-level", "debug")}
	token, err := identity.Sign(secret, identity.Token{Subject: "an.officer@council.example", Groups: []string{stem}, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	p.secret = []string{token}
	p.hit("POST", "/equality-information", 201, request{token: token, body: plantedRecord(uuid.NewString())})
	p.hit("POST", "/equality-information", 400, request{token: token, body: []byte(plant("a body"))})
	p.hit("POST", "/equality-information", 429, request{token: token, body: plantedRecord(uuid.NewString())})
	p.hit("GET", "/equality-information/"+stem, 429, request{token: token})
	p.cleanMetrics()
	p.cleanOutput()
	p.cleanFiles("running")
}

func mustJSON(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

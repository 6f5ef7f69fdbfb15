package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
)

const front = "/mmh/api/v1"

// frontend sends requests in the form of today's front ends, which use axios. do validates
// against the other contract, so these tests check the responses themselves.
type frontend struct {
	*program
	token string
}

// ask sends a request; etag goes into If-Match as received.
func (f frontend) ask(t *testing.T, method, path, body, etag string) response {
	t.Helper()
	o := request{headers: map[string]string{
		"Accept": "application/json, text/plain, */*", "Authorization": f.token, "x-correlation-id": "front end, request 1",
		"User-Agent": "axios/0.21.4", "Origin": "https://front.example",
	}}
	if body != "" {
		o.body = []byte(body)
		o.headers["Content-Type"] = "application/json;charset=utf-8"
	}
	if etag != "" {
		o.headers["If-Match"] = etag
	}
	r, err := f.send(method, front+path, o)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.header.Get("X-Correlation-Id"); got != "front end, request 1" {
		t.Errorf("%s %s: the correlation id is answered with %q", method, path, got)
	}
	if got := r.header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("%s %s: Content-Type is %s", method, path, got)
	}
	if got := r.header.Get("Access-Control-Expose-Headers"); got != "ETag, If-Match, x-correlation-id" {
		t.Errorf("%s %s: exposed are %q", method, path, got)
	}
	return r
}

// text returns the body of a response that is a JSON string.
func (r response) text(t *testing.T) (s string) {
	t.Helper()
	r.decode(t, &s)
	return s
}

// TestWhatAFrontEndDoes is a front end's session: look for the record, create it, read it,
// change it, be too late with another change, and read it again.
func TestWhatAFrontEndDoes(t *testing.T) {
	t.Parallel()
	p := start(t, "--cors-origins", "https://front.example")
	f := frontend{p, p.token(t, "officer")}
	target := uuid.NewString()
	byTarget := "/equality-information?targetId=" + target
	if got := f.ask(t, "GET", byTarget, "", "").want(t, 404).text(t); got != target {
		t.Errorf("404 names %s", got)
	}

	var lists map[string][]struct{ Code, Value string }
	f.ask(t, "GET", "/reference-data?category=equality-information", "", "").want(t, 200).decode(t, &lists)
	if len(lists["age-bracket"]) == 0 || len(lists["answers"]) != 3 {
		t.Errorf("the lists are %v", lists)
	}

	created := f.ask(t, "POST", "/equality-information/", `{"id":null,"targetId":"`+target+`","ageGroup":"eightyFiveandPlus",
		"gender":{"genderValue":"f","genderValueIfOther":"","genderDifferentToBirthSex":"no"},"nationality":"british",
		"ethnicity":{"ethnicGroupValue":"whiteOrWhiteBritish","ethnicGroupValueIfOther":""},"religionOrBelief":null,"disabled":"preferNotToSay",
		"nationalInsuranceNumber":"aa 00 00 00 a","languages":[{"language":"english","isPrimary":true}],
		"communicationRequirements":["Please ring twice"],"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-05T00:00:00.000Z","pregnancyValidUntil":""}]}`, "").want(t, 201)
	read := f.ask(t, "GET", byTarget, "", "").want(t, 200)
	etag := read.header.Get("ETag")
	if etag != `"0"` || string(read.body) != string(created.body) || created.header.Get("ETag") != etag ||
		created.header.Get("Location") != front+"/equality-information/"+target+"/?targetId="+target {
		t.Errorf("created %v %s\nread %s %s", created.header, created.body, etag, read.body)
	}
	names := strings.Fields("id targetId ageGroup gender nationality ethnicity religionOrBelief sexualOrientation marriageOrCivilPartnership " +
		"pregnancyOrMaternity nationalInsuranceNumber languages caringResponsibilities disabled communicationRequirements economicSituation homeSituation armedForces")
	same(t, memberNames(t, read.body), names)
	record := read.document(t)
	id := record["id"].(string)
	if id != target || record["ageGroup"] != "eightyFiveandPlus" || record["nationalInsuranceNumber"] != "aa 00 00 00 a" {
		t.Errorf("read %s", read.body)
	}

	changed := f.ask(t, "PATCH", "/equality-information/"+id, `{"targetId":"`+target+`","gender":{"genderValue":"o","genderValueIfOther":"agender"},"armedForces":"servingMemberOfTheArmedForces"}`, etag).want(t, 200)
	if changed.header.Get("ETag") != `"1"` {
		t.Errorf("changed to %s", changed.header.Get("ETag"))
	}
	late := f.ask(t, "PATCH", "/equality-information/"+id, `{"disabled":"yes"}`, etag).want(t, 409)
	if got := late.text(t); got != "The version number supplied (0) does not match the current value on the entity (1)." {
		t.Errorf("409 says %s", got)
	}
	again := f.ask(t, "GET", "/equality-information/"+id+"?targetId="+target, "", "").want(t, 200)
	if string(again.body) != string(changed.body) || again.header.Get("ETag") != `"1"` {
		t.Errorf("read again %s %s", again.header.Get("ETag"), again.body)
	}

	// On the other contract it is the same record; values that are in no list are named.
	ours := p.do(t, "GET", records+"/"+target, request{token: f.token}).want(t, 200).document(t)
	if ours["armedForces"] != "aServingMemberOfTheArmedForces" || ours["nationalInsuranceNumber"] != "AA000000A" || ours["communicationRequirements"] != nil {
		t.Errorf("on the other contract %v", ours)
	}
	same(t, ours["unrecognisedMembers"], any([]any{"communicationRequirements"}))
	p.do(t, "PATCH", records+"/"+target, request{token: f.token, body: marshal(t, ours)}).want(t, 200)
	f.ask(t, "GET", "/healthcheck/ping", "", "").want(t, 200)

	if log := p.logged(t, `"route":"/mmh/equality-information/{id}"`); strings.Contains(log, target) {
		t.Error("the log has a person's id")
	}
	if out, errs, status := runCommand(t, "audit", "verify", "--records", "--data-dir", p.dir); status != 0 {
		t.Errorf("the access log failed verification: %s %s", out, errs)
	}
}

// A correlation id that is no UUID comes back and stands in the log beside the one that is
// recorded; one that is long or not printable is replaced.
func TestCorrelationIDOfAFrontEndIsNoted(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	path := front + "/equality-information?targetId=" + uuid.NewString()
	ask := func(sent string) string {
		r, err := p.send("GET", path, request{token: officer, values: http.Header{"X-Correlation-Id": {sent}}})
		if err != nil {
			t.Fatal(err)
		}
		return r.want(t, 404).header.Get("X-Correlation-Id")
	}
	mine := "front end, request " + uuid.NewString()
	if got := ask(mine); got != mine {
		t.Errorf("%s comes back as %s", mine, got)
	}
	for line := range strings.Lines(p.logged(t, `"caller_correlation_id":"`+mine+`"`)) {
		var entry struct {
			Theirs string `json:"caller_correlation_id"`
			Ours   string `json:"correlation_id"`
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		if entry.Theirs == mine && uuid.Validate(entry.Ours) != nil {
			t.Errorf("the log has %s", line)
		}
	}
	id := uuid.NewString()
	if got := ask(id); got != id {
		t.Errorf("%s comes back as %s", id, got)
	}
	p.logged(t, `"correlation_id":"`+id+`"`)
	for _, sent := range []string{strings.Repeat("z", 65), "ze\tbra", "z\u00e9bra", strings.Repeat("zebra", 2000)} {
		if got := ask(sent); uuid.Validate(got) != nil {
			t.Errorf("%.70q comes back as %q, want a new one", sent, got)
		}
	}
}

func TestCodesAreRefusedWhereTheyAreStrict(t *testing.T) {
	t.Parallel()
	p := start(t, "--mmh-codes", "strict", "--cors-origins", "https://front.example")
	f := frontend{p, p.token(t, "officer")}
	r := f.ask(t, "POST", "/equality-information", `{"targetId":"`+uuid.NewString()+`","homeSituation":{"homeSituationValue":"a zebra"}}`, "").want(t, 400)
	if text := string(r.body); !strings.Contains(text, `"HomeSituation.HomeSituationValue":["{\"errorCode\":\"code.unknown\",\"errorMessage\":\"Home Situation`) ||
		strings.Contains(text, "zebra") {
		t.Errorf("%s", text)
	}
}

// memberNames are the names of an object's members, in their order.
func memberNames(t *testing.T, object []byte) (names []string) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(object)))
	_, _ = d.Token() // {
	for d.More() {
		name, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
		if err := d.Decode(new(any)); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

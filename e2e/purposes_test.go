package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/mmh"
	"equality-information-api/internal/service"
)

// hidden is in every withheld value that can be any text; the others are a date.
const hidden = "zqwithheld"

// withholding is a server under a preset that withholds, with a record in which every member
// has a value.
type withholding struct {
	*program
	preset identity.Preset
	topic  *topic
	made
	sees string // a token that sees and sets every member
}

func startWithholding(t *testing.T, preset identity.Preset) withholding {
	t.Helper()
	s := newTopic(t)
	p := start(t, s.flags("--sns-payload", "full", "--purposes", string(preset), "--cors-origins", "https://front.example")...)
	w := withholding{program: p, preset: preset, topic: s, sees: p.token(t, "officer", "governance")}
	target := uuid.NewString()
	// The front ends' contract takes any text for a code.
	coded := func(name, value string) string {
		return fmt.Sprintf(`%q:{"%sValue":"%s %s","%sValueIfOther":"%s text"}`, name, value, hidden, name, value, hidden)
	}
	body := strings.Join([]string{
		`{"targetId":"` + target + `","ageGroup":"` + hidden + ` age"`,
		`"gender":{"genderValue":"` + hidden + `","genderValueIfOther":"` + hidden + ` text","genderDifferentToBirthSex":"yes"}`,
		`"nationality":"` + hidden + ` nationality"`, coded("ethnicity", "ethnicGroup"), coded("religionOrBelief", "religionOrBelief"),
		coded("sexualOrientation", "sexualOrientation"), `"marriageOrCivilPartnership":{"married":"yes","civilPartnership":"no"}`,
		`"pregnancyOrMaternity":[{"pregnancyDate":"2011-02-13"}]`, `"nationalInsuranceNumber":"AA000000A"`,
		`"languages":[{"language":"french","isPrimary":true}]`,
		`"caringResponsibilities":{"provideUnpaidCare":"yes","hoursSpentProvidingUnpaidCare":"` + hidden + ` hours"}`, `"disabled":"yes"`,
		`"communicationRequirements":["braille","other"]`, coded("economicSituation", "economicSituation"), coded("homeSituation", "homeSituation"),
		`"armedForces":"` + hidden + ` forces"}`,
	}, ",")
	r := frontend{p, w.sees}.ask(t, "POST", "/equality-information", body, "").want(t, 201)
	w.made = made{target, target, r.header.Get("ETag")}
	p.patch(t, w.sees, w.made, `{"communicationRequirementsIfOther":"Ring twice"}`).want(t, 200)
	p.patch(t, w.sees, w.made, `{"gender":{"genderDifferentToBirthSex":false},"pregnancyOrMaternity":[{"pregnancyDate":"2012-03-14"}],"languages":[{"language":"english","isPrimary":true}]}`).want(t, 200)
	shown := p.record(t, w.sees, w.made)
	unrecognised, _ := shown["unrecognisedMembers"].([]any)
	for _, name := range equality.Members() {
		if shown[name] == nil && !slices.Contains(unrecognised, any(name)) {
			t.Fatalf("the record has no %s", name)
		}
	}
	if shown["withheldMembers"] != nil {
		t.Errorf("withheld from who sees everything: %v", shown["withheldMembers"])
	}
	return w
}

// clean checks that a response holds no withheld value, nor says which withheld member the
// record has.
func (w withholding) clean(t *testing.T, where string, r response) {
	t.Helper()
	w.cleanText(t, where, r.body)
	for name, values := range r.header {
		w.cleanText(t, where+", header "+name, []byte(strings.Join(values, " ")))
	}
	var document any
	if json.Unmarshal(r.body, &document) == nil {
		w.cleanDocument(t, where, document)
	}
}

func (w withholding) cleanText(t *testing.T, where string, text []byte) {
	t.Helper()
	for _, secret := range []string{hidden, "2011-02-13", "2013-11-13", "2012-03-14", "2014-12-14"} {
		if bytes.Contains(text, []byte(secret)) {
			t.Errorf("%s: holds %s: %s", where, secret, text)
		}
	}
}

// cleanDocument looks for members with a value, and for lists that name members.
func (w withholding) cleanDocument(t *testing.T, where string, document any) {
	t.Helper()
	monitoring := equality.HeldFor(equality.Monitoring)
	switch d := document.(type) {
	case []any:
		for _, element := range d {
			w.cleanDocument(t, where, element)
		}
	case map[string]any:
		for name, value := range d {
			empty, list := value.([]any)
			if slices.Contains(monitoring, name) && value != nil && (!list || len(empty) > 0) {
				t.Errorf("%s: shows %s", where, name)
			}
			if name == "suggested" {
				t.Errorf("%s: says that there is no ageGroup", where)
			}
			if name == "withheldMembers" {
				if fmt.Sprint(value) != fmt.Sprint(monitoring) {
					t.Errorf("%s: withheldMembers is %v", where, value)
				}
				continue
			}
			for _, element := range empty {
				if text, _ := element.(string); slices.Contains(monitoring, text) || text == equality.Sensitive {
					t.Errorf("%s: %s names %s", where, name, text)
				}
			}
			w.cleanDocument(t, where, value)
		}
	}
}

// further are requests for an operation besides the plain one, by its id: a query, headers or
// a body.
func (w withholding) further() map[string][]request {
	at := func(headers map[string]string, body string) request {
		return request{headers: headers, body: []byte(body)}
	}
	query := func(text string) request { return request{headers: map[string]string{"query": text}} }
	return map[string][]request{
		"getEqualityInformation":  {at(map[string]string{"If-None-Match": `"0"`}, ""), query("include=person")},
		"listEqualityInformation": {query("limit=1000"), query("targetId=" + w.target), query("include=person")},
		"getHistoryVersion":       {query("")},
		"listEvents":              {query("limit=1000")},
		"createEqualityInformation": {at(nil, `{"targetId":"`+w.target+`"}`), at(map[string]string{"If-None-Match": "*"}, `{"targetId":"`+w.target+`"}`),
			at(nil, `{"targetId":"`+uuid.NewString()+`","languages":[{"language":"french","isPrimary":true}]}`)},
		"updateEqualityInformation": {at(map[string]string{"If-Match": `"0"`}, `{}`), at(nil, `{"languages":[{"language":"french","isPrimary":true}]}`),
			at(nil, `{"gender":null,"disabled":null,"pregnancyOrMaternity":[]}`), at(map[string]string{"Idempotency-Key": "a", "If-Match": `"0"`}, `{}`), at(map[string]string{"Idempotency-Key": "a", "If-Match": `"0"`}, `{}`)},
		"eraseEqualityInformation": {query("reason=unlawful")},
	}
}

// TestWhatIsWithheldIsInNoAnswer goes through the table of operations and both contracts: no
// answer to a role without monitoring:read holds a withheld value, or says what there is. New
// operations are included automatically.
func TestWhatIsWithheldIsInNoAnswer(t *testing.T) {
	t.Parallel()
	for _, preset := range []identity.Preset{identity.Separated, identity.CollectOnly} {
		t.Run(string(preset), func(t *testing.T) {
			t.Parallel()
			w := startWithholding(t, preset)
			tokens := map[string]string{
				"officer": w.token(t, "officer"), "service": w.token(t, "service"), "support": w.token(t, "support"),
				"officer, service and support": w.token(t, "officer", "service", "support"),
			}
			w.walk(t, w.id, tokens)
			// The same holds for two people who become one, and two again.
			other := w.create(t, w.sees, `"nationality":"irish","disabled":false,"pregnancyOrMaternity":[{"pregnancyDate":"2011-02-13"}]`)
			w.do(t, "PUT", persons+"/"+other.target, request{token: w.token(t, "service"), body: []byte(`{"surname":"Okafor","dateOfBirth":"1987-04-09"}`)}).want(t, 201)
			w.try(t, "officer", "GET", other.path()+"?include=person", request{token: tokens["officer"]})
			w.merge(t, w.sees, other.target, w.target, map[string]string{"nationality": "from", "pregnancyOrMaternity": "from"}).want(t, 200)
			w.walk(t, other.id, tokens)
			w.unmerge(t, w.sees, other.target)
			w.walk(t, other.id, tokens)
			events := w.allEvents(t, "1000")
			published := 0
			for _, e := range events {
				if e.Type == "equality-information.created" || e.Type == "equality-information.updated" {
					published++
				}
			}
			for _, m := range w.topic.messages(t, published) {
				w.cleanText(t, "message", []byte(m.Text))
				w.cleanDocument(t, "message", m.EventData.OldData)
				w.cleanDocument(t, "message", m.EventData.NewData)
			}
			if len(events) < 3 {
				t.Errorf("the feed has %d events", len(events))
			}
		})
	}
}

// walk sends every operation for a record as each caller.
func (w withholding) walk(t *testing.T, id string, tokens map[string]string) {
	t.Helper()
	further := w.further()
	for role, token := range tokens {
		for _, op := range service.Operations {
			if op.Path == "" || op.Open || op.AnyToken {
				continue // what has no record
			}
			path := placeholders.Replace(strings.ReplaceAll(op.Path, "{id}", id))
			w.try(t, role, op.Method, path, request{token: token})
			for _, o := range further[op.ID] {
				o.token = token
				w.try(t, role, op.Method, path, o)
			}
		}
		for _, route := range mmh.Routes() {
			method, path, _ := strings.Cut(route, " ")
			path = front + strings.Replace(strings.TrimPrefix(path, "/mmh"), "{id}", id, 1) + "?targetId=" + w.target
			if path != front+"/reference-data?targetId="+w.target {
				w.try(t, role, method, path, request{token: token})
				w.try(t, role, method, path, request{token: token, headers: map[string]string{"If-Match": `"0"`}, body: []byte(`{}`)})
			}
		}
	}
}

// try sends a request and checks what comes back, whatever it is. The header "query" is no
// header.
func (w withholding) try(t *testing.T, role, method, path string, o request) {
	t.Helper()
	if query := o.headers["query"]; query != "" {
		path += "?" + query
		o.headers = nil
	}
	if o.body == nil && (method == http.MethodPost || method == http.MethodPatch || method == http.MethodPut) {
		o.body = []byte("{}")
	}
	send := w.program.try
	if strings.HasPrefix(path, front) {
		send = w.send // which is not in the contract
	}
	r, err := send(method, path, o)
	if err != nil {
		t.Errorf("%s %s by %s: %v", method, path, role, err)
	}
	w.clean(t, fmt.Sprintf("%d to %s %s by %s, %s", r.status, method, path, role, o.body), r)
}

// monitored has a value for each member held for monitoring, on both contracts.
func monitored(t *testing.T) (ours, fronts map[string]string) {
	t.Helper()
	ours = map[string]string{
		"ageGroup": `"underSixteen"`, "gender": `{"genderValue":"f"}`, "nationality": `"irish"`, "ethnicity": `{"ethnicGroupValue":"white"}`,
		"religionOrBelief": `{"religionOrBeliefValue":"jewish"}`, "sexualOrientation": `{"sexualOrientationValue":"bisexual"}`,
		"marriageOrCivilPartnership": `{"married":true}`, "pregnancyOrMaternity": `[{"pregnancyDate":"2016-02-29"}]`,
		"caringResponsibilities": `{"provideUnpaidCare":false}`, "disabled": `true`, "economicSituation": `"student"`, "economicSituationIfOther": `"text"`,
		"homeSituation": `"ownerOccupier"`, "homeSituationIfOther": `"text"`, "armedForces": `"reservist"`,
	}
	for _, name := range equality.HeldFor(equality.Monitoring) {
		if ours[name] == "" {
			t.Fatalf("no value for %s", name)
		}
	}
	fronts = map[string]string{
		"marriageOrCivilPartnership": `{"married":"yes"}`, "caringResponsibilities": `{"provideUnpaidCare":"no"}`, "disabled": `"yes"`,
		"economicSituation": `{"economicSituationValue":"student"}`, "homeSituation": `{"homeSituationValue":"ownerOccupier"}`,
	}
	for name, value := range ours {
		if fronts[name] == "" && !strings.HasSuffix(name, "IfOther") {
			fronts[name] = value
		}
	}
	return ours, fronts
}

// Under separated, a value for a member that is held for monitoring is refused at its
// pointer, and what says nothing changes nothing, on both contracts.
func TestSeparatedRolesSetNoMonitoringAnswer(t *testing.T) {
	t.Parallel()
	w := startWithholding(t, identity.Separated)
	officer := w.token(t, "officer")
	f := frontend{w.program, officer}
	before := w.do(t, "GET", w.path(), request{token: w.sees}).want(t, 200)
	ours, fronts := monitored(t)
	for name, value := range ours {
		told := w.patch(t, officer, w.made, `{"`+name+`":`+value+`}`).problem(t, 403, "forbidden")
		if len(told.Errors) != 1 || !told.has("/"+name, "monitoring.forbidden") {
			t.Errorf("%s: refused with %+v", name, told)
		}
	}
	for name, value := range fronts {
		r, err := w.send("PATCH", front+"/equality-information/"+w.id, request{token: officer, body: []byte(`{"` + name + `":` + value + `}`), headers: map[string]string{"If-Match": before.header.Get("ETag")}})
		if err != nil || r.status != 403 || !strings.Contains(string(r.body), `"/`+name) {
			t.Errorf("/mmh %s: %d %s, %v", name, r.status, r.body, err)
		}
	}
	told := w.do(t, "POST", records, request{token: officer, body: body(uuid.NewString(), `"gender":{"genderValue":"f"},"disabled":true`)}).problem(t, 403, "forbidden")
	if !told.has("/gender", "monitoring.forbidden") || !told.has("/disabled", "monitoring.forbidden") {
		t.Errorf("a create is refused with %+v", told)
	}
	// A form that is saved as it was shown wipes nothing.
	shown := w.do(t, "GET", w.path(), request{token: officer}).want(t, 200)
	same := w.do(t, "PATCH", w.path(), request{token: officer, body: shown.body}).want(t, 200)
	form := f.ask(t, "GET", "/equality-information?targetId="+w.target, "", "").want(t, 200)
	saved := f.ask(t, "PATCH", "/equality-information/"+w.id, string(form.body), form.header.Get("ETag")).want(t, 200)
	after := w.do(t, "GET", w.path(), request{token: w.sees}).want(t, 200)
	if !bytes.Equal(after.body, before.body) || after.header.Get("ETag") != before.header.Get("ETag") || same.header.Get("ETag") != saved.header.Get("ETag") {
		t.Errorf("before %s %s\nafter %s %s", before.header.Get("ETag"), before.body, after.header.Get("ETag"), after.body)
	}
}

// Under collect-only a caller sets what it may not see, and learns nothing from that: whether
// it guessed what is stored or not, the answer, the event and the history are the same.
func TestCollectOnlyConfirmsNoGuess(t *testing.T) {
	t.Parallel()
	w := startWithholding(t, identity.CollectOnly)
	officer := w.token(t, "officer")
	ours, _ := monitored(t)
	ours["economicSituation"], ours["homeSituation"] = `"other"`, `"other"`
	m := w.create(t, w.sees, "")
	version := 0
	for _, name := range equality.HeldFor(equality.Monitoring) {
		value := ours[name]
		patch := `{"` + name + `":` + value + `}`
		if code, isText := strings.CutSuffix(name, "IfOther"); isText {
			patch = `{"` + code + `":"other","` + name + `":` + value + `}`
		}
		var answers []string
		for range 2 { // the second one guesses right
			r := w.patch(t, officer, m, patch).want(t, 200)
			version++
			if got := r.header.Get("ETag"); got != fmt.Sprintf(`"%d"`, version) {
				t.Errorf("%s: made the version %s, want %d", patch, got, version)
			}
			answers = append(answers, string(r.body))
		}
		w.clean(t, patch, response{body: []byte(answers[0])})
		if answers[0] != answers[1] {
			t.Errorf("%s: answered\n%s\n%s", patch, answers[0], answers[1])
		}
	}
	told := w.do(t, "PATCH", m.path(), request{token: officer, body: []byte(`{}`), headers: map[string]string{"If-Match": `"0"`}}).problem(t, 412, "version-mismatch")
	if told.ChangedMembers != nil {
		t.Errorf("412 names %v", told.ChangedMembers)
	}
	stored := w.record(t, w.sees, m)
	for name := range ours {
		if stored[name] == nil {
			t.Errorf("%s is not stored", name)
		}
	}
	// What says nothing makes no version, whatever is stored.
	var nothing []string
	for _, name := range equality.HeldFor(equality.Monitoring) {
		nothing = append(nothing, `"`+name+`":null`)
	}
	if r := w.patch(t, officer, m, "{"+strings.Join(nothing, ",")+"}").want(t, 200); r.header.Get("ETag") != fmt.Sprintf(`"%d"`, version) {
		t.Errorf("what says nothing made the version %s", r.header.Get("ETag"))
	}
	made := w.create(t, officer, `"gender":{"genderValue":"f"},"languages":[{"language":"french","isPrimary":true}]`)
	if got := w.record(t, w.sees, made); got["gender"] == nil || got["languages"] == nil {
		t.Errorf("created as %v", got)
	}
}

// Settings that keep something from callers do not keep the invented people from coming.
func TestDemoPeopleComeWithEverySetting(t *testing.T) {
	t.Parallel()
	api := newPersonAPI(t)
	for name, flags := range map[string][]string{
		"separated":    {"--purposes", "separated"},
		"collect-only": {"--purposes", "collect-only", "--require-if-match", "--require-purpose"},
		"person-api":   api.flags(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, append(flags, "--demo-people", "3")...)
			r := p.do(t, "GET", records+"?limit=10", request{token: p.token(t, "support"), headers: map[string]string{"X-Access-Purpose": "support"}}).want(t, 200)
			if n := len(r.document(t)["equalityInformation"].([]any)); n != 3 {
				t.Errorf("there are %d people", n)
			}
		})
	}
}

func TestMembersHaveTheirPurposes(t *testing.T) {
	t.Parallel()
	p := shared(t)
	token := p.token(t, "data-loader")
	r := p.do(t, "GET", "/metadata/members", request{token: token}).want(t, 200)
	var told struct{ Members []equality.Use }
	r.decode(t, &told)
	same(t, told.Members, equality.Uses())
	p.do(t, "GET", "/metadata/members", request{token: token, headers: map[string]string{"If-None-Match": r.header.Get("ETag")}}).want(t, 304)
	p.do(t, "GET", "/metadata/members", request{}).problem(t, 401, "unauthenticated")
	p.do(t, "GET", "/metadata/members?a=1", request{token: token}).failed(t, "", "query.unknown")
}

func TestCommunicationNeedsAreASmallCard(t *testing.T) {
	t.Parallel()
	p := shared(t, "--purposes", "separated", "--cors-origins", "https://front.example")
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"languages":[{"language":"french","isPrimary":true}],"communicationRequirements":["signLanguage","other"],"communicationRequirementsIfOther":"Ring twice"`)
	path := m.path() + "/communication-needs"
	want := object(t, `{"targetId":"`+m.target+`","languages":[{"language":"french","label":"French","isPrimary":true}],"communicationRequirements":[
		{"code":"signLanguage","label":"Sign language interpreter"},{"code":"other","label":"Other"}],
		"communicationRequirementsIfOther":"Ring twice","interpreterNeeded":true,"other":[]}`)
	for _, id := range []string{m.id, m.target} {
		r := p.do(t, "GET", records+"/"+id+"/communication-needs", request{token: p.token(t, "governance")}).want(t, 200)
		same(t, r.document(t), want)
		if r.header.Get("ETag") != `"0"` || r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("the card has the headers %v", r.header)
		}
	}
	p.do(t, "GET", path, request{token: officer, headers: map[string]string{"If-None-Match": `"0"`}}).want(t, 304)
	p.do(t, "GET", path, request{token: p.token(t, "support")}).problem(t, 403, "forbidden")
	p.do(t, "GET", records+"/"+uuid.NewString()+"/communication-needs", request{token: officer}).problem(t, 404, "not-found")
	f := frontend{p, officer}
	target := uuid.NewString()
	f.ask(t, "POST", "/equality-information", `{"targetId":"`+target+`","communicationRequirements":["Please ring twice"]}`, "").want(t, 201)
	same(t, p.do(t, "GET", records+"/"+target+"/communication-needs", request{token: officer}).want(t, 200).document(t),
		object(t, `{"targetId":"`+target+`","languages":[],"communicationRequirements":[],"interpreterNeeded":false,"other":["Please ring twice"]}`))
}

package mmh_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"equality-information-api/internal/gate"
	"equality-information-api/internal/mmh"
	"equality-information-api/internal/server"
)

const api = "/api/v1/equality-information"

// post creates a record as a front end, with these members.
func (b both) post(t testing.TB, members string, headers ...header) *httptest.ResponseRecorder {
	t.Helper()
	w := b.ask("POST", records, `{"targetId":"`+person+`"`+members+`}`, headers...)
	wants(t, w, 201)
	return w
}

// patch changes it at a version.
func (b both) patch(version int, body string, headers ...header) *httptest.ResponseRecorder {
	return b.ask("PATCH", records+"/"+person, body, append([]header{ifMatch(fmt.Sprintf(`"%d"`, version))}, headers...)...)
}

func (b both) theirs(t testing.TB, headers ...header) tree {
	t.Helper()
	return decode(t, wants(t, b.ask("GET", records+"?targetId="+person, "", headers...), 200))
}

func (b both) ours(t testing.TB) tree {
	t.Helper()
	return decode(t, wants(t, b.ask("GET", api+"/"+person, ""), 200))
}

func TestPatchReplacesWholeMembers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.post(t, `,"gender":{"genderValue":"o","genderValueIfOther":"a","genderDifferentToBirthSex":"no"},"nationality":"british",
		"marriageOrCivilPartnership":{"married":"yes","civilPartnership":"no"},"caringResponsibilities":{"provideUnpaidCare":"yes","hoursSpentProvidingUnpaidCare":"fiveToNineHours"},
		"economicSituation":{"economicSituationValue":"other","economicSituationValueIfOther":"b"},"languages":[{"language":"english","isPrimary":true},{"language":"french"}]`)
	wants(t, b.patch(0, `{"gender":{"genderDifferentToBirthSex":"yes"},"marriageOrCivilPartnership":{"civilPartnership":"yes"},"caringResponsibilities":{},
		"economicSituation":{"economicSituationValue":"other"},"languages":[{"language":"french","isPrimary":true}]}`), 200)
	want := decode(t, `{"id":"`+person+`","targetId":"`+person+`","gender":{"genderDifferentToBirthSex":true},"nationality":"british",
		"marriageOrCivilPartnership":{"civilPartnership":true},"economicSituation":"other","languages":[{"language":"french","isPrimary":true}]}`)
	if d := cmp.Diff(want, b.ours(t)); d != "" {
		t.Error(d)
	}
	w := b.patch(1, `{"gender":null,"nationality":"","marriageOrCivilPartnership":null,"economicSituation":null,"languages":null,"disabled":null}`)
	wants(t, w, 200)
	if got := b.ours(t); len(got) != 2 || w.Header().Get("ETag") != `"2"` {
		t.Errorf("%v", got)
	}
}

// A patch that changes no value checks the version and keeps it.
func TestPatchThatChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wants(t, b.ask("POST", api, `{"targetId":"`+person+`","gender":{"genderValue":"m","genderValueIfOther":"","genderDifferentToBirthSex":true},"homeSituation":"ownerOccupier","homeSituationIfOther":""}`), 201)
	for _, body := range []string{
		`{}`, `{"targetId":"` + strings.ToUpper(person) + `"}`, `{"nationality":null,"languages":[],"disabled":""}`, encode(t, b.theirs(t)),
		`{"GENDER":{"genderValue":"male","genderValueIfOther":null,"genderDifferentToBirthSex":"YES"}}`, `{"gender":{"genderValue":"m","genderDifferentToBirthSex":true}}`,
	} {
		w := b.patch(0, body)
		if wants(t, w, 200); w.Header().Get("ETag") != `"0"` {
			t.Errorf("%s makes the version %s", body, w.Header().Get("ETag"))
		}
		wants(t, b.patch(1, body), 409)
	}
	if gender := b.ours(t)["gender"].(tree); gender["genderValueIfOther"] != "" {
		t.Errorf("the text that was sent as nothing has gone: %v", gender)
	}
}

func TestIfMatchIsRequired(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.post(t, "")
	for tag, supplied := range map[string]string{
		"": "{null}", "0": "{null}", "*": "{null}", `"0", "1"`: "{null}", `"x"`: "{null}", `""`: "{null}", `"1"`: "1", `W/"7"`: "7",
		`"99999999999999999999"`: "{null}",
	} {
		headers := ifMatch(tag)
		if tag == "" {
			headers = nil
		}
		w := b.ask("PATCH", records+"/"+person, `{"disabled":"yes"}`, headers)
		want := `"The version number supplied (` + supplied + `) does not match the current value on the entity (0)."`
		if got := wants(t, w, 409); got != want {
			t.Errorf("If-Match %s: %s", tag, got)
		}
	}
	wants(t, b.ask("PATCH", records+"/"+person, `{"disabled":"yes"}`, ifMatch(`W/"0"`)), 200)
	wants(t, b.ask("PATCH", records+"/"+person, `{"disabled":"no"}`, ifMatch(`"1"`)), 200)
}

// The order of checks: the request, then whether the record exists, then its
// version.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wants(t, b.ask("PATCH", records+"/"+person, `{"disabled":1}`), 400)
	wants(t, b.ask("PATCH", records+"/"+person, `{"disabled":"yes"}`), 404)
	b.post(t, "")
	wants(t, b.ask("PATCH", records+"/"+person, `{"targetId":"`+another+`"}`), 404)
	wants(t, b.ask("PATCH", records+"/"+person, `{"targetId":"`+person+`"}`), 409)
	wants(t, b.ask("PATCH", records+"/"+person, `{"disabled":1}`), 400)
	wants(t, b.ask("PATCH", records+"/nonsense", `{"disabled":"yes"}`), 400)
	wants(t, b.ask("PATCH", records+"/"+person, `{"disabled":"yes"}`, b.as("governance")), 403)
	wants(t, b.ask("PATCH", records+"/"+person, `{"disabled":"yes"}`, header{"Content-Type": "text/plain"}), 415)
	wants(t, b.ask("PATCH", records+"/"+person, `{"a":"`+strings.Repeat("a", 64<<10)+`"}`), 413)
	wants(t, b.ask("PATCH", records+"/"+person, `{}`, header{"Authorization": ""}), 401)
}

func TestWaysToARecord(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wants(t, b.ask("POST", api+"/"+another, `{"targetId":"`+person+`"}`), 201) // an id of its own
	digits := strings.ReplaceAll(person, "-", "")
	for target, want := range map[string]int{
		"?targetId=" + person: 200, "/?targetId=" + person: 200, "?TARGETID=" + strings.ToUpper(person): 200, "?targetId=" + digits: 200,
		"?targetId={" + person + "}": 200, "?targetId=(" + person + ")": 200, "?targetId=" + person + "&cache=1": 200,
		"?targetId=urn:uuid:" + person: 400, "?targetId=" + person + "0": 400, "?targetId=": 400, "": 400, "?targetId=%zz": 400,
		"?targetId=00000000-0000-0000-0000-000000000000": 400,
		"?targetId=" + another:                           404, // the record's own id is nobody's
		"/" + another + "?targetId=" + person:            200, "/" + person + "?targetId=" + person: 200, "/" + another + "/?targetId=" + digits: 200,
		"/" + another: 400, "/" + another + "?targetId=" + another: 404, "/nonsense?targetId=" + person: 400,
		"/00000000-0000-0000-0000-000000000000?targetId=" + person: 404, "/" + uuid.NewString() + "?targetId=" + person: 404,
	} {
		w := b.ask("GET", records+target, "")
		if w.Code != want {
			t.Errorf("GET %s: %d %s", target, w.Code, w.Body)
		}
		if head := b.ask("HEAD", records+target, ""); head.Code != want || head.Body.Len() > 0 {
			t.Errorf("HEAD %s: %d", target, head.Code)
		}
		if want == 404 && !strings.HasPrefix(target, "?") && w.Body.String() == `"`+another+`"` && !strings.Contains(target, "="+another) {
			t.Errorf("GET %s names the wrong id", target)
		}
	}
	wants(t, b.ask("GET", "/MMH/api/V1/Equality-Information/?targetId="+person, ""), 200)
	wants(t, b.ask("PATCH", "/Mmh/API/v1/EQUALITY-INFORMATION/"+strings.ToUpper(another)+"/", `{"disabled":"yes"}`, ifMatch(`"0"`)), 200)
	for _, path := range []string{"/mmh", "/mmh/", "/mmh/api/v1", "/mmh/equality-information", records + "/a/b", records + "//" + person, "/mmh/api/v1/events"} {
		wants(t, b.ask("GET", path, ""), 404)
	}
	if w := b.ask("PUT", records+"/"+person, "{}"); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD, PATCH" {
		t.Errorf("PUT: %d, Allow %s", w.Code, w.Header().Get("Allow"))
	}
}

// The HTTP contract leaves out values that are in no list and names their
// member. Sending back such a record is accepted and changes nothing.
func TestUnrecognisedMembers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.post(t, `,"ageGroup":"old","gender":{"genderValue":"x","genderValueIfOther":"said","genderDifferentToBirthSex":"yes"},"nationality":"british",
		"languages":[{"language":"indian"},{"language":"english","isPrimary":true}],"communicationRequirements":["ring twice"],
		"caringResponsibilities":{"provideUnpaidCare":"yes","hoursSpentProvidingUnpaidCare":"many"},"homeSituation":{"homeSituationValue":"boat"}`)
	before := b.theirs(t)
	read := decode(t, `{"id":"`+person+`","targetId":"`+person+`","gender":{"genderValueIfOther":"said","genderDifferentToBirthSex":true},"nationality":"british",
		"languages":[{"language":"english","isPrimary":true}],"caringResponsibilities":{"provideUnpaidCare":true},
		"unrecognisedMembers":["ageGroup","gender","languages","caringResponsibilities","communicationRequirements","homeSituation"]}`)
	if d := cmp.Diff(read, b.ours(t)); d != "" {
		t.Error(d)
	}
	// A patch of other members does not affect them.
	w := b.ask("PATCH", api+"/"+person, encode(t, b.ours(t)))
	if wants(t, w, 200); w.Header().Get("ETag") != `"0"` {
		t.Errorf("what was read and is sent back makes the version %s", w.Header().Get("ETag"))
	}
	wants(t, b.ask("PATCH", api+"/"+person, `{"disabled":true}`), 200)
	if got := b.theirs(t)["ageGroup"]; got != before["ageGroup"] {
		t.Errorf("a patch of another member changes the age group to %v", got)
	}
	wants(t, b.ask("PATCH", api+"/"+person, `{"communicationRequirements":null,"languages":null}`), 200)
	wants(t, b.ask("PATCH", api+"/"+person, `{"ageGroup":"underSixteen","gender":{"genderValue":"m"},"communicationRequirements":["largePrint"],
		"languages":[{"language":"english","isPrimary":true}],"caringResponsibilities":null,"homeSituation":"other"}`), 200)
	want := decode(t, `{"id":"`+person+`","targetId":"`+person+`","ageGroup":"underSixteen","gender":{"genderValue":"m","genderDifferentToBirthSex":true},"nationality":"british",
		"languages":[{"language":"english","isPrimary":true}],"disabled":true,"communicationRequirements":["largePrint"],"homeSituation":"other"}`)
	if d := cmp.Diff(want, b.ours(t)); d != "" {
		t.Error(d)
	}
	for _, path := range []string{api + "/" + person + "/history/0"} {
		if text := wants(t, b.ask("GET", path, ""), 200); strings.Contains(text, "ring twice") || strings.Contains(text, "boat") || !strings.Contains(text, "unrecognisedMembers") {
			t.Errorf("GET %s: %s", path, text)
		}
	}
	// If the primary language is unknown, the others are shown without it.
	wants(t, b.ask("PATCH", records+"/"+person, `{"languages":[{"language":"indian","isPrimary":true},{"language":"english"}]}`, ifMatch(b.ask("GET", api+"/"+person, "").Header().Get("ETag"))), 200)
	got := b.ours(t)
	if d := cmp.Diff(decode(t, `{"l":[{"language":"english","isPrimary":false}]}`)["l"], got["languages"]); d != "" || fmt.Sprint(got["unrecognisedMembers"]) != "[languages]" {
		t.Errorf("%v", got)
	}
	wants(t, b.ask("PATCH", api+"/"+person, encode(t, got)), 200)
	if d := cmp.Diff(got, b.ours(t)); d != "" {
		t.Error(d)
	}
}

func TestNationalInsuranceNumberIsReadAsItWasSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.post(t, `,"nationalInsuranceNumber":"aa 00 00 00 a"`)
	shown := func(theirs, ours any) {
		t.Helper()
		if got := []any{b.theirs(t)["nationalInsuranceNumber"], b.ours(t)["nationalInsuranceNumber"]}; !cmp.Equal(got, []any{theirs, ours}) {
			t.Errorf("read as %v", got)
		}
	}
	shown("aa 00 00 00 a", "AA000000A")
	wants(t, b.ask("PATCH", api+"/"+person, `{"nationalInsuranceNumber":"AA000000A","disabled":true}`), 200)
	shown("aa 00 00 00 a", "AA000000A") // the same number
	wants(t, b.patch(1, `{"nationalInsuranceNumber":"AA000000A"}`), 200)
	shown("AA000000A", "AA000000A")
	wants(t, b.patch(2, `{"nationalInsuranceNumber":"ce 000000 d"}`), 200)
	shown("ce 000000 d", "CE000000D")

	// For a caller who cannot see it, null changes nothing and a number is refused.
	service := b.as("service")
	if got := b.theirs(t, service)["nationalInsuranceNumber"]; got != nil {
		t.Errorf("shown to a caller without the permission: %v", got)
	}
	w := b.patch(3, `{"nationalInsuranceNumber":null,"disabled":"no"}`, service)
	if text := wants(t, w, 200); strings.Contains(strings.ToLower(text), "ce") && strings.Contains(text, "000000") {
		t.Errorf("shown in the answer: %s", text)
	}
	shown("ce 000000 d", "CE000000D")
	if text := wants(t, b.patch(4, `{"nationalInsuranceNumber":"ce 000000 d"}`, service), 403); !strings.Contains(text, "forbidden") {
		t.Errorf("%s", text)
	}
	wants(t, b.patch(4, `{"nationalInsuranceNumber":null}`), 200)
	shown(nil, nil)
	wants(t, b.patch(5, `{"nationalInsuranceNumber":"aa000000a"}`, service), 200)
	wants(t, b.ask("PATCH", api+"/"+person, `{"nationalInsuranceNumber":"QQ123456C"}`), 200)
	shown("QQ123456C", "QQ123456C")
}

// A number that HMRC would not issue is refused before anything else, unless it
// is the one that the caller was shown.
func TestNumberThatWouldNotBeIssued(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const number = `{"nationalInsuranceNumber":"NI111111A"}`
	wants(t, b.patch(0, number), 400) // there is no record
	wants(t, b.ask("POST", api, `{"targetId":"`+person+`","nationalInsuranceNumber":"NI111111A"}`), 201)
	w := b.patch(0, encode(t, b.theirs(t)))
	if wants(t, w, 200); w.Header().Get("ETag") != `"0"` {
		t.Errorf("sent back, it makes the version %s", w.Header().Get("ETag"))
	}
	wants(t, b.patch(7, number), 409)
	wants(t, b.patch(7, `{"nationalInsuranceNumber":"NI222222A"}`), 400)
	wants(t, b.patch(0, number, b.as("service")), 400) // it cannot find the number out
	text := wants(t, b.patch(0, `{"nationalInsuranceNumber":"NI111111A","disabled":"perhaps"}`), 400)
	if !strings.Contains(text, `"Disabled"`) || !strings.Contains(text, `"NationalInsuranceNumber"`) {
		t.Errorf("%s", text)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	key := header{"Idempotency-Key": "a key"}
	first, again := b.post(t, "", key), b.post(t, "", key)
	if first.Body.String() != again.Body.String() || again.Header().Get("Idempotency-Replayed") != "true" || again.Header().Get("Location") == "" {
		t.Errorf("%v %s", again.Header(), again.Body)
	}
	if w := b.ask("POST", "/MMH/api/v1/Equality-Information/", `{"targetId":"`+person+`"}`, key); w.Code != 201 || w.Header().Get("Idempotency-Replayed") != "true" {
		t.Errorf("by another spelling of the path: %d %s", w.Code, w.Body)
	}
	wants(t, b.ask("POST", records, `{"targetId":"`+person+`","disabled":"yes"}`, key), 422)
	wants(t, b.ask("POST", records, `{}`, header{"Idempotency-Key": strings.Repeat("k", 256)}), 400)
}

func TestHeadersOfAnswers(t *testing.T) {
	t.Parallel()
	const origin = "https://front.example"
	b := setup(t, func(o *options) { o.gate.Origins = []string{origin} })
	w := b.ask("GET", records+"?targetId="+person, "", header{"x-correlation-id": "anything at all", "Origin": origin})
	h := w.Header()
	if h.Get("X-Correlation-Id") != "anything at all" || h.Get("Access-Control-Expose-Headers") != "ETag, If-Match, x-correlation-id" ||
		h.Get("Access-Control-Allow-Origin") != origin || h.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("%v", h)
	}
	w = b.ask("OPTIONS", records+"/"+person, "", header{"Origin": origin, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "if-match"})
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Headers") != "if-match" {
		t.Errorf("preflight: %d %v", w.Code, w.Header())
	}
	for status, target := range map[int]string{401: records + "?targetId=" + person, 404: "/mmh/api/v1/nothing"} {
		w := b.ask("GET", target, "", header{"Authorization": "x", "x-correlation-id": "mine"})
		if w.Code != status || w.Header().Get("X-Correlation-Id") != "mine" || w.Header().Get("Content-Type") != "application/json; charset=utf-8" ||
			(status == 401) != (w.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s: %d %v", target, w.Code, w.Header())
		}
	}
}

// A correlation id that is no UUID is returned and noted beside the recorded one, within
// bounds.
func TestCorrelationIDsOfClients(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for sent, want := range map[string]string{
		"": "", "request 1": "request 1", strings.Repeat("a", 64): strings.Repeat("a", 64), strings.Repeat("a", 65): "", "a\tb": "", "\xe9": "", "\x1b[2J": "",
	} {
		exchange := &server.Exchange{CorrelationID: correlation}
		r := httptest.NewRequest("GET", records+"?targetId="+person, nil)
		r.Header["X-Correlation-Id"] = []string{sent}
		w := httptest.NewRecorder()
		b.mmh.ServeHTTP(w, r.WithContext(server.WithExchange(r.Context(), exchange)))
		if got := w.Header().Get("X-Correlation-Id"); got != want || exchange.Echoed != want {
			t.Errorf("%q is answered with %q, noted as %q", sent, got, exchange.Echoed)
		}
	}
	for _, sent := range []string{correlation.String(), strings.ToUpper(correlation.String())} {
		exchange := &server.Exchange{CorrelationID: correlation}
		r := httptest.NewRequest("GET", records, nil)
		r.Header.Set("X-Correlation-Id", sent)
		w := httptest.NewRecorder()
		b.mmh.ServeHTTP(w, r.WithContext(server.WithExchange(r.Context(), exchange)))
		if got := w.Header().Get("X-Correlation-Id"); got != sent || exchange.Echoed != "" {
			t.Errorf("the recorded one, %s, is answered with %q, noted as %q", sent, got, exchange.Echoed)
		}
	}
}

// FuzzCorrelationID checks that what comes back is short and printable.
func FuzzCorrelationID(f *testing.F) {
	for _, sent := range []string{"", "request 1", correlation.String(), "a\x00", "\r\nSet-Cookie: a", strings.Repeat("a", 65)} {
		f.Add(sent)
	}
	b := setup(f)
	f.Fuzz(func(t *testing.T, sent string) {
		exchange := &server.Exchange{CorrelationID: correlation}
		r := httptest.NewRequest("GET", "/mmh/none", nil)
		r.Header["X-Correlation-Id"] = []string{sent}
		w := httptest.NewRecorder()
		b.mmh.ServeHTTP(w, r.WithContext(server.WithExchange(r.Context(), exchange)))
		got := w.Header().Get("X-Correlation-Id")
		if got != "" && (got != sent || len(got) > 64 || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' })) ||
			exchange.Echoed != "" && exchange.Echoed != got {
			t.Errorf("%q is answered with %q, noted as %q", sent, got, exchange.Echoed)
		}
	})
}

func TestPurposeWhereItIsRequired(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *options) { o.gate.RequirePurpose = true })
	if text := wants(t, b.ask("GET", records+"?targetId="+person, ""), 400); !strings.Contains(text, `"X-Access-Purpose":["The header`) {
		t.Errorf("%s", text)
	}
	wants(t, b.ask("GET", records+"?targetId="+person, "", header{"X-Access-Purpose": "service-delivery"}), 404)
}

func TestPanicAndPlain(t *testing.T) {
	t.Parallel()
	surfaces := gate.Surfaces{setup(t).mmh}
	r := httptest.NewRequest("GET", records, nil)
	r.Header.Set("X-Correlation-Id", "mine")
	for status, answer := range map[int]http.HandlerFunc{500: surfaces.Panic, 403: surfaces.Plain} {
		w := httptest.NewRecorder()
		if answer(w, r); w.Code != status || w.Header().Get("Content-Type") != "application/json; charset=utf-8" || w.Header().Get("X-Correlation-Id") != "mine" {
			t.Errorf("%d: %v", w.Code, w.Header())
		}
	}
}

// An erased person has no record, and a new record gets a new id.
func TestErasedPerson(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.post(t, "")
	wants(t, b.patch(0, `{"disabled":"yes"}`), 200)
	b.erase(t, person)
	for _, w := range []*httptest.ResponseRecorder{b.ask("GET", records+"?targetId="+person, ""), b.ask("GET", records+"/"+person+"?targetId="+person, ""), b.patch(1, `{"disabled":"no"}`)} {
		if text := wants(t, w, 404); text != `"`+person+`"` {
			t.Errorf("%s", text)
		}
	}
	w := b.post(t, `,"disabled":"no"`)
	id := decode(t, w.Body.String())["id"].(string)
	if id == person || w.Header().Get("ETag") != `"2"` || w.Header().Get("Location") != records+"/"+id+"/?targetId="+person {
		t.Errorf("%v %s", w.Header(), w.Body)
	}
	wants(t, b.ask("GET", w.Header().Get("Location"), ""), 200)
	wants(t, b.ask("PATCH", records+"/"+id, `{"disabled":"yes","targetId":"`+person+`"}`, ifMatch(`"2"`)), 200)
}

func TestEveryEndpointButHealthAsksForAToken(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, asked := range []string{"GET ", "POST ", "GET /" + person, "PATCH /" + person} {
		method, path, _ := strings.Cut(asked, " ")
		path = records + path
		wants(t, b.ask(method, path, "{}", header{"Authorization": ""}), 401)
		wants(t, b.ask(method, path, "{}", b.as("admin")), 403) // a role without the permission
	}
	wants(t, b.ask("GET", "/mmh/api/v1/reference-data", "", header{"Authorization": ""}), 401)
	wants(t, b.ask("GET", "/mmh/api/v1/healthcheck/ping", "", header{"Authorization": ""}), 200)
}

// TestWhatWasKeptStandsOnceCodesAreStrict checks that kept values can be sent back
// and that new ones are refused.
func TestWhatWasKeptStandsOnceCodesAreStrict(t *testing.T) {
	t.Parallel()
	b := setup(t)
	wants(t, b.ask("POST", records, `{"targetId":"`+person+`","communicationRequirements":["ring twice"],`+
		`"economicSituation":{"economicSituationValue":"x","economicSituationValueIfOther":"a"}}`), 201)
	b.options.Codec = newCodec(t, true)
	var err error
	if b.mmh, err = mmh.New(b.options); err != nil {
		t.Fatal(err)
	}
	path := records + "/" + person
	read := wants(t, b.ask("GET", records+"?targetId="+person, ""), 200)
	if back := wants(t, b.ask("PATCH", path, read, ifMatch(`"0"`)), 200); back != read {
		t.Errorf("sent back %s\nread %s", read, back)
	}
	text := wants(t, b.ask("PATCH", path, `{"economicSituation":{"economicSituationValue":"x","economicSituationValueIfOther":"b"},`+
		`"communicationRequirements":["ring twice","wave"]}`, ifMatch(`"0"`)), 400)
	var envelope struct{ Errors map[string][]string }
	if err := json.Unmarshal([]byte(text), &envelope); err != nil {
		t.Fatal(err)
	}
	keys := slices.Sorted(maps.Keys(envelope.Errors))
	if want := []string{"CommunicationRequirements[1]", "EconomicSituation.EconomicSituationValueIfOther"}; !slices.Equal(keys, want) {
		t.Errorf("the keys are %q, want %q", keys, want)
	}
}

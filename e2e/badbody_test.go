package e2e

import (
	"strings"
	"testing"
	"time"
)

// zebra is in values that must never appear again, in a response or a log.
const zebra = "zebra"

// badBody is a malformed body.
type badBody struct {
	name string
	// members are in an object after the targetId. If it begins with !, the rest is the
	// whole body.
	members       string
	pointer, code string
	// unstated says why the contract's schema does not refuse it; empty if it does.
	unstated string
}

// Bodies that are refused although a schema cannot express why.
const (
	notUnicode    = "the validator puts replacement characters for what is not Unicode"
	duplicates    = "a schema sees no duplicate members"
	depth         = "a schema does not bound depth"
	referenceList = "the codes stand in the reference lists"
	aliases       = "whether two spellings are one code stands in the reference lists"
	otherMember   = "the rule depends on the reference list or another member"
	today         = "the range depends on the day"
)

func badBodies() []badBody {
	long := strings.Repeat("x", 201)
	var languages, requirements []string
	for _, code := range strings.Fields("english french polish turkish spanish somali yoruba arabic bengali italian german") {
		languages = append(languages, `{"language":"`+code+`","isPrimary":`+map[bool]string{true: "true", false: "false"}[code == "english"]+`}`)
	}
	for range 21 {
		requirements = append(requirements, `"largePrint"`)
	}
	tooFar := time.Now().AddDate(1, 0, 2).Format(time.DateOnly)
	bad := []badBody{
		{"nothing", "!", "", "json.syntax", ""},
		{"blanks", "! \n", "", "json.syntax", ""},
		{"no JSON", "!zebra", "", "json.syntax", ""},
		{"cut off", `!{"targetId":"zebra`, "", "json.syntax", ""},
		{"a comma too many", `"disabled":true,`, "", "json.syntax", ""},
		{"a comment", `"disabled":true // zebra` + "\n", "", "json.syntax", ""},
		{"Python's True", `"disabled":True`, "", "json.syntax", ""},
		{"single quotes", `"nationality":'zebra'`, "", "json.syntax", ""},
		{"a name without quotes", `zebra:1`, "", "json.syntax", ""},
		{"something behind it", `!{"disabled":true} zebra`, "", "json.syntax", ""},
		{"two objects", `!{}{"nationality":"zebra"}`, "", "json.syntax", ""},
		{"a byte order mark", "!\uFEFF{}", "", "json.syntax", ""},
		{"a control character", "\"homeSituationIfOther\":\"zebra\nzebra\"", "", "json.syntax", ""},
		{"an unknown escape", `"homeSituationIfOther":"zebra\z"`, "", "json.syntax", ""},
		{"half a surrogate pair", `"homeSituationIfOther":"zebra\ud800"`, "", "json.syntax", notUnicode},
		{"NaN", `"disabled":NaN`, "", "json.syntax", ""},
		{"not UTF-8", "\"homeSituationIfOther\":\"zebra\xff\"", "", "json.utf8", notUnicode},
		{"not UTF-8 in a name", "\"zebra\xff\":1", "", "json.utf8", ""},
		{"nine deep", `"person":[[[[[[[["zebra"]]]]]]]]`, "/person/0/0/0/0/0/0/0", "json.depth", depth},
		{"a member twice", `"nationality":"zebra","nationality":"zebra"`, "/nationality", "json.duplicate-member", duplicates},
		{"a member twice, once escaped", `"nationality":"zebra","\u006eationality":"zebra"`, "/nationality", "json.duplicate-member", duplicates},
		{"a member of a member twice", `"gender":{"genderValue":"zebra","genderValue":"zebra"}`, "/gender/genderValue", "json.duplicate-member", duplicates},
		{"a member of an unknown member twice", `"person":{"a":"zebra","a":"zebra"}`, "/person/a", "json.duplicate-member", duplicates},

		{"an array", `!["zebra"]`, "", "type.object", ""},
		{"a string", `!"zebra"`, "", "type.object", ""},
		{"null", `!null`, "", "type.object", ""},
		{"an unknown member", `"surname":"zebra"`, "/surname", "json.unknown-member", ""},
		{"a member in another case", `"Nationality":"zebra"`, "/Nationality", "json.unknown-member", ""},
		{"an unknown member of a member", `"gender":{"value":"zebra"}`, "/gender/value", "json.unknown-member", ""},
		{"an unknown member of an element", `"languages":[{"language":"english","isPrimary":true,"level":"zebra"}]`, "/languages/0/level", "json.unknown-member", ""},
		{"an unknown member with a harmful name", `"<zebra>":1`, "", "json.unknown-member", ""},
		{"an unknown member with a long name", `"` + strings.Repeat("zebra", 13) + `":1`, "", "json.unknown-member", ""},
		{"an unknown member without a name", `"":"zebra"`, "", "json.unknown-member", ""},

		{"an id that is none", `"id":"zebra"`, "/id", "id.form", ""},
		{"an id in braces", `"id":"{45b919fa-22b4-11ec-9621-0242ac130002}"`, "/id", "id.form", ""},
		{"an id without dashes", `"id":"45b919fa22b411ec96210242ac130002"`, "/id", "id.form", ""},
		{"an id as a URN", `"id":"urn:uuid:45b919fa-22b4-11ec-9621-0242ac130002"`, "/id", "id.form", ""},
		{"the zero id", `"id":"00000000-0000-0000-0000-000000000000"`, "/id", "id.zero", ""},
		{"an id of another type", `"id":7`, "/id", "type.string", ""},
		{"the zero target", `!{"targetId":"00000000-0000-0000-0000-000000000000"}`, "/targetId", "id.zero", ""},
		{"a target that is none", `!{"targetId":"zebra"}`, "/targetId", "id.form", ""},
		{"a target of another type", `!{"targetId":["zebra"]}`, "/targetId", "type.string", ""},

		{"a date that is none", `"pregnancyOrMaternity":[{"pregnancyDate":"zebra"}]`, "/pregnancyOrMaternity/0/pregnancyDate", "date.form", ""},
		{"a date that is not in the calendar", `"pregnancyOrMaternity":[{"pregnancyDate":"2023-02-29"}]`, "/pregnancyOrMaternity/0/pregnancyDate", "date.form", ""},
		{"a date with a time", `"pregnancyOrMaternity":[{"pregnancyDate":"2023-02-28T00:00:00Z"}]`, "/pregnancyOrMaternity/0/pregnancyDate", "date.form", ""},
		{"a date written otherwise", `"pregnancyOrMaternity":[{"pregnancyDate":"28/02/2023"}]`, "/pregnancyOrMaternity/0/pregnancyDate", "date.form", ""},
		{"an empty date", `"pregnancyOrMaternity":[{"pregnancyDate":""}]`, "/pregnancyOrMaternity/0/pregnancyDate", "date.form", ""},
		{"a date too early", `"pregnancyOrMaternity":[{"pregnancyDate":"1899-12-31"}]`, "/pregnancyOrMaternity/0/pregnancyDate", "date.range", ""},
		{"a date too late", `"pregnancyOrMaternity":[{"pregnancyDate":"` + tooFar + `"}]`, "/pregnancyOrMaternity/0/pregnancyDate", "date.range", today},
		{"no date", `"pregnancyOrMaternity":[{"pregnancyValidUntil":"2024-01-01"}]`, "/pregnancyOrMaternity/0/pregnancyDate", "required", ""},
		{"a date of null", `"pregnancyOrMaternity":[{"pregnancyDate":null}]`, "/pregnancyOrMaternity/0/pregnancyDate", "type.string", ""},
		{"valid until a number", `"pregnancyOrMaternity":[{"pregnancyDate":"2023-02-28","pregnancyValidUntil":7}]`, "/pregnancyOrMaternity/0/pregnancyValidUntil", "type.string", ""},
		{"a pregnancy of null", `"pregnancyOrMaternity":[null]`, "/pregnancyOrMaternity/0", "type.object", ""},
		{"the second of two is wrong", `"pregnancyOrMaternity":[{"pregnancyDate":"2023-02-28"},{"pregnancyDate":"zebra"}]`, "/pregnancyOrMaternity/1/pregnancyDate", "date.form", ""},

		{"two primary languages", `"languages":[{"language":"english","isPrimary":true},{"language":"french","isPrimary":true}]`, "/languages/1/isPrimary", "languages.one-primary", ""},
		{"no primary language", `"languages":[{"language":"english","isPrimary":false},{"language":"french"}]`, "/languages", "languages.one-primary", ""},
		{"a language twice", `"languages":[{"language":"english","isPrimary":true},{"language":"english","isPrimary":false}]`, "/languages/1/language", "list.duplicate", aliases},
		{"a language twice, alike", `"languages":[{"language":"french","isPrimary":false},{"language":"english","isPrimary":true},{"language":"french","isPrimary":false}]`, "/languages/2/language", "list.duplicate", ""},
		{"eleven languages", `"languages":[` + strings.Join(languages, ",") + `]`, "/languages", "list.length", ""},
		{"a language of null", `"languages":[null]`, "/languages/0", "type.object", ""},
		{"a language as a string", `"languages":["zebra"]`, "/languages/0", "type.object", ""},
		{"a language without a code", `"languages":[{"isPrimary":true}]`, "/languages/0/language", "required", ""},
		{"a language's code of null", `"languages":[{"language":null,"isPrimary":true}]`, "/languages/0/language", "type.string", ""},
		{"a language's code empty", `"languages":[{"language":"","isPrimary":true}]`, "/languages/0/language", "code.unknown", ""},
		{"primary as a string", `"languages":[{"language":"english","isPrimary":"zebra"}]`, "/languages/0/isPrimary", "type.boolean", ""},
		{"primary of null", `"languages":[{"language":"english","isPrimary":null}]`, "/languages/0/isPrimary", "type.boolean", ""},
		{"an unknown language", `"languages":[{"language":"zebra","isPrimary":true}]`, "/languages/0/language", "code.unknown", referenceList},

		{"a requirement twice", `"communicationRequirements":["largePrint","largePrint"]`, "/communicationRequirements/1", "list.duplicate", ""},
		{"twenty-one requirements", `"communicationRequirements":[` + strings.Join(requirements, ",") + `]`, "/communicationRequirements", "list.length", ""},
		{"an exclusive requirement beside another", `"communicationRequirements":["largePrint","preferNotToSay"]`, "/communicationRequirements/1", "code.exclusive", referenceList},
		{"an unknown requirement", `"communicationRequirements":["largePrint","zebra"]`, "/communicationRequirements/1", "code.unknown", referenceList},
		{"a requirement of null", `"communicationRequirements":[null]`, "/communicationRequirements/0", "type.string", ""},
		{"an empty requirement", `"communicationRequirements":[""]`, "/communicationRequirements/0", "code.unknown", ""},

		{"hours without care", `"caringResponsibilities":{"provideUnpaidCare":false,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}`, "/caringResponsibilities/hoursSpentProvidingUnpaidCare", "hours.no-care", otherMember},
		{"hours where care is not told", `"caringResponsibilities":{"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}`, "/caringResponsibilities/hoursSpentProvidingUnpaidCare", "hours.no-care", otherMember},
		{"an empty number", `"nationalInsuranceNumber":""`, "/nationalInsuranceNumber", "nino.form", ""},
	}
	for name, number := range map[string]string{
		"short": "QQ12345C", "long": "QQ1234567C", "an unknown end": "QQ123456E", "a letter for a digit": "QQ12O456C",
		"other letters": "ÄQ123456C", "full-width digits": "QQ１２３４５６C", "dashes": "QQ-12-34-56-C",
	} {
		bad = append(bad, badBody{"a number: " + name, `"nationalInsuranceNumber":"` + number + `"`, "/nationalInsuranceNumber", "nino.form", ""})
	}
	for pointer, members := range map[string]string{
		"/gender/genderValueIfOther":                       `"gender":{"genderValue":"o","genderValueIfOther":$}`,
		"/ethnicity/ethnicGroupValueIfOther":               `"ethnicity":{"ethnicGroupValueIfOther":$}`,
		"/religionOrBelief/religionOrBeliefValueIfOther":   `"religionOrBelief":{"religionOrBeliefValueIfOther":$}`,
		"/sexualOrientation/sexualOrientationValueIfOther": `"sexualOrientation":{"sexualOrientationValueIfOther":$}`,
		"/communicationRequirementsIfOther":                `"communicationRequirementsIfOther":$`,
		"/economicSituationIfOther":                        `"economicSituationIfOther":$`,
		"/homeSituationIfOther":                            `"homeSituationIfOther":$`,
	} {
		for _, b := range []badBody{
			{"too long", `"` + long + `"`, "", "text.length", ""},
			{"too long, of two bytes each", `"` + strings.Repeat("é", 201) + `"`, "", "text.length", ""},
			{"with a tab", `"zebra\tzebra"`, "", "text.control", ""},
			{"with a NUL", `"zebra\u0000"`, "", "text.control", ""},
			{"with a C1 control", `"zebra\u0085zebra"`, "", "text.control", ""},
			{"a number", `7`, "", "type.string", ""},
			{"a list", `["zebra"]`, "", "type.string", ""},
		} {
			bad = append(bad, badBody{pointer + ": " + b.name, strings.Replace(members, "$", b.members, 1), pointer, b.code, b.unstated})
		}
		if pointer != "/gender/genderValueIfOther" {
			bad = append(bad, badBody{pointer + " without a code", strings.Replace(members, "$", `"zebra"`, 1), pointer, "text.no-code", otherMember})
		}
	}
	bad = append(bad, badBody{"a text beside a code that takes none", `"gender":{"genderValue":"f","genderValueIfOther":"zebra"}`,
		"/gender/genderValueIfOther", "text.no-code", otherMember})
	return append(bad, wrongTypes()...)
}

// wrongTypes has a value of each wrong type for each member.
func wrongTypes() (bad []badBody) {
	values := map[string]string{"a number": `7`, "a string": `"zebra"`, "a boolean": `true`, "an array": `["zebra"]`, "an object": `{"zebra":1}`}
	for code, kind := range map[string]struct {
		allowed map[string]bool
		members []string
	}{
		"type.string": {map[string]bool{"a string": true}, []string{"ageGroup", "nationality", "nationalInsuranceNumber",
			"economicSituation", "homeSituation", "armedForces", "gender/genderValue", "ethnicity/ethnicGroupValue",
			"religionOrBelief/religionOrBeliefValue", "sexualOrientation/sexualOrientationValue",
			"caringResponsibilities/hoursSpentProvidingUnpaidCare"}},
		"type.answer": {map[string]bool{"a boolean": true}, []string{"disabled", "gender/genderDifferentToBirthSex",
			"marriageOrCivilPartnership/married", "marriageOrCivilPartnership/civilPartnership", "caringResponsibilities/provideUnpaidCare"}},
		"type.object": {map[string]bool{"an object": true}, []string{"gender", "ethnicity", "religionOrBelief", "sexualOrientation",
			"marriageOrCivilPartnership", "caringResponsibilities"}},
		"type.array": {map[string]bool{"an array": true}, []string{"pregnancyOrMaternity", "languages", "communicationRequirements"}},
	} {
		for _, member := range kind.members {
			for name, value := range values {
				if kind.allowed[name] {
					continue
				}
				members := `"` + member + `":` + value
				if outer, inner, nested := strings.Cut(member, "/"); nested {
					members = `"` + outer + `":{"` + inner + `":` + value + `}`
				}
				bad = append(bad, badBody{member + ": " + name, members, "/" + member, code, ""})
			}
		}
	}
	for _, member := range []string{"ageGroup", "nationality", "economicSituation", "homeSituation", "armedForces"} {
		bad = append(bad,
			badBody{member + ": unknown", `"` + member + `":"zebra"`, "/" + member, "code.unknown", referenceList},
			badBody{member + ": empty", `"` + member + `":""`, "/" + member, "code.unknown", ""})
	}
	return bad
}

// A malformed body is refused for both POST and PATCH, before anything is looked up. The
// contract's schema refuses it too, unless the row says why not.
func TestBodiesOfBadForm(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"homeSituation":"preferNotToSay","disabled":"no"`)
	before := p.record(t, officer, m)
	for _, bad := range badBodies() {
		sent := request{token: officer, body: []byte(`{"targetId":"` + m.target + `",` + bad.members + `}`)}
		if whole, ok := strings.CutPrefix(bad.members, "!"); ok {
			sent.body = []byte(whole)
		}
		for method, path := range map[string]string{"POST": records, "PATCH": m.path()} {
			t.Run(method+" "+bad.name, func(t *testing.T) {
				r := p.do(t, method, path, sent)
				r.failed(t, bad.pointer, bad.code)
				if strings.Contains(strings.ToLower(string(r.body)), zebra) {
					t.Errorf("the answer repeats what was sent: %s", r.body)
				}
				switch why := theContract().refuses(method, path, sent); {
				case why == nil && bad.unstated == "":
					t.Error("the contract's schema allows the body")
				case why != nil && bad.unstated != "":
					t.Errorf("the contract's schema refuses the body too, so the row needs no reason: %v", why)
				}
			})
		}
	}
	same(t, p.record(t, officer, m), before)
	if events := p.eventsOf(t, m.target); len(events) != 1 {
		t.Errorf("refused bodies have raised events: %+v", events)
	}
	if strings.Contains(strings.ToLower(p.log()), zebra) {
		t.Errorf("the log repeats what was sent:\n%s", p.log())
	}
}

func TestTargetIsRequiredToCreate(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	for _, bad := range []string{`{}`, `{"targetId":null}`, `{"id":"45b919fa-22b4-11ec-9621-0242ac130002"}`} {
		sent := request{token: officer, body: []byte(bad)}
		p.do(t, "POST", records, sent).failed(t, "/targetId", "required")
		if theContract().refuses("POST", records, sent) == nil {
			t.Errorf("the contract's schema allows %s", bad)
		}
	}
}

func TestAllFailuresAreToldAtOnceUpToAHundred(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	r := p.patch(t, officer, m, `{"disabled":7,"gender":{"genderValue":7,"x":1},"languages":[{}],"nationalInsuranceNumber":"zebra"}`)
	for pointer, code := range map[string]string{"/disabled": "type.answer", "/gender/genderValue": "type.string", "/gender/x": "json.unknown-member",
		"/languages/0/language": "required", "/nationalInsuranceNumber": "nino.form"} {
		r.failed(t, pointer, code)
	}
	var many []string
	for range 150 {
		many = append(many, `{"pregnancyDate":"zebra"}`)
	}
	told := p.patch(t, officer, m, `{"pregnancyOrMaternity":[`+strings.Join(many, ",")+`]}`).problem(t, 400, "invalid-body")
	if len(told.Errors) != 100 || told.ErrorsOmitted != 50 {
		t.Errorf("of 150 failures %d are told and %d counted, want 100 and 50", len(told.Errors), told.ErrorsOmitted)
	}
}

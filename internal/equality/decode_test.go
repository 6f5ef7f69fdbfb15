package equality_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"equality-information-api/internal/equality"
)

func TestDecodePatchRefuses(t *testing.T) {
	t.Parallel()
	rules := newRules(t)
	for _, test := range []struct{ name, body, want string }{
		{"array", `[]`, " type.object"},
		{"null", `null`, " type.object"},
		{"string", `"x"`, " type.object"},
		{"unknown member", `{"x":1}`, "/x json.unknown-member"},
		{"other case", `{"TargetId":"` + targetID + `"}`, "/TargetId json.unknown-member"},
		{"unknown inside", `{"gender":{"nationality":"british"}}`, "/gender/nationality json.unknown-member"},
		{"unknown in element", `{"languages":[{"language":"french","isPrimary":true,"x":{}}]}`, "/languages/0/x json.unknown-member"},
		{"unprintable name", `{"a b":1}`, " json.unknown-member"},
		{"unprintable name inside", `{"gender":{"a/b":1}}`, "/gender json.unknown-member"},
		{"long name", `{"` + strings.Repeat("a", 65) + `":1}`, " json.unknown-member"},
		{"longest name", `{"` + strings.Repeat("a", 64) + `":1}`, "/" + strings.Repeat("a", 64) + " json.unknown-member"},
		{"duplicate", `{"nationality":"british","nationality":"french"}`, "/nationality json.duplicate-member"},
		{"duplicate, escaped", `{"nationality":"british","nationalit\u0079":"french"}`, "/nationality json.duplicate-member"},
		{"duplicate in ignored", `{"person":{"a":1,"a":2}}`, "/person/a json.duplicate-member"},
		{"duplicate in unknown", `{"x":[{"a b":1,"a b":2}]}`, "/x/0 json.duplicate-member"},
		{"too deep", `{"person":[[[[[[[[1]]]]]]]]}`, "/person/0/0/0/0/0/0/0 json.depth"},
		{"much too deep", `{"x":` + strings.Repeat("[", 20000), "/x/0/0/0/0/0/0/0 json.depth"},
		{"utf-8", "{\"nationality\":\"\xff\"}", " json.utf8"},

		{"code type", `{"nationality":1}`, "/nationality type.string"},
		{"object type", `{"gender":"m"}`, "/gender type.object"},
		{"list type", `{"languages":{}}`, "/languages type.array"},
		{"element type", `{"languages":["french"]}`, "/languages/0 type.object"},
		{"null element", `{"languages":[null]}`, "/languages/0 type.object"},
		{"null code in list", `{"communicationRequirements":[null]}`, "/communicationRequirements/0 type.string"},
		{"boolean type", `{"languages":[{"language":"french","isPrimary":"true"}]}`, "/languages/0/isPrimary type.boolean"},
		{"null boolean", `{"languages":[{"language":"french","isPrimary":null}]}`, "/languages/0/isPrimary type.boolean"},
		{"answer number", `{"disabled":1}`, "/disabled type.answer"},
		{"answer text", `{"disabled":"maybe"}`, "/disabled type.answer"},
		{"answer true as text", `{"disabled":"true"}`, "/disabled type.answer"},
		{"answer in another case", `{"disabled":"PreferNotToSay"}`, "/disabled type.answer"},
		{"answer object", `{"marriageOrCivilPartnership":{"married":{}}}`, "/marriageOrCivilPartnership/married type.answer"},
		{"empty code", `{"nationality":""}`, "/nationality code.unknown"},
		{"long code", `{"nationality":"` + strings.Repeat("é", 501) + `","communicationRequirements":["` + strings.Repeat(" ", 500) + `BRAILLE"]}`,
			"/nationality too-long\n/communicationRequirements/0 too-long"},

		{"id form", `{"id":"45b919fa22b411ec96210242ac130002"}`, "/id id.form"},
		{"id urn", `{"id":"urn:uuid:` + id + `"}`, "/id id.form"},
		{"zero id", `{"targetId":"00000000-0000-0000-0000-000000000000"}`, "/targetId id.zero"},

		{"long text", `{"gender":{"genderValueIfOther":"` + strings.Repeat("é", 201) + `"}}`, "/gender/genderValueIfOther text.length"},
		{"control in text", `{"homeSituationIfOther":"a\u0000b"}`, "/homeSituationIfOther text.control"},
		{"line in text", `{"homeSituationIfOther":"a\nb"}`, "/homeSituationIfOther text.control"},

		{"no pregnancy date", `{"pregnancyOrMaternity":[{"pregnancyValidUntil":"2019-10-04"}]}`, "/pregnancyOrMaternity/0/pregnancyDate required"},
		{"null pregnancy date", `{"pregnancyOrMaternity":[{"pregnancyDate":null}]}`, "/pregnancyOrMaternity/0/pregnancyDate type.string"},
		{"no such day", `{"pregnancyOrMaternity":[{"pregnancyDate":"2017-02-29"}]}`, "/pregnancyOrMaternity/0/pregnancyDate date.form"},
		{"time", `{"pregnancyOrMaternity":[{"pregnancyDate":"2017-02-28T00:00:00Z"}]}`, "/pregnancyOrMaternity/0/pregnancyDate date.form"},
		{"too early", `{"pregnancyOrMaternity":[{"pregnancyDate":"1899-12-31"}]}`, "/pregnancyOrMaternity/0/pregnancyDate date.range"},
		{"too late", `{"pregnancyOrMaternity":[{"pregnancyDate":"2025-05-02"}]}`, "/pregnancyOrMaternity/0/pregnancyDate date.range"},
		{"valid until type", `{"pregnancyOrMaternity":[{"pregnancyDate":"2017-01-04","pregnancyValidUntil":7}]}`, "/pregnancyOrMaternity/0/pregnancyValidUntil type.string"},

		{"empty nino", `{"nationalInsuranceNumber":""}`, "/nationalInsuranceNumber nino.form"},
		{"nino suffix", `{"nationalInsuranceNumber":"QQ123456E"}`, "/nationalInsuranceNumber nino.form"},
		{"nino length", `{"nationalInsuranceNumber":"QQ1234567"}`, "/nationalInsuranceNumber nino.form"},
		{"nino of digits alone", `{"nationalInsuranceNumber":"123456"}`, "/nationalInsuranceNumber nino.form"},
		{"nino that is too long as sent", `{"nationalInsuranceNumber":"QQ 12 34 56 C` + strings.Repeat(" ", 8) + `"}`, "/nationalInsuranceNumber too-long"},
		{"nino letters", `{"nationalInsuranceNumber":"QΩ123456A"}`, "/nationalInsuranceNumber nino.form"},

		{"language twice", `{"languages":[{"language":"french","isPrimary":true},{"language":"french"}]}`, "/languages/1/language list.duplicate"},
		{"no primary beside others", `{"languages":[{"language":"french"}],"disabled":7}`, "/disabled type.answer\n/languages languages.one-primary"},
		{"two primaries", `{"languages":[{"language":"french","isPrimary":true},{"language":"english","isPrimary":true}]}`, "/languages/1/isPrimary languages.one-primary"},
		{"no language", `{"languages":[{"isPrimary":true}]}`, "/languages/0/language required"},
		{"many languages", `{"languages":[{"language":"code0","isPrimary":true}` + numbered(10, `,{"language":"codeN"}`) + `]}`, "/languages list.length" +
			numbered(10, "\n/languages/@/language code.unknown")},
		{"requirement twice", `{"communicationRequirements":["largePrint","braille","largePrint"]}`, "/communicationRequirements/2 list.duplicate"},
		{"requirement twice by alias", `{"communicationRequirements":["signLanguage","SIGNLANGUAGE"]}`, "/communicationRequirements/1 list.duplicate"},
		{"exclusive", `{"communicationRequirements":["largePrint","none"]}`, "/communicationRequirements/1 code.exclusive"},
		{"many requirements", `{"communicationRequirements":[` + strings.TrimPrefix(numbered(21, `,"codeN"`), ",") + `]}`, "/communicationRequirements list.length" +
			numbered(20, "\n/communicationRequirements/@ code.unknown")},

		{"a wrong type beside wrong codes", `{"nationality":"martian","disabled":7,"gender":{"genderValue":"zebra"},"ethnicity":{"ethnicGroupValue":"whitePolish"}}`,
			"/disabled type.answer\n/nationality code.unknown\n/gender/genderValue code.unknown"},
		{"syntax beside wrong codes", `{"nationality":"martian","disabled":7,"gender":}`, " json.syntax"},
		{"all at once", `{"nationality":1,"x":2,"gender":{"genderValue":[]},"disabled":3}`,
			"/nationality type.string\n/x json.unknown-member\n/gender/genderValue type.string\n/disabled type.answer"},
		{"syntax alone", `{"nationality":1,"x":2,}`, " json.syntax"},
		{"something after", `{} {}`, " json.syntax"},
		{"nothing", ``, " json.syntax"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := rules.DecodePatch([]byte(test.body), today)
			if got := failures(t, err); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestDecodePatchAccepts(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, body, want string }{
		{"nothing", `{}`, ``},
		{"null", `{"nationality":null,"gender":null,"languages":null,"disabled":null}`, ``},
		{"empty object and list", `{"gender":{},"languages":[],"communicationRequirements":[],"pregnancyOrMaternity":[]}`, ``},
		{"read-only members", `{"unrecognisedMembers":["x"],"person":{"a":[[[[[[1]]]]]]},"extended":null}`, ``},
		{"alias in any case", `{"gender":{"genderValue":"FEMALE"}}`, `"gender":{"genderValue":"f"}`},
		{"alias in lists", `{"communicationRequirements":["InterpreterRequired"]}`, `"communicationRequirements":["interpreterNeeded"]`},
		{"escapes", `{"natio\u006eality":"br\u0069tish"}`, `"nationality":"british"`},
		{"yes and no", `{"disabled":"YES","marriageOrCivilPartnership":{"married":"no"}}`, `"marriageOrCivilPartnership":{"married":false},"disabled":true`},
		{"prefer not to say", `{"disabled":"preferNotToSay"}`, `"disabled":"preferNotToSay"`},
		{"both true", `{"marriageOrCivilPartnership":{"married":true,"civilPartnership":true}}`, `"marriageOrCivilPartnership":{"married":true,"civilPartnership":true}`},
		{"text trimmed", `{"gender":{"genderValue":"o","genderValueIfOther":"  a b\n"}}`, `"gender":{"genderValue":"o","genderValueIfOther":"a b"}`},
		{"text of 200 after trimming", `{"homeSituation":"other","homeSituationIfOther":" ` + strings.Repeat("é", 200) + ` "}`,
			`"homeSituation":"other","homeSituationIfOther":"` + strings.Repeat("é", 200) + `"`},
		{"blank text", `{"homeSituation":"ownerOccupier","homeSituationIfOther":" "}`, `"homeSituation":"ownerOccupier","homeSituationIfOther":""`},
		{"code that takes text without it", `{"homeSituation":"other"}`, `"homeSituation":"other"`},
		{"nino without its last letter", `{"nationalInsuranceNumber":"qq 12 34 56 "}`, `"nationalInsuranceNumber":"QQ123456"`},
		{"nino of 20 characters", `{"nationalInsuranceNumber":"QQ 12 34 56 C` + strings.Repeat("\u00a0", 7) + `"}`, `"nationalInsuranceNumber":"QQ123456C"`},
		{"nino as written", `{"nationalInsuranceNumber":" ni 11\u00a011 11 a"}`, `"nationalInsuranceNumber":"NI111111A"`},
		{"first and last date", `{"pregnancyOrMaternity":[{"pregnancyDate":"1900-01-01"},{"pregnancyDate":"2025-05-01"}]}`,
			`"pregnancyOrMaternity":[{"pregnancyDate":"1900-01-01","pregnancyValidUntil":"1902-10-01"},{"pregnancyDate":"2025-05-01","pregnancyValidUntil":"2028-02-01"}]`},
		{"valid until ignored", `{"pregnancyOrMaternity":[{"pregnancyValidUntil":"soon","pregnancyDate":"2016-02-29"}]}`,
			`"pregnancyOrMaternity":[{"pregnancyDate":"2016-02-29","pregnancyValidUntil":"2018-11-29"}]`},
		{"primary absent is false", `{"languages":[{"language":"french"},{"isPrimary":true,"language":"english"}]}`,
			`"languages":[{"language":"french","isPrimary":false},{"language":"english","isPrimary":true}]`},
		{"exclusive alone", `{"communicationRequirements":["none"]}`, `"communicationRequirements":["none"]`},
		{"own identifiers in upper case", `{"id":"` + strings.ToUpper(id) + `","targetId":"` + strings.ToUpper(targetID) + `"}`, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := patched(t, stored(t, ""), test.body)
			if err != nil {
				t.Fatal(failures(t, err))
			}
			if want := document(test.want); string(got.Encode()) != want {
				t.Errorf("got\n%s\nwant\n%s", got.Encode(), want)
			}
		})
	}
}

func TestManyFailuresAreCounted(t *testing.T) {
	t.Parallel()
	_, err := newRules(t).DecodePatch([]byte(`{"first":0`+numbered(249, `,"memberN":1`)+`}`), today)
	var invalid *equality.InvalidError
	if !errors.As(err, &invalid) || len(invalid.Failures) != 100 || invalid.Omitted != 150 {
		t.Fatalf("got %d failures and %d omitted", len(invalid.Failures), invalid.Omitted)
	}
	if invalid.Error() != "equality: not valid, failures: 250" {
		t.Error(invalid.Error())
	}
}

// numbered repeats text n times, and replaces N with the numbers from 1, @ with
// those from 0.
func numbered(n int, text string) string {
	var all strings.Builder
	for i := range n {
		all.WriteString(strings.NewReplacer("N", strconv.Itoa(i+1), "@", strconv.Itoa(i)).Replace(text))
	}
	return all.String()
}

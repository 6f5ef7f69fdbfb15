package mmh_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/mmh"
)

// created decodes the members of a create and returns the record as a front end
// reads it, without ids, nulls and empty lists.
func created(t testing.TB, c *mmh.Codec, members string) (tree, error) {
	t.Helper()
	r, err := c.DecodeCreate([]byte(`{"targetId":"`+person+`"`+members+`}`), uuid.Nil, today)
	if err != nil {
		return nil, err
	}
	read := decode(t, string(c.Encode(&r)))
	delete(read, "id")
	delete(read, "targetId")
	for name, value := range read {
		if list, is := value.([]any); value == nil || is && len(list) == 0 {
			delete(read, name)
		}
	}
	return read, nil
}

func TestWhatIsReadOfABody(t *testing.T) {
	t.Parallel()
	c := newCodec(t, false)
	for _, test := range []struct{ sent, want string }{
		// Codes, in their spelling.
		{`"ageGroup":"eightyFiveandPlus"`, `"ageGroup":"eightyFiveandPlus"`},
		{`"ageGroup":"eightyFiveAndPlus"`, `"ageGroup":"eightyFiveandPlus"`},
		{`"armedForces":"aFormerMemberOfTheArmedForces"`, `"armedForces":"formerMemberOfTheArmedForces"`},
		{`"AGEGROUP":"underSixteen"`, `"ageGroup":"underSixteen"`},
		{`"ageGroup":""`, ``}, {`"ageGroup":null`, ``}, {`"ageGroup":" "`, ``},
		{`"nationality":"of the world"`, `"nationality":"of the world"`},
		{`"nationality":"\u0062ritish"`, `"nationality":"british"`},
		// Ignored members.
		{`"id":[],"versionNumber":"x","etag":{"a":[1]},"unknown":[{"languages":1e999}]`, ``},
		{`"gender":{"unknown":1}`, ``},
		// Answers.
		{`"disabled":"YES"`, `"disabled":"yes"`}, {`"disabled":true`, `"disabled":"yes"`}, {`"disabled":false`, `"disabled":"no"`},
		{`"disabled":"prefernottosay"`, `"disabled":"preferNotToSay"`}, {`"disabled":""`, ``},
		{`"marriageOrCivilPartnership":{"married":true}`, `"marriageOrCivilPartnership":{"married":"yes","civilPartnership":null}`},
		// Texts with codes.
		{`"gender":{"genderValue":"o","genderValueIfOther":" a\nb "}`, `"gender":{"genderValue":"o","genderValueIfOther":"a b","genderDifferentToBirthSex":null}`},
		{`"gender":{"genderValue":"m","genderValueIfOther":"a"}`, `"gender":{"genderValue":"m","genderValueIfOther":null,"genderDifferentToBirthSex":null}`},
		{`"gender":{"genderValueIfOther":"a"}`, ``},
		{`"ethnicity":{"ethnicGroupValue":"martian","ethnicGroupValueIfOther":"a"}`, `"ethnicity":{"ethnicGroupValue":"martian","ethnicGroupValueIfOther":"a"}`},
		{`"homeSituation":{"homeSituationValue":"ownerOccupier","homeSituationValueIfOther":"a"}`, `"homeSituation":{"homeSituationValue":"ownerOccupier","homeSituationValueIfOther":null}`},
		{`"economicSituation":{"economicSituationValue":"other","economicSituationValueIfOther":"a"}`, `"economicSituation":{"economicSituationValue":"other","economicSituationValueIfOther":"a"}`},
		// Hours without care.
		{`"caringResponsibilities":{"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}`, ``},
		{`"caringResponsibilities":{"hoursSpentProvidingUnpaidCare":"fiveToNineHours","provideUnpaidCare":"no"}`, `"caringResponsibilities":{"provideUnpaidCare":"no","hoursSpentProvidingUnpaidCare":null}`},
		{`"caringResponsibilities":{"hoursSpentProvidingUnpaidCare":"fiveToNineHours","provideUnpaidCare":"yes"}`, `"caringResponsibilities":{"provideUnpaidCare":"yes","hoursSpentProvidingUnpaidCare":"fiveToNineHours"}`},
		// Dates, or instants as their day in London.
		{`"pregnancyOrMaternity":[{"pregnancyDate":"2016-02-29"}]`, `"pregnancyOrMaternity":[{"pregnancyDate":"2016-02-29","pregnancyValidUntil":"2018-11-29"}]`},
		{`"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-05T00:00:00.000Z","pregnancyValidUntil":"nonsense"}]`, `"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-05","pregnancyValidUntil":"2018-02-05"}]`},
		{`"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-05T23:00:00Z"}]`, `"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-06","pregnancyValidUntil":"2018-02-06"}]`},
		{`"pregnancyOrMaternity":[{"pregnancyDate":"2015-12-31T23:59:59Z"}]`, `"pregnancyOrMaternity":[{"pregnancyDate":"2015-12-31","pregnancyValidUntil":"2018-09-30"}]`},
		{`"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-05T23:59:59"}]`, `"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-05","pregnancyValidUntil":"2018-02-05"}]`},
		{`"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-05T23:30Z"},{"pregnancyDate":"2015-05-05T23:30"}]`, `"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-06","pregnancyValidUntil":"2018-02-06"},{"pregnancyDate":"2015-05-05","pregnancyValidUntil":"2018-02-05"}]`},
		{`"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-05T00:30:00+05:00"}]`, `"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-04","pregnancyValidUntil":"2018-02-04"}]`},
		{`"pregnancyOrMaternity":[{"pregnancyDate":""},{"pregnancyValidUntil":null},{}]`, ``}, {`"pregnancyOrMaternity":[]`, ``},
		// Languages.
		{`"languages":[{"language":"english"},{"language":"english","isPrimary":true},{"language":"french","isPrimary":null}]`, `"languages":[{"language":"english","isPrimary":true},{"language":"french","isPrimary":false}]`},
		{`"languages":[{"language":"","isPrimary":true}]`, ``}, {`"languages":[]`, ``},
		{`"languages":[{"language":"indian","isPrimary":true}]`, `"languages":[{"language":"indian","isPrimary":true}]`},
		// Requirements.
		{`"communicationRequirements":["InterpreterRequired","interpreterNeeded","<3 ring & wait",""]`, `"communicationRequirements":["interpreterNeeded","<3 ring & wait"]`},
		// Only ASCII letters begin markup.
		{`"communicationRequirements":["<é","a < b","<","&","<ſ"]`, `"communicationRequirements":["<é","a < b","<","&","<ſ"]`},
		// No value has control characters.
		{`"communicationRequirements":["ring\r\ntwice\u0085"],"nationality":"of\tnowhere"`, `"communicationRequirements":["ring  twice "],"nationality":"of nowhere"`},
		{`"nationalInsuranceNumber":"aa\t000000a"`, `"nationalInsuranceNumber":"aa 000000a"`},
		// Our labels, in any case.
		{`"nationality":"British","ageGroup":"UNDER 16","communicationRequirements":["BRAILLE"],"languages":[{"language":"English","isPrimary":true}]`,
			`"nationality":"british","ageGroup":"underSixteen","communicationRequirements":["braille"],"languages":[{"language":"english","isPrimary":true}]`},
		{`"disabled":"Prefer not to say"`, `"disabled":"preferNotToSay"`},
		// The longest values that are kept.
		{`"nationality":"` + strings.Repeat("é", 500) + `"`, `"nationality":"` + strings.Repeat("é", 500) + `"`},
		{`"nationalInsuranceNumber":"AA000000A` + strings.Repeat(" ", 11) + `"`, `"nationalInsuranceNumber":"AA000000A` + strings.Repeat(" ", 11) + `"`},
		// A National Insurance number without its last letter.
		{`"nationalInsuranceNumber":"AA000000 "`, `"nationalInsuranceNumber":"AA000000 "`}, {`"nationalInsuranceNumber":"aa000000"`, `"nationalInsuranceNumber":"aa000000"`},
		{`"communicationRequirements":["none","largePrint"]`, `"communicationRequirements":["largePrint"]`},
		{`"communicationRequirements":["preferNotToSay","none"]`, `"communicationRequirements":["preferNotToSay"]`},
		// A National Insurance number is read as it was sent.
		{`"nationalInsuranceNumber":" aa 00 00 00 a"`, `"nationalInsuranceNumber":" aa 00 00 00 a"`}, {`"nationalInsuranceNumber":""`, ``},
	} {
		got, err := created(t, c, ","+test.sent)
		if err != nil {
			t.Errorf("%s: %v", test.sent, told(err))
			continue
		}
		if d := cmp.Diff(decode(t, "{"+test.want+"}"), got); d != "" {
			t.Errorf("%s: %s", test.sent, d)
		}
	}
}

// told returns an error's failures as "pointer code" lines.
func told(err error) string {
	var invalid *equality.InvalidError
	if !errors.As(err, &invalid) {
		return ""
	}
	var lines []string
	for _, f := range invalid.Failures {
		lines = append(lines, f.Pointer+" "+f.Code)
	}
	return strings.Join(lines, "\n")
}

func TestWhatIsRefusedOfABody(t *testing.T) {
	t.Parallel()
	c := newCodec(t, false)
	for _, test := range []struct{ sent, want string }{
		{`"disabled":"perhaps"`, "/disabled code.unknown"},
		{`"gender":{"genderValueIfOther":"` + strings.Repeat("a", 201) + `","genderValue":"o"}`, "/gender/genderValueIfOther text.length"},
		{`"pregnancyOrMaternity":[{"pregnancyDate":"2015-02-30"}]`, "/pregnancyOrMaternity/0/pregnancyDate date.form"},
		{`"pregnancyOrMaternity":[{"pregnancyDate":"05/05/2015"}]`, "/pregnancyOrMaternity/0/pregnancyDate date.form"},
		{`"pregnancyOrMaternity":[{"pregnancyDate":"1899-12-31"},{"pregnancyDate":"2027-11-24"}]`, "/pregnancyOrMaternity/0/pregnancyDate date.range\n/pregnancyOrMaternity/1/pregnancyDate date.range"},
		{`"languages":[{"language":"english","isPrimary":true},{"language":"french","isPrimary":true}]`, "/languages W24"},
		{`"languages":[{"language":"english"}]`, "/languages W24"},
		{`"communicationRequirements":["` + strings.Join(strings.Split(strings.Repeat("a", 21), ""), `1","`) + `"]`, ""}, // repeated
		{`"communicationRequirements":[` + numbered(21) + `]`, "/communicationRequirements list.length"},
		{`"nationalInsuranceNumber":"BG000000A"`, "/nationalInsuranceNumber NationalInsuranceNumberValidator"},
		{`"nationalInsuranceNumber":"AO000000A"`, "/nationalInsuranceNumber NationalInsuranceNumberValidator"},
		{`"nationalInsuranceNumber":"DA000000A"`, "/nationalInsuranceNumber NationalInsuranceNumberValidator"},
		{`"nationalInsuranceNumber":"AA000000E"`, "/nationalInsuranceNumber NationalInsuranceNumberValidator"},
		// All of one member's failures.
		{`"nationalInsuranceNumber":"<script>"`, "/nationalInsuranceNumber NationalInsuranceNumberValidator\n/nationalInsuranceNumber W42"},
		{`"disabled":"<b>perhaps"`, "/disabled code.unknown\n/disabled W42"},
		// Bounds of what is kept.
		{`"nationality":"` + strings.Repeat("é", 501) + `"`, "/nationality too-long"},
		{`"gender":{"genderValue":"` + strings.Repeat("x", 501) + `"}`, "/gender/genderValue too-long"},
		{`"languages":[{"language":"` + strings.Repeat("x", 501) + `","isPrimary":true}]`, "/languages/0/language too-long"},
		{`"communicationRequirements":["braille","` + strings.Repeat("x", 501) + `"]`, "/communicationRequirements/1 too-long"},
		{`"homeSituation":{"homeSituationValue":"` + strings.Repeat("x", 501) + `"}`, "/homeSituation/homeSituationValue too-long"},
		{`"caringResponsibilities":{"provideUnpaidCare":"yes","hoursSpentProvidingUnpaidCare":"` + strings.Repeat("x", 501) + `"}`,
			"/caringResponsibilities/hoursSpentProvidingUnpaidCare too-long"},
		{`"nationalInsuranceNumber":"AA000000A` + strings.Repeat(" ", 12) + `"`, "/nationalInsuranceNumber too-long"},
		{`"pregnancyOrMaternity":[` + strings.TrimPrefix(strings.Repeat(`,{"pregnancyDate":"2017-01-04"}`, 21), ",") + `]`, "/pregnancyOrMaternity too-long"},
		{`"gender":{},"Gender":{}`, "/gender json.duplicate-member"},
		{`"gender":{},"gender":{}`, " json.duplicate-member"},
		{`"unknown":{"a":1,"a":2}`, " json.duplicate-member"},
		{`"languages":` + strings.Repeat("[", 20_000), " json.syntax"},
		{`"unknown":` + strings.Repeat(`{"a":`, 10_000), " json.syntax"},
		{`"disabled":` + strings.Repeat("9", 10_000), "/disabled type.string"},
		{`"disabled":tru`, " json.syntax"}, {`"disabled":"\ud800"`, " json.syntax"}, {"\"disabled\":\"\xff\"", " json.syntax"},
		{`}{`, " json.syntax"}, {`},`, " json.syntax"},
	} {
		_, err := created(t, c, ","+test.sent)
		if got := told(err); got != test.want {
			t.Errorf("%.80s: got %q, want %q", test.sent, got, test.want)
		}
	}
	for body, want := range map[string]string{
		"": " json.syntax", "null": " type.object", "[]": " type.object", `"x"`: " type.object", "{}": "/targetId NotEqualValidator",
		`{"targetId":"1"}`: "/targetId id.form", `{"targetId":"{` + person + `}"}`: "/targetId id.form", `{"targetId":1}`: "/targetId type.string",
		`{"targetId":null}`: "/targetId NotEqualValidator", `{"targetId":""}`: "/targetId NotEqualValidator",
	} {
		if _, err := c.DecodeCreate([]byte(body), uuid.Nil, today); told(err) != want {
			t.Errorf("%s: %s", body, told(err))
		}
	}
}

func numbered(n int) string {
	var texts []string
	for i := range n {
		texts = append(texts, `"text `+strings.Repeat("i", i+1)+`"`)
	}
	return strings.Join(texts, ",")
}

// TestCodesThatNoListHas checks that unknown codes are refused or kept, and that
// stored ones can stay.
func TestCodesThatNoListHas(t *testing.T) {
	t.Parallel()
	const sent = `,"ageGroup":"old","gender":{"genderValue":"x"},"languages":[{"language":"indian","isPrimary":true}],` +
		`"communicationRequirements":["largePrint","ring twice"],"homeSituation":{"homeSituationValue":"boat"},"ethnicity":{"ethnicGroupValue":"whiteTurkish"}`
	_, err := created(t, newCodec(t, true), sent)
	want := "/ageGroup code.unknown\n/gender/genderValue code.unknown\n/ethnicity/ethnicGroupValue code.retired\n/languages/0/language code.unknown\n" +
		"/communicationRequirements/1 code.unknown\n/homeSituation code.unknown"
	if told(err) != want {
		t.Errorf("strict: %s", told(err))
	}
	got, err := created(t, newCodec(t, false), sent)
	if err != nil || got["ageGroup"] != "old" || got["homeSituation"].(tree)["homeSituationValue"] != "boat" {
		t.Errorf("recorded: %v %v", got, err)
	}
}

// everywhere are bodies that have a value as each member in turn.
var everywhere = []string{
	`"targetId":%`, `"ageGroup":%`, `"gender":%`, `"gender":{"genderValue":%}`, `"gender":{"genderValue":"o","genderValueIfOther":%}`,
	`"gender":{"genderDifferentToBirthSex":%}`, `"nationality":%`, `"ethnicity":%`, `"ethnicity":{"ethnicGroupValue":%}`,
	`"ethnicity":{"ethnicGroupValue":"other","ethnicGroupValueIfOther":%}`, `"religionOrBelief":%`, `"religionOrBelief":{"religionOrBeliefValue":%}`,
	`"religionOrBelief":{"religionOrBeliefValue":"other","religionOrBeliefValueIfOther":%}`, `"sexualOrientation":%`,
	`"sexualOrientation":{"sexualOrientationValue":%}`, `"sexualOrientation":{"sexualOrientationValue":"other","sexualOrientationValueIfOther":%}`,
	`"marriageOrCivilPartnership":%`, `"marriageOrCivilPartnership":{"married":%}`, `"marriageOrCivilPartnership":{"civilPartnership":%}`,
	`"pregnancyOrMaternity":%`, `"pregnancyOrMaternity":[%]`, `"pregnancyOrMaternity":[{"pregnancyDate":%}]`,
	`"pregnancyOrMaternity":[{"pregnancyValidUntil":%}]`, `"nationalInsuranceNumber":%`, `"languages":%`, `"languages":[%]`,
	`"languages":[{"language":%,"isPrimary":true}]`, `"languages":[{"language":"english","isPrimary":%}]`, `"caringResponsibilities":%`,
	`"caringResponsibilities":{"provideUnpaidCare":%}`, `"caringResponsibilities":{"provideUnpaidCare":"yes","hoursSpentProvidingUnpaidCare":%}`,
	`"disabled":%`, `"communicationRequirements":%`, `"communicationRequirements":[%]`, `"economicSituation":%`,
	`"economicSituation":{"economicSituationValue":%}`, `"economicSituation":{"economicSituationValue":"other","economicSituationValueIfOther":%}`,
	`"homeSituation":%`, `"homeSituation":{"homeSituationValue":%}`, `"homeSituation":{"homeSituationValue":"other","homeSituationValueIfOther":%}`, `"armedForces":%`,
}

// TestEveryMemberHasItsRefusals sends a wrong value as each member: the response
// is 400, in the envelope, and does not repeat the value.
func TestEveryMemberHasItsRefusals(t *testing.T) {
	t.Parallel()
	for _, b := range []both{setup(t), setup(t, strict(t))} {
		for _, place := range everywhere {
			for _, value := range []string{
				`9876543210`, `1e400`, `[["xMARKx"]]`, `[1]`, `{"xMARKx":`, `"xMARKx<script>"`, `"a &#MARK"`, `xMARKx`,
			} {
				body := "{" + strings.ReplaceAll(place, "%", value) + "}"
				for _, w := range []struct{ method, path string }{{"POST", records}, {"PATCH", records + "/" + person}} {
					answer := b.ask(w.method, w.path, body, ifMatch(`"0"`))
					text := wants(t, answer, 400)
					var envelope struct {
						Title, TraceID string
						Status         int
						Errors         map[string][]string
					}
					if err := json.Unmarshal([]byte(text), &envelope); err != nil || envelope.Status != 400 || len(envelope.Errors) == 0 ||
						envelope.TraceID != correlation.String() || envelope.Title != "One or more validation errors occurred." {
						t.Errorf("%s %s: %s", w.method, body, text)
					}
					if strings.Contains(text, "MARK") || strings.Contains(text, "9876543210") {
						t.Errorf("%s %s: the answer holds what was sent: %s", w.method, body, text)
					}
				}
			}
		}
	}
}

// TestNoFailureHoldsAValue puts a marker into bodies that are cut, nested and
// combined at random.
func TestNoFailureHoldsAValue(t *testing.T) {
	t.Parallel()
	codecs := []*mmh.Codec{newCodec(t, true), newCodec(t, false)}
	values := rapid.SampledFrom([]string{
		`"xMARKx"`, `"xMARKx<b"`, `["xMARKx"]`, `{"xMARKx":"xMARKx"}`, `[{"language":"xMARKx","isPrimary":"xMARKx"}]`, `[{"pregnancyDate":"xMARKx"}]`,
		`xMARKx`, `"\ud800MARK"`, "\"\xffMARK\"", `null`, `[null]`, `[{}]`, `"` + strings.Repeat("xMARKx", 60) + `"`, strings.Repeat("[", 100),
	})
	rapid.Check(t, func(t *rapid.T) {
		var parts []string
		for range rapid.IntRange(1, 5).Draw(t, "members") {
			parts = append(parts, strings.ReplaceAll(rapid.SampledFrom(everywhere).Draw(t, "place"), "%", values.Draw(t, "value")))
		}
		body := []byte("{" + strings.Join(parts, ", ") + "}")
		if rapid.IntRange(0, 3).Draw(t, "cut") == 0 {
			body = body[:rapid.IntRange(0, len(body)).Draw(t, "length")]
		}
		for _, c := range codecs {
			_, created := c.DecodeCreate(body, uuid.Nil, today)
			_, patched := c.DecodePatch(body, today)
			for _, err := range []error{created, patched} {
				var invalid *equality.InvalidError
				if err != nil && !errors.As(err, &invalid) {
					t.Fatalf("%T %v", err, err)
				}
				for _, f := range invalidFailures(invalid) {
					if strings.Contains(f.Pointer+f.Code+f.Message, "MARK") {
						t.Errorf("%+v holds what was sent in %s", f, body)
					}
				}
			}
		}
	})
}

func invalidFailures(e *equality.InvalidError) []equality.Failure {
	if e == nil {
		return nil
	}
	return e.Failures
}

// FuzzDecode checks that nothing panics, and that a record can be sent back.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(full))
	for _, place := range everywhere {
		for _, value := range []string{`"a"`, `null`, `[null]`, `{}`, `1`, `"2015-05-05T00:00:00Z"`} {
			f.Add([]byte(`{"targetId":"` + person + `",` + strings.ReplaceAll(place, "%", value) + `}`))
		}
	}
	c := newCodec(f, false)
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := c.DecodePatch(body, today); err == nil {
			once := p.Apply(equality.Record{})
			if d := equality.Diff(once, p.Apply(once)); d != nil {
				t.Errorf("applied twice it changes %v", d)
			}
		}
		r, err := c.DecodeCreate(body, uuid.Nil, today)
		if err != nil {
			return
		}
		read := c.Encode(&r)
		again, err := c.DecodeCreate(read, uuid.Nil, today)
		if err != nil {
			t.Fatalf("%s is refused when it is sent back: %s", read, told(err))
		}
		if back := c.Encode(&again); string(back) != string(read) {
			t.Errorf("sent %s\nread %s", read, back)
		}
	})
}

package mmh_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"equality-information-api/internal/equality"
)

const ids = `"targetId":{"S":"` + person + `"},"id":{"S":"` + another + `"}`

func item(members string) string { return `{"Item":{` + ids + members + `}}` }

func TestDecodeItem(t *testing.T) {
	t.Parallel()
	c := newCodec(t, true) // recorded all the same
	for _, test := range []struct {
		members, want string
		version       int64
	}{
		{``, ``, 0},
		{`,"versionNumber":{"N":"7"}`, ``, 7},
		{`,"versionNumber":{"NULL":true}`, ``, 0},
		{`,"nationality":{"NULL":true},"gender":{"NULL":true},"languages":{"L":[]},"communicationRequirements":{"L":[]},"disabled":{"S":""}`, ``, 0},
		{`,"gender":{"M":{"genderValue":{"S":"m"},"genderValueIfOther":{"NULL":true},"genderDifferentToBirthSex":{"NULL":true}}}`, `"gender":{"genderValue":"m"}`, 0},
		{`,"nationality":{"S":"of the world"}`, `"nationality":"of the world"`, 0},
		{`,"nationalInsuranceNumber":{"S":"qq 12 34 56 c"}`, `"nationalInsuranceNumber":"QQ123456C"`, 0},
		{`,"communicationRequirements":{"L":[{"S":"Please <call> &#1"},{"NULL":true},{"S":"SignLanguage"}]}`, `"communicationRequirements":["Please <call> &#1","signLanguage"]`, 0},
		{`,"communicationRequirements":{"SS":["largePrint"]}`, `"communicationRequirements":["largePrint"]`, 0},
		{`,"disabled":{"BOOL":true},"marriageOrCivilPartnership":{"M":{"married":{"S":"False"},"civilPartnership":{"N":"1"}}}`, `"marriageOrCivilPartnership":{"married":false,"civilPartnership":true},"disabled":true`, 0},
		{`,"disabled":{"S":"Prefer not to say"}`, `"disabled":"preferNotToSay"`, 0},
		{`,"pregnancyOrMaternity":{"L":[{"M":{"pregnancyDate":{"S":"2015-05-05T00:00:00.000Z"},"pregnancyValidUntil":{"S":"2018-02-05"}}},{"M":{"pregnancyDate":{"NULL":true}}}]}`, `"pregnancyOrMaternity":[{"pregnancyDate":"2015-05-05","pregnancyValidUntil":"2018-02-05"}]`, 0},
		{`,"languages":{"L":[{"M":{"language":{"S":"english"},"isPrimary":{"BOOL":true}}},{"M":{"language":{"S":"indian"},"isPrimary":{"BOOL":false}}}]}`, `"languages":[{"language":"english","isPrimary":true},{"language":"indian","isPrimary":false}]`, 0},
		{`,"economicSituation":{"M":{"economicSituationValue":{"S":"retired"},"economicSituationValueIfOther":{"NULL":true}}},"homeSituation":{"S":"ownerOccupier"}`, `"economicSituation":"retired","homeSituation":"ownerOccupier"`, 0},
		{`,"caringResponsibilities":{"M":{"provideUnpaidCare":{"S":"Y"},"hoursSpentProvidingUnpaidCare":{"S":"fiveToNineHours"}}}`, `"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}`, 0},
		{`,"unknown":{"M":{"a":{"L":[{"N":"1.5e3"}]}}}`, ``, 0},
	} {
		got, err := c.DecodeItem([]byte(item(test.members)), today)
		if err != nil {
			t.Errorf("%s: %s", test.members, told(err))
			continue
		}
		want := `{"id":"` + another + `","targetId":"` + person + `",` + test.want + `}`
		if text := strings.Replace(want, ",}", "}", 1); string(got.Record.Encode()) != text || got.Version != test.version {
			t.Errorf("%s: version %d, %s\nwant %s", test.members, got.Version, got.Record.Encode(), text)
		}
	}
	got, err := c.DecodeItem([]byte(item(`,"nationalInsuranceNumber":{"S":"qq 12 34 56 c"}`)), today)
	if err != nil || got.Record.NINOAsSent != "qq 12 34 56 c" {
		t.Errorf("the number is not kept as it was sent: %v", err)
	}
}

// Only what is no item, or does not say whose record it is, is refused.
func TestItemsThatAreRefused(t *testing.T) {
	t.Parallel()
	c := newCodec(t, false)
	for line, want := range map[string]string{
		``: " item.form", `{}`: " item.form", `null`: " item.form", `{"Item":[]}`: " item.form", `{"zebra":{"S":"x"}}`: " item.form",
		`{"Item":{}}`:                                                        "/targetId required",
		`{"id":{"S":"` + another + `"}}`:                                     "/targetId required",
		`{"Item":{"targetId":{"B":"AAEC"}}}`:                                 "/targetId type.string",
		`{"Item":{"targetId":{"S":"xMARKx"}}}`:                               "/targetId id.form",
		item(`,"TargetId":{"S":"` + person + `"}`):                           "/targetId json.duplicate-member",
		item(``) + item(``):                                                  " item.form",
		item(`,"a":` + strings.Repeat(`{"L":[`, 10_000)):                     " item.form",
		`{"Item":{"targetId":{"S":"00000000-0000-0000-0000-000000000000"}}}`: "/targetId NotEqualValidator",
	} {
		_, err := c.DecodeItem([]byte(line), today)
		if told(err) != want {
			t.Errorf("%.90s: got %q, want %q", line, told(err), want)
			continue
		}
		for _, f := range err.(*equality.InvalidError).Failures {
			if strings.Contains(f.Message, "MARK") || f.Message == "" {
				t.Errorf("%+v", f)
			}
		}
	}
}

// A person is never lost over one side field: its value is kept or dropped, and
// is a finding.
func TestSideFieldsOfItemsAreFindings(t *testing.T) {
	t.Parallel()
	c := newCodec(t, true)
	many := func(n int, element string) string {
		var list []string
		for i := range n {
			list = append(list, strings.ReplaceAll(element, "#", string(rune('a'+i))))
		}
		return `{"L":[` + strings.Join(list, ",") + `]}`
	}
	long := strings.Repeat("😀", equality.MaxCode)
	languages := many(11, `{"M":{"language":{"S":"x#"},"isPrimary":{"BOOL":false}}}`)
	const kept, dropped = " kept", " dropped"
	for members, want := range map[string]struct {
		found string
		has   string // in the front ends' form
	}{
		`,"nationality":{"S":"of the world"}`:                               {"/nationality code.unknown" + kept, `"nationality":"of the world"`},
		`,"communicationRequirements":{"L":[{"S":"Ring"},{"S":"braille"}]}`: {"/communicationRequirements/0 code.unknown" + kept, `["Ring","braille"]`},
		`,"versionNumber":{"N":"9007199254740992"}`:                         {"/versionNumber item.version" + dropped, ""},
		`,"versionNumber":{"N":"three"}`:                                    {"/versionNumber item.version" + dropped, ""},
		`,"versionNumber":{"N":"-1"}`:                                       {"/versionNumber item.version" + dropped, ""},
		`,"versionNumber":{"M":{}}`:                                         {"/versionNumber item.version" + dropped, ""},
		`,"disabled":{"S":"perhaps"}`:                                       {"/disabled code.unknown" + dropped, `"disabled":null`},
		`,"gender":{"S":"m"}`:                                               {"/gender type.object" + dropped, `"gender":null`},
		`,"gender":{"B":"AAEC"}`:                                            {"/gender type.object" + dropped, `"gender":null`},
		`,"gender":{}`:                                                      {"/gender type.object" + dropped, `"gender":null`},
		`,"gender":{"S":"m","N":"1"}`:                                       {"/gender type.object" + dropped, `"gender":null`},
		`,"gender":"m"`:                                                     {"/gender type.object" + dropped, `"gender":null`},
		`,"gender":{"M":{"genderValue":{"BS":["AAEC"]},"genderDifferentToBirthSex":{"S":"no"}}}`: {"/gender/genderValue type.string" + dropped, `"genderDifferentToBirthSex":"no"`},
		`,"disabled":{"B":"AAEC"}`:                                                                                                                      {"/disabled type.string" + dropped, `"disabled":null`},
		`,"communicationRequirements":{"NS":["1"]}`:                                                                                                     {"/communicationRequirements/0 type.string" + dropped, `"communicationRequirements":`},
		`,"homeSituation":{"S":"retired"},"HomeSituation":{"S":"other"}`:                                                                                {"/homeSituation code.unknown" + kept + "|/homeSituation json.duplicate-member" + dropped, `"homeSituationValue":"retired"`},
		`,"nationalInsuranceNumber":{"S":"not known"},"disabled":{"S":"yes"}`:                                                                           {"/nationalInsuranceNumber NationalInsuranceNumberValidator" + dropped, `"disabled":"yes"`},
		`,"pregnancyOrMaternity":{"L":[{"M":{"pregnancyDate":{"S":"long ago"}}},{"M":{"pregnancyDate":{"S":"2020-01-04"}}}]}`:                           {"/pregnancyOrMaternity/0/pregnancyDate date.form" + dropped, `"pregnancyDate":"2020-01-04"`},
		`,"pregnancyOrMaternity":{"L":[{"M":{"pregnancyDate":{"S":"1830-01-04"}}}]}`:                                                                    {"/pregnancyOrMaternity/0/pregnancyDate date.range" + dropped, `"pregnancyOrMaternity":`},
		`,"gender":{"M":{"genderValue":{"S":"o"},"genderValueIfOther":{"S":"` + strings.Repeat("x", 201) + `"}}}`:                                       {"/gender/genderValueIfOther text.length" + dropped, `"genderValue":"o"`},
		`,"languages":{"L":[{"M":{"language":{"S":"french"}}}]}`:                                                                                        {"/languages W24" + kept, `[{"language":"french","isPrimary":false}]`},
		`,"languages":{"L":[{"M":{"language":{"S":"french"},"isPrimary":{"S":"maybe"}}},{"M":{"language":{"S":"english"},"isPrimary":{"BOOL":true}}}]}`: {"/languages/0/isPrimary code.unknown" + dropped, `{"language":"english","isPrimary":true}`},
		`,"languages":{"L":[{"M":{"language":{"S":"french"},"isPrimary":{"BOOL":true}}},{"M":{"language":{"S":"english"},"isPrimary":{"BOOL":true}}}]}`: {"/languages W24" + dropped, `[{"language":"french","isPrimary":true},{"language":"english","isPrimary":false}]`},
		`,"nationality":{"S":"` + long + `x"},"disabled":{"S":"yes"}`:                                                                                   {"/nationality too-long" + dropped, `"disabled":"yes"`},
		`,"nationalInsuranceNumber":{"S":"QQ123456 "}`:                                                                                                  {"", `"QQ123456 "`},
		`,"nationalInsuranceNumber":{"S":"QQ123456C` + strings.Repeat(" ", 65_000) + `"}`:                                                               {"/nationalInsuranceNumber too-long" + dropped, `"nationalInsuranceNumber":"QQ123456C"`},
		`,"pregnancyOrMaternity":{"L":[` + strings.Repeat(`{"M":{"pregnancyDate":{"S":"2020-01-04"}}},`, 20) + `{"M":{"pregnancyDate":{"S":"2021-01-04"}}}]}`: {
			"/pregnancyOrMaternity too-long" + dropped, `"pregnancyDate":"2020-01-04"`},
		`,"disabled":{"S":"yes"},"ageGroup":{"S":"` + long + `"},"nationality":{"S":"` + long + `"},"communicationRequirements":` + many(20, `{"S":"`+"xa"+long[12:]+`#"}`) + `,"languages":` +
			strings.Replace(many(10, `{"M":{"language":{"S":"`+long[4:]+`#"},"isPrimary":{"BOOL":false}}}`), "false", "true", 1): {"/communicationRequirements too-long" + dropped, `"disabled":"yes"`},
		`,"communicationRequirements":` + many(21, `{"S":"x#"}`):                                                               {"/communicationRequirements list.length" + dropped, `"xt"]`},
		`,"languages":` + strings.Replace(languages, `"xk"},"isPrimary":{"BOOL":false}`, `"xk"},"isPrimary":{"BOOL":true}`, 1): {"/languages W25" + dropped, `{"language":"xi","isPrimary":false},{"language":"xk","isPrimary":true}]`},
	} {
		got, err := c.DecodeItem([]byte(item(members)), today)
		if err != nil {
			t.Errorf("%s: %s", members, told(err))
			continue
		}
		var found []string
		for _, f := range got.Findings {
			if f.Code != equality.CodeUnknown || !strings.Contains(members, `"xa`) { // one for each element
				found = append(found, f.Pointer+" "+f.Code+map[bool]string{true: kept, false: dropped}[f.Kept])
			}
		}
		if d := cmp.Diff(want.found, strings.Join(found, "|")); d != "" {
			t.Errorf("%s: %s", members, d)
		}
		if text := string(c.Encode(&got.Record)); !strings.Contains(text, want.has) || got.Record.TargetID.String() != person || got.Version != 0 {
			t.Errorf("%s: version %d, %s", members, got.Version, text)
		}
	}
	for _, line := range []string{
		`{"Item":{"targetId":{"S":"` + person + `"},"id":{"S":"xMARKx"}}}`,
		`{"Item":{"targetId":{"S":"` + person + `"},"id":{"S":"00000000-0000-0000-0000-000000000000"}}}`,
	} {
		got, err := c.DecodeItem([]byte(line), today)
		if err != nil || len(got.Findings) != 1 || got.Findings[0] != (equality.Finding{Pointer: "/id", Code: equality.IDForm}) {
			t.Errorf("%s: %v, %+v", line, err, got.Findings)
		}
	}
}

// What no record has is passed over, and an item needs no wrapper.
func TestWhatIsPassedOverInItemsIsNotJudged(t *testing.T) {
	t.Parallel()
	c := newCodec(t, false)
	for _, value := range []string{
		`{"B":"AAEC"}`, `{"BS":["AAEC"]}`, `{"NS":["1","x"]}`, `{"N":"zebra"}`, `{"S":1}`, `{}`, `7`, `[{"Q":1}]`, `{"S":"a","N":"1"}`, `{"M":{"x":{"B":"AA=="}}}`,
	} {
		for _, line := range []string{item(`,"legacyBlob":` + value), `{"legacyBlob":` + value + `,` + ids + `}`, `{"Metadata":` + value + `,` + item("")[1:]} {
			got, err := c.DecodeItem([]byte(line), today)
			if err != nil || len(got.Findings) > 0 || got.Record.ID.String() != another || got.Record.TargetID.String() != person {
				t.Errorf("%s: %s, %+v", line, told(err), got)
			}
		}
	}
}

// Yes and no are read alike in every member.
func TestYesAndNoOfItemsHaveOneReader(t *testing.T) {
	t.Parallel()
	c := newCodec(t, false)
	for value, yes := range map[string]bool{
		`{"N":"1"}`: true, `{"N":"0"}`: false, `{"BOOL":true}`: true, `{"BOOL":false}`: false, `{"S":"Y"}`: true, `{"S":"no"}`: false, `{"S":"True"}`: true,
	} {
		got, err := c.DecodeItem([]byte(item(`,"disabled":`+value+`,"marriageOrCivilPartnership":{"M":{"married":`+value+`}},
			"languages":{"L":[{"M":{"language":{"S":"french"},"isPrimary":`+value+`}}]}`)), today)
		want := map[bool]equality.Answer{true: equality.Yes, false: equality.No}[yes]
		if err != nil || got.Record.Disabled != want || got.Record.MarriageOrCivilPartnership.Married != want || got.Record.Languages[0].IsPrimary != yes {
			t.Errorf("%s: %s, %+v", value, told(err), got)
		}
	}
}

// FuzzDecodeItem checks that nothing panics, and that the record is valid.
func FuzzDecodeItem(f *testing.F) {
	f.Add([]byte(item(`,"gender":{"M":{"genderValue":{"S":"m"}}},"versionNumber":{"N":"3"},"languages":{"L":[{"M":{"language":{"S":"english"},"isPrimary":{"BOOL":true}}}]}`)))
	f.Add([]byte(item(`,"communicationRequirements":{"SS":["a","b"]},"disabled":{"NULL":true}`)))
	f.Add([]byte(`{"Item":{"a":{"L":[{"L":[{"N":"1"}]}]}}}`))
	c := newCodec(f, false)
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := c.DecodeItem(line, today)
		if err != nil {
			return
		}
		if got.Version < 0 || got.Record.ID.String() == "" {
			t.Errorf("%+v", got)
		}
		read := c.Encode(&got.Record)
		again, err := c.DecodeCreate(read, got.Record.ID, today)
		if err == nil {
			again.ID = got.Record.ID
			if d := cmp.Diff(string(read), string(c.Encode(&again))); d != "" {
				t.Error(d)
			}
		}
	})
}

// What is longer than a record keeps is left out of an item, and the person is not lost.
func TestWhatIsTooLongInAnItemIsAFinding(t *testing.T) {
	t.Parallel()
	c := newCodec(t, false)
	long := func(n int) string { return strings.Repeat("\U00010000", n) }
	list := func(n int, element func(i int) string) string {
		var elements []string
		for i := range n {
			elements = append(elements, element(i))
		}
		return `{"L":[` + strings.Join(elements, ",") + `]}`
	}
	text := func(i int) string { return fmt.Sprintf(`{"S":"%02d%s"}`, i, long(498)) }
	language := func(i int) string { return `{"M":{"language":` + text(i) + `,"isPrimary":{"BOOL":false}}}` }
	pregnancy := func(int) string { return `{"M":{"pregnancyDate":{"S":"2017-01-04"}}}` }
	for _, test := range []struct{ members, pointer string }{
		{`,"ageGroup":{"S":"` + long(501) + `"}`, "/ageGroup"},
		{`,"communicationRequirements":{"L":[{"S":"` + long(501) + `"},{"S":"braille"}]}`, "/communicationRequirements/0"},
		{`,"nationalInsuranceNumber":{"S":"QQ123456C` + strings.Repeat(" ", 20) + `"}`, "/nationalInsuranceNumber"},
		{`,"pregnancyOrMaternity":` + list(21, pregnancy), "/pregnancyOrMaternity"},
		{`,"communicationRequirements":` + list(20, text) + `,"languages":` + list(10, language) + `,"armedForces":` + text(0), "/communicationRequirements"},
	} {
		got, err := c.DecodeItem([]byte(item(`,"nationality":{"S":"british"}`+test.members)), today)
		if err != nil || got.Record.Nationality != "british" {
			t.Errorf("%.80s: %v", test.members, err)
		}
		dropped := func(f equality.Finding) bool {
			return f == equality.Finding{Pointer: test.pointer, Code: equality.TooLong}
		}
		if !slices.ContainsFunc(got.Findings, dropped) {
			t.Errorf("%.80s: %+v", test.members, got.Findings)
		}
		if got.Record.NINOAsSent != "" || len(got.Record.Encode()) > equality.MaxRecord || len(got.Record.PregnancyOrMaternity) > equality.MaxPregnancies {
			t.Errorf("%.80s: kept: %d bytes", test.members, len(got.Record.Encode()))
		}
	}
}

// A number without its last letter, or with a blank in its place, is imported.
func TestANumberWithoutItsLastLetterIsImported(t *testing.T) {
	t.Parallel()
	c := newCodec(t, false)
	for sent, want := range map[string]string{"QQ123456 ": "QQ123456", "QQ 12 34 56": "QQ123456", "qq 12 34 56 c": "QQ123456C"} {
		got, err := c.DecodeItem([]byte(item(`,"nationalInsuranceNumber":{"S":"`+sent+`"}`)), today)
		if err != nil || got.Record.NationalInsuranceNumber != want || got.Record.NINOAsSent != sent || got.Findings != nil {
			t.Errorf("%s: %+v, %v", sent, got, err)
		}
	}
}

package mmh_test

import (
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

func TestItemsThatAreRefused(t *testing.T) {
	t.Parallel()
	c := newCodec(t, false)
	for line, want := range map[string]string{
		``: " item.form", `{}`: " item.form", `null`: " item.form", `{"Item":{}}`: "/id required\n/targetId required", `{"Item":[]}`: " item.form",
		item(``) + item(``):                                                                              " item.form",
		item(`,"gender":{"S":"m","N":"1"}`):                                                              " item.form",
		item(`,"gender":{}`):                                                                             " item.form",
		item(`,"gender":{"B":"AAEC"}`):                                                                   " item.form",
		item(`,"versionNumber":{"N":3}`):                                                                 " item.form",
		item(`,"versionNumber":{"N":"three"}`):                                                           " item.form",
		item(`,"versionNumber":{"N":"-1"}`):                                                              "/versionNumber item.version",
		item(`,"versionNumber":{"N":"1.5"}`):                                                             "/versionNumber item.version",
		item(`,"versionNumber":{"N":"9223372036854775808"}`):                                             "/versionNumber item.version",
		item(`,"versionNumber":{"M":{}}`):                                                                "/versionNumber item.version",
		item(`,"disabled":{"S":"xMARKx"}`):                                                               "/disabled code.unknown",
		item(`,"gender":{"S":"xMARKx"}`):                                                                 "/gender type.object",
		item(`,"nationalInsuranceNumber":{"S":"xMARKx"}`):                                                "/nationalInsuranceNumber NationalInsuranceNumberValidator",
		item(`,"languages":{"L":[{"M":{"language":{"S":"xMARKx"}}}]}`):                                   "/languages W24",
		item(`,"pregnancyOrMaternity":{"L":[{"M":{"pregnancyDate":{"S":"xMARKx"}}}]}`):                   "/pregnancyOrMaternity/0/pregnancyDate date.form",
		item(`,"a":` + strings.Repeat(`{"L":[`, 10_000)):                                                 " item.form",
		`{"Item":{"targetId":{"S":"xMARKx"},"id":{"S":"` + another + `"}}}`:                              "/targetId id.form",
		`{"Item":{"targetId":{"S":"` + person + `"},"id":{"S":"00000000-0000-0000-0000-000000000000"}}}`: "/id id.form",
	} {
		got, err := c.DecodeItem([]byte(line), today)
		if told(err) != want {
			t.Errorf("%.90s: got %q, want %q", line, told(err), want)
			continue
		}
		for _, f := range err.(*equality.InvalidError).Failures {
			if strings.Contains(f.Message, "MARK") || f.Message == "" {
				t.Errorf("%+v", f)
			}
		}
		if strings.HasPrefix(line, item("")[:100]) && want != " item.form" && got.Record.ID.String() != another {
			t.Errorf("%.90s: refused without its ids: %v", line, got.Record.ID)
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

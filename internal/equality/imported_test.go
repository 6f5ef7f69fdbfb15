package equality

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/refdata"
)

// An import reads isPrimary as it reads answers. A request takes a boolean alone.
func TestYesAndNoOfAnImportHaveOneReader(t *testing.T) {
	t.Parallel()
	lists, err := refdata.Load()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := NewRules(lists)
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		`true`: "true", `1`: "true", `"Y"`: "true", `" Yes "`: "true", `"1"`: "true",
		`false`: "false", `0`: "false", `"no"`: "false", `"preferNotToSay"`: TypeBoolean, `2`: TypeBoolean, `null`: TypeBoolean, `{}`: TypeBoolean,
	} {
		body := `{"targetId":"49b092d6-22b4-11ec-9621-0242ac130002","languages":[{"language":"welsh","isPrimary":` + value + `},{"language":"french","isPrimary":` +
			map[string]string{"true": "false", "false": "true"}[want] + `}]}`
		if want == TypeBoolean {
			body = strings.Replace(body, `,{"language":"french","isPrimary":}`, "", 1)
		}
		record, err := rules.ForImport().DecodeCreate([]byte(body), uuid.Nil, NewDate(2026, 11, 27))
		var invalid *InvalidError
		got := ""
		if errors.As(err, &invalid) {
			got = invalid.Failures[0].Code
		} else {
			got = strconv.FormatBool(record.Languages[0].IsPrimary)
		}
		if got != want {
			t.Errorf("%s is %s, want %s", value, got, want)
		}
		if _, err := rules.DecodeCreate([]byte(body), uuid.Nil, NewDate(2026, 11, 27)); (err == nil) != (value == "true" || value == "false") {
			t.Errorf("a request with %s: %v", value, err)
		}
	}
}

// An import accepts other systems' spellings of answers. A request does not.
func TestAnswersOfAnImport(t *testing.T) {
	t.Parallel()
	lists, err := refdata.Load()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := NewRules(lists)
	if err != nil {
		t.Fatal(err)
	}
	decode := func(rules *Rules, answer string) (Answer, string) {
		body := `{"targetId":"49b092d6-22b4-11ec-9621-0242ac130002","disabled":` + answer + `}`
		record, err := rules.DecodeCreate([]byte(body), uuid.Nil, NewDate(2026, 11, 27))
		var invalid *InvalidError
		if errors.As(err, &invalid) {
			return NotAsked, invalid.Failures[0].Code
		}
		return record.Disabled, ""
	}
	for answer, want := range map[string]Answer{
		`true`: Yes, `"Y"`: Yes, `"TRUE"`: Yes, `"1"`: Yes, `1`: Yes, `" yes "`: Yes,
		`false`: No, `"n"`: No, `"False"`: No, `"0"`: No, `0`: No, `"No"`: No,
		`"preferNotToSay"`: PreferNotToSay, `"Prefer not to say"`: PreferNotToSay, `null`: NotAsked,
	} {
		if got, code := decode(rules.ForImport(), answer); got != want || code != "" {
			t.Errorf("%s is %v, %s", answer, got, code)
		}
	}
	for _, answer := range []string{`"Y"`, `"1"`, `1`, `0`, `"TRUE"`, `" yes "`, `"Prefer not to say"`} {
		if got, code := decode(rules, answer); code != TypeAnswer {
			t.Errorf("a request with %s is %v, %s", answer, got, code)
		}
	}
	for answer, want := range map[string]string{
		`2`: TypeAnswer, `1.0`: TypeAnswer, `""`: TypeAnswer, `"maybe"`: TypeAnswer, `[1]`: TypeAnswer, `-`: JSONSyntax, `01`: JSONSyntax,
	} {
		for _, r := range []*Rules{rules, rules.ForImport()} {
			if got, code := decode(r, answer); code != want {
				t.Errorf("%s is %v, %s", answer, got, code)
			}
		}
	}
}

// In an import a value that is longer than is kept is left out, and the rest of the record
// is not lost.
func TestWhatIsTooLongInAnImportIsAFinding(t *testing.T) {
	t.Parallel()
	lists, err := refdata.Load()
	if err != nil {
		t.Fatal(err)
	}
	rules, err := NewRules(lists)
	if err != nil {
		t.Fatal(err)
	}
	many := func(element string, n int) string {
		return "[" + strings.TrimPrefix(strings.Repeat(","+element, n), ",") + "]"
	}
	for _, test := range []struct{ members, found string }{
		{`"homeSituation":"other","homeSituationIfOther":"` + strings.Repeat("a", 201) + `"`, "/homeSituationIfOther text.length"},
		{`"gender":{"genderValue":"o","genderValueIfOther":"` + strings.Repeat("a", 201) + `"}`, "/gender/genderValueIfOther text.length"},
		{`"pregnancyOrMaternity":` + many(`{"pregnancyDate":"2017-01-04"}`, 21), "/pregnancyOrMaternity too-long"},
		{`"nationalInsuranceNumber":"QQ123456C` + strings.Repeat(" ", 20) + `"`, "/nationalInsuranceNumber too-long"},
		{`"communicationRequirements":` + many(`"zebra"`, 21), "/communicationRequirements list.length"},
		{`"communicationRequirements":` + many(`"other"`, 21) + `,"communicationRequirementsIfOther":"text"`, "/communicationRequirements list.length"},
		{`"languages":` + many(`{"language":"english"}`, 11), "/languages list.length"},
	} {
		body := []byte(`{"targetId":"49b092d6-22b4-11ec-9621-0242ac130002","nationality":"british",` + test.members + `}`)
		r, found, err := rules.ForImport().DecodeImported(body, uuid.Nil, NewDate(2026, 11, 23))
		if err != nil || len(found) != 1 || found[0].Pointer+" "+found[0].Code != test.found || found[0].Kept {
			t.Errorf("%.80s: %+v, %v", test.members, found, err)
		}
		if r.Nationality != "british" || len(r.PregnancyOrMaternity)+len(r.Languages)+len(r.CommunicationRequirements)+len(r.NationalInsuranceNumber) > 0 {
			t.Errorf("%.80s: imported as %s", test.members, r.Encode())
		}
		if _, err := rules.DecodeCreate(body, uuid.Nil, NewDate(2026, 11, 23)); err == nil {
			t.Errorf("%.80s: taken from a request", test.members)
		}
	}
}

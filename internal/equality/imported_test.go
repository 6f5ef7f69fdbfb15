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

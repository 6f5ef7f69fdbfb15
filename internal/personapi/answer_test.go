package personapi_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/personapi"
)

var today = equality.NewDate(2026, 12, 1)

func TestAnswer(t *testing.T) {
	t.Parallel()
	want := directory.Person{
		ID: asked, Title: "Mrs", PreferredTitle: "Mx", FirstName: "Zoë", MiddleName: "Ann", Surname: "Okonkwo-Łuk",
		PreferredFirstName: "Zaya", DateOfBirth: equality.NewDate(1985, 2, 28),
	}
	got, err := personapi.Decode([]byte(whole), asked, today)
	if err != nil || got != want {
		t.Errorf("%v: %s", err, cmp.Diff(want.Encode(), got.Encode()))
	}
}

// Another system may keep a blank for no name. The person is shown all the same.
func TestBlanksAreNoNames(t *testing.T) {
	t.Parallel()
	p, err := personapi.Decode([]byte(strings.Replace(whole, `"Ann"`, `" \t\u200b"`, 1)), asked, today)
	if err != nil || p.MiddleName != "" || p.FirstName != "Zoë" {
		t.Errorf("%s: %v", p.Encode(), err)
	}
}

// A date may have a time, of any form that .NET writes; it is the day as it is written.
func TestDates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"2021-06-01"`: "2021-06-01", `"2021-06-01T00:00:00"`: "2021-06-01", `"2021-06-01T23:59:59.1234567"`: "2021-06-01",
		`"2021-06-01T00:00:00Z"`: "2021-06-01", `"2021-05-31T23:00:00+01:00"`: "2021-05-31", `null`: "", `""`: "",
		`"0001-01-01"`: "", `"0001-01-01T00:00:00"`: "", // DateTime.MinValue
		`"2021-06-01T25:00:00"`: "-", `"2021-02-30T00:00:00"`: "-", `"2021-06-01T"`: "-", `"01/06/2021"`: "-", `"2021-06-01 00:00"`: "-",
		`"2026-12-02"`: "-", `1622505600`: "-", `{}`: "-", `"T"`: "-",
	} {
		p, err := personapi.Decode([]byte(`{"id":"`+asked.String()+`","dateOfDeath":`+text+`}`), asked, today)
		if want == "-" && err == nil || want != "-" && (err != nil || p.DateOfDeath.String() != want) {
			t.Errorf("%s: %v, %v", text, p.DateOfDeath, err)
		}
	}
}

// unusable are answers with status 200 that are never passed on.
var unusable = map[string]string{
	"nothing":                "",
	"not JSON":               "<html>" + secret,
	"truncated":              whole[:len(whole)-20],
	"two values":             whole + whole,
	"null":                   "null",
	"a list":                 "[" + whole + "]",
	"a string":               `"` + secret + `"`,
	"no id":                  strings.Replace(whole, `"id":"49b092d6-22b4-11ec-9621-0242ac130002",`, "", 1),
	"a null id":              strings.Replace(whole, `"49b092d6-22b4-11ec-9621-0242ac130002"`, "null", 1),
	"another's id":           strings.Replace(whole, "49b092d6", "59b092d6", 1),
	"an empty id":            strings.Replace(whole, asked.String(), "", 1),
	"no UUID":                strings.Replace(whole, asked.String(), secret, 1),
	"an id in another case":  strings.Replace(whole, `"id"`, `"Id"`, 1),
	"a number for a name":    strings.Replace(whole, `"Ann"`, "7", 1),
	"a list for a name":      strings.Replace(whole, `"Ann"`, `["Ann"]`, 1),
	"a number for a title":   strings.Replace(whole, `"Mrs"`, "4", 1),
	"a repeated member":      strings.Replace(whole, `"reason":null`, `"surname":"`+secret+`"`, 1),
	"a repeated id":          strings.Replace(whole, `"reason":null`, `"id":"59b092d6-22b4-11ec-9621-0242ac130002"`, 1),
	"repeated beside":        strings.Replace(whole, `"isActive":true`, `"id":"2"`, 1),
	"invalid UTF-8":          strings.Replace(whole, "Zoë", "Zo\xeb", 1),
	"half a surrogate":       strings.Replace(whole, "Zoë", `Zo\ud800`, 1),
	"a control character":    strings.Replace(whole, "Zoë", `Zo\u0007`, 1),
	"a line break":           strings.Replace(whole, "Zoë", `Z\no`, 1),
	"NUL":                    strings.Replace(whole, "Zoë", `Zo\u0000e`, 1),
	"a bidirectional mark":   strings.Replace(whole, "Zoë", `Zo\u202ee`, 1),
	"a long name":            strings.Replace(whole, "Zoë", strings.Repeat("z", 101), 1),
	"a date that is none":    strings.Replace(whole, "1985-02-28", "1985-02-30", 1),
	"a birth in the future":  strings.Replace(whole, "1985-02-28", "2985-02-28", 1),
	"a death before a birth": strings.Replace(whole, `"dateOfDeath":null`, `"dateOfDeath":"1984-01-01T00:00:00Z"`, 1),
	"deep nesting":           strings.Replace(whole, `"links":[]`, `"links":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000), 1),
	"a byte order mark":      "\uFEFF" + whole,
}

func TestUnusableAnswers(t *testing.T) {
	t.Parallel()
	for name, text := range unusable {
		p, err := personapi.Decode([]byte(text), asked, today)
		if err == nil || p != (directory.Person{}) {
			t.Errorf("%s: %v", name, err)
		}
		for _, part := range []string{secret, "Ann", "Okonkwo", "1985", "2985", asked.String(), "59b092d6"} {
			if err != nil && strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error quotes the answer: %v", name, err)
			}
		}
	}
}

// Whatever the Person API says, a person that is passed on is the one asked for, and could
// have been stored by this program.
func FuzzAnswer(f *testing.F) {
	f.Add(whole)
	for _, text := range unusable {
		if len(text) < 2000 {
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := personapi.Decode([]byte(text), asked, today)
		if err != nil {
			return
		}
		again, err := directory.Decode(p.Encode(), uuid.Nil, today)
		if err != nil || again != p || p.ID != asked {
			t.Errorf("a person that would be refused was passed on: %v", err)
		}
	})
}

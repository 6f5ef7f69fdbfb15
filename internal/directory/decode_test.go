package directory_test

import (
	"errors"
	"strings"
	"testing"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"

	"github.com/google/uuid"
)

var (
	id    = uuid.MustParse("49b092d6-22b4-11ec-9621-0242ac130002")
	today = equality.NewDate(2024, 5, 1)
)

// failures are those of an error, one a line.
func failures(t *testing.T, err error) string {
	t.Helper()
	var invalid *equality.InvalidError
	if !errors.As(err, &invalid) {
		t.Fatalf("not a usable error: %v", err)
	}
	var lines []string
	for _, f := range invalid.Failures {
		if f.Message == "" {
			t.Errorf("%s has no message", f.Code)
		}
		lines = append(lines, f.Pointer+" "+f.Code)
	}
	return strings.Join(lines, "\n")
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, body, want string }{
		{"nothing", ``, " json.syntax"},
		{"no object", `[]`, " type.object"},
		{"null", `null`, " type.object"},
		{"something after", `{} {}`, " json.syntax"},
		{"utf-8", "{\"surname\":\"\xff\"}", " json.utf8"},
		{"duplicate", `{"surname":"Okafor","surname":"Okafor"}`, "/surname json.duplicate-member"},
		{"duplicate in ignored", `{"displayName":{"a":1,"a":2}}`, "/displayName/a json.duplicate-member"},
		{"too deep", `{"displayName":[[[[[[[[1]]]]]]]]}`, "/displayName/0/0/0/0/0/0/0 json.depth"},
		{"unknown member", `{"firstname":"Ada","age":7}`, "/firstname json.unknown-member\n/age json.unknown-member"},
		{"types", `{"title":1,"firstName":[],"surname":{},"dateOfBirth":true}`,
			"/title type.string\n/firstName type.string\n/surname type.string\n/dateOfBirth type.string"},

		{"another id", `{"id":"45b919fa-22b4-11ec-9621-0242ac130002"}`, "/id id.mismatch"},
		{"zero id", `{"id":"00000000-0000-0000-0000-000000000000"}`, "/id id.zero"},
		{"id form", `{"id":"49b092d622b411ec96210242ac130002"}`, "/id id.form"},

		{"control character", `{"firstName":"A\u0000da","surname":"Oka\tfor"}`, "/firstName text.control\n/surname text.control"},
		{"c1 control", `{"firstName":"A\u0085da"}`, "/firstName text.control"},
		{"line separators", `{"firstName":"A\u2028da","surname":"A\u2029da"}`, "/firstName text.control\n/surname text.control"},
		{"override", `{"firstName":"A\u202eda"}`, "/firstName text.direction"},
		{"embedding", `{"firstName":"A\u202ada"}`, "/firstName text.direction"},
		{"isolate", `{"firstName":"A\u2066da","preferredSurname":"\u2069x"}`, "/firstName text.direction\n/preferredSurname text.direction"},
		{"nothing but an override", `{"firstName":"\u202e"}`, "/firstName text.direction"},
		{"101 letters", `{"surname":"` + strings.Repeat("é", 101) + `"}`, "/surname name.length"},
		{"10,000 letters", `{"preferredTitle":"` + strings.Repeat("a", 10000) + `"}`, "/preferredTitle name.length"},

		{"only blanks", `{"firstName":" \t\u00a0","dateOfBirth":"  ","id":" "}`, "/firstName name.blank\n/dateOfBirth date.form\n/id id.form"},
		{"nothing that can be seen", `{"surname":"\u200b\ufeff\u200d"}`, "/surname name.blank"},

		{"year", `{"dateOfBirth":"1980"}`, "/dateOfBirth date.form"},
		{"time", `{"dateOfBirth":"1980-01-02T00:00:00Z"}`, "/dateOfBirth date.form"},
		{"blank behind", `{"dateOfBirth":"1980-01-02 "}`, "/dateOfBirth date.form"},
		{"no such day", `{"dateOfBirth":"2023-02-29"}`, "/dateOfBirth date.form"},
		{"tomorrow", `{"dateOfBirth":"2024-05-02"}`, "/dateOfBirth date.future"},
		{"death tomorrow", `{"dateOfDeath":"2024-05-02"}`, "/dateOfDeath date.future"},
		{"death before birth", `{"dateOfDeath":"1980-01-01","dateOfBirth":"1980-01-02"}`, "/dateOfDeath date.before-birth"},

		{"all at once", `{"x":1,"firstName":"\u0007","surname":2,"id":"7","dateOfBirth":"2024-01-01","dateOfDeath":"1999-01-01"}`,
			"/x json.unknown-member\n/firstName text.control\n/surname type.string\n/id id.form\n/dateOfDeath date.before-birth"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := directory.Decode([]byte(test.body), id, today)
			if got := failures(t, err); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if p != (directory.Person{}) {
				t.Error("a person comes with the error")
			}
		})
	}
}

func TestDecodeAccepts(t *testing.T) {
	t.Parallel()
	person := func(members string) string { return `{"id":"` + id.String() + `"` + members + `}` }
	for _, test := range []struct{ name, body, want string }{
		{"nothing", `{}`, ``},
		{"null", `{"id":null,"firstName":null,"dateOfBirth":null,"displayName":null}`, ``},
		{"empty", `{"id":"","firstName":"","dateOfBirth":"","displayName":""}`, ``},
		{"computed name", `{"displayName":["whatever"]}`, ``},
		{"id in upper case", `{"id":"` + strings.ToUpper(id.String()) + `"}`, ``},
		{"trimmed", `{"surname":" \u200bde  Souza\n"}`, `,"surname":"de  Souza"`},
		{"joiners and marks", `{"firstName":"می\u200cنا","surname":"א\u200f׳"}`, `,"firstName":"می` + "\u200c" + `نا","surname":"א` + "\u200f" + `׳"`},
		{"100 characters", `{"surname":"` + strings.Repeat("é", 100) + ` "}`, `,"surname":"` + strings.Repeat("é", 100) + `"`},
		{"today", `{"dateOfBirth":"2024-05-01","dateOfDeath":"2024-05-01"}`, `,"dateOfBirth":"2024-05-01","dateOfDeath":"2024-05-01"`},
		{"leap day", `{"dateOfBirth":"2000-02-29"}`, `,"dateOfBirth":"2000-02-29"`},
		{"everything", `{"title":"Mr","preferredTitle":"Mx","firstName":"A","middleName":"B","surname":"C","preferredFirstName":"D","preferredMiddleName":"E","preferredSurname":"F"}`,
			`,"title":"Mr","preferredTitle":"Mx","firstName":"A","middleName":"B","surname":"C","preferredFirstName":"D","preferredMiddleName":"E","preferredSurname":"F"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := directory.Decode([]byte(test.body), id, today)
			if err != nil {
				t.Fatal(failures(t, err))
			}
			if got := string(p.Encode()); got != person(test.want) {
				t.Errorf("got\n%s\nwant\n%s", got, person(test.want))
			}
		})
	}
}

// A file has each person's id in the line.
func TestDecodeWithoutAPath(t *testing.T) {
	t.Parallel()
	p, err := directory.Decode([]byte(`{"id":"`+id.String()+`","surname":"Okafor"}`), uuid.Nil, today)
	if err != nil || p.ID != id || p.Surname != "Okafor" {
		t.Errorf("%+v, %v", p, err)
	}
	for body, want := range map[string]string{
		`{"surname":1}`: "/surname type.string\n/id required",
		`{"id":null}`:   "/id required",
		`{"id":"7"}`:    "/id id.form",
	} {
		if _, err := directory.Decode([]byte(body), uuid.Nil, today); failures(t, err) != want {
			t.Errorf("%s: %s", body, failures(t, err))
		}
	}
}

func TestReadQuotesNothing(t *testing.T) {
	t.Parallel()
	for _, content := range []string{``, `{"surname":"xMARKx"`, `{"dateOfBirth":"xMARKx"}`, `{"id":"xMARKx"}`, `{"xMARKx":1,"xMARKx":2}`} {
		if p, err := directory.Read([]byte(content)); err == nil || strings.Contains(err.Error(), "MARK") || p != (directory.Person{}) {
			t.Errorf("%s: %+v, %v", content, p, err)
		}
	}
}

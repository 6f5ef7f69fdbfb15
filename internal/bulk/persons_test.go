package bulk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
)

// personRow reads one row about a person under a header and a mapping.
func personRow(t *testing.T, mapping, header, row string) (Item[directory.Person], []equality.Failure) {
	t.Helper()
	m, err := Persons.ParseMapping([]byte(mapping), testLists(t))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Persons.CSV(DecodePerson(day), testLists(t), m, []byte(header))
	if err != nil {
		t.Fatal(err)
	}
	item, err := d([]byte(row))
	failures, ok := failuresOf(err)
	if err != nil && !ok {
		t.Fatal(err)
	}
	return item, failures
}

func TestCellsOfAPerson(t *testing.T) {
	t.Parallel()
	const spreadsheet = "columns: {Tenant: id, First: firstName, Last: surname, Born: dateOfBirth}\nignore: [Officer]\n" +
		"values: {title: {MR: Mr, none: }}\ndateFormat: DD/MM/YYYY"
	for name, test := range map[string]struct{ mapping, header, row, want string }{
		"an id alone":           {"", "id", target, `{}`},
		"its other name":        {"", "title,targetId", "Dr," + target, `{"title":"Dr"}`},
		"every member":          {"", strings.Join(Persons.Header(), ","), target + ",7,2026-01-01T00:00:00Z,Mx,Dr,Ada,B.,Zebra,Ade,C,Zed,1990-02-28,2020-02-29", `{"title":"Mx","preferredTitle":"Dr","firstName":"Ada","middleName":"B.","surname":"Zebra","preferredFirstName":"Ade","preferredMiddleName":"C","preferredSurname":"Zed","dateOfBirth":"1990-02-28","dateOfDeath":"2020-02-29"}`},
		"a guarded name":        {"", "id,surname", target + ",'=1+1", `{"surname":"=1+1"}`},
		"a name with a quote":   {"", "id,surname", target + `,"d""Arcy, 'Ade'"`, `{"surname":"d\"Arcy, 'Ade'"}`},
		"blanks":                {"", " id , surname ", " " + target + " ,  Zebra ", `{"surname":"Zebra"}`},
		"an empty name":         {"", "id,surname,title", target + ",',", `{}`},
		"a date as text":        {"", "id,dateOfBirth", target + ",4 January 1984", `{"dateOfBirth":"1984-01-04"}`},
		"a date and a midnight": {"", "id,dateOfBirth", target + ",1984-01-04T00:00:00", `{"dateOfBirth":"1984-01-04"}`},
		"another system's":      {spreadsheet, "Tenant,title,First,Last,Born,Officer", target + ",MR,Ade,Zebra,04/01/1924,JS", `{"title":"Mr","firstName":"Ade","surname":"Zebra","dateOfBirth":"1924-01-04"}`},
		"nothing for a value":   {spreadsheet, "Tenant,title", target + ",none", `{}`},
		"days since 1899":       {"dateFormat: excel", "id,dateOfBirth", target + ",30685", `{"dateOfBirth":"1984-01-04"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			item, failures := personRow(t, test.mapping, test.header, test.row)
			if len(failures) > 0 {
				t.Fatalf("failures %v", failures)
			}
			want, err := directory.Decode([]byte(strings.Replace(strings.Replace(test.want, "{", `{"id":"`+target+`",`, 1), ",}", "}", 1)), item.Value.ID, day)
			if err != nil || item.Value != want {
				t.Errorf("%s, want %s (%v)", item.Value.Encode(), want.Encode(), err)
			}
			if strings.Contains(test.header, "version") != (item.Version == 7) {
				t.Errorf("version %d", item.Version)
			}
		})
	}
}

func TestPersonsThatAreRejected(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ mapping, header, row, pointer, rule string }{
		"nobody":                     {"", "id,surname", ",Zebra", "/id", equality.Required},
		"an id that is none":         {"", "id", "zebra", "/id", equality.IDForm},
		"under its other name":       {"", "targetId", "zebra", "/id", equality.IDForm},
		"a version that is none":     {"", "id,version", target + ",-1", "/version", VersionForm},
		"a control character":        {"", "id,surname", target + ",a\x07b", "/surname", equality.TextControl},
		"a change of direction":      {"", "id,preferredSurname", target + ",a\u202eb", "/preferredSurname", equality.TextDirection},
		"a name that is too long":    {"", "id,firstName", target + "," + strings.Repeat("x", 101), "/firstName", equality.NameLength},
		"a day that is none":         {"", "id,dateOfBirth", target + ",1990-02-30", "/dateOfBirth", equality.DateForm},
		"a year alone":               {"dateFormat: excel", "id,dateOfBirth", target + ",1985", "/dateOfBirth", equality.DateForm},
		"a birth that is to come":    {"", "id,dateOfBirth", target + ",2026-11-28", "/dateOfBirth", equality.DateFuture},
		"a death before the birth":   {"", "id,dateOfBirth,dateOfDeath", target + ",1990-02-28,1990-02-27", "/dateOfDeath", equality.DateBeforeBirth},
		"a date that nobody orders":  {"", "id,dateOfBirth", target + ",04/01/1984", "/dateOfBirth", DateOrder},
		"a month that nobody orders": {"", "id,dateOfBirth", target + ",04-Jan-84", "/dateOfBirth", DateCentury},
		"a year of two digits":       {"", "id,dateOfBirth", target + ",04/01/24", "/dateOfBirth", DateCentury},
		"whatever a mapping says":    {"dateFormat: DD/MM/YY", "id,dateOfDeath", target + ",04/01/24", "/dateOfDeath", DateCentury},
		"a number for a date":        {"", "id,dateOfBirth", target + ",30685", "/dateOfBirth", DateNumber},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, failures := personRow(t, test.mapping, test.header, test.row)
			if !slices.ContainsFunc(failures, func(f equality.Failure) bool { return f.Pointer == test.pointer && f.Code == test.rule }) {
				t.Errorf("failures %+v", failures)
			}
		})
	}
}

// Whatever a name is, a spreadsheet does not run it.
func TestNamesAreGuarded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := person(rt)
		p.PreferredSurname = rapid.StringMatching(`['=+@\-＝＋－＠]{0,3}[a-z]{0,3}`).Draw(rt, "a formula")
		for _, cell := range written(nil, Persons.columns, 0, time.Time{}, &p) {
			if formula.MatchString(cell) {
				rt.Fatalf("%q may be taken for a formula", cell)
			}
		}
	})
}

func TestHeadersAndMappingsOfPersonsThatAreRefused(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"zebra,stripes":         Persons.noHeader().Error(),
		"surname":               "the header: there is no column id",
		"id,surname,targetId":   "the header: column 3 repeats the column id",
		"id,disabled":           "the header: column 2 is neither a known column nor in the mapping",
		"id;surname":            "the columns are separated by ;, not by commas: save the file as CSV with commas",
		"id,displayName,gender": "the header: column 2 is neither a known column nor in the mapping; column 3 is neither a known column nor in the mapping",
	} {
		if _, err := Persons.CSV(DecodePerson(day), testLists(t), Mapping{}, []byte(header)); err == nil || err.Error() != want {
			t.Errorf("%s: %v", header, err)
		}
	}
	for text, want := range map[string]string{
		"columns: {A: disabled}":       "line 1 names an unknown column",
		"maps: {title: nhs}":           "line 1 is not a column of codes or answers",
		"invert: [title]":              "line 1 is not a yes-or-no column",
		"columns: {Sex: gender.zebra}": "line 1 names an unknown column",
	} {
		if _, err := Persons.ParseMapping([]byte(text), testLists(t)); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestLinesOfPersonsThatAreRejected(t *testing.T) {
	t.Parallel()
	decode := Persons.NDJSON(DecodePerson(day))
	for line, want := range map[string]string{
		`{"surname":"Zebra"}`:                "/id " + equality.Required,
		`{"id":"` + target + `","gender":1}`: "/gender " + equality.JSONUnknown,
		`{"id":"` + target + `"`:             " " + equality.JSONSyntax,
		`[]`:                                 " " + equality.TypeObject,
		`{"version":-1,"person":{"id":"` + target + `"}}`:                                       "/version " + VersionForm,
		`{"id":"45b919fa-22b4-11ec-9621-0242ac130002","person":{"id":"` + target + `"}}`:        "/person/id " + equality.IDMismatch,
		`{"targetId":"45b919fa-22b4-11ec-9621-0242ac130002","person":{"id":"` + target + `"}}`:  "/targetId " + equality.IDMismatch,
		`{"id":"` + target + `","person":{"dateOfBirth":"2030-01-01"}}`:                         "/person/dateOfBirth " + equality.DateFuture,
		`{"id":"` + target + `","record":{"targetId":"` + target + `"}}`:                        "/record " + equality.JSONUnknown,
		`{"id":"` + target + `","surname":"  "}`:                                                "/surname " + equality.NameBlank,
		`{"id":"` + target + `","firstName":"` + strings.Repeat("x", 10_000) + `","surname":7}`: "/firstName " + equality.NameLength + "|/surname " + equality.TypeString,
	} {
		_, err := decode([]byte(line))
		failures, ok := failuresOf(err)
		var got []string
		for _, f := range failures {
			got = append(got, f.Pointer+" "+f.Code)
		}
		if joined := strings.Join(got, "|"); !ok || joined != want {
			t.Errorf("%.200s: %q, want %q", line, joined, want)
		}
	}
	for _, line := range []string{
		`{"id":"` + target + `","title":null,"displayName":"Ada Zebra","surname":""}`,
		`{"id":"` + target + `","version":7,"modifiedAt":"2026-01-01T00:00:00Z","person":{"surname":"Zebra"}}`,
		`{"id":"` + target + `","surname":"a \"person\""}`,
	} {
		if item, err := decode([]byte(line)); err != nil || item.Value.ID.String() != target {
			failures, _ := failuresOf(err)
			t.Errorf("%s: %v", line, failures)
		}
	}
}

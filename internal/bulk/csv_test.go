package bulk

import (
	"slices"
	"strings"
	"testing"

	"equality-information-api/internal/equality"
)

const target = "49b092d6-22b4-11ec-9621-0242ac130002"

// decoded reads one row under a header and a mapping.
func decoded(t *testing.T, mapping, header, row string) (Item[equality.Record], []equality.Failure) {
	t.Helper()
	m, err := Records.ParseMapping([]byte(mapping), testLists(t))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Records.CSV(recordDecoder(t), testLists(t), m, []byte(header))
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

func TestCells(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ header, row, want string }{
		"a person alone":        {"targetId", target, `{}`},
		"columns in any order":  {"disabled,targetId,ageGroup", "N," + target + ",twentyFiveToThirtyFour", `{"ageGroup":"twentyFiveToThirtyFour","disabled":false}`},
		"answers":               {"targetId,disabled,marriageOrCivilPartnership.married,marriageOrCivilPartnership.civilPartnership,gender.genderDifferentToBirthSex", target + ",1,TRUE,n,Prefer not to say", `{"gender":{"genderDifferentToBirthSex":"preferNotToSay"},"marriageOrCivilPartnership":{"married":true,"civilPartnership":false},"disabled":true}`},
		"an alias":              {"targetId,gender.genderValue", target + ",Female", `{"gender":{"genderValue":"f"}}`},
		"empty texts":           {"targetId,gender.genderValueIfOther,homeSituationIfOther", target + ",',", `{"gender":{"genderValueIfOther":""}}`},
		"a guarded text":        {"targetId,gender.genderValue,gender.genderValueIfOther", target + ",o,'=1+1", `{"gender":{"genderValue":"o","genderValueIfOther":"=1+1"}}`},
		"a quoted text":         {"targetId,gender.genderValue,gender.genderValueIfOther", target + `,o," a ""b"", c "`, `{"gender":{"genderValue":"o","genderValueIfOther":"a \"b\", c"}}`},
		"languages":             {"targetId,languages.primary,languages.others", target + ",english, french ;welsh", `{"languages":[{"language":"english","isPrimary":true},{"language":"french","isPrimary":false},{"language":"welsh","isPrimary":false}]}`},
		"a language":            {"targetId,languages.primary", target + ",english", `{"languages":[{"language":"english","isPrimary":true}]}`},
		"pregnancies":           {"targetId,pregnancyDates", target + ",2016-02-29;2020-01-02", `{"pregnancyOrMaternity":[{"pregnancyDate":"2016-02-29","pregnancyValidUntil":"2018-11-29"},{"pregnancyDate":"2020-01-02","pregnancyValidUntil":"2022-10-02"}]}`},
		"requirements":          {"targetId,communicationRequirements", target + ",braille;largePrint", `{"communicationRequirements":["braille","largePrint"]}`},
		"blanks around cells":   {" targetId , disabled ", " " + target + " , yes ", `{"disabled":true}`},
		"what an export has":    {"id,targetId,version,modifiedAt", target + "," + target + ",7,2026-01-01T00:00:00Z", `{}`},
		"a number with a blank": {"targetId,nationalInsuranceNumber", target + ",qq 12 34 56 c", `{"nationalInsuranceNumber":"QQ123456C"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			item, failures := decoded(t, "", test.header, test.row)
			if len(failures) > 0 {
				t.Fatalf("failures %v", failures)
			}
			want, err := recordLines(t)([]byte(strings.Replace(strings.Replace(test.want, "{", `{"targetId":"`+target+`",`, 1), ",}", "}", 1)))
			if err != nil || string(item.Value.Encode()) == "" || len(equality.Diff(item.Value, want.Value)) > 0 {
				t.Errorf("%s, want %s (%v)", item.Value.Encode(), want.Value.Encode(), err)
			}
			if strings.Contains(test.header, "version") && item.Version != 7 {
				t.Errorf("version %d", item.Version)
			}
		})
	}
}

func TestRowsThatAreRejected(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ header, row, pointer, rule string }{
		"too few cells":           {"targetId,disabled", target, "", RowCells},
		"too many cells":          {"targetId", target + ",", "", RowCells},
		"not UTF-8":               {"targetId,nationality", target + ",\xff", "", RowUTF8},
		"no person":               {"targetId,disabled", ",yes", "/targetId", equality.Required},
		"an id that is none":      {"targetId", "zebra", "/targetId", equality.IDForm},
		"a code that is none":     {"targetId,ageGroup", target + ",zebra", "/ageGroup", equality.CodeUnknown},
		"an answer that is none":  {"targetId,disabled", target + ",perhaps", "/disabled", equality.TypeAnswer},
		"others and no primary":   {"targetId,languages.primary,languages.others", target + ",,english", "/languages", equality.LanguagesOnePrimary},
		"several primaries":       {"targetId,languages.primary", target + ",english;french", "/languages/1/isPrimary", equality.LanguagesOnePrimary},
		"a version that is none":  {"targetId,version", target + ",-1", "/version", VersionForm},
		"a version of letters":    {"targetId,version", target + ",1e3", "/version", VersionForm},
		"a version too large":     {"targetId,version", target + ",9007199254740992", "/version", VersionForm},
		"a text without its code": {"targetId,gender.genderValueIfOther", target + ",words", "/gender/genderValueIfOther", equality.TextNoCode},
		"an element that is none": {"targetId,communicationRequirements", target + ",braille;zebra", "/communicationRequirements/1", equality.CodeUnknown},
		"an empty element":        {"targetId,communicationRequirements", target + ",braille;", "/communicationRequirements/1", equality.CodeUnknown},
		"a day that is none":      {"targetId,pregnancyDates", target + ",2026-02-30", "/pregnancyOrMaternity/0/pregnancyDate", equality.DateForm},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, failures := decoded(t, "", test.header, test.row)
			if !slices.ContainsFunc(failures, func(f equality.Failure) bool { return f.Pointer == test.pointer && f.Code == test.rule }) {
				t.Errorf("failures %+v", failures)
			}
		})
	}
}

func TestHeadersThatAreRefused(t *testing.T) {
	t.Parallel()
	m, err := Records.ParseMapping([]byte("columns: {Person: targetId}\nignore: [Notes]"), testLists(t))
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"zebra,stripes":              Records.noHeader().Error(),
		`{"targetId":"zebra"}`:       Records.noHeader().Error(),
		"disabled":                   "the header: there is no column targetId",
		"targetId,zebra,x":           "the header: column 2 is neither a known column nor in the mapping; column 3 is neither a known column nor in the mapping",
		"Person,targetId,TargetID":   "the header: column 2 repeats the column targetId; column 3 is neither a known column nor in the mapping",
		"targetId,\xff":              "the header is not valid UTF-8",
		"Person,Notes,Notes,":        "the header: column 4 is neither a known column nor in the mapping",
		"disabled,disabled,targetId": "the header: column 2 repeats the column disabled",
	} {
		if _, err := Records.CSV(recordDecoder(t), testLists(t), m, []byte(header)); err == nil || err.Error() != want {
			t.Errorf("%s: %v", header, err)
		}
	}
	if _, err := Records.CSV(recordDecoder(t), testLists(t), m, []byte("Notes,Person,Notes,disabled")); err != nil {
		t.Error(err)
	}
}

const housing = `
columns:
  Tenant: targetId
  Sex: gender.genderValue
  Same as at birth: gender.genderDifferentToBirthSex
  Ethnicity: ethnicity.ethnicGroupValue
  Needs: communicationRequirements
ignore: [Officer, Notes]
values:
  gender.genderValue: {W: f, M: m, U: }
  communicationRequirements: {BR: braille, none: ""}
  disabled: {"-9": ""}
maps:
  ethnicity.ethnicGroupValue: nhs
invert: [gender.genderDifferentToBirthSex]
`

func TestMapping(t *testing.T) {
	t.Parallel()
	const header = "Officer,Tenant,Sex,Same as at birth,Ethnicity,Needs,disabled"
	for row, want := range map[string]string{
		"x," + target + ",W,yes,A,BR,no":      `{"gender":{"genderValue":"f","genderDifferentToBirthSex":false},"ethnicity":{"ethnicGroupValue":"whiteBritish"},"communicationRequirements":["braille"],"disabled":false}`,
		"x," + target + ",U,N,,none,-9":       `{"gender":{"genderDifferentToBirthSex":true}}`,
		"x," + target + ",Male,,,BR;none,":    `{"gender":{"genderValue":"m"},"communicationRequirements":["braille"]}`,
		"," + target + ",,preferNotToSay,,,1": `{"gender":{"genderDifferentToBirthSex":"preferNotToSay"},"disabled":true}`,
		"\"a\nb\"," + target + ",f,,white,,,": "",
	} {
		item, failures := decoded(t, housing, header, row)
		if want == "" {
			if len(failures) == 0 {
				t.Errorf("%s is taken", row)
			}
			continue
		}
		expected, err := recordLines(t)([]byte(strings.Replace(want, "{", `{"targetId":"`+target+`",`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if len(failures) > 0 || len(equality.Diff(item.Value, expected.Value)) > 0 {
			t.Errorf("%s: %s, want %s; %v", row, item.Value.Encode(), want, failures)
		}
	}
	_, failures := decoded(t, housing, header, "x,"+target+",W,perhaps,A,BR,no")
	if len(failures) != 1 || failures[0].Code != equality.TypeAnswer {
		t.Errorf("%v", failures)
	}
}

// Another system's value that stands for several of our codes is rejected.
func TestAmbiguousMap(t *testing.T) {
	t.Parallel()
	lists := testLists(t)
	found := false
	for place, c := range Records.forms {
		list, ok := lists.Get(c.codes)
		if !ok || c.list {
			continue
		}
		for system := range list.Variables {
			seen := make(map[string]int)
			for _, code := range list.Codes {
				if code.Active && code.Maps[system] != "" {
					seen[code.Maps[system]]++
				}
			}
			m, err := Records.ParseMapping([]byte("maps: {"+c.name+": "+system+"}"), lists)
			if err != nil {
				t.Fatal(err)
			}
			d, err := Records.CSV(recordDecoder(t), lists, m, []byte("targetId,"+c.name))
			if err != nil {
				t.Fatal(err)
			}
			for value, n := range seen {
				_, err := d([]byte(target + ",\"" + value + "\""))
				failures, _ := failuresOf(err)
				has := func(code string) bool {
					return slices.ContainsFunc(failures, func(f equality.Failure) bool { return f.Code == code })
				}
				if has(AmbiguousMap) != (n > 1) || n == 1 && has(equality.CodeUnknown) {
					t.Errorf("%s: %q of %s, which %d codes have: %v", Records.forms[place].name, value, system, n, failures)
				}
				found = found || n > 1
			}
		}
	}
	if !found {
		t.Error("no value is ambiguous")
	}
}

func TestMappingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"zebra: [":                          "the file is not YAML",
		"columns: {}\n---\nignore: [zebra]": "the file has more than one YAML document: what follows a line with --- or ... would be passed over",
		"- zebra":                           "line 1 must be a mapping",
		"zebra: 1":                          "line 1 is not a known key; the keys are columns, ignore, values, maps, invert and dateFormat",
		"columns:\n  A: zebra\n  B: [x]\n  A: id": "line 2 names an unknown column\nline 3 names an unknown column\nline 4 repeats a key",
		"ignore: zebra":                               "line 1 must be a list",
		"ignore: [[zebra]]":                           "line 1 must be text",
		"values: {zebra: {a: b}}":                     "line 1 names an unknown column",
		"values: {disabled: [a]}":                     "line 1 must be a mapping",
		"values: {disabled: {a: [b]}}":                "line 1 must be text",
		"maps: {disabled: nhs}":                       "line 1 names a system that the list answer has no map for",
		"maps: {pregnancyDates: nhs}":                 "line 1 is not a column of codes or answers",
		"dateFormat: zebra":                           "line 1 is not a date form; use forms such as DD/MM/YYYY and D-MMM-YY, or excel for numbers",
		"dateFormat: [DD/MM/YYYY,\n  MM/YYYY]":        "line 2 is not a date form; use forms such as DD/MM/YYYY and D-MMM-YY, or excel for numbers",
		"dateFormat: {a: b}":                          "line 1 must be a list",
		"dateFormat: [[DD/MM/YYYY]]":                  "line 1 must be text",
		"maps: {ageGroup: zebra}":                     "line 1 names a system that the list age-group has no map for",
		"invert: [ageGroup]":                          "line 1 is not a yes-or-no column",
		"columns: {A: zebra}\nmaps: {zebra: x}\nx: 1": "line 1 names an unknown column\nline 2 names an unknown column\nline 3 is not a known key; the keys are columns, ignore, values, maps, invert and dateFormat",
		"? [a]\n: b":                                  "line 1 has a key that is not text",
	} {
		if _, err := Records.ParseMapping([]byte(text), testLists(t)); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"", "# nothing", "columns: {}"} {
		if _, err := Records.ParseMapping([]byte(text), testLists(t)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzMapping(f *testing.F) {
	f.Add([]byte(housing))
	lists := testLists(f)
	f.Fuzz(func(_ *testing.T, text []byte) {
		_, _ = Records.ParseMapping(text, lists)
	})
}

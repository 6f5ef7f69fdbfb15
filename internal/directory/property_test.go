package directory_test

import (
	"regexp"
	"strings"
	"testing"

	"equality-information-api/api"
	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

// drawPerson makes a person that Decode accepts.
func drawPerson(t *rapid.T) directory.Person {
	p := directory.Person{ID: id}
	for _, member := range []*string{
		&p.Title, &p.PreferredTitle, &p.FirstName, &p.MiddleName, &p.Surname, &p.PreferredFirstName, &p.PreferredMiddleName, &p.PreferredSurname,
	} {
		sample := rapid.StringOfN(rapid.Rune(), 0, directory.MaxName, -1).Draw(t, "name")
		if name, code := directory.ParseName(sample); code == "" && rapid.Bool().Draw(t, "present") {
			*member = name
		}
	}
	if rapid.Bool().Draw(t, "born") {
		p.DateOfBirth = equality.NewDate(1880, 1, 1+rapid.IntRange(0, 52000).Draw(t, "born on"))
		if rapid.Bool().Draw(t, "dead") {
			p.DateOfDeath = p.DateOfBirth
		}
	}
	return p
}

func TestWhatIsEncodedIsReadAndDecoded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPerson(t)
		if back, err := directory.Read(p.Encode()); err != nil || back != p {
			t.Fatalf("%s became %s, %v", p.Encode(), back.Encode(), err)
		}
		whole, err := json.Marshal(p.Whole())
		if err != nil {
			t.Fatal(err)
		}
		// What GET shows may be sent back.
		for _, path := range []uuid.UUID{id, uuid.Nil} {
			if back, err := directory.Decode(whole, path, today); err != nil || back != p {
				t.Fatalf("%s became %s, %v", whole, back.Encode(), err)
			}
		}
	})
}

func TestWhatIsShownIsItsJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		shown := drawPerson(t).Shown()
		want, err := json.Marshal(shown)
		if got := shown.AppendJSON(nil); err != nil || string(got) != string(want) {
			t.Errorf("%s, %v, want %s", got, err, want)
		}
	})
}

// TestGivenNamesAreNotShown: where there are preferred names, nothing that is shown has the
// names they stand for.
func TestGivenNamesAreNotShown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPerson(t)
		p.FirstName, p.MiddleName, p.PreferredFirstName = "xMARKx", "xMARKx", "Chosen"
		if rapid.Bool().Draw(t, "surname") {
			p.Surname, p.PreferredSurname = "xMARKx", "Taken"
		}
		shown, err := json.Marshal(p.Shown())
		if err != nil || strings.Contains(string(shown), "MARK") {
			t.Errorf("%s, %v", shown, err)
		}
	})
}

func TestFailuresHoldNoValue(t *testing.T) {
	t.Parallel()
	const marker = "xMARKx"
	names := []string{"id", "title", "surname", "preferredFirstName", "dateOfBirth", "dateOfDeath", "displayName", marker + "!", "first" + marker + " "}
	values := []string{
		`"` + marker + `\u0000"`, `"` + marker + `\u202e"`, `"` + strings.Repeat(marker, 60) + `"`, `["` + marker + `"]`, `{"` + marker + `!":1,"` + marker + `!":2}`,
		`[[[[[[[[["` + marker + `"]]]]]]]]]`, marker, `"\ud800` + marker + `"`, "\"\xff" + marker + `"`, `"1980-` + marker + `"`,
	}
	rapid.Check(t, func(t *rapid.T) {
		var members []string
		for range rapid.IntRange(1, 6).Draw(t, "members") {
			members = append(members, `"`+rapid.SampledFrom(names).Draw(t, "name")+`":`+rapid.SampledFrom(values).Draw(t, "value"))
		}
		_, err := directory.Decode([]byte("{"+strings.Join(members, ", ")+"}"), id, today)
		if err == nil {
			return // nothing but the computed name
		}
		for _, f := range err.(*equality.InvalidError).Failures {
			if strings.Contains(f.Pointer+f.Code+f.Message+err.Error(), "MARK") {
				t.Errorf("%+v", f)
			}
		}
	})
}

// FuzzDecode: whatever is accepted is stored, shown and sent back the same.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `null`, `{"id":"49b092d6-22b4-11ec-9621-0242ac130002","firstName":" Ada ","dateOfBirth":"1980-01-02"}`,
		`{"surname":"\u202e","displayName":[{}]}`, `{"dateOfBirth":"0000-02-29","dateOfDeath":"2024-05-01"}`, "{\"title\":\"\\ud800\xff\"}",
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := directory.Decode(body, id, today)
		if err != nil {
			if failures(t, err) == "" {
				t.Error("no failure")
			}
			return
		}
		if p.ID != id {
			t.Error("another person")
		}
		if back, err := directory.Read(p.Encode()); err != nil || back != p {
			t.Errorf("%s became %s, %v", p.Encode(), back.Encode(), err)
		}
		if back, err := directory.Decode(p.Encode(), id, today); err != nil || back != p {
			t.Errorf("%s became %s, %v", p.Encode(), back.Encode(), err)
		}
		p.AgeGroup(today)
	})
}

// The pattern of the contract and ParseName take the same names, whatever invisible characters
// and white space stand where.
func TestTheContractTakesTheNamesThatAreTaken(t *testing.T) {
	t.Parallel()
	var contract struct {
		Components struct {
			Schemas struct {
				NameInput, Name struct {
					Pattern string `json:"pattern"`
				}
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(api.JSON(), &contract); err != nil {
		t.Fatal(err)
	}
	schemas := contract.Components.Schemas
	input, output := regexp.MustCompile(schemas.NameInput.Pattern), regexp.MustCompile(schemas.Name.Pattern)
	odd := []rune("a\u00e9\u0645\U0001F600 \t\n\x00\x7f\x85\xa0\u00ad\u061c\u1680\u115f\u1160\u180e\u2003\u200b\u200d\u2028\u2029\u202a\u202e\u202f\u205f\u2060\u2065\u2066\u2069\u206a\u2800\u3000\u3164\ufeff\uffa0\ufff9\U000E0041")
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.StringOfN(rapid.SampledFrom(odd), 0, 6, -1)
		text := few.Draw(t, "start") + strings.Repeat("n", rapid.IntRange(0, directory.MaxName+2).Draw(t, "length")) + few.Draw(t, "end")
		name, code := directory.ParseName(text)
		if taken := input.MatchString(text); taken != (code == "") {
			t.Fatalf("%q: the contract takes it: %v, the program: %q", text, taken, code)
		}
		if name != "" && !output.MatchString(name) {
			t.Fatalf("%q is kept as %q, which the contract does not have", text, name)
		}
	})
}

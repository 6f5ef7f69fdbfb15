package directory_test

import (
	"testing"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"

	"github.com/go-json-experiment/json"
)

func TestDisplayName(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		p    directory.Person
		want string
	}{
		{directory.Person{}, ""},
		{directory.Person{Surname: "Okafor"}, "Okafor"},
		{directory.Person{FirstName: "Ada", Surname: "Okafor"}, "Ada Okafor"},
		{directory.Person{Title: "Dr", FirstName: "Ada", MiddleName: "May", Surname: "Okafor"}, "Ada May Okafor"},
		{directory.Person{FirstName: "Ada", MiddleName: "May", PreferredMiddleName: "June", Surname: "Okafor"}, "Ada June Okafor"},
		{directory.Person{FirstName: "Ada", Surname: "Okafor", PreferredSurname: "Lind"}, "Ada Lind"},
		// A middle name can out a person as a first name can.
		{directory.Person{FirstName: "Ada", MiddleName: "May", PreferredFirstName: "Adam", Surname: "Okafor"}, "Adam Okafor"},
		{directory.Person{FirstName: "Ada", MiddleName: "May", PreferredFirstName: "Adam", PreferredMiddleName: "Max"}, "Adam Max"},
	} {
		if got := test.p.DisplayName(); got != test.want {
			t.Errorf("%+v: %q, want %q", test.p, got, test.want)
		}
	}
}

func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	p := directory.Person{
		ID: id, Title: "Mr", PreferredTitle: "Mx", FirstName: "Given", MiddleName: "Middle", Surname: "Before", PreferredFirstName: "Chosen",
		PreferredSurname: "After", DateOfBirth: equality.NewDate(1980, 1, 2), DateOfDeath: equality.NewDate(2020, 1, 2),
	}
	const begin = `{"id":"49b092d6-22b4-11ec-9621-0242ac130002",`
	for what, test := range map[string]struct {
		shown any
		want  string
	}{
		"beside a record": {p.Shown(), `"title":"Mx","displayName":"Chosen After","surname":"After","dateOfBirth":"1980-01-02","dateOfDeath":"2020-01-02"}`},
		"whole": {p.Whole(), `"title":"Mr","preferredTitle":"Mx","firstName":"Given","middleName":"Middle","surname":"Before",` +
			`"preferredFirstName":"Chosen","preferredSurname":"After","dateOfBirth":"1980-01-02","dateOfDeath":"2020-01-02","displayName":"Chosen After"}`},
	} {
		got, err := json.Marshal(test.shown)
		if err != nil || string(got) != begin+test.want {
			t.Errorf("%s: %s, %v", what, got, err)
		}
	}
}

func TestAge(t *testing.T) {
	t.Parallel()
	date := func(s string) (d equality.Date) {
		if s != "" {
			if err := d.UnmarshalText([]byte(s)); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	for _, test := range []struct {
		birth, death, day string
		years             int
		group             string
	}{
		{"2008-05-02", "", "2024-05-01", 15, "underSixteen"},
		{"2008-05-01", "", "2024-05-01", 16, "sixteenToSeventeen"},
		{"2006-05-02", "", "2024-05-01", 17, "sixteenToSeventeen"},
		{"2006-05-01", "", "2024-05-01", 18, "eighteenToTwentyFour"},
		{"1999-05-02", "", "2024-05-01", 24, "eighteenToTwentyFour"},
		{"1999-05-01", "", "2024-05-01", 25, "twentyFiveToThirtyFour"},
		{"1989-05-01", "", "2024-05-01", 35, "thirtyFiveToFortyFour"},
		{"1979-05-01", "", "2024-05-01", 45, "fortyFiveToFiftyFour"},
		{"1969-05-01", "", "2024-05-01", 55, "fiftyFiveToSixtyFour"},
		{"1959-05-01", "", "2024-05-01", 65, "sixtyFiveToEightyFour"},
		{"1939-05-02", "", "2024-05-01", 84, "sixtyFiveToEightyFour"},
		{"1939-05-01", "", "2024-05-01", 85, "eightyFiveAndPlus"},
		{"1894-05-01", "", "2024-05-01", 130, "eightyFiveAndPlus"},
		{"2024-05-01", "", "2024-05-01", 0, "underSixteen"},
		// Born on 29 February: the law counts to 1 March.
		{"2008-02-29", "", "2024-02-28", 15, "underSixteen"},
		{"2008-02-29", "", "2024-02-29", 16, "sixteenToSeventeen"},
		{"2008-02-29", "", "2026-02-28", 17, "sixteenToSeventeen"},
		{"2008-02-29", "", "2026-03-01", 18, "eighteenToTwentyFour"},
		// Who has died has an age, and no age group is suggested.
		{"1980-06-01", "2020-05-31", "2024-05-01", 39, ""},
		{"1980-06-01", "2024-05-01", "2024-05-01", 43, ""},
	} {
		p := directory.Person{DateOfBirth: date(test.birth), DateOfDeath: date(test.death)}
		years, known := p.Age(date(test.day))
		if group := p.AgeGroup(date(test.day)); years != test.years || !known || group != test.group {
			t.Errorf("%s to %s: %d, %t, %q", test.birth, test.day, years, known, group)
		}
	}
	if years, known := (directory.Person{}).Age(today); years != 0 || known || (directory.Person{}).AgeGroup(today) != "" {
		t.Error("an age without a date of birth")
	}
}

// The suggested group is a code that may be stored, and every group is suggested at some age.
// Such dates stand for one that is not known: a system that must write something writes them.
func TestNobodyHasAnAgeThatNobodyReaches(t *testing.T) {
	t.Parallel()
	for _, birth := range []string{"0000-01-01", "0001-01-01", "1753-01-01", "1893-04-30"} {
		var p directory.Person
		if err := p.DateOfBirth.UnmarshalText([]byte(birth)); err != nil {
			t.Fatal(err)
		}
		if years, known := p.Age(today); known {
			t.Errorf("%s: %d years old", birth, years)
		}
		if group := p.AgeGroup(today); group != "" {
			t.Errorf("%s: %q is suggested", birth, group)
		}
	}
}

func TestAgeGroupsAreThoseOfTheList(t *testing.T) {
	t.Parallel()
	lists, err := refdata.Load()
	if err != nil {
		t.Fatal(err)
	}
	list, _ := lists.Get(refdata.AgeGroup)
	suggested := make(map[string]bool)
	for years := range 120 {
		p := directory.Person{DateOfBirth: today.AddMonths(-12 * years)}
		code, known := list.Find(p.AgeGroup(today))
		if !known || !code.Active {
			t.Errorf("%d: %q", years, p.AgeGroup(today))
		}
		suggested[code.Code] = true
	}
	for _, code := range list.Codes {
		if code.Code != "preferNotToSay" && !suggested[code.Code] {
			t.Errorf("%s is never suggested", code.Code)
		}
	}
}

package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
)

// year is when the demo people of a test are made.
var year = time.Now().Year()

func demoLists(t *testing.T, options ...refdata.Option) *refdata.Lists {
	t.Helper()
	lists, err := refdata.Load(options...)
	if err != nil {
		t.Fatal(err)
	}
	return lists
}

func TestDemoPeopleAreAlwaysTheSame(t *testing.T) {
	t.Parallel()
	lists := demoLists(t)
	first, again, fewer := newDemo(lists, year).people(300), newDemo(lists, year).people(300), newDemo(lists, year).people(30)
	for i := range first {
		text := func(p invented) string { return string(p.Encode()) + string(p.entry.Encode()) }
		if text(first[i]) != text(again[i]) || i < len(fewer) && text(first[i]) != text(fewer[i]) {
			t.Fatalf("person %d is another", i)
		}
	}
}

func TestDemoPeopleAreValid(t *testing.T) {
	t.Parallel()
	for name, lists := range map[string]*refdata.Lists{"national codes": demoLists(t), "local codes": demoLists(t, refdata.WithLocalCodes())} {
		rules, err := equality.NewRules(lists)
		if err != nil {
			t.Fatal(err)
		}
		for _, person := range newDemo(lists, year).people(1000) {
			for _, today := range []equality.Date{equality.DateOf(time.Now()), equality.NewDate(2026, time.January, 1)} {
				stored, err := rules.DecodeCreate(person.Encode(), uuid.Nil, today)
				if err != nil {
					t.Fatalf("%s: %s: %+v", name, person.Encode(), err.(*equality.InvalidError).Failures)
				}
				if string(stored.Encode()) != string(person.Encode()) {
					t.Errorf("%s: %s is stored as %s", name, person.Encode(), stored.Encode())
				}
			}
		}
	}
}

// Entries are as they would be after PUT, and of people who are as old as their records say, on
// the first and on the last day of the year.
func TestDemoPeoplesEntriesAreValid(t *testing.T) {
	t.Parallel()
	for i, person := range newDemo(demoLists(t), year).people(1000) {
		if person.entry.ID == uuid.Nil {
			continue
		}
		entry, err := directory.Decode(person.entry.Encode(), person.TargetID, equality.NewDate(year, time.January, 1))
		if err != nil || entry != person.entry {
			t.Errorf("%d: the entry would be stored as %+v: %v", i, entry, err)
		}
		for _, day := range []equality.Date{equality.NewDate(year, time.January, 1), equality.NewDate(year, time.December, 31)} {
			if group := entry.AgeGroup(day); person.AgeGroup != "" && person.AgeGroup != refdata.PreferNotToSay && group != "" && group != person.AgeGroup {
				t.Errorf("%d: on %v the person is %s, but the record says %s", i, day, group, person.AgeGroup)
			}
		}
	}
}

// There is somebody to show of everything that names can be.
func TestDemoPeopleAreNamedInManyWays(t *testing.T) {
	t.Parallel()
	seen := make(map[string]int)
	see := func(what string, is bool) {
		seen[what] += map[bool]int{true: 1}[is]
	}
	has := func(text string, is func(rune) bool) bool { return strings.ContainsFunc(text, is) }
	for _, person := range newDemo(demoLists(t), year).people(300) {
		e := person.entry
		see("no entry", e == directory.Person{})
		if e == (directory.Person{}) {
			continue
		}
		see("died", !e.DateOfDeath.IsZero())
		see("age to be suggested", person.AgeGroup == "" && e.AgeGroup(equality.NewDate(year, time.June, 1)) != "")
		see("one name", e.FirstName == "" || e.Surname == "")
		see("one letter", utf8.RuneCountInString(e.FirstName) == 1)
		see("long", utf8.RuneCountInString(e.Surname) > 40)
		see("preferred name", e.PreferredFirstName != "" && e.PreferredSurname == "")
		see("patronymic", strings.HasSuffix(e.MiddleName, "вич") || strings.HasSuffix(e.Surname, "dóttir"))
		for _, mark := range []string{"-", "'", "’", " ", "."} {
			see("with "+mark, strings.Contains(e.Surname, mark))
		}
		see("diacritics", has(e.FirstName, func(r rune) bool { return r > unicode.MaxASCII && unicode.Is(unicode.Latin, r) }))
		for _, script := range []string{"Arabic", "Armenian", "Bengali", "Cyrillic", "Devanagari", "Ethiopic", "Georgian", "Greek", "Gujarati", "Gurmukhi",
			"Han", "Hangul", "Hebrew", "Hiragana", "Thai"} {
			see(script, has(e.FirstName, func(r rune) bool { return unicode.Is(unicode.Scripts[script], r) }))
		}
	}
	for what, times := range seen {
		if times == 0 || times > 200 {
			t.Errorf("%s: %d of 300", what, times)
		}
	}
}

// One person has two records twice, so that there are duplicates to find and to merge.
func TestDemoPeopleHaveDuplicates(t *testing.T) {
	t.Parallel()
	twins := newDemo(demoLists(t), year).people(30)[firstTwin:]
	if a, b := twins[0], twins[1]; a.NationalInsuranceNumber == "" || a.NationalInsuranceNumber != b.NationalInsuranceNumber {
		t.Error("the first pair have no National Insurance number in common")
	}
	if a, b := twins[2].entry, twins[3].entry; a.DateOfBirth.IsZero() || a.DateOfBirth != b.DateOfBirth || a.FirstName == b.FirstName || a.Surname == b.Surname {
		t.Error("the second pair have another date of birth, or the same names")
	}
}

func TestDemoPeopleAreNobody(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../examples/seed.json")
	if err != nil {
		t.Fatal(err)
	}
	var seed struct {
		ID       uuid.UUID `json:"id"`
		TargetID uuid.UUID `json:"targetId"`
	}
	if err := json.Unmarshal(text, &seed); err != nil || seed.ID == uuid.Nil || seed.TargetID == uuid.Nil {
		t.Fatal(seed, err)
	}
	used := map[uuid.UUID]bool{uuid.Nil: true, seed.ID: true, seed.TargetID: true}
	number := regexp.MustCompile(`^(QQ\d{6}[A-D])?$`) // HMRC issues no number with a Q in its prefix
	for _, person := range newDemo(demoLists(t), year).people(2000) {
		for _, id := range []uuid.UUID{person.ID, person.TargetID} {
			if used[id] || id.Version() != 8 || id.Variant() != uuid.RFC4122 {
				t.Errorf("%s is used already, or is not of our own making", id)
			}
			used[id] = true
		}
		if !number.MatchString(person.NationalInsuranceNumber) {
			t.Errorf("the number %s could be somebody's", person.NationalInsuranceNumber)
		}
	}
}

func TestDemoPeopleUseEveryActiveCode(t *testing.T) {
	t.Parallel()
	for name, lists := range map[string]*refdata.Lists{"national codes": demoLists(t), "local codes": demoLists(t, refdata.WithLocalCodes())} {
		used := make(map[string]map[string]bool)
		use := func(list string, codes ...string) {
			if used[list] == nil {
				used[list] = make(map[string]bool)
			}
			for _, code := range codes {
				used[list][code] = true
			}
		}
		for _, r := range newDemo(lists, year).people(300) {
			use(refdata.AgeGroup, r.AgeGroup)
			use(refdata.Gender, r.Gender.Value)
			use(refdata.Nationality, r.Nationality)
			use(refdata.EthnicGroup, r.Ethnicity.Value)
			use(refdata.ReligionOrBelief, r.ReligionOrBelief.Value)
			use(refdata.SexualOrientation, r.SexualOrientation.Value)
			use(refdata.HoursOfUnpaidCare, r.CaringResponsibilities.HoursSpentProvidingUnpaidCare)
			use(refdata.CommunicationRequirement, r.CommunicationRequirements...)
			use(refdata.EconomicSituation, r.EconomicSituation)
			use(refdata.HomeSituation, r.HomeSituation)
			use(refdata.ArmedForces, r.ArmedForces)
			use(refdata.Answer, r.Disabled.String())
			for _, l := range r.Languages {
				use(refdata.Language, l.Language)
			}
		}
		for _, list := range lists.All() {
			for _, code := range list.Codes {
				if code.Active && !used[list.Name][code.Code] {
					t.Errorf("%s: no invented person has %s of %s: give it to somebody in demo.go, and name a new list above", name, code.Code, list.Name)
				}
				if !code.Active && used[list.Name][code.Code] {
					t.Errorf("%s: somebody has %s of %s, which is retired", name, code.Code, list.Name)
				}
			}
		}
	}
}

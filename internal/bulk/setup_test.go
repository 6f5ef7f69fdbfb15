package bulk

import (
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
)

var day = equality.NewDate(2026, time.November, 27)

// theLists and theRules are loaded once for all tests.
var (
	theLists = sync.OnceValues(func() (*refdata.Lists, error) { return refdata.Load() })
	theRules = sync.OnceValues(func() (*equality.Rules, error) {
		lists, err := theLists()
		if err != nil {
			return nil, err
		}
		return equality.NewRules(lists)
	})
)

func testLists(t testing.TB) *refdata.Lists {
	t.Helper()
	lists, err := theLists()
	if err != nil {
		t.Fatal(err)
	}
	return lists
}

func testRules(t testing.TB) *equality.Rules {
	t.Helper()
	rules, err := theRules()
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

// record draws a valid record.
func record(t *rapid.T, lists *refdata.Lists) equality.Record {
	id := func(label string) uuid.UUID {
		return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Filter(func(b []byte) bool { return uuid.UUID(b) != uuid.Nil }).Draw(t, label))
	}
	coded := func(name string) (string, equality.Text) {
		list, _ := lists.Get(name)
		var codes []refdata.Code
		for _, c := range list.Codes {
			if c.Active {
				codes = append(codes, c)
			}
		}
		if rapid.IntRange(0, 3).Draw(t, "absent "+name) == 0 {
			return "", equality.Text{}
		}
		code := rapid.SampledFrom(codes).Draw(t, name)
		text := equality.Text{}
		switch kind := rapid.IntRange(0, 3).Draw(t, "text"); {
		case kind == 0:
			text = equality.NewText("")
		case code.TakesText:
			text = equality.NewText(rapid.SampledFrom([]string{"=1+1", "'", "''", "-", "@x", "'=", "a,b", "a\"b", "\"", "café ✓", "'tis", ";", "+", "a;b"}).Draw(t, "words"))
		}
		return code.Code, text
	}
	code := func(name string) string { c, _ := coded(name); return c }
	answer := func() equality.Answer { return equality.Answer(rapid.IntRange(0, 3).Draw(t, "answer")) }
	r := equality.Record{ID: id("id"), TargetID: id("target")}
	r.AgeGroup, r.Nationality, r.ArmedForces = code(refdata.AgeGroup), code(refdata.Nationality), code(refdata.ArmedForces)
	r.Gender.Value, r.Gender.ValueIfOther = coded(refdata.Gender)
	r.Gender.DifferentToBirthSex, r.Disabled = answer(), answer()
	r.Ethnicity.Value, r.Ethnicity.ValueIfOther = coded(refdata.EthnicGroup)
	r.ReligionOrBelief.Value, r.ReligionOrBelief.ValueIfOther = coded(refdata.ReligionOrBelief)
	r.SexualOrientation.Value, r.SexualOrientation.ValueIfOther = coded(refdata.SexualOrientation)
	r.EconomicSituation, r.EconomicSituationIfOther = coded(refdata.EconomicSituation)
	r.HomeSituation, r.HomeSituationIfOther = coded(refdata.HomeSituation)
	r.MarriageOrCivilPartnership = equality.MarriageOrCivilPartnership{Married: answer(), CivilPartnership: answer()}
	if r.CaringResponsibilities.ProvideUnpaidCare = answer(); r.CaringResponsibilities.ProvideUnpaidCare == equality.Yes {
		r.CaringResponsibilities.HoursSpentProvidingUnpaidCare = code(refdata.HoursOfUnpaidCare)
	}
	languages, _ := lists.Get(refdata.Language)
	for i := range rapid.IntRange(0, 4).Draw(t, "languages") {
		r.Languages = append(r.Languages, equality.Language{Language: languages.Codes[i].Code, IsPrimary: i == 0})
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "pregnancies") {
		r.PregnancyOrMaternity = append(r.PregnancyOrMaternity, equality.NewPregnancy(equality.NewDate(2020+i, 2, 29)))
	}
	if rapid.Bool().Draw(t, "nino") {
		r.NationalInsuranceNumber = "QQ123456C"
	}
	requirements, _ := lists.Get(refdata.CommunicationRequirement)
	for _, c := range requirements.Codes {
		if c.Active && !c.Exclusive && rapid.IntRange(0, 4).Draw(t, c.Code) == 0 {
			r.CommunicationRequirements = append(r.CommunicationRequirements, c.Code)
			if c.TakesText {
				r.CommunicationRequirementsIfOther = equality.NewText("=x")
			}
		}
	}
	return r
}

func recordDecoder(t testing.TB) Decode[equality.Record] {
	t.Helper()
	return DecodeRecord(testRules(t), day)
}

func recordLines(t testing.TB) Decoder[equality.Record] {
	t.Helper()
	return Records.NDJSON(recordDecoder(t))
}

// person draws a valid entry of the directory.
func person(t *rapid.T) directory.Person {
	name := rapid.OneOf(rapid.SampledFrom([]string{"", "", "Zoë", "O'Neill", "'Tis", "=1+1", "-", "@x", "a,b", `a "b"`, "Łukasz", "山田", "عائشة"}),
		rapid.StringOfN(rapid.RuneFrom(nil, unicode.L), 0, directory.MaxName, -1))
	date := func(label string, from int) equality.Date {
		if rapid.Bool().Draw(t, label) {
			return equality.Date{}
		}
		return equality.NewDate(rapid.IntRange(from, from+50).Draw(t, label), 2, 29)
	}
	return directory.Person{
		ID:    uuid.UUID(rapid.SliceOfN(rapid.ByteRange(1, 255), 16, 16).Draw(t, "id")),
		Title: name.Draw(t, "title"), PreferredTitle: name.Draw(t, "preferred title"), FirstName: name.Draw(t, "first name"), MiddleName: name.Draw(t, "middle name"),
		Surname: name.Draw(t, "surname"), PreferredFirstName: name.Draw(t, "preferred first name"), PreferredMiddleName: name.Draw(t, "preferred middle name"),
		PreferredSurname: name.Draw(t, "preferred surname"), DateOfBirth: date("birth", 1900), DateOfDeath: date("death", 1970),
	}
}

package bulk

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

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

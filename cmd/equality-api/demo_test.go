package main

import (
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/refdata"
)

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
	first, again, fewer := newDemo(lists).people(300), newDemo(lists).people(300), newDemo(lists).people(10)
	for i := range first {
		if string(first[i].Encode()) != string(again[i].Encode()) || i < len(fewer) && string(first[i].Encode()) != string(fewer[i].Encode()) {
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
		for _, person := range newDemo(lists).people(1000) {
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
	for _, person := range newDemo(demoLists(t)).people(2000) {
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
		for _, r := range newDemo(lists).people(300) {
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

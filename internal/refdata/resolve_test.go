package refdata

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEveryCodeResolvesToItself(t *testing.T) {
	t.Parallel()
	for _, list := range mustLoad(t, WithLocalCodes()).All() {
		for _, want := range list.Codes {
			if got, ok := list.Find(want.Code); !ok || got.Code != want.Code {
				t.Errorf("%s: Find(%q) gives %q", list.Name, want.Code, got.Code)
			}
			if got, ok := list.Resolve(want.Code); !ok || got.Code != want.Code {
				t.Errorf("%s: Resolve(%q) gives %q", list.Name, want.Code, got.Code)
			}
		}
	}
}

func TestAliasesInAnyDress(t *testing.T) {
	t.Parallel()
	lists := mustLoad(t)
	var aliases []struct {
		list        *List
		alias, code string
	}
	for _, list := range lists.All() {
		for _, c := range list.Codes {
			for _, alias := range c.Aliases {
				aliases = append(aliases, struct {
					list        *List
					alias, code string
				}{list, alias, c.Code})
			}
		}
	}
	dress := []func(string) string{strings.ToUpper, strings.ToLower, strings.Clone}
	blanks := rapid.StringOfN(rapid.RuneFrom([]rune(" \t\r\n\u00a0")), 0, 80, -1)
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SampledFrom(aliases).Draw(t, "alias")
		value := blanks.Draw(t, "before") + rapid.SampledFrom(dress).Draw(t, "dress")(a.alias) + blanks.Draw(t, "after")
		if got, ok := a.list.Resolve(value); !ok || got.Code != a.code {
			t.Fatalf("%s: Resolve(%q) gives %q, want %q", a.list.Name, value, got.Code, a.code)
		}
	})
}

func TestResolveExamples(t *testing.T) {
	t.Parallel()
	lists := mustLoad(t)
	for _, w := range []struct{ list, value, code string }{
		{Answer, "YES", "true"},
		{Answer, "no", "false"},
		{Answer, "TRUE", ""},
		{Answer, "Y", ""},
		{Answer, "1", ""},
		{Gender, "F", "f"},
		{Gender, "male", "m"},
		{Gender, " f", "f"}, // the alias F, in another dress
		{Nationality, "Prydeinig", "british"},
		{Nationality, "Cymraes", "welsh"},
		{Nationality, "British", ""},
		{Nationality, " british ", ""},
		{Language, "tagalog", "filipino"},
		{Language, "indian", ""},
		{EthnicGroup, "whiteOrWhiteBritish", "white"},
		{ArmedForces, "servingMemberOfTheArmedForces", "aServingMemberOfTheArmedForces"},
		{ArmedForces, "formerMemberOfTheArmedForces", "aFormerMemberOfTheArmedForces"},
		{AgeGroup, "eightyFiveandPlus", "eightyFiveAndPlus"},
		{HomeSituation, "TemporaryAccommodationPlacedByHackneyCouncil", "temporaryAccommodationPlacedByHackneyCouncil"},
		{CommunicationRequirement, "InterpreterRequired", "interpreterNeeded"},
		{Gender, "", ""},
		{Gender, strings.Repeat("female", 1000), ""},
	} {
		got, ok := mustGet(t, lists, w.list).Resolve(w.value)
		if got.Code != w.code || ok != (w.code != "") {
			t.Errorf("%s: Resolve(%q) gives %q, want %q", w.list, w.value, got.Code, w.code)
		}
	}
}

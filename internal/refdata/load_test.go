package refdata

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// mustLoad loads the shipped lists.
func mustLoad(t testing.TB, options ...Option) *Lists {
	t.Helper()
	lists, err := Load(options...)
	if err != nil {
		t.Fatal(err)
	}
	return lists
}

// mustGet returns a list that must exist.
func mustGet(t testing.TB, lists *Lists, name string) *List {
	t.Helper()
	list, ok := lists.Get(name)
	if !ok {
		t.Fatalf("no list %q", name)
	}
	return list
}

func TestShippedLists(t *testing.T) {
	t.Parallel()
	want := []struct {
		name  string
		codes int
	}{
		{AgeGroup, 10},
		{Gender, 5},
		{Nationality, 225}, // 221 of the standard, falklandIslander, stateless, other, preferNotToSay
		{EthnicGroup, 64},  // 6 broad, 19 detailed, 39 local
		{ReligionOrBelief, 11},
		{SexualOrientation, 7},
		{Language, 167},
		{HoursOfUnpaidCare, 7},
		{CommunicationRequirement, 34},
		{EconomicSituation, 13},
		{HomeSituation, 13},
		{ArmedForces, 7},
		{Answer, 3},
	}
	lists := mustLoad(t)
	all := lists.All()
	if len(all) != len(want) {
		t.Fatalf("%d lists, want %d: a new list needs its line above", len(all), len(want))
	}
	for i, w := range want {
		list := all[i]
		if list.Name != w.name || len(list.Codes) != w.codes {
			t.Errorf("list %d: data/%s.json has %d codes, want %s with %d: if the file is right, correct the number above", i, list.Name, len(list.Codes), w.name, w.codes)
		}
		if list != mustGet(t, lists, w.name) {
			t.Errorf("%s: Get and All disagree", w.name)
		}
		if len(list.Version) != 12 {
			t.Errorf("%s: version %q", w.name, list.Version)
		}
		if last := list.Codes[len(list.Codes)-1]; last.Code != PreferNotToSay || !last.Active || last.TakesText {
			t.Errorf("%s: last is %+v", w.name, last)
		}
	}
	if _, ok := lists.Get("shoe-size"); ok {
		t.Error("a list that is not there was found")
	}
}

// TestSeedExample checks the lists against the specification's example, whose
// spellings are canonical.
func TestSeedExample(t *testing.T) {
	t.Parallel()
	seed := map[string][]string{
		Gender:                   {"m"},
		Nationality:              {"british"},
		EthnicGroup:              {"white"},
		ReligionOrBelief:         {"christian"},
		SexualOrientation:        {"heterosexual"},
		Language:                 {"french", "english"},
		HoursOfUnpaidCare:        {"fiveToNineHours"},
		CommunicationRequirement: {"signLanguage", "interpreterNeeded", "largePrint"},
		EconomicSituation:        {"employedFullTime"},
		HomeSituation:            {"temporaryAccommodationPlacedByHackneyCouncil"},
		ArmedForces:              {"aServingMemberOfTheArmedForces"},
		Answer:                   {"true"},
	}
	lists := mustLoad(t)
	for name, codes := range seed {
		for _, code := range codes {
			if c, ok := mustGet(t, lists, name).Find(code); !ok || !c.Active {
				t.Errorf("%s: %s is not an active code", name, code)
			}
		}
	}
}

func TestAlphabeticalLists(t *testing.T) {
	t.Parallel()
	lists := mustLoad(t)
	for _, name := range []string{Nationality, Language} {
		codes := mustGet(t, lists, name).Codes
		end := len(codes) - 2
		if codes[end].Code != "other" {
			t.Errorf("%s: %s is last but one", name, codes[end].Code)
		}
		if !slices.IsSortedFunc(codes[:end], func(a, b Code) int {
			return strings.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label))
		}) {
			t.Errorf("%s: not in the order of the labels", name)
		}
	}
}

func TestWhatCodesDemand(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		Gender:                   {"o"},
		EthnicGroup:              {"whiteOther", "mixedOther", "asianOther", "blackOther", "other", "anyOtherEthnicGroup"},
		ReligionOrBelief:         {"other"},
		SexualOrientation:        {"other"},
		CommunicationRequirement: {"other"},
		EconomicSituation:        {"other"},
		HomeSituation:            {"other"},
	}
	for _, list := range mustLoad(t).All() {
		var takeText, exclusive []string
		for _, c := range list.Codes {
			if c.TakesText {
				takeText = append(takeText, c.Code)
			}
			if c.Exclusive {
				exclusive = append(exclusive, c.Code)
			}
			if (c.MinimumAge == 16) != (list.Name == SexualOrientation) {
				t.Errorf("%s: %s has minimum age %d", list.Name, c.Code, c.MinimumAge)
			}
			if (c.Subset != "") != (list.Name == CommunicationRequirement && !slices.Contains([]string{"other", "none", PreferNotToSay}, c.Code)) {
				t.Errorf("%s: %s is of subset %q", list.Name, c.Code, c.Subset)
			}
		}
		if diff := cmp.Diff(want[list.Name], takeText); diff != "" {
			t.Errorf("%s: codes that take text (-want +got):\n%s", list.Name, diff)
		}
		var wantExclusive []string
		if list.Name == CommunicationRequirement {
			wantExclusive = []string{"none", PreferNotToSay}
		}
		if diff := cmp.Diff(wantExclusive, exclusive); diff != "" {
			t.Errorf("%s: exclusive codes (-want +got):\n%s", list.Name, diff)
		}
	}
}

func TestParents(t *testing.T) {
	t.Parallel()
	lists := mustLoad(t)
	for _, w := range []struct{ list, code, parent string }{
		{Nationality, "welsh", "british"},
		{Nationality, "scottish", "british"},
		{Nationality, "english", "british"},
		{Nationality, "northernIrish", "british"},
		{Nationality, "british", ""},
		{EthnicGroup, "roma", "white"},
		{EthnicGroup, "kurdish", "anyOtherEthnicGroup"},
		{EthnicGroup, "anyOtherEthnicGroup", "other"},
		{ReligionOrBelief, "charedi", "jewish"},
		{ReligionOrBelief, "secularBeliefs", "atheistOrNoReligiousBelief"},
		{SexualOrientation, "gayMan", "gayOrLesbian"},
		{SexualOrientation, "lesbianOrGayWoman", "gayOrLesbian"},
	} {
		if c, ok := mustGet(t, lists, w.list).Find(w.code); !ok || c.Parent != w.parent {
			t.Errorf("%s: parent of %s is %q, want %q", w.list, w.code, c.Parent, w.parent)
		}
	}
}

func TestMaps(t *testing.T) {
	t.Parallel()
	lists := mustLoad(t)
	for _, w := range []struct{ list, code, system, value string }{
		{Nationality, "british", "core", "826"},
		{Nationality, "welsh", "core", "826"},
		{Nationality, "welsh", "iso3166", "GB-WLS"},
		{Nationality, "afghan", "core", "4"},
		{Nationality, "kosovan", "core", ""},
		{Language, "britishSignLanguage", "iso639", "bfi"},
		{Language, "edo", "iso639", "bin"},
		{Language, "other", "iso639", ""},
		{EthnicGroup, "roma", "census2021", "16"},
		{EthnicGroup, "chinese", "nhs", "R"},
		{EthnicGroup, PreferNotToSay, "nhs", "Z"},
	} {
		c, _ := mustGet(t, lists, w.list).Find(w.code)
		if value, ok := c.Maps[w.system]; !ok || value != w.value {
			t.Errorf("%s: %s maps %s to %q, want %q", w.list, w.code, w.system, value, w.value)
		}
	}
	for _, c := range mustGet(t, lists, Language).Codes {
		if c.ISO639Exact != nil && (*c.ISO639Exact || c.MapReason == "") {
			t.Errorf("%s: inexact without a reason", c.Code)
		}
	}
}

func TestCodeJSON(t *testing.T) {
	t.Parallel()
	inexact := false
	got, err := json.Marshal([]Code{
		{Code: "a", Label: "A", Order: 1},
		{Code: "b", Label: "B", Order: 2, Active: true, Maps: Maps{"core": "7", "pcq": ""}, MapReason: "why", ISO639Exact: &inexact},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"code":"a","label":"A","order":1,"active":false},` +
		`{"code":"b","label":"B","order":2,"active":true,"maps":{"core":"7","pcq":null},"mapReason":"why","iso639Exact":false}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestLocalCodes(t *testing.T) {
	t.Parallel()
	standard := mustGet(t, mustLoad(t), EthnicGroup)
	local := mustGet(t, mustLoad(t, WithLocalCodes()), EthnicGroup)
	if c, ok := standard.Resolve("white-turkish"); !ok || c.Code != "whiteTurkish" || c.Active {
		t.Errorf("without local codes: %+v, %t", c, ok)
	}
	if c, ok := local.Resolve("white-turkish"); !ok || !c.Active || c.Parent != "whiteOther" {
		t.Errorf("with local codes: %+v, %t", c, ok)
	}
	if standard.Version == local.Version {
		t.Error("what is served differs, the version does not")
	}
	if near := standard.Near("charedyJew"); slices.Contains(near, "charediJew") {
		t.Errorf("an inactive code is suggested: %v", near)
	}
	if near := local.Near("charedyJew"); !slices.Contains(near, "charediJew") {
		t.Errorf("an active local code is not suggested: %v", near)
	}
}

func TestWithCouncil(t *testing.T) {
	t.Parallel()
	hackney := mustGet(t, mustLoad(t), HomeSituation)
	camden := mustGet(t, mustLoad(t, WithCouncil("Camden Council")), HomeSituation)
	if c, _ := camden.Find("rentedFromHackneyCouncil"); c.Label != "Rented from Camden Council" {
		t.Errorf("label %q", c.Label)
	}
	if hackney.Version == camden.Version {
		t.Error("what is served differs, the version does not")
	}
}

func TestVersionFollowsContent(t *testing.T) {
	t.Parallel()
	const file = `{"name": "answer", "label": "Answer", "sources": ["test"], "codes": [{"code": "preferNotToSay", "label": "LABEL", "order": 1, "active": true}]}`
	version := func(label, spaces string) string {
		list, err := parse(Answer, []byte(spaces+strings.ReplaceAll(file, "LABEL", label)))
		if err != nil {
			t.Fatal(err)
		}
		return list.Version
	}
	if version("a", "") == version("b", "") {
		t.Error("another label, the same version")
	}
	if version("a", "") != version("a", "\n") {
		t.Error("layout changes the version")
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	if _, err := load(fstest.MapFS{}); err == nil {
		t.Error("loaded without any file")
	}
}

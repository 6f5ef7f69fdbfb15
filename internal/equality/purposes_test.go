package equality_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"equality-information-api/internal/equality"
)

// A member has a purpose, a lawful basis and a review interval, or the build fails.
func TestEveryMemberHasItsPurpose(t *testing.T) {
	t.Parallel()
	var names []string
	for _, use := range equality.Uses() {
		names = append(names, use.Name)
		if use.Purpose != equality.Monitoring && use.Purpose != equality.Operational || use.LawfulBasis == "" || use.ReviewMonths < 1 {
			t.Errorf("%+v: see purposes.go", use)
		}
	}
	if d := cmp.Diff(equality.Members(), names); d != "" {
		t.Errorf("the members in purposes.go (-want +got):\n%s", d)
	}
	want := []string{"nationalInsuranceNumber", "languages", "communicationRequirements", "communicationRequirementsIfOther"}
	if d := cmp.Diff(want, equality.HeldFor(equality.Operational)); d != "" {
		t.Errorf("operational (-want +got):\n%s", d)
	}
	for _, name := range equality.SensitiveMembers() {
		if !slices.Contains(equality.HeldFor(equality.Monitoring), name) {
			t.Errorf("%s is not held for monitoring: events then name it as sensitive to callers who may not know even that", name)
		}
	}
}

func TestCommunicationCard(t *testing.T) {
	t.Parallel()
	r := equality.Record{
		Languages:                 []equality.Language{{Language: "Klingon, of a kind"}, {Language: "french", IsPrimary: true}},
		CommunicationRequirements: []string{"braille", "Ring twice"},
	}
	got := newRules(t).Communication(r)
	want := equality.Communication{
		Languages:    []equality.SpokenLanguage{{Language: "french", Label: "French", IsPrimary: true}},
		Requirements: []equality.Requirement{{Code: "braille", Label: "Braille"}}, Other: []string{"Klingon, of a kind", "Ring twice"},
	}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(equality.Text{})); d != "" {
		t.Errorf("the card (-want +got):\n%s", d)
	}
	for _, code := range []string{"signLanguage", "bslVideoInterpreter", "interpreterNeeded", "deafblindManualInterpreter"} {
		card := newRules(t).Communication(equality.Record{CommunicationRequirements: []string{"braille", code}})
		if !card.InterpreterNeeded || len(card.Requirements) != 2 { // the code is in its list
			t.Errorf("%s: %+v", code, card)
		}
	}
	none := newRules(t).Communication(equality.Record{})
	if none.Languages == nil || none.Requirements == nil || none.Other == nil || none.InterpreterNeeded {
		t.Errorf("where nothing is known: %+v", none)
	}
}

package refdata

import (
	"strings"
	"testing"
)

// Every label of an active code means that code, in any case, and no label means a
// code that is not active.
func TestOurOwnLabelsMeanTheirCodes(t *testing.T) {
	t.Parallel()
	for _, list := range mustLoad(t).All() {
		for _, want := range list.Codes {
			for _, label := range []string{want.Label, strings.ToUpper(want.Label), " " + strings.ToLower(want.Label) + "\n"} {
				got, ok := list.Labelled(label)
				if ok != want.Active || ok && got.Code != want.Code {
					t.Errorf("%s: %q means %q, want %q, active: %v", list.Name, label, got.Code, want.Code, want.Active)
				}
			}
		}
	}
	nationalities := mustGet(t, mustLoad(t), Nationality)
	for _, value := range []string{"", "zebra", strings.Repeat("British", 1000)} {
		if got, ok := nationalities.Labelled(value); ok {
			t.Errorf("%.20q means %q", value, got.Code)
		}
	}
	if got, ok := nationalities.Meant("BRITISH"); !ok || got.Code != "british" {
		t.Errorf("a label in another case means %q", got.Code)
	}
	if got, ok := nationalities.Meant("prydeinig"); !ok || got.Code != "british" {
		t.Errorf("an alias means %q", got.Code)
	}
	council, _ := mustGet(t, mustLoad(t, WithCouncil("Camden Council")), HomeSituation).Labelled("Rented from Camden Council")
	if council.Code != "rentedFromHackneyCouncil" {
		t.Errorf("the label with another council's name means %q", council.Code)
	}
}

// A label that two codes could be meant by means neither.
func TestALabelOfSeveralCodesMeansNone(t *testing.T) {
	t.Parallel()
	const shared = `{"name":"gender","label":"Gender","version":"","sources":["x"],"codes":[
		{"code":"a","label":"Twice","order":1,"active":true},{"code":"b","label":"twice","order":2,"active":true},
		{"code":"c","label":"D","order":3,"active":true},{"code":"d","label":"Other","order":4,"active":true},
		{"code":"e","label":"Old","order":5,"active":false,"validTo":"2020-01-01"},{"code":"f","label":"old","order":6,"active":true},
		{"code":"g","label":"An alias","order":7,"active":true},{"code":"h","label":"H","order":8,"active":true,"aliases":["an ALIAS"]},
		{"code":"preferNotToSay","label":"Prefer not to say","order":9,"active":true}]}`
	list, err := parse(Gender, []byte(shared))
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]string{"TWICE": "", "d": "", "an alias": "", "old": "f", "other": "d", "h": "h", "prefer not to say": "preferNotToSay"} {
		if got, _ := list.Labelled(label); got.Code != want {
			t.Errorf("%q means %q, want %q", label, got.Code, want)
		}
	}
}

// FuzzMeant checks that what a value means is a code that has it as its code, alias
// or label.
func FuzzMeant(f *testing.F) {
	lists := mustLoad(f)
	for _, value := range []string{"", "British", " BRITISH\t", "english", "Any other language", "\xff", "İ"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		for _, list := range lists.All() {
			code, ok := list.Meant(value)
			if !ok {
				continue
			}
			known, wanted := false, strings.ToLower(strings.TrimSpace(value))
			for _, name := range append([]string{code.Code, code.Label}, code.Aliases...) {
				known = known || strings.ToLower(name) == wanted
			}
			if !known {
				t.Errorf("%s: %q means %q", list.Name, value, code.Code)
			}
		}
	})
}

package equality_test

import (
	"strings"
	"testing"

	"equality-information-api/internal/equality"
)

// pregnancies are n different ones.
func pregnancies(n int) string {
	var list []string
	for i := range n {
		date := equality.NewDate(2000, 1, 1+i)
		list = append(list, `{"pregnancyDate":"`+date.String()+`","pregnancyValidUntil":"`+equality.NewPregnancy(date).ValidUntil.String()+`"}`)
	}
	return `"pregnancyOrMaternity":[` + strings.Join(list, ",") + `]`
}

// Every list has a bound. What is stored beyond it may be sent back as it is.
func TestPregnanciesHaveABound(t *testing.T) {
	t.Parallel()
	many := pregnancies(21)
	for _, test := range []struct{ name, before, patch, failures string }{
		{"twenty", ``, `{` + pregnancies(20) + `}`, ""},
		{"one more", ``, `{` + many + `}`, "/pregnancyOrMaternity too-long"},
		{"a thousand", ``, `{` + pregnancies(1000) + `}`, "/pregnancyOrMaternity too-long"},
		{"stored ones sent back", many, `{` + many + `,"disabled":true}`, ""},
		{"stored ones beside another member", many, `{"disabled":true}`, ""},
		{"stored ones in part", pregnancies(30), `{` + many + `}`, "/pregnancyOrMaternity too-long"},
		{"stored ones removed", many, `{"pregnancyOrMaternity":null}`, ""},
	} {
		_, err := patched(t, stored(t, test.before), test.patch)
		if got := failures(t, err); got != test.failures {
			t.Errorf("%s: %q, want %q", test.name, got, test.failures)
		}
	}
}

// A record has a bound, which it may be beyond but not grow beyond.
func TestARecordHasABound(t *testing.T) {
	t.Parallel()
	big := func(kilobytes int) equality.Record {
		r := stored(t, `"nationality":"british"`)
		for range kilobytes {
			r.CommunicationRequirements = append(r.CommunicationRequirements, strings.Repeat("é", 1<<9))
		}
		return r
	}
	for _, test := range []struct {
		name    string
		was, is equality.Record
		want    string
	}{
		{"within it", big(1), big(58), ""},
		{"grown beyond it", big(1), big(60), " too-long"},
		{"beyond it already, and unchanged", big(80), big(80), ""},
		{"beyond it already, and shorter", big(80), big(70), ""},
		{"beyond it already, and longer", big(80), big(81), " too-long"},
	} {
		if got := failures(t, equality.CheckBounds(test.was, test.is)); got != test.want {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
	if n := len(big(58).Encode()); n > equality.MaxRecord {
		t.Errorf("%d bytes are within the bound", n)
	}
}

// Holds finds a value in its member alone.
func TestAValueIsHeldByItsMember(t *testing.T) {
	t.Parallel()
	r := stored(t, full)
	r.NINOAsSent = "as sent"
	for _, test := range []struct {
		member, value string
		want          bool
	}{
		{"nationality", r.Nationality, true}, {"ageGroup", r.Nationality, false}, {"zebra", r.Nationality, false},
		{"gender", "m", true}, {"economicSituation", "b", true}, {"economicSituation", "c", false}, {"homeSituationIfOther", "c", true},
		{"nationalInsuranceNumber", r.NationalInsuranceNumber, true},
		{"nationalInsuranceNumber", "as sent", true}, {"languages", "french", true},
		{"communicationRequirements", r.CommunicationRequirements[0], true}, {"nationality", "", false},
	} {
		if got := r.Holds(test.member, test.value); got != test.want {
			t.Errorf("%s holds a value: %v", test.member, got)
		}
	}
}

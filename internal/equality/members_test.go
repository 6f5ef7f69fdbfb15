package equality_test

import (
	"bytes"
	"slices"
	"testing"

	"equality-information-api/internal/equality"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"
)

// full is a record with every member.
const full = `"ageGroup":"underSixteen","gender":{"genderValue":"m"},"nationality":"british","ethnicity":{"ethnicGroupValue":"white"},` +
	`"religionOrBelief":{"religionOrBeliefValueIfOther":""},"sexualOrientation":{"sexualOrientationValue":"bisexual"},"marriageOrCivilPartnership":{"married":false},` +
	`"pregnancyOrMaternity":[{"pregnancyDate":"2017-01-04","pregnancyValidUntil":"2019-10-04"}],"nationalInsuranceNumber":"QQ123456C",` +
	`"languages":[{"language":"french","isPrimary":true}],"caringResponsibilities":{"provideUnpaidCare":false},"disabled":"preferNotToSay",` +
	`"communicationRequirements":["other"],"communicationRequirementsIfOther":"a","economicSituation":"other","economicSituationIfOther":"b",` +
	`"homeSituation":"other","homeSituationIfOther":"c","armedForces":"reservist"`

// names gives the names of a document's top-level members, in their order.
func names(tb testing.TB, document []byte) []string {
	tb.Helper()
	d := jsontext.NewDecoder(bytes.NewReader(document))
	if _, err := d.ReadToken(); err != nil {
		tb.Fatal(err)
	}
	var all []string
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, name.String())
		if err := d.SkipValue(); err != nil {
			tb.Fatal(err)
		}
	}
	return all
}

// TestMemberNames compares the three places that name the members: decoding,
// encoding, and Members and Diff.
func TestMemberNames(t *testing.T) {
	t.Parallel()
	r, err := patched(t, stored(t, ""), "{"+full+"}")
	if err != nil {
		t.Fatal(failures(t, err))
	}
	if got := string(r.Encode()); got != document(full) {
		t.Errorf("a record with every member of full is written as\n%s\nSee record.go for a member that is missing, decode.go for one that is not read", got)
	}
	want := names(t, []byte(document(full)))[2:] // without the identifiers
	if d := cmp.Diff(want, r.Members()); d != "" {
		t.Errorf("Members, by the table in members.go (-want +got):\n%s", d)
	}
	if d := cmp.Diff(want, equality.Diff(r, stored(t, ""))); d != "" {
		t.Errorf("Diff, by the table in members.go (-want +got):\n%s", d)
	}
	if d := equality.Diff(r, r); d != nil {
		t.Errorf("a record differs from itself in %v", d)
	}
}

func TestMaskSensitive(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ members, want []string }{
		{nil, nil},
		{[]string{"nationality"}, []string{"nationality"}},
		{[]string{"gender", "nationality"}, []string{"nationality", "sensitive"}},
		{[]string{"nationality", "pregnancyOrMaternity", "disabled"}, []string{"nationality", "disabled", "sensitive"}},
		{[]string{"gender", "pregnancyOrMaternity"}, []string{"sensitive"}},
		{[]string{"sensitive", "disabled"}, []string{"disabled", "sensitive"}},
	} {
		sent := slices.Clone(test.members)
		if got := equality.MaskSensitive(sent); !slices.Equal(got, test.want) {
			t.Errorf("%v: got %v", test.members, got)
		}
		if !slices.Equal(sent, test.members) {
			t.Errorf("%v: changed in place", test.members)
		}
	}
}

package service

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
)

// patchMembers are well-formed members of a patch. Some need others: a text needs its code,
// hours need care.
var patchMembers = []string{
	`"ageGroup":"underSixteen"`, `"ageGroup":null`, `"nationality":"british"`, `"nationality":"french"`,
	`"gender":{"genderValue":"m"}`, `"gender":{"genderValue":"o","genderValueIfOther":"text"}`, `"gender":{"genderValue":null}`,
	`"gender":{"genderDifferentToBirthSex":true}`, `"gender":null`, `"gender":{"genderValueIfOther":""}`, `"gender":{"genderValueIfOther":"text"}`,
	`"ethnicity":{"ethnicGroupValue":"white"}`, `"ethnicity":null`, `"religionOrBelief":{"religionOrBeliefValue":"other","religionOrBeliefValueIfOther":"text"}`,
	`"religionOrBelief":{"religionOrBeliefValue":"jewish"}`, `"sexualOrientation":{"sexualOrientationValue":"bisexual"}`,
	`"marriageOrCivilPartnership":{"married":true}`, `"marriageOrCivilPartnership":{"married":null,"civilPartnership":"no"}`,
	`"pregnancyOrMaternity":[{"pregnancyDate":"2016-02-29"}]`, `"pregnancyOrMaternity":[]`, `"nationalInsuranceNumber":"QQ123456C"`,
	`"nationalInsuranceNumber":"qq 65 43 21 a"`, `"nationalInsuranceNumber":null`, `"languages":[{"language":"french","isPrimary":true}]`, `"languages":null`,
	`"languages":[{"language":"english","isPrimary":true},{"language":"french","isPrimary":false}]`,
	`"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}`,
	`"caringResponsibilities":{"provideUnpaidCare":false}`, `"caringResponsibilities":{"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}`,
	`"disabled":true`, `"disabled":"no"`, `"disabled":"preferNotToSay"`, `"disabled":null`, `"communicationRequirements":["braille","other"]`,
	`"communicationRequirements":["none"]`, `"communicationRequirementsIfOther":"text"`, `"economicSituation":"student"`,
	`"economicSituation":"other","economicSituationIfOther":"text"`, `"homeSituation":"ownerOccupier"`, `"homeSituationIfOther":"text"`,
	`"armedForces":"reservist"`, `"armedForces":"Not a code"`, `"person":{}`,
}

// drawPatch makes a patch with a few different members.
func drawPatch(t *rapid.T) string {
	name := func(member string) string { name, _, _ := strings.Cut(member, ":"); return name }
	drawn := rapid.SliceOfNDistinct(rapid.SampledFrom(patchMembers), 0, 3, name).Draw(t, "patch")
	return "{" + strings.Join(drawn, ",") + "}"
}

// TestChangesAreThePatchesFolded makes random changes. It compares the record, its history
// and its events with the result of applying the patches one after the other.
func TestChangesAreThePatchesFolded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.Rules
	today := equality.DateOf(start)
	create, change := b.as(t, officer, Create), b.as(t, officer, Change)
	readHistory := b.as(t, everythingBut(""), ReadHistory)
	readEvents := b.as(t, support, ReadEvents)
	readers := []Access{b.as(t, everythingBut(""), Read), b.as(t, everythingBut(identity.NINORead), Read)}
	ctx := t.Context()
	cursor := ""
	news := func(t *rapid.T) []events.Event {
		f, err := b.ReadFeed(ctx, readEvents, cursor, 1000)
		if err != nil {
			t.Fatal(err)
		}
		cursor = f.Next
		return f.Events
	}
	rapid.Check(t, func(t *rapid.T) {
		id, target := uuid.New(), uuid.New()
		news(t) // events left by an earlier run that was cut short
		if _, err := b.CreateRecord(ctx, create, Write{ID: id, Body: body(target, ""), Reason: ChangeReasons[0]}); err != nil {
			t.Fatal(err)
		}
		want := []equality.Record{{ID: id, TargetID: target}}
		members := [][]string{nil}
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			sent := drawPatch(t)
			current := want[len(want)-1]
			patch, err := r.DecodePatch([]byte(sent), today)
			var next equality.Record
			if err == nil {
				next = patch.Apply(current)
				err = r.Validate(patch, current, next)
			}
			written, got := b.ChangeRecord(ctx, change, Write{ID: rapid.SampledFrom([]uuid.UUID{id, target}).Draw(t, "id"), Body: []byte(sent), Reason: "correction"})
			if err != nil {
				if !errors.As(got, new(*equality.InvalidError)) {
					t.Fatalf("%s: %v, want %v", sent, got, err)
				}
				continue
			}
			if got != nil {
				t.Fatalf("%s: %v", sent, got)
			}
			if changed := equality.Diff(current, next); len(changed) > 0 {
				want, members = append(want, next), append(members, changed)
			}
			if string(written.Record.Encode()) != string(next.Encode()) || written.Version != int64(len(want)-1) {
				t.Fatalf("%s: version %d, %s\nwant %s", sent, written.Version, written.Record.Encode(), next.Encode())
			}
			for _, who := range readers {
				shown, err := b.Read(ctx, who, Lookup{ID: id})
				visible := next
				if !who.may(identity.NINORead) {
					visible = next.Without("nationalInsuranceNumber")
				}
				if want := r.Encode(visible); err != nil || string(shown.Text) != string(want) {
					t.Fatalf("%s: shown as %s, %v\nwant %s", sent, shown.Text, err, want)
				}
			}
		}

		versions, err := b.Versions(ctx, readHistory, id)
		if err != nil || len(versions) != len(want) {
			t.Fatalf("%d versions, want %d; %v", len(versions), len(want), err)
		}
		for i, listed := range versions {
			n := len(want) - 1 - i // newest first
			v, err := b.Version(ctx, readHistory, target, int64(n))
			if err != nil || string(v.Record.Encode()) != string(want[n].Encode()) {
				t.Errorf("version %d: %s, %v\nwant %s", n, v.Record.Encode(), err, want[n].Encode())
			}
			if listed.Version != int64(n) || !slices.Equal(members[n], listed.Members) {
				t.Errorf("version %d is listed as %d with %v, want %v", n, listed.Version, listed.Members, members[n])
			}
			if i > 0 && !versions[i-1].Modified.After(listed.Modified) {
				t.Errorf("version %d is not later than the one before", n+1)
			}
		}
		feed := news(t)
		if len(feed) != len(want) {
			t.Fatalf("%d events, want %d", len(feed), len(want))
		}
		for n, e := range feed {
			kind := events.Updated
			if n == 0 {
				kind = events.Created
			}
			if e.Type != kind || e.Record != id || e.Target != target || e.Version != int64(n) || !slices.Equal(equality.MaskSensitive(members[n]), e.Members) {
				t.Errorf("event %d is %+v", n, e)
			}
		}
	})
	b.log(t) // verifies
}

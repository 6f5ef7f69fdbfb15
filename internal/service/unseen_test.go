package service

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/equality"
)

// Members that the caller may not see are replaced whole, judged on the body alone, and
// not removed by a form that was never filled with them.
func TestMembersThatAreNotSeenAreReplacedWhole(t *testing.T) {
	t.Parallel()
	const stored = `"gender":{"genderValue":"o","genderValueIfOther":"text","genderDifferentToBirthSex":true},"nationality":"british",` +
		`"languages":[{"language":"french","isPrimary":true}],"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"},` +
		`"communicationRequirements":["other"],"communicationRequirementsIfOther":"text","economicSituation":"other","economicSituationIfOther":"text"`
	for _, test := range []struct{ name, patch, removed, after, failure string }{
		{"an object", `{"gender":{"genderDifferentToBirthSex":false}}`, "gender", `"gender":{"genderDifferentToBirthSex":false}`, ""},
		{"the same object", `{"gender":{"genderValue":"o"}}`, "gender", `"gender":{"genderValue":"o"}`, ""},
		{"nothing of each kind", `{"gender":null,"nationality":null,"languages":[],"caringResponsibilities":{},"communicationRequirements":null,
			"communicationRequirementsIfOther":"","economicSituation":null,"economicSituationIfOther":null,"disabled":null}`, "", "", ""},
		{"an object of nothing", `{"gender":{"genderValue":null,"genderValueIfOther":"","genderDifferentToBirthSex":null}}`, "", "", ""},
		{"a list", `{"languages":[{"language":"english","isPrimary":true}]}`, "languages", `"languages":[{"language":"english","isPrimary":true}]`, ""},
		{"a code loses its text", `{"economicSituation":"other"}`, "economicSituation economicSituationIfOther", `"economicSituation":"other"`, ""},
		{"a code with its text", `{"economicSituation":"other","economicSituationIfOther":"new"}`, "economicSituation economicSituationIfOther",
			`"economicSituation":"other","economicSituationIfOther":"new"`, ""},
		{"a text without its code", `{"economicSituationIfOther":"new"}`, "", "", "/economicSituationIfOther"},
		{"a text of an object without its code", `{"gender":{"genderValueIfOther":"text"}}`, "", "", "/gender/genderValueIfOther"},
		{"hours without care", `{"caringResponsibilities":{"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}}`, "", "",
			"/caringResponsibilities/hoursSpentProvidingUnpaidCare"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			o := b.create(t, ","+stored)
			w, err := b.ChangeRecord(t.Context(), b.as(t, writer, Change), Write{ID: o.ID, Body: []byte(test.patch), Reason: ChangeReasons[0]})
			if test.failure != "" {
				if e := asError[*equality.InvalidError](t, err); e.Failures[0].Pointer != test.failure {
					t.Errorf("%+v", e.Failures)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := o.Record.Without(strings.Fields(test.removed)...)
			if test.after != "" {
				patch, err := b.Rules.DecodePatch([]byte("{"+test.after+"}"), equality.DateOf(start))
				if err != nil {
					t.Fatal(err)
				}
				want = patch.Apply(want)
			}
			got, err := b.Read(t.Context(), b.as(t, everythingBut(""), Read), Lookup{ID: o.ID})
			if err != nil || string(got.Text) != string(b.Rules.Encode(want)) {
				t.Errorf("%s, %v\nwant %s", got.Text, err, b.Rules.Encode(want))
			}
			// Whatever was replaced is named, whether it was there or not.
			versions, err := b.Versions(t.Context(), b.as(t, everythingBut(""), ReadHistory), o.ID)
			if err != nil || w.Version > 0 && strings.Join(versions[0].Provenance.Members, " ") != test.removed {
				t.Errorf("the history names %v, %v", versions[0].Provenance.Members, err)
			}
			if version := int64(len(test.removed)); min(version, 1) != w.Version {
				t.Errorf("version %d", w.Version)
			}
		})
	}
}

// Whether a patch is taken, and makes a version, depends on nothing in the record that the
// caller may not see.
func TestThePatchOfWhoSeesNothingIsJudgedAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	create, change, blind := b.as(t, officer, Create), b.as(t, officer, Change), b.as(t, writer, Change)
	rapid.Check(t, func(t *rapid.T) {
		patch := drawPatch(t)
		var outcomes []string
		for range 2 {
			made, err := b.CreateRecord(ctx, create, Write{Body: body(uuid.New(), ""), Reason: ChangeReasons[0]})
			if err != nil {
				t.Fatal(err)
			}
			version := made.Version
			for range rapid.IntRange(0, 3).Draw(t, "changes") {
				w, err := b.ChangeRecord(ctx, change, Write{ID: made.ID, Body: []byte(drawPatch(t)), Reason: ChangeReasons[0]})
				if err == nil {
					version = w.Version
				}
			}
			w, err := b.ChangeRecord(ctx, blind, Write{ID: made.ID, Body: []byte(patch), Reason: ChangeReasons[0]})
			var invalid *equality.InvalidError
			switch {
			case errors.Is(err, ErrNINOForbidden):
				return // the one thing that such a caller is told
			case errors.As(err, &invalid):
				outcomes = append(outcomes, fmt.Sprint(invalid.Failures))
			case err != nil:
				t.Fatal(err)
			default:
				outcomes = append(outcomes, fmt.Sprint(w.Version-version))
			}
		}
		if outcomes[0] != outcomes[1] {
			t.Fatalf("%s: %v", patch, outcomes)
		}
	})
}

package service

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
)

// under opens a service with a preset.
func under(t testing.TB, p identity.Preset) *bench {
	t.Helper()
	return setup(t, func(o *Options) { o.Preset = p })
}

// withheld is a caller who loses monitoring:read under the presets that withhold.
var withheld = identity.Caller{Subject: "withheld", Kind: identity.Person}.With(identity.Separated.Roles()["officer"]...).With(identity.EqualityList, identity.EventsRead)

// Under separated a value for a member that the caller may not see is refused, whatever is
// stored; what says nothing is passed over.
func TestSeparatedRefusesWhatItWithholds(t *testing.T) {
	t.Parallel()
	b := under(t, identity.Separated)
	o := b.create(t, withMembers())
	monitoring := equality.HeldFor(equality.Monitoring)
	for _, name := range monitoring {
		patch := fmt.Sprintf(`{%q:%s}`, name, members()[name])
		_, err := b.ChangeRecord(t.Context(), b.as(t, withheld, Change), Write{ID: o.ID, Body: []byte(patch), Reason: ChangeReasons[0]})
		if e := asError[*WithheldError](t, err); !slices.Equal(e.Members, []string{name}) {
			t.Errorf("%s: refused are %v", name, e.Members)
		}
		if e := b.last(t); e.Status != 403 || e.Action != "change" || e.Record != o.ID || e.Members != nil {
			t.Errorf("%s: the log has %+v", name, e)
		}
	}
	create := func(members string) (Shown, error) {
		return b.CreateRecord(t.Context(), b.as(t, withheld, Create), Write{Body: body(uuid.New(), members), Reason: ChangeReasons[0]})
	}
	_, err := create(withMembers())
	if e := asError[*WithheldError](t, err); !slices.Equal(e.Members, monitoring) {
		t.Errorf("a create is refused for %v", e.Members)
	}
	nothing := `"gender":null,"disabled":null,"pregnancyOrMaternity":[],"economicSituationIfOther":"","ethnicity":{"ethnicGroupValueIfOther":""},"marriageOrCivilPartnership":{}`
	made, err := create(`,"communicationRequirements":["braille"],` + nothing)
	if err != nil {
		t.Fatal(err)
	}
	if r := b.read(t, made.ID); !slices.Equal(r.Record.Members(), []string{"communicationRequirements"}) {
		t.Errorf("created with %v", r.Record.Members())
	}
	w, err := b.ChangeRecord(t.Context(), b.as(t, withheld, Change), Write{ID: o.ID, Body: []byte("{" + nothing + "}"), Reason: ChangeReasons[0]})
	if after := b.read(t, o.ID); err != nil || w.Version != o.Version || !slices.Equal(after.Record.Members(), o.Record.Members()) && o.Record.Members() != nil {
		t.Errorf("what says nothing made version %d of %d, %v", w.Version, o.Version, err)
	}
	// Errors of form come first.
	_, err = b.ChangeRecord(t.Context(), b.as(t, withheld, Change), Write{ID: o.ID, Body: []byte(`{"disabled":true,"languages":"french"}`), Reason: ChangeReasons[0]})
	asError[*equality.InvalidError](t, err)
}

// Whether a patch is taken, makes a version and what its sender is then shown depends on
// nothing that is withheld.
func TestAPatchIsJudgedWithoutWhatIsWithheld(t *testing.T) {
	t.Parallel()
	for _, preset := range []identity.Preset{identity.Separated, identity.CollectOnly} {
		b := under(t, preset)
		ctx := t.Context()
		create, change, blind, reading := b.as(t, officer, Create), b.as(t, officer, Change), b.as(t, withheld, Change), b.as(t, officer, Read)
		rapid.Check(t, func(t *rapid.T) {
			patch, seen := drawPatch(t), only(equality.Operational, drawPatch(t))
			var outcomes []string
			for range 2 {
				made, err := b.CreateRecord(ctx, create, Write{Body: body(uuid.New(), ""), Reason: ChangeReasons[0]})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := b.ChangeRecord(ctx, change, Write{ID: made.ID, Body: []byte(seen), Reason: ChangeReasons[0]}); err != nil {
					outcomes = append(outcomes, "not valid") // the same for both
					continue
				}
				for range rapid.IntRange(0, 3).Draw(t, "changes") {
					_, err := b.ChangeRecord(ctx, change, Write{ID: made.ID, Body: []byte(only(equality.Monitoring, drawPatch(t))), Reason: ChangeReasons[0]})
					var invalid *equality.InvalidError
					if err != nil && !errors.As(err, &invalid) {
						t.Fatal(err)
					}
				}
				before, err := b.Read(ctx, reading, Lookup{ID: made.ID})
				if err != nil {
					t.Fatal(err)
				}
				w, err := b.ChangeRecord(ctx, blind, Write{ID: made.ID, Body: []byte(patch), Reason: ChangeReasons[0]})
				outcome := strings.NewReplacer(made.ID.String(), "id", made.Target.String(), "target").Replace(string(w.Text))
				var invalid *equality.InvalidError
				if errors.As(err, &invalid) {
					outcome = fmt.Sprint(invalid.Failures)
				} else if err != nil {
					outcome = err.Error()
				} else {
					outcome += fmt.Sprint(" +", w.Version-before.Version)
				}
				outcomes = append(outcomes, outcome)
			}
			if outcomes[0] != outcomes[1] {
				t.Fatalf("%s:\n%s\n%s", patch, outcomes[0], outcomes[1])
			}
		})
	}
}

// only leaves of a patch the members held for a purpose.
func only(purpose equality.Purpose, patch string) string {
	var kept []string
	for _, member := range patchMembers {
		name, _, _ := strings.Cut(strings.TrimPrefix(member, `"`), `"`)
		if strings.Contains(patch, member) && slices.Contains(equality.HeldFor(purpose), name) {
			kept = append(kept, member)
		}
	}
	return "{" + strings.Join(kept, ",") + "}"
}

// The bound of a record would tell how long the members are that the caller is not shown.
func TestABoundTellsNothingOfWhatIsWithheld(t *testing.T) {
	t.Parallel()
	b := under(t, identity.CollectOnly)
	long := strings.Repeat("é", 200)
	o := b.create(t, `,"economicSituation":"other","economicSituationIfOther":"`+long+`","homeSituation":"other","homeSituationIfOther":"`+long+`"`)
	var unlisted []string
	for i := range equality.MaxCommunicationRequirements {
		unlisted = append(unlisted, fmt.Sprint(i)+strings.Repeat("\U0001F98A", equality.MaxCode-2))
	}
	var languages []equality.Language
	for i := range equality.MaxLanguages {
		languages = append(languages, equality.Language{Language: fmt.Sprint(i) + strings.Repeat("\U0001F98A", equality.MaxCode-2), IsPrimary: i == 0})
	}
	// As much as fits beside nothing.
	sent := equality.Record{ID: o.ID, TargetID: o.Target, CommunicationRequirements: unlisted, Languages: languages}
	for equality.CheckBounds(equality.Record{}, sent) != nil {
		last := &sent.Languages[len(sent.Languages)-1].Language
		if *last = (*last)[:max(0, len(*last)-4)]; len(*last) < 8 {
			sent.Languages = sent.Languages[:len(sent.Languages)-1]
		}
	}
	patch := Sent{Patch: equality.Patch{
		Languages: equality.Set(sent.Languages), CommunicationRequirements: b.Rules.Requirements(equality.Set(sent.CommunicationRequirements)), Unlisted: true,
	}}
	current, err := b.records.Find(t.Context(), o.ID)
	if err == nil {
		current, err = current.Decode()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.changed(b.as(t, officer, Change), patch, current.Record); err == nil {
		t.Error("the patch is not long enough to test anything")
	}
	if _, _, err := b.changed(b.as(t, withheld, Change), patch, current.Record); err != nil {
		t.Errorf("the bound tells of what is withheld: %v", err)
	}
}

// Names of members that are withheld are in no history, no event and no refusal, in any
// spelling.
func TestNamesThatAreWithheldAreNowhere(t *testing.T) {
	t.Parallel()
	b := under(t, identity.CollectOnly)
	o := b.create(t, withMembers())
	b.change(t, o.ID, `{"gender":null,"pregnancyOrMaternity":null,"disabled":true,"languages":[{"language":"french","isPrimary":true}]}`)
	hidden := append(equality.HeldFor(equality.Monitoring), equality.Sensitive)
	check := func(where string, names []string, want ...string) {
		t.Helper()
		if slices.ContainsFunc(names, func(name string) bool { return slices.Contains(hidden, name) }) || !slices.Equal(names, want) {
			t.Errorf("%s: names %v, want %v", where, names, want)
		}
	}
	all := equality.HeldFor(equality.Operational)
	versions, err := b.Versions(t.Context(), b.as(t, withheld, ReadHistory), o.ID)
	if err != nil || len(versions) != 2 {
		t.Fatal(versions, err)
	}
	check("history", versions[0].Members, "languages")
	check("history", versions[1].Members, all...)
	_, err = b.ChangeRecord(t.Context(), b.as(t, withheld, Change), Write{ID: o.ID, Body: []byte(`{}`), Reason: ChangeReasons[0], Conditions: Conditions{IfMatch: at(0)}})
	check("412", asError[*VersionError](t, err).ChangedMembers, "languages")
	for _, who := range []identity.Caller{withheld, support} {
		feed, err := b.ReadFeed(t.Context(), b.as(t, who, ReadEvents), "", 10)
		if err != nil || len(feed.Events) != 2 {
			t.Fatal(feed, err)
		}
		check("feed", feed.Events[0].Members, all...)
		check("feed", feed.Events[1].Members, "languages")
	}
	publication, err := b.StartPublication(b.as(t, with(identity.EventsPublish), Publish), "a test")
	if err != nil {
		t.Fatal(err)
	}
	_, now, err := publication.Changed(t.Context(), b.feed(t)[1])
	if err != nil {
		t.Fatal(err)
	}
	check("message", now.Provenance.Members, "languages")
}

// The card is the same for everybody who may see it, under every preset.
func TestNoPresetWithholdsTheCard(t *testing.T) {
	t.Parallel()
	for _, preset := range []identity.Preset{identity.Open, identity.Separated, identity.CollectOnly} {
		b := under(t, preset)
		o := b.create(t, `,"languages":[{"language":"french","isPrimary":true}],"communicationRequirements":["interpreterNeeded","other"],"communicationRequirementsIfOther":"Ring twice","disabled":true`)
		for _, id := range []uuid.UUID{o.ID, o.Target} {
			card, err := b.CommunicationNeeds(t.Context(), b.as(t, with(identity.CommunicationRead), ReadCommunicationNeeds), Lookup{ID: id})
			if err != nil || card.Target != o.Target || card.Version != o.Version || !card.InterpreterNeeded || card.IfOther.String() != "Ring twice" ||
				len(card.Languages) != 1 || card.Languages[0] != (equality.SpokenLanguage{Language: "french", Label: "French", IsPrimary: true}) ||
				len(card.Requirements) != 2 || card.Requirements[0] != (equality.Requirement{Code: "interpreterNeeded", Label: "Spoken language interpreter"}) {
				t.Errorf("%s: %+v, %v", preset, card, err)
			}
			if e := b.last(t); e.Action != "read-communication-needs" || e.Permission != "communication:read" || e.Record != o.ID || e.Status != 200 {
				t.Errorf("%s: the log has %+v", preset, e)
			}
		}
	}
}

package service

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// seen is a version of a record that somebody was shown.
type seen struct {
	Shown
	past bool
}

// members are those of the visibility test's record: the example's, and the rest.
var members = sync.OnceValue(func() map[string]jsontext.Value {
	text, err := os.ReadFile("../../examples/seed.json")
	if err != nil {
		panic(err)
	}
	var members map[string]jsontext.Value
	if err := json.Unmarshal(text, &members); err != nil {
		panic(err)
	}
	delete(members, "id")
	delete(members, "targetId")
	for name, value := range map[string]string{
		"ageGroup": `"twentyFiveToThirtyFour"`, "communicationRequirements": `["other"]`, "communicationRequirementsIfOther": `"a"`,
		"economicSituation": `"other"`, "economicSituationIfOther": `"b"`, "homeSituation": `"other"`, "homeSituationIfOther": `"c"`,
	} {
		members[name] = jsontext.Value(value)
	}
	return members
})

// ways are those on which records leave the service, by the method that shows
// them. They are given a record that has two versions, with the same members.
var ways = map[string]func(t *testing.T, b *bench, as identity.Caller, o store.Opened) []seen{
	"Read": func(t *testing.T, b *bench, as identity.Caller, o store.Opened) []seen {
		byID, err := b.Read(t.Context(), b.as(t, as, Read), Lookup{ID: o.ID})
		byTarget, failed := b.Read(t.Context(), b.as(t, as, Read), Lookup{ID: o.Target, Target: o.Target})
		return are(t, errors.Join(err, failed), seen{Shown: byID}, seen{Shown: byTarget})
	},
	"ListRecords": func(t *testing.T, b *bench, as identity.Caller, o store.Opened) (shown []seen) {
		l, err := b.ListRecords(t.Context(), b.as(t, as, List), ListQuery{Limit: 1000})
		for _, item := range l.Items {
			if item.ID == o.ID {
				shown = append(shown, seen{Shown: item.Shown})
				b.checkMembers(t, as, item.Members, item.Readable)
			}
		}
		return are(t, err, shown...)
	},
	"Version": func(t *testing.T, b *bench, as identity.Caller, o store.Opened) []seen {
		now, err := b.Version(t.Context(), b.as(t, as, ReadHistory), o.ID, o.Version)
		past, failed := b.Version(t.Context(), b.as(t, as, ReadHistory), o.ID, o.Version-1)
		return are(t, errors.Join(err, failed), seen{Shown: now}, seen{Shown: past, past: true})
	},
	"CreateRecord": func(t *testing.T, b *bench, as identity.Caller, o store.Opened) []seen {
		w := Write{ID: uuid.New(), Body: body(uuid.New(), withMembers()), Reason: ChangeReasons[0], Key: uuid.NewString()}
		made, err := b.CreateRecord(t.Context(), b.as(t, as, Create), w)
		again, failed := b.CreateRecord(t.Context(), b.as(t, as, Create), w)
		return are(t, errors.Join(err, failed), seen{Shown: made}, seen{Shown: again})
	},
	"ChangeRecord": func(t *testing.T, b *bench, as identity.Caller, o store.Opened) []seen {
		none, err := b.ChangeRecord(t.Context(), b.as(t, as, Change), Write{ID: o.ID, Body: []byte(`{}`), Reason: ChangeReasons[0]})
		w := Write{ID: o.ID, Body: []byte(`{"disabled":` + fmt.Sprint(o.Version%2 == 0) + `}`), Reason: ChangeReasons[0], Key: uuid.NewString()}
		made, failed := b.ChangeRecord(t.Context(), b.as(t, as, Change), w)
		b.change(t, o.ID, `{"gender":{"genderValue":"m"}}`)
		b.change(t, o.ID, `{"gender":{"genderValue":"f"}}`)
		again, replayed := b.ChangeRecord(t.Context(), b.as(t, as, Change), w) // which is a past version by now
		return are(t, errors.Join(err, failed, replayed), seen{Shown: none}, seen{Shown: made}, seen{Shown: again, past: true})
	},
	"WriteOut": func(t *testing.T, b *bench, as identity.Caller, o store.Opened) (shown []seen) {
		err := b.WriteOut(t.Context(), b.as(t, as, Export), "a test", func(_ int64, v Shown) error {
			if v.ID == o.ID {
				shown = append(shown, seen{Shown: v})
			}
			return nil
		})
		return are(t, err, shown...)
	},
	"Changed": func(t *testing.T, b *bench, as identity.Caller, o store.Opened) []seen {
		p, err := b.StartPublication(b.as(t, as, Publish), "a test")
		if err != nil {
			t.Fatal(err)
		}
		old, now, err := p.Changed(t.Context(), events.Event{Record: o.ID, Version: o.Version, Type: events.Updated})
		if old == nil {
			t.Fatalf("nothing was shown of the version before: %v", err)
		}
		_, late, failed := p.Changed(t.Context(), events.Event{Record: o.ID, Version: o.Version - 1, Type: events.Created})
		return are(t, errors.Join(err, failed), seen{Shown: *old, past: true}, seen{Shown: now}, seen{Shown: late, past: true})
	},
}

func are(t *testing.T, err error, shown ...seen) []seen {
	t.Helper()
	if err != nil || len(shown) == 0 {
		t.Fatalf("nothing was shown: %v", err)
	}
	return shown
}

func withMembers() string {
	var b strings.Builder
	for name, value := range members() {
		fmt.Fprintf(&b, `,%q:%s`, name, value)
	}
	return b.String()
}

// A member that takes a permission is shown only to callers who have it, whichever way they
// ask. Without a permission to read, a caller is shown no member at all.
func TestEveryWayOutShowsWhatItsCallerMaySee(t *testing.T) {
	t.Parallel()
	for preset, tried := range map[identity.Preset][]identity.Permission{
		identity.Open: append([]identity.Permission{identity.NINORead, identity.RightsRead}, showsRecords...),
		// What may be seen is the same as under identity.Separated.
		identity.CollectOnly: {identity.NINORead, identity.RightsRead, identity.MonitoringRead, identity.EqualityRead},
	} {
		t.Run(string(preset), func(t *testing.T) {
			t.Parallel()
			checkWaysOut(t, setup(t, func(o *Options) { o.Preset = preset }), tried)
		})
	}
}

func checkWaysOut(t *testing.T, b *bench, tried []identity.Permission) {
	t.Helper()
	for _, r := range b.visibility {
		if members()[r.member] == nil {
			t.Fatalf("the test's record has no %s, which takes a permission", r.member)
		}
	}
	// Each way needs a permission to be taken at all.
	needed := map[string][]identity.Permission{
		"Read": {identity.EqualityRead}, "ListRecords": {identity.EqualityList}, "Version": {identity.HistoryRead},
		"CreateRecord": {identity.EqualityWrite}, "ChangeRecord": {identity.EqualityWrite},
		"WriteOut": {identity.EqualityExport}, "Changed": {identity.EventsPublish},
	}
	for name, way := range ways {
		for set := range 1 << len(tried) {
			permissions := slices.Clone(needed[name])
			for i, p := range tried {
				if set>>i&1 == 1 {
					permissions = append(permissions, p)
				}
			}
			as := with(permissions...)
			o := b.create(t, withMembers())
			o = b.change(t, o.ID, `{"gender":{"genderValue":"f"}}`)
			for i, s := range way(t, b, as, o) {
				b.checkSeen(t, fmt.Sprintf("%s, %d, to %v", name, i, permissions), as, s)
			}
		}
	}
}

func (b *bench) checkSeen(t *testing.T, where string, as identity.Caller, s seen) {
	t.Helper()
	readable := slices.ContainsFunc(showsRecords, as.May)
	var withheld []string
	for member := range members() {
		want := readable
		for _, r := range b.visibility {
			if r.member == member && (s.past || !r.past) && !as.May(r.permission) {
				want = false
			}
		}
		if got := bytes.Contains(s.Text, []byte(`"`+member+`":`)); got != want {
			t.Errorf("%s: %s is shown: %v, want %v", where, member, got, want)
		}
	}
	if readable && b.Preset.Withholds() && !as.May(identity.MonitoringRead) {
		withheld = equality.HeldFor(equality.Monitoring)
	}
	var told struct{ WithheldMembers []string }
	if err := json.Unmarshal(s.Text, &told, json.MatchCaseInsensitiveNames(true)); err != nil || !slices.Equal(told.WithheldMembers, withheld) {
		t.Errorf("%s: withheldMembers is %v, %v", where, told.WithheldMembers, err)
	}
	r, err := s.record()
	if err != nil || r.ID != s.ID || r.TargetID != s.Target {
		t.Errorf("%s: the ids are not shown: %v", where, err)
	}
}

// checkMembers checks the names of members that a list gives in place of values.
func (b *bench) checkMembers(t *testing.T, as identity.Caller, names []string, readable bool) {
	t.Helper()
	want := slices.Sorted(maps.Keys(members()))
	if b.Preset.Withholds() && !as.May(identity.MonitoringRead) {
		want = slices.Sorted(slices.Values(equality.HeldFor(equality.Operational)))
	}
	want = equality.MaskSensitive(want)
	if readable != slices.ContainsFunc(showsRecords, as.May) || readable && names != nil || !readable && !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(want))) {
		t.Errorf("the list names %v, readable: %v", names, readable)
	}
}

// A method that shows records stands in ways.
func TestEveryMethodThatShowsRecordsIsTried(t *testing.T) {
	t.Parallel()
	shows := func(m reflect.Type) bool {
		for i := range m.NumOut() {
			if out := m.Out(i).String(); strings.Contains(out, "service.Shown") || strings.Contains(out, "service.Listing") {
				return true
			}
		}
		for i := range m.NumIn() {
			if strings.Contains(m.In(i).String(), "service.Shown") {
				return true
			}
		}
		return false
	}
	for _, of := range []reflect.Type{reflect.TypeFor[*Service](), reflect.TypeFor[*Publication]()} {
		for i := range of.NumMethod() {
			if m := of.Method(i); shows(m.Type) && ways[m.Name] == nil {
				t.Errorf("%v.%s shows records: say in ways how", of, m.Name)
			}
		}
	}
}

// A caller who may not read cannot test a guess by whether it makes a version.
func TestAGuessMakesAVersionAsAnyChangeDoes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	o := b.create(t, `,"disabled":true`)
	for i, guess := range []string{`{"disabled":true}`, `{"disabled":false}`} {
		w, err := b.ChangeRecord(t.Context(), b.as(t, writer, Change), Write{ID: o.ID, Body: []byte(guess), Reason: ChangeReasons[0]})
		if err != nil || w.Version != int64(i+1) {
			t.Errorf("%s: version %d, %v", guess, w.Version, err)
		}
	}
	w, err := b.ChangeRecord(t.Context(), b.as(t, writer, Change), Write{ID: o.ID, Body: []byte(`{}`), Reason: ChangeReasons[0]})
	if err != nil || w.Version != 2 {
		t.Errorf("a patch of nothing: version %d, %v", w.Version, err)
	}
	w, err = b.ChangeRecord(t.Context(), b.as(t, officer, Change), Write{ID: o.ID, Body: []byte(`{"disabled":false}`), Reason: ChangeReasons[0]})
	if err != nil || w.Version != 2 {
		t.Errorf("an officer who changes nothing: version %d, %v", w.Version, err)
	}
}

// Without a permission to read, a caller learns no member from a refusal either.
func TestRefusalsNameNoMemberToWhoMayNotRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	o := b.create(t, withMembers())
	b.change(t, o.ID, `{"gender":{"genderValue":"f"},"nationalInsuranceNumber":"QQ123456A"}`)
	_, err := b.ChangeRecord(t.Context(), b.as(t, writer, Change), Write{ID: o.ID, Body: []byte(`{}`), Reason: ChangeReasons[0], Conditions: Conditions{IfMatch: at(0)}})
	if e := asError[*VersionError](t, err); e.ChangedMembers != nil {
		t.Errorf("412 names %v", e.ChangedMembers)
	}
	_, err = b.ChangeRecord(t.Context(), b.as(t, officer, Change), Write{ID: o.ID, Body: []byte(`{}`), Reason: ChangeReasons[0], Conditions: Conditions{IfMatch: at(0)}})
	if e := asError[*VersionError](t, err); len(e.ChangedMembers) != 2 {
		t.Errorf("412 names %v to an officer", e.ChangedMembers)
	}
	_, err = b.CreateRecord(t.Context(), b.as(t, writer, Create), Write{ID: uuid.New(), Body: body(o.Target, ""), Reason: ChangeReasons[0]})
	if e := asError[*ConflictError](t, err); e.Existing != uuid.Nil {
		t.Error("409 names the record in the way")
	}
}

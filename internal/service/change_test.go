package service

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/etag"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

func TestVersionMismatchTellsWhatChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	record := b.create(t, `,"disabled":true,"nationality":"british"`)
	b.change(t, record.ID, `{"disabled":false}`)
	b.change(t, record.ID, `{"gender":{"genderValue":"f"}}`)
	b.change(t, record.ID, `{"nationality":null,"gender":null}`)
	version := at
	for _, c := range []struct {
		name      string
		caller    identity.Caller
		id        uuid.UUID
		condition *etag.List
		want      []string
	}{
		{"since the first", officer, record.ID, version(0), []string{"nationality", "disabled"}},
		{"since the one before", officer, record.ID, version(2), []string{"gender", "nationality"}},
		{"by the target's id", officer, record.Target, version(2), []string{"gender", "nationality"}},
		{"a version that is to come", officer, record.ID, version(9), nil},
		{"the last number there is", officer, record.ID, version(math.MaxInt64), nil},
		{"a list of versions, or *", officer, record.ID, &etag.List{}, nil},
		{"a caller who may not read", writer, record.ID, version(0), nil},
	} {
		_, err := b.ChangeRecord(t.Context(), b.as(t, c.caller, Change), Write{
			ID: c.id, Body: []byte(`{"disabled":true}`), Reason: ChangeReasons[0], Conditions: Conditions{IfMatch: c.condition},
		})
		got := asError[*VersionError](t, err)
		if d := cmp.Diff(&VersionError{Version: 3, ChangedMembers: c.want}, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
		if e := b.last(t); e.Status != 412 || e.Outcome != audit.Refused || e.Record != record.ID || e.Target != c.id {
			t.Errorf("%s: the access log says %+v", c.name, e)
		}
	}
	if v := b.read(t, record.ID); v.Version != 3 {
		t.Errorf("version %d", v.Version)
	}
}

// The order in which a change is refused: 404 or 410, 428, 412, then the rules.
func TestChangeIsRefusedInTheContractsOrder(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.RequireIfMatch = true })
	id := b.create(t, `,"nationalInsuranceNumber":"QQ123456C"`).ID
	erased := b.create(t, "").ID
	b.erase(t, erased)
	unknown := `{"nationality":"martian","nationalInsuranceNumber":"QQ654321A"}`
	for _, c := range []struct {
		name   string
		caller identity.Caller
		w      Write
		want   error // nil is an equality.InvalidError
		status int   // in the access log; 0 is no entry, since no record was touched
	}{
		{"no record, no condition", writer, Write{ID: uuid.New(), Body: []byte(unknown)}, ErrNotFound, 404},
		{"erased, no condition", writer, Write{ID: erased, Body: []byte(unknown)}, ErrErased, 410},
		{"no condition", writer, Write{ID: id, Body: []byte(unknown)}, ErrPreconditionRequired, 428},
		{"a form that is wrong comes before all of it", writer, Write{ID: uuid.New(), Body: []byte(`{"disabled":"maybe"}`)}, nil, 0},
		{"number without permission", writer, Write{ID: id, Body: []byte(unknown), Conditions: Conditions{IfMatch: at(0)}}, ErrNINOForbidden, 403},
		{"an unknown code", officer, Write{ID: id, Body: []byte(unknown), Conditions: Conditions{IfMatch: at(0)}}, nil, 400},
	} {
		before := len(b.log(t))
		c.w.Reason = ChangeReasons[0]
		_, err := b.ChangeRecord(t.Context(), b.as(t, c.caller, Change), c.w)
		if c.want == nil {
			asError[*equality.InvalidError](t, err)
		} else if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
		entries := b.log(t)[before:]
		if c.status == 0 && len(entries) != 0 || c.status != 0 && (len(entries) != 1 || entries[0].Status != c.status || len(entries[0].Members) > 0) {
			t.Errorf("%s: the access log says %+v", c.name, entries)
		}
	}
}

func TestNationalInsuranceNumberIsChangedWithItsPermissionOnly(t *testing.T) {
	t.Parallel()
	const first, second = "QQ123456C", "QQ654321A"
	for _, c := range []struct {
		name   string
		caller identity.Caller
		stored string
		patch  string
		want   string
		err    error
	}{
		{"set where there is none", writer, "", `{"nationalInsuranceNumber":"` + first + `"}`, first, nil},
		{"another", writer, first, `{"nationalInsuranceNumber":"` + second + `"}`, first, ErrNINOForbidden},
		{"the same, which would tell", writer, first, `{"nationalInsuranceNumber":"` + first + `"}`, first, ErrNINOForbidden},
		{"null is ignored", writer, first, `{"nationalInsuranceNumber":null,"disabled":true}`, first, nil},
		{"another, with the permission", officer, first, `{"nationalInsuranceNumber":"` + second + `"}`, second, nil},
		{"null, with the permission", officer, first, `{"nationalInsuranceNumber":null}`, "", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			members := ""
			if c.stored != "" {
				members = `,"nationalInsuranceNumber":"` + c.stored + `"`
			}
			id := b.create(t, members).ID
			w, err := b.ChangeRecord(t.Context(), b.as(t, c.caller, Change), Write{ID: id, Body: []byte(c.patch), Reason: ChangeReasons[0]})
			if !errors.Is(err, c.err) {
				t.Fatal(err)
			}
			if !c.caller.May(identity.NINORead) && w.Record.NationalInsuranceNumber != "" {
				t.Error("the number is shown")
			}
			if got := b.read(t, id).Record.NationalInsuranceNumber; got != c.want {
				t.Errorf("stored is %q", got)
			}
		})
	}
}

func TestIdentifiersCannotBeChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	record := b.create(t, "")
	for patch, ok := range map[string]bool{
		`{"id":"` + record.ID.String() + `","targetId":"` + record.Target.String() + `"}`: true,
		`{"id":"` + record.Target.String() + `"}`:                                         false,
		`{"targetId":"` + record.ID.String() + `"}`:                                       false,
		`{"id":null}`: false, `{"targetId":null}`: false,
	} {
		_, err := b.ChangeRecord(t.Context(), b.as(t, officer, Change), Write{ID: record.Target, Body: []byte(patch), Reason: ChangeReasons[0]})
		if ok != (err == nil) {
			t.Errorf("%s: %v", patch, err)
		}
	}
	if v := b.read(t, record.ID); v.Version != 0 {
		t.Errorf("version %d", v.Version)
	}
}

func TestChangeOfNothingLeavesNoVersionAndNoEvent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	record := b.create(t, `,"disabled":true`)
	b.clock.advance(1e9)
	w, err := b.ChangeRecord(t.Context(), b.as(t, officer, Change), Write{ID: record.ID, Body: []byte(`{"disabled":"Yes","ageGroup":null}`), Reason: ChangeReasons[0]})
	if err != nil || w.Version != 0 || !w.Modified.Equal(record.Modified) {
		t.Errorf("%+v, %v", w, err)
	}
	if e := b.last(t); e.Outcome != audit.Unchanged || e.Status != 200 || len(e.Members) != 0 {
		t.Errorf("the access log says %+v", e)
	}
	if n := len(b.feed(t)); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestReadThatTheCallerHasAlready(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(t, "").ID
	v, err := b.Read(t.Context(), b.as(t, officer, Read), Lookup{ID: id, IfNoneMatch: *at(0)})
	if err != nil || !v.Unmodified || v.Text != nil {
		t.Errorf("%+v, %v", v, err)
	}
	if e := b.last(t); e.Outcome != audit.NotModified || e.Status != 304 || e.Record != id {
		t.Errorf("the access log says %+v", e)
	}
}

func TestConcurrentChangesOfDifferentMembersAllSurvive(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(t, "").ID
	patches := []string{
		`{"disabled":true}`, `{"nationality":"british"}`, `{"ageGroup":"eightyFiveAndPlus"}`, `{"armedForces":"reservist"}`,
		`{"gender":{"genderValue":"f"}}`, `{"gender":{"genderDifferentToBirthSex":false}}`, `{"homeSituation":"ownerOccupier"}`,
	}
	var done sync.WaitGroup
	for _, patch := range patches {
		done.Go(func() { b.change(t, id, patch) })
	}
	done.Wait()
	v := b.read(t, id)
	want := equality.Record{
		ID: id, TargetID: v.Target, AgeGroup: "eightyFiveAndPlus", Nationality: "british", Disabled: equality.Yes, ArmedForces: "reservist",
		HomeSituation: "ownerOccupier", Gender: equality.Gender{Value: "f", DifferentToBirthSex: equality.No},
	}
	if string(want.Encode()) != string(v.Record.Encode()) || v.Version != int64(len(patches)) {
		t.Errorf("version %d: %s", v.Version, v.Record.Encode())
	}
}

func TestErasedAndAbsentHistory(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(t, "").ID
	a := b.as(t, officer, ReadHistory)
	for _, version := range []int64{1, math.MaxInt64} {
		if _, err := b.Version(t.Context(), a, id, version); !errors.Is(err, ErrNotFound) {
			t.Errorf("version %d: %v", version, err)
		}
		if e := b.last(t); e.Status != 404 || e.Outcome != audit.NotFound || e.Record != id {
			t.Errorf("version %d: the access log says %+v", version, e)
		}
	}
	if _, err := b.Version(t.Context(), a, uuid.New(), 0); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if _, err := b.Versions(t.Context(), a, uuid.New()); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	b.erase(t, id)
	if _, err := b.Version(t.Context(), a, id, 0); !errors.Is(err, ErrErased) {
		t.Error(err)
	}
}

// A value that no list has comes with an import. It is left out of what is
// shown, also after a change of another member, until it is replaced.
func TestValuesOfNoListAreNotShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	run, err := b.StartImport(b.as(t, everythingBut(""), Import), ImportOptions{Mark: "test"})
	if err != nil {
		t.Fatal(err)
	}
	const unknown = "MARK-of-no-list"
	r := equality.Record{TargetID: uuid.New(), Nationality: unknown, ArmedForces: "reservist"}
	arrival, err := run.Prepare(r, 0)
	if err != nil {
		t.Fatal(err)
	}
	err = run.Load(t.Context(), []store.Arrival{arrival}, func([]store.Landing) ([]byte, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		patch string
		shown bool
	}{{`{}`, false}, {`{"disabled":true}`, false}, {`{"nationality":"british"}`, true}, {`{"disabled":false}`, true}} {
		if c := b.change(t, r.TargetID, step.patch); c.Verbatim != step.shown {
			t.Errorf("after %s verbatim: %t", step.patch, c.Verbatim)
		}
		v, err := b.Read(t.Context(), b.as(t, officer, Read), Lookup{ID: r.TargetID})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(v.Text), unknown) || strings.Contains(string(v.Text), `"unrecognisedMembers":["nationality"]`) == step.shown ||
			strings.Contains(string(v.Text), "british") != step.shown {
			t.Errorf("after %s: %s", step.patch, v.Text)
		}
	}
}

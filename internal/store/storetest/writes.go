package storetest

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// The tests' reasons for refusing a write.
var (
	errConflict = errors.New("test: conflict")
	errMissing  = errors.New("test: there is no such record")
	errRefused  = errors.New("test: refused")
)

const (
	created = events.Created
	updated = events.Updated
	erased  = events.Erased
)

type decide = func(store.Opened) (store.Decision, error)

// entry is an entry of an invented caller.
func (f *fixture) entry(action string) audit.Entry {
	return audit.Entry{
		ID: uuid.New(), At: f.clock.now(), Subject: "officer-1", Name: "Invented Officer", Kind: "person",
		Permission: "equality:test", Purpose: "test of the store", Action: action, Outcome: audit.Done, Status: 200,
		CorrelationID: uuid.New(), Address: []byte{1, 2, 3},
	}
}

// refusal decides on no change.
func (f *fixture) refusal(c store.Opened, status int, problem string) store.Decision {
	e := f.entry("write")
	e.Outcome, e.Status, e.Record, e.Version = audit.Refused, status, c.ID, c.Version
	return store.Decision{Entry: e, Outcome: store.Outcome{Status: status, Problem: problem, Record: c.ID, Version: c.Version}}
}

// creates decides like the service: a record in the way is a conflict.
func (f *fixture) creates(r equality.Record) decide {
	return func(c store.Opened) (store.Decision, error) {
		if c.State != store.Absent {
			return f.refusal(c, 409, "conflict"), errConflict
		}
		return f.writes(c, r, created, r.Members()), nil
	}
}

// changes edits the record that was found.
func (f *fixture) changes(edit func(*equality.Record)) decide {
	return func(c store.Opened) (store.Decision, error) {
		if c.State != store.Present {
			return f.refusal(c, 404, "not-found"), errMissing
		}
		next := c.Record
		edit(&next)
		members := equality.Diff(c.Record, next)
		if len(members) == 0 {
			d := f.refusal(c, 200, "")
			d.Entry.Outcome = audit.Unchanged
			return d, nil
		}
		return f.writes(c, next, updated, members), nil
	}
}

// writes decides on a new version.
func (f *fixture) writes(found store.Opened, next equality.Record, event string, members []string) store.Decision {
	e := f.entry("write")
	if event == created {
		e.Action = audit.ActionCreate
	}
	e.Members = equality.MaskSensitive(members)
	return store.Decision{
		Effects: []store.Effect{store.PutRecord{
			Found: found, Record: next, Verbatim: verbatim(next), Event: event,
			Provenance: store.Provenance{Subject: e.Subject, Name: e.Name, Reason: "update", Members: members},
		}},
		Entry: e, Outcome: store.Outcome{Status: 200},
	}
}

// verbatim chooses which records are shown as they are stored: about half of them.
func verbatim(r equality.Record) bool { return r.TargetID[15]%2 == 0 }

// counted calls a decision and records the calls' arguments.
func counted(calls *[]store.Opened, d decide) decide {
	return func(c store.Opened) (store.Decision, error) {
		*calls = append(*calls, bare(c))
		return d(c)
	}
}

// create writes a record that must be new.
func (f *fixture) create(r equality.Record) store.Opened {
	f.t.Helper()
	c, err := f.Write(f.t.Context(), createOf(r), f.creates(r))
	ok(f.t, "create", err)
	return bare(c)
}

func createOf(r equality.Record) store.Command {
	return store.Command{ID: r.ID, Target: r.TargetID, EventID: uuid.New()}
}

func changeOf(id uuid.UUID) store.Command { return store.Command{ID: id, EventID: uuid.New()} }

// change edits a record that must exist.
func (f *fixture) change(id uuid.UUID, edit func(*equality.Record)) store.Opened {
	f.t.Helper()
	c, err := f.Write(f.t.Context(), changeOf(id), f.changes(edit))
	ok(f.t, "change", err)
	return bare(c)
}

// erase erases a record that must exist.
func (f *fixture) erase(id uuid.UUID) store.Opened {
	f.t.Helper()
	c, err := f.Write(f.t.Context(), changeOf(id), f.erases)
	ok(f.t, "erase", err)
	return bare(c)
}

// erases decides on an erasure.
func (f *fixture) erases(c store.Opened) (store.Decision, error) {
	if c.State != store.Present {
		return f.refusal(c, 404, "not-found"), errMissing
	}
	e := f.entry(audit.ActionErase)
	return store.Decision{Effects: []store.Effect{store.Erase{Found: c, Reason: "unlawful", By: e.Subject, Event: erased}}, Entry: e}, nil
}

// ageGroup is an edit.
func ageGroup(code string) func(*equality.Record) {
	return func(r *equality.Record) { r.AgeGroup = code }
}

// person is a new person's record, with an id of its own.
func person() equality.Record {
	return equality.Record{ID: uuid.New(), TargetID: uuid.New(), AgeGroup: "25-34"}
}

// plain is a new person's record whose id is the person's.
func plain() equality.Record {
	id := uuid.New()
	return equality.Record{ID: id, TargetID: id, AgeGroup: "25-34"}
}

// everything is an invented person's record with every member.
func everything() equality.Record {
	r := person()
	r.Gender = equality.Gender{Value: "other", ValueIfOther: equality.NewText("Invented ✓"), DifferentToBirthSex: equality.PreferNotToSay}
	r.Nationality = "british"
	r.Ethnicity = equality.Ethnicity{Value: "other", ValueIfOther: equality.NewText("")}
	r.ReligionOrBelief = equality.ReligionOrBelief{Value: "other", ValueIfOther: equality.NewText("Invented \"belief\" \\ <é>")}
	r.SexualOrientation = equality.SexualOrientation{Value: "other", ValueIfOther: equality.NewText("Invented")}
	r.MarriageOrCivilPartnership = equality.MarriageOrCivilPartnership{Married: equality.Yes, CivilPartnership: equality.No}
	r.PregnancyOrMaternity = []equality.Pregnancy{equality.NewPregnancy(equality.NewDate(2016, 2, 29))}
	r.NationalInsuranceNumber = "QQ123456C"
	r.Languages = []equality.Language{{Language: "english", IsPrimary: true}, {Language: "welsh"}}
	r.CaringResponsibilities = equality.CaringResponsibilities{ProvideUnpaidCare: equality.Yes, HoursSpentProvidingUnpaidCare: "1-19"}
	r.Disabled = equality.No
	r.CommunicationRequirements = []string{"braille", "other"}
	r.CommunicationRequirementsIfOther = equality.NewText("Invented")
	r.EconomicSituation, r.EconomicSituationIfOther = "other", equality.NewText("Invented")
	r.HomeSituation, r.HomeSituationIfOther = "other", equality.NewText("Invented")
	r.ArmedForces = "no"
	return r
}

// moved writes once while a decision is being made, so that the decision no longer fits.
// The first call of the result does this.
func moved(first func(), d decide) decide {
	return func(c store.Opened) (store.Decision, error) {
		if first != nil {
			run := first
			first = nil
			run()
		}
		return d(c)
	}
}

// attempt is Write, with a panic of decide as an error.
func attempt(ctx context.Context, e Engine, cmd store.Command, d decide) (c store.Opened, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("test: it panicked")
		}
	}()
	return e.Write(ctx, cmd, d)
}

// unchanged runs something that must change neither records nor feed, and that must add
// exactly this many entries to the access log.
func (f *fixture) unchanged(t *testing.T, entries int, run func()) {
	t.Helper()
	was := len(f.entries())
	records, events := f.all(), f.events()
	read := len(f.entries()) - was
	run()
	added := len(f.entries()) - was - read
	if added != entries {
		t.Errorf("%d entries were written, not %d", added, entries)
	}
	equal(t, "records", f.all(), records)
	equal(t, "events", f.events(), events)
}

// all returns all versions of all records, in order of id, newest first.
func (f *fixture) all() (all []store.Opened) {
	f.t.Helper()
	page, more, err := f.page(store.ListQuery{Limit: 10_000})
	ok(f.t, "list", err)
	if more {
		f.t.Fatal("there are more records than a test makes")
	}
	for _, v := range page {
		all = slices.Concat(all, f.versions(v.ID, v.Version, 10_000))
	}
	return all
}

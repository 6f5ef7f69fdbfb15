package service

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// elsewhere is a directory that is not the store's.
type elsewhere func(ctx context.Context, id uuid.UUID) (directory.Person, error)

func (e elsewhere) Person(ctx context.Context, id, _ uuid.UUID) (directory.Person, error) {
	return e(ctx, id)
}

// put writes a person's entry.
func (b *bench) put(t testing.TB, as identity.Caller, id uuid.UUID, members string) PersonShown {
	t.Helper()
	p, err := b.PutPerson(t.Context(), b.as(t, as, WritePerson), PersonWrite{ID: id, Body: []byte("{" + members + "}")})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// withPerson reads a record with its person as an officer.
func (b *bench) withPerson(t testing.TB, id uuid.UUID) string {
	t.Helper()
	v, err := b.Read(t.Context(), b.as(t, officer, Read), Lookup{ID: id, Person: true})
	if err != nil {
		t.Fatal(err)
	}
	return string(v.Text)
}

const born = `"surname":"Okafor","dateOfBirth":"1987-04-09"`

var clerk = inRole("service")

// The log tells of every read and write of an entry, and of which reads of a record showed the
// person too.
func TestLogTellsWhoWasShownAPerson(t *testing.T) {
	t.Parallel()
	b := setup(t)
	o := b.create(t, "")
	b.withPerson(t, o.ID)
	if e := b.last(t); e.Scope != "" || e.Action != "read" || e.Record != o.ID {
		t.Errorf("an unknown person was shown: %+v", e)
	}
	b.put(t, clerk, o.Target, born)
	e := b.last(t)
	if e.Action != "write-person" || e.Object != "person" || e.Record != o.Target || e.Target != o.Target || e.Status != 201 || len(e.Document) == 0 || e.Members != nil {
		t.Errorf("the entry of the write is %+v", e)
	}
	b.put(t, clerk, o.Target, born)
	if e := b.last(t); e.Outcome != audit.Unchanged || e.Object != "person" || e.Version != 0 || e.Status != 200 {
		t.Errorf("the entry of an equal write is %+v", e)
	}
	b.withPerson(t, o.Target)
	if e := b.last(t); e.Scope != "include=person" || e.Action != "read" || e.Record != o.ID || e.Object != audit.ObjectRecord {
		t.Errorf("the entry of a read is %+v", e)
	}
	if _, err := b.ListRecords(t.Context(), b.as(t, governance, List), ListQuery{Limit: 10, Person: true}); err != nil {
		t.Fatal(err)
	}
	if e := b.last(t); e.Scope != "include=person" || e.Action != "list" {
		t.Errorf("the entry of a list is %+v", e)
	}
	for id, outcome := range map[uuid.UUID]audit.Outcome{o.Target: audit.Done, uuid.New(): audit.NotFound} {
		_, err := b.FindPerson(t.Context(), b.as(t, officer, ReadPerson), Lookup{ID: id})
		e := b.last(t)
		if (err == nil) != (outcome == audit.Done) || e.Outcome != outcome || e.Target != id || (e.Record == id) != (err == nil) {
			t.Errorf("%v: the entry is %+v", err, e)
		}
	}
	// A use case does not rely on its caller for the second permission.
	for _, as := range []identity.Caller{with(identity.EqualityRead, identity.EqualityList), with(identity.PersonRead, identity.EqualityList)} {
		_, err := b.ListRecords(t.Context(), b.as(t, as, List), ListQuery{Limit: 10, Person: true})
		if !errors.Is(err, ErrForbidden) {
			t.Errorf("a list with people: %v", err)
		}
	}
	if _, err := b.Read(t.Context(), b.as(t, with(identity.EqualityRead), Read), Lookup{ID: o.ID, Person: true}); !errors.Is(err, ErrForbidden) {
		t.Errorf("a record with its person: %v", err)
	}
}

func TestRefusalOfWhatIsIncludedNamesItsPermission(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.Authorise(t.Context(), Request{Caller: with(identity.EqualityRead)}, Read, identity.PersonRead)
	if e := asError[*ForbiddenError](t, err); e.Permission != identity.PersonRead {
		t.Errorf("the error names %s", e.Permission)
	}
	if e := b.last(t); e.Permission != string(identity.PersonRead) || e.Status != 403 || e.Action != "read" {
		t.Errorf("the entry is %+v", e)
	}
}

// Whoever may write people and not read them is shown none, and gets a version for a guess as
// for anything else.
func TestAGuessAtAPersonMakesAVersion(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, blind := uuid.New(), with(identity.PersonWrite)
	b.put(t, clerk, id, born)
	for version := range int64(2) {
		p := b.put(t, blind, id, born)
		if p.Version != version+1 || p.Whole != (directory.Person{ID: id}).Whole() {
			t.Errorf("version %d is shown as %+v", p.Version, p.Whole)
		}
	}
}

func TestAgeGroupIsSuggestedWhereItIsMissing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for members, suggested := range map[string]bool{
		``: true, `,"ageGroup":"preferNotToSay"`: false, `,"homeSituation":"other","homeSituationIfOther":"\"ageGroup\":"`: true,
	} {
		o := b.create(t, members)
		b.put(t, clerk, o.Target, born)
		if text := b.withPerson(t, o.ID); strings.Contains(text, `"suggested":{"ageGroup":"thirtyFiveToFortyFour"}`) != suggested {
			t.Errorf("%s: %s", members, text)
		}
	}
	// A value that is in no list is not shown, and not missing.
	id := uuid.New()
	record := equality.Record{ID: id, TargetID: id, AgeGroup: "gone"}
	_, err := b.records.Write(t.Context(), store.Command{ID: id, Target: id, EventID: newEventID()}, func(o store.Opened) (store.Decision, error) {
		return b.Service.change(b.as(t, officer, Create), id, o, record, record.Members(), ChangeReasons[0], events.Created, 201)
	})
	if err != nil {
		t.Fatal(err)
	}
	b.put(t, clerk, id, born)
	if text := b.withPerson(t, id); strings.Contains(text, "suggested") || !strings.Contains(text, `"personStatus":"found"`) {
		t.Error(text)
	}
}

// Where the age group is withheld, nothing tells whether it is missing.
func TestWhatIsWithheldIsNotSuggested(t *testing.T) {
	t.Parallel()
	b := setup(t, func(o *Options) { o.Preset = identity.Separated })
	o := b.create(t, "")
	b.put(t, clerk, o.Target, born)
	v, err := b.Read(t.Context(), b.as(t, with(identity.EqualityRead, identity.PersonRead), Read), Lookup{ID: o.ID, Person: true})
	if text := string(v.Text); err != nil || strings.Contains(text, "suggested") || !strings.Contains(text, `"personStatus":"found"`) || !strings.Contains(text, "withheldMembers") {
		t.Errorf("%s, %v", text, err)
	}
	if text := b.withPerson(t, o.ID); !strings.Contains(text, "suggested") { // an officer under no preset
		t.Error(text)
	}
}

// The record comes whatever the directory does, and in time.
func TestRecordComesWithoutItsPerson(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		directory elsewhere
		want      string
	}{
		"found": {func(_ context.Context, id uuid.UUID) (directory.Person, error) {
			return directory.Person{ID: id, FirstName: "Given", PreferredFirstName: "Chosen"}, nil
		}, `"person":{"id":"…","displayName":"Chosen"},"personStatus":"found"`},
		"unknown": {func(context.Context, uuid.UUID) (directory.Person, error) {
			return directory.Person{Surname: "Okafor"}, directory.ErrUnknown
		}, `"personStatus":"unknown"`},
		"broken": {func(context.Context, uuid.UUID) (directory.Person, error) {
			return directory.Person{Surname: "Okafor"}, errors.New("broken")
		}, `"personStatus":"unavailable"`},
		"slow": {func(ctx context.Context, _ uuid.UUID) (directory.Person, error) {
			if end, limited := ctx.Deadline(); !limited || time.Until(end) > directoryPatience {
				return directory.Person{}, nil
			}
			return directory.Person{}, context.DeadlineExceeded
		}, `"personStatus":"unavailable"`},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(o *Options) { o.Directory = test.directory })
			o := b.create(t, "")
			want := strings.TrimSuffix(string(b.read(t, o.ID).Text), "}") + "," + strings.ReplaceAll(test.want, "…", o.Target.String()) + "}"
			if got := b.withPerson(t, o.ID); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if shown := b.last(t).Scope != ""; shown != (what == "found") {
				t.Errorf("the log says that the person was shown: %t", shown)
			}

			p, err := b.FindPerson(t.Context(), b.as(t, officer, ReadPerson), Lookup{ID: o.Target})
			kind := map[string]error{"unknown": ErrNotFound, "broken": ErrUnavailable, "slow": ErrUnavailable}[what]
			if kind != nil && !errors.Is(err, kind) || kind == nil && (err != nil || p.FirstName != "Given" || p.Versioned) {
				t.Errorf("%+v, %v", p, err)
			}
			if _, err := b.ListRecords(t.Context(), b.as(t, governance, List), ListQuery{Limit: 1, Person: true}); !errors.Is(err, ErrIncludeNotAvailable) {
				t.Errorf("a list with people: %v", err)
			}
			if _, err := b.PutPerson(t.Context(), b.as(t, clerk, WritePerson), PersonWrite{ID: o.Target, Body: []byte("{}")}); !errors.Is(err, ErrDirectoryReadOnly) {
				t.Errorf("a write: %v", err)
			}
		})
	}
}

// An entry that cannot be read is reported, and does not cost its record.
func TestRecordComesWithoutADamagedEntry(t *testing.T) {
	t.Parallel()
	var reported []string
	b := setup(t, func(o *Options) {
		o.Report = func(what string, err error) { reported = append(reported, what+": "+err.Error()) }
	})
	o := b.create(t, "")
	cmd := store.PersonEntry(o.Target).Command()
	cmd.EventID = newEventID()
	_, err := b.records.Write(t.Context(), cmd, func(o store.Opened) (store.Decision, error) {
		return store.Decision{
			Effects: []store.Effect{store.PutDocument{Found: o.Document, Content: []byte(`{"surname":"xMARKx"`)}},
			Entry:   b.entry(b.as(t, clerk, WritePerson), o.Document.Owner, audit.Done, 200),
		}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if text := b.withPerson(t, o.ID); !strings.Contains(text, `"personStatus":"unavailable"`) || strings.Contains(text, "MARK") {
		t.Error(text)
	}
	other := b.create(t, "")
	b.put(t, clerk, other.Target, born)
	l, err := b.ListRecords(t.Context(), b.as(t, governance, List), ListQuery{Limit: 10, Person: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range l.Items {
		want := map[uuid.UUID]string{o.ID: `"personStatus":"unavailable"`, other.ID: `"personStatus":"found"`}[item.ID]
		if text := string(item.Text); !strings.Contains(text, want) || strings.Contains(text, "MARK") {
			t.Errorf("the item is %s, want %s", text, want)
		}
	}
	if len(reported) != 2 || strings.Contains(reported[0], "MARK") {
		t.Errorf("reported: %q", reported)
	}
	if p, err := b.FindPerson(t.Context(), b.as(t, officer, ReadPerson), Lookup{ID: o.Target}); err == nil || strings.Contains(err.Error(), "MARK") {
		t.Errorf("%+v, %v", p, err)
	}
}

// entriesUnread cannot read records together with entries.
type entriesUnread struct{ Records }

func (entriesUnread) FindWithEntry(context.Context, uuid.UUID) (store.Opened, error) {
	return store.Opened{}, store.ErrUnavailable
}

func (e entriesUnread) List(ctx context.Context, q store.ListQuery, yield func(store.Opened) error) (more bool, err error) {
	if q.Entries {
		_, _ = e.Records.List(ctx, q, yield) // which may have yielded some before
		return false, store.ErrUnavailable
	}
	return e.Records.List(ctx, q, yield)
}

func TestRecordComesAloneIfNoEntryCanBeRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	o := b.create(t, "")
	b.put(t, clerk, o.Target, born)
	b.records = entriesUnread{b.records}
	if text := b.withPerson(t, o.ID); !strings.Contains(text, `"personStatus":"unavailable"`) {
		t.Error(text)
	}
	l, err := b.ListRecords(t.Context(), b.as(t, governance, List), ListQuery{Limit: 10, Person: true})
	if err != nil || len(l.Items) != 1 || !strings.Contains(string(l.Items[0].Text), `"personStatus":"unavailable"`) {
		t.Errorf("the list has %d, error %v", len(l.Items), err)
	}
}

// An entry at the highest version takes no further one, not even after its erasure.
func TestNoVersionOfAnEntryIsHigherThanTheHighest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := uuid.New()
	content := directory.Person{ID: id, Surname: "Okafor"}.Encode()
	arrival, err := store.NewEntryArrival(b.Keys, id, store.MaxVersion-1, content, newEventID())
	if err != nil {
		t.Fatal(err)
	}
	load := store.Load{Arrivals: []store.Arrival{arrival}, Entry: audit.Entry{ID: uuid.New(), Action: audit.ActionImport}, Event: events.PersonCreated}
	if _, err := b.engine.Load(t.Context(), load); err != nil {
		t.Fatal(err)
	}
	if p := b.put(t, clerk, id, born); p.Version != store.MaxVersion {
		t.Errorf("the next version is %d", p.Version)
	}
	again := func(what string) {
		t.Helper()
		_, err := b.PutPerson(t.Context(), b.as(t, clerk, WritePerson), PersonWrite{ID: id, Body: []byte(`{}`)})
		if e := b.last(t); !errors.Is(err, ErrLastVersion) || e.Status != 409 || e.Outcome != audit.Refused {
			t.Errorf("%s: %v, and the entry %+v", what, err, e)
		}
		b.sound(t)
	}
	again("at the highest version")
	b.erase(t, id)
	again("after the erasure")
}

package storetest

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// both is a write about two people, their records and their entries: the first by either id of
// the record.
func both(a, b uuid.UUID) store.Command {
	return store.Command{ID: a, Document: store.PersonEntry(a), EventID: uuid.New(), People: []uuid.UUID{b}}
}

// putsPerson decides for the next version of a person's entry, with its event.
func (f *fixture) putsPerson(content string) decide {
	return func(c store.Opened) (store.Decision, error) {
		return store.Decision{Effects: []store.Effect{putPerson(c.Document, content)}, Entry: f.entry("put-person")}, nil
	}
}

func putPerson(found store.Document, content string) store.PutDocument {
	event := events.PersonCreated
	if found.State == store.Present {
		event = events.PersonUpdated
	}
	return store.PutDocument{Found: found, Content: []byte(content), Event: event}
}

// putPerson writes the next version of a person's entry.
func (f *fixture) putPerson(id uuid.UUID, content string) store.Document {
	f.t.Helper()
	cmd := store.PersonEntry(id).Command()
	cmd.EventID = uuid.New()
	o, err := f.Write(f.t.Context(), cmd, f.putsPerson(content))
	ok(f.t, "put a person", err)
	return o.Document
}

// putsAll decides for a version more of everything that was found of two people.
func (f *fixture) putsAll(c store.Opened) (store.Decision, error) {
	d := store.Decision{Entry: f.entry("write"), Outcome: store.Outcome{Status: 200}}
	other := c.People[0].Record
	other.Document = c.People[0].Entry
	for i, o := range []store.Opened{c, other} {
		next := o.Record
		next.AgeGroup += "+"
		write := f.writes(o, next, updated, []string{"gender", "ageGroup"})
		if i == 0 {
			d.Entry.Members = write.Entry.Members
		}
		d.Effects = append(d.Effects, write.Effects[0], putPerson(o.Document, fmt.Sprintf(`"%s"`, next.AgeGroup)))
	}
	return d, nil
}

var several = []test{
	{"a write may change several records and documents, and each has its entry and its event", func(t *testing.T, f *fixture) {
		a, b := f.create(person()), f.create(person())
		f.putPerson(b.Target, `{}`)
		before, seen := len(f.entries()), len(f.events())
		cmd := keyed(both(a.Target, b.Target), 1, 1)
		got, err := f.Write(t.Context(), cmd, f.putsAll)
		ok(t, "write", err)
		equal(t, "result", []any{got.ID, got.Version, got.Record.AgeGroup, got.Document.Version, string(got.Document.Content)},
			[]any{a.ID, int64(1), a.Record.AgeGroup + "+", int64(0), `"25-34+"`})
		equal(t, "the first as it is stored", f.read(a.ID).Record, got.Record)
		equal(t, "the first one's entry as it is stored", f.document(store.PersonEntry(a.Target)), got.Document)
		equal(t, "the other", f.read(b.ID).Version, int64(1))
		equal(t, "the other's entry", f.document(store.PersonEntry(b.Target)).Version, int64(1))
		entries, ids := f.entries()[before:], make(map[uuid.UUID]bool)
		var told []string
		for _, e := range entries[:4] {
			told = append(told, fmt.Sprint(e.Object, e.Record, e.Version, e.Members))
			ids[e.ID] = true
		}
		members := []string{"ageGroup", equality.Sensitive}
		equal(t, "entries", told, []string{
			fmt.Sprint(audit.ObjectRecord, a.ID, 1, members), fmt.Sprint(audit.ObjectPerson, a.Target, 0, []string{}),
			fmt.Sprint(audit.ObjectRecord, b.ID, 1, members), fmt.Sprint(audit.ObjectPerson, b.Target, 1, []string{}),
		})
		raised := f.events()[seen:]
		equal(t, "events", len(raised), 4)
		for i, e := range raised {
			raised[i].Position = 0
			ids[e.ID] = true
		}
		first := events.Event{ID: cmd.EventID, At: got.Modified, Type: updated, Record: a.ID, Target: a.Target, Version: 1, Members: members, CorrelationID: entries[0].CorrelationID}
		entry := events.Event{At: got.Modified, Type: events.PersonCreated, Target: a.Target, CorrelationID: entries[0].CorrelationID}
		for _, e := range raised {
			switch {
			case e.Record == a.ID:
				equal(t, "the request's own event", e, first)
			case e.Target == a.Target:
				entry.ID = e.ID
				equal(t, "the event of an entry", e, entry)
			}
		}
		equal(t, "different ids", len(ids), 8)
		remembered, _, err := f.Remembered(t.Context(), cmd.Key.Key)
		ok(t, "remembered", err)
		equal(t, "remembered", remembered.Outcome, store.Outcome{Status: 200, Record: a.ID, Version: 1})
	}},
	{"a write about several is decided again if any of them has moved", func(t *testing.T, f *fixture) {
		a, b := f.create(person()), f.create(person())
		for what, first := range map[string]func(){
			"the first":             func() { f.change(a.ID, ageGroup("65-74")) },
			"the other":             func() { f.change(b.ID, ageGroup("65-74")) },
			"the first one's entry": func() { f.putPerson(a.Target, `{}`) },
			"the other's entry":     func() { f.putPerson(b.Target, `{}`) },
		} {
			var calls []store.Opened
			_, err := f.Write(t.Context(), both(a.ID, b.Target), counted(&calls, moved(first, f.putsAll)))
			ok(t, what, err)
			equal(t, what+": decided", len(calls), 2)
		}
	}},
	{"nothing is lost of writes about two people, in either order, and of changes of either", func(t *testing.T, f *fixture) {
		a, b := f.create(person()), f.create(person())
		const each = 6
		for _, err := range together(3*each, func(i int) error {
			switch i % 3 {
			case 0:
				_, err := f.Write(t.Context(), both(a.ID, b.Target), f.putsAll)
				return err
			case 1:
				_, err := f.Write(t.Context(), both(b.ID, a.Target), f.putsAll)
				return err
			}
			id := []uuid.UUID{a.ID, b.ID}[i/3%2]
			_, err := f.Write(t.Context(), changeOf(id), f.changes(func(r *equality.Record) { r.AgeGroup += "-" }))
			return err
		}) {
			ok(t, "write", err)
		}
		equal(t, "versions", []int64{f.read(a.ID).Version, f.read(b.ID).Version}, []int64{2*each + each/2, 2*each + each/2})
		equal(t, "versions of entries", []int64{f.document(store.PersonEntry(a.Target)).Version, f.document(store.PersonEntry(b.Target)).Version}, []int64{2*each - 1, 2*each - 1})
	}},
	{"people's events are in the feed, in the order of versions", func(t *testing.T, f *fixture) {
		one, other := uuid.New(), uuid.New()
		f.putPerson(one, `1`)
		f.putPerson(other, `1`)
		f.create(equality.Record{ID: one, TargetID: one})
		f.putPerson(one, `2`)
		var told []string
		for _, e := range f.events() {
			if e.Target == one {
				told = append(told, fmt.Sprint(e.Type, e.Record, e.Version, e.Members))
			}
		}
		equal(t, "events", told, []string{
			fmt.Sprint(events.PersonCreated, uuid.Nil, 0, []string{}), fmt.Sprint(created, one, 0, []string{}), fmt.Sprint(events.PersonUpdated, uuid.Nil, 1, []string{}),
		})
	}},
}

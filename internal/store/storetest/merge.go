package storetest

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

var errMerge = errors.New("test: the people cannot be merged")

// merges decides that the first of two people is merged into the second, who takes over what
// the first has.
func (f *fixture) merges(c store.Opened) (store.Decision, error) {
	from, into := c.People[0], c.People[1]
	d := store.Decision{Entry: f.entry(audit.ActionMerge), Outcome: store.Outcome{Status: 200}}
	if from.Link.Into != uuid.Nil || into.Link.Into != uuid.Nil || from.Taken || from.Erased() || into.Erased() {
		return f.refusal(store.Opened{}, 409, ""), errMerge
	}
	merge := store.Merge{Target: from.ID, At: f.clock.now(), By: d.Entry.Subject, People: 1 + from.Link.People()}
	if r := from.Record; r.State == store.Present {
		next, event := into.Record.Record, events.Updated
		if into.Record.State != store.Present {
			next, event = equality.Record{ID: into.ID, TargetID: into.ID}, events.Created
		}
		next.AgeGroup += r.Record.AgeGroup
		put := f.writes(into.Record, next, event, []string{"ageGroup"}).Effects[0].(store.PutRecord)
		put.Least = r.Version + 1
		version, _ := put.Version()
		merge.Record = &store.Brought{Before: before(into.Record.State, into.Record.Version), Version: version}
		d.Entry.Members = []string{"ageGroup"}
		d.Effects = append(d.Effects, put)
	}
	if e := from.Entry; e.State == store.Present {
		put := putPerson(into.Entry, string(e.Content))
		put.Least = e.Version + 1
		version, _ := put.Version()
		merge.Entry = &store.Brought{Before: before(into.Entry.State, into.Entry.Version), Version: version}
		d.Effects = append(d.Effects, put)
	}
	d.Effects = append(d.Effects, store.PutLink{Person: from, Link: from.Link.Away(into.ID), Event: events.Merged},
		store.PutLink{Person: into, Link: into.Link.With(merge)})
	return d, nil
}

func before(state store.State, version int64) int64 {
	if state != store.Present {
		return store.None
	}
	return version
}

func mergeOf(from, into uuid.UUID) store.Command {
	return store.Command{People: []uuid.UUID{from, into}, EventID: uuid.New()}
}

func (f *fixture) merge(from, into uuid.UUID) {
	f.t.Helper()
	_, err := f.Write(f.t.Context(), mergeOf(from, into), f.merges)
	ok(f.t, "merge", err)
}

// parts decides that a person is taken out of the survivor, who becomes as before.
func (f *fixture) parts(c store.Opened) (store.Decision, error) {
	d := store.Decision{Entry: f.entry(audit.ActionUnmerge), Outcome: store.Outcome{Status: 200}}
	if len(c.People) == 1 || c.People[1].Link.Into != uuid.Nil {
		return f.refusal(store.Opened{}, 409, ""), errMerge
	}
	person, survivor := c.People[0], c.People[1]
	put := func(found store.Opened, next equality.Record, event string) {
		write := f.writes(found, next, event, nil).Effects[0].(store.PutRecord)
		write.Least = survivor.Record.Version + 1
		d.Effects = append(d.Effects, write)
	}
	if r := person.Record; r.State == store.Present {
		put(r, r.Record, "")
	}
	if e := person.Entry; e.State == store.Present {
		d.Effects = append(d.Effects, putPerson(e, string(e.Content)))
	}
	if survivor.Past.Merge.Record != nil {
		next := survivor.Record.Record
		next.AgeGroup = survivor.Past.RecordBefore.Record.AgeGroup
		put(survivor.Record, next, events.Updated)
	}
	if survivor.Past.Merge.Entry != nil {
		content := `{}`
		if was := survivor.Past.EntryBefore; was.State == store.Present {
			content = string(was.Content)
		}
		d.Effects = append(d.Effects, putPerson(survivor.Entry, content))
	}
	d.Effects = append(d.Effects, store.PutLink{Person: person, Link: person.Link.Back(), Event: events.Unmerged},
		store.PutLink{Person: survivor, Link: survivor.Link.Without(person.ID)})
	return d, nil
}

func partOf(id uuid.UUID) store.Command {
	return store.Command{People: []uuid.UUID{id}, Parting: true, EventID: uuid.New()}
}

func (f *fixture) part(id uuid.UUID) {
	f.t.Helper()
	_, err := f.Write(f.t.Context(), partOf(id), f.parts)
	ok(f.t, "part", err)
}

// somebody is a new person with a record, an entry, both or neither, and their ids.
func (f *fixture) somebody(record, entry bool) (person uuid.UUID, ids []uuid.UUID) {
	f.t.Helper()
	r := equality.Record{ID: uuid.New(), TargetID: uuid.New(), AgeGroup: "25-34"}
	ids = append(ids, r.TargetID)
	if record {
		f.create(r)
		f.change(r.ID, ageGroup("65-74"))
		ids = append(ids, r.ID)
	}
	if entry {
		f.putPerson(r.TargetID, fmt.Sprintf(`{"of":"%v"}`, r.TargetID))
	}
	return r.TargetID, ids
}

// eraseWhole erases a person and everybody merged into the person.
func (f *fixture) eraseWhole(id uuid.UUID) {
	f.t.Helper()
	cmd := store.Command{ID: id, Document: store.PersonEntry(id), Together: true, EventID: uuid.New()}
	_, err := f.Write(f.t.Context(), cmd, f.erasesWhole)
	ok(f.t, "erase", err)
}

func (f *fixture) erasesWhole(c store.Opened) (store.Decision, error) {
	d := store.Decision{Entry: f.entry(audit.ActionErase)}
	for _, p := range c.People {
		d.Effects = append(d.Effects, store.EraseAll{Person: p, Reason: "unlawful", By: d.Entry.Subject})
	}
	return d, nil
}

// each calls test with every combination of a record and an entry on either side, but for
// nobody merged into nobody.
func each(test func(name string, from, into [2]bool)) {
	for n := 1; n < 16; n++ {
		from, into := [2]bool{n&1 != 0, n&2 != 0}, [2]bool{n&4 != 0, n&8 != 0}
		test(fmt.Sprintf("%v into %v", from, into), from, into)
	}
}

var merging = []test{
	{"whatever two people have, each id leads to the survivor, and back after the merge is taken back", func(t *testing.T, f *fixture) {
		each(func(name string, from, into [2]bool) {
			a, idsOfA := f.somebody(from[0], from[1])
			b, idsOfB := f.somebody(into[0], into[1])
			wasA, wasB := f.read(a), f.read(b)
			entryA, entryB := f.document(store.PersonEntry(a)), f.document(store.PersonEntry(b))
			listed, walked := f.listed(), len(f.walked(func(int64, int) {}))
			_, entries := f.walkEntries(false)
			f.merge(a, b)

			one, entry := f.read(b), f.document(store.PersonEntry(b))
			if from[0] && (one.Version <= wasA.Version || into[0] && one.Version <= wasB.Version) {
				t.Errorf("%s: the survivor is at %d", name, one.Version)
			}
			for _, id := range append(idsOfA, idsOfB...) {
				got := f.read(id)
				if got.Survivor = uuid.Nil; one.State == store.Present {
					equal(t, name+": an id", got, one)
				}
				equal(t, name+": the state of an id", got.State, one.State)
			}
			f.together(name, append(idsOfA, idsOfB...)...)
			equal(t, name+": the entry", f.document(store.PersonEntry(a)), entry)
			hidden, both := btoi(from[0]), btoi(from[0] && into[0])
			equal(t, name+": listed", []int{f.listed(), len(f.walked(func(int64, int) {}))}, []int{listed - both, walked - both})
			if _, now := f.walkEntries(false); now != entries-int64(btoi(from[1] && into[1])) {
				t.Errorf("%s: %d entries are walked over, of %d", name, now, entries)
			}
			equal(t, name+": its own history", len(f.versions(a, 9, 9)), 2*hidden)
			equal(t, name+": entries of many", len(f.entriesOf(a, b)), btoi(from[1] || into[1]))
			if _, err := f.Write(t.Context(), mergeOf(a, b), f.merges); !errors.Is(err, errMerge) {
				t.Errorf("%s: merged twice: %v", name, err)
			}

			f.part(a)
			nowA, nowB := f.read(a), f.read(b)
			equal(t, name+": the person is there again", []any{nowA.State, nowA.Record}, []any{wasA.State, wasA.Record})
			equal(t, name+": the survivor is as before", nowB.Record.AgeGroup, wasB.Record.AgeGroup)
			equal(t, name+": versions more", len(f.versions(a, 99, 9)), 3*hidden)
			equal(t, name+": the entry is there again", string(f.document(store.PersonEntry(a)).Content), string(entryA.Content))
			if into[1] {
				equal(t, name+": the survivor's entry", string(f.document(store.PersonEntry(b)).Content), string(entryB.Content))
			}
			f.together(name+", taken back", append(idsOfA, idsOfB...)...)
			if _, err := f.Write(t.Context(), partOf(a), f.parts); !errors.Is(err, errMerge) {
				t.Errorf("%s: taken back twice: %v", name, err)
			}
			f.merge(b, a) // the other way round, and for good
			f.eraseWhole(b)
			for _, id := range append(idsOfA, idsOfB...) {
				if f.read(id).State == store.Present {
					t.Errorf("%s: an id leads to a record after the erasure", name)
				}
			}
			for _, id := range []uuid.UUID{a, b} {
				record, entry := f.read(id).State, f.document(store.PersonEntry(id)).State
				if record != store.Erased && entry != store.Erased || record == store.Present || entry == store.Present {
					t.Errorf("%s: after the erasure %v and %v", name, record, entry)
				}
			}
		})
	}},
	{"a chain leads to its end, and is taken apart from there", func(t *testing.T, f *fixture) {
		a, idsOfA := f.somebody(true, true)
		b, idsOfB := f.somebody(false, true)
		c, idsOfC := f.somebody(true, false)
		f.merge(a, b)
		f.merge(b, c)
		for _, id := range append(append(idsOfA, idsOfB...), idsOfC...) {
			equal(t, "an id", f.read(id).Target, c)
		}
		if _, err := f.Write(t.Context(), partOf(a), f.parts); !errors.Is(err, errMerge) {
			t.Errorf("taken out of the middle: %v", err)
		}
		f.part(b)
		equal(t, "the first", f.read(a).Target, b)
		f.part(a)
		equal(t, "the first alone", f.read(a).Target, a)
	}},
	{"what was decided before a merge is decided again", func(t *testing.T, f *fixture) {
		for what, write := range map[string]func(a, aRecord uuid.UUID, first func()) error{
			"a change": func(a, record uuid.UUID, first func()) error {
				_, err := f.Write(t.Context(), changeOf(record), moved(first, f.changes(ageGroup("85+"))))
				return err
			},
			"a new entry": func(a, _ uuid.UUID, first func()) error {
				cmd := store.PersonEntry(a).Command()
				cmd.EventID = uuid.New()
				_, err := f.Write(t.Context(), cmd, moved(first, f.putsPerson(`{"late":1}`)))
				return err
			},
			"an erasure": func(a, _ uuid.UUID, first func()) error {
				cmd := store.Command{ID: a, Document: store.PersonEntry(a), Together: true, EventID: uuid.New()}
				_, err := f.Write(t.Context(), cmd, moved(first, f.erasesWhole))
				return err
			},
		} {
			for _, linked := range []bool{false, true} {
				a, ids := f.somebody(true, false)
				b, _ := f.somebody(true, true)
				if linked { // the person has a key and a link from before
					f.merge(a, b)
					f.part(a)
				}
				ok(t, what, write(a, ids[1], func() { f.merge(a, b) }))
				switch found := f.read(b); what {
				case "a change":
					equal(t, what, found.Record.AgeGroup, "85+")
				case "a new entry":
					equal(t, what, string(f.document(store.PersonEntry(b)).Content), `{"late":1}`)
					equal(t, what+": of the survivor", f.document(store.PersonEntry(a)).Owner, b)
				default:
					equal(t, what, []store.State{found.State, f.read(a).State}, []store.State{store.Erased, store.Erased})
				}
			}
		}
	}},
	{"a merge is decided again if either person has moved", func(t *testing.T, f *fixture) {
		for what, first := range map[string]func(a, record, b uuid.UUID){
			"a change of one":       func(_, record, _ uuid.UUID) { f.change(record, ageGroup("85+")) },
			"a change of the other": func(_, _, b uuid.UUID) { f.change(b, ageGroup("85+")) },
			"a first entry":         func(a, _, _ uuid.UUID) { f.putPerson(a, `{"first":1}`) },
			"another merge": func(_, _, b uuid.UUID) {
				c, _ := f.somebody(true, true)
				f.merge(c, b)
			},
		} {
			for _, linked := range []bool{false, true} {
				a, ids := f.somebody(true, false)
				b, _ := f.somebody(true, false)
				if linked {
					f.merge(a, b)
					f.part(a)
				}
				var calls int
				_, err := f.Write(t.Context(), mergeOf(a, b), moved(func() { first(a, ids[1], b) }, func(c store.Opened) (store.Decision, error) {
					calls++
					return f.merges(c)
				}))
				ok(t, what, err)
				equal(t, what+": decided", calls, 2)
			}
		}
	}},
	{"nobody is merged into somebody erased meanwhile, or after an erasure", func(t *testing.T, f *fixture) {
		each(func(name string, from, into [2]bool) {
			for who := range 2 {
				both := [][2]bool{from, into}
				if has, other := both[who], both[1-who]; !has[0] && !has[1] || other[0] == other[1] {
					continue // there is nothing to erase, or more to stop the merge
				}
				a, _ := f.somebody(from[0], from[1])
				b, _ := f.somebody(into[0], into[1])
				_, err := f.Write(t.Context(), mergeOf(a, b), moved(func() { f.eraseWhole([]uuid.UUID{a, b}[who]) }, f.merges))
				if !errors.Is(err, errMerge) {
					t.Errorf("%s, the erased is %d: %v", name, who, err)
				}
			}
		})
	}},
	{"nothing is lost of a merge among changes of both", func(t *testing.T, f *fixture) {
		a, ids := f.somebody(true, true)
		b, _ := f.somebody(true, true)
		start := len(f.read(a).Record.AgeGroup) + len(f.read(b).Record.AgeGroup)
		const changes = 12
		for _, err := range together(changes+1, func(i int) error {
			if i == changes/2 {
				_, err := f.Write(t.Context(), mergeOf(a, b), f.merges)
				return err
			}
			_, err := f.Write(t.Context(), changeOf([]uuid.UUID{ids[1], b}[i%2]), f.changes(func(r *equality.Record) { r.AgeGroup += "-" }))
			return err
		}) {
			ok(t, "write", err)
		}
		equal(t, "what all have added", len(f.read(a).Record.AgeGroup), start+changes)
	}},
	{"of those who take one merge back at once, one does", func(t *testing.T, f *fixture) {
		for range 6 {
			a, _ := f.somebody(true, true)
			b, _ := f.somebody(true, true)
			f.merge(a, b)
			done := 0
			for _, err := range together(6, func(int) error {
				_, err := f.Write(t.Context(), partOf(a), f.parts)
				return err
			}) {
				if err == nil {
					done++
				} else if !errors.Is(err, errMerge) {
					t.Errorf("one too late: %v", err)
				}
			}
			equal(t, "who did", done, 1)
		}
	}},
	{"a merge is undone while its survivor is erased, or not at all", func(t *testing.T, f *fixture) {
		for range 6 {
			a, _ := f.somebody(true, true)
			b, _ := f.somebody(true, true)
			f.merge(a, b)
			results := together(2, func(i int) error {
				if i == 0 {
					_, err := f.Write(t.Context(), partOf(a), f.parts)
					return err
				}
				cmd := store.Command{ID: b, Document: store.PersonEntry(b), Together: true, EventID: uuid.New()}
				_, err := f.Write(t.Context(), cmd, f.erasesWhole)
				return err
			})
			ok(t, "erase", results[1])
			want := store.Present
			if results[0] != nil {
				want = store.Erased
				if !errors.Is(results[0], errMerge) {
					t.Errorf("undone too late: %v", results[0])
				}
			}
			equal(t, "the person", f.read(a).State, want)
			equal(t, "the survivor", f.read(b).State, store.Erased)
		}
	}},
	{"a person without a record who was merged gets none, but the survivor does", func(t *testing.T, f *fixture) {
		a, _ := f.somebody(false, true)
		b, _ := f.somebody(false, true)
		f.merge(a, b)
		_, err := f.Write(t.Context(), createOf(equality.Record{ID: a, TargetID: a}), func(c store.Opened) (store.Decision, error) {
			if c.Survivor == uuid.Nil { // it is assumed to be the first
				return f.creates(equality.Record{ID: a, TargetID: a})(c)
			}
			return f.creates(equality.Record{ID: c.Survivor, TargetID: c.Survivor})(c)
		})
		ok(t, "create", err)
		equal(t, "the record", f.read(a).Target, b)
		equal(t, "imported", f.load(f.loading(f.arrival(equality.Record{ID: uuid.New(), TargetID: a}, 0))), []store.Landing{store.Taken})
		equal(t, "an entry imported", f.load(f.loadingPeople(f.entryArrival(a, 0, `{"new":1}`))), []store.Landing{store.Differs})
	}},
	{"who is hidden without a link is a failure, never missing", func(t *testing.T, f *fixture) {
		for _, by := range []string{"UPDATE record SET merged = 1", "UPDATE identifier SET record = 0"} {
			f.tampered = true
			a, ids := f.somebody(true, false)
			f.db.Exec(t, by)
			if _, err := f.Find(t.Context(), a); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s: read: %v", by, err)
			}
			if _, err := f.Write(t.Context(), changeOf(ids[1]), f.changes(ageGroup("85+"))); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s: change: %v", by, err)
			}
			if found := f.findings(); len(found) == 0 {
				t.Errorf("%s: verification found nothing", by)
			}
		}
	}},
	{"who is not hidden although merged is a finding", func(t *testing.T, f *fixture) {
		f.tampered = true
		a, _ := f.somebody(true, true)
		b, _ := f.somebody(true, true)
		f.merge(a, b)
		equal(t, "findings before", len(f.findings()), 0)
		for _, by := range []string{"UPDATE record SET merged = 0", fmt.Sprintf("UPDATE document SET merged = 0 WHERE kind = %d", sealing.KindPerson),
			fmt.Sprintf("UPDATE document SET merged = 0 WHERE kind = %d", sealing.KindLink)} {
			f.db.Exec(t, by)
			if found := f.findings(); len(found) == 0 {
				t.Errorf("%s: verification found nothing", by)
			}
		}
	}},
	{"the feed tells of a merge after the record's last change", func(t *testing.T, f *fixture) {
		a, ids := f.somebody(true, false)
		b, _ := f.somebody(true, false)
		f.merge(a, b)
		f.part(a)
		var told []string
		for _, e := range f.events() {
			if e.Target == a {
				told = append(told, fmt.Sprint(e.Type, e.Record == ids[1], e.Version, e.Into == b))
			}
		}
		equal(t, "told of the person", told, []string{fmt.Sprint(created, true, 0, false), fmt.Sprint(updated, true, 1, false),
			fmt.Sprint(events.Merged, true, 1, true), fmt.Sprint(events.Unmerged, true, 3, true)})
	}},
}

// listed counts the records of a list.
func (f *fixture) listed() int {
	f.t.Helper()
	page, _, err := f.page(store.ListQuery{Limit: 10_000})
	ok(f.t, "list", err)
	return len(page)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

package postgres

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

var errGone = errors.New("test: the record was erased")

// writes a record as a use case would: no id of an erased record is used again.
func (f *fixture) creating(r equality.Record) (store.Opened, error) {
	return f.Write(context.Background(), store.Command{ID: r.ID, Target: r.TargetID, EventID: uuid.New()}, func(o store.Opened) (store.Decision, error) {
		e := entry(audit.ActionCreate)
		if o.State == store.Present || slices.ContainsFunc(o.Tombstones, func(s store.Tombstone) bool { return s.ID == r.ID }) {
			e.Outcome = audit.Refused
			return store.Decision{Entry: e}, errGone
		}
		return store.Decision{Effects: []store.Effect{store.PutRecord{Found: o, Record: r, Event: events.Created}}, Entry: e}, nil
	})
}

func (f *fixture) erasing(id uuid.UUID) error {
	_, err := f.Write(context.Background(), store.Command{ID: id, EventID: uuid.New()}, func(o store.Opened) (store.Decision, error) {
		e := entry(audit.ActionErase)
		if o.State != store.Present {
			e.Outcome = audit.Refused
			return store.Decision{Entry: e}, errGone
		}
		return store.Decision{Effects: []store.Effect{store.Erase{Found: o, Reason: "unlawful", By: "somebody", Event: events.Erased}}, Entry: e}, nil
	})
	return err
}

// erasingAtOnce is erasing in one transaction that waits for every lock it needs.
func (f *fixture) erasingAtOnce(id uuid.UUID) error {
	found, err := f.Find(context.Background(), id)
	if err != nil {
		return err
	}
	if found, err = found.Decode(); err != nil {
		return err
	}
	plan, err := store.NewPlan(f.Keys, found, func(c store.Opened) (store.Decision, error) {
		return store.Decision{Effects: []store.Effect{store.Erase{Found: c, Reason: "unlawful", By: "somebody", Event: events.Erased}}, Entry: entry(audit.ActionErase)}, nil
	})
	if err != nil {
		return err
	}
	j := f.planned(plan, store.Command{ID: id, EventID: uuid.New()})
	(&lane{store: f.Store, lease: noLease}).finish([]*job{j})
	return j.err
}

// While a record is being erased, another process writes to it, or uses its ids: that write
// waits, and then knows of the erasure.
func TestWritersWaitForAnErasure(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	a, b := open(t, d, d.waitingLong()), open(t, d, d.waitingLong())
	for name, write := range map[string]func(t *testing.T, r equality.Record) error{
		"a change": func(_ *testing.T, r equality.Record) error {
			r.NationalInsuranceNumber = "QQ123456C"
			return b.writing(r, false, entry("write"))
		},
		"a document": func(_ *testing.T, r equality.Record) error {
			_, err := b.Write(context.Background(), store.DocumentID{Kind: sealing.KindExtended, Owner: r.ID, Name: "an-area"}.Command(),
				func(o store.Opened) (store.Decision, error) {
					if o.State != store.Present {
						return store.Decision{Entry: entry("put")}, errGone
					}
					return store.Decision{Effects: []store.Effect{store.PutDocument{Found: o.Document, Content: []byte("{}")}}, Entry: entry("put")}, nil
				})
			return err
		},
		"a record with its id": func(_ *testing.T, r equality.Record) error {
			r.TargetID = uuid.New()
			_, err := b.creating(r)
			return err
		},
		"a record of its person": func(t *testing.T, r equality.Record) error {
			r.ID = uuid.New()
			o, err := b.creating(r)
			if err != nil || o.Version != 3 {
				t.Errorf("version %d, %v", o.Version, err)
			}
			return errGone
		},
		"an import of its person": func(t *testing.T, r equality.Record) error {
			r.ID = uuid.New()
			arrival, err := store.NewArrival(b.Keys, store.Opened{ID: r.ID, Target: r.TargetID, Record: r}, uuid.New())
			ok(t, err)
			landings, err := b.Load(context.Background(), store.Load{Entry: entry(audit.ActionImport), Event: events.Created, Arrivals: []store.Arrival{arrival}})
			if err != nil || landings[0] == store.Landed {
				t.Errorf("landed: %v, %v", landings, err)
			}
			return errGone
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := a.written(3)
			release := d.holding(t, "SELECT 1 FROM data_key WHERE record = (SELECT number FROM record WHERE id = $1) FOR UPDATE", r.ID)
			erased, written := make(chan error, 1), make(chan error, 1)
			go func() { erased <- a.erasingAtOnce(r.ID) }()
			d.waiting(t, 1)
			go func() { written <- write(t, r) }()
			d.waiting(t, 2)
			release()
			ok(t, <-erased)
			if err := <-written; !errors.Is(err, errGone) && !errors.Is(err, errConflict) {
				t.Errorf("it was written: %v", err)
			}
			if found, err := a.read(r.ID); err != nil || found.State != store.Erased {
				t.Errorf("read: %v, %v", found.State, err)
			}
		})
	}
	var heads []audit.Head
	for _, f := range []*fixture{a, b} {
		heads = append(heads, f.Heads()...)
		ok(t, f.Close())
	}
	for what, query := range map[string]string{
		"versions":  "SELECT count(*) FROM history h WHERE NOT EXISTS (SELECT 1 FROM record WHERE number = h.record)",
		"numbers":   "SELECT count(*) FROM nino_index n WHERE NOT EXISTS (SELECT 1 FROM record WHERE number = n.record)",
		"documents": "SELECT count(*) FROM document",
	} {
		if n := value[int64](t, d, query); n != 0 {
			t.Errorf("%d %s are left", n, what)
		}
	}
	d.sound(t, heads...)
}

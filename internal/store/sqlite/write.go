package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// errMoved says that the record is not as it was when the write was decided.
var errMoved = errors.New("the record has moved")

// Write changes a record, or creates one, as decide says. decide sees the
// record as it stands and may be called again when it has moved in the
// meantime; it is pure. The access-log entry is written whatever it decides.
//
// The result is the record after the write. An error of decide is given back
// once its entry is durable, with the record as it was found. Other errors:
// store.ErrKeyTaken, store.ErrUnavailable.
func (s *Store) Write(ctx context.Context, cmd store.Command, decide func(store.Current) (store.Decision, error)) (store.Current, error) {
	var found store.Opened
	if cmd.Target == uuid.Nil {
		var err error
		found, err = s.findBy(s.queryRow(ctx), cmd.ID)
		if err != nil {
			return store.Current{}, err
		}
	}
	// A create is taken to be the first; the writer tells if it is not.
	plan, err := store.NewPlan(s.Keys, found, decide)
	if err != nil {
		return store.Current{}, err
	}
	err = s.writer.do(ctx, func(t *tx) error {
		err := t.apply(s, cmd, &plan)
		if !errors.Is(err, errMoved) {
			return err
		}
		// Nobody else writes until this transaction ends: the second time it holds.
		found, err := t.find(s, cmd)
		if err != nil {
			return err
		}
		if plan, err = store.NewPlan(s.Keys, found, decide); err != nil {
			return err
		}
		return t.apply(s, cmd, &plan)
	})
	if err != nil {
		return store.Current{}, err
	}
	return plan.Result()
}

// apply writes a plan. errMoved means that it no longer fits, and
// store.ErrKeyTaken that it has been done; then nothing was written.
func (t *tx) apply(s *Store, cmd store.Command, p *store.Plan) error {
	entry, outcome := p.Decision.Entry, p.Decision.Outcome
	keyed := cmd.Key != nil && outcome.Status != 0
	if keyed {
		if err := t.keyIsFree(s, cmd.Key); err != nil {
			return err
		}
	}
	if p.Writes() {
		p.Next.Modified = t.stamp(s.Now())
		if err := t.writeVersion(s, *p); err != nil {
			return err
		}
		t.w.modified = p.Next.Modified
		entry.Object = audit.ObjectRecord
		entry.Record, entry.Version, entry.Document = p.Next.ID, p.Next.Version.Version, p.Next.Hash()
		outcome.Record, outcome.Version = entry.Record, entry.Version
		t.publish(events.Event{ID: cmd.EventID, At: p.Next.Modified, Type: p.Decision.Event, Record: p.Next.ID,
			Target: p.Next.Target, Version: p.Next.Version.Version, Members: entry.Members,
			CorrelationID: entry.CorrelationID})
	}
	if keyed {
		if err := t.remember(s, cmd.Key, outcome); err != nil {
			return err
		}
	}
	t.enter(entry)
	return nil
}

// stamp is the time of a change: later than that of every change before it, in
// the order in which they become visible, so that a reader who goes by time
// passes none.
func (t *tx) stamp(now time.Time) time.Time {
	stamp := now.UTC().Truncate(time.Microsecond)
	if earliest := t.w.modified.Add(time.Microsecond); stamp.Before(earliest) {
		stamp = earliest
	}
	return stamp
}

// writeVersion writes a version of a record and keeps the National Insurance
// number index in step with it.
func (t *tx) writeVersion(s *Store, p store.Plan) error {
	number := p.Found.Number
	var err error
	if p.Found.State == store.Present {
		err = t.replaceVersion(p.Found, p.Next)
	} else {
		number, err = t.firstVersion(p.Next)
	}
	if err != nil {
		return err
	}
	before, after := p.Found.Record.NationalInsuranceNumber, p.Next.Record.NationalInsuranceNumber
	if before == after {
		return nil
	}
	if before != "" {
		hash := store.NINOHash(s.Keys, before)
		if _, err := t.exec("nino-delete", hash[:], number); err != nil {
			return err
		}
	}
	if after == "" {
		return nil
	}
	hash := store.NINOHash(s.Keys, after)
	_, err = t.exec("nino-insert", hash[:], number)
	return err
}

// firstVersion writes a new record and returns its number. Its ids are taken
// first: whether they can be had shows before anything is written.
func (t *tx) firstVersion(v store.Sealed) (number int64, err error) {
	number = t.w.number + 1
	var taken int64
	if v.ID == v.Target {
		taken, err = t.exec("identifier-insert", v.ID[:], number)
	} else {
		taken, err = t.exec("identifier-pair-insert", v.ID[:], v.Target[:], number)
	}
	if isTaken(err) || err == nil && taken == 0 {
		return 0, errMoved
	}
	if err != nil {
		return 0, err
	}
	t.w.number = number
	if _, err := t.exec("record-insert", number, v.ID[:], v.Target[:], v.Version.Version, store.Micros(v.Modified), v.Document); err != nil {
		return 0, err
	}
	_, err = t.exec("data-key-insert", number, v.Wrapped)
	return number, err
}

func (t *tx) replaceVersion(found store.Opened, v store.Sealed) error {
	n, err := t.exec("history-insert", found.Number, found.Version.Version)
	if err != nil {
		return err
	}
	if n == 0 {
		return errMoved
	}
	_, err = t.exec("record-update", found.Number, found.Version.Version, v.Version.Version, store.Micros(v.Modified), v.Document)
	return err
}

// find is Store.find inside the writer's transaction. For a create it finds
// what stands in its way: the person's record, else whatever has the id. That
// the person's id was an erased record's stands in nobody's way.
func (t *tx) find(s *Store, cmd store.Command) (store.Opened, error) {
	if cmd.Target != uuid.Nil {
		found, err := s.findBy(t.queryRow, cmd.Target)
		if err != nil || found.State == store.Present {
			return found, err
		}
	}
	return s.findBy(t.queryRow, cmd.ID)
}

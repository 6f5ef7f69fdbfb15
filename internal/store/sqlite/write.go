package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// errMoved means that the record has changed since the write was decided.
var errMoved = errors.New("the record has moved")

// Write implements service.Records on this store. decide gets the stored record. It may be
// called again if the record has changed meanwhile, so it must be pure. The access-log
// entry is written whatever it decides.
//
// The result is the record after the write. If decide returns an error, Write returns it
// once its entry is durable, with the record as found. Other errors: store.ErrKeyTaken,
// store.ErrUnavailable.
func (s *Store) Write(ctx context.Context, cmd store.Command, decide func(store.Opened) (store.Decision, error)) (store.Opened, error) {
	var found store.Opened
	if cmd.Target == uuid.Nil {
		var err error
		found, err = store.FindFor(ctx, tables{s.reads}, s.Keys, cmd)
		if err != nil {
			return store.Opened{}, err
		}
	}
	// A create is assumed to be the person's first; the writer notices if it is not.
	plan, err := store.NewPlan(s.Keys, found, decide)
	if err != nil {
		return store.Opened{}, err
	}
	err = s.writer.do(ctx, func(t *tx) error {
		err := t.apply(s, cmd, plan)
		if !errors.Is(err, errMoved) {
			return err
		}
		// Nobody else writes until this transaction ends, so the second decision is final.
		found, err := store.FindFor(context.WithoutCancel(ctx), tables{t.w.stmts}, s.Keys, cmd)
		if err != nil {
			return err
		}
		if plan, err = store.NewPlan(s.Keys, found, decide); err != nil {
			return err
		}
		return t.apply(s, cmd, plan)
	})
	if err != nil {
		return store.Opened{}, err
	}
	return plan.Result()
}

// apply executes a plan. errMoved means that it no longer fits, and store.ErrKeyTaken that
// the key was used; nothing was written then.
func (t *tx) apply(s *Store, cmd store.Command, p *store.Plan) error {
	keyed := cmd.Key != nil && p.Decision.Outcome.Status != 0
	if keyed {
		if err := t.keyIsFree(s, cmd.Key); err != nil {
			return err
		}
	}
	if p.Writes() {
		at, err := t.stamp(p.After()...)
		if err != nil {
			return err
		}
		if err := t.whole(p, at); err != nil {
			return err
		}
	}
	entries, outcome, raised := p.Told(cmd.EventID)
	if keyed {
		if err := t.remember(s, cmd.Key, outcome); err != nil {
			return err
		}
	}
	t.raise(raised)
	for _, entry := range entries {
		t.enter(entry)
	}
	return nil
}

// raise adds events to the feed. The events of a record that one of them says was erased no longer
// name members; the erasure has not reached those that are not in the feed yet.
func (t *tx) raise(raised []events.Event) {
	for _, e := range raised {
		if e.Type != events.Erased {
			continue
		}
		for i := range t.events {
			if t.events[i].Record == e.Record {
				t.events[i].Members = nil
			}
		}
	}
	t.events = append(t.events, raised...)
}

// whole executes a plan about several things so that nothing of it is written if one of them
// has moved: the transaction goes on with another plan. A plan about one thing finds that before
// it has written anything.
func (t *tx) whole(p *store.Plan, at time.Time) error {
	if !p.Several() {
		return t.execute(p, at)
	}
	if err := t.control("mark"); err != nil {
		return err
	}
	number, modified := t.w.number, t.w.modified
	moved := t.execute(p, at)
	if errors.Is(moved, errMoved) {
		t.w.number, t.w.modified = number, modified
		if err := t.control("undo"); err != nil {
			return err
		}
	} else if moved != nil {
		return moved
	}
	if err := t.control("keep"); err != nil {
		return err
	}
	return moved
}

// execute writes what a plan changes.
func (t *tx) execute(p *store.Plan, at time.Time) error {
	statements := p.Stamp(at)
	for i := range p.Puts {
		if err := t.put(&p.Puts[i]); err != nil {
			return err
		}
	}
	for _, statement := range statements {
		switch _, err := t.exec(statement.Query, statement.Args...); {
		case violates(err):
			return errMoved
		case err != nil:
			return err
		}
	}
	t.w.modified = at
	t.destroyed = t.destroyed || p.Destroys()
	return nil
}

// stamp returns the time of a change: later than the given times, and than that of every
// change before it, in the order in which they become visible, so that a reader who goes by
// time misses none. What a wrong clock has stored does not count.
func (t *tx) stamp(after ...time.Time) (time.Time, error) {
	if t.w.clock.Ahead(t.w.modified) {
		var modified sql.NullInt64
		err := t.queryRow(queries.SQLiteRecordLast, store.Micros(t.w.clock.Fresh())).Scan(new(sql.NullInt64), &modified)
		if err != nil {
			return time.Time{}, err
		}
		t.w.modified = store.FromMicros(modified.Int64)
	}
	return t.w.clock.After(append(after, t.w.modified)...), nil
}

// put writes a version of a record and keeps the National Insurance number
// index in step with it.
func (t *tx) put(p *store.Put) (err error) {
	number := p.Number
	if number == 0 {
		number, err = t.firstVersion(&p.Row)
	} else {
		err = t.replaceVersion(p)
	}
	if err == nil && p.Unindex != nil {
		_, err = t.exec(queries.NINODelete, p.Unindex, number)
	}
	if err == nil && p.Index != nil {
		_, err = t.exec(queries.NINOInsert, p.Index, number)
	}
	return err
}

// firstVersion writes a new record and returns its number. Its ids are taken
// first: whether they are free shows before anything is written.
func (t *tx) firstVersion(r *store.Row) (number int64, err error) {
	number = t.w.number + 1
	args := []any{r.ID[:], r.Target[:], number, r.Version}
	query := queries.SQLiteIdentifierPairInsert
	if r.ID == r.Target {
		query = queries.SQLiteIdentifierInsert
	}
	taken, err := t.exec(query, args...)
	if violates(err) || err == nil && taken == 0 {
		return 0, errMoved
	}
	if err != nil {
		return 0, err
	}
	t.w.number = number
	if _, err := t.exec(queries.SQLiteRecordInsert, number, r.ID[:], r.Target[:], r.Version, r.Modified, r.Sealed); err != nil {
		return 0, err
	}
	_, err = t.exec(queries.SQLiteDataKeyInsert, number, r.Wrapped)
	return number, err
}

func (t *tx) replaceVersion(r *store.Put) error {
	n, err := t.exec(queries.SQLiteHistoryInsert, r.Number, r.Before, store.Bit(r.Merged))
	if err != nil {
		return err
	}
	if n == 0 {
		return errMoved
	}
	_, err = t.exec(queries.SQLiteRecordUpdate, r.Number, r.Before, r.Version, r.Modified, r.Sealed)
	return err
}

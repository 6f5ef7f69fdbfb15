package postgres

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// Load writes many arrivals in one transaction and returns the landing of each, in order.
// It writes rows with COPY. Error: store.ErrUnavailable.
func (s *Store) Load(ctx context.Context, l store.Load) ([]store.Landing, error) {
	if l.Empty() {
		return nil, nil
	}
	var landings []store.Landing
	err := s.do(ctx, &job{alone: func(ctx context.Context, tx pgx.Tx) (entries []audit.Entry, news bool, err error) {
		var landed []int
		var numbers []int64
		if l.OfPeople() {
			l.Arrivals = slices.Clone(l.Arrivals) // some are sealed again
			landings, landed, err = s.settleEntries(ctx, tx, l.Arrivals)
		} else {
			landings, landed, numbers, err = s.settle(ctx, tx, l.Arrivals)
		}
		if err != nil {
			return nil, false, err
		}
		at, raised, err := s.copyIn(ctx, tx, l, landed, numbers)
		if err != nil {
			return nil, false, err
		}
		if l.Mark != "" {
			position, err := l.Position(slices.Clone(landings))
			if err != nil {
				return nil, false, foreign{err}
			}
			if _, err := tx.Exec(ctx, queries.MetaWrite.SQL, store.MetaMark+l.Mark, append([]byte{}, position...)); err != nil {
				return nil, false, err
			}
		}
		return []audit.Entry{store.EntryOf(&l, landed, at)}, raised, nil
	}})
	if err != nil {
		return nil, err // if the context ended, it may still be running
	}
	return landings, nil
}

// Mark returns the position stored under a name, or nil. Error: store.ErrUnavailable.
func (s *Store) Mark(ctx context.Context, name string) (position []byte, err error) {
	err = s.reading(ctx, func(ctx context.Context) (err error) {
		position, err = s.meta(ctx, store.MetaMark+name, nil)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return position, err
}

// SwapMark sets a position if it is still as expected, and reports whether it was. Error:
// store.ErrUnavailable; it may have been set all the same.
func (s *Store) SwapMark(ctx context.Context, name string, was, now []byte) (swapped bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	if err := s.check(ctx); err != nil {
		return false, err
	}
	tag, err := s.pool.Exec(ctx, queries.MetaSwap.SQL, store.MetaMark+name, now, was)
	return tag.RowsAffected() == 1, classify(err)
}

// settle decides on each arrival, and claims the ids of those that land, under new numbers. If
// someone else took an id since it was judged, everything is judged again. Meanwhile the ids
// claimed so far remain this transaction's: others have to wait for them even while they are
// deleted. So each time fewer can be lost, however many others create the same people.
func (s *Store) settle(ctx context.Context, tx pgx.Tx, arrivals []store.Arrival) (landings []store.Landing, landed []int, numbers []int64, err error) {
	if _, err := tx.Exec(ctx, queries.PostgresImportLock.SQL); err != nil {
		return nil, nil, nil, err
	}
	for {
		if landings, landed, err = s.judge(ctx, tx, arrivals); err != nil {
			return nil, nil, nil, err
		}
		if numbers, err = newNumbers(ctx, tx, len(landed)); err != nil {
			return nil, nil, nil, err
		}
		var ids [][16]byte
		var of []int64
		for i, n := range landed {
			a := &arrivals[n]
			ids, of = append(ids, a.ID), append(of, numbers[i])
			if a.Target != a.ID {
				ids, of = append(ids, a.Target), append(of, numbers[i])
			}
		}
		rows, err := tx.Query(ctx, queries.PostgresIDsClaim.SQL, ids, of)
		if err != nil {
			return nil, nil, nil, err
		}
		claimed, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
		if err != nil || len(claimed) == len(ids) {
			return landings, landed, numbers, err
		}
		if _, err := tx.Exec(ctx, queries.PostgresIDsRelease.SQL, claimed); err != nil {
			return nil, nil, nil, err
		}
	}
}

// judge decides on each arrival before any is written.
func (s *Store) judge(ctx context.Context, tx pgx.Tx, arrivals []store.Arrival) ([]store.Landing, []int, error) {
	ids := make([][16]byte, 0, 2*len(arrivals))
	for i := range arrivals {
		ids = append(ids, arrivals[i].ID, arrivals[i].Target)
	}
	rows, err := tx.Query(ctx, queries.PostgresIDsTaken.SQL, ids)
	if err != nil {
		return nil, nil, err
	}
	taken := make(map[uuid.UUID]bool)
	var id [16]byte
	if _, err := pgx.ForEachRow(rows, []any{&id}, func() error { taken[id] = true; return nil }); err != nil {
		return nil, nil, err
	}
	there := newStanding(tx, arrivals, taken)
	landings, landed, err := store.JudgeAll(arrivals, taken, func(id uuid.UUID) (store.Opened, error) {
		row, err := there.row(ctx, id)
		if err != nil {
			return store.Opened{}, err
		}
		if row != nil {
			return opened(s.Keys, id, row)
		}
		stones, err := tombstonesOf(ctx, tx, sealing.OwnerRecord, id)
		if err != nil {
			return store.Opened{}, err
		}
		o, err := store.Behind(s.Keys, id, stones)
		if err != nil {
			err = foreign{err}
		}
		return o, err
	})
	if err != nil {
		return nil, nil, err
	}
	return landings, landed, nil
}

// settleEntries decides on each arrival, which are entries in the directory. Nobody else writes
// one before the transaction ends.
func (s *Store) settleEntries(ctx context.Context, tx pgx.Tx, arrivals []store.Arrival) (landings []store.Landing, landed []int, err error) {
	if _, err := tx.Exec(ctx, queries.PostgresImportPeopleLock.SQL); err != nil {
		return nil, nil, err
	}
	people := make([][16]byte, len(arrivals))
	for i := range arrivals {
		people[i] = arrivals[i].Target
	}
	found, err := tx.Query(ctx, queries.PostgresEntriesRead.SQL, people)
	if err != nil {
		return nil, nil, err
	}
	rows, err := pgx.CollectRows(found, scanEntry)
	if err != nil {
		return nil, nil, err
	}
	var asking error
	landings, landed, err = store.JudgeEntries(s.Keys, arrivals, rows, func(person uuid.UUID) (stones []store.Tombstone, err error) {
		for _, kind := range []sealing.OwnerKind{sealing.OwnerRecord, sealing.OwnerPerson} {
			var of []store.Tombstone
			if of, asking = tombstonesOf(ctx, tx, kind, person); asking != nil {
				return nil, asking
			}
			stones = append(stones, of...)
		}
		return stones, nil
	})
	if err != nil && asking == nil {
		err = foreign{err}
	}
	return landings, landed, err
}

// tombstonesOf reads the tombstones behind an id.
func tombstonesOf(ctx context.Context, tx pgx.Tx, kind sealing.OwnerKind, id uuid.UUID) ([]store.Tombstone, error) {
	rows, err := tx.Query(ctx, queries.TombstoneRead.SQL, id[:], id[:], int64(kind))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.Tombstone, error) { return scanTombstone(row) })
}

// opened opens the record that an id leads to. Its error is foreign.
func opened(keys *sealing.Keyset, id uuid.UUID, row *store.Row) (o store.Opened, err error) {
	if row.Merged { // into another person, who therefore has the id
		return store.Opened{Survivor: id}, nil
	}
	if !row.IsOf(id) {
		return store.Opened{}, foreign{store.ErrMisplaced}
	}
	if o, err = row.Open(keys); err == nil {
		o, err = o.Decode()
	}
	if err != nil {
		return store.Opened{}, foreign{err}
	}
	return o, nil
}

// standing reads the records that stand in the way of arrivals, in their order and few at a
// time: records may be long. It uses the transaction's connection, because nobody with a
// connection may wait for another.
type standing struct {
	tx   pgx.Tx
	ids  []uuid.UUID       // that lead to a record or a tombstone, in the order in which they are asked for
	at   map[uuid.UUID]int // where each first stands in ids
	read map[uuid.UUID]*store.Row
}

func newStanding(tx pgx.Tx, arrivals []store.Arrival, taken map[uuid.UUID]bool) *standing {
	s := &standing{tx: tx, at: make(map[uuid.UUID]int)}
	for i := range arrivals {
		for _, id := range []uuid.UUID{arrivals[i].Target, arrivals[i].ID} {
			if _, known := s.at[id]; taken[id] && !known {
				s.at[id] = len(s.ids)
				s.ids = append(s.ids, id)
			}
		}
	}
	return s
}

// row returns the record that an id leads to, or nil, and reads those that are asked for next.
func (s *standing) row(ctx context.Context, id uuid.UUID) (*store.Row, error) {
	if row, ok := s.read[id]; ok {
		return row, nil
	}
	next := s.ids[s.at[id]:]
	next = next[:min(findTogether, len(next))]
	s.read = make(map[uuid.UUID]*store.Row)
	for _, id := range next {
		s.read[id] = nil
	}
	err := readRows(ctx, s.tx, next, func(id uuid.UUID, row *store.Row) { s.read[id] = row })
	return s.read[id], err
}

// copyIn writes the arrivals to store under their numbers, and their events. It returns the time of the first, and
// whether there were any events.
func (s *Store) copyIn(ctx context.Context, tx pgx.Tx, l store.Load, landed []int, numbers []int64) (at time.Time, raised bool, err error) {
	at = s.stamp(len(landed) + len(l.Further))
	next := at
	stamp := func() time.Time { now := next; next = next.Add(time.Microsecond); return now }
	var records, keys, ninos, entries, entryKeys, outbox [][]any
	publish := func(e events.Event) { outbox = append(outbox, store.AppendEvent(nil, &e)) }
	for i, n := range landed {
		a := l.Arrivals[n] // a copy, so that the caller's does not change
		a.Modified = store.Micros(stamp())
		switch {
		case a.Entry == nil:
			records = append(records, []any{numbers[i], a.ID[:], a.Target[:], a.Version, a.Modified, a.Sealed})
			keys = append(keys, []any{numbers[i], a.Wrapped})
		case a.Wrapped != nil: // otherwise it is sealed with its person's
			entryKeys = append(entryKeys, a.KeyColumns())
		}
		if a.Entry != nil {
			entries = append(entries, a.Columns())
		}
		if a.NINO != nil {
			ninos = append(ninos, []any{a.NINO, numbers[i]})
		}
		if a.EventID != uuid.Nil {
			publish(l.Arrived(&a))
		}
	}
	for _, e := range l.Further {
		e.At = stamp()
		publish(e)
	}
	for _, table := range []struct {
		name    string
		columns []string
		rows    [][]any
	}{
		{"record", []string{"number", "id", "target", "version", "modified", "sealed"}, records},
		{"data_key", []string{"record", "wrapped"}, keys},
		{"nino_index", []string{"keyed_hash", "record"}, ninos},
		{"document", []string{"owner_kind", "owner", "kind", "name", "version", "modified", "sealed"}, entries},
		{"owner_key", []string{"kind", "owner", "wrapped"}, entryKeys},
		{"outbox", []string{"id", "at", "type", "record", "target", "version", "members", "correlation", "merged_into"}, outbox},
	} {
		if len(table.rows) == 0 {
			continue
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{table.name}, table.columns, pgx.CopyFromRows(table.rows)); err != nil {
			return at, false, err
		}
	}
	return at, len(outbox) > 0, nil
}

func newNumbers(ctx context.Context, tx pgx.Tx, n int) ([]int64, error) {
	rows, err := tx.Query(ctx, queries.PostgresRecordNumbers.SQL, n)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

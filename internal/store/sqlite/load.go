package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// Load writes many arrivals in one transaction and returns the landing of each, in order.
// Error: store.ErrUnavailable.
func (s *Store) Load(ctx context.Context, l store.Load) ([]store.Landing, error) {
	if l.Empty() {
		return nil, nil
	}
	var landings []store.Landing
	err := s.writer.do(ctx, func(t *tx) (err error) {
		landings, err = t.load(s, l)
		return err
	})
	if err != nil {
		return nil, err // if the context ended, it may still be running
	}
	return landings, nil
}

// Mark returns the position stored under a name, or nil. Error: store.ErrUnavailable.
func (s *Store) Mark(ctx context.Context, name string) ([]byte, error) {
	position, err := readMeta(ctx, s.readers, store.MetaMark+name)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return position, classify(err)
}

// SwapMark sets a position if it is still as expected, and reports whether it was. Error:
// store.ErrUnavailable.
func (s *Store) SwapMark(ctx context.Context, name string, was, now []byte) (swapped bool, err error) {
	var n int64
	err = s.writer.do(ctx, func(t *tx) (err error) {
		n, err = t.exec(queries.MetaSwap, store.MetaMark+name, now, was)
		return err
	})
	if err != nil {
		return false, err // if the context ended, it may still be running
	}
	return n == 1, nil
}

func (t *tx) load(s *Store, l store.Load) ([]store.Landing, error) {
	judge := t.judge
	if l.OfPeople() {
		judge, l.Arrivals = t.judgeEntries, slices.Clone(l.Arrivals) // some are sealed again
	}
	j, err := judge(s, l.Arrivals)
	if err != nil {
		return nil, err
	}
	first, err := t.stamp()
	if err != nil {
		return nil, err
	}
	for i, n := range j.landed {
		a := l.Arrivals[n] // a copy, so that the caller's does not change
		t.w.modified = first.Add(time.Duration(i) * time.Microsecond)
		a.Modified = store.Micros(t.w.modified)
		if a.Entry != nil {
			j.rows.entries = append(j.rows.entries, a)
		} else {
			t.w.number++
			j.rows.add(t.w.number, &a)
		}
		if a.EventID != uuid.Nil {
			t.publish(l.Arrived(&a))
		}
	}
	if err := t.insert(&j.rows); err != nil {
		return nil, err
	}
	for _, e := range l.Further {
		if e.At, err = t.stamp(); err != nil {
			return nil, err
		}
		t.publish(e)
	}
	if l.Mark != "" {
		position, err := l.Position(slices.Clone(j.landings))
		if err != nil {
			return nil, err
		}
		if _, err := t.exec(queries.MetaWrite, store.MetaMark+l.Mark, append([]byte{}, position...)); err != nil {
			return nil, err
		}
	}
	t.enter(store.EntryOf(&l, j.landed, first))
	return j.landings, nil
}

// judgement is the result of judging arrivals.
type judgement struct {
	landings []store.Landing
	landed   []int // indexes of those to store
	rows     rows
}

// judge decides on each arrival before any is written: it looks up all ids together, in
// order, so that it reads each page once.
func (t *tx) judge(s *Store, arrivals []store.Arrival) (j judgement, err error) {
	taken, err := t.taken(arrivals)
	if err != nil {
		return j, err
	}
	j.landings, j.landed, err = store.JudgeAll(arrivals, taken, func(id uuid.UUID) (store.Opened, error) {
		return store.FindFor(context.Background(), tables{t.w.stmts}, s.Keys, store.Command{ID: id})
	})
	return j, err
}

// judgeEntries is judge for entries in the directory.
func (t *tx) judgeEntries(s *Store, arrivals []store.Arrival) (j judgement, err error) {
	people := make([]uuid.UUID, len(arrivals))
	for i := range arrivals {
		people[i] = arrivals[i].Target
	}
	here := tables{t.w.stmts}
	rows, err := here.FindEntries(context.Background(), people)
	if err != nil {
		return j, err
	}
	j.landings, j.landed, err = store.JudgeEntries(s.Keys, arrivals, rows, func(person uuid.UUID) (stones []store.Tombstone, err error) {
		for _, kind := range []sealing.OwnerKind{sealing.OwnerRecord, sealing.OwnerPerson} {
			of, err := here.FindTombstones(context.Background(), kind, person, person)
			if err != nil {
				return nil, err
			}
			stones = append(stones, of...)
		}
		return stones, nil
	})
	return j, err
}

// idsTogether is how many ids identifier-find looks up.
const idsTogether = 16

// taken returns the ids of the arrivals that lead to a record, or to the tombstone of an
// erased one.
func (t *tx) taken(arrivals []store.Arrival) (map[uuid.UUID]bool, error) {
	ids := make([]uuid.UUID, 0, 2*len(arrivals))
	for i := range arrivals {
		ids = append(ids, arrivals[i].ID, arrivals[i].Target)
	}
	slices.SortFunc(ids, compareIDs)
	ids = slices.Compact(ids)
	taken := make(map[uuid.UUID]bool)
	for chunk := range slices.Chunk(ids, idsTogether) {
		args := make([]any, 0, idsTogether)
		for i := range idsTogether { // if there are fewer, repeats the last id
			args = append(args, chunk[min(i, len(chunk)-1)][:])
		}
		if err := t.takenOf(taken, args); err != nil {
			return nil, err
		}
	}
	return taken, nil
}

func (t *tx) takenOf(taken map[uuid.UUID]bool, ids []any) (err error) {
	rows, err := t.w.stmts.query(context.Background(), queries.SQLiteIdentifierFind, ids...)
	if err != nil {
		return err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var id []byte
		var number int64
		if err := rows.Scan(&id, &number); err != nil {
			return err
		}
		taken[toID(id)] = true
	}
	return nil
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }

// rows are the rows of new records, by table.
type rows struct {
	identifiers []identifierRow
	records     []store.Row
	ninos       []ninoRow
	entries     []store.Arrival // of the directory
}

type identifierRow struct {
	id     uuid.UUID
	number int64
}

type ninoRow struct {
	hash   []byte
	number int64
}

func (r *rows) add(number int64, a *store.Arrival) {
	r.identifiers = append(r.identifiers, identifierRow{a.ID, number})
	if a.Target != a.ID {
		r.identifiers = append(r.identifiers, identifierRow{a.Target, number})
	}
	a.Number = number
	r.records = append(r.records, a.Row)
	if a.NINO != nil {
		r.ninos = append(r.ninos, ninoRow{a.NINO, number})
	}
}

// insert writes the rows of each table in the order of its key, so that each page changes
// only once.
func (t *tx) insert(r *rows) error {
	slices.SortFunc(r.identifiers, func(a, b identifierRow) int { return compareIDs(a.id, b.id) })
	slices.SortFunc(r.ninos, func(a, b ninoRow) int { return bytes.Compare(a.hash, b.hash) })
	err := insertAll(t, queries.SQLiteIdentifierAdd, r.identifiers, func(args []any, i *identifierRow) []any {
		return append(args, i.id[:], i.number)
	})
	if err != nil {
		return err
	}
	err = insertAll(t, queries.SQLiteRecordInsert, r.records, func(args []any, r *store.Row) []any {
		return append(args, r.Number, r.ID[:], r.Target[:], r.Version, r.Modified, r.Sealed)
	})
	if err != nil {
		return err
	}
	err = insertAll(t, queries.SQLiteDataKeyInsert, r.records, func(args []any, r *store.Row) []any {
		return append(args, r.Number, r.Wrapped)
	})
	if err != nil {
		return err
	}
	err = insertAll(t, queries.NINOInsert, r.ninos, func(args []any, n *ninoRow) []any {
		return append(args, n.hash, n.number)
	})
	if err != nil {
		return err
	}
	return t.insertEntries(r.entries)
}

// insertEntries does the same for entries in the directory. Those without a key are sealed with
// their person's.
func (t *tx) insertEntries(entries []store.Arrival) error {
	slices.SortFunc(entries, func(a, b store.Arrival) int { return compareIDs(a.Target, b.Target) })
	err := insertAll(t, queries.SQLiteDocumentAdd, entries, func(args []any, a *store.Arrival) []any { return append(args, a.Columns()...) })
	if err != nil {
		return err
	}
	keyed := slices.DeleteFunc(entries, func(a store.Arrival) bool { return a.Wrapped == nil })
	return insertAll(t, queries.OwnerKeyInsert, keyed, func(args []any, a *store.Arrival) []any { return append(args, a.KeyColumns()...) })
}

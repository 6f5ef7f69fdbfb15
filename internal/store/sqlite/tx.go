package sqlite

import (
	"context"
	"database/sql"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// tx is the writer's transaction while a job runs. It never leaves this package.
type tx struct {
	w     *writer
	dirty bool // the job has written something
	// Entries and events of all jobs are collected here until the jobs are done, so that
	// one statement writes many rows.
	entries []store.Placed
	events  []events.Event
	news    bool // the feed has new events
	// destroyed means that a key was destroyed, which must not stay in the WAL.
	destroyed bool
}

func (t *tx) control(name string) error {
	_, err := t.w.control[name].Exec()
	return err
}

// exec runs a query that writes, and returns the number of rows it changed.
func (t *tx) exec(q *queries.Query, args ...any) (int64, error) {
	return t.execRows(q, 1, args...)
}

// execRows is exec for an INSERT of several rows.
func (t *tx) execRows(q *queries.Query, rows int, args ...any) (int64, error) {
	result, err := t.w.stmts.exec(context.Background(), q, rows, args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	t.dirty = t.dirty || n > 0
	return n, err
}

func (t *tx) queryRow(q *queries.Query, args ...any) *sql.Row {
	return t.w.stmts.queryRow(context.Background(), q, args...)
}

// enter appends an entry to the access log.
func (t *tx) enter(e audit.Entry) {
	t.w.head = t.w.head.Next(t.w.keys, e)
	t.entries = append(t.entries, store.Placed{Head: t.w.head, Entry: e})
}

// publish adds an event to the feed.
func (t *tx) publish(e events.Event) { t.events = append(t.events, e) }

// flush writes the entries and events of all jobs.
func (t *tx) flush() error {
	t.news = len(t.events) > 0
	err := insertAll(t, queries.SQLiteAuditInsert, t.entries, store.AppendEntry)
	if violates(err) {
		return errOvertaken
	}
	if err != nil {
		return err
	}
	return insertAll(t, queries.SQLiteOutboxInsert, t.events, store.AppendEvent)
}

// keyIsFree returns store.ErrKeyTaken if the idempotency key has been used.
func (t *tx) keyIsFree(s *Store, key *store.Key) error {
	_, used, err := tables{t.w.stmts}.remembered(context.Background(), key.Key, s.clock.Expiry().Add(-s.KeyRetention))
	if used {
		return store.ErrKeyTaken
	}
	return err
}

// remember stores the outcome of a write for its idempotency key.
func (t *tx) remember(s *Store, key *store.Key, o store.Outcome) error {
	now := s.clock.Expiry()
	_, err := t.exec(queries.SQLiteIdempotencyInsert, key.Key[:], key.Body[:], store.Micros(now), o.Status, o.Problem, o.Record[:],
		o.Version, store.Micros(now.Add(-s.KeyRetention)))
	return err
}

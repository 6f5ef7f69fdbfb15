package sqlite

import (
	"database/sql"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// tx is the writer's transaction while a job has it. It never leaves this package.
type tx struct {
	w     *writer
	dirty bool // the job has written something
	// What every job adds waits here until the jobs are done, so that many rows
	// go with one statement.
	entries []placed
	events  []events.Event
	news    bool // the feed has new events
}

// placed is an entry with its place in the access log.
type placed struct {
	audit.Head
	audit.Entry
}

func (t *tx) control(name string) error {
	_, err := t.w.stmts[name].Exec()
	return err
}

// exec runs a named query that writes, and returns the number of rows it changed.
func (t *tx) exec(name string, args ...any) (int64, error) {
	result, err := t.w.stmts[name].Exec(args...)
	if err != nil {
		return 0, err
	}
	n, err := result.RowsAffected()
	t.dirty = t.dirty || n > 0
	return n, err
}

func (t *tx) queryRow(name string, args ...any) *sql.Row {
	return t.w.stmts[name].QueryRow(args...)
}

// enter appends an entry to the access log.
func (t *tx) enter(e audit.Entry) {
	t.w.head = t.w.head.Next(t.w.keys, e)
	t.entries = append(t.entries, placed{t.w.head, e})
}

// publish puts a change into the feed.
func (t *tx) publish(e events.Event) { t.events = append(t.events, e) }

// flush writes the entries and events of all jobs.
func (t *tx) flush() error {
	t.news = len(t.events) > 0
	if err := insertAll(t, "audit-insert", t.entries, appendEntry); err != nil {
		return err
	}
	var touched []target
	for _, e := range t.entries {
		for place, id := range e.Records {
			touched = append(touched, target{e.Lane, e.Seq, place, id})
		}
	}
	if err := insertAll(t, "audit-target-insert", touched, appendTarget); err != nil {
		return err
	}
	return insertAll(t, "outbox-insert", t.events, appendEvent)
}

func appendEntry(args []any, e *placed) []any {
	return append(args, e.Lane, e.Seq, e.ID[:], micros(e.At), e.Subject, e.Name, e.Kind, e.Permission, e.Purpose,
		e.Action, e.Target[:], e.Record[:], e.Version, joinNames(e.Members), string(e.Outcome), e.Status,
		e.CorrelationID[:], nonNil(e.Address), nonNil(e.Document), e.Hash[:])
}

// target is one of the records of an entry.
type target struct {
	lane   int
	seq    int64
	place  int
	record uuid.UUID
}

func appendTarget(args []any, r *target) []any {
	return append(args, r.lane, r.seq, r.place, r.record[:])
}

func appendEvent(args []any, e *events.Event) []any {
	return append(args, e.ID[:], micros(e.At), e.Type, e.Record[:], e.Target[:], e.Version, joinNames(e.Members),
		e.CorrelationID[:])
}

const (
	rowsTogether = 8
	manyRows     = " of many rows"
)

// insertAll inserts rows with a named query, many with one statement where there are as many.
func insertAll[T any](t *tx, name string, rows []T, appendRow func([]any, *T) []any) error {
	var args []any
	for len(rows) > 0 {
		query, n := name, 1
		if len(rows) >= rowsTogether {
			query, n = name+manyRows, rowsTogether
		}
		args = args[:0]
		for i := range n {
			args = appendRow(args, &rows[i])
		}
		if _, err := t.exec(query, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// withRows is an INSERT of one row of parameters made one of n rows.
func withRows(query string, n int) string {
	const values = "VALUES ("
	head, row, found := strings.Cut(query, values)
	if !found {
		panic("sqlite: an INSERT without VALUES cannot have many rows")
	}
	columns := strings.Count(row, "$")
	var text strings.Builder
	text.WriteString(head + "VALUES ")
	for i := range n {
		if i > 0 {
			text.WriteString(", ")
		}
		text.WriteByte('(')
		for column := range columns {
			if column > 0 {
				text.WriteString(", ")
			}
			fmt.Fprintf(&text, "$%d", i*columns+column+1)
		}
		text.WriteByte(')')
	}
	return text.String()
}

// keyIsFree says store.ErrKeyTaken of an idempotency key that has been used.
func (t *tx) keyIsFree(s *Store, key *store.Key) error {
	_, used, err := remembered(t.queryRow, key.Key, s.Now().Add(-s.KeyRetention))
	if used {
		return store.ErrKeyTaken
	}
	return err
}

// remember keeps the outcome of a write under its idempotency key.
func (t *tx) remember(s *Store, key *store.Key, o store.Outcome) error {
	now := s.Now()
	_, err := t.exec("idempotency-insert", key.Key[:], key.Body[:], micros(now), o.Status, o.Problem, o.Record[:],
		o.Version, micros(now.Add(-s.KeyRetention)))
	return err
}

// joinNames keeps a list of member names in a column. The names are our own
// and hold no blank.
func joinNames(names []string) string { return strings.Join(names, " ") }

// splitNames gives what joinNames was given, and never that for another text:
// the access log's hash is over the list.
func splitNames(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, " ")
}

// nonNil keeps an absent value an empty one, since the columns are NOT NULL.
func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func toID(b []byte) (id uuid.UUID) {
	copy(id[:], b)
	return id
}

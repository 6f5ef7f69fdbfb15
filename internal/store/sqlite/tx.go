package sqlite

import (
	"database/sql"
	"strings"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
)

// tx is the writer's transaction while a job has it. It never leaves this package.
type tx struct {
	w      *writer
	events int
}

func (t *tx) control(name string) error {
	_, err := t.w.stmts[name].Exec()
	return err
}

// exec runs a named query and returns the number of rows it changed.
func (t *tx) exec(name string, args ...any) (int64, error) {
	result, err := t.w.stmts[name].Exec(args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (t *tx) queryRow(name string, args ...any) *sql.Row {
	return t.w.stmts[name].QueryRow(args...)
}

// enter appends an entry to the access log.
func (t *tx) enter(e audit.Entry) error {
	head := t.w.head.Next(t.w.keys, e)
	_, err := t.exec("audit-insert", head.Lane, head.Seq, e.ID[:], micros(e.At), e.Subject, e.Name, e.Kind,
		e.Permission, e.Purpose, e.Action, e.Target[:], e.Record[:], e.Version, joinNames(e.Members),
		string(e.Outcome), e.Status, e.CorrelationID[:], nonNil(e.Address), nonNil(e.Document), head.Hash[:])
	if err != nil {
		return err
	}
	for i, id := range e.Records {
		if _, err := t.exec("audit-target-insert", head.Lane, head.Seq, i, id[:]); err != nil {
			return err
		}
	}
	t.w.head = head
	return nil
}

// publish puts a change into the feed.
func (t *tx) publish(e store.Event) error {
	t.events++
	_, err := t.exec("outbox-insert", e.ID[:], micros(e.At), e.Type, e.Record[:], e.Target[:], e.Version,
		joinNames(e.Members), e.CorrelationID[:])
	return err
}

// remember keeps the outcome of a write under its idempotency key.
func (t *tx) remember(s *Store, key *store.Key, o store.Outcome) error {
	now := s.Now()
	n, err := t.exec("idempotency-insert", key.Key[:], key.Body[:], micros(now), o.Status, o.Problem, o.Record[:],
		o.Version, micros(now.Add(-s.KeyRetention)))
	if err != nil {
		return err
	}
	if n == 0 {
		return store.ErrKeyTaken
	}
	return nil
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

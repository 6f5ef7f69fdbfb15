package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// batch is jobs as statements that go to the server in one round trip, and
// are one transaction there: all of them, or none.
type batch struct {
	batch pgx.Batch
	owner []*owned // of each statement; nil for those of the log and the feed
	head  audit.Head
	news  bool // the feed has new events
}

// owned is a statement of one job, and what its violation means.
type owned struct {
	job   *job
	means error
}

// newBatch makes the statements of jobs, and the entries that follow a head.
func newBatch(s *Store, head audit.Head, jobs []*job) *batch {
	b := &batch{head: head}
	entries := make([]store.Placed, 0, len(jobs))
	var raised []events.Event
	for _, j := range jobs {
		entry := j.entry
		if j.plan != nil {
			entry = b.plan(s, j)
			if j.plan.Writes() {
				raised = append(raised, event(j, entry))
			}
		}
		b.head = b.head.Next(s.Keys, entry)
		entry.Subject, entry.Name, entry.Scope = escape(entry.Subject), escape(entry.Name), escape(entry.Scope)
		entry.ObjectName = escape(entry.ObjectName)
		entries = append(entries, store.Placed{Head: b.head, Entry: entry})
	}
	appendAll(b, "postgres/audit-append", entries, store.AppendEntry, head.Lane, head.Seq, head.Hash[:])
	appendAll(b, "postgres/outbox-append", raised, store.AppendEvent)
	b.news = len(raised) > 0
	return b
}

// plan queues what a job's plan writes besides its entry, which it returns.
func (b *batch) plan(s *Store, j *job) audit.Entry {
	p := j.plan
	entry, outcome := p.Decision.Entry, p.Decision.Outcome
	if p.Writes() {
		next := &p.Next
		if p.Found.State == store.Present {
			b.owned(j, errMoved, "postgres/change", p.Found.Number, p.Found.Version.Version, next.Version.Version,
				store.Micros(next.Modified), next.Document)
			b.nino(s, j)
		} else {
			var nino []byte
			if number := next.Record.NationalInsuranceNumber; number != "" {
				hash := store.NINOHash(s.Keys, number)
				nino = hash[:]
			}
			b.owned(j, errMoved, "postgres/create", next.ID[:], next.Target[:], next.Version.Version,
				store.Micros(next.Modified), next.Document, next.Wrapped, nino)
		}
		entry.Object = audit.ObjectRecord
		entry.Record, entry.Version, entry.Document = next.ID, next.Version.Version, next.Hash()
		outcome.Record, outcome.Version = entry.Record, entry.Version
	}
	if key := j.command.Key; key != nil && outcome.Status != 0 {
		now := s.Now()
		b.owned(j, store.ErrKeyTaken, "postgres/remember", key.Key[:], key.Body[:], store.Micros(now), outcome.Status,
			outcome.Problem, outcome.Record[:], outcome.Version, store.Micros(now.Add(-s.KeyRetention)))
	}
	return entry
}

// nino keeps the National Insurance number index in step with a change.
func (b *batch) nino(s *Store, j *job) {
	p := j.plan
	before, after := p.Found.Record.NationalInsuranceNumber, p.Next.Record.NationalInsuranceNumber
	if before == after {
		return
	}
	if before != "" {
		hash := store.NINOHash(s.Keys, before)
		b.owned(j, errMoved, "nino-delete", hash[:], p.Found.Number)
	}
	if after != "" {
		hash := store.NINOHash(s.Keys, after)
		b.owned(j, errMoved, "nino-insert", hash[:], p.Found.Number)
	}
}

func event(j *job, entry audit.Entry) events.Event {
	next := &j.plan.Next
	return events.Event{ID: j.command.EventID, At: next.Modified, Type: j.plan.Decision.Event, Record: next.ID,
		Target: next.Target, Version: next.Version.Version, Members: entry.Members, CorrelationID: entry.CorrelationID}
}

func (b *batch) owned(j *job, means error, name string, args ...any) {
	b.batch.Queue(store.Query(name), args...)
	b.owner = append(b.owner, &owned{j, means})
}

// appendAll queues a statement for rows: its parameters are their columns, and
// what else it takes.
func appendAll[T any](b *batch, name string, rows []T, appendRow func([]any, *T) []any, further ...any) {
	if len(rows) == 0 {
		return
	}
	b.batch.Queue(store.Query(name), append(byColumn(rows, appendRow), further...)...)
	b.owner = append(b.owner, nil)
}

// byColumn gives the columns of rows, each as a list.
func byColumn[T any](rows []T, appendRow func([]any, *T) []any) (columns []any) {
	var values []any
	for i := range rows {
		values = appendRow(values, &rows[i])
	}
	width := len(values) / len(rows)
	for i, first := range values[:width] {
		switch first.(type) {
		case int:
			columns = append(columns, column[int](values[i:], width))
		case int64:
			columns = append(columns, column[int64](values[i:], width))
		case string:
			columns = append(columns, column[string](values[i:], width))
		case []byte:
			columns = append(columns, column[[]byte](values[i:], width))
		default:
			panic(fmt.Sprintf("postgres: a column of type %T", first))
		}
	}
	return columns
}

// column gives every value that stands a row's width behind the one before it.
func column[T any](values []any, width int) (column []T) {
	for i := 0; i < len(values); i += width {
		column = append(column, values[i].(T))
	}
	return column
}

// errNotSent is a batch that found no connection.
var errNotSent = errors.New("no connection")

// send sends the statements and waits until they are durable. After an error
// of a job's own statement it says which.
func (b *batch) send(ctx context.Context, s *Store) (at *owned, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotSent, err)
	}
	defer conn.Release()
	results := conn.SendBatch(ctx, &b.batch)
	for i := range b.owner {
		if _, err = results.Exec(); err != nil {
			at = b.owner[i]
			break
		}
	}
	// The commit comes behind the last statement: only now is it durable.
	if closing := results.Close(); err == nil {
		err = closing
	}
	return at, err
}

// blame gives the job whose statement did not fit.
func (b *batch) blame(at *owned) (*job, error) {
	at.job.err = at.means
	return at.job, nil
}

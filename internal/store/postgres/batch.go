package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// batch is jobs as statements that go to the server in one round trip, in one transaction:
// all of them take effect, or none.
type batch struct {
	batch pgx.Batch
	owner []*owned // for each statement; nil for those of the log and the feed
	head  audit.Head
	news  bool // the feed has new events
	// hurried says that its statements hardly wait for locks.
	hurried bool
}

// owned is a statement of one job, and the meaning of a violation.
type owned struct {
	job   *job
	means error
}

// newBatch makes the statements of jobs, with entries that follow a head. If it is hurried,
// they hardly wait for locks.
func newBatch(s *Store, head audit.Head, jobs []*job, hurried bool) *batch {
	b := &batch{head: head, hurried: hurried}
	if slices.ContainsFunc(jobs, func(j *job) bool { return j.plan != nil && j.plan.Destroys() }) {
		b.batch.Queue(queries.PostgresEraseLock.SQL)
		b.owner = append(b.owner, nil)
	}
	entries := make([]store.Placed, 0, len(jobs))
	var raised []events.Event
	for _, j := range jobs {
		if j.plan == nil {
			entries = append(entries, b.place(s, j.entry))
			continue
		}
		told, events := b.plan(s, j)
		for _, entry := range told {
			entries = append(entries, b.place(s, entry))
		}
		raised = append(raised, events...)
	}
	appendAll(b, queries.PostgresAuditAppend, entries, store.AppendEntry, head.Lane, head.Seq, head.Hash[:])
	appendAll(b, queries.PostgresOutboxAppend, raised, store.AppendEvent)
	b.news = len(raised) > 0
	return b
}

// place appends an entry to the lane.
func (b *batch) place(s *Store, entry audit.Entry) store.Placed {
	b.head = b.head.Next(s.Keys, entry)
	entry.Subject, entry.Name = escape(entry.Subject), escape(entry.Name)
	entry.Scope, entry.ObjectName = escape(entry.Scope), escape(entry.ObjectName)
	return store.Placed{Head: b.head, Entry: entry}
}

// plan queues the statements of a job's plan. It returns its entries and its events.
func (b *batch) plan(s *Store, j *job) ([]audit.Entry, []events.Event) {
	p := j.plan
	for i := range p.Puts {
		put := &p.Puts[i]
		if put.Number == 0 {
			b.owned(j, errMoved, queries.PostgresCreate, put.ID[:], put.Target[:], put.Version, put.Modified, put.Sealed, put.Wrapped, put.Index)
			continue
		}
		b.owned(j, errMoved, queries.PostgresRecordUpdate, put.Number, put.Before, put.Version, put.Modified, put.Sealed, store.Bit(put.Merged))
		if put.Unindex != nil {
			b.owned(j, errMoved, queries.NINODelete, put.Unindex, put.Number)
		}
		if put.Index != nil {
			b.owned(j, errMoved, queries.NINOInsert, put.Index, put.Number)
		}
	}
	for _, statement := range j.statements {
		args := slices.Clone(statement.Args)
		for i, arg := range args {
			if text, ok := arg.(string); ok {
				args[i] = escape(text)
			}
		}
		b.owned(j, errMoved, statement.Query, args...)
	}
	entries, outcome, raised := p.Told(j.command.EventID)
	if key := j.command.Key; key != nil && outcome.Status != 0 {
		now := s.clock.Expiry()
		b.owned(j, store.ErrKeyTaken, queries.PostgresRemember, key.Key[:], key.Body[:], store.Micros(now), outcome.Status,
			outcome.Problem, outcome.Record[:], outcome.Version, store.Micros(now.Add(-s.KeyRetention)))
	}
	return entries, raised
}

func (b *batch) owned(j *job, means error, q *queries.Query, args ...any) {
	b.batch.Queue(q.SQL, args...)
	b.owner = append(b.owner, &owned{j, means})
}

// appendAll queues a statement for rows. Its parameters are the columns of the rows, then
// further.
func appendAll[T any](b *batch, q *queries.Query, rows []T, appendRow func([]any, *T) []any, further ...any) {
	if len(rows) == 0 {
		return
	}
	b.batch.Queue(q.SQL, append(byColumn(rows, appendRow), further...)...)
	b.owner = append(b.owner, nil)
}

// byColumn returns the columns of rows, each as a list.
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

// column returns one column of values that are in rows of this width.
func column[T any](values []any, width int) (column []T) {
	for i := 0; i < len(values); i += width {
		column = append(column, values[i].(T))
	}
	return column
}

// errNotSent means that a batch found no connection.
var errNotSent = errors.New("no connection")

// send sends the statements and waits until they are durable. If a job's own statement
// failed, it returns that statement too.
func (b *batch) send(ctx context.Context, s *Store) (at *owned, err error) {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotSent, err)
	}
	defer conn.Release()
	if b.hurried {
		// Before the batch, because preparing its statements also takes locks.
		if _, err := conn.Exec(ctx, queries.PostgresLockTimeout.SQL, hurriedLock, false); err != nil {
			return nil, fmt.Errorf("%w: %w", errNotSent, err)
		}
		defer func() {
			if _, err := conn.Exec(ctx, queries.PostgresLockUsual.SQL); err != nil {
				_ = conn.Conn().Close(ctx) // the pool makes another
			}
		}()
	}
	results := conn.SendBatch(ctx, &b.batch)
	for i := range b.owner {
		if _, err = results.Exec(); err != nil {
			at = b.owner[i]
			break
		}
	}
	// The commit comes after the last statement: only now is it durable.
	if closing := results.Close(); err == nil {
		err = closing
	}
	return at, err
}

// blame returns the job whose statement did not fit.
func (b *batch) blame(at *owned) (*job, error) {
	at.job.err = at.means
	return at.job, nil
}

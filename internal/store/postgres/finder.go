package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

const (
	// findPatience is how often others may add to a group of reads before it starts.
	findPatience = 5
	// findTogether is the maximum number of reads in a statement.
	findTogether = 64
)

// found is the row that an id leads to, once it has been read.
type found struct {
	id   uuid.UUID
	row  *store.Row // nil if the id leads nowhere
	err  error
	done chan struct{}
}

// findRow reads the row that an id leads to; nil if there is none. Reads that wait at the
// same time share one statement and one round trip.
func (s *Store) findRow(ctx context.Context, id uuid.UUID) (*store.Row, error) {
	f := &found{id: id, done: make(chan struct{})}
	if err := s.finding.Put(ctx, f); err != nil {
		return nil, err
	}
	select {
	case <-f.done:
		return f.row, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-s.life.Done():
		return nil, errGivenUp
	}
}

// find does the reads that findRow queues, until the queue is closed and empty.
func (s *Store) find() {
	batch := make([]*found, 0, findTogether)
	for ok := true; ok; {
		if batch, ok = s.finding.Take(batch, findPatience); !ok {
			return
		}
		err := s.reading(s.life, func(ctx context.Context) error { return s.findAll(ctx, batch) })
		for _, f := range batch {
			f.err = err
			close(f.done)
		}
	}
}

func (s *Store) findAll(ctx context.Context, batch []*found) error {
	ids := make([]uuid.UUID, len(batch))
	for i, f := range batch {
		ids[i], f.row = f.id, nil
	}
	return readRows(ctx, s.pool, ids, func(id uuid.UUID, row *store.Row) {
		for _, f := range batch {
			if f.id == id {
				f.row = row
			}
		}
	})
}

// idList is a list of ids as a parameter.
func idList(ids []uuid.UUID) [][16]byte {
	list := make([][16]byte, len(ids))
	for i, id := range ids {
		list[i] = id
	}
	return list
}

// querier is the pool, or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// readRows passes the rows that ids lead to to give.
func readRows(ctx context.Context, from querier, ids []uuid.UUID, give func(uuid.UUID, *store.Row)) error {
	rows, err := from.Query(ctx, queries.PostgresRecordsRead.SQL, idList(ids))
	if err != nil {
		return err
	}
	var id [16]byte
	var sealed, wrapped []byte
	var number, version, modified *int64
	var merged int64
	var own, target *[16]byte
	_, err = pgx.ForEachRow(rows, []any{&id, &number, &own, &target, &version, &modified, &sealed, &wrapped, &merged}, func() error {
		row := &store.Row{Sealed: sealed, Wrapped: wrapped, Merged: merged != 0}
		if number != nil {
			row.Number, row.ID, row.Target, row.Version, row.Modified = *number, *own, *target, *version, *modified
		}
		give(id, row)
		return nil
	})
	return err
}

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

// finder reads what single ids lead to. Reads that wait at the same time share one statement
// and one round trip.
type finder[T any] struct {
	store   *Store
	waiting *store.Queue[*found[T]]
	// read passes what ids lead to to give. Not every id needs to lead somewhere.
	read func(ctx context.Context, from querier, ids []uuid.UUID, give func(uuid.UUID, T)) error
}

// found is what an id leads to, once it has been read; zero if it leads nowhere.
type found[T any] struct {
	id   uuid.UUID
	what T
	err  error
	done chan struct{}
}

func newFinder[T any](s *Store, read func(context.Context, querier, []uuid.UUID, func(uuid.UUID, T)) error) *finder[T] {
	return &finder[T]{store: s, waiting: store.NewQueue[*found[T]](), read: read}
}

// find reads what an id leads to.
func (f *finder[T]) find(ctx context.Context, id uuid.UUID) (nothing T, err error) {
	one := &found[T]{id: id, done: make(chan struct{})}
	if err := f.waiting.Put(ctx, one); err != nil {
		return nothing, err
	}
	select {
	case <-one.done:
		return one.what, one.err
	case <-ctx.Done():
		return nothing, ctx.Err()
	case <-f.store.life.Done():
		return nothing, errGivenUp
	}
}

// work does the reads that wait, until the queue is closed and empty.
func (f *finder[T]) work() {
	batch := make([]*found[T], 0, findTogether)
	for ok := true; ok; {
		if batch, ok = f.waiting.Take(batch, findPatience); !ok {
			return
		}
		err := f.store.reading(f.store.life, func(ctx context.Context) error { return f.all(ctx, batch) })
		for _, one := range batch {
			one.err = err
			close(one.done)
		}
	}
}

func (f *finder[T]) all(ctx context.Context, batch []*found[T]) error {
	ids := make([]uuid.UUID, len(batch))
	for i, one := range batch {
		var nothing T
		ids[i], one.what = one.id, nothing
	}
	return f.read(ctx, f.store.pool, ids, func(id uuid.UUID, what T) {
		for _, one := range batch {
			if one.id == id {
				one.what = what
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
	return scanRows(ctx, from, queries.PostgresRecordsRead, ids, nil, give)
}

// readRowsWithEntries does the same with their people's entries.
func readRowsWithEntries(ctx context.Context, from querier, ids []uuid.UUID, give func(uuid.UUID, *store.Row)) error {
	var entry entryColumns
	return scanRows(ctx, from, queries.PostgresRecordsEntriesRead, ids, entry.all(), func(id uuid.UUID, row *store.Row) {
		row.Entry = entry.row()
		give(id, row)
	})
}

// scanRows reads rows of records-read, or rows with columns behind it.
func scanRows(ctx context.Context, from querier, query *queries.Query, ids []uuid.UUID, behind []any, give func(uuid.UUID, *store.Row)) error {
	rows, err := from.Query(ctx, query.SQL, idList(ids))
	if err != nil {
		return err
	}
	var id [16]byte
	var sealed, wrapped []byte
	var number, version, modified *int64
	var merged int64
	var own, target *[16]byte
	columns := append([]any{&id, &number, &own, &target, &version, &modified, &sealed, &wrapped, &merged}, behind...)
	_, err = pgx.ForEachRow(rows, columns, func() error {
		row := &store.Row{Sealed: sealed, Wrapped: wrapped, Merged: merged != 0}
		if number != nil {
			row.Number, row.ID, row.Target, row.Version, row.Modified = *number, *own, *target, *version, *modified
		}
		give(id, row)
		return nil
	})
	return err
}

// readEntries passes the directory's entries of people to give.
func readEntries(ctx context.Context, from querier, people []uuid.UUID, give func(uuid.UUID, store.EntryRow)) error {
	rows, err := from.Query(ctx, queries.PostgresEntriesRead.SQL, idList(people))
	if err != nil {
		return err
	}
	entries, err := pgx.CollectRows(rows, scanEntry)
	for _, entry := range entries {
		give(entry.Person, entry)
	}
	return err
}

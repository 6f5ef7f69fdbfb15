package postgres

import (
	"context"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// Walk yields every record by id, as all were at one moment, once the entry is durable,
// whose count it sets. Writes continue meanwhile. Errors: store.ErrUnavailable, or the
// error of yield, which ends it.
func (s *Store) Walk(ctx context.Context, entry audit.Entry, yield func(total int64, o store.Opened) error) error {
	return s.moment(ctx, queries.RecordCount, &entry, func(ctx context.Context, tx pgx.Tx, total int64) error {
		rows, err := tx.Query(ctx, queries.ListByID.SQL, uuid.Nil[:], int64(math.MaxInt64))
		return each(ctx, rows, err, scanRow, func(row store.Row) error {
			o, err := row.Open(s.Keys)
			if err == nil {
				o, err = o.Decode()
			}
			if err != nil {
				return err
			}
			return yield(total, o)
		})
	})
}

// WalkEntries yields every entry in the directory by its person's id, as all were at one
// moment, once the log's entry is durable, whose count it sets; without one, nobody is shown
// anything. The error that it passes to yield says that an entry does not open. Writes
// continue meanwhile. Errors: store.ErrUnavailable, or the error of yield, which ends it.
func (s *Store) WalkEntries(ctx context.Context, entry *audit.Entry, yield func(total int64, d store.Document, err error) error) error {
	return s.moment(ctx, queries.EntryCount, entry, func(ctx context.Context, tx pgx.Tx, total int64) error {
		rows, err := tx.Query(ctx, queries.EntryWalk.SQL)
		return each(ctx, rows, err, scanEntry, func(row store.EntryRow) error {
			d, err := row.Open(s.Keys)
			return yield(total, d, err)
		})
	})
}

// moment reads the database as it is at one moment, once an entry with the count of what is to
// be read is durable, if there is one.
func (s *Store) moment(ctx context.Context, count *queries.Query, entry *audit.Entry, read func(ctx context.Context, tx pgx.Tx, total int64) error) error {
	return s.scan(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var total int64
		if err := tx.QueryRow(ctx, count.SQL).Scan(&total); err != nil {
			return err
		}
		if entry != nil {
			entry.Count = total
			if err := s.Append(ctx, *entry); err != nil {
				return err
			}
		}
		return read(ctx, tx, total)
	})
}

// each passes on every row of a query.
func each[T any](ctx context.Context, rows pgx.Rows, failed error, scan pgx.RowToFunc[T], give func(T) error) error {
	if failed != nil {
		return failed
	}
	defer rows.Close()
	for rows.Next() {
		row, err := scan(rows)
		if err != nil {
			return err
		}
		// Rows that have already arrived would be returned even after the context has
		// ended.
		if err = ctx.Err(); err == nil {
			err = give(row)
		}
		if err != nil {
			return foreign{err}
		}
	}
	return rows.Err()
}

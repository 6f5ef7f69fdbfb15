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
	return s.scan(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, queries.RecordCount.SQL).Scan(&entry.Count); err != nil {
			return err
		}
		if err := s.Append(ctx, entry); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, queries.ListByID.SQL, uuid.Nil[:], int64(math.MaxInt64))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanRow(rows)
			if err != nil {
				return err
			}
			// Rows that have already arrived would be returned even after the context has
			// ended.
			if err = ctx.Err(); err == nil {
				err = s.give(row, entry.Count, yield)
			}
			if err != nil {
				return foreign{err}
			}
		}
		return rows.Err()
	})
}

func (s *Store) give(row store.Row, total int64, yield func(int64, store.Opened) error) error {
	o, err := row.Open(s.Keys)
	if err == nil {
		o, err = o.Decode()
	}
	if err != nil {
		return err
	}
	return yield(total, o)
}

package postgres

import (
	"context"
	"math"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
)

// Walk gives every record by id, as all were at one moment, once the entry
// that enter makes of their number is durable. Others may write meanwhile.
// Errors: store.ErrUnavailable, or that of yield, which ends it.
func (s *Store) Walk(ctx context.Context, enter func(count int64) audit.Entry, yield func(store.Version) error) error {
	return s.scan(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var count int64
		if err := tx.QueryRow(ctx, store.Query("record-count")).Scan(&count); err != nil {
			return err
		}
		if err := s.Trace(ctx, enter(count)); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, store.Query("list-by-id"), uuid.Nil[:], int64(math.MaxInt64))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			row, err := scanRow(rows)
			if err != nil {
				return err
			}
			// Rows that have come already are given whatever the context says.
			if err = ctx.Err(); err == nil {
				err = s.give(row, yield)
			}
			if err != nil {
				return foreign{err}
			}
		}
		return rows.Err()
	})
}

func (s *Store) give(row store.Row, yield func(store.Version) error) error {
	o, err := row.Open(s.Keys)
	if err != nil {
		return err
	}
	return yield(o.Version)
}

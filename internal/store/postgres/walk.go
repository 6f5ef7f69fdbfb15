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

// Walk gives every record by id, as all were at one moment, once the entry is
// durable, whose count it sets. Others may write meanwhile.
// Errors: store.ErrUnavailable, or that of yield, which ends it.
func (s *Store) Walk(ctx context.Context, entry audit.Entry, yield func(total int64, o store.Opened) error) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	var ending error // that is not the database's
	give := func(row store.Row) error {
		o, err := row.Open(s.Keys)
		if err == nil {
			o, err = o.Decode()
		}
		if err != nil {
			return err
		}
		return yield(entry.Count, o)
	}
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		// It may take long, and whoever takes what it yields may take longer.
		settings := []string{"statement_timeout = 0", "idle_in_transaction_session_timeout = 0"}
		for _, name := range planning {
			settings = append(settings, name+" = on")
		}
		for _, setting := range settings {
			if _, err := tx.Exec(ctx, "SET LOCAL "+setting); err != nil {
				return err
			}
		}
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
			// Rows that have come already are given whatever the context says.
			if ending = ctx.Err(); ending == nil {
				ending = give(row)
			}
			if ending != nil {
				return ending
			}
		}
		return rows.Err()
	})
	if ending != nil {
		return ending
	}
	return classify(err)
}

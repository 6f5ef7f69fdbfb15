package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// walkPage is how many records are read at once.
const walkPage = 256

// Walk yields every record by id, as all were at one moment, once the entry is durable,
// whose count it sets. Writes continue meanwhile. Errors: store.ErrUnavailable, or the
// error of yield, which ends it.
func (s *Store) Walk(ctx context.Context, entry audit.Entry, yield func(total int64, o store.Opened) error) (err error) {
	// A transaction sees the database as it was at its first query.
	moment, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return classify(err)
	}
	defer func() {
		if ending := moment.Rollback(); err == nil && !errors.Is(ending, sql.ErrTxDone) {
			err = classify(ending)
		}
	}()
	if err := moment.QueryRowContext(ctx, queries.RecordCount.SQL).Scan(&entry.Count); err != nil {
		return classify(err)
	}
	if err := s.Append(ctx, entry); err != nil {
		return err
	}
	within := store.NewReader(tables{newStatements(moment)}, s.Keys)
	for after := uuid.Nil; ; {
		page, more, err := within.List(ctx, store.ListQuery{AfterID: after, Limit: walkPage})
		if err != nil {
			return err
		}
		for _, o := range page {
			if err := yield(entry.Count, o); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

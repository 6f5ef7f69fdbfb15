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

// walkPage is how many records are read together.
const walkPage = 256

// Walk gives every record by id, as all were at one moment, once the entry
// that enter makes of their number is durable. Others may write meanwhile.
// Errors: store.ErrUnavailable, or that of yield, which ends it.
func (s *Store) Walk(ctx context.Context, enter func(count int64) audit.Entry, yield func(store.Version) error) (err error) {
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
	var count int64
	if err := moment.QueryRowContext(ctx, queries.RecordCount.SQL).Scan(&count); err != nil {
		return classify(err)
	}
	if err := s.Trace(ctx, enter(count)); err != nil {
		return err
	}
	pages, err := moment.PrepareContext(ctx, queries.ListByID.SQL)
	if err != nil {
		return classify(err)
	}
	for after := uuid.Nil; ; {
		page, err := s.scanRecords(pages.QueryContext(ctx, after[:], walkPage))
		if err != nil {
			return err
		}
		for _, v := range page {
			if err := yield(v); err != nil {
				return err
			}
		}
		if len(page) < walkPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
}

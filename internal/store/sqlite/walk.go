package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

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
	_, err = within.List(ctx, store.ListQuery{Limit: math.MaxInt32}, func(o store.Opened) error {
		o, err := o.Decode()
		if err != nil {
			return err
		}
		return yield(entry.Count, o)
	})
	return err
}

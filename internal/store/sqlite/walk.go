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
	return s.moment(ctx, queries.RecordCount, &entry, func(moment *sql.Tx, total int64) error {
		within := store.NewReader(tables{newStatements(moment)}, s.Keys)
		_, err := within.List(ctx, store.ListQuery{Limit: math.MaxInt32}, func(o store.Opened) error {
			o, err := o.Decode()
			if err != nil {
				return err
			}
			return yield(total, o)
		})
		return err
	})
}

// WalkEntries yields every entry in the directory by its person's id, as all were at one
// moment, once the log's entry is durable, whose count it sets; without one, nobody is shown
// anything. The error that it passes to yield says that an entry does not open. Writes
// continue meanwhile. Errors: store.ErrUnavailable, or the error of yield, which ends it.
func (s *Store) WalkEntries(ctx context.Context, entry *audit.Entry, yield func(total int64, d store.Document, err error) error) error {
	return s.moment(ctx, queries.EntryCount, entry, func(moment *sql.Tx, total int64) (err error) {
		rows, err := moment.QueryContext(ctx, queries.EntryWalk.SQL)
		if err != nil {
			return classify(err)
		}
		defer closeRows(rows, &err)
		for rows.Next() {
			row, err := scanEntry(rows)
			if err != nil {
				return classify(err)
			}
			d, err := row.Open(s.Keys)
			if err := yield(total, d, err); err != nil {
				return err
			}
		}
		return nil
	})
}

// moment reads the database as it is at one moment, once an entry with the count of what is to
// be read is durable, if there is one.
func (s *Store) moment(ctx context.Context, count *queries.Query, entry *audit.Entry, read func(moment *sql.Tx, total int64) error) (err error) {
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
	var total int64
	if err := moment.QueryRowContext(ctx, count.SQL).Scan(&total); err != nil {
		return classify(err)
	}
	if entry != nil {
		entry.Count = total
		if err := s.Append(ctx, *entry); err != nil {
			return err
		}
	}
	return read(moment, total)
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// followErasures removes the records and people that were erased after they were copied: those
// with a tombstone in the file of keys. One with neither a key nor a tombstone was not
// erased: the files then do not belong together.
func followErasures(ctx context.Context, tx *sql.Tx, o RestoreOptions) (gone store.Gone, err error) {
	var lost int64
	err = tx.QueryRowContext(ctx, queries.RestoreLost.SQL).Scan(&lost)
	if err != nil {
		return gone, err
	}
	if lost > 0 && !o.Regardless {
		return gone, fmt.Errorf("%s has neither a key nor a tombstone for %d records or people of %s: they belong to different databases",
			o.DataKeys.Name, lost, o.Records.Name)
	}
	rows, err := tx.QueryContext(ctx, queries.RestoreErased.SQL)
	buried, err := collect(rows, err, func(row scanner) (b store.Buried, err error) {
		b.Tombstone, err = scanTombstone(row, &b.Number, &b.LogEnd)
		return b, err
	}, nil)
	if err != nil {
		return gone, err
	}
	followed, err := store.Follow(o.Keys, buried, o.entry(audit.ActionErase))
	if errors.Is(err, store.ErrForged) || errors.Is(err, store.ErrNoErasure) {
		return gone, fmt.Errorf("%s: %w", o.DataKeys.Name, err)
	}
	if err != nil {
		return gone, err
	}
	for _, s := range followed.Statements {
		if _, err := tx.ExecContext(ctx, s.Query.SQL, s.Args...); err != nil {
			return gone, err
		}
	}
	return followed.Gone, appendEntries(ctx, tx, o.Keys, followed.Entries...)
}

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

// followErasures removes the records that were erased after they were copied: those with a
// tombstone in the file of keys. A record with neither a key nor a tombstone was not
// erased: the files then do not belong together.
func followErasures(ctx context.Context, tx *sql.Tx, o RestoreOptions) (erased int64, err error) {
	var lost int64
	err = tx.QueryRowContext(ctx, queries.RestoreLost.SQL).Scan(&lost)
	if err != nil {
		return 0, err
	}
	if lost > 0 && !o.Regardless {
		return 0, fmt.Errorf("%s has neither a key nor a tombstone for %d records of %s: they belong to different databases",
			o.DataKeys.Name, lost, o.Records.Name)
	}
	rows, err := tx.QueryContext(ctx, queries.RestoreErased.SQL)
	buried, err := collect(rows, err, func(row scanner) (b store.Buried, err error) {
		b.Tombstone, err = scanTombstone(row, &b.Number, &b.LogEnd)
		return b, err
	}, nil)
	if err != nil {
		return 0, err
	}
	statements, entries, erased, err := store.Follow(o.Keys, buried, o.entry(audit.ActionErase))
	if errors.Is(err, store.ErrForged) || errors.Is(err, store.ErrNoErasure) {
		return 0, fmt.Errorf("%s: %w", o.DataKeys.Name, err)
	}
	if err != nil {
		return 0, err
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s.Query.SQL, s.Args...); err != nil {
			return 0, err
		}
	}
	return erased, appendEntries(ctx, tx, o.Keys, entries...)
}

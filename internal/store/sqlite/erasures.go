package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
)

// followErasures removes the records that were erased after they were copied:
// those without a key of which the keys' file has a tombstone. A record that
// has neither is no erased one: then the files do not go together.
func followErasures(ctx context.Context, tx *sql.Tx, o RestoreOptions) (erased int64, err error) {
	var lost int64
	err = tx.QueryRowContext(ctx, store.Query("restore-lost")).Scan(&lost)
	if err != nil {
		return 0, err
	}
	if lost > 0 && !o.Regardless {
		return 0, fmt.Errorf("%s has neither a key nor a tombstone for %d records of %s: they belong to different databases",
			o.DataKeys.Name, lost, o.Records.Name)
	}
	entries, err := erasures(ctx, tx, o)
	if err != nil || len(entries) == 0 {
		return 0, err
	}
	tables, err := tablesOfRecords(ctx, tx)
	if err != nil {
		return 0, err
	}
	for _, table := range tables {
		_, err := tx.ExecContext(ctx, "DELETE FROM "+quoted(table)+" WHERE record IN (SELECT number FROM gone)")
		if err != nil {
			return 0, err
		}
	}
	for _, text := range []string{store.Query("sqlite/gone-remove"), store.Query("sqlite/gone-drop")} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return 0, err
		}
	}
	return int64(len(entries)), appendEntries(ctx, tx, o.Keys, entries...)
}

// erasures lists the records to be removed in the table gone, and tells of
// each in an entry. Its count is how many of the record's versions have no
// entry: the one that an import wrote, which verification counts by imports.
func erasures(ctx context.Context, tx *sql.Tx, o RestoreOptions) (entries []audit.Entry, err error) {
	for _, text := range []string{
		store.Query("sqlite/gone-table"), store.Query("sqlite/gone-find"), store.Query("sqlite/gone-count"),
	} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return nil, err
		}
	}
	rows, err := tx.QueryContext(ctx, store.Query("sqlite/gone-read"))
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		e := o.entry(audit.ActionErase)
		var id []byte
		if err := rows.Scan(&id, &e.Version, &e.Count); err != nil {
			return nil, err
		}
		e.Record, e.Target = toID(id), toID(id)
		e.Scope = "erased after it was backed up"
		entries = append(entries, e)
	}
	return entries, nil
}

// tablesOfRecords are the tables whose rows belong to a record, which they
// name by its number.
func tablesOfRecords(ctx context.Context, tx *sql.Tx) (tables []string, err error) {
	return names(ctx, tx, store.Query("sqlite/gone-tables"))
}

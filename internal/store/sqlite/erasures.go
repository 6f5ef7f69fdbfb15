package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"equality-information-api/internal/audit"
)

// followErasures removes the records that were erased after they were copied:
// those without a key of which the keys' file has a tombstone. A record that
// has neither is no erased one: then the files do not go together.
func followErasures(ctx context.Context, tx *sql.Tx, o RestoreOptions) (erased int64, err error) {
	var lost int64
	err = tx.QueryRowContext(ctx, `SELECT count(*) FROM record r
		WHERE NOT EXISTS (SELECT 1 FROM data_key WHERE record = r.number)
		AND NOT EXISTS (SELECT 1 FROM tombstone WHERE id = r.id)`).Scan(&lost)
	if err != nil {
		return 0, err
	}
	if lost > 0 && !o.Regardless {
		return 0, fmt.Errorf("%s has neither a key nor a tombstone of %d records of %s: they are not of one database",
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
	if _, err := tx.ExecContext(ctx, "DELETE FROM record WHERE number IN (SELECT number FROM gone)"); err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, "DROP TABLE gone"); err != nil {
		return 0, err
	}
	return int64(len(entries)), appendEntries(ctx, tx, o.Keys, entries...)
}

// erasures lists the records to be removed in the table gone, and tells of
// each in an entry. Its count is how many of the record's versions have no
// entry: the one that an import wrote, which verification counts by imports.
func erasures(ctx context.Context, tx *sql.Tx, o RestoreOptions) (entries []audit.Entry, err error) {
	for _, text := range []string{
		`CREATE TEMP TABLE gone (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, version INTEGER NOT NULL, counted INTEGER NOT NULL)`,
		`INSERT INTO gone SELECT r.number, r.id, t.version, 1 + (SELECT count(*) FROM history WHERE record = r.number)
			FROM record r JOIN tombstone t ON t.id = r.id
			WHERE NOT EXISTS (SELECT 1 FROM data_key WHERE record = r.number)`,
		`UPDATE gone SET counted = counted - told.n FROM (SELECT a.record AS id, count(*) AS n
			FROM audit a JOIN gone ON gone.id = a.record WHERE length(a.document) > 0 GROUP BY a.record) told
			WHERE told.id = gone.id`,
	} {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return nil, err
		}
	}
	rows, err := tx.QueryContext(ctx, "SELECT id, version, counted FROM gone ORDER BY number")
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
	rows, err := tx.QueryContext(ctx, `SELECT t.name FROM sqlite_schema t, pragma_table_info(t.name) c
		WHERE t.type = 'table' AND c.name = 'record' AND c.type = 'INTEGER' ORDER BY t.name`)
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		tables = append(tables, name)
	}
	return tables, nil
}

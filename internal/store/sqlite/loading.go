package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// load makes a database from a backup, and repeats erasures made after its records were
// copied. It returns how many.
func load(ctx context.Context, path string, o RestoreOptions, records, keys Mark) (erased store.Gone, err error) {
	db, err := sql.Open("sqlite", loadingDSN(path))
	if err != nil {
		return erased, err
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	// Each file has the schema it was copied from; migrations in between are applied to it.
	if err := migrateTo(ctx, db, records.Schema); err != nil {
		return erased, err
	}
	if err := within(ctx, db, func(tx *sql.Tx) error { return loadRecords(ctx, tx, o.Records) }); err != nil {
		return erased, err
	}
	if err := migrateTo(ctx, db, keys.Schema); err != nil {
		return erased, err
	}
	if err := within(ctx, db, func(tx *sql.Tx) error { return loadKeys(ctx, tx, o.DataKeys) }); err != nil {
		return erased, err
	}
	if err := migrate(ctx, db); err != nil {
		return erased, err
	}
	err = within(ctx, db, func(tx *sql.Tx) error {
		if erased, err = followErasures(ctx, tx, o); err != nil {
			return err
		}
		return begin(ctx, tx, o, records, keys)
	})
	return erased, err
}

func loadRecords(ctx context.Context, tx *sql.Tx, from Source) error {
	return loadTables(ctx, tx, from, func(table string, columns []string) (string, error) {
		// The backup also has the rows that migrations have added.
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+quoted(table)); err != nil {
			return "", err
		}
		return insert(table, columns), nil
	})
}

// loadKeys takes the keys of the records and documents that are there, and all tombstones.
func loadKeys(ctx context.Context, tx *sql.Tx, from Source) error {
	return loadTables(ctx, tx, from, func(table string, columns []string) (string, error) {
		switch table {
		case tombstones:
			return strings.Replace(insert(table, columns), "INSERT", "INSERT OR REPLACE", 1), nil
		case ownerKeys:
			kind, owner := slices.Index(columns, "kind"), slices.Index(columns, "owner")
			if kind < 0 || owner < 0 {
				return "", ErrNoBackup
			}
			return insertWhere(table, columns, 0, fmt.Sprintf("document WHERE owner_kind = $%d AND owner = $%d", kind+1, owner+1)), nil
		}
		record := slices.Index(columns, "record")
		if table != keysTable || columns[0] != keysColumn || record < 0 {
			return "", ErrNoBackup
		}
		return insertWhere(table, columns, 1, fmt.Sprintf("record WHERE number = $%d AND id = $1", record+1)), nil
	})
}

// insert is the statement for a row whose columns are its parameters.
func insert(table string, columns []string) string {
	names, parameters := listed(columns, 0)
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", quoted(table), names, parameters)
}

// insertWhere is insert for a row that belongs to a row which exists. The
// first columns are none of its own: they only say which row that is.
func insertWhere(table string, columns []string, first int, exists string) string {
	names, parameters := listed(columns, first)
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s WHERE EXISTS (SELECT 1 FROM %s)", quoted(table), names, parameters, exists)
}

// listed are the columns from the first, and their parameters.
func listed(columns []string, first int) (names, parameters string) {
	var n, p []string
	for i, column := range columns[first:] {
		n, p = append(n, quoted(column)), append(p, fmt.Sprintf("$%d", first+i+1))
	}
	return strings.Join(n, ", "), strings.Join(p, ", ")
}

// loadTables inserts all rows of an archive, using the statement that it gets for each
// table.
func loadTables(ctx context.Context, tx *sql.Tx, from Source, statement func(table string, columns []string) (string, error)) error {
	r, err := from.reader()
	if err != nil {
		return err
	}
	// Cancelled between rows: a cancellable statement costs a goroutine.
	quick := context.WithoutCancel(ctx)
	var prepared *sql.Stmt
	defer func() {
		if prepared != nil {
			_ = prepared.Close() // the end of the transaction also closes it
		}
	}()
	return r.tables(func(table string, columns []string) (func([]any) error, error) {
		text, err := statement(table, columns)
		if err != nil {
			return nil, err
		}
		if prepared != nil {
			_ = prepared.Close()
		}
		if prepared, err = tx.PrepareContext(ctx, text); err != nil {
			return nil, fmt.Errorf("table %s: %w", table, err)
		}
		return func(values []any) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if _, err := prepared.ExecContext(quick, values...); err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
			return nil
		}, nil
	})
}

// begin makes the loaded data a database of its own: its feed accepts no earlier cursor,
// and an entry says where the data comes from.
func begin(ctx context.Context, tx *sql.Tx, o RestoreOptions, records, keys Mark) error {
	epoch := uuid.New()
	for name, value := range map[string][]byte{store.MetaEpoch: epoch[:], store.MetaKeyset: keys.Check,
		store.MetaClock: store.ClockValue(o.Now)} {
		if _, err := tx.ExecContext(ctx, queries.MetaWrite.SQL, name, value); err != nil {
			return err
		}
	}
	e := o.entry(audit.ActionRestore)
	e.Scope = fmt.Sprintf("a backup of %s, keys of %s", records.At.Format(timeForm), keys.At.Format(timeForm))
	e.Count = records.Records
	if err := appendEntries(ctx, tx, o.Keys, e); err != nil {
		return err
	}
	var violated int64
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM pragma_foreign_key_check").Scan(&violated); err != nil {
		return err
	}
	if violated > 0 {
		return fmt.Errorf("%s has %d rows without the row they belong to: %w", o.Records.Name, violated, ErrDamaged)
	}
	return nil
}

const timeForm = "2006-01-02T15:04:05Z"

// entry is an entry of whoever restores.
func (o RestoreOptions) entry(action string) audit.Entry {
	e := o.Entry
	e.ID, e.At, e.Action, e.Outcome = uuid.New(), o.Now.UTC(), action, audit.Done
	return e
}

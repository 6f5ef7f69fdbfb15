package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// BackupOptions say what to back up, and where to.
type BackupOptions struct {
	Dir  string // the data directory; a server may be running on it
	Keys *sealing.Keyset
	Now  time.Time
	// Records receives every table except the data keys, DataKeys the data keys and the
	// tombstones. Neither is encrypted, except for what is sealed in it.
	Records, DataKeys io.Writer
}

const (
	keysTable  = "data_key"
	ownerKeys  = "owner_key"
	tombstones = "tombstone"
)

// inDataKeys says how each table is read that DataKeys has. Tombstones are in
// both archives: the newest keys tell what has been erased since older records
// were copied.
var inDataKeys = map[string]string{
	keysTable:  queries.SQLiteBackupKeys.SQL,
	ownerKeys:  "SELECT * FROM " + ownerKeys,
	tombstones: "SELECT * FROM " + tombstones,
}

// keysColumn is an additional column in DataKeys: the id of the key's record. After an
// erasure a record's number may be used again.
const keysColumn = "id"

// Backup copies the database as it is at one moment, while a server continues to write. It
// writes nothing to the database.
func Backup(ctx context.Context, o BackupOptions) (_ Mark, err error) {
	db, err := openReader(o.Dir, false)
	if err != nil {
		return Mark{}, err
	}
	defer func() { err = errors.Join(err, classify(db.Close())) }()
	newest, err := newestSchema()
	if err != nil {
		return Mark{}, err
	}
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return Mark{}, classify(err)
	}
	defer func() { _ = tx.Rollback() }() // it has only read
	mark, err := readMark(ctx, tx)
	if err != nil {
		return Mark{}, classify(err)
	}
	switch {
	case mark.Schema < newest:
		return Mark{}, store.ErrOlderSchema
	case mark.Schema > newest:
		return Mark{}, errors.New("the database has a newer schema than this program")
	}
	if err := o.Keys.VerifyCheckValue(mark.Check); err != nil {
		return Mark{}, err
	}
	mark.At = o.Now.UTC()
	return mark, classify(writeArchives(ctx, tx, o, mark))
}

// readMark reads the mark of a backup. From then on the transaction sees one moment.
func readMark(ctx context.Context, tx *sql.Tx) (m Mark, err error) {
	var epoch []byte
	err = tx.QueryRowContext(ctx, queries.MetaRead.SQL, store.MetaKeyset).Scan(&m.Check)
	if err == nil {
		err = tx.QueryRowContext(ctx, queries.MetaRead.SQL, store.MetaEpoch).Scan(&epoch)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return m, errors.New("the database has never been used: there is nothing to back up")
	}
	if err != nil {
		return m, err
	}
	if m.Epoch, err = uuid.FromBytes(epoch); err != nil {
		return m, err
	}
	if m.Head, err = scanHead(tx.QueryRowContext(ctx, queries.AuditHead.SQL, lane)); err != nil {
		return m, err
	}
	return m, tx.QueryRowContext(ctx, queries.SQLiteBackupMark.SQL).Scan(&m.Schema, &m.Records)
}

func writeArchives(ctx context.Context, tx *sql.Tx, o BackupOptions, mark Mark) error {
	tables, err := tablesOf(ctx, tx)
	if err != nil {
		return err
	}
	mark.Kind = kindRecords
	records, err := newArchiveWriter(o.Records, mark)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if inDataKeys[table] != "" && table != tombstones {
			continue
		}
		if err := writeTable(ctx, tx, records, table, "SELECT * FROM "+quoted(table)); err != nil {
			return err
		}
	}
	if err := records.close(o.Keys); err != nil {
		return err
	}
	mark.Kind = kindKeys
	keys, err := newArchiveWriter(o.DataKeys, mark)
	if err != nil {
		return err
	}
	for _, table := range tables {
		if query := inDataKeys[table]; query != "" {
			if err := writeTable(ctx, tx, keys, table, query); err != nil {
				return err
			}
		}
	}
	return keys.close(o.Keys)
}

// tablesOf are all tables of a database that hold what is stored; a migration
// that adds one need not think of it here. The last is SQLite's own, with the
// feed's last position, which must not be given again.
func tablesOf(ctx context.Context, tx *sql.Tx) (tables []string, err error) {
	return names(ctx, tx, queries.SQLiteBackupTables.SQL)
}

// names returns the names that a query returns.
func names(ctx context.Context, tx *sql.Tx, query string) (names []string, err error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer closeRows(rows, &err)
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

func writeTable(ctx context.Context, tx *sql.Tx, w *archiveWriter, table, query string) (err error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer closeRows(rows, &err)
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	w.table(table, columns)
	values, targets := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		if err := w.row(values); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
	}
	return nil
}

// quoted quotes a name for SQL, whatever it contains.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

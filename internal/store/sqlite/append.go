package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"time"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// appendPatience is how long an entry waits for its turn between a running server's
// transactions, and appendPause how long it waits before it tries again. SQLite's own
// handler waits longer, and would never get a turn on a busy server.
const (
	appendPatience = 30 * time.Second
	appendPause    = time.Millisecond
)

// Append makes an entry of the access log durable, while a server may be running: the
// server's writer notices that its position is taken and continues after the entry. A
// keyset other than the database's is refused.
func Append(ctx context.Context, dir string, keys *sealing.Keyset, entry audit.Entry) (err error) {
	db, err := sql.Open("sqlite", dsn(filepath.Join(dir, DatabaseFile), false))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	conn, err := db.Conn(ctx)
	if err != nil {
		return classify(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := beginSoon(ctx, conn); err != nil {
		return err
	}
	if err := appendOne(ctx, conn, keys, entry); err != nil {
		_, undoing := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(classify(err), undoing)
	}
	return nil
}

func appendOne(ctx context.Context, conn *sql.Conn, keys *sealing.Keyset, entry audit.Entry) error {
	var check []byte
	if err := conn.QueryRowContext(ctx, queries.MetaRead.SQL, store.MetaKeyset).Scan(&check); err != nil {
		return err
	}
	if err := keys.VerifyCheckValue(check); err != nil {
		return err
	}
	if err := appendEntries(ctx, conn, keys, entry); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, "COMMIT")
	return err
}

// beginSoon begins a transaction as soon as nobody else is writing.
func beginSoon(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout(0)"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, appendPatience)
	defer cancel()
	for {
		_, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE")
		if err = classify(err); !errors.Is(err, store.ErrUnavailable) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(appendPause):
		}
	}
}

// executor is a connection, or a transaction on one.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// appendEntries appends entries to the log, within a transaction in which nobody else
// writes.
func appendEntries(ctx context.Context, conn executor, keys *sealing.Keyset, entries ...audit.Entry) error {
	head, err := scanHead(conn.QueryRowContext(ctx, queries.AuditHead.SQL, lane))
	if err != nil {
		return err
	}
	for _, e := range entries {
		head = head.Next(keys, e)
		placed := store.Placed{Head: head, Entry: e}
		if _, err := conn.ExecContext(ctx, queries.SQLiteAuditInsert.SQL, store.AppendEntry(nil, &placed)...); err != nil {
			return err
		}
	}
	return nil
}

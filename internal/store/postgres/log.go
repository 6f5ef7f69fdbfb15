package postgres

import (
	"context"
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// OpenLog opens the access log of a database. A keyset other than the database's is
// refused.
func OpenLog(ctx context.Context, dsn string, keys *sealing.Keyset) (*store.Log, error) {
	db, err := openSQL(dsn)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(classify(err), db.Close())
	}
	return store.OpenLog(ctx, db, store.LogOptions{
		Keys: keys, Lanes: lanesOfLog, Text: unescape, Schema: schemaVersion(),
		Snapshot: &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true},
	})
}

// unhurried is for a connection with statements that read whole tables. The server plans
// them freely. They and their transactions may take as long as timeout says, where 0 means
// any time; the same applies to the further settings.
func unhurried(config *pgx.ConnConfig, timeout string, further ...string) {
	for name := range planning {
		delete(config.RuntimeParams, name)
	}
	for _, name := range append(further, "statement_timeout", "idle_in_transaction_session_timeout") {
		config.RuntimeParams[name] = timeout
	}
}

// openSQL opens a database for long work: migrations and verification.
func openSQL(dsn string) (*sql.DB, error) {
	config, err := poolConfig(dsn)
	if err != nil {
		return nil, err
	}
	unhurried(config.ConnConfig, "0", "lock_timeout")
	return stdlib.OpenDB(*config.ConnConfig, stdlib.OptionAfterConnect(config.AfterConnect)), nil
}

package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/pgtest"
	"equality-information-api/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Database { return newDatabase(t) })
}

// database is a database of a test.
type database struct {
	app   string // the connection string of the application's role
	owner string
}

// free are databases that no test is using. Making a database takes far longer than
// emptying one.
var free struct {
	sync.Mutex
	databases []database
}

// newDatabase returns an empty database with the newest schema.
func newDatabase(t *testing.T) database {
	t.Helper()
	free.Lock()
	defer free.Unlock()
	var d database
	if last := len(free.databases) - 1; last >= 0 {
		d, free.databases = free.databases[last], free.databases[:last]
	} else {
		d = makeDatabase(t)
	}
	t.Cleanup(func() {
		d.Clear(t)
		free.Lock()
		defer free.Unlock()
		free.databases = append(free.databases, d)
	})
	return d
}

// makeDatabase makes a database that lasts as long as the cluster, not the test.
func makeDatabase(t *testing.T) database {
	t.Helper()
	c := pgtest.Shared(t)
	name := fmt.Sprintf("conformance_%d", made.Add(1))
	ok(t, c.Template(name, func(name string) error {
		return Migrate(context.Background(), c.DSN(name, pgtest.Owner), pgtest.App)
	}))
	return database{app: c.DSN(name, pgtest.App), owner: c.DSN(name, pgtest.Owner)}
}

var made atomic.Int64

// Clear empties every table except the one for the schema's versions.
func (d database) Clear(t *testing.T) {
	t.Helper()
	d.query(t, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'goose%'`)
		if err != nil {
			return err
		}
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, table := range tables {
			if _, err := conn.Exec(ctx, "DELETE FROM "+pgx.Identifier{table}.Sanitize()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d database) Open(t *testing.T, o storetest.Options) storetest.Engine {
	t.Helper()
	s, err := Open(t.Context(), Options{
		DSN: d.app, Keys: o.Keys, Now: o.Now, DatabaseClock: func(context.Context) (time.Time, error) { return o.Now(), nil },
		KeyRetention: o.KeyRetention, EventRetention: o.EventRetention, Report: o.Report,
	})
	ok(t, err)
	return s
}

func (d database) Log(t *testing.T, keys *sealing.Keyset, show func(audit.Log)) {
	t.Helper()
	// Also called after a test has ended, and with it its context.
	log, err := OpenLog(context.Background(), d.app, keys)
	ok(t, err)
	defer func() { ok(t, log.Close()) }()
	show(log)
}

// exec returns a function that runs statements in one transaction, each with the same
// arguments.
func (d database) exec(t *testing.T, statements ...string) func(args ...any) {
	t.Helper()
	return func(args ...any) {
		t.Helper()
		d.query(t, func(ctx context.Context, conn *pgx.Conn) error {
			return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
				for _, statement := range statements {
					if _, err := tx.Exec(ctx, statement, args...); err != nil {
						return err
					}
				}
				return nil
			})
		})
	}
}

// Exec changes the database with raw SQL.
func (d database) Exec(t *testing.T, text string) {
	t.Helper()
	d.exec(t, text)()
}

func (d database) ByHand(t *testing.T) (byHand storetest.ByHand) {
	t.Helper()
	db, err := sql.Open("pgx", d.owner)
	ok(t, err)
	t.Cleanup(func() { ok(t, db.Close()) })
	byHand.DB, byHand.Log = db, func(keys *sealing.Keyset) (*store.Log, error) { return OpenLog(t.Context(), d.app, keys) }
	d.query(t, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'`)
		if err != nil {
			return err
		}
		byHand.Tables, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return byHand
}

func (d database) Indexed(t *testing.T, hash [32]byte) (ids []uuid.UUID) {
	t.Helper()
	d.query(t, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, `SELECT r.id FROM nino_index n JOIN record r ON r.number = n.record WHERE n.keyed_hash = $1`, hash[:])
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	})
	return ids
}

// query opens its own connection to the database, as the database's owner.
func (d database) query(t *testing.T, run func(context.Context, *pgx.Conn) error) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, d.owner)
	ok(t, err)
	defer func() { ok(t, conn.Close(ctx)) }()
	ok(t, run(ctx, conn))
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/postgres"
	"equality-information-api/internal/store/sqlite"
)

// engine is an open store: what the use cases need, and what the program needs to
// run it. internal/store/storetest describes its methods.
type engine interface {
	service.Store
	Heads() []audit.Head
	Close() error
}

// storage says where the data is: in SQLite in the data directory, or in
// PostgreSQL. Commands embed its flags.
type storage struct {
	DataDir  string `required:"" placeholder:"DIR" help:"Directory of the keys and, without --database, of the database."`
	Database string `env:"EQUALITY_API_DATABASE" placeholder:"DSN" help:"PostgreSQL connection string, without a password. Without it, the database is SQLite in the data directory."`
}

// AfterApply refuses a connection string that cannot be used.
func (s storage) AfterApply() error { return s.check() }

func (s storage) check() error {
	if s.Database == "" {
		return nil
	}
	if err := postgres.CheckDSN(s.Database); err != nil {
		return fmt.Errorf("--database (EQUALITY_API_DATABASE, database in the file): %w", err)
	}
	return nil
}

// engine is the engine's name in the front ends' health check.
func (s storage) engine() string {
	if s.Database != "" {
		return "postgresql"
	}
	return "sqlite"
}

func (s storage) dir() dataDir { return dataDir(s.DataDir) }

// lock gives this process the only right to write, if the engine needs that.
func (s storage) lock() (*dirLock, error) {
	if s.Database != "" {
		return nil, s.dir().closedToOthers()
	}
	return s.dir().lock()
}

// engineOptions say how a store is opened.
type engineOptions struct {
	keys                         *sealing.Keyset
	lock                         *dirLock
	keyRetention, eventRetention time.Duration
	report                       func(what string, err error)
}

// open opens the store, whose lock the caller holds.
func (s storage) open(ctx context.Context, o engineOptions) (engine, error) {
	bound := func() {
		if err := s.dir().markDatabase(); err != nil {
			o.report("the keyset cannot be marked: an empty database could later take this one's place unnoticed", err)
		}
	}
	if s.Database != "" {
		return opened(postgres.Open(ctx, postgres.Options{
			DSN: s.Database, Keys: o.keys, Now: time.Now, KeyRetention: o.keyRetention, EventRetention: o.eventRetention,
			Report: o.report, Bound: bound,
		}))
	}
	store, err := sqlite.Open(ctx, sqlite.Options{
		Dir: s.DataDir, Keys: o.keys, Now: time.Now, KeyRetention: o.keyRetention, EventRetention: o.eventRetention,
		Report: o.report, Held: o.lock.held, Bound: bound,
	})
	var gone *sqlite.GoneError
	if errors.As(err, &gone) {
		err = fmt.Errorf("%s: %w. If you have moved the database, put it back. Otherwise keep every file, and restore the newest backup "+
			"(equality-api restore) into a directory with this keyset and without a database. "+
			"To begin without the old records, make a new keyset in an empty directory (equality-api keys init)", s.DataDir, gone)
	}
	return opened(store, err)
}

// opened returns a nil interface with an error, not a nil store in one.
func opened[E engine](e E, err error) (engine, error) {
	if err != nil {
		return nil, err
	}
	return e, nil
}

// openLog opens the access log for verification, which changes nothing. A server may be
// running.
func (s storage) openLog(ctx context.Context, keys *sealing.Keyset) (*store.Log, error) {
	if s.Database != "" {
		return postgres.OpenLog(ctx, s.Database, keys)
	}
	served, err := s.dir().served()
	if err != nil {
		return nil, err
	}
	if served {
		return sqlite.OpenLog(ctx, s.DataDir, keys)
	}
	return sqlite.OpenLogAtRest(ctx, s.DataDir, keys)
}

type migrateCommand struct {
	storage
	AppRole string `placeholder:"ROLE" help:"PostgreSQL role that the server connects as. It gets only the rights it needs."`
}

// Run brings the schema up to date, and says what it did. On SQLite the server does this
// itself.
func (c migrateCommand) Run(ctx context.Context, o output) error {
	if c.Database != "" {
		return c.migratePostgres(ctx, o)
	}
	if c.AppRole != "" {
		return errors.New("--app-role is for PostgreSQL: give its database with --database")
	}
	if err := sqlite.Present(c.DataDir); err != nil {
		return err
	}
	lock, err := c.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	path := filepath.Join(c.DataDir, sqlite.DatabaseFile)
	return o.migrated(func() (int64, error) { return sqlite.SchemaOf(ctx, path) }, func() error { return sqlite.Migrate(ctx, path) })
}

func (c migrateCommand) migratePostgres(ctx context.Context, o output) error {
	err := o.migrated(func() (int64, error) { return postgres.SchemaOf(ctx, c.Database) },
		func() error { return postgres.Migrate(ctx, c.Database, c.AppRole) })
	switch {
	case err != nil:
		return err
	case c.AppRole != "":
		_, err = fmt.Fprintf(o.out, "The role %q has the rights that a server needs, and no others.\n", c.AppRole)
	default:
		_, err = fmt.Fprintln(o.err, "No role got any rights, because --app-role is missing. A role that had them keeps them. Without one, a server can only\n"+
			"connect as the role that owns the tables, which can change the access log: create a role for servers, and run\n"+
			"this again with --app-role.")
	}
	return err
}

// migrated migrates a schema and says from which version to which.
func (o output) migrated(schema func() (int64, error), migrate func() error) error {
	before, err := schema()
	if err == nil {
		err = migrate()
	}
	if err != nil {
		return err
	}
	after, err := schema()
	if err != nil {
		return err
	}
	switch before {
	case after:
		_, err = fmt.Fprintf(o.out, "The schema was up to date, at version %d.\n", after)
	case 0:
		_, err = fmt.Fprintf(o.out, "The schema was made, at version %d.\n", after)
	default:
		_, err = fmt.Fprintf(o.out, "The schema was brought from version %d to version %d.\n", before, after)
	}
	return err
}

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"equality-information-api/internal/store/postgres"
)

type finishRestoreCommand struct{ storage }

// Run makes a PostgreSQL database ready for use after PostgreSQL's own tools have
// restored it, or leaves it unchanged.
func (c finishRestoreCommand) Run(ctx context.Context, o output) error {
	if c.Database == "" {
		return errors.New("finish-restore is for PostgreSQL (--database): on SQLite, restore does everything")
	}
	keys, err := c.dir().keyset()
	if err != nil {
		return err
	}
	f, err := postgres.FinishRestore(ctx, postgres.FinishOptions{
		DSN: c.Database, Keys: keys, Now: time.Now(), Entry: operatorEntry(),
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "%d records restored; %d records and %d entries of people erased since the backup left out; %d later keys removed\n"+
		"Tell everyone who reads /events to start again: earlier cursors are refused\n", f.Records, f.Erased.Records, f.Erased.People, f.Astray)
	return auditVerifyCommand{}.print(o, f.Report)
}

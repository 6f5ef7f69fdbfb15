package main

import (
	"context"
	"time"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store/sqlite"
)

// engine is an open store: what the use cases need, and what the program needs
// to run it. Its methods are told of in internal/store/storetest.
type engine interface {
	service.Store
	Heads() []audit.Head
	Close() error
}

// place is where the data is. Commands that work on it embed its flags.
type place struct {
	DataDir string `required:"" placeholder:"DIR" help:"Directory of the database and keys."`
}

// engineOptions say how a store is opened.
type engineOptions struct {
	keys                         *sealing.Keyset
	keyRetention, eventRetention time.Duration
	report                       func(what string, err error)
}

// open opens the store. The caller holds the data directory's lock.
func (p place) open(ctx context.Context, o engineOptions) (engine, error) {
	return sqlite.Open(ctx, sqlite.Options{
		Dir: p.DataDir, Keys: o.keys, Now: time.Now, KeyRetention: o.keyRetention, EventRetention: o.eventRetention,
		Report: o.report,
	})
}

package main

import (
	"fmt"
	"os"

	"equality-information-api/internal/store/sqlite"
)

type keysCommand struct {
	Init   keysInitCommand   `cmd:"" help:"Make the keyset for a new database."`
	Export keysExportCommand `cmd:"" help:"Write the keyset to standard output, encrypted for an age recipient. Keep it apart from backups."`
}

type keysInitCommand struct {
	DataDir string `required:"" placeholder:"DIR" help:"Directory of the database and keys."`
}

func (c keysInitCommand) Run() error {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("%s cannot be created: %w", c.DataDir, reason(err))
	}
	dir := dataDir(c.DataDir)
	lock, err := dir.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	switch exists, err := sqlite.Exists(c.DataDir); {
	case err != nil:
		return err
	case exists:
		return fmt.Errorf("%s already has a database, which only opens with the keyset it was made with", dir)
	}
	_, err = dir.newKeyset()
	return err
}

type keysExportCommand struct {
	DataDir string `required:"" placeholder:"DIR" help:"Directory of the database and keys."`
	To      string `required:"" placeholder:"age1…" help:"Age recipient to encrypt the copy for."`
}

func (c keysExportCommand) Run(o output) error {
	keys, err := dataDir(c.DataDir).keyset()
	if err != nil {
		return err
	}
	return keys.Export(o.out, c.To)
}

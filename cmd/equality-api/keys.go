package main

import (
	"fmt"
	"os"

	"equality-information-api/internal/store/sqlite"
)

type keysCommand struct {
	Init   keysInitCommand   `cmd:"" help:"Make the keyset of a new database."`
	Add    keysAddCommand    `cmd:"" help:"Add the keys that this version of the program needs to a keyset made by an earlier one."`
	Export keysExportCommand `cmd:"" help:"Write the keyset to standard output, encrypted for an age recipient; keep it apart from backups."`
}

type keysInitCommand struct {
	DataDir string `required:"" placeholder:"DIR" help:"Directory of the database and keys."`
}

func (c keysInitCommand) Run() error {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return fmt.Errorf("%s cannot be created: %w", c.DataDir, withoutPath(err))
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

type keysAddCommand struct {
	DataDir string `required:"" placeholder:"DIR" help:"Directory of the keyset."`
}

// Run takes no lock: a server that runs has read the file, and whoever adds
// keys at the same time adds the same.
func (c keysAddCommand) Run(o output) error {
	dir := dataDir(c.DataDir)
	_, added, err := dir.addKeys()
	if err != nil {
		return err
	}
	if len(added) == 0 {
		_, err = fmt.Fprintf(o.out, "%s has every key already; nothing was added\n", dir.keysetPath())
		return err
	}
	_, err = fmt.Fprintf(o.out, "added to %s: %s\nExport the keyset again, and give every server a copy\n", dir.keysetPath(), listed(added))
	return err
}

type keysExportCommand struct {
	DataDir string `required:"" placeholder:"DIR" help:"Directory of the database and keys."`
	To      string `required:"" placeholder:"age1…" help:"Age recipient to encrypt the copy for."`
}

func (c keysExportCommand) Run(o output) error {
	keys, err := dataDir(c.DataDir).storedKeyset()
	if err != nil {
		return err
	}
	return keys.Export(o.out, c.To)
}

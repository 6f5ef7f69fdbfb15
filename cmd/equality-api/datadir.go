package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"equality-information-api/internal/config"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store/sqlite"
)

// dataDir is a data directory. It holds the database, the keyset, the signing key
// of local mode, and the lock of the process that writes.
type dataDir string

func (d dataDir) keysetPath() string { return filepath.Join(string(d), "keyset.json") }

func (d dataDir) signingKeyPath() string { return filepath.Join(string(d), "token.key") }

// withoutPath returns an error without its path, which the message already has.
func withoutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// keyset loads the directory's keyset for a command. The keys that it lacks
// are those that `keys add` would add.
func (d dataDir) keyset() (*sealing.Keyset, error) {
	keys, err := d.storedKeyset()
	if err != nil {
		return nil, err
	}
	return keys.Complete()
}

// storedKeyset loads the directory's keyset as it is stored.
func (d dataDir) storedKeyset() (*sealing.Keyset, error) {
	keys, err := sealing.Load(d.keysetPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing, and no record can be read without it. Put back your copy "+
			"or, for a new database, make a keyset with: equality-api keys init --data-dir %s", d.keysetPath(), d)
	}
	return keys, err
}

// completeKeyset loads the directory's keyset for a server and refuses one that lacks a key.
func (d dataDir) completeKeyset() (*sealing.Keyset, error) {
	keys, err := d.storedKeyset()
	if err != nil {
		return nil, err
	}
	if missing := keys.Missing(); len(missing) > 0 {
		return nil, fmt.Errorf("%s lacks these keys: %s. Add them with: equality-api keys add --data-dir %s", d.keysetPath(), listed(missing), d)
	}
	return keys, nil
}

// markDatabase marks the directory's keyset as one that has had a database, so that an empty
// one never takes its place unnoticed.
func (d dataDir) markDatabase() error {
	keys, err := d.storedKeyset()
	if err != nil || keys.HasHadDatabase(time.Now()) {
		return err
	}
	if keys, err = keys.WithDatabase(); err != nil {
		return err
	}
	return keys.Replace(d.keysetPath())
}

// addKeys adds the keys that the directory's keyset lacks, and says which.
func (d dataDir) addKeys() (keys *sealing.Keyset, added []sealing.MACKey, err error) {
	if keys, err = d.storedKeyset(); err != nil {
		return nil, nil, err
	}
	if added = keys.Missing(); len(added) == 0 {
		return keys, nil, nil
	}
	if keys, err = keys.Complete(); err != nil {
		return nil, nil, err
	}
	return keys, added, keys.Replace(d.keysetPath())
}

// listed are the names of keys.
func listed(keys []sealing.MACKey) string {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = key.String()
	}
	return strings.Join(names, ", ")
}

// localKeyset loads the keyset for a local server on SQLite, and makes what is
// missing: the keyset, if there is no database yet, or keys of it.
func (d dataDir) localKeyset() (keys *sealing.Keyset, added []sealing.MACKey, err error) {
	exists, err := sqlite.Exists(string(d))
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(d.keysetPath()); errors.Is(err, fs.ErrNotExist) && !exists {
		keys, err := d.newKeyset()
		return keys, nil, err
	}
	return d.addKeys()
}

func (d dataDir) newKeyset() (*sealing.Keyset, error) {
	keys, err := sealing.Generate()
	if err != nil {
		return nil, err
	}
	return keys, keys.Save(d.keysetPath())
}

// signingKey loads the key that signs tokens in local mode.
func (d dataDir) signingKey() (config.Secret, error) {
	key, err := config.ReadSecret(d.signingKeyPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing: start the server once in local mode to make it", d.signingKeyPath())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.signingKeyPath(), err)
	}
	return key, nil
}

// signingKeyOrNew loads the key that signs tokens in local mode, or makes it.
func (d dataDir) signingKeyOrNew() (config.Secret, error) {
	if _, err := os.Stat(d.signingKeyPath()); !errors.Is(err, fs.ErrNotExist) {
		return d.signingKey()
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never returns an error
	text := base64.RawURLEncoding.AppendEncode(nil, key)
	// Rename the file when it is complete: half a key would stop every later start.
	unfinished := d.signingKeyPath() + ".new"
	if err := errors.Join(os.WriteFile(unfinished, text, 0o600), os.Rename(unfinished, d.signingKeyPath())); err != nil {
		return nil, fmt.Errorf("%s cannot be written: %w", d.signingKeyPath(), withoutPath(err))
	}
	return text, nil
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store/pgtest"
)

// copied are the tables that an import fills on PostgreSQL, and the order in
// which their rows came.
var copied = []struct{ name, columns, order string }{
	{"identifier", "uuid, record", "record"},
	{"record", "number, id, target, version, modified, sealed", "number"},
	{"data_key", "record, wrapped", "record"},
	{"nino_index", "keyed_hash, record", "record"},
	{"outbox", "id, at, type, record, target, version, members, correlation", "at"},
}

// importOnPostgres measures an import on PostgreSQL beside a bare loop that
// copies the same rows into the same tables.
func importOnPostgres(ctx context.Context, o options, c *pgtest.Cluster, dsn, dir string) error {
	file := filepath.Join(dir, "people.ndjson")
	if err := writePeople(file, o.imports); err != nil {
		return err
	}
	whole, memory, err := timeImport(ctx, o.program, "--data-dir", dir, "--database", dsn, file)
	if err != nil {
		return err
	}
	bare, err := copyBare(ctx, c.DSN("equality", pgtest.Owner), c.DSN("bare", pgtest.Owner), o.imports)
	if err != nil {
		return err
	}
	printImport("a bare loop that copies the same rows (COPY)", o.imports, whole, bare, memory)
	return importPersons(ctx, o.program, o.imports, dir, "--data-dir", dir, "--database", dsn)
}

// copyBare copies the newest rows of a database into an empty one, as many
// people in a transaction as an import takes, and gives the time of the copies
// and commits alone.
func copyBare(ctx context.Context, from, to string, people int) (took time.Duration, err error) {
	target, err := pgx.Connect(ctx, to)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, target.Close(ctx)) }()
	sources := make([]pgx.Rows, len(copied))
	for i, t := range copied {
		conn, err := pgx.Connect(ctx, from)
		if err != nil {
			return 0, err
		}
		defer conn.Close(ctx)
		// What was there before the import comes first.
		sources[i], err = conn.Query(ctx, fmt.Sprintf("SELECT %s FROM (SELECT * FROM %s ORDER BY %s DESC LIMIT %d) AS newest ORDER BY %s",
			t.columns, t.name, t.order, people, t.order))
		if err != nil {
			return 0, err
		}
		defer sources[i].Close()
	}
	for {
		var batch [][][]any
		for _, rows := range sources {
			var taken [][]any
			for len(taken) < 2*bareBatch && rows.Next() {
				values, err := rows.Values()
				if err != nil {
					return 0, err
				}
				taken = append(taken, values)
			}
			if err := rows.Err(); err != nil {
				return 0, err
			}
			batch = append(batch, taken)
		}
		if len(batch[1]) == 0 {
			return took, nil
		}
		began := time.Now()
		err := pgx.BeginFunc(ctx, target, func(tx pgx.Tx) error {
			for i, t := range copied {
				if _, err := tx.CopyFrom(ctx, pgx.Identifier{t.name}, strings.Split(t.columns, ", "), pgx.CopyFromRows(batch[i])); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		took += time.Since(began)
	}
}

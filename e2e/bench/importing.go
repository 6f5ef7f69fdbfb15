package main

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/store/sqlite"
)

// compareImport measures an import of n people from a file, with all that it
// does, beside a bare loop that inserts the same sealed rows into the same
// tables.
func compareImport(ctx context.Context, program, dir string, n int) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file := filepath.Join(dir, "people.ndjson")
	if err := writePeople(file, n); err != nil {
		return err
	}
	if err := run(program, "keys", "init", "--data-dir", dir); err != nil {
		return err
	}
	whole, memory, err := timeImport(ctx, program, "--data-dir", dir, file)
	if err != nil {
		return err
	}
	bare, err := insertBare(ctx, dir, filepath.Join(dir, "bare"))
	if err != nil {
		return err
	}
	printImport("a bare loop that inserts the same rows in batches", n, whole, bare, memory)
	return importPersons(ctx, program, n, dir, "--data-dir", dir)
}

// importPersons measures an import of n people into the directory, beside the records that
// are there. args say where that is.
func importPersons(ctx context.Context, program string, n int, dir string, args ...string) error {
	file := filepath.Join(dir, "persons.ndjson")
	err := writeLines(file, n, func(random *rand.Rand) []byte {
		return fmt.Appendf(nil, `{"id":"%v","title":"Ms","firstName":"Sample","middleName":"%x","surname":"Sample-%x","dateOfBirth":"19%02d-02-28"}`,
			uuid.New(), random.IntN(4096), random.IntN(1<<20), random.IntN(100))
	})
	if err != nil {
		return err
	}
	took, memory, err := timeImport(ctx, program, append(args, "--format", "persons-ndjson", file)...)
	if err == nil {
		fmt.Printf("%d people for the directory: %.0f s, %.0f a second; peak memory %d MB.\n", n, took.Seconds(), float64(n)/took.Seconds(), memory>>20)
	}
	return err
}

// timeImport runs an import and gives its time and its peak memory in bytes.
func timeImport(ctx context.Context, program string, args ...string) (time.Duration, int64, error) {
	began := time.Now()
	run := exec.CommandContext(ctx, program, append([]string{"import"}, args...)...)
	if out, err := run.CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("import: %w: %s", err, out)
	}
	return time.Since(began), run.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10, nil
}

func printImport(beside string, n int, whole, bare time.Duration, memory int64) {
	rate := func(d time.Duration) float64 { return float64(n) / d.Seconds() }
	fmt.Printf("\n### Import\n\n%d people from a file of lines: %.0f s, %.0f a second; peak memory %d MB.\n", n, whole.Seconds(), rate(whole), memory>>20)
	fmt.Printf("Beside it %s: %.0f s, %.0f a second. The import's rate is **%.2f** of it.\n", beside, bare.Seconds(), rate(bare), rate(whole)/rate(bare))
}

func writePeople(path string, n int) error {
	return writeLines(path, n, func(random *rand.Rand) []byte { return body(uuid.New(), random) })
}

func writeLines(path string, n int, line func(random *rand.Rand) []byte) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	random := rand.New(rand.NewPCG(2026, 11))
	for range n {
		if _, err := w.Write(append(line(random), '\n')); err != nil {
			return err
		}
	}
	return w.Flush()
}

// table is one that an import fills, and its columns.
type table struct{ name, columns, values string }

var tables = []table{
	{"identifier", "uuid, record", "?, ?"},
	{"record", "number, id, target, version, modified, sealed", "?, ?, ?, ?, ?, ?"},
	{"data_key", "record, wrapped", "?, ?"},
	{"nino_index", "keyed_hash, record", "?, ?"},
	{"outbox", "id, at, type, record, target, version, members, correlation", "?, ?, ?, ?, ?, ?, ?, ?"},
}

// bareBatch is how many people the bare loop inserts in one transaction.
const bareBatch = 1000

// insertBare copies the rows of a database into a new one, person by person,
// and gives the time of the inserts and commits alone.
func insertBare(ctx context.Context, from, to string) (took time.Duration, err error) {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return 0, err
	}
	path := filepath.Join(to, sqlite.DatabaseFile)
	if err := sqlite.Migrate(ctx, path); err != nil {
		return 0, err
	}
	source, err := sql.Open("sqlite", "file:"+filepath.Join(from, sqlite.DatabaseFile)+"?mode=ro")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	settings := url.Values{"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "cache_size(-16000)", "wal_autocheckpoint(4000)"}}
	db, err := sql.Open("sqlite", "file:"+path+"?"+settings.Encode())
	if err != nil {
		return 0, err
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	for first := 1; ; first += bareBatch {
		var batch [][][]any // by table
		for _, t := range tables {
			rows, err := read(ctx, source, t, first)
			if err != nil {
				return 0, err
			}
			batch = append(batch, rows)
		}
		if len(batch[1]) == 0 {
			return took, nil
		}
		began := time.Now()
		if err := insert(ctx, db, batch); err != nil {
			return 0, err
		}
		took += time.Since(began)
	}
}

// read gives the rows of a batch of people, in the order in which they came.
func read(ctx context.Context, db *sql.DB, t table, first int) (all [][]any, err error) {
	// Records and events are numbered alike, since each record has one event.
	key := map[string]string{"record": "number", "outbox": "position"}[t.name]
	if key == "" {
		key = "record"
	}
	query := fmt.Sprintf("SELECT %s FROM %s WHERE %s >= ? AND %s < ?", t.columns, t.name, key, key)
	switch t.name {
	case "identifier":
		query = "SELECT id, number FROM record WHERE number >= ? AND number < ?"
	case "nino_index": // has no index by record, and any 32 bytes will do
		query = "SELECT randomblob(32), number FROM record WHERE number >= ? AND number < ?"
	}
	rows, err := db.QueryContext(ctx, query, first, first+bareBatch)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Err(), rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, nil
}

func insert(ctx context.Context, db *sql.DB, batch [][][]any) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	stmts := make([]*sql.Stmt, len(tables))
	for i, t := range tables {
		if stmts[i], err = tx.PrepareContext(ctx, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", t.name, t.columns, t.values)); err != nil {
			return err
		}
	}
	for person := range batch[1] {
		for i := range tables {
			if person < len(batch[i]) {
				if _, err := stmts[i].ExecContext(ctx, batch[i][person]...); err != nil {
					return err
				}
			}
		}
	}
	return tx.Commit()
}

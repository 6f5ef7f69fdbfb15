package main

import (
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"equality-information-api/internal/store/pgtest"
	"equality-information-api/internal/store/postgres"
	"equality-information-api/internal/store/queries"
)

// clients is how many callers PostgreSQL is measured with.
const clients = 16

// onPostgres measures every operation on the server with PostgreSQL, in turns
// with what PostgreSQL does by itself: a prepared select by key, the rows of a
// create as one statement, and the rows of a change as two round trips.
func onPostgres(ctx context.Context, o options, dir string) (err error) {
	c, err := startCluster()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Remove()) }()
	for _, name := range []string{"equality", "beside", "bare"} {
		err := c.Template(name, func(name string) error {
			return postgres.Migrate(ctx, c.DSN(name, pgtest.Owner), pgtest.App)
		})
		if err != nil {
			return err
		}
	}
	dsn, err := passfile(c.DSN("equality", pgtest.App), dir)
	if err != nil {
		return err
	}
	if err := run(o.program, "keys", "init", "--data-dir", dir); err != nil {
		return err
	}
	if o.people > 0 {
		if err := compareOnPostgres(ctx, o, c, dsn, dir); err != nil {
			return err
		}
	}
	if o.imports == 0 {
		return nil
	}
	return importOnPostgres(ctx, o, c, dsn, dir)
}

// startCluster starts a PostgreSQL in which no checkpoint falls into a round.
func startCluster() (*pgtest.Cluster, error) {
	return pgtest.Start("max_wal_size = 4GB", "checkpoint_timeout = 30min")
}

// compareOnPostgres measures every operation.
func compareOnPostgres(ctx context.Context, o options, c *pgtest.Cluster, dsn, dir string) (err error) {
	// One processor is enough for either client; with more, their threads look for
	// work that is not there, and take the time from the servers.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	server, err := startServer(o.program, dir, "--database", dsn)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	people, err := server.create(o.people)
	if err != nil {
		return err
	}
	alone, err := openBeside(ctx, c, o.people)
	if err != nil {
		return err
	}
	defer alone.pool.Close()

	fmt.Printf("\n## PostgreSQL %s\n\n%d clients, medians of %d rounds of %v, in turns.\n\n", c.Version, clients, o.rounds, o.round)
	fmt.Println("| | server/s | beside it | beside/s | share | goal |")
	fmt.Println("| --- | ---: | --- | ---: | ---: | ---: |")
	type beside struct {
		what, goal string
		run        func(time.Duration) (float64, error)
	}
	for _, m := range []struct {
		op      operation
		besides []beside
	}{
		{get, []beside{
			{"pgbench, prepared select of the record by its id", "0.20", alone.records},
			{"pgbench, prepared select of a number by key", "", alone.selects},
		}},
		{post, []beside{{"pgbench, the rows as one statement", "0.45", alone.creates}}},
		{patch, []beside{{"pgx, the rows in two round trips", "0.45", alone.changes}}},
	} {
		var ours []float64
		theirs := make([][]float64, len(m.besides))
		for range o.rounds {
			rate, err := server.driveWire(func(random *rand.Rand) request { return m.op.request(people, random) }, clients, o.round)
			if err != nil {
				return fmt.Errorf("%s: %w", m.op, err)
			}
			ours = append(ours, rate)
			for i, b := range m.besides {
				rate, err := b.run(o.round)
				if err != nil {
					return err
				}
				theirs[i] = append(theirs[i], rate)
			}
		}
		for i, b := range m.besides {
			mine, its := middle(ours), middle(theirs[i])
			fmt.Printf("| %s | %.0f | %s | %.0f | **%.3f** | %s |\n", m.op, mine, b.what, its, mine/its, b.goal)
		}
	}
	return withPeople(o, server, people)
}

// passfile is a connection string whose password stands in a file, as the program wants it.
func passfile(dsn, dir string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	password, _ := u.User.Password()
	path := filepath.Join(dir, "pgpass")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	if err := os.WriteFile(path, fmt.Appendf(nil, "*:*:*:*:%s\n", password), 0o600); err != nil {
		return "", err
	}
	u.User = url.User(u.User.Username())
	query := u.Query()
	query.Set("passfile", path)
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// create creates people over HTTP.
func (p *process) create(n int) ([]uuid.UUID, error) {
	people := make([]uuid.UUID, n)
	random := rand.New(rand.NewPCG(1, 1))
	for i := range people {
		people[i] = uuid.New()
		if err := send("POST", p.url+recordsPath, p.token, body(people[i], random), 201); err != nil {
			return nil, err
		}
	}
	return people, nil
}

// beside is what PostgreSQL does by itself, in a database of its own with the same tables.
type beside struct {
	cluster *pgtest.Cluster
	pool    *pgxpool.Pool
	people  int
}

func openBeside(ctx context.Context, c *pgtest.Cluster, people int) (*beside, error) {
	config, err := pgxpool.ParseConfig(c.DSN("beside", pgtest.Owner))
	if err != nil {
		return nil, err
	}
	config.MaxConns = clients
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	b := &beside{cluster: c, pool: pool, people: people}
	for _, statement := range []string{"CREATE SEQUENCE place", "CREATE TABLE account (id integer PRIMARY KEY, balance integer, filler char(84))",
		fmt.Sprintf("INSERT INTO account SELECT n, 0, '' FROM generate_series(1, %d) n", 100_000)} {
		if _, err := pool.Exec(ctx, statement); err != nil {
			return nil, err
		}
	}
	for i := range people {
		// An id that a script can find again.
		if _, err := pool.Exec(ctx, createRows, 1+rand.IntN(1000), uuid.UUID(md5.Sum([]byte(strconv.Itoa(i+1))))); err != nil {
			return nil, err
		}
	}
	_, err = pool.Exec(ctx, "VACUUM ANALYZE")
	return b, err
}

// entryColumns are those of the rows beside: as many bytes as the server writes.
const entryColumns = `(lane, seq, id, at, subject, name, kind, permission, purpose, action, target, record, version, members, outcome,
	status, correlation, address, document, hash)
	VALUES ($1::int, nextval('place'), gen_random_uuid(), 1795759200000000, 'local.user@council.example', 'Local user', 'person', 'equality-write', '', 'create',
	gen_random_uuid(), gen_random_uuid(), 0, 'ageGroup nationality ethnicity religionOrBelief sexualOrientation languages sensitive', 'done',
	201, gen_random_uuid(), decode(repeat('ab', 32), 'hex'), decode(repeat('ab', 32), 'hex'), decode(repeat('ab', 32), 'hex'))`

const eventColumns = `(id, at, type, record, target, version, members, correlation)
	VALUES (gen_random_uuid(), 1795759200000000, 'equality-information.created', gen_random_uuid(), gen_random_uuid(), 0,
	'ageGroup nationality ethnicity religionOrBelief sexualOrientation languages sensitive', gen_random_uuid())`

// createRows are the rows of a create, all in one statement; $1 is a lane, $2 the id.
const createRows = `WITH r AS (
	INSERT INTO record (id, target, version, modified, sealed)
	VALUES ($2, gen_random_uuid(), 0, 1795759200000000, decode(repeat('ab', 1309), 'hex')) RETURNING number, id, target
), i AS (INSERT INTO identifier (uuid, record) SELECT id, number FROM r
), k AS (INSERT INTO data_key (record, wrapped) SELECT number, decode(repeat('ab', 65), 'hex') FROM r
), n AS (INSERT INTO nino_index (keyed_hash, record) SELECT decode(md5(id::text) || md5(target::text), 'hex'), number FROM r
), a AS (INSERT INTO audit ` + entryColumns + `
) INSERT INTO outbox ` + eventColumns

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// pgbench runs a script for a time, prepared, and gives its transactions a second.
func (b *beside) pgbench(script string, d time.Duration) (float64, error) {
	file, err := os.CreateTemp("", "pgbench")
	if err != nil {
		return 0, err
	}
	defer os.Remove(file.Name())
	if _, err := file.WriteString(script); err != nil {
		return 0, err
	}
	command := exec.Command(filepath.Join(b.cluster.BinDir, "pgbench"), "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2",
		"-T", strconv.Itoa(max(1, int(d.Seconds()))), "-f", file.Name(), b.cluster.DSN("beside", pgtest.Owner))
	out, err := command.CombinedOutput()
	found := tps.FindSubmatch(out)
	if err != nil || found == nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, out)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}

func (b *beside) selects(d time.Duration) (float64, error) {
	return b.pgbench("\\set id random(1, 100000)\nSELECT balance FROM account WHERE id = :id;\n", d)
}

// records selects what a GET has to: a record with its key, by its id.
func (b *beside) records(d time.Duration) (float64, error) {
	query := strings.ReplaceAll(queries.SQLiteRecordRead.SQL, "$1", "md5(:n::text)::uuid")
	return b.pgbench(fmt.Sprintf("\\set n random(1, %d)\n%s;\n", b.people, query), d)
}

func (b *beside) creates(d time.Duration) (float64, error) {
	script := strings.NewReplacer("$1", ":lane", "$2", "gen_random_uuid()").Replace(createRows)
	return b.pgbench("\\set lane random(1000, 2000)\n"+script+";\n", d)
}

// changes reads a record and writes its next version, its past one, an entry
// and an event, in two round trips.
func (b *beside) changes(d time.Duration) (float64, error) {
	ctx := context.Background()
	document := make([]byte, 1309)
	r := drive(func(worker int, random *rand.Rand) error {
		number := int64(1 + random.IntN(b.people))
		conn, err := b.pool.Acquire(ctx)
		if err != nil {
			return err
		}
		defer conn.Release()
		var version int64
		var sealed []byte
		if err := conn.QueryRow(ctx, "SELECT version, sealed FROM record WHERE number = $1", number).Scan(&version, &sealed); err != nil {
			return err
		}
		var batch pgx.Batch
		batch.Queue("INSERT INTO history (record, version, modified, sealed) SELECT number, version, modified, sealed FROM record WHERE number = $1 AND version = $2 ON CONFLICT DO NOTHING", number, version)
		batch.Queue("UPDATE record SET version = $3, modified = $4, sealed = $5 WHERE number = $1 AND version = $2", number, version, version+1, time.Now().UnixMicro(), document)
		batch.Queue("INSERT INTO audit "+entryColumns, 3000+worker)
		batch.Queue("INSERT INTO outbox " + eventColumns)
		return conn.SendBatch(ctx, &batch).Close()
	}, clients, d)
	if r.failed > 0 {
		return 0, fmt.Errorf("%d changes beside failed", r.failed)
	}
	return r.rate, nil
}

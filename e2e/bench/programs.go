package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store/pgtest"
)

// contender is one of the two programs that take turns, on its own copy of the
// same data.
type contender struct {
	*process
	program, dir string
	database     []string // the flag that names it; none for SQLite
	feedEnd      string   // the cursor behind the last event
}

func contenders(o options, dir string) (earlier, now *contender) {
	return &contender{program: o.old, dir: filepath.Join(dir, "old")}, &contender{program: o.program, dir: filepath.Join(dir, "new")}
}

// comparePrograms measures an earlier program and this one in turns. The earlier
// one makes the data, since this one opens what it made and not the other way round.
func comparePrograms(ctx context.Context, o options, dir string) error {
	// One processor is enough for the client: see compareOnPostgres.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	fmt.Printf("%d processors, load generator included; %d clients; medians of %d rounds of %v, in turns; %d people.\n\n",
		runtime.NumCPU(), clients, o.rounds, o.round, o.people)
	fmt.Println("| | old/s | new/s | new/old | lowest, highest | goal |")
	fmt.Println("| --- | ---: | ---: | ---: | ---: | --- |")
	if o.only != "postgres" {
		if err := programsOnSQLite(ctx, o, filepath.Join(dir, "sqlite")); err != nil {
			return err
		}
	}
	if o.only != "embedded" {
		return programsOnPostgres(ctx, o, filepath.Join(dir, "postgres"))
	}
	return nil
}

func programsOnSQLite(ctx context.Context, o options, dir string) error {
	earlier, now := contenders(o, dir)
	people, err := fillAndCopy(earlier, now, o.people)
	if err != nil {
		return err
	}
	return turns{o, "SQLite", earlier, now}.measure(ctx, records(people))
}

func programsOnPostgres(ctx context.Context, o options, dir string) (err error) {
	c, err := startCluster()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Remove()) }()
	earlier, now := contenders(o, dir)
	if err := run(earlier.program, "keys", "init", "--data-dir", earlier.dir); err != nil {
		return err
	}
	if err := earlier.createDatabase(ctx, c, "old", "template0"); err != nil {
		return err
	}
	people, err := fillAndCopy(earlier, now, o.people)
	if err != nil {
		return err
	}
	if err := run(now.program, "keys", "add", "--data-dir", now.dir); err != nil {
		return err
	}
	if err := now.createDatabase(ctx, c, "new", "old"); err != nil {
		return err
	}
	return turns{o, "PostgreSQL", earlier, now}.measure(ctx, append(feed(), records(people)...))
}

// createDatabase makes the contender's database, with its schema.
func (c *contender) createDatabase(ctx context.Context, cluster *pgtest.Cluster, name, template string) error {
	conn, err := pgx.Connect(ctx, cluster.DSN("postgres", pgtest.Superuser))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s OWNER %s TEMPLATE %s", name, pgtest.Owner, template))
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return err
	}
	passwords := filepath.Dir(c.dir)
	owner, err := passfile(cluster.DSN(name, pgtest.Owner), passwords)
	if err != nil {
		return err
	}
	app, err := passfile(cluster.DSN(name, pgtest.App), passwords)
	if err != nil {
		return err
	}
	c.database = []string{"--database", app}
	return run(c.program, "migrate", "--data-dir", c.dir, "--database", owner, "--app-role", pgtest.App)
}

// fillAndCopy has the earlier program create people, and copies its data directory.
func fillAndCopy(earlier, now *contender, n int) ([]uuid.UUID, error) {
	if err := os.MkdirAll(earlier.dir, 0o700); err != nil {
		return nil, err
	}
	server, err := startServer(earlier.program, earlier.dir, earlier.database...)
	if err != nil {
		return nil, err
	}
	people, err := server.create(n)
	if err := errors.Join(err, server.stop()); err != nil {
		return nil, err
	}
	return people, run("cp", "-a", earlier.dir, now.dir)
}

// start starts the server and finds the end of its feed.
func (c *contender) start() (err error) {
	if c.process, err = startServer(c.program, c.dir, c.database...); err != nil {
		return err
	}
	for query := "?limit=1000"; ; query = "?limit=1000&after=" + c.feedEnd {
		next, err := c.nextInFeed(query)
		if err != nil || next == c.feedEnd {
			return err
		}
		c.feedEnd = next
	}
}

const feedPath = "/api/v1/events"

// nextInFeed reads a page of the feed and gives the cursor of the next one.
func (c *contender) nextInFeed(query string) (next string, err error) {
	request, err := http.NewRequest(http.MethodGet, c.url+feedPath+query, nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Authorization", c.token)
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	var page struct{ Next string }
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil {
		return "", err
	}
	if page.Next == "" {
		return "", fmt.Errorf("GET %s: status %d", feedPath, response.StatusCode)
	}
	return page.Next, nil
}

// Command bench measures what the server costs: the whole of it over HTTP, with
// its durable access log, sealing, history and events, beside a bare net/http
// server that answers the same bytes, and beside the store alone. The load
// generator runs on the same machine, and the three are measured in turns, so
// that what the machine does meanwhile falls on all of them alike. With -old it
// measures an earlier program and this one instead, in turns. It prints a page of
// Markdown.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

type options struct {
	program string
	old     string
	rounds  int
	round   time.Duration
	people  int
	many    int
	imports int
	blind   bool
	only    string
}

func main() {
	if len(os.Args) == 2 && (os.Args[1] == bareCommand || os.Args[1] == blindCommand) {
		serveBare(os.Args[1] == blindCommand)
		return
	}
	var o options
	flag.StringVar(&o.program, "program", "../bin/equality-api", "the built program")
	flag.StringVar(&o.old, "old", "", "an earlier program, built; the bench then compares the two, and nothing else")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds, of which the medians are reported")
	flag.DurationVar(&o.round, "round", 2*time.Second, "how long each measurement takes")
	flag.IntVar(&o.people, "people", 1000, "people in the database; 0 leaves the server out")
	flag.IntVar(&o.many, "many", 1_000_000, "people in the large database; 0 leaves it out")
	flag.IntVar(&o.imports, "imports", 1_000_000, "people to import from a file; 0 leaves it out")
	flag.BoolVar(&o.blind, "blind", false, "the bare server does not parse what it is sent")
	flag.StringVar(&o.only, "only", "", "embedded or postgres; empty is both")
	flag.Parse()
	if err := bench(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, o options) (err error) {
	dir, err := os.MkdirTemp("", "equality-bench")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if o.old != "" {
		return comparePrograms(ctx, o, dir)
	}
	if o.only != "postgres" {
		if err := embedded(ctx, o, dir); err != nil {
			return err
		}
	}
	if o.only != "embedded" {
		return onPostgres(ctx, o, filepath.Join(dir, "postgres"))
	}
	return nil
}

// embedded measures the server on SQLite.
func embedded(ctx context.Context, o options, dir string) error {
	if o.people > 0 {
		if err := compare(ctx, o, filepath.Join(dir, "small")); err != nil {
			return err
		}
	}
	if o.many > 0 && o.people > 0 {
		if err := large(ctx, o, filepath.Join(dir, "small"), filepath.Join(dir, "large")); err != nil {
			return err
		}
	}
	if o.imports == 0 {
		return nil
	}
	return compareImport(ctx, o.program, filepath.Join(dir, "import"), o.imports)
}

// connections are the numbers of connections that every operation is measured with.
var connections = []int{16, 64}

// compare measures every operation on the server, the bare server and the
// store, in turns.
func compare(ctx context.Context, o options, dir string) (err error) {
	people, err := fill(ctx, dir, 2*o.people)
	if err != nil {
		return err
	}
	people, theirs := people[:o.people], people[o.people:]
	alone, err := openStore(ctx, filepath.Join(dir, "alone"), people)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, alone.close()) }()
	whole, err := startServer(o.program, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, whole.stop()) }()
	bare, err := startBare(o.blind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()

	report, front := newReport(o), newFront(whole, theirs)
	for _, op := range operations {
		for _, n := range connections {
			for range o.rounds {
				for name, target := range targets(op, whole, bare, front, alone) {
					report.add(op, n, name, drive(target(op, people), n, o.round))
				}
			}
		}
	}
	report.print(os.Stdout)
	report.printFront(os.Stdout)
	memory, err := whole.memory()
	if err != nil {
		return err
	}
	fmt.Printf("\nResident memory of the server after these rounds: %d MB.\n", memory>>20)
	return withPeople(o, whole, people)
}

// large measures reads and memory with many people, in turns with few.
func large(ctx context.Context, o options, small, dir string) (err error) {
	began := time.Now()
	people, err := fill(ctx, dir, o.many)
	if err != nil {
		return err
	}
	fmt.Printf("\n## %d people\n\nMade in %.0f s, straight through the store.\n\n", o.many, time.Since(began).Seconds())
	many, err := startServer(o.program, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, many.stop()) }()
	few, err := startServer(o.program, small)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, few.stop()) }()
	var manyRounds, fewRounds []result
	for range o.rounds {
		fewRounds = append(fewRounds, drive(few.requests(get, people[:o.people]), connections[0], o.round))
		manyRounds = append(manyRounds, drive(many.requests(get, people), connections[0], o.round))
	}
	a, b := median(fewRounds), median(manyRounds)
	memory, err := many.memory()
	if err != nil {
		return err
	}
	fmt.Printf("A GET with %d people costs %.2f times one with %d (%.0f and %.0f requests a second, %d connections).\n",
		o.many, a.rate/b.rate, o.people, b.rate, a.rate, connections[0])
	fmt.Printf("Resident memory of the server with %d people after these rounds: %d MB.\n", o.many, memory>>20)
	return nil
}

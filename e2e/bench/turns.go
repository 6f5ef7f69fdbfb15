package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"

	"github.com/google/uuid"
)

// The rate of this program must be at least so many times the earlier one's.
const (
	generalGoal = 0.97
	feedGoal    = 1.5
)

// importsEachRound is how many people a program imports in a round.
const importsEachRound = 20_000

// turns are those of two programs on one engine.
type turns struct {
	options
	engine       string
	earlier, now *contender
}

// endpoint is asked over HTTP.
type endpoint struct {
	what string
	goal float64
	next func(*contender, *rand.Rand) request
}

// records are the endpoints for one record.
func records(people []uuid.UUID) []endpoint {
	endpoints := []endpoint{{"GET under /mmh", generalGoal, func(_ *contender, random *rand.Rand) request {
		return request{http.MethodGet, frontPath + "?targetId=" + people[random.IntN(len(people))].String(), nil, http.StatusOK}
	}}}
	for _, op := range operations {
		endpoints = append(endpoints, endpoint{string(op), generalGoal, func(_ *contender, random *rand.Rand) request {
			return op.request(people, random)
		}})
	}
	return endpoints
}

// feed is GET /events, from the start of the feed and where nothing is new,
// which is so until somebody writes.
func feed() []endpoint {
	get := func(what string, query func(*contender) string) endpoint {
		return endpoint{"feed, " + what, feedGoal, func(c *contender, _ *rand.Rand) request {
			return request{http.MethodGet, feedPath + query(c), nil, http.StatusOK}
		}}
	}
	return []endpoint{
		get("10 events", func(*contender) string { return "?limit=10" }),
		get("100 events", func(*contender) string { return "?limit=100" }),
		get("nothing new", func(c *contender) string { return "?after=" + c.feedEnd }),
	}
}

// measure measures the endpoints, in their order, and then imports.
func (t turns) measure(ctx context.Context, endpoints []endpoint) error {
	if err := t.measureServers(endpoints); err != nil {
		return err
	}
	return t.measureImports(ctx)
}

func (t turns) measureServers(endpoints []endpoint) (err error) {
	for _, c := range []*contender{t.earlier, t.now} {
		if err := c.start(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.stop()) }()
	}
	for _, e := range endpoints {
		err := t.take(e.what, e.goal, func(c *contender, _ int) (float64, error) {
			return c.driveWire(func(random *rand.Rand) request { return e.next(c, random) }, clients, t.round)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// measureImports imports the same file with both programs in a round.
func (t turns) measureImports(ctx context.Context) error {
	files := make([]string, t.rounds)
	for i := range files {
		files[i] = filepath.Join(t.now.dir, fmt.Sprintf("people%d.ndjson", i))
		if err := writePeople(files[i], importsEachRound); err != nil {
			return err
		}
	}
	return t.take("import", generalGoal, func(c *contender, round int) (float64, error) {
		took, _, err := timeImport(ctx, c.program, append(c.database, "--data-dir", c.dir, files[round])...)
		return importsEachRound / took.Seconds(), err
	})
}

// take has both programs measured, and prints their rates.
func (t turns) take(what string, goal float64, rate func(c *contender, round int) (float64, error)) error {
	p, err := inTurns(t.rounds, func(i, round int) (float64, error) {
		r, err := rate([]*contender{t.earlier, t.now}[i], round)
		if err != nil {
			err = fmt.Errorf("%s, %s, %s: %w", t.engine, what, [2]string{"old", "new"}[i], err)
		}
		return r, err
	})
	if err != nil {
		return err
	}
	p.print(t.engine+", "+what, goal)
	return nil
}

// pair is what two of a kind did in the same rounds: their rates, and the second's as a share of
// the first's.
type pair struct{ one, other, shares []float64 }

// inTurns measures both in every round, each first in every other one.
func inTurns(rounds int, rate func(i, round int) (float64, error)) (p pair, err error) {
	for round := range rounds {
		var rates [2]float64
		for turn := range rates {
			i := (round + turn) % 2
			if rates[i], err = rate(i, round); err != nil {
				return pair{}, err
			}
		}
		p.one, p.other, p.shares = append(p.one, rates[0]), append(p.other, rates[1]), append(p.shares, rates[1]/rates[0])
	}
	return p, nil
}

// print prints a row of a table: the medians of the rates and of the shares.
func (p pair) print(what string, goal float64) {
	share, mark := middle(p.shares), ""
	if share < goal {
		mark = ", missed"
	}
	fmt.Printf("| %s | %.0f | %.0f | **%.2f** | %.2f, %.2f | %.2f%s |\n", what, middle(p.one), middle(p.other), share,
		slices.Min(p.shares), slices.Max(p.shares), goal, mark)
}

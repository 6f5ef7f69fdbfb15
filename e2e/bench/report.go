package main

import (
	"fmt"
	"io"
	"runtime"
	"time"
)

type key struct {
	op          operation
	connections int
	target      string
}

// report gathers the rounds.
type report struct {
	options
	rounds map[key][]result
}

func newReport(o options) *report { return &report{options: o, rounds: make(map[key][]result)} }

func (r *report) add(op operation, connections int, target string, got result) {
	k := key{op, connections, target}
	r.rounds[k] = append(r.rounds[k], got)
}

func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%d processors, load generator included; medians of %d rounds of %v, in turns; %d people.\n\n",
		runtime.GOMAXPROCS(0), r.options.rounds, r.round, r.people)
	fmt.Fprintln(w, "| | connections | bare/s | server/s | share of bare | store/s | share of store | p50 bare, server | p99 bare, server | p99 times bare |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, op := range operations {
		for _, n := range connections {
			bare, server, store := median(r.rounds[key{op, n, "bare"}]), median(r.rounds[key{op, n, "server"}]), median(r.rounds[key{op, n, "store"}])
			fmt.Fprintf(w, "| %s | %d | %.0f | %.0f | **%.3f** | %.0f | %.2f | %s, %s | %s, %s | %.2f |\n", op, n, bare.rate, server.rate,
				server.rate/bare.rate, store.rate, server.rate/store.rate, ms(bare.p50), ms(server.p50), ms(bare.p99), ms(server.p99),
				float64(server.p99)/float64(bare.p99))
			if failed := bare.failed + server.failed + store.failed; failed > 0 {
				fmt.Fprintf(w, "\n%d operations failed: these figures mean nothing.\n\n", failed)
			}
		}
	}
}

// printFront compares the front-end contract with the other one.
func (r *report) printFront(w io.Writer) {
	fmt.Fprintln(w, "\nThe contract of the front ends (`/mmh`), with `If-Match` on every PATCH:\n\n| | connections | /mmh/s | share of server | p50 | p99 |")
	fmt.Fprintln(w, "| --- | ---: | ---: | ---: | ---: | ---: |")
	for _, op := range []operation{get, patch} {
		for _, n := range connections {
			server, front := median(r.rounds[key{op, n, "server"}]), median(r.rounds[key{op, n, frontTarget}])
			fmt.Fprintf(w, "| %s | %d | %.0f | **%.2f** | %s | %s |\n", op, n, front.rate, front.rate/server.rate, ms(front.p50), ms(front.p99))
			if front.failed > 0 {
				fmt.Fprintf(w, "\n%d operations failed: these figures mean nothing.\n\n", front.failed)
			}
		}
	}
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }

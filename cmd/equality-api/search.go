package main

import (
	"context"
	"os"
	"runtime/debug"
	"sync"
)

// indexedPerson is how many bytes of memory the index of people takes for each, at most.
const indexedPerson = 150

// keepIndex keeps the index of people, by which they are searched, until stop.
func (p *program) keepIndex(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		p.service.KeepIndex(ctx, func(people int) {
			p.log.Info("people can be searched", "people", people)
			if os.Getenv("GOMEMLIMIT") == "" {
				debug.SetMemoryLimit(serverMemory + int64(people)*indexedPerson)
			}
		})
	})
	return func() { cancel(); running.Wait() }
}

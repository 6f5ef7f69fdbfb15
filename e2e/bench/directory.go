package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"

	"github.com/google/uuid"
)

// The rate of a read with people must be at least this much of the rate without.
const (
	personGoal = 0.8
	peopleGoal = 0.7
)

// withPeople measures reads of records with their people beside the same reads without.
func withPeople(o options, p *process, people []uuid.UUID) error {
	// One processor is enough for the client: see compareOnPostgres.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for i, id := range people {
		entry := fmt.Appendf(nil, `{"title":"Ms","firstName":"Ada %d","middleName":"Sample","surname":"Exampleton","dateOfBirth":"1987-04-09"}`, i)
		if err := send(http.MethodPut, p.url+"/api/v1/persons/"+id.String(), p.token, entry, http.StatusCreated); err != nil {
			return fmt.Errorf("make entries of people: %w", err)
		}
	}
	fmt.Printf("\nThe person in the same call, %d clients:\n\n", clients)
	fmt.Println("| | without/s | with/s | share | lowest, highest | goal |")
	fmt.Println("| --- | ---: | ---: | ---: | ---: | --- |")
	for _, m := range []struct {
		what string
		goal float64
		path func(*rand.Rand) string
	}{
		{"GET", personGoal, func(random *rand.Rand) string { return get.request(people, random).path + "?" }},
		{"list of 100", peopleGoal, func(*rand.Rand) string { return recordsPath + "?limit=100&" }},
	} {
		rates, err := inTurns(o.rounds, func(i, _ int) (float64, error) {
			return p.driveWire(func(random *rand.Rand) request {
				return request{http.MethodGet, m.path(random) + [2]string{"", "include=person"}[i], nil, http.StatusOK}
			}, clients, o.round)
		})
		if err != nil {
			return fmt.Errorf("%s with people: %w", m.what, err)
		}
		rates.print(m.what, m.goal)
	}
	return nil
}

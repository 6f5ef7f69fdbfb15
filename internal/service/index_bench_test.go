package service

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// BenchmarkIndexing compares building the index with opening the entries alone, in turns: it
// should be at least 0.8 as fast. Run it with -benchtime 1x.
func BenchmarkIndexing(b *testing.B) {
	const people, rounds = 100_000, 3
	s := setup(b)
	s.fill(b, people)
	for b.Loop() {
		var opening, indexing time.Duration
		for range rounds {
			opening += took(func() {
				err := s.indexed.WalkEntries(b.Context(), nil, func(_ int64, d store.Document, err error) error {
					if err == nil {
						_, err = directory.Read(d.Content)
					}
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			})
			indexing += took(func() {
				if x, err := s.buildIndex(b.Context()); err != nil || x.Len() != people {
					b.Fatal(err)
				}
			})
		}
		b.ReportMetric(float64(opening)/float64(indexing), "speed-of-opening")
		b.ReportMetric(people*rounds/indexing.Seconds(), "people/s")
	}
}

func took(work func()) time.Duration {
	began := time.Now()
	work()
	return time.Since(began)
}

// fill stores entries of people with invented names.
func (b *bench) fill(t testing.TB, people int) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	syllables := []string{"ba", "chi", "da", "el", "fo", "gar", "ha", "in", "jo", "ka", "lin", "mo", "na", "or", "pe", "ra", "sa", "ton", "u", "vi", "wen", "ya", "zo"}
	name := func(length int) (name string) {
		for range length {
			name += syllables[random.IntN(len(syllables))]
		}
		return name
	}
	const batch = 2000
	for done := 0; done < people; done += batch {
		l := store.Load{Event: events.PersonCreated, Entry: b.entry(b.as(t, with(Import.permission), Import), uuid.Nil, audit.Done, 200)}
		for range batch {
			p := directory.Person{ID: uuid.New(), FirstName: name(2), MiddleName: name(2), Surname: name(3), DateOfBirth: equality.NewDate(1930, 1, 1+random.IntN(30_000))}
			a, err := store.NewEntryArrival(b.Keys, p.ID, 0, p.Encode(), uuid.New())
			if err != nil {
				t.Fatal(err)
			}
			l.Arrivals = append(l.Arrivals, a)
		}
		landings, err := b.bulk.Load(t.Context(), l)
		if err != nil || len(landings) != batch {
			t.Fatal(fmt.Sprint(len(landings)), err)
		}
	}
}

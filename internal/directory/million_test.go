package directory_test

import (
	"runtime"
	"slices"
	"testing"
	"time"

	"equality-information-api/internal/directory"
)

// BenchmarkMillion is what the issue asks of an index of a million people: at most 150 bytes a
// person, the 99th of a hundred searches within 10 ms on one core while people change, and the
// right person among the first three. Run it with -benchtime 1x.
func BenchmarkMillion(b *testing.B) {
	const people = 1_000_000
	for b.Loop() {
		var before, after runtime.MemStats
		p := newPopulation(b, 1)
		cases := readHeard(b)
		runtime.GC()
		runtime.ReadMemStats(&before)
		x := directory.NewIndex()
		var some []directory.Person
		var putting time.Duration
		for n := range people {
			person := p.one(uint64(n))
			began := time.Now()
			x.Put(person)
			if putting += time.Since(began); n%100 == 0 {
				some = append(some, person)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		bytes := float64(after.HeapAlloc-before.HeapAlloc) / people
		b.ReportMetric(bytes, "bytes/person")
		b.ReportMetric(float64(putting.Nanoseconds())/people, "ns/put")
		for _, c := range cases {
			x.Put(c.person)
		}
		findHeard(b, x, cases)

		times := searchesOf(x, some)
		at := func(share float64) time.Duration { return times[int(share*float64(len(times)))] }
		b.ReportMetric(float64(at(0.5).Microseconds())/1000, "p50-ms")
		b.ReportMetric(float64(at(0.99).Microseconds())/1000, "p99-ms")
		if bytes > 150 || at(0.99) > 10*time.Millisecond {
			b.Errorf("%.0f bytes a person, p99 %v", bytes, at(0.99))
		}
	}
}

// searchesOf searches for people in all the ways that officers do, on one core with changes
// going on, and returns how long that took, in ascending order.
func searchesOf(x *directory.Index, people []directory.Person) (times []time.Duration) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				p := people[n%len(people)]
				p.MiddleName = "Changed"
				x.Put(p)
			}
		}
	}()
	begin := func(name string) string { return string([]rune(name)[:2]) }
	for _, p := range people {
		for _, q := range []directory.Query{
			{Name: p.FirstName + " " + p.Surname, DateOfBirth: p.DateOfBirth}, {Name: p.FirstName + " " + p.Surname}, {Name: p.Surname + " " + p.FirstName, Year: p.DateOfBirth.Year()},
			{Name: p.Surname, DateOfBirth: p.DateOfBirth}, {Name: begin(p.FirstName) + " " + begin(p.Surname)}, {Name: p.FirstName[:1] + " " + p.Surname}, {Name: p.Surname},
		} {
			began := time.Now()
			_, _ = x.Search(q, 20) // whether it is too broad does not matter here
			times = append(times, time.Since(began))
		}
	}
	slices.Sort(times)
	return times
}

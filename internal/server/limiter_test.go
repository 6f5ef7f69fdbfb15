package server_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"equality-information-api/internal/server"
)

// limiter returns a limiter whose clock the test can change.
func limiter(limits server.Limits) (*server.Limiter, *time.Time) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return server.NewLimiter(limits, func() time.Time { return now }), &now
}

func TestRate(t *testing.T) {
	t.Parallel()
	l, now := limiter(server.Limits{Rate: 10, Burst: 3})
	for range 3 {
		release, _, ok := l.Acquire("ada")
		if !ok {
			t.Fatal("refused within the burst")
		}
		release()
	}
	for range 5 { // refusals cost nothing
		if release, retry, ok := l.Acquire("ada"); ok || release != nil || retry != 100*time.Millisecond {
			t.Fatalf("after the burst: %v, %v", retry, ok)
		}
	}
	if _, _, ok := l.Acquire("bob"); !ok {
		t.Error("one caller's burst refused another")
	}
	*now = now.Add(100 * time.Millisecond)
	if _, _, ok := l.Acquire("ada"); !ok {
		t.Error("refused after the time to wait")
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	l, _ := limiter(server.Limits{Concurrent: 2})
	first, _, _ := l.Acquire("ada")
	if _, _, ok := l.Acquire("ada"); !ok {
		t.Fatal("refused the second")
	}
	if _, retry, ok := l.Acquire("ada"); ok || retry <= 0 {
		t.Fatalf("the third: %v, %v", retry, ok)
	}
	first()
	first() // counts once
	if _, _, ok := l.Acquire("ada"); !ok {
		t.Error("refused after a release")
	}
	if _, _, ok := l.Acquire("ada"); ok {
		t.Error("a second release made room for another")
	}
}

func TestLimiterOff(t *testing.T) {
	t.Parallel()
	l, _ := limiter(server.Limits{})
	for range 1000 {
		if _, _, ok := l.Acquire("ada"); !ok {
			t.Fatal("refused")
		}
	}
}

func TestManyCallers(t *testing.T) {
	t.Parallel()
	l, now := limiter(server.Limits{Rate: 1, Burst: 1, Concurrent: 1})
	if _, _, ok := l.Acquire("busy"); !ok {
		t.Fatal("refused")
	}
	for i := range 30_000 {
		release, _, ok := l.Acquire(strconv.Itoa(i))
		if !ok {
			t.Fatalf("refused caller %d", i)
		}
		release()
	}
	*now = now.Add(time.Minute)
	if _, _, ok := l.Acquire("busy"); ok {
		t.Error("a caller with a request in progress was forgotten")
	}
	var releases []func()
	for i := range 9_999 {
		release, _, ok := l.Acquire("late" + strconv.Itoa(i))
		if !ok {
			t.Fatalf("refused caller %d", i)
		}
		releases = append(releases, release)
	}
	if _, retry, ok := l.Acquire("one more"); ok || retry <= 0 {
		t.Error("10,000 callers have requests in progress, and there was room")
	}
	releases[0]()
	if _, _, ok := l.Acquire("one more"); !ok {
		t.Error("an idle caller did not make room")
	}
}

// However calls are spread, a caller never gets more requests than rate and burst allow,
// and never more at once than its limit.
func TestLimitsHold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limits := server.Limits{
			Rate:       float64(rapid.IntRange(1, 20).Draw(t, "rate")),
			Burst:      rapid.IntRange(1, 10).Draw(t, "burst"),
			Concurrent: rapid.IntRange(1, 5).Draw(t, "concurrent"),
		}
		l, now := limiter(limits)
		began, taken := *now, 0
		var open []func()
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			*now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "ms")) * time.Millisecond)
			if len(open) > 0 && rapid.Bool().Draw(t, "release") {
				open[0]()
				open = open[1:]
			}
			release, retry, ok := l.Acquire("ada")
			if ok == (release == nil) || ok == (retry > 0) {
				t.Fatalf("ok %v, retry %v", ok, retry)
			}
			if ok {
				taken++
				open = append(open, release)
			}
			if most := float64(limits.Burst) + limits.Rate*now.Sub(began).Seconds(); float64(taken) > most+1e-6 || len(open) > limits.Concurrent {
				t.Fatalf("%d taken of %v, %d open", taken, most, len(open))
			}
		}
	})
}

func TestLimiterIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	l := server.NewLimiter(server.Limits{Rate: 1e6, Burst: 1e6, Concurrent: 3}, time.Now)
	var together, most atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 500 {
				if release, _, ok := l.Acquire("ada"); ok {
					if n := together.Add(1); n > most.Load() {
						most.Store(n)
					}
					together.Add(-1)
					release()
				}
			}
		})
	}
	wg.Wait()
	if most.Load() > 3 {
		t.Errorf("%d together", most.Load())
	}
}

func BenchmarkAcquire(b *testing.B) {
	l := server.NewLimiter(server.Limits{Rate: 1e9, Burst: 1e6, Concurrent: 64}, time.Now)
	b.ReportAllocs()
	for b.Loop() {
		if release, _, ok := l.Acquire("ada"); ok {
			release()
		}
	}
}

package e2e

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// A flood of requests without permission costs its caller: it is told to wait. Everybody who is
// answered 403, the flood's caller too, has an entry for each, and nobody else is told to wait.
func TestFloodOfRefusalsCostsItsCaller(t *testing.T) {
	t.Parallel()
	p, sign := startPublicMode(t, "--rate-limit", "0", "--max-concurrent-per-caller", "0")
	m := p.create(t, sign("officer"), "")
	path := "/equality-information/" + m.id
	secretOf := func(subject, role string) string { return signed(t, secret, subject, time.Hour, role) }
	flood, other := secretOf("flood@council.example", "analyst"), secretOf("other@council.example", "analyst")
	const callers, each = 64, 30
	var mu sync.Mutex
	told := make(map[int]int)
	var flooding sync.WaitGroup
	for range callers {
		flooding.Go(func() {
			for range each {
				r, err := p.send("GET", path, request{token: flood})
				if err != nil || r.status != 403 && (r.status != 429 || r.header.Get("Retry-After") == "") {
					t.Errorf("the flood is answered %d %v, %v", r.status, r.header, err)
				}
				mu.Lock()
				told[r.status]++
				mu.Unlock()
			}
		})
	}
	const refused = 20
	for range refused {
		p.do(t, "GET", path, request{token: other}).problem(t, 403, "forbidden")
		p.do(t, "GET", path, request{token: sign("officer")}).want(t, 200)
		p.do(t, "GET", "/equality-information/"+uuid.NewString(), request{token: sign("officer")}).want(t, 404)
	}
	flooding.Wait()
	if told[429] == 0 || told[403] == 0 {
		t.Errorf("the flood was answered %v", told)
	}
	p.stop(t)
	db, err := openBehind(p.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for subject, want := range map[string]int{"flood@council.example": told[403], "other@council.example": refused} {
		var n int
		if err := db.QueryRow("SELECT count(*) FROM audit WHERE subject = $1 AND outcome = 'refused' AND status = 403", subject).Scan(&n); err != nil || n != want {
			t.Errorf("%s has %d entries for %d refusals, %v", subject, n, want, err)
		}
	}
}

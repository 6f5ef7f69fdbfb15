package identity

import (
	"bytes"
	"crypto/sha256"
	"strconv"
	"sync"
	"testing"
	"time"
)

var (
	testSecret = bytes.Repeat([]byte("k"), 32)
	testStart  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
)

// authenticator returns a verifier whose clock the test can change.
func authenticator(t testing.TB) (*TokenVerifier, *time.Time) {
	t.Helper()
	now := testStart
	a, err := NewTokenVerifier(Config{Secret: testSecret, Groups: map[string][]string{"g": {"officer"}}}, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	return a, &now
}

func signed(t testing.TB, token Token) string {
	t.Helper()
	s, err := Sign(testSecret, token)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (c *cache) size() int {
	n := 0
	for i := range c.shards {
		n += len(c.shards[i].entries)
	}
	return n
}

func TestRememberedNoLongerThanFiveMinutes(t *testing.T) {
	t.Parallel()
	a, now := authenticator(t)
	token := signed(t, Token{Subject: "x"})
	if _, err := a.Authenticate(t.Context(), Credentials{Authorization: token}); err != nil {
		t.Fatal(err)
	}
	key := sha256.Sum256([]byte(token))
	if _, ok := a.known.get(key, now.Add(remembered-1)); !ok {
		t.Error("forgotten early")
	}
	if _, ok := a.known.get(key, now.Add(remembered)); ok {
		t.Error("still remembered")
	}
	if _, ok := a.known.get(key, now.Add(-time.Hour)); ok {
		t.Error("remembered at a clock that was an hour ahead, and still remembered")
	}
}

func TestRememberedTokenExpires(t *testing.T) {
	t.Parallel()
	a, now := authenticator(t)
	token := signed(t, Token{Subject: "x", Expires: testStart.Add(time.Minute)})
	for range 2 {
		if _, err := a.Authenticate(t.Context(), Credentials{Authorization: token}); err != nil {
			t.Fatal(err)
		}
	}
	*now = now.Add(time.Minute + leeway - 1)
	if _, err := a.Authenticate(t.Context(), Credentials{Authorization: token}); err != nil {
		t.Errorf("within the leeway: %v", err)
	}
	*now = now.Add(1)
	if _, err := a.Authenticate(t.Context(), Credentials{Authorization: token}); Reason(err) != "expired" {
		t.Errorf("got %v", err)
	}
}

func TestRefusalsAreNotRemembered(t *testing.T) {
	t.Parallel()
	a, now := authenticator(t)
	token := signed(t, Token{Subject: "x"})
	for _, bad := range []string{token + "x", signed(t, Token{Subject: "x", Expires: now.Add(-leeway)})} {
		if _, err := a.Authenticate(t.Context(), Credentials{Authorization: bad}); err == nil {
			t.Fatal("authenticated")
		}
	}
	if n := a.known.size(); n != 0 {
		t.Errorf("%d entries", n)
	}
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newCache()
	for i := range 30_000 {
		c.put(sha256.Sum256([]byte(strconv.Itoa(i))), Caller{}, testStart, nil)
	}
	if n := c.size(); n != 10_000 {
		t.Errorf("%d entries", n)
	}
	last := sha256.Sum256([]byte("29999"))
	if _, ok := c.get(last, testStart); !ok {
		t.Error("the newest is not remembered")
	}
	// Callers that send no more requests are forgotten as others arrive.
	for i := range 1_000 {
		c.put(sha256.Sum256([]byte("later"+strconv.Itoa(i))), Caller{}, testStart.Add(time.Hour), nil)
	}
	if n := c.size(); n != 1_000 {
		t.Errorf("%d entries after all but 1000 had expired", n)
	}
}

func TestConcurrentCallers(t *testing.T) {
	t.Parallel()
	a, err := NewTokenVerifier(Config{Secret: testSecret}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var tokens []string
	for i := range 50 {
		tokens = append(tokens, signed(t, Token{Subject: strconv.Itoa(i)}))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				for i, token := range tokens {
					if caller, err := a.Authenticate(t.Context(), Credentials{Authorization: token}); err != nil || caller.Subject != strconv.Itoa(i) {
						t.Errorf("got %v, %v for %d", caller, err, i)
					}
				}
			}
		})
	}
	wg.Wait()
}

func benchmarkToken(b *testing.B) string {
	return "Bearer " + signed(b, Token{
		Subject: "100000000000000000000", Email: "someone@example.com", Name: "Some One",
		Groups: []string{"g", "housing-staging", "all-staff"}, IssuedAt: testStart, Expires: time.Now().Add(time.Hour),
	})
}

func BenchmarkAuthenticateKnown(b *testing.B) {
	a, err := NewTokenVerifier(Config{Secret: testSecret, Groups: map[string][]string{"g": {"officer"}}}, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	token := benchmarkToken(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := a.Authenticate(b.Context(), Credentials{Authorization: token}); err != nil {
				b.Error(err)
			}
		}
	})
}

func BenchmarkAuthenticateNew(b *testing.B) {
	a, _ := authenticator(b)
	token := benchmarkToken(b)[len("Bearer "):]
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := a.verify(token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMay(b *testing.B) {
	c := Caller{}.With(EqualityRead)
	for b.Loop() {
		if !c.May(EqualityRead) {
			b.Fatal("may not")
		}
	}
}

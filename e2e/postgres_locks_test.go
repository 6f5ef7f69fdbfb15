package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/store/pgtest"
)

// holdingLock takes a lock in a session of its own until released.
func holdingLock(t *testing.T, dir, statement string, args ...any) (release func()) {
	t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, asRole(dir, pgtest.Owner))
	if err == nil {
		_, err = conn.Exec(ctx, "BEGIN")
	}
	if err == nil {
		_, err = conn.Exec(ctx, statement, args...)
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() { _ = conn.Close(ctx) }
}

// A session that somebody has forgotten holds a lock: whoever needs it waits, and gets 200
// when it goes, or else 503. Nobody else notices.
func TestPostgresLockDelaysOnlyWhoNeedsIt(t *testing.T) {
	t.Parallel()
	dir := home(t)
	p := startIn(t, dir)
	token := p.token(t, "officer")
	locked, other := p.create(t, token, ""), p.create(t, token, "")
	for _, goes := range []bool{true, false} {
		release := holdingLock(t, dir, "SELECT 1 FROM record WHERE id = $1 FOR UPDATE", locked.id)
		blocked := make(chan response, 1)
		go func() { blocked <- p.patch(t, token, locked, fmt.Sprintf(`{"disabled":%v}`, goes)) }()
		go func() {
			blocked <- p.patch(t, token, locked, fmt.Sprintf(`{"marriageOrCivilPartnership":{"married":%v}}`, goes))
		}()
		time.Sleep(100 * time.Millisecond)
		for end := time.Now().Add(time.Second); time.Now().Before(end); {
			began := time.Now()
			p.record(t, token, other)
			p.record(t, token, locked)
			p.patch(t, token, other, `{"ageGroup":"twentyFiveToThirtyFour"}`).want(t, 200)
			p.patch(t, token, other, `{"ageGroup":"thirtyFiveToFortyFour"}`).want(t, 200)
			p.create(t, token, "")
			if took := time.Since(began); took > time.Second {
				t.Errorf("five requests of others took %v", took)
			}
		}
		if goes {
			release()
		}
		counts := map[int]int{}
		for range 2 {
			counts[(<-blocked).status]++
		}
		if goes && counts[200] != 2 || !goes && counts[503] == 0 {
			t.Errorf("with the lock gone %v: %v", goes, counts)
		}
		release()
		p.patch(t, token, locked, `{"disabled":null,"marriageOrCivilPartnership":null}`).want(t, 200)
	}
}

package postgres

import (
	"strings"
	"testing"
	"time"
)

// A server whose clock is not the database's deletes nothing, and says so.
func TestAClockThatIsNotTheDatabasesDeletesNothing(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{10 * time.Minute, -10 * time.Minute, 24 * time.Hour} {
		d := newDatabase(t)
		f := &fixture{t: t, db: d}
		f.expected.Store(true)
		o := f.options()
		o.EventRetention, o.KeyRetention = time.Minute, time.Minute
		right := off
		o.Now = func() time.Time { return time.Now().Add(right) }
		s, err := Open(t.Context(), o)
		ok(t, err)
		f.Store = s
		d.exec(t, `INSERT INTO outbox (position, id, at, type, record, target, version, members, correlation)
			VALUES (1, gen_random_uuid(), 1, 'test.old', gen_random_uuid(), gen_random_uuid(), 0, '', gen_random_uuid())`)()
		ok(t, f.Trim(t.Context()))
		if n := value[int64](t, d, "SELECT count(*) FROM outbox"); n != 1 || !strings.Contains(f.Warning(), "the database's clock") {
			t.Errorf("with a clock %v off %d events are left, and it warns %q", off, n, f.Warning())
		}
		if off > time.Hour { // it was started with the wrong clock, which the database now knows
			ok(t, f.Close())
			continue
		}
		right = 0
		ok(t, f.Trim(t.Context()))
		if n := value[int64](t, d, "SELECT count(*) FROM outbox"); n != 0 || f.Warning() != "" {
			t.Errorf("with a right clock %d events are left, and it warns %q", n, f.Warning())
		}
		ok(t, f.Close())
	}
}

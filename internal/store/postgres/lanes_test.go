package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
)

// leased returns the lanes that the sessions of a database have leased.
func leased(t *testing.T, d database) (lanes []int32) {
	t.Helper()
	d.query(t, func(ctx context.Context, conn *pgx.Conn) (err error) {
		rows, err := conn.Query(ctx, `SELECT objid::int4 FROM pg_locks WHERE locktype = 'advisory' AND classid = $1::int8::oid
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1`, int64(laneLock))
		if err != nil {
			return err
		}
		lanes, err = pgx.CollectRows(rows, pgx.RowTo[int32])
		return err
	})
	return lanes
}

// writesOn writes and reads with all stores at once, and returns the number of entries.
func writesOn(t *testing.T, stores []*fixture, each int) (entries int64) {
	t.Helper()
	var n atomic.Int64
	for i, err := range together(4*len(stores), func(i int) error {
		f := stores[i%len(stores)]
		r := person()
		for k := range each {
			r.AgeGroup = fmt.Sprint(k)
			n.Add(2)
			if err := f.writing(r, k == 0, entry("write")); err != nil {
				return err
			}
			if _, err := f.read(r.TargetID); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("writer %d: %v", i, err)
		}
	}
	return n.Load()
}

// allSound closes the stores, and checks the number of entries and that everything is
// sound.
func allSound(t *testing.T, d database, stores []*fixture, entries int64) {
	t.Helper()
	var heads []audit.Head
	for _, f := range stores {
		heads = append(heads, f.Heads()...)
		ok(t, f.Close())
	}
	if n := value[int64](t, d, "SELECT count(*) FROM audit"); n != entries {
		t.Errorf("%d entries of %d", n, entries)
	}
	if n := value[int64](t, d, "SELECT count(DISTINCT id) FROM audit"); n != entries {
		t.Errorf("%d different entries of %d", n, entries)
	}
	d.sound(t, heads...)
}

func TestProcessesHaveLanesOfTheirOwnAndGiveThemBack(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	a, b := open(t, d, ""), open(t, d, "")
	entries := writesOn(t, []*fixture{a, b}, 3)
	if got := leased(t, d); len(got) < 2 || len(slices.Compact(got)) != len(got) {
		t.Errorf("the lanes %v are leased", got)
	}
	ok(t, a.Close())
	eventually(t, func() bool { return !slices.Contains(leased(t, d), int32(a.Heads()[0].Lane)) })
	entries += writesOn(t, []*fixture{b}, 3)
	allSound(t, d, []*fixture{a, b}, entries)
	eventually(t, func() bool { return len(leased(t, d)) == 0 })
}

func TestProcessesThatLoseTheirLeasesCollideAndPart(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	a, b := open(t, d, ""), open(t, d, "")
	entries := writesOn(t, []*fixture{a}, 2)
	before := leased(t, d)
	// The connection is lost, but a does not notice: b is given the same lanes.
	a.loseLeases()
	eventually(t, func() bool { return len(leased(t, d)) == 0 })
	entries += writesOn(t, []*fixture{b}, 2)
	if got := leased(t, d); !slices.Contains(before, got[0]) {
		t.Fatalf("%v is another lane than of %v", got, before)
	}
	for range 3 {
		entries += writesOn(t, []*fixture{a, b}, 3)
	}
	got := leased(t, d)
	if len(got) != 2 && laneCount() == 1 {
		t.Errorf("the lanes %v are leased", got)
	}
	allSound(t, d, []*fixture{a, b}, entries)
}

// If the leases of a process are lost, two of its lanes must not share a number.
func TestEveryLaneIsLeasedAnewWhenTheLeasesAreLost(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var lanes []*lane
	for range 3 {
		l := &lane{store: f.Store, lease: noLease}
		lanes = append(lanes, l)
		ok(t, l.enters(1))
	}
	f.loseLeases()
	eventually(t, func() bool { return len(leased(t, f.db)) == 0 })
	// The last one finds its position taken. It gets the first one's lane, which nobody
	// leases any more.
	first, last := lanes[0], lanes[2]
	last.head.Seq = 0
	for range 3 {
		ok(t, last.enters(1))
		ok(t, first.enters(1))
	}
	if first.lease.lane == last.lease.lane {
		t.Errorf("two lanes of a process have the number %d", first.lease.lane)
	}
	got := leased(t, f.db)
	for _, l := range []*lane{first, last} {
		if !slices.Contains(got, int32(l.lease.lane)) {
			t.Errorf("lane %d is used, and %v are leased", l.lease.lane, got)
		}
	}
	heads := f.Heads()
	ok(t, f.Close())
	f.db.sound(t, heads...)
}

func TestALaneIsLeasedThoughTheConnectionWasLost(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ok(t, (&lane{store: f.Store, lease: noLease}).enters(1))
	f.loseLeases()
	eventually(t, func() bool { return len(leased(t, f.db)) == 0 })
	ok(t, (&lane{store: f.Store, lease: noLease}).enters(1))
}

// enters writes entries with a lane of the test's own.
func (l *lane) enters(n int) error {
	var jobs []*job
	for range n {
		jobs = append(jobs, &job{entry: entry("lane"), done: make(chan struct{})})
	}
	l.finish(jobs)
	for _, j := range jobs {
		if j.err != nil {
			return j.err
		}
	}
	return nil
}

// loseLeases ends the session of the leases without the store noticing.
func (f *fixture) loseLeases() {
	f.t.Helper()
	f.leases.mu.Lock()
	pid := f.leases.conn.PgConn().PID()
	f.leases.mu.Unlock()
	if !value[bool](f.t, database{owner: f.db.app}, "SELECT pg_terminate_backend($1)", int64(pid)) {
		f.t.Fatal("the session was not ended")
	}
}

func TestMoreProcessesThanLanesShareThem(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	a, b := open(t, d, ""), open(t, d, "")
	taken := d.leaseAll(t)
	entries := writesOn(t, []*fixture{a, b}, 4)
	taken()
	eventually(t, func() bool { return len(leased(t, d)) == 0 })
	entries += writesOn(t, []*fixture{a, b}, 2)
	allSound(t, d, []*fixture{a, b}, entries)
}

// leaseAll leases every lane.
func (d database) leaseAll(t *testing.T) (release func()) {
	t.Helper()
	return d.holding(t, "SELECT pg_advisory_lock($1::int8::int4, lane::int4) FROM generate_series(0, 63) AS lane", int64(laneLock))
}

func TestTwoProcessesOnOneLaneBothWrite(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	a, b := open(t, d, ""), open(t, d, "")
	release := d.leaseAll(t)
	lanes := []*lane{{store: a.Store}, {store: b.Store}}
	const each = 20
	for i, err := range together(2, func(i int) error {
		for range each {
			lanes[i].lease, lanes[i].known = lease{lane: 7}, false // wherever a collision took it
			if err := lanes[i].enters(1); err != nil {
				return err
			}
		}
		return nil
	}) {
		if err != nil {
			t.Errorf("process %d: %v", i, err)
		}
	}
	release()
	allSound(t, d, []*fixture{a, b}, 2*each)
}

// A lane has more positions than fit in a four-byte integer.
func TestALaneIsLongerThanAnInteger(t *testing.T) {
	t.Parallel()
	f := setup(t)
	l := &lane{store: f.Store, lease: noLease}
	ok(t, l.enters(1))
	f.db.exec(t, fmt.Sprintf("UPDATE audit SET seq = seq + %d WHERE lane = %d", math.MaxInt32, l.head.Lane))()
	l.known = false
	ok(t, l.enters(2))
	ok(t, l.enters(1))
	if want := int64(math.MaxInt32) + 4; l.head.Seq != want {
		t.Errorf("the last entry is at %d, want %d", l.head.Seq, want)
	}
}

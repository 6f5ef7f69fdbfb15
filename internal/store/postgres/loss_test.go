package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// lossy are kinds of writes that lose their connection. Each makes one entry.
var lossy = []struct {
	name string
	run  func(f *fixture, r equality.Record, e audit.Entry) error
	// again means that it is sent again until its outcome is known.
	again bool
	// adds is how many versions and events it adds.
	adds int64
}{
	{"create", func(f *fixture, r equality.Record, e audit.Entry) error {
		fresh := person()
		return f.writing(fresh, true, e)
	}, true, 1},
	{"change", func(f *fixture, r equality.Record, e audit.Entry) error {
		r.AgeGroup = "35-44"
		return f.writing(r, false, e)
	}, true, 1},
	{"read", func(f *fixture, r equality.Record, e audit.Entry) error {
		e.Touched = e.Touched.AppendID(r.ID)
		return f.Append(context.Background(), e)
	}, true, 0},
	{"load", func(f *fixture, r equality.Record, e audit.Entry) error {
		fresh := person()
		a, err := store.NewArrival(f.Keys, store.Opened{ID: fresh.ID, Target: fresh.TargetID, Record: fresh,
			Provenance: store.Provenance{Subject: e.Subject, Reason: "import"}}, uuid.New())
		if err != nil {
			return err
		}
		e.Action = audit.ActionImport
		landings, err := f.Load(context.Background(), store.Load{Arrivals: []store.Arrival{a}, Entry: e, Event: events.Created, Mark: "test",
			Position: func([]store.Landing) ([]byte, error) { return []byte{1}, nil }})
		if err == nil && (len(landings) != 1 || landings[0] != store.Landed) {
			err = errors.New("test: it was not stored")
		}
		return err
	}, false, 1},
}

// losses are moments at which a connection is lost.
var losses = []struct {
	name string
	cut  cut
	// held keeps the first transaction running in the server while it is sent again.
	held bool
	// commit cuts at the commit of a transaction of its own.
	commit bool
}{
	{"before the server has it", cut{}, false, false},
	{"behind the commit", cut{forward: true, answered: true}, false, false},
	{"while the server still works on it", cut{forward: true}, true, false},
	{"before the server has the commit of its own", cut{}, false, true},
	{"behind the commit of its own", cut{forward: true, answered: true}, false, true},
}

func TestAWriteWhoseConnectionIsLostIsDoneOnce(t *testing.T) {
	t.Parallel()
	for _, write := range lossy {
		for _, loss := range losses {
			if loss.commit == write.again {
				continue // what is sent again commits together with its entry
			}
			t.Run(write.name+" "+loss.name, func(t *testing.T) {
				t.Parallel()
				d := newDatabase(t)
				p, way := through(t, d.waitingLong())
				f := open(t, d, way)
				f.expected.Store(true) // the store reports that writing fails for a moment
				r := f.written(1)
				r.NationalInsuranceNumber = "QQ123456C"
				e := entry("lost")
				e.Subject = "mark-" + uuid.NewString()
				c := loss.cut
				c.mark = e.Subject
				if loss.commit {
					c.mark = "commit\x00"
				}
				release := func() {}
				if loss.held {
					release = d.holding(t, nextPlaces)
				}
				before := value[int64](t, d, countWritten)
				happened := p.cutAt(c)
				done := make(chan error, 1)
				go func() { done <- write.run(f, r, e) }()
				lost(t, happened)
				if loss.held {
					d.waiting(t, 1)
					if write.again {
						d.waiting(t, 2)
					}
					release()
				}
				err := <-done
				if err != nil && !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("the caller is told %v", err)
				}
				if err != nil && write.again {
					t.Errorf("it was not sent again: %v", err)
				}
				quiet(t, d)
				entries := value[int64](t, d, "SELECT count(*) FROM audit WHERE id = $1", e.ID[:])
				added := value[int64](t, d, countWritten) - before
				if err == nil && (entries != 1 || added != 2*write.adds) {
					t.Errorf("%d entries and %d versions and events more, of what was done once", entries, added)
				}
				if err != nil && (entries > 1 || added != 2*write.adds*entries) {
					t.Errorf("%d entries and %d versions and events more, of what may have been done", entries, added)
				}
				if all := value[int64](t, d, "SELECT count(*) FROM audit WHERE subject = $1", e.Subject); all != entries {
					t.Errorf("%d entries of the caller", all)
				}
				f.goesOn()
			})
		}
	}
}

// lost waits until a connection is cut.
func lost(t *testing.T, happened <-chan struct{}) {
	t.Helper()
	eventually(t, func() bool {
		select {
		case <-happened:
			return true
		default:
			return false
		}
	})
}

// nextPlaces takes the next position in every lane until its transaction ends: whoever
// appends there has to wait, in the middle of a transaction.
const nextPlaces = `INSERT INTO audit SELECT lane, 1 + coalesce((SELECT max(seq) FROM audit a WHERE a.lane = lanes.lane), 0),
	gen_random_uuid(), 0, '', '', '', '', '', '', gen_random_uuid(), gen_random_uuid(), 0, '', '', 0, gen_random_uuid(), '', '', ''
	FROM generate_series(0, 63) AS lanes (lane)`

// countWritten counts versions and events.
const countWritten = "SELECT (SELECT count(*) FROM record) + (SELECT count(*) FROM history) + (SELECT count(*) FROM outbox)"

// quiet waits until nothing is running in a database.
func quiet(t *testing.T, d database) {
	t.Helper()
	eventually(t, func() bool {
		return value[int64](t, d, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`) == 0
	})
}

// goesOn writes with every lane and checks that everything is sound.
func (f *fixture) goesOn() {
	f.t.Helper()
	for range 3 {
		f.written(2)
	}
	f.list()
	heads := f.Heads()
	ok(f.t, f.Close())
	f.db.sound(f.t, heads...)
}

func TestOthersInTheTransactionOfALostConnectionAreDoneOnce(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	p, way := through(t, d.waitingLong())
	f := open(t, d, way)
	f.expected.Store(true)
	changed := f.written(1)
	// While the first lane is busy the others wait, and so share a transaction.
	mark := "mark-" + uuid.NewString()
	var jobs []*job
	var entries []uuid.UUID
	for i := range 6 {
		e := entry("shared")
		entries = append(entries, e.ID)
		if i == 0 {
			e.Subject = mark
		}
		jobs = append(jobs, &job{entry: e, done: make(chan struct{})})
	}
	r, own := person(), entry("write")
	planned := func(found store.Opened, r equality.Record, e audit.Entry) *job {
		plan, err := store.NewPlan(f.Keys, found, func(c store.Opened) (store.Decision, error) {
			return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: r, Event: events.Updated}}, Entry: e}, nil
		})
		ok(t, err)
		return f.planned(plan, store.Command{ID: r.ID, Target: r.TargetID, EventID: uuid.New()})
	}
	jobs = append(jobs, planned(store.Opened{}, r, own))
	found, err := store.FindFor(t.Context(), tables{f.Store}, f.Keys, store.Command{ID: changed.ID})
	ok(t, err)
	changed.AgeGroup = "65-74"
	second := entry("write")
	jobs = append(jobs, planned(found, changed, second))
	entries = append(entries, own.ID, second.ID)
	release := d.holding(t, nextPlaces)
	happened := p.cutAt(cut{mark: mark, forward: true})
	l := &lane{store: f.Store, lease: noLease}
	go func() {
		l.finish(jobs)
		for _, j := range jobs {
			close(j.done)
		}
	}()
	lost(t, happened)
	d.waiting(t, 2)
	release()
	for i, j := range jobs {
		<-j.done
		if j.err != nil {
			t.Errorf("job %d: %v", i, j.err)
		}
	}
	for _, id := range entries {
		if n := value[int64](t, d, "SELECT count(*) FROM audit WHERE id = $1", id[:]); n != 1 {
			t.Errorf("%d times the entry %v", n, id)
		}
	}
	f.goesOn()
}

// A server that stops answering without closing its connections keeps nobody waiting longer
// than a transaction may take.
func TestAServerThatFallsSilentMakesTheStoreUnavailable(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits as long as a transaction may take")
	}
	d := newDatabase(t)
	p, way := through(t, d.app)
	f := open(t, d, way)
	f.expected.Store(true)
	r := f.written(2)
	_, err := f.Leads(t.Context())
	ok(t, err)
	p.silence(true)
	start := time.Now()
	ctx := context.Background()
	uses := []func() error{
		func() error { return f.Append(ctx, entry("silent")) },
		func() error { return f.writing(r, false, entry("silent")) },
		func() error { _, _, err := f.History(ctx, r.ID, 9, 9); return err },
		func() error { _, err := f.List(ctx, store.ListQuery{Limit: 9}, passed); return err },
		func() error { _, err := f.FeedAfter(ctx, 0, 9); return err },
		func() error { _, _, err := f.Remembered(ctx, [32]byte{1}); return err },
		func() error { _, err := f.Leads(ctx); return err },
		func() error { return f.Trim(ctx) },
	}
	for i, err := range together(len(uses), func(i int) error { return uses[i]() }) {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("caller %d: %v", i, err)
		}
	}
	if took := time.Since(start); took > 2*commitTimeout {
		t.Errorf("they waited %v", took)
	}
	p.silence(false)
	p.cutAll()
	eventually(t, func() bool { return f.Append(t.Context(), entry("again")) == nil })
	f.goesOn()
}

package relay_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/relay"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store/sqlite"
)

// bench is a relay between its own store and a topic.
type bench struct {
	t       *testing.T
	dir     string
	keys    *sealing.Keyset
	engine  *sqlite.Store
	service *service.Service
	feed    *service.Publication
	topic   *topic
	clock   struct {
		sync.Mutex
		now time.Time
	}
	reports reports
}

var rules = sync.OnceValues(func() (*equality.Rules, error) {
	lists, err := refdata.Load()
	if err != nil {
		return nil, err
	}
	return equality.NewRules(lists)
})

func setup(t *testing.T) *bench {
	t.Helper()
	r, err := rules()
	ok(t, err)
	b := &bench{t: t, dir: t.TempDir(), topic: &topic{away: map[uuid.UUID]error{}}}
	b.clock.now = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	b.keys, err = sealing.Generate()
	ok(t, err)
	b.engine, err = sqlite.Open(t.Context(), sqlite.Options{
		Dir: b.dir, Keys: b.keys, Now: b.now, KeyRetention: time.Hour, EventRetention: 24 * time.Hour,
		Report: func(what string, err error) { t.Errorf("%s: %v", what, err) },
	})
	ok(t, err)
	t.Cleanup(func() { ok(t, b.engine.Close()) })
	b.service = service.New(b.engine, service.Options{Rules: r, Keys: b.keys, Now: b.now})
	b.feed, err = b.service.StartPublication(b.access(service.Publish, identity.EventsPublish), "test")
	ok(t, err)
	return b
}

func (b *bench) now() time.Time {
	b.clock.Lock()
	defer b.clock.Unlock()
	return b.clock.now
}

func (b *bench) advance(d time.Duration) {
	b.clock.Lock()
	defer b.clock.Unlock()
	b.clock.now = b.clock.now.Add(d)
}

// pass lets time pass, as the store sees it: it looks at the clock every so often, and
// deletes what has expired.
func (b *bench) pass(hours int) {
	b.t.Helper()
	for range hours {
		b.advance(time.Hour)
		ok(b.t, b.engine.Trim(b.t.Context()))
	}
}

func (b *bench) access(action service.Action, permissions ...identity.Permission) service.Access {
	b.t.Helper()
	a, err := b.service.Authorise(b.t.Context(), service.Request{Caller: identity.Caller{Subject: "test", Kind: identity.Service}.With(permissions...), CorrelationID: uuid.New()}, action)
	ok(b.t, err)
	return a
}

// create creates a person's record.
func (b *bench) create() uuid.UUID {
	b.t.Helper()
	target := uuid.New()
	_, err := b.service.CreateRecord(b.t.Context(), b.access(service.Create, identity.EqualityWrite, identity.EqualityRead),
		service.Write{Body: fmt.Appendf(nil, `{"targetId":%q}`, target)})
	ok(b.t, err)
	return target
}

// change changes a record several times.
func (b *bench) change(target uuid.UUID, times int) {
	b.t.Helper()
	for n := range times {
		_, err := b.service.ChangeRecord(b.t.Context(), b.access(service.Change, identity.EqualityWrite, identity.EqualityRead),
			service.Write{ID: target, Body: fmt.Appendf(nil, `{"disabled":%t}`, n%2 == 0)})
		ok(b.t, err)
	}
}

// run publishes until it is stopped, or the test ends.
func (b *bench) run(change ...func(*relay.Options)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	o := relay.Options{
		Feed: b.feed, Topic: b.topic, Report: b.reports.report, Published: func() {}, Stands: func(int, time.Time) {},
		Wanted:  func(kind string) bool { return kind == events.Created || kind == events.Updated },
		Compose: func(e events.Event, _ *service.Shown, now service.Shown) []byte { return fmt.Append(nil, now.Version) },
	}
	for _, f := range change {
		f(&o)
	}
	var running sync.WaitGroup
	running.Go(func() { relay.New(o).Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); running.Wait() })
	b.t.Cleanup(stop)
	return stop
}

// progress waits until the progress satisfies a condition.
func (b *bench) progress(is func(relay.Progress) bool) relay.Progress {
	b.t.Helper()
	var p relay.Progress
	eventually(b.t, func() bool {
		var err error
		p, err = relay.Load(b.t.Context(), b.feed)
		ok(b.t, err)
		return is(p)
	})
	return p
}

// update changes the progress, as the commands do.
func (b *bench) update(change func(*relay.Progress) error) {
	b.t.Helper()
	_, err := relay.Update(b.t.Context(), b.feed, change)
	ok(b.t, err)
}

// entries are the entries in the access log with an action.
func (b *bench) entries(action string) (found []audit.Entry) {
	b.t.Helper()
	log, err := sqlite.OpenLog(b.t.Context(), b.dir, b.keys)
	ok(b.t, err)
	defer func() { ok(b.t, log.Close()) }()
	ok(b.t, log.Entries(b.t.Context(), func(l audit.Logged) error {
		if l.Entry.Action == action {
			found = append(found, l.Entry)
		}
		return nil
	}))
	return found
}

// shown is how many records an entry names.
func shown(e audit.Entry) int {
	items, err := e.Touched.Items()
	if err != nil {
		panic(err)
	}
	return len(items)
}

// exec changes the database behind the program's back.
func (b *bench) exec(statement string, args ...any) {
	b.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.dir, sqlite.DatabaseFile)+"?_pragma=busy_timeout(5000)")
	ok(b.t, err)
	defer db.Close()
	_, err = db.ExecContext(b.t.Context(), statement, args...)
	ok(b.t, err)
}

// topic accepts messages, unless a test makes it refuse them.
type topic struct {
	mu    sync.Mutex
	taken []relay.Message
	down  error
	away  map[uuid.UUID]error // by group
	hang  chan struct{}       // until it is closed; nil does not hang
}

func (s *topic) Publish(_ context.Context, m relay.Message) error {
	if s.hang != nil {
		<-s.hang
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := errors.Join(s.down, s.away[m.Group]); err != nil {
		return err
	}
	s.taken = append(s.taken, m)
	return nil
}

// set changes how the topic responds.
func (s *topic) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// versions are the versions of a person's record that the topic received.
func (s *topic) versions(group uuid.UUID) (told string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.taken {
		if m.Group == group {
			told += string(m.Body) + " "
		}
	}
	return told
}

// reports are the reports of the relay.
type reports struct {
	mu   sync.Mutex
	what []string
}

func (r *reports) report(what string, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.what = append(r.what, what)
}

func (r *reports) has(what string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Contains(r.what, what)
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come to be")
		}
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

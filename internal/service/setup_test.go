package service

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/etag"
	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/sqlite"
)

// start is the initial time of a test's clock.
var start = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

// clock is a clock that the test sets.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var rules = sync.OnceValues(func() (*equality.Rules, error) {
	lists, err := refdata.Load()
	if err != nil {
		return nil, err
	}
	return equality.NewRules(lists)
})

// bench is a service with its own store.
type bench struct {
	*Service
	engine *sqlite.Store
	dir    string
	clock  *clock
}

// setup opens a service on a new database.
func setup(t testing.TB, change ...func(*Options)) *bench {
	t.Helper()
	r, err := rules()
	if err != nil {
		t.Fatal(err)
	}
	keys, err := sealing.Generate()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{dir: t.TempDir(), clock: &clock{now: start}}
	b.engine, err = sqlite.Open(t.Context(), sqlite.Options{
		Dir: b.dir, Keys: keys, Now: b.clock.Now, KeyRetention: 24 * time.Hour, EventRetention: 90 * 24 * time.Hour,
		Report: func(what string, err error) { t.Errorf("%s: %v", what, err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.engine.Close(); err != nil {
			t.Error(err)
		}
	})
	o := Options{Rules: r, Keys: keys, Now: b.clock.Now}
	for _, f := range change {
		f(&o)
	}
	b.Service = New(b.engine, o)
	return b
}

// Callers, each with its own subject and the permissions of the built-in role of that name.
var (
	officer    = inRole("officer")
	support    = inRole("support")
	governance = inRole("governance")
	writer     = with(identity.EqualityWrite)
)

func inRole(role string) identity.Caller {
	return identity.Caller{Subject: role, Name: "An invented " + role, Kind: identity.Person}.WithRoles(role)
}

func with(permissions ...identity.Permission) identity.Caller {
	return identity.Caller{Subject: "somebody", Kind: identity.Person}.With(permissions...)
}

// as returns a caller's access, which must be granted.
func (b *bench) as(t testing.TB, c identity.Caller, action Action) Access {
	t.Helper()
	a, err := b.Authorise(t.Context(), Request{Caller: c, CorrelationID: uuid.New()}, action)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// body is the body of a create; members begins with a comma unless it is empty.
func body(target uuid.UUID, members string) []byte {
	return []byte(`{"targetId":"` + target.String() + `"` + members + `}`)
}

// create makes a record with random ids.
func (b *bench) create(t testing.TB, members string) store.Opened {
	t.Helper()
	w, err := b.CreateRecord(t.Context(), b.as(t, officer, Create), Write{ID: uuid.New(), Body: body(uuid.New(), members), Reason: ChangeReasons[0]})
	if err != nil {
		t.Fatal(err)
	}
	return w.Opened
}

// change changes a record as an officer.
func (b *bench) change(t testing.TB, id uuid.UUID, patch string) store.Opened {
	t.Helper()
	w, err := b.ChangeRecord(t.Context(), b.as(t, officer, Change), Write{ID: id, Body: []byte(patch), Reason: ChangeReasons[0]})
	if err != nil {
		t.Fatal(err)
	}
	return w.Opened
}

// read reads a record as an officer.
func (b *bench) read(t testing.TB, id uuid.UUID) store.Opened {
	t.Helper()
	v, err := b.Read(t.Context(), b.as(t, officer, Read), Lookup{ID: id})
	if err != nil {
		t.Fatal(err)
	}
	if v.Record, err = v.record(); err != nil {
		t.Fatal(err)
	}
	return v.Opened
}

// record returns the record that a caller is shown.
func (v Shown) record() (r equality.Record, err error) {
	err = json.Unmarshal(v.Text, &r)
	return r, err
}

// onlyIDs reports whether a caller is shown nothing but a record's ids.
func onlyIDs(t testing.TB, v Shown) bool {
	t.Helper()
	r, err := v.record()
	return err == nil && bare(r)
}

// bare reports whether only a record's ids are left.
func bare(r equality.Record) bool {
	return len(r.Members()) == 0
}

// erase erases a record.
func (b *bench) erase(t testing.TB, id uuid.UUID) {
	t.Helper()
	if _, err := b.EraseRecord(t.Context(), b.as(t, governance, Erase), Erasure{ID: id, Reason: ErasureReasons[0]}); err != nil {
		t.Fatal(err)
	}
}

// log returns the access log.
func (b *bench) log(t testing.TB) (entries []audit.Entry) {
	t.Helper()
	log, err := sqlite.OpenLog(t.Context(), b.dir, b.Keys)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	report, err := audit.Verify(t.Context(), b.Keys, log, nil)
	if err != nil || !report.OK() {
		t.Fatalf("the access log failed verification: %v %v", err, report)
	}
	err = log.Entries(t.Context(), func(l audit.Logged) error {
		entries = append(entries, l.Entry)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// last returns the latest entry of the access log.
func (b *bench) last(t testing.TB) audit.Entry {
	t.Helper()
	entries := b.log(t)
	if len(entries) == 0 {
		t.Fatal("the access log is empty")
	}
	return entries[len(entries)-1]
}

// feed returns all events.
func (b *bench) feed(t testing.TB) []events.Event {
	t.Helper()
	var events []events.Event
	cursor := ""
	for {
		f, err := b.ReadFeed(t.Context(), b.as(t, support, ReadEvents), cursor, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Events) == 0 {
			return events
		}
		events, cursor = append(events, f.Events...), f.Next
	}
}

func at(version int64) *etag.List {
	return &etag.List{Tags: []string{etag.Version(version)}}
}

// asError is errors.As with the type as a parameter.
func asError[E error](t testing.TB, err error) E {
	t.Helper()
	var e E
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a %T", err, e)
	}
	return e
}

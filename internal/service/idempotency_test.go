package service

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

func TestConcurrentRetriesDoOneWrite(t *testing.T) {
	t.Parallel()
	const retries = 40
	b := setup(t)
	existing := b.create(t, "")
	target := uuid.New()
	for _, c := range []struct {
		name string
		do   func() (Shown, error)
	}{
		{"create", func() (Shown, error) {
			return b.CreateRecord(t.Context(), b.as(t, officer, Create), Write{Body: body(target, ""), Reason: ChangeReasons[0], Key: "k", Operation: "POST /"})
		}},
		{"change", func() (Shown, error) {
			return b.ChangeRecord(t.Context(), b.as(t, officer, Change),
				Write{ID: existing.ID, Body: []byte(`{"disabled":true}`), Reason: ChangeReasons[0], Key: "k", Operation: "PATCH /"})
		}},
	} {
		before := len(b.feed(t))
		var done sync.WaitGroup
		var first, replayed atomic.Int64
		for range retries {
			done.Go(func() {
				switch w, err := c.do(); {
				case err != nil:
					t.Errorf("%s: %v", c.name, err)
				case w.Created != (c.name == "create"):
					t.Errorf("%s: created is %t", c.name, w.Created)
				case w.Replayed:
					replayed.Add(1)
				default:
					first.Add(1)
				}
			})
		}
		done.Wait()
		if first.Load() != 1 || replayed.Load() != retries-1 {
			t.Errorf("%s: %d done, %d replayed", c.name, first.Load(), replayed.Load())
		}
		if n := len(b.feed(t)) - before; n != 1 {
			t.Errorf("%s: %d events", c.name, n)
		}
	}
	if n := len(b.flights.running); n != 0 {
		t.Errorf("%d keys are still held", n)
	}
}

func TestWaitingForAnotherRequestEndsWithTheContext(t *testing.T) {
	t.Parallel()
	f := flights{running: make(map[[32]byte]chan struct{})}
	release, err := f.acquire(t.Context(), [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := f.acquire(ctx, [32]byte{1}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if other, err := f.acquire(t.Context(), [32]byte{2}); err != nil {
		t.Errorf("another key waits: %v", err)
	} else {
		other()
	}
	release()
	if again, err := f.acquire(t.Context(), [32]byte{1}); err != nil {
		t.Error(err)
	} else {
		again()
	}
}

func TestKeyBelongsToCallerOperationAndBody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(t, "").ID
	const body = `{"disabled":true}`
	colleague := officer
	colleague.Subject = "another officer"
	machine := officer
	machine.Kind = identity.Service
	for _, c := range []struct {
		name           string
		caller         identity.Caller
		operation, key string
		body           string
		replayed       bool
		err            error
	}{
		{name: "first", caller: officer, operation: "PATCH /a", key: "k", body: body},
		{name: "retry", caller: officer, operation: "PATCH /a", key: "k", body: body, replayed: true},
		{name: "another key", caller: officer, operation: "PATCH /a", key: "K", body: body},
		{name: "another operation", caller: officer, operation: "PATCH /b", key: "k", body: body},
		{name: "the border between operation and key moved", caller: officer, operation: "PATCH /", key: "ak", body: body},
		{name: "another caller", caller: colleague, operation: "PATCH /a", key: "k", body: body},
		{name: "a machine with the person's subject", caller: machine, operation: "PATCH /a", key: "k", body: body},
		{name: "another body", caller: officer, operation: "PATCH /a", key: "k", body: `{"disabled":false}`, err: ErrKeyReused},
		{name: "a body that means the same", caller: officer, operation: "PATCH /a", key: "k", body: `{"disabled": true}`, err: ErrKeyReused},
		{name: "a body that is not valid", caller: officer, operation: "PATCH /a", key: "k", body: `{`, err: ErrKeyReused},
		{name: "no key", caller: officer, operation: "PATCH /a", body: body},
	} {
		w, err := b.ChangeRecord(t.Context(), b.as(t, c.caller, Change),
			Write{ID: id, Body: []byte(c.body), Reason: ChangeReasons[0], Key: c.key, Operation: c.operation})
		if !errors.Is(err, c.err) || w.Replayed != c.replayed {
			t.Errorf("%s: replayed is %t, %v", c.name, w.Replayed, err)
		}
	}
}

// day lets 24 hours pass, as the store sees it: it looks at the clock every so often.
func (b *bench) day(t *testing.T) {
	t.Helper()
	for range 48 {
		b.clock.advance(time.Hour / 2)
		if err := b.engine.Trim(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestKeyIsForgottenAfterItsRetention(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(t, `,"disabled":false`).ID
	change := func() (Shown, error) {
		return b.ChangeRecord(t.Context(), b.as(t, officer, Change),
			Write{ID: id, Body: []byte(`{"disabled":true}`), Reason: ChangeReasons[0], Key: "k", Operation: "PATCH"})
	}
	if w, err := change(); err != nil || w.Replayed {
		t.Fatal(w, err)
	}
	b.change(t, id, `{"disabled":false}`)
	b.day(t)
	if w, err := change(); err != nil || !w.Replayed || w.Version != 1 {
		t.Errorf("after 24 hours: %+v, %v", w, err)
	}
	b.clock.advance(time.Microsecond)
	if w, err := change(); err != nil || w.Replayed || w.Version != 3 {
		t.Errorf("after more than 24 hours: %+v, %v", w, err)
	}
	// The new outcome has replaced the old one, and is kept for its own time.
	b.day(t)
	if w, err := change(); err != nil || !w.Replayed || w.Version != 3 {
		t.Errorf("the second retry: %+v, %v", w, err)
	}
}

func TestReplayIsTheVersionThatWasWritten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := uuid.New()
	create := func(c identity.Caller) (Shown, error) {
		return b.CreateRecord(t.Context(), b.as(t, c, Create), Write{
			Body: body(target, `,"nationalInsuranceNumber":"QQ123456C"`), Reason: ChangeReasons[0], Key: "k", Operation: "POST"})
	}
	if w, err := create(officer); err != nil || w.Record.NationalInsuranceNumber == "" {
		t.Fatal(w, err)
	}
	b.change(t, target, `{"disabled":true,"nationalInsuranceNumber":"QQ654321A"}`)

	w, err := create(officer)
	if err != nil || !w.Replayed || !w.Created || w.Version != 0 || w.Record.NationalInsuranceNumber != "QQ123456C" {
		t.Errorf("%+v, %v", w, err)
	}
	if e := b.last(t); e.Outcome != audit.Replayed || e.Status != 201 || e.Version != 0 || e.Record != w.ID {
		t.Errorf("the access log says %+v", e)
	}
	// As the caller's permissions now allow.
	lesser := identity.Caller{Subject: officer.Subject, Kind: officer.Kind}.With(identity.EqualityWrite)
	if w, err = create(lesser); err != nil || !w.Replayed || w.Record.NationalInsuranceNumber != "" {
		t.Errorf("without nino:read: %+v, %v", w, err)
	}
	b.erase(t, target)
	if w, err = create(officer); !errors.Is(err, ErrErased) || !w.Replayed {
		t.Errorf("once erased: %+v, %v", w, err)
	}
	if e := b.last(t); e.Outcome != audit.Replayed || e.Status != 410 {
		t.Errorf("once erased the access log says %+v", e)
	}
}

func TestRefusalIsReplayed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		// arrange returns a write that is refused, and a function that makes it possible.
		arrange func(*testing.T, *bench) (w Write, create bool, relent func())
		is      func(*testing.T, error)
	}{
		{"not found", 404, func(t *testing.T, b *bench) (Write, bool, func()) {
			id := uuid.New()
			return Write{ID: id, Body: []byte(`{"disabled":true}`)}, false, func() {
				if _, err := b.CreateRecord(t.Context(), b.as(t, officer, Create), Write{Body: body(id, ""), Reason: ChangeReasons[0]}); err != nil {
					t.Fatal(err)
				}
			}
		}, is(ErrNotFound)},
		{"erased", 410, func(t *testing.T, b *bench) (Write, bool, func()) {
			record := b.create(t, "")
			b.erase(t, record.ID)
			return Write{ID: record.ID, Body: []byte(`{"disabled":true}`)}, false, func() {}
		}, is(ErrErased)},
		{"version", 412, func(t *testing.T, b *bench) (Write, bool, func()) {
			id := b.create(t, "").ID
			w := Write{ID: id, Body: []byte(`{"disabled":true}`)}
			w.IfMatch = at(1)
			return w, false, func() { b.change(t, id, `{"disabled":false}`) }
		}, func(t *testing.T, err error) {
			if v := asError[*VersionError](t, err).Version; v != 0 {
				t.Errorf("version %d", v)
			}
		}},
		{"conflict", 409, func(t *testing.T, b *bench) (Write, bool, func()) {
			record := b.create(t, "")
			return Write{Body: body(record.Target, "")}, true, func() { b.erase(t, record.ID) }
		}, func(t *testing.T, err error) {
			if asError[*ConflictError](t, err).Existing == uuid.Nil {
				t.Error("the existing record is not named")
			}
		}},
		{"id of an erased record", 409, func(t *testing.T, b *bench) (Write, bool, func()) {
			record := b.create(t, "")
			b.erase(t, record.ID)
			return Write{ID: record.ID, Body: body(uuid.New(), "")}, true, func() {}
		}, func(t *testing.T, err error) {
			if id := asError[*ConflictError](t, err).Existing; id != uuid.Nil {
				t.Errorf("names %s", id)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			w, create, relent := c.arrange(t, b)
			w.Key, w.Operation, w.Reason = "k", "it", ChangeReasons[0]
			do := func() (Shown, error) {
				if create {
					return b.CreateRecord(t.Context(), b.as(t, officer, Create), w)
				}
				return b.ChangeRecord(t.Context(), b.as(t, officer, Change), w)
			}
			written, err := do()
			c.is(t, err)
			if e := b.last(t); written.Replayed || e.Status != c.status {
				t.Errorf("first: %+v, the access log says %+v", written, e)
			}
			relent()
			written, err = do()
			c.is(t, err)
			if e := b.last(t); !written.Replayed || e.Outcome != audit.Replayed || e.Status != c.status {
				t.Errorf("retry: %+v, the access log says %+v", written, e)
			}
		})
	}
}

func is(want error) func(*testing.T, error) {
	return func(t *testing.T, err error) {
		if !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// A write refused by validation, or for lack of a permission, may be retried with the same
// key.
func TestOtherRefusalsAreNotRemembered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(t, `,"nationalInsuranceNumber":"QQ123456C"`).ID
	retry := func(name string, c identity.Caller, w Write, want error) {
		t.Helper()
		w.ID, w.Reason, w.Operation, w.Key = id, ChangeReasons[0], "PATCH", name
		written, err := b.ChangeRecord(t.Context(), b.as(t, c, Change), w)
		if written.Replayed || !errors.Is(err, want) {
			t.Errorf("%s: %+v, %v", name, written, err)
		}
	}
	number := Write{Body: []byte(`{"nationalInsuranceNumber":"QQ654321A"}`)}
	lesser := identity.Caller{Subject: officer.Subject, Kind: officer.Kind}.With(identity.EqualityWrite)
	retry("nino", lesser, number, ErrNINOForbidden)
	retry("nino", officer, number, nil)

	b.RequireIfMatch = true
	change := Write{Body: []byte(`{"disabled":true}`)}
	retry("428", officer, change, ErrPreconditionRequired)
	change.IfMatch = at(1)
	retry("428", officer, change, nil)
}

// blind does not see what another process has remembered since its last look-up.
type blind struct {
	Store
	times int // how often
}

func (s *blind) Remembered(ctx context.Context, key [32]byte) (store.Remembered, bool, error) {
	if s.times--; s.times >= 0 {
		return store.Remembered{}, false, nil
	}
	return s.Store.Remembered(ctx, key)
}

func TestKeyThatAnotherProcessTookIsLookedUpAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := uuid.New()
	w := Write{Body: body(target, ""), Reason: ChangeReasons[0], Key: "k", Operation: "POST"}
	if _, err := b.CreateRecord(t.Context(), b.as(t, officer, Create), w); err != nil {
		t.Fatal(err)
	}
	change := Write{ID: target, Body: []byte(`{"disabled":true}`), Reason: ChangeReasons[0], Key: "k", Operation: "PATCH"}
	if _, err := b.ChangeRecord(t.Context(), b.as(t, officer, Change), change); err != nil {
		t.Fatal(err)
	}
	b.change(t, target, `{"disabled":false}`)
	before := len(b.feed(t))
	for _, c := range []struct {
		times int
		want  error
	}{{1, nil}, {2, ErrUnavailable}} {
		second := New(&blind{b.engine, c.times}, b.Options)
		written, err := second.ChangeRecord(t.Context(), b.as(t, officer, Change), change)
		if !errors.Is(err, c.want) || written.Replayed != (c.want == nil) {
			t.Errorf("change, blind %d times: %+v, %v", c.times, written, err)
		}
	}
	second := New(&blind{b.engine, 1}, b.Options)
	if written, err := second.CreateRecord(t.Context(), b.as(t, officer, Create), w); err != nil || !written.Replayed {
		t.Errorf("create: %+v, %v", written, err)
	}
	if n := len(b.feed(t)); n != before {
		t.Errorf("%d events more", n-before)
	}
}

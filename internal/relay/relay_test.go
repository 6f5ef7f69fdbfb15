package relay_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/relay"
	"equality-information-api/internal/service"
)

func (b *bench) told(group uuid.UUID, versions string) {
	b.t.Helper()
	eventually(b.t, func() bool { return len(b.topic.versions(group)) >= len(versions) })
	if got := b.topic.versions(group); got != versions {
		b.t.Errorf("told are %q, want %q", got, versions)
	}
}

func none(p relay.Progress) bool { return p.Position > 0 && len(p.Held) == 0 }

func TestEachChangeOnceInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.create(), b.create()
	b.change(one, 3)
	stop := b.run()
	b.told(one, "0 1 2 3 ")
	b.change(two, 2)
	b.told(two, "0 1 2 ")
	stop()
	b.change(one, 1) // true, as it is: no event
	b.change(two, 1)
	last := b.progress(none).Position
	b.run()
	b.progress(func(p relay.Progress) bool { return p.Position > last })
	b.told(one, "0 1 2 3 ")
	b.told(two, "0 1 2 3 ")
	// Each page has one entry, with the records that were opened for it, each once.
	pages := b.entries("publish")
	records := 0
	for _, e := range pages {
		if e.Scope != "test" || e.Subject != "test" || e.Permission != "events:publish" || shown(e) > 2 {
			t.Errorf("entry %+v", e)
		}
		records += shown(e)
	}
	if records < 2 || records < len(pages) {
		t.Errorf("%d entries name %d records", len(pages), records)
	}
}

func TestWhatIsNotWantedIsPassedOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.create()
	b.change(one, 1)
	b.run(func(o *relay.Options) { o.Wanted = func(kind string) bool { return kind == events.Updated } })
	b.told(one, "1 ")
	b.progress(func(p relay.Progress) bool { return p.Position == 2 })
	if e := b.entries("publish"); len(e) != 1 || shown(e[0]) != 1 {
		t.Errorf("entries %+v", e)
	}
}

func TestTopicThatIsAwayLosesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.create()
	b.topic.down = errors.New("away")
	b.change(one, 2)
	b.run()
	eventually(t, func() bool { return b.reports.has("publishing events failed and will be tried again") })
	b.change(one, 1)
	b.topic.set(func() { b.topic.down = nil })
	b.told(one, "0 1 2 3 ")
	if !b.reports.has("publishing events works again") {
		t.Error("it is not told that it works again")
	}
	b.progress(none)
	for _, e := range b.entries("publish")[1:] {
		if n := shown(e); n > 4 {
			t.Errorf("%d records were opened for one try", n)
		}
	}
}

func TestRefusedMessageHoldsItsPersons(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.create(), b.create()
	b.topic.away[one] = &relay.Refusal{Code: "No"}
	b.change(one, 1)
	b.change(two, 2)
	b.run()
	b.told(two, "0 1 2 ")
	p := b.progress(func(p relay.Progress) bool { return len(p.Held) == 2 })
	if p.Held[0].Why != "No" || p.Held[0].Behind() || !p.Held[1].Behind() || p.Held[0].Target != one {
		t.Errorf("held are %+v", p.Held)
	}
	// The first retry fails and the second succeeds; later held events follow.
	again := func() { b.update(func(p *relay.Progress) error { p.Retry(); return nil }) }
	again()
	b.change(two, 1)
	b.progress(func(p relay.Progress) bool { return len(p.Held) == 2 && !p.Held[0].Again })
	b.change(one, 2)
	b.progress(func(p relay.Progress) bool { return len(p.Held) == 3 })
	b.topic.set(func() { delete(b.topic.away, one) })
	again()
	b.change(two, 2) // news, so that it is seen at once
	b.told(one, "0 1 2 ")
	b.progress(none)
	b.change(one, 1)
	b.change(two, 1)
	b.told(one, "0 1 2 3 ")
}

func TestDroppedEventLetsTheOthersGo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.create()
	b.topic.away[one] = &relay.Refusal{Code: "No"}
	b.change(one, 2)
	stop := b.run()
	p := b.progress(func(p relay.Progress) bool { return len(p.Held) == 3 })
	stop()
	b.topic.set(func() { delete(b.topic.away, one) })
	b.update(func(at *relay.Progress) error { return at.Drop(p.Held[0].Event) })
	if _, err := relay.Update(t.Context(), b.feed, func(at *relay.Progress) error { return at.Drop(p.Held[0].Event) }); !errors.Is(err, relay.ErrNotHeld) {
		t.Errorf("dropped twice: %v", err)
	}
	b.run()
	b.told(one, "1 2 ")
	b.progress(none)
}

func TestRecordThatCannotBeOpenedHoldsItsPersons(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.create(), b.create()
	b.exec("UPDATE record SET sealed = x'00' WHERE target = ?", one[:])
	b.run()
	b.told(two, "0 ")
	p := b.progress(func(p relay.Progress) bool { return len(p.Held) == 1 })
	if p.Held[0].Target != one || p.Held[0].Why != "record-unreadable" {
		t.Errorf("held is %+v", p.Held)
	}
}

func TestNothingOfAnErasedPersonLeaves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.create(), b.create()
	_, err := b.service.EraseRecord(t.Context(), b.access(service.Erase, identity.EqualityErase),
		service.Erasure{ID: one, Reason: service.ErasureReasons[0]})
	ok(t, err)
	b.run()
	b.told(two, "0 ")
	b.progress(func(p relay.Progress) bool { return p.Position == 3 && len(p.Held) == 0 }) // past the erasure's own event
	b.told(one, "")
}

func TestHeldEventPastItsRetentionIsTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.create()
	b.topic.away[one] = &relay.Refusal{Code: "No"}
	stop := b.run()
	b.progress(func(p relay.Progress) bool { return len(p.Held) == 1 })
	stop()
	b.pass(25)
	b.update(func(p *relay.Progress) error { p.Retry(); return nil })
	b.run()
	b.progress(none)
	if !b.reports.has("a held event has expired") {
		t.Errorf("reported %v", b.reports.what)
	}
}

func TestEventsThatWereNeverPublishedAndAreGoneAreTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.create()
	stop := b.run()
	b.told(one, "0 ")
	b.progress(none)
	stop()
	b.change(one, 2)
	b.pass(25)
	two := b.create()
	b.run()
	b.told(two, "0 ")
	if !b.reports.has("events expired before they were published") {
		t.Errorf("reported %v", b.reports.what)
	}
}

// When too many events are held, publishing stops.
func TestRelayStopsWhereTooMuchIsHeld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.create()
	b.update(func(p *relay.Progress) error {
		for n := range 1000 {
			p.Held = append(p.Held, relay.Held{Position: int64(-n - 1), Event: uuid.New(), Target: uuid.New(), Why: "No"})
		}
		return nil
	})
	two := b.create()
	b.topic.away[two] = &relay.Refusal{Code: "No"}
	b.run()
	b.told(one, "0 ")
	eventually(t, func() bool { return b.reports.has("publishing events failed and will be tried again") })
	p := b.progress(func(p relay.Progress) bool { return p.Position == 1 })
	if len(p.Held) != 1000 {
		t.Errorf("%d are held", len(p.Held))
	}
	b.update(func(p *relay.Progress) error { return p.Drop(p.Held[0].Event) })
	b.progress(func(p relay.Progress) bool { return p.Position == 2 && len(p.Held) == 1000 })
}

// What an event has waited grows while the topic hangs, not only when it has responded.
func TestWaitingIsToldBeforeTheTopicResponds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	oldest := make(chan time.Time, 100)
	b.topic.hang = make(chan struct{})
	b.run(func(o *relay.Options) { o.Stands = func(_ int, at time.Time) { oldest <- at } })
	b.create()
	b.create()
	first := b.now()
	next := func() time.Time {
		t.Helper()
		select {
		case at := <-oldest:
			return at
		case <-time.After(20 * time.Second):
			t.Fatal("nothing is told")
			panic("unreachable")
		}
	}
	at := next()
	for at.IsZero() { // before the first record was there
		at = next()
	}
	if !at.Equal(first) {
		t.Errorf("%v has waited longest, want the first event's %v", at, first)
	}
	close(b.topic.hang)
	for !next().IsZero() {
	}
}

// follows is a feed that another process is publishing.
type follows struct{ relay.Feed }

func (follows) Leads(context.Context) (bool, error) { return false, nil }

func TestWhoDoesNotLeadPublishesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	asked := make(chan bool, 10)
	one := b.create()
	stop := b.run(func(o *relay.Options) {
		o.Feed = follows{b.feed}
		o.Stands = func(int, time.Time) { asked <- true }
	})
	<-asked
	stop()
	b.told(one, "")
	if got := b.entries("publish"); len(got) > 0 {
		t.Errorf("entered was %v", got)
	}
}

func TestPermissionToPublish(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.service.StartPublication(service.Access{}, ""); !errors.Is(err, service.ErrForbidden) {
		t.Errorf("without access: %v", err)
	}
	if _, err := b.service.StartPublication(b.access(service.Read, "equality:read"), ""); !errors.Is(err, service.ErrForbidden) {
		t.Errorf("with another: %v", err)
	}
	dropping, err := b.service.StartPublication(b.access(service.DropEvent, "events:publish"), "")
	ok(t, err)
	b.create()
	page, _, err := dropping.EventsAfter(t.Context(), 0, 1, 0, func(events.Event) bool { return true })
	ok(t, err)
	if _, _, err := dropping.Changed(t.Context(), page[0]); !errors.Is(err, service.ErrForbidden) {
		t.Errorf("who drops events opens a record: %v", err)
	}
	if got := b.entries("drop-event"); len(got) != 1 {
		t.Errorf("entries %v", got)
	}
}

func TestChangesBesideEachOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	done := make(chan error)
	for range 4 {
		go func() {
			var err error
			for n := 0; n < 20 && err == nil; n++ {
				_, err = relay.Update(t.Context(), b.feed, func(p *relay.Progress) error { p.Position++; return nil })
			}
			done <- err
		}()
	}
	for range 4 {
		ok(t, <-done)
	}
	if p := b.progress(none); p.Position != 80 {
		t.Errorf("position %d", p.Position)
	}
	if _, err := relay.Parse([]byte("not JSON")); err == nil {
		t.Error("a place that is none was read")
	}
}

package service

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/store"
)

// The person of an erased record has a later one, which the erased record's id leads to
// where it was the person's id. What is asked for the erased one shows nothing of it.
func TestALaterRecordDoesNotStandInForAnErasedOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	target := uuid.New()
	w := Write{Body: body(target, `,"nationality":"british"`), Reason: ChangeReasons[0], Key: "first"}
	first, err := b.CreateRecord(t.Context(), b.as(t, officer, Create), w)
	if err != nil || first.ID != target {
		t.Fatalf("%v, %v", first.ID, err)
	}
	b.erase(t, target)
	later, err := b.CreateRecord(t.Context(), b.as(t, officer, Create), Write{Body: body(target, `,"nationality":"irish"`), Reason: ChangeReasons[0]})
	if err != nil || later.ID == target || later.Version != 1 {
		t.Fatalf("%v version %d, %v", later.ID, later.Version, err)
	}
	if again, err := b.CreateRecord(t.Context(), b.as(t, officer, Create), w); !errors.Is(err, ErrErased) || again.Text != nil {
		t.Errorf("the first create again: %s, %v", again.Text, err)
	}
	p, err := b.StartPublication(b.as(t, with(identity.EventsPublish), Publish), "a test")
	if err != nil {
		t.Fatal(err)
	}
	if _, now, err := p.Changed(t.Context(), events.Event{Record: target, Version: 0, Type: events.Created}); !errors.Is(err, ErrErased) {
		t.Errorf("the first create's message: %s, %v", now.Text, err)
	}
	if _, now, err := p.Changed(t.Context(), events.Event{Record: later.ID, Version: 1, Type: events.Created}); err != nil || now.State != store.Present {
		t.Errorf("the later one's message: %v, %v", now.State, err)
	}
}

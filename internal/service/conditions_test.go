package service

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/etag"
	"equality-information-api/internal/store"
)

// Conditions are evaluated in the order of RFC 9110, 13.2.2, for a write and for a create.
func TestConditionsOfAWrite(t *testing.T) {
	t.Parallel()
	modified := time.Date(2026, 11, 23, 9, 30, 0, 999_999_000, time.UTC)
	there := store.Opened{State: store.Present, Version: 1, Modified: modified}
	any, second := &etag.List{Any: true}, modified.Truncate(time.Second)
	for _, c := range []struct {
		name                      string
		conditions                Conditions
		change, create, createNew bool // holds for a change, for a second create, for a first
	}{
		{"none", Conditions{}, true, true, true},
		{"If-Match", Conditions{IfMatch: at(1)}, true, false, false},
		{"If-Match, another", Conditions{IfMatch: at(0)}, false, false, false},
		{"If-Match: *", Conditions{IfMatch: any}, true, false, false},
		{"If-None-Match", Conditions{IfNoneMatch: at(1)}, false, false, true},
		{"If-None-Match, another", Conditions{IfNoneMatch: at(0)}, true, true, true},
		{"If-None-Match: *", Conditions{IfNoneMatch: any}, false, false, true},
		{"since the second of the change", Conditions{IfUnmodifiedSince: second}, true, false, true},
		{"since the second before", Conditions{IfUnmodifiedSince: second.Add(-time.Second)}, false, false, true},
		{"since later", Conditions{IfUnmodifiedSince: second.Add(time.Hour)}, true, false, true},
		{"the time is passed over for If-Match", Conditions{IfMatch: at(1), IfUnmodifiedSince: second.Add(-time.Hour)}, true, false, false},
		{"a match, and none", Conditions{IfMatch: at(1), IfNoneMatch: at(1)}, false, false, false},
		{"a time, and no match", Conditions{IfUnmodifiedSince: second, IfNoneMatch: at(1)}, false, false, true},
	} {
		change, create, createNew := c.conditions.hold(there, false), c.conditions.hold(there, true), c.conditions.hold(store.Opened{}, true)
		if change != c.change || create != c.create || createNew != c.createNew {
			t.Errorf("%s: holds for a change %t, for a second create %t, for a first %t", c.name, change, create, createNew)
		}
	}
}

// A create whose conditions fail is refused as such, and a retry with its key too.
func TestConditionsOfACreate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	record := b.create(t, "")
	for name, c := range map[string]struct {
		target     uuid.UUID
		conditions Conditions
		version    int64
	}{
		"there is a record":     {record.Target, Conditions{IfNoneMatch: &etag.List{Any: true}}, 0},
		"there is one for long": {record.Target, Conditions{IfUnmodifiedSince: time.Now().Add(time.Hour)}, 0},
		"there is none":         {uuid.New(), Conditions{IfMatch: &etag.List{Any: true}}, noVersion},
		"there is one, at it":   {record.Target, Conditions{IfMatch: at(0)}, noVersion},
	} {
		w := Write{Body: body(c.target, ""), Reason: ChangeReasons[0], Key: name, Operation: "POST", Conditions: c.conditions}
		for _, replayed := range []bool{false, true} {
			got, err := b.CreateRecord(t.Context(), b.as(t, officer, Create), w)
			if e := asError[*VersionError](t, err); e.Version != c.version || got.Replayed != replayed {
				t.Errorf("%s: %v, replayed %t", name, e, got.Replayed)
			}
			if e := b.last(t); e.Status != 412 {
				t.Errorf("%s: the access log says %+v", name, e)
			}
		}
	}
	free := Write{Body: body(uuid.New(), ""), Reason: ChangeReasons[0], Conditions: Conditions{IfNoneMatch: &etag.List{Any: true}, IfUnmodifiedSince: time.Now()}}
	if _, err := b.CreateRecord(t.Context(), b.as(t, officer, Create), free); err != nil {
		t.Error(err)
	}
}

// Other conditions decide otherwise, so they are another request; where none are sent, the
// hash is that of earlier programs.
func TestKeyBelongsToConditions(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(t, "").ID
	sent := [][]string{nil, {"If-Match", `"1"`}, {"If-Match", `"0"`}, {"If-Match", `"0"`, `"1"`}, {"If-None-Match", `"0"`}, {"If-Unmodified-Since", "x"}}
	for i, first := range sent {
		for j, second := range sent {
			if j == 0 && i > 0 {
				continue // covered the other way round
			}
			w := Write{ID: id, Body: []byte(`{"disabled":true}`), Reason: ChangeReasons[0], Operation: "PATCH", Key: string(rune('a'+i)) + string(rune('a'+j))}
			w.Sent = first
			if _, err := b.ChangeRecord(t.Context(), b.as(t, officer, Change), w); err != nil {
				t.Fatal(err)
			}
			w.Sent = second
			again, err := b.ChangeRecord(t.Context(), b.as(t, officer, Change), w)
			if i == j && (err != nil || !again.Replayed) || i != j && !errors.Is(err, ErrKeyReused) {
				t.Errorf("%q, then %q: %v, replayed %t", first, second, err, again.Replayed)
			}
		}
	}
	if fields := (Write{Body: []byte("x")}).bound(); len(fields) != 2 || string(fields[0]) != "body" || string(fields[1]) != "x" {
		t.Errorf("without conditions the hash is of %q", fields)
	}
}

package service

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/store"
)

func TestListWalksEveryRecordOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	want := make(map[uuid.UUID]bool)
	for range 7 {
		want[b.create(t, "").ID] = true
		b.clock.advance(time.Second)
	}
	for _, q := range []ListQuery{
		{Limit: 3}, {Limit: 1}, {Limit: 7}, {Limit: 1000},
		{Limit: 3, ModifiedSince: start}, {Limit: 2, ModifiedBefore: start.Add(time.Hour)},
	} {
		seen := make(map[uuid.UUID]bool)
		for pages := 0; ; pages++ {
			l, err := b.ListRecords(t.Context(), b.as(t, governance, List), q)
			if err != nil || pages > 10 {
				t.Fatalf("%+v, page %d: %v", q, pages, err)
			}
			for _, item := range l.Items {
				if seen[item.ID] || !want[item.ID] {
					t.Errorf("%+v: %s comes again, or is not known", q, item.ID)
				}
				seen[item.ID] = true
			}
			if q.Cursor = l.Next; q.Cursor == "" {
				break
			}
		}
		if len(seen) != len(want) {
			t.Errorf("%+v: %d of %d", q, len(seen), len(want))
		}
	}
	e := b.last(t)
	if e.Action != List.name || len(e.Touched) == 0 || e.Target != uuid.Nil {
		t.Errorf("the access log says %+v", e)
	}
}

func TestListTimesAreInclusiveAndExclusive(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.create(t, "")
	b.clock.advance(time.Microsecond)
	second := b.create(t, "")
	for _, c := range []struct {
		name string
		q    ListQuery
		want int
	}{
		{"since the first", ListQuery{ModifiedSince: first.Modified}, 2},
		{"since the second", ListQuery{ModifiedSince: second.Modified}, 1},
		{"since after", ListQuery{ModifiedSince: second.Modified.Add(time.Microsecond)}, 0},
		{"before the first", ListQuery{ModifiedBefore: first.Modified}, 0},
		{"before the second", ListQuery{ModifiedBefore: second.Modified}, 1},
		{"between", ListQuery{ModifiedSince: first.Modified, ModifiedBefore: second.Modified}, 1},
		{"between, the wrong way round", ListQuery{ModifiedSince: second.Modified, ModifiedBefore: first.Modified}, 0},
	} {
		c.q.Limit = 10
		l, err := b.ListRecords(t.Context(), b.as(t, governance, List), c.q)
		if err != nil || len(l.Items) != c.want {
			t.Errorf("%s: %d, %v", c.name, len(l.Items), err)
		}
	}
}

func TestCursorIsOfOneQuestion(t *testing.T) {
	t.Parallel()
	b, other := setup(t), setup(t)
	last := store.Opened{ID: uuid.New(), Modified: start}
	since := ListQuery{ModifiedSince: start}
	for _, c := range []struct {
		name   string
		cursor string
		q      ListQuery
		ok     bool
	}{
		{"its own", b.sealListCursor(since, last), since, true},
		{"its own, with another limit", b.sealListCursor(since, last), ListQuery{ModifiedSince: start, Limit: 5}, true},
		{"without the time", b.sealListCursor(since, last), ListQuery{}, false},
		{"another time", b.sealListCursor(since, last), ListQuery{ModifiedSince: start.Add(time.Microsecond)}, false},
		{"before instead of since", b.sealListCursor(since, last), ListQuery{ModifiedBefore: start}, false},
		{"a time more", b.sealListCursor(ListQuery{}, last), since, false},
		{"another keyset", other.sealListCursor(since, last), since, false},
		{"the feed's", b.sealFeedCursor(uuid.New(), 7), since, false},
		{"of another length", b.Keys.SealCursor(make([]byte, 23), since.associated()), since, false},
		{"empty inside", b.Keys.SealCursor(nil, since.associated()), since, false},
	} {
		c.q.Cursor = c.cursor
		at, id, err := b.openListCursor(c.q)
		if c.ok && (err != nil || id != last.ID || !at.Equal(last.Modified)) || !c.ok && !errors.Is(err, ErrBadCursor) {
			t.Errorf("%s: %v %s %v", c.name, at, id, err)
		}
		if !c.ok {
			c.q.Limit = 1
			if _, err := b.ListRecords(t.Context(), b.as(t, governance, List), c.q); !errors.Is(err, ErrBadCursor) {
				t.Errorf("%s: the list says %v", c.name, err)
			}
		}
	}
}

func TestFeedCursor(t *testing.T) {
	t.Parallel()
	b, other := setup(t), setup(t)
	b.create(t, "")
	read := func(cursor string) (Feed, error) {
		return b.ReadFeed(t.Context(), b.as(t, support, ReadEvents), cursor, 10)
	}
	first, err := read("")
	if err != nil || len(first.Events) != 1 {
		t.Fatal(first, err)
	}
	entries := len(b.log(t))
	for range 2 { // nothing new: the same cursor again
		f, err := read(first.Next)
		if err != nil || len(f.Events) != 0 {
			t.Fatal(f, err)
		}
		if f.Next != first.Next {
			t.Errorf("nothing is new, but the cursor differs: %s", f.Next)
		}
	}
	if n := len(b.log(t)); n != entries {
		t.Errorf("%d entries for reading nothing", n-entries)
	}
	b.create(t, "")
	if f, err := read(first.Next); err != nil || len(f.Events) != 1 {
		t.Errorf("after the cursor: %+v, %v", f, err)
	}
	for name, c := range map[string]struct {
		cursor string
		want   error
	}{
		"another keyset":      {other.sealFeedCursor(uuid.New(), 1), ErrBadCursor},
		"a list's":            {b.sealListCursor(ListQuery{}, store.Opened{}), ErrBadCursor},
		"of another length":   {b.Keys.SealCursor(make([]byte, 25), feedCursor), ErrBadCursor},
		"text":                {"beginning", ErrBadCursor},
		"of another epoch":    {b.sealFeedCursor(uuid.New(), 1), ErrCursorExpired},
		"of no epoch, and so": {b.sealFeedCursor(uuid.Nil, 1), nil}, // the start; nobody can forge one
	} {
		if _, err := read(c.cursor); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFeedWaitsForNews(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.as(t, support, ReadEvents)
	news := make(chan Feed, 1)
	go func() {
		if err := b.AwaitEvents(t.Context(), a, "", time.Minute); err != nil {
			t.Error(err)
		}
		f, err := b.ReadFeed(t.Context(), a, "", 10)
		if err != nil {
			t.Error(err)
		}
		news <- f
	}()
	b.create(t, "")
	if f := <-news; len(f.Events) != 1 {
		t.Errorf("%+v", f)
	}
}

func FuzzOpenListCursor(f *testing.F) {
	b := setup(f)
	q := ListQuery{ModifiedSince: start}
	good := b.sealListCursor(q, store.Opened{ID: uuid.New(), Modified: start})
	for _, s := range []string{good, good[1:], good + "A", "", "\x00", "==", b.sealFeedCursor(uuid.Nil, 0)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		if _, _, err := b.openListCursor(ListQuery{ModifiedSince: start, Cursor: cursor}); cursor != good && !errors.Is(err, ErrBadCursor) {
			t.Errorf("%q: %v", cursor, err)
		}
	})
}

func FuzzOpenFeedCursor(f *testing.F) {
	b := setup(f)
	good := b.sealFeedCursor(uuid.New(), 1)
	for _, s := range []string{good, good[:len(good)-1], good + "\n", "", "beginning", b.sealListCursor(ListQuery{}, store.Opened{})} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cursor string) {
		if _, _, err := b.openFeedCursor(cursor); cursor != good && !errors.Is(err, ErrBadCursor) {
			t.Errorf("%q: %v", cursor, err)
		}
	})
}

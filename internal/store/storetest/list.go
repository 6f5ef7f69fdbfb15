package storetest

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
)

// list reads a page.
func (f *fixture) list(q store.ListQuery) ([]store.Opened, bool) {
	f.t.Helper()
	page, more, err := f.page(q)
	ok(f.t, "list", err)
	e := f.entry("list")
	for _, o := range page {
		e.Touched = e.Touched.AppendID(o.ID)
	}
	ok(f.t, "enter", f.Append(f.t.Context(), e))
	return bareAll(page), more
}

// page reads a page without an entry.
func (f *fixture) page(q store.ListQuery) (page []store.Opened, more bool, err error) {
	more, err = f.List(f.t.Context(), q, func(o store.Opened) error {
		o, err := o.Decode()
		page = append(page, o)
		return err
	})
	return page, more, err
}

// after is the query for the page after one.
func after(q store.ListQuery, page []store.Opened) store.ListQuery {
	last := page[len(page)-1]
	q.AfterID, q.AfterAt = last.ID, last.Modified
	return q
}

func byID(a, b store.Opened) int { return bytes.Compare(a.ID[:], b.ID[:]) }

func byTime(a, b store.Opened) int {
	return cmp.Or(a.Modified.Compare(b.Modified), byID(a, b))
}

var listing = []test{
	{"records are listed by id, whole, in pages", func(t *testing.T, f *fixture) {
		var want []store.Opened
		for i := range 7 {
			r := person()
			if i%2 == 0 {
				r = plain()
			}
			want = append(want, f.create(r))
		}
		want[3] = f.change(want[3].ID, ageGroup("65-74"))
		slices.SortFunc(want, byID)
		for limit := 1; limit <= 8; limit++ {
			var got []store.Opened
			q := store.ListQuery{Limit: limit}
			for more := true; more; {
				var page []store.Opened
				page, more = f.list(q)
				if len(page) == 0 || len(page) > limit || more && len(page) < limit {
					t.Fatalf("a page of %d with limit %d, more: %v", len(page), limit, more)
				}
				var ids audit.Touched
				for _, v := range page {
					ids = ids.AppendID(v.ID)
				}
				equal(t, "records of the entry", f.lastEntry().Touched, ids)
				got, q = append(got, page...), after(q, page)
			}
			equal(t, fmt.Sprint("pages of ", limit), got, want)
		}
	}},
	{"an empty list has an entry but no page", func(t *testing.T, f *fixture) {
		for _, q := range []store.ListQuery{{Limit: 1}, {Limit: 1, ByTime: true}} {
			before := len(f.entries())
			page, more := f.list(q)
			equal(t, "page", len(page), 0)
			equal(t, "more", more, false)
			equal(t, "entries", len(f.entries()), before+1)
		}
	}},
	{"bounds of time are inclusive at the beginning and exclusive at the end", func(t *testing.T, f *fixture) {
		start := f.clock.freeze()
		var records []store.Opened
		for range 4 {
			records = append(records, f.create(person()))
			f.clock.move(time.Second)
		}
		at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
		tests := []struct {
			name         string
			from, before time.Time
			want         []store.Opened
		}{
			{"neither", time.Time{}, time.Time{}, records},
			{"from the first", at(0), time.Time{}, records},
			{"from the second", at(1), time.Time{}, records[1:]},
			{"from just after the first", at(0).Add(time.Microsecond), time.Time{}, records[1:]},
			{"before the second", time.Time{}, at(1), records[:1]},
			{"before just after the second", time.Time{}, at(1).Add(time.Microsecond), records[:2]},
			{"from the second, before the third", at(1), at(2), records[1:2]},
			{"from and before one time", at(1), at(1), nil},
			{"from after before", at(3), at(1), nil},
			{"before the first", time.Time{}, at(0), nil},
			{"from after the last", at(4), time.Time{}, nil},
			{"in another zone", at(1).In(time.FixedZone("", 3600)), at(2).In(time.FixedZone("", -3600)), records[1:2]},
		}
		for _, test := range tests {
			page, more := f.list(store.ListQuery{ByTime: true, From: test.from, Before: test.before, Limit: 10})
			equal(t, test.name, page, test.want)
			equal(t, test.name+": more", more, false)
		}
	}},
	{"records of one time are listed by id, and a page may end among them", func(t *testing.T, f *fixture) {
		f.clock.freeze()
		var want []store.Opened
		for i := range 9 {
			if i%3 == 0 {
				f.clock.move(time.Second)
			}
			want = append(want, f.create(person()))
		}
		slices.SortFunc(want, byTime)
		for _, from := range []time.Time{{}, want[0].Modified} {
			for limit := 1; limit <= 10; limit++ {
				var got []store.Opened
				q := store.ListQuery{ByTime: true, From: from, Limit: limit}
				for more := true; more; {
					var page []store.Opened
					page, more = f.list(q)
					got, q = append(got, page...), after(q, page)
				}
				equal(t, fmt.Sprint("pages of ", limit), got, want)
			}
		}
	}},
	{"a change moves a record to its new time", func(t *testing.T, f *fixture) {
		a, b := f.create(person()), f.create(person())
		a = f.change(a.ID, ageGroup("65-74"))
		page, _ := f.list(store.ListQuery{ByTime: true, Limit: 10})
		equal(t, "page", page, []store.Opened{b, a})
	}},
}

// testWalk goes through lists page by page while records are created, changed and erased. A
// walk by id returns each record that exists before and after exactly once; a walk by time
// at least once, and exactly once if it is unchanged.
func testWalk(t *testing.T, create func(t *testing.T) Database) {
	db := create(t)
	rapid.Check(t, func(rt *rapid.T) {
		db.Clear(t)
		f := newFixture(t, db)
		defer f.end()
		f.clock.freeze()
		tick := func() { f.clock.move(time.Duration(rapid.IntRange(0, 2).Draw(rt, "time")) * time.Microsecond) }
		var there []store.Opened
		for range rapid.IntRange(0, 8).Draw(rt, "records") {
			tick()
			there = append(there, f.create(person()))
		}
		stays := make(map[uuid.UUID]bool)
		for _, v := range there {
			stays[v.ID] = true
		}
		changed := make(map[uuid.UUID]bool)
		q := store.ListQuery{ByTime: rapid.Bool().Draw(rt, "by time"), Limit: rapid.IntRange(1, 4).Draw(rt, "limit"), Bytes: rapid.SampledFrom([]int{0, 1, 1000, 1500}).Draw(rt, "bytes")}
		seen := make(map[uuid.UUID]int)
		var last store.Opened
		for steps := 0; ; steps++ {
			page, more := f.list(q)
			for _, v := range page {
				order := byID
				if q.ByTime {
					order = byTime
				}
				if len(seen) > 0 && order(last, v) >= 0 {
					rt.Fatalf("%v comes behind %v", v.ID, last.ID)
				}
				seen[v.ID]++
				last = v
			}
			if !more {
				break
			}
			q = after(q, page)
			if steps > 20 {
				continue // with endless changes a walk by time would not end
			}
			for range rapid.IntRange(0, 2).Draw(rt, "meanwhile") {
				tick()
				switch i := rapid.IntRange(0, max(0, len(there)-1)).Draw(rt, "which"); rapid.IntRange(0, 2).Draw(rt, "what") {
				case 0:
					f.create(person())
				case 1:
					f.change(there[i].ID, ageGroup(uuid.NewString()))
					changed[there[i].ID] = true
				case 2:
					f.erase(there[i].ID)
					delete(stays, there[i].ID)
					there = slices.Delete(there, i, i+1)
					if len(there) == 0 {
						there = append(there, f.create(person()))
					}
				}
			}
		}
		for id := range stays {
			if n := seen[id]; n == 0 || n > 1 && !(q.ByTime && changed[id]) {
				rt.Fatalf("a record that stayed came %d times (by time: %v, changed: %v)", n, q.ByTime, changed[id])
			}
		}
	})
}

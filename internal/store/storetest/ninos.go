package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// withNINO are people whose records have a National Insurance number.
func (f *fixture) withNINO(nino string, n int) (people []uuid.UUID) {
	for range n {
		r := person()
		r.NationalInsuranceNumber = nino
		f.create(r)
		people = append(people, r.TargetID)
	}
	return people
}

// sharedNINOs walks over the index in parts of so many, and gives the people of the numbers that
// several have; nobody for the other rows.
func (f *fixture) sharedNINOs(limit int) (people []uuid.UUID) {
	var from store.NINOPlace
	for begin := 0; ; begin = 1 { // a part begins with the last row of the one before
		rows, err := f.SharedNINOs(f.t.Context(), from, limit)
		ok(f.t, "walk over numbers", err)
		if len(rows) < begin || len(rows) == 0 {
			return people
		}
		for i, row := range rows {
			if i > 0 && bytes.Compare(rows[i-1].Hash, row.Hash) > 0 {
				f.t.Error("the numbers are in no order")
			}
			if i >= begin {
				people = append(people, row.Target)
			}
		}
		if from = rows[len(rows)-1].NINOPlace; len(rows) < limit {
			return people
		}
	}
}

func sorted(ids []uuid.UUID) []uuid.UUID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

var numbers = []test{
	{"people are found by their National Insurance number", func(t *testing.T, f *fixture) {
		find := func(nino string, limit int) []uuid.UUID {
			people, err := f.PeopleWithNINO(t.Context(), nino, limit)
			ok(t, "find", err)
			return sorted(people)
		}
		two := f.withNINO("QQ123456C", 2)
		f.withNINO("QQ123456D", 1)
		equal(t, "with one", find("QQ123456C", 10), sorted(two))
		equal(t, "no more than asked for", len(find("QQ123456C", 1)), 1)
		equal(t, "nobody", len(find("QQ654321C", 10)), 0)
		f.change(two[0], func(r *equality.Record) { r.NationalInsuranceNumber = "" })
		f.erase(two[1])
		equal(t, "nobody any more", len(find("QQ123456C", 10)), 0)
	}},
	{"those with one National Insurance number are side by side", func(t *testing.T, f *fixture) {
		equal(t, "in an empty index", len(f.sharedNINOs(10)), 0)
		var want []uuid.UUID
		for i := range 9 {
			people := f.withNINO(fmt.Sprintf("QQ12345%dC", i), 1+i%3)
			if i%3 > 0 {
				want = append(want, people...)
			} else {
				want = append(want, uuid.Nil)
			}
		}
		for _, limit := range []int{2, 3, 100} {
			equal(t, fmt.Sprint("in parts of ", limit), sorted(f.sharedNINOs(limit)), sorted(want))
		}
	}},
	{"the end of the feed is behind all events, and before those to come", func(t *testing.T, f *fixture) {
		begin, err := f.FeedEnd(t.Context())
		ok(t, "end", err)
		equal(t, "of an empty feed", begin, store.Feed{Epoch: f.epoch()})
		f.create(person())
		events := f.events()
		end, err := f.FeedEnd(t.Context())
		ok(t, "end", err)
		equal(t, "behind the last event", end.Next, events[len(events)-1].Position)
		f.create(person())
		page, err := f.poll(end, 10, 0)
		ok(t, "poll", err)
		equal(t, "to come", len(page.Events), 1)
		f.pass(f.options.EventRetention + time.Hour)
		ok(t, "trim", f.Trim(t.Context()))
		trimmed, err := f.FeedEnd(t.Context())
		ok(t, "end", err)
		equal(t, "when all are gone", trimmed, store.Feed{Epoch: end.Epoch, Floor: page.Next, Next: page.Next})
	}},
}

package service

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
)

// A page of the feed that tells of records and of people's entries is entered as both.
func TestTheLogTellsWhichRecordsAndPeopleAPageOfTheFeedHas(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var cursor string
	page := func(do func()) (entered []string) {
		do()
		before := len(b.log(t))
		feed, err := b.ReadFeed(t.Context(), b.as(t, support, ReadEvents), cursor, 100)
		if err != nil {
			t.Fatal(err)
		}
		cursor = feed.Next
		for _, e := range b.log(t)[before:] {
			items, err := e.Touched.Items()
			if err != nil || e.Action != "read-events" {
				t.Errorf("entered %+v, %v", e, err)
			}
			for _, item := range items {
				entered = append(entered, fmt.Sprint(e.Object, " ", item.ID))
			}
		}
		slices.Sort(entered)
		return entered
	}
	one := uuid.New()
	expect := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	person := fmt.Sprint(audit.ObjectPerson, " ", one)
	expect("an entry", page(func() {
		b.put(t, inRole("service"), one, `"surname":"Invented"`)
		b.put(t, inRole("service"), one, `"surname":"Other"`)
	}), person)
	var record string
	expect("a record", page(func() { record = fmt.Sprint(audit.ObjectRecord, " ", b.create(t, "").ID) }), record)
	var both []string
	got := page(func() {
		b.put(t, inRole("service"), one, `"surname":"Third"`)
		both = []string{person, fmt.Sprint(audit.ObjectRecord, " ", b.create(t, "").ID)}
	})
	expect("both", got, both...)
	expect("nothing", page(func() {}))
}

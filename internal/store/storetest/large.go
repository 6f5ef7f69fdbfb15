package storetest

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store"
)

// lengthy is a text of a length that earlier versions of the program stored: a few fill a portion.
func lengthy(bytes int) string { return strings.Repeat("x", bytes) }

// sizes are lengths of records: usual ones, and such that the next portion, or the next but
// one, begins with the record.
var sizes = []int{10, 400_000, 10, store.PortionBytes, 800_000, 10, 10, 300_000, 300_000, 10}

var large = []test{
	{"the versions of a record are told in any number and length", func(t *testing.T, f *fixture) {
		r := person()
		want := []store.Opened{f.create(r)}
		for i, size := range sizes {
			want = append([]store.Opened{f.change(r.ID, ageGroup(fmt.Sprint(i, lengthy(size))))}, want...)
		}
		equal(t, "history", f.versions(r.ID, math.MaxInt64, 100), want)
		var made []store.Made
		for _, v := range want {
			made = append(made, store.Made{Version: v.Version, Modified: v.Modified, Provenance: v.Provenance})
		}
		for _, limit := range []int{1, 2, len(made) - 1, len(made), len(made) + 1} {
			current, got, err := f.Versions(t.Context(), r.TargetID, limit)
			ok(t, "versions", err)
			equal(t, "current", bare(current), want[0])
			equal(t, fmt.Sprint("versions, at most ", limit), got, made[:min(limit, len(made))])
		}
	}},
	{"nobody's versions are none", func(t *testing.T, f *fixture) {
		r := f.create(person())
		f.erase(r.ID)
		for id, want := range map[uuid.UUID]store.State{uuid.New(): store.Absent, r.ID: store.Erased} {
			current, made, err := f.Versions(t.Context(), id, 10)
			ok(t, "versions", err)
			equal(t, "state", current.State, want)
			equal(t, "versions", made, []store.Made(nil))
		}
	}},
	{"a page ends early, and pages together have each record once", func(t *testing.T, f *fixture) {
		var want []store.Opened
		for i, size := range sizes {
			r := person()
			r.AgeGroup = fmt.Sprint(i, lengthy(size))
			want = append(want, f.create(r))
		}
		for _, q := range []store.ListQuery{
			{Limit: 100}, {Limit: 3}, {Limit: 100, Bytes: 1}, {Limit: 100, Bytes: 700_000}, {Limit: 3, Bytes: 2_000_000},
			{Limit: 100, ByTime: true}, {Limit: 4, Bytes: 1_000_000, ByTime: true},
		} {
			name, order := fmt.Sprintf("%+v", q), byID
			if q.ByTime {
				order = byTime
			}
			var got []store.Opened
			for more := true; more; {
				page, further, err := f.page(q)
				ok(t, "list", err)
				if len(page) == 0 || len(page) > q.Limit || further && q.Bytes == 0 && len(page) < q.Limit {
					t.Fatalf("a page of %d with %s, more: %v", len(page), name, further)
				}
				if bytes := textOf(page); q.Bytes > 0 && len(page) > 1 && bytes > q.Bytes {
					t.Errorf("a page of %d bytes with %s", bytes, name)
				}
				got, q, more = append(got, bareAll(page)...), after(q, page), further
			}
			equal(t, "pages with "+name, got, slices.SortedFunc(slices.Values(want), order))
		}
	}},
	{"the error of whoever reads a page ends it", func(t *testing.T, f *fixture) {
		for range 3 {
			f.create(person())
		}
		n := 0
		more, err := f.List(t.Context(), store.ListQuery{Limit: 10}, func(store.Opened) error {
			n++
			return errConflict
		})
		if n != 1 || more || err != errConflict { //nolint:errorlint // it comes back as it is
			t.Errorf("%d records, more: %v, %v", n, more, err)
		}
	}},
	{"an entry about a thousand records has at most 20 bytes for each", func(t *testing.T, f *fixture) {
		const records = 1000
		var arrivals []store.Arrival
		ids := make(map[uuid.UUID]bool)
		for range records {
			r := person()
			ids[r.ID] = true
			a, err := store.NewArrival(f.options.Keys, store.Opened{ID: r.ID, Target: r.TargetID, Record: r, Verbatim: true, Provenance: imported(r)}, uuid.New())
			ok(t, "seal", err)
			arrivals = append(arrivals, a)
		}
		f.load(f.loading(arrivals...))
		caller := identity.Caller{Subject: strings.Repeat("s", 200), Name: "Invented Officer", Kind: identity.Person}.
			With(identity.EqualityRead, identity.EqualityList, identity.EventsRead, identity.NINORead)
		s := service.New(f.Engine, service.Options{Keys: f.options.Keys, Now: f.clock.now})
		for name, read := range map[string]func(service.Access) (int, error){
			"list": func(a service.Access) (int, error) {
				l, err := s.ListRecords(t.Context(), a, service.ListQuery{Limit: records})
				return len(l.Items), err
			},
			"feed": func(a service.Access) (int, error) {
				feed, err := s.ReadFeed(t.Context(), a, "", records)
				return len(feed.Events), err
			},
		} {
			a, err := s.Authorise(t.Context(), service.Request{Caller: caller, CorrelationID: uuid.New()},
				map[string]service.Action{"list": service.List, "feed": service.ReadEvents}[name])
			ok(t, "authorise", err)
			n, err := read(a)
			ok(t, name, err)
			equal(t, name, n, records)
			e := f.lastEntry()
			items, err := e.Touched.Items()
			ok(t, "items", err)
			for _, item := range items {
				if !ids[item.ID] {
					t.Errorf("the entry of the %s names a record that was not shown", name)
				}
			}
			equal(t, "records in the entry", len(items), records)
			if bytes := stays(e); bytes > 20*records {
				t.Errorf("the entry of the %s has %d bytes", name, bytes)
			}
		}
	}},
}

// textOf is the length of the texts of records.
func textOf(page []store.Opened) (bytes int) {
	for _, o := range page {
		bytes += len(o.Record.AgeGroup)
	}
	return bytes
}

// stays is how many bytes an entry leaves in the columns of the access log.
func stays(e audit.Entry) (bytes int) {
	for _, column := range store.AppendEntry(nil, &store.Placed{Entry: e}) {
		switch c := column.(type) {
		case string:
			bytes += len(c)
		case []byte:
			bytes += len(c)
		default: // a number
			bytes += 8
		}
	}
	return bytes
}

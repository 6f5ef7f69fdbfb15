package storetest

import (
	"equality-information-api/internal/audit"
	"testing"

	"github.com/google/uuid"
)

var accessLog = []test{
	{"an entry is stored once it is durable, as it was made", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		want := f.entry("read")
		want.Target, want.Record, want.Version = r.TargetID, r.ID, 7
		want.Members = []string{"ageGroup", "sensitive"}
		want.Subject, want.Name = "subject\x00with ✓", "" // we do not choose the texts in tokens
		want.Address = nil
		want.Object, want.ObjectName, want.Roles = "test", "name\x00with \\ ✓", []string{"officer", "support"}
		want.Scope, want.Count, want.Previous = "scope", 3, []byte{1, 2, 3}
		want.Touched = want.Touched.AppendID(uuid.New())
		ok(t, "enter", f.Append(t.Context(), want))
		equal(t, "entry", f.lastEntry(), stored(want))
	}},
	{"a change's entry names what it wrote", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		c := f.change(r.ID, ageGroup("65-74"))
		e := f.lastEntry()
		equal(t, "record", e.Record, r.ID)
		equal(t, "version", e.Version, c.Version)
		equal(t, "object", e.Object, audit.ObjectRecord)
		equal(t, "length of the document's hash", len(e.Document), 32)
		equal(t, "members", e.Members, []string{"ageGroup"})
	}},
	{"an entry about several records keeps them in their order", func(t *testing.T, f *fixture) {
		var want []uuid.UUID
		for range 40 {
			want = append(want, uuid.New())
		}
		want = append(want, want[3], want[0]) // one may appear twice
		for _, records := range [][]uuid.UUID{want, nil, want[:1], {uuid.Nil}} {
			e := f.entry("read")
			for _, id := range records {
				e.Touched = e.Touched.AppendID(id)
			}
			ok(t, "enter", f.Append(t.Context(), e))
			equal(t, "records", f.lastEntry().Touched, e.Touched)
		}
	}},
	{"the heads are the last entries", func(t *testing.T, f *fixture) {
		if heads := f.Heads(); len(heads) != 0 {
			t.Errorf("an empty log has heads: %v", heads)
		}
		ok(t, "trim", f.Trim(t.Context()))
		ok(t, "ready", f.Ready(t.Context()))
		if heads := f.Heads(); len(heads) != 0 {
			t.Errorf("an empty log has heads after trimming: %v", heads)
		}
		f.create(person())
		f.read(uuid.New())
		before := f.Heads()
		equal(t, "entries", length(before), int64(2))
		f.verify(before)
		f.reopen()
		ok(t, "trim", f.Trim(t.Context()))
		f.verify(f.Heads())
		f.read(uuid.New())
		after := f.Heads()
		f.verify(append(before, after...))
		equal(t, "entries", len(f.entries()), 3)
	}},
}

package storetest

import (
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
)

var accessLog = []test{
	{"an entry is there when its read is answered, as it was made", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		var want audit.Entry
		_, err := f.Read(t.Context(), r.ID, func(c store.Current) audit.Entry {
			want = f.entry("read")
			want.Target, want.Record, want.Version = r.TargetID, c.ID, 7
			want.Members = []string{"ageGroup", "sensitive"}
			want.Subject, want.Name = "subject\x00with ✓", "" // what a token holds is not ours to choose
			want.Address = nil
			want.Object, want.ObjectName, want.Roles = "test", "name\x00with \\ ✓", []string{"officer", "support"}
			want.Scope, want.Count, want.Previous = "scope", 3, []byte{1, 2, 3}
			want.Touched = want.Touched.AppendID(uuid.New())
			return want
		})
		ok(t, "read", err)
		equal(t, "entry", f.lastEntry(), stored(want))
	}},
	{"a change's entry names what it wrote", func(t *testing.T, f *fixture) {
		r := person()
		f.create(r)
		c := f.change(r.ID, ageGroup("65-74"))
		e := f.lastEntry()
		equal(t, "record", e.Record, r.ID)
		equal(t, "version", e.Version, c.Version.Version)
		equal(t, "object", e.Object, audit.ObjectRecord)
		equal(t, "length of the document's hash", len(e.Document), 32)
		equal(t, "members", e.Members, []string{"ageGroup"})
	}},
	{"an entry about several records keeps them in their order", func(t *testing.T, f *fixture) {
		var want []uuid.UUID
		for range 40 {
			want = append(want, uuid.New())
		}
		want = append(want, want[3], want[0]) // one may come twice
		for _, records := range [][]uuid.UUID{want, nil, want[:1], {uuid.Nil}} {
			var touched audit.Touched
			for _, id := range records {
				touched = touched.AppendID(id)
			}
			_, err := f.Read(t.Context(), uuid.New(), func(store.Current) audit.Entry {
				e := f.entry("read")
				e.Touched = touched
				return e
			})
			ok(t, "read", err)
			equal(t, "records", f.lastEntry().Touched, touched)
		}
	}},
	{"a refusal is entered without anybody waiting", func(t *testing.T, f *fixture) {
		var want []uuid.UUID
		for range 20 {
			e := f.entry("refused")
			want = append(want, e.ID)
			f.Enter(e)
		}
		f.reopen()
		var got []uuid.UUID
		for _, e := range f.entries() {
			got = append(got, e.ID)
		}
		equal(t, "entries", got, want)
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

package postgres

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
)

// awkward are texts that PostgreSQL cannot hold, or that look like their escaped form.
var awkward = []string{"", "\x00", `\`, `\\`, `\00`, `\\00`, `\5c`, "\xff", "a\xc3", "\xc3\x28", `\xff`, "\xed\xa0\x80", "é\x00\\é", "\ufffd", "\u2028", "\U0001F600", "'; --"}

func checkEscape(t interface{ Errorf(string, ...any) }, text string) {
	escaped := escape(text)
	if !utf8.ValidString(escaped) || strings.ContainsRune(escaped, 0) {
		t.Errorf("%q is written as %q, which PostgreSQL cannot hold", text, escaped)
	}
	if got := unescape(escaped); got != text {
		t.Errorf("%q comes back as %q", text, got)
	}
}

func FuzzEscape(f *testing.F) {
	for _, text := range awkward {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		checkEscape(t, text)
		_ = unescape(text) // nobody has escaped it
	})
}

func TestEveryTextComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.OneOf(rapid.SampledFrom(awkward), rapid.String(),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		checkEscape(t, strings.Join(rapid.SliceOf(piece).Draw(t, "text"), ""))
	})
}

// entered returns the entries of an action from the log.
func (d database) entered(t *testing.T, action string) (entries []audit.Entry) {
	t.Helper()
	d.Log(t, testKeys(), func(log audit.Log) {
		ok(t, log.Entries(context.Background(), func(l audit.Logged) error {
			if l.Entry.Action == action {
				entries = append(entries, l.Entry)
			}
			return nil
		}))
	})
	return entries
}

func TestTheAccessLogHoldsWhatTokensAndClocksSay(t *testing.T) {
	t.Parallel()
	f := setup(t)
	times := []time.Time{
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC),
		time.Unix(0, 0).UTC(), time.Date(2026, 3, 29, 1, 30, 0, 123456000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	}
	want := make(map[uuid.UUID]audit.Entry)
	for i, text := range awkward {
		e := entry("awkward")
		e.At = times[i%len(times)]
		e.Subject, e.Name, e.Scope = text, "name "+text, text+text
		want[e.ID] = e
		ok(t, f.Append(t.Context(), e))
	}
	heads := f.Heads()
	ok(t, f.Close())
	f.db.sound(t, heads...)
	entries := f.db.entered(t, "awkward")
	if len(entries) != len(want) {
		t.Errorf("%d entries", len(entries))
	}
	for _, e := range entries {
		if diff := cmp.Diff(want[e.ID], e, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("entry (-want +got):\n%s", diff)
		}
	}
}

func TestTimesAreKeptToTheMicrosecond(t *testing.T) {
	t.Parallel()
	d := newDatabase(t)
	f := &fixture{t: t, db: d}
	o := f.options()
	now := time.Unix(0, 0).UTC() // the time of a change is never earlier
	o.Now = func() time.Time { return now }
	s, err := Open(t.Context(), o)
	ok(t, err)
	f.Store = s
	t.Cleanup(func() { _ = s.Close() })
	r := person()
	for i, at := range []time.Time{now.Add(time.Microsecond), time.Date(2026, 3, 29, 1, 30, 0, 123456000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)} {
		now = at
		r.AgeGroup = []string{"25-34", "35-44"}[i%2]
		ok(t, f.writing(r, i == 0, entry("write")))
		c, err := f.read(r.ID)
		ok(t, err)
		if !c.Modified.Equal(at) || c.Modified.Location() != time.UTC {
			t.Errorf("%v became %v", at, c.Modified)
		}
		n := 0
		_, err = f.List(t.Context(), store.ListQuery{ByTime: true, From: at, Limit: 2}, func(store.Opened) error { n++; return nil })
		ok(t, err)
		if n != 1 {
			t.Errorf("%d records from %v", n, at)
		}
	}
	_, versions, err := f.History(t.Context(), r.ID, math.MaxInt64, 10)
	ok(t, err)
	if len(versions) != 3 || versions[2].Modified.Year() != 1970 {
		t.Errorf("the history is %v", versions)
	}
}

// The tests' databases sort texts by the rules of a language.
func TestTextsInKeysAreOrderedByTheirBytes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if !value[bool](t, f.db, `SELECT 'a' COLLATE "default" < 'B' COLLATE "default"`) {
		t.Error("the database orders texts by their bytes anyway")
	}
	if n := value[int64](t, f.db, `SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
		JOIN pg_attribute a ON a.attrelid = i.indexrelid JOIN pg_collation o ON o.oid = a.attcollation
		WHERE c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'goose%' AND o.collname <> 'C'`); n != 0 {
		t.Errorf("%d columns of keys are ordered by the rules of a language", n)
	}
	for i, members := range [][]string{{"Zz"}, {"aa", "É"}, {"_"}} { // texts are stored unchanged
		e := entry("members")
		e.Members = members
		ok(t, f.Append(t.Context(), e))
		if got := f.db.entered(t, "members"); len(got) != i+1 {
			t.Errorf("%d entries", len(got))
		}
	}
	f.db.sound(t)
}

func TestAViolationIsJudgedByItsCode(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(1)
	// A statement after a failed one in its transaction does nothing, and the connection
	// can be used again.
	conn, err := f.pool.Acquire(t.Context())
	ok(t, err)
	defer conn.Release()
	var b batch
	job := &job{}
	b.owned(job, errMoved, queries.MetaWrite, "before", []byte{1})
	b.owned(job, errMoved, queries.NINOInsert, nil, int64(1))
	b.owned(job, errMoved, queries.MetaWrite, "behind", []byte{1})
	at, err := b.send(t.Context(), f.Store)
	if !violates(err) || code(err) != notNullViolation || at != b.owner[1] || !answered(err) {
		t.Errorf("a missing value: %v", err)
	}
	b = batch{}
	b.owned(job, errMoved, queries.MetaWrite, "before", []byte{1})
	b.owned(job, errMoved, queries.NINOInsert, []byte{1}, int64(1))
	b.owned(job, errMoved, queries.NINOInsert, []byte{1}, int64(1))
	at, err = b.send(t.Context(), f.Store)
	if !violates(err) || code(err) != uniqueViolation || at != b.owner[2] {
		t.Errorf("a row twice: %v", err)
	}
	if n := value[int64](t, f.db, "SELECT count(*) FROM meta WHERE name IN ('before', 'behind')"); n != 0 {
		t.Errorf("%d rows of undone transactions", n)
	}
	c, err := f.read(r.ID)
	ok(t, err)
	if c.State != store.Present {
		t.Error("the record is gone")
	}
}

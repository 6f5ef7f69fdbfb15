package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// fill stops the database from growing, like a full disk. The writer must be idle.
func (f *fixture) fill(t *testing.T) (makeRoom func()) {
	t.Helper()
	f.expected = true
	pages := f.db.value(t, "PRAGMA page_count")
	limit := func(n int64) {
		t.Helper()
		var got int64
		ok(t, f.writer.conn.QueryRowContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", n)).Scan(&got))
		if got != n {
			t.Fatalf("the limit is %d pages, not %d", got, n)
		}
	}
	limit(pages)
	return func() { t.Helper(); limit(1 << 30) }
}

// long is a person whose document needs several pages.
func long() equality.Record {
	r := person()
	r.HomeSituationIfOther = equality.NewText(strings.Repeat("invented ", 2000))
	return r
}

func TestAFullDiskStopsEverythingAndHarmsNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.expected = true // the store reports that writing fails and works again
	var people []equality.Record
	for i := range 10 {
		people = append(people, f.written(1+i%3))
	}
	acknowledged := f.list()
	makeRoom := f.fill(t)

	// Each write and each read needs space until there is none.
	if err := f.write(long()); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("a long write: %v", err)
	}
	reads := 0
	for ; reads < 1000; reads++ {
		c, err := f.read(people[0].ID)
		if err == nil {
			continue
		}
		if !errors.Is(err, store.ErrUnavailable) || c.State != store.Absent {
			t.Fatalf("a read that has no entry gives %v with %v", err, c.State)
		}
		break
	}
	entries := f.db.value(t, "SELECT count(*) FROM audit")
	tables := []string{"record", "history", "identifier", "data_key", "nino_index", "outbox", "idempotency"}
	count := func() map[string]int64 {
		counts := make(map[string]int64)
		for _, table := range tables {
			counts[table] = f.db.value(t, "SELECT count(*) FROM "+table)
		}
		return counts
	}
	before := count()
	for i := range 3 {
		fresh := long()
		fresh.NationalInsuranceNumber = "QQ123456C"
		changed := people[i]
		changed.HomeSituationIfOther = fresh.HomeSituationIfOther
		key := &store.Key{Key: [32]byte{byte(i)}}
		for _, r := range []equality.Record{fresh, changed} {
			_, err := f.Write(t.Context(), store.Command{ID: r.ID, Target: r.TargetID, EventID: uuid.New(), Key: key}, func(c store.Opened) (store.Decision, error) {
				return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: r}}, Entry: entry("write"), Outcome: store.Outcome{Status: 200}}, nil
			})
			if !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("write: %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "invented") {
				t.Errorf("the error holds what was sent: %v", err)
			}
		}
		e := entry("list")
		for range 500 { // more than would fit
			e.Touched = e.Touched.AppendID(uuid.New())
		}
		if err := f.Append(t.Context(), e); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("list: %v", err)
		}
	}
	if err := f.Ready(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("ready: %v", err)
	}
	if diff := cmp.Diff(before, count()); diff != "" {
		t.Errorf("rows (-before +after):\n%s", diff)
	}
	if n := f.db.value(t, "SELECT count(*) FROM audit"); n != entries {
		t.Errorf("%d entries were written of what failed", n-entries)
	}
	f.db.sound(t, testKeys())

	makeRoom()
	ok(t, f.Ready(t.Context()))
	compare := cmp.Comparer(func(a, b equality.Text) bool { return a == b })
	if diff := cmp.Diff(acknowledged, f.list(), compare, cmpopts.IgnoreUnexported(store.Opened{}, store.Document{}), cmp.Comparer(func(a, b equality.Date) bool { return a == b })); diff != "" {
		t.Errorf("records (-before +after):\n%s", diff)
	}
	ok(t, f.write(long()))
	_, err := f.read(people[0].ID)
	ok(t, err)
	head := f.Heads()[0]
	ok(t, f.Close())
	f.db.sound(t, testKeys(), head)
}

func TestABatchOnAFullDiskFailsWhole(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.expected = true // the store reports that writing fails and works again
	f.written(1)
	before := f.db.value(t, "SELECT count(*) FROM audit")
	makeRoom := f.fill(t)
	release := f.hold()
	wait := f.start(6, func(i int) error {
		if i == 4 {
			return f.write(long())
		}
		_, err := f.read(person().ID)
		return err
	})
	release()
	for _, err := range wait() {
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("error %v", err)
		}
	}
	if n := f.db.value(t, "SELECT count(*) FROM audit"); n != before {
		t.Errorf("%d entries of a batch that failed", n-before)
	}
	makeRoom()
	f.written(2)
	f.db.sound(t, testKeys())
}

func TestALockedDatabaseIsUnavailable(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.expected = true // the store reports that writing fails and works again
	f.written(1)
	patience := func(milliseconds string) {
		_, err := f.writer.conn.ExecContext(t.Context(), "PRAGMA busy_timeout = "+milliseconds)
		ok(t, err)
	}
	patience("1")
	f.db.query(t, func(db *sql.DB) error {
		conn, err := db.Conn(t.Context())
		ok(t, err)
		defer conn.Close()
		_, err = conn.ExecContext(t.Context(), "BEGIN IMMEDIATE")
		ok(t, err)
		if err := f.write(person()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("write: %v", err)
		}
		if _, err := f.read(uuid.New()); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("read: %v", err)
		}
		_, err = conn.ExecContext(t.Context(), "ROLLBACK")
		return err
	})
	patience("5000") // what still locks the database for a moment, such as a checkpoint, is no failure now
	ok(t, f.Ready(t.Context()))
	ok(t, f.write(person()))
	f.db.sound(t, testKeys())
}

func TestWhatWasAcknowledgedSurvivesTheProcess(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(3)
	head := f.Heads()[0]
	// The files as they are if nobody closes anything.
	dir := t.TempDir()
	for _, name := range []string{DatabaseFile, DatabaseFile + "-wal"} {
		content, err := os.ReadFile(filepath.Join(f.db.dir, name))
		ok(t, err)
		ok(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	f.written(1)
	ok(t, f.Close())
	f.db.dir = dir
	f.open()
	c, err := f.Find(context.Background(), r.TargetID)
	ok(t, err)
	c, err = c.Decode()
	ok(t, err)
	if c.Version != 2 || c.Record.AgeGroup != r.AgeGroup {
		t.Errorf("version %d, %q", c.Version, c.Record.AgeGroup)
	}
	f.db.sound(t, testKeys(), head)
}

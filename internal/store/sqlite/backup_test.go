package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// pair is the two archives of a backup.
type pair struct{ records, keys []byte }

func (d database) backup(t *testing.T) pair {
	t.Helper()
	var records, keys bytes.Buffer
	_, err := Backup(t.Context(), BackupOptions{Dir: d.dir, Keys: testKeys(), Now: time.Now(), Records: &records, DataKeys: &keys})
	ok(t, err)
	return pair{records.Bytes(), keys.Bytes()}
}

// restore restores into a new directory.
func (p pair) restore(t *testing.T, change ...func(*RestoreOptions)) (database, Restored, error) {
	t.Helper()
	o := p.options(t.TempDir())
	for _, c := range change {
		c(&o)
	}
	r, err := Restore(t.Context(), o)
	return database{o.Dir}, r, err
}

func (p pair) options(dir string) RestoreOptions {
	from := func(name string, content []byte) Source {
		return Source{Name: name, Open: func() (io.Reader, error) { return bytes.NewReader(content), nil }}
	}
	return RestoreOptions{Dir: dir, Keys: testKeys(), Now: time.Now(), Entry: entry("somebody"),
		Records: from("RECORDS", p.records), DataKeys: from("KEYS", p.keys)}
}

// restored restores a backup as intended, and opens it.
func (p pair) restored(t *testing.T, erased int64, people ...int64) *fixture {
	t.Helper()
	d, r, err := p.restore(t)
	ok(t, err)
	want := store.Gone{Records: erased}
	for _, n := range people {
		want.People += n
	}
	if r.Erased != want || !r.Report.OK() {
		t.Errorf("erased since: %+v, want %+v; %v", r.Erased, want, r.Report.Findings)
	}
	files, err := os.ReadDir(d.dir)
	ok(t, err)
	if len(files) != 1 || files[0].Name() != DatabaseFile {
		t.Errorf("the directory holds %v", files)
	}
	d.sound(t, testKeys())
	f := &fixture{t: t, db: d}
	f.open()
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// erase erases a record.
func (f *fixture) erase(id uuid.UUID) {
	f.t.Helper()
	_, err := f.Write(f.t.Context(), store.Command{ID: id, EventID: uuid.New()}, func(c store.Opened) (store.Decision, error) {
		e := entry(audit.ActionErase)
		return store.Decision{Effects: []store.Effect{store.Erase{Found: c, Reason: "unlawful", By: e.Subject, Event: events.Erased}}, Entry: e}, nil
	})
	ok(f.t, err)
}

// imported is a record that was imported at version 3 and changed since.
func (f *fixture) imported() equality.Record {
	f.t.Helper()
	r := person()
	a, err := store.NewArrival(testKeys(), store.Opened{ID: r.ID, Target: r.TargetID, Version: 3, Record: r,
		Provenance: store.Provenance{Subject: "import", Reason: "import", Members: r.Members()}}, uuid.New())
	ok(f.t, err)
	e := entry(audit.ActionImport)
	e.Scope = "invented"
	_, err = f.Load(f.t.Context(), store.Load{Arrivals: []store.Arrival{a}, Entry: e, Event: events.Created})
	ok(f.t, err)
	r.AgeGroup = "35-44"
	ok(f.t, f.write(r))
	return r
}

// everything is a store with rows in every table.
func everything(t *testing.T) (f *fixture, people []equality.Record) {
	t.Helper()
	f = setup(t)
	for i := range 4 {
		r := person()
		r.NationalInsuranceNumber = fmt.Sprintf("QQ12345%dC", i)
		for v := range i + 1 {
			r.AgeGroup = []string{"25-34", "35-44"}[v%2]
			ok(t, f.write(r))
		}
		people = append(people, r)
	}
	people = append(people, f.imported())
	r := person()
	_, err := f.Write(t.Context(), store.Command{ID: r.ID, Target: r.TargetID, EventID: uuid.New(), Key: &store.Key{Key: [32]byte{1}}},
		func(c store.Opened) (store.Decision, error) {
			return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: r, Event: events.Updated}}, Entry: entry("write"), Outcome: store.Outcome{Status: 201}}, nil
		})
	ok(t, err)
	people = append(people, r)
	f.put(store.DocumentID{Kind: sealing.KindExtended, Owner: r.ID, Name: "an-area"}, 2)
	f.put(store.PersonEntry(uuid.New()), 2)
	gone := uuid.New()
	f.put(store.PersonEntry(gone), 2)
	f.erasePerson(gone)
	f.list()
	f.erase(f.written(2).ID)
	return f, people
}

// put writes versions of a document that is not a record.
func (f *fixture) put(id store.DocumentID, versions int) {
	for range versions {
		_, err := f.Write(f.t.Context(), id.Command(), func(c store.Opened) (store.Decision, error) {
			return store.Decision{Effects: []store.Effect{store.PutDocument{Found: c.Document, Content: []byte("{}")}}, Entry: entry("put")}, nil
		})
		ok(f.t, err)
	}
}

// rows are all rows of a table, as texts.
func (d database) rows(t *testing.T, table string) (rows []string) {
	t.Helper()
	d.query(t, func(db *sql.DB) error {
		found, err := db.Query("SELECT * FROM " + quoted(table))
		if err != nil {
			return err
		}
		defer found.Close()
		columns, err := found.Columns()
		if err != nil {
			return err
		}
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}
		for found.Next() {
			if err := found.Scan(targets...); err != nil {
				return err
			}
			rows = append(rows, fmt.Sprintf("%T %v", values, values))
		}
		return found.Err()
	})
	return rows
}

// schema is what a database says of its tables.
func (d database) tables(t *testing.T) (tables []string) {
	t.Helper()
	d.query(t, func(db *sql.DB) error {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }()
		tables, err = tablesOf(context.Background(), tx)
		return err
	})
	return tables
}

// A table that a migration adds is backed up and restored without further work, but this
// test needs rows in it.
func TestABackupHasEveryRowOfEveryTable(t *testing.T) {
	t.Parallel()
	f, people := everything(t)
	restored := f.db.backup(t).restored(t, 0)
	tables := f.db.tables(t)
	if len(tables) < 11 || !slices.Contains(tables, keysTable) {
		t.Errorf("the tables are %v", tables)
	}
	for _, table := range tables {
		before, after := f.db.rows(t, table), restored.db.rows(t, table)
		if len(before) == 0 && table != "audit_target" { // only an older log has rows in it
			t.Errorf("the test has no rows of %s", table)
		}
		switch table {
		case "audit": // with the restore's own entry
			if len(after) != len(before)+1 {
				t.Errorf("%d entries are restored of %d", len(after), len(before))
			}
			after = after[:len(before)]
		case "meta":
			hidden := func(row string) bool {
				return strings.Contains(row, store.MetaEpoch) || strings.Contains(row, store.MetaClock)
			}
			before, after = slices.DeleteFunc(before, hidden), slices.DeleteFunc(after, hidden)
		}
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("%s (-before +after):\n%s", table, diff)
		}
	}
	for _, want := range people {
		c, err := restored.read(want.TargetID)
		ok(t, err)
		if diff := cmp.Diff(want.AgeGroup, c.Record.AgeGroup); diff != "" || c.Record.ID != want.ID {
			t.Errorf("%v: %s", c.Record.ID, diff)
		}
		ok(t, restored.write(want)) // and accepts writes
	}
	restored.written(2)
	restored.db.sound(t, testKeys(), append(restored.Heads(), f.Heads()...)...)
}

// Rows that belong to a record name it by its number, in a column of that
// name: none is left after an erasure, nor after a restore that follows one.
// The documents of a record name it by its id; of the other tables those do
// that outlive it.
func TestNoRowBelongsToAnErasedRecord(t *testing.T) {
	t.Parallel()
	f := setup(t)
	apart := []string{"audit", "audit_target", "idempotency", "outbox", "tombstone", "record", "meta", "sqlite_sequence", "document", "document_history", "owner_key"}
	r := f.written(2)
	r.NationalInsuranceNumber = "QQ123456C"
	ok(t, f.write(r))
	f.put(store.DocumentID{Kind: sealing.KindExtended, Owner: r.ID, Name: "an-area"}, 2)
	p := f.db.backup(t)
	f.erase(r.ID)
	p.keys = f.db.backup(t).keys
	for _, d := range []database{f.db, p.restored(t, 1).db} {
		for _, table := range d.tables(t) {
			if !slices.Contains(apart, table) && d.value(t, "SELECT count(*) FROM "+table+" WHERE record = 1") != 0 {
				t.Errorf("%s has rows of an erased record", table)
			}
		}
		for _, table := range []string{"record", "document", "document_history"} {
			if n := d.value(t, "SELECT count(*) FROM "+table); n != 0 {
				t.Errorf("%d rows of %s are left", n, table)
			}
		}
		if n := d.value(t, "SELECT count(*) FROM outbox WHERE members <> ''"); n != 0 {
			t.Errorf("%d events name members", n)
		}
	}
}

func TestABackupIsWithoutKeysAndItsKeysAreWithoutDocuments(t *testing.T) {
	t.Parallel()
	f, _ := everything(t)
	p := f.db.backup(t)
	count := func(query string, there, absent []byte) {
		t.Helper()
		f.db.query(t, func(db *sql.DB) error {
			rows, err := db.Query(query)
			if err != nil {
				return err
			}
			defer rows.Close()
			n := 0
			for ; rows.Next(); n++ {
				var value []byte
				if err := rows.Scan(&value); err != nil {
					return err
				}
				if !bytes.Contains(there, value) || bytes.Contains(absent, value) {
					t.Errorf("%s: not in its own file alone", query)
				}
			}
			if n < 6 {
				t.Errorf("%s: %d rows", query, n)
			}
			return rows.Err()
		})
	}
	count("SELECT wrapped FROM data_key UNION ALL SELECT wrapped FROM owner_key", p.keys, p.records)
	count("SELECT sealed FROM record", p.records, p.keys)
}

func TestARecordErasedBeforeTheNewestKeysOpensFromNoOlderBackup(t *testing.T) {
	t.Parallel()
	f := setup(t)
	kept, plain, imported := f.written(2), f.written(3), f.imported()
	other := f.imported()
	f.list()
	old := f.db.backup(t)
	f.erase(plain.ID)
	f.erase(imported.ID)
	later := f.written(1)
	f.erase(f.written(1).ID) // created and erased after the first backup
	newest := f.db.backup(t)

	both := pair{old.records, newest.keys}.restored(t, 2)
	for _, gone := range []equality.Record{plain, imported} {
		c, err := both.read(gone.ID)
		if err != nil || c.State != store.Erased {
			t.Errorf("an erased record: %v, %v", c.State, err)
		}
		if err := both.write(gone); err == nil {
			c, _ := both.read(gone.ID)
			if c.State == store.Present {
				t.Error("an erased record's id is given again")
			}
		}
	}
	for _, r := range []equality.Record{kept, other} {
		if c, err := both.read(r.ID); err != nil || c.State != store.Present {
			t.Errorf("a record that was not erased: %v, %v", c.State, err)
		}
	}
	if c, err := both.read(later.ID); err != nil || c.State != store.Absent {
		t.Errorf("a record that came later: %v, %v", c.State, err)
	}
	if n := both.db.value(t, "SELECT count(*) FROM tombstone"); n != 3 {
		t.Errorf("%d tombstones", n)
	}
	if n := both.db.value(t, "SELECT count(*) FROM data_key"); n != 2 {
		t.Errorf("%d keys", n)
	}
	if n := both.db.value(t, `SELECT count(*) FROM audit WHERE action = 'erase' AND scope <> ''`); n != 3 {
		t.Errorf("%d entries of erasures", n)
	}
	ok(t, both.Close())
	both.db.sound(t, testKeys())
	// The older keys would open it, so only the newest are kept.
	if c, err := old.restored(t, 0).read(plain.ID); err != nil || c.State != store.Present {
		t.Errorf("with the old keys: %v, %v", c.State, err)
	}
}

// The number of the last record is used again once it was erased; its key then belongs to
// another record.
func TestANumberThatIsGivenAgainDoesNotMixUpKeys(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.written(1)
	first := f.written(1)
	old := f.db.backup(t)
	f.erase(first.ID)
	ok(t, f.Close())
	f.open()
	second := f.written(1)
	if n := f.db.value(t, "SELECT max(number) FROM record"); n != 2 {
		t.Fatalf("the number is %d, not given again", n)
	}
	newest := f.db.backup(t)
	both := pair{old.records, newest.keys}.restored(t, 1)
	for id, want := range map[uuid.UUID]store.State{first.ID: store.Erased, second.ID: store.Absent} {
		if c, err := both.read(id); err != nil || c.State != want {
			t.Errorf("%v, %v", c.State, err)
		}
	}
}

func TestARestoreBeginsANewFeed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.written(3)
	restored := f.db.backup(t).restored(t, 0)
	epoch := f.epoch()
	if restored.epoch() == epoch {
		t.Error("the feed's epoch is the old one")
	}
	_, err := restored.Events(t.Context(), epoch, 1, 10, 0)
	if !errors.Is(err, store.ErrCursorExpired) {
		t.Errorf("an older cursor: %v", err)
	}
}

func TestADatabaseOfAnOlderSchemaIsRestored(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{DatabaseFile, "keyset.json"} {
		content, err := os.ReadFile(filepath.Join("testdata/schema-1", name))
		ok(t, err)
		ok(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	keys, err := sealing.Load(filepath.Join(dir, "keyset.json"))
	ok(t, err)
	var records, dataKeys bytes.Buffer
	o := BackupOptions{Dir: dir, Keys: keys, Now: time.Now(), Records: &records, DataKeys: &dataKeys}
	if _, err := Backup(t.Context(), o); err == nil || !strings.Contains(err.Error(), "older schema") {
		t.Errorf("a database of an older schema: %v", err)
	}
	database{dir}.query(t, func(db *sql.DB) error {
		return within(t.Context(), db, func(tx *sql.Tx) error {
			mark, err := readMark(t.Context(), tx)
			ok(t, err)
			if mark.Schema != 1 {
				t.Errorf("schema %d", mark.Schema)
			}
			return writeArchives(t.Context(), tx, o, mark)
		})
	})
	p := pair{records.Bytes(), dataKeys.Bytes()}
	d, r, err := p.restore(t, func(o *RestoreOptions) { o.Keys = keys })
	ok(t, err)
	d.sound(t, keys)
	newest, err := newestSchema()
	ok(t, err)
	if n := d.value(t, "SELECT max(version_id) FROM goose_db_version"); n != newest || r.Records != 2 {
		t.Errorf("schema %d, %d records", n, r.Records)
	}
}

package postgres

import (
	"bytes"
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/pgtest"
	"equality-information-api/internal/store/storetest"
)

var update = flag.Bool("update", false, "make the database of the newest schema version in testdata anew")

// testdata/schema-N is a database written with schema version N, as statements, with its
// keyset, which protects nothing else. The newest may be made again until the next release.
// After that it stays, and a later version gets its own.
func releasedDir(version int64) string {
	return filepath.Join("testdata", fmt.Sprintf("schema-%d", version))
}

var (
	releasedID     = uuid.MustParse("5f4d3c2b-1a09-4e8d-9c7b-6a5f4e3d2c1b")
	releasedTarget = uuid.MustParse("0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d")
	releasedPlain  = uuid.MustParse("7e6d5c4b-3a29-4180-8f7e-6d5c4b3a2918")
	releasedAt     = time.Date(2026, 3, 2, 9, 30, 0, 123456000, time.UTC)
)

// releasedVersions are the versions of two invented people's records, oldest first.
func releasedVersions() (versions []store.Opened) {
	first := equality.Record{
		ID: releasedID, TargetID: releasedTarget, AgeGroup: "25-34", NationalInsuranceNumber: "QQ123456C",
		Gender:               equality.Gender{Value: "other", ValueIfOther: equality.NewText("Invented ✓"), DifferentToBirthSex: equality.PreferNotToSay},
		PregnancyOrMaternity: []equality.Pregnancy{equality.NewPregnancy(equality.NewDate(2016, 2, 29))},
		Languages:            []equality.Language{{Language: "english", IsPrimary: true}, {Language: "welsh"}},
	}
	second := first
	second.AgeGroup, second.PregnancyOrMaternity = "35-44", nil
	plain := equality.Record{ID: releasedPlain, TargetID: releasedPlain, Disabled: equality.Yes}
	for i, r := range []equality.Record{first, second, plain} {
		v := store.Opened{State: store.Present, ID: r.ID, Target: r.TargetID, Version: int64(i % 2), Record: r, Modified: releasedAt.Add(time.Duration(i) * time.Hour)}
		v.Provenance = store.Provenance{Subject: "officer-1", Name: "Invented Officer", Reason: "update", Members: []string{"ageGroup"}}
		versions = append(versions, v)
	}
	return versions
}

func releasedEvent(i int) uuid.UUID { return uuid.UUID{0: byte(i + 1), 6: 0x40, 8: 0x80} }

func releasedKey(i int) *store.Key { return &store.Key{Key: [32]byte{byte(i + 1)}, Body: [32]byte{9}} }

// makeReleased writes the statements of the newest version, and the keyset.
func makeReleased(t *testing.T) {
	t.Helper()
	dir := releasedDir(schemaVersion())
	d := newDatabase(t)
	keys, err := sealing.Generate()
	ok(t, err)
	now := releasedAt
	f := &fixture{t: t, db: d}
	o := f.options()
	o.Keys, o.Now = keys, func() time.Time { return now }
	s, err := Open(t.Context(), o)
	ok(t, err)
	for i, v := range releasedVersions() {
		now = v.Modified
		cmd := store.Command{ID: v.ID, EventID: releasedEvent(i), Key: releasedKey(i)}
		if v.Version == 0 {
			cmd.Target = v.Target
		}
		_, err := s.Write(t.Context(), cmd, func(c store.Opened) (store.Decision, error) {
			e := entry([]string{audit.ActionCreate, "change"}[min(v.Version, 1)])
			e.At, e.Subject, e.Members = now, "\x00\xff\\", v.Provenance.Members
			return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: v.Record, Provenance: v.Provenance, Event: eventOf(e)}}, Entry: e, Outcome: store.Outcome{Status: 200}}, nil
		})
		ok(t, err)
	}
	storetest.ReleasedPeople(t, s, releasedTarget, releasedPlain, now)
	e := entry("list")
	e.At, e.Touched = now, e.Touched.AppendID(releasedID).AppendID(releasedPlain)
	ok(t, s.Append(t.Context(), e))
	_, err = s.FeedAfter(t.Context(), 0, 10) // numbers the events
	ok(t, err)
	ok(t, s.Close())
	statements := dump(t, d)
	ok(t, os.RemoveAll(dir))
	ok(t, os.MkdirAll(dir, 0o755))
	ok(t, os.WriteFile(filepath.Join(dir, "rows.sql"), statements, 0o644))
	ok(t, keys.Save(filepath.Join(dir, "keyset.json")))
	ok(t, os.Chmod(filepath.Join(dir, "keyset.json"), 0o644))
}

// dump returns the rows of every table as statements.
func dump(t *testing.T, d database) []byte {
	t.Helper()
	var text bytes.Buffer
	fmt.Fprintln(&text, "-- What this program wrote under this version of the schema, made by `go test -run Released -update`.")
	d.query(t, func(ctx context.Context, conn *pgx.Conn) error {
		for _, table := range slices.Sorted(func(yield func(string) bool) {
			for table := range rights {
				if table != "goose_db_version" && !yield(table) {
					return
				}
			}
		}) {
			rows, err := conn.Query(ctx, "SELECT * FROM "+table+" AS row ORDER BY row")
			if err != nil {
				return err
			}
			var columns []string
			for _, column := range rows.FieldDescriptions() {
				columns = append(columns, column.Name)
			}
			values, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
				all, err := row.Values()
				var texts []string
				for _, v := range all {
					texts = append(texts, literal(v))
				}
				return "(" + strings.Join(texts, ", ") + ")", err
			})
			if err != nil {
				return err
			}
			if len(values) > 0 {
				fmt.Fprintf(&text, "INSERT INTO %s (%s) VALUES\n%s;\n", table, strings.Join(columns, ", "), strings.Join(values, ",\n"))
			}
		}
		return nil
	})
	fmt.Fprintln(&text, "SELECT setval('record_number_seq', (SELECT max(number) FROM record));")
	fmt.Fprintln(&text, "SELECT setval('outbox_position_seq', (SELECT max(position) FROM outbox));")
	return text.Bytes()
}

func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		return `'\x` + hex.EncodeToString(v) + "'"
	case [16]byte:
		return "'" + uuid.UUID(v).String() + "'"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	}
	return fmt.Sprint(v)
}

// released is a database written by a schema version and migrated, and its keyset.
func released(t *testing.T, version int64) (database, *sealing.Keyset) {
	t.Helper()
	c := pgtest.Shared(t)
	name := c.Create(t, "")
	d := database{app: c.DSN(name, pgtest.App), owner: c.DSN(name, pgtest.Owner)}
	db, err := openSQL(d.owner)
	ok(t, err)
	ok(t, migrateTo(t.Context(), db, "", version))
	ok(t, db.Close())
	rows, err := os.ReadFile(filepath.Join(releasedDir(version), "rows.sql"))
	ok(t, err)
	d.exec(t, string(rows))()
	ok(t, Migrate(t.Context(), d.owner, pgtest.App))
	keyset := filepath.Join(t.TempDir(), "keyset.json")
	content, err := os.ReadFile(filepath.Join(releasedDir(version), "keyset.json"))
	ok(t, err)
	ok(t, os.WriteFile(keyset, content, 0o600))
	keys, err := sealing.Load(keyset)
	ok(t, err)
	return d, keys
}

var sameVersions = cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(store.Opened{}, store.Document{}), cmpopts.IgnoreFields(store.Opened{}, "Text"), cmp.Comparer(func(a, b equality.Text) bool { return a == b }),
	cmp.Comparer(func(a, b equality.Date) bool { return a == b })}

func TestWhatReleasedSchemasWroteIsStillRead(t *testing.T) {
	t.Parallel()
	if *update {
		makeReleased(t)
	}
	for version := int64(1); version <= schemaVersion(); version++ {
		t.Run(fmt.Sprint("schema ", version), func(t *testing.T) {
			t.Parallel()
			d, keys := released(t, version)
			stillRead(t, version, d, keys)
		})
	}
}

func stillRead(t *testing.T, version int64, d database, keys *sealing.Keyset) {
	t.Helper()
	equal := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got, sameVersions); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	sound := func() {
		t.Helper()
		findings, records := d.findings(t, keys)
		equal("findings", append(findings, records...), []string(nil))
	}
	sound()
	f := &fixture{t: t, db: d}
	o := f.options()
	o.Keys, o.Now, o.KeyRetention = keys, func() time.Time { return releasedAt.Add(3 * time.Hour) }, 24*time.Hour
	s, err := Open(t.Context(), o)
	ok(t, err)
	f.Store = s
	defer func() { ok(t, f.Close()) }()
	want := releasedVersions()
	for _, id := range []uuid.UUID{releasedID, releasedTarget} {
		c, versions, err := f.History(t.Context(), id, math.MaxInt64, 10)
		ok(t, err)
		equal("current", c, want[1])
		equal("versions", versions, []store.Opened{want[1], want[0]})
	}
	if version > 5 {
		storetest.ReadReleasedPeople(t, f, releasedTarget, releasedPlain)
	}
	equal("records", f.list(), []store.Opened{want[1], want[2]})
	feed, err := f.Events(t.Context(), uuid.Nil, 0, 10, 0)
	ok(t, err)
	equal("events", len(feed.Events), len(want))
	for i, e := range feed.Events {
		equal("event", e.ID, releasedEvent(i))
		outcome, _, err := f.Remembered(t.Context(), releasedKey(i).Key)
		ok(t, err)
		equal("outcome", outcome, store.Remembered{Body: [32]byte{9}, Outcome: store.Outcome{Status: 200, Record: want[i].ID, Version: want[i].Version}})
	}
	r := want[1].Record
	r.NationalInsuranceNumber = "QQ123456D"
	ok(t, f.writing(r, false, entry("write")))
	ok(t, f.writing(person(), true, entry("write")))
	equal("indexed", d.Indexed(t, store.NINOHash(keys, "QQ123456C")), []uuid.UUID(nil))
	equal("indexed", d.Indexed(t, store.NINOHash(keys, r.NationalInsuranceNumber)), []uuid.UUID{r.ID})
	sound()
}

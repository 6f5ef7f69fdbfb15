package sqlite

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/storetest"
)

var update = flag.Bool("update", false, "make the database of the newest schema version in testdata anew")

// testdata/schema-N is a database that was written under schema version N, with
// its keyset, which protects nothing else. The newest may be made anew until the
// next release; after that it stays, and a later schema version gets its own.
const releasedSchema = 6

func releasedDir(schema int) string {
	return filepath.Join("testdata", fmt.Sprintf("schema-%d", schema))
}

var (
	releasedID     = uuid.MustParse("5f4d3c2b-1a09-4e8d-9c7b-6a5f4e3d2c1b")
	releasedTarget = uuid.MustParse("0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d")
	releasedPlain  = uuid.MustParse("7e6d5c4b-3a29-4180-8f7e-6d5c4b3a2918")
	releasedAt     = time.Date(2026, 3, 2, 9, 30, 0, 123456000, time.UTC)
)

// releasedVersions are the versions of the invented person's record, oldest first.
func releasedVersions() []store.Opened {
	first := equality.Record{
		ID: releasedID, TargetID: releasedTarget, AgeGroup: "25-34",
		Gender:                           equality.Gender{Value: "other", ValueIfOther: equality.NewText("Invented ✓"), DifferentToBirthSex: equality.PreferNotToSay},
		Nationality:                      "british",
		Ethnicity:                        equality.Ethnicity{Value: "other", ValueIfOther: equality.NewText("")},
		ReligionOrBelief:                 equality.ReligionOrBelief{Value: "other", ValueIfOther: equality.NewText("Invented")},
		SexualOrientation:                equality.SexualOrientation{Value: "other", ValueIfOther: equality.NewText("Invented")},
		MarriageOrCivilPartnership:       equality.MarriageOrCivilPartnership{Married: equality.Yes, CivilPartnership: equality.No},
		PregnancyOrMaternity:             []equality.Pregnancy{equality.NewPregnancy(equality.NewDate(2016, 2, 29))},
		NationalInsuranceNumber:          "QQ123456C",
		Languages:                        []equality.Language{{Language: "english", IsPrimary: true}, {Language: "welsh"}},
		CaringResponsibilities:           equality.CaringResponsibilities{ProvideUnpaidCare: equality.Yes, HoursSpentProvidingUnpaidCare: "1-19"},
		Disabled:                         equality.No,
		CommunicationRequirements:        []string{"braille", "other"},
		CommunicationRequirementsIfOther: equality.NewText("Invented"),
		EconomicSituation:                "other",
		EconomicSituationIfOther:         equality.NewText("Invented"),
		HomeSituation:                    "other",
		HomeSituationIfOther:             equality.NewText("Invented"),
		ArmedForces:                      "no",
	}
	second := first
	second.AgeGroup, second.PregnancyOrMaternity = "35-44", nil
	third := second
	third.NationalInsuranceNumber, third.Gender = "", equality.Gender{}
	plain := equality.Record{ID: releasedPlain, TargetID: releasedPlain, Disabled: equality.Yes}
	var versions []store.Opened
	for i, r := range []equality.Record{first, second, third, plain} {
		v := store.Opened{State: store.Present, ID: r.ID, Target: r.TargetID, Version: int64(i), Record: r, Modified: releasedAt.Add(time.Duration(i) * time.Hour)}
		members := r.Members()
		switch i {
		case 1, 2:
			members = equality.Diff(versions[i-1].Record, r)
		case 3:
			v.Version = 0
		}
		v.Provenance = store.Provenance{Subject: "officer-1", Name: "Invented Officer", Reason: "update", Members: members}
		versions = append(versions, v)
	}
	return versions
}

func releasedEvent(i int) uuid.UUID { return uuid.UUID{0: byte(i + 1), 6: 0x40, 8: 0x80} }

func releasedKey(i int) *store.Key { return &store.Key{Key: [32]byte{byte(i + 1)}, Body: [32]byte{9}} }

// makeReleased writes the database and its keyset.
func makeReleased(t *testing.T) {
	t.Helper()
	files, err := migrations.ReadDir("migrations")
	ok(t, err)
	if len(files) != releasedSchema {
		t.Fatalf("the schema has version %d; what version %d wrote can no longer be made", len(files), releasedSchema)
	}
	dir := t.TempDir()
	keys, err := sealing.Generate()
	ok(t, err)
	ok(t, keys.Save(filepath.Join(dir, "keyset.json")))
	now := releasedAt
	s, err := Open(t.Context(), Options{Dir: dir, Keys: keys, Now: func() time.Time { return now }, KeyRetention: time.Hour,
		EventRetention: time.Hour, Report: func(what string, err error) { t.Errorf("%s: %v", what, err) }})
	ok(t, err)
	for i, v := range releasedVersions() {
		now = v.Modified
		cmd := store.Command{ID: v.ID, Target: v.Target, EventID: releasedEvent(i), Key: releasedKey(i)}
		_, err := s.Write(t.Context(), cmd, func(c store.Opened) (store.Decision, error) {
			e := entry([]string{audit.ActionCreate, "change"}[min(v.Version, 1)])
			e.At, e.Members = now, equality.MaskSensitive(v.Provenance.Members)
			return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: v.Record, Provenance: v.Provenance, Event: eventOf(e)}}, Entry: e, Outcome: store.Outcome{Status: 200}}, nil
		})
		ok(t, err)
	}
	storetest.ReleasedPeople(t, s, releasedTarget, releasedPlain, now)
	e := entry("list")
	e.At = now
	_, err = s.List(t.Context(), store.ListQuery{Limit: 10}, func(v store.Opened) error {
		e.Touched = e.Touched.AppendID(v.ID)
		return nil
	})
	ok(t, err)
	ok(t, s.Append(t.Context(), e))
	ok(t, s.Close())
	ok(t, os.MkdirAll(releasedDir(releasedSchema), 0o755))
	for _, name := range []string{DatabaseFile, "keyset.json"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		ok(t, err)
		ok(t, os.WriteFile(filepath.Join(releasedDir(releasedSchema), name), content, 0o644))
	}
}

func TestWhatEverySchemaVersionWroteIsStillRead(t *testing.T) {
	t.Parallel()
	if *update {
		makeReleased(t)
	}
	files, err := migrations.ReadDir("migrations")
	ok(t, err)
	for i := range files {
		t.Run(fmt.Sprint("schema ", i+1), func(t *testing.T) {
			t.Parallel()
			stillRead(t, i+1)
		})
	}
}

func stillRead(t *testing.T, schema int) {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{DatabaseFile, "keyset.json"} {
		content, err := os.ReadFile(filepath.Join(releasedDir(schema), name))
		ok(t, err)
		ok(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	keys, err := sealing.Load(filepath.Join(dir, "keyset.json"))
	ok(t, err)
	want := releasedVersions()
	f := &fixture{t: t, db: database{dir}}
	o := f.options()
	o.Keys, o.Now = keys, func() time.Time { return releasedAt.Add(3 * time.Hour) }
	o.KeyRetention = 24 * time.Hour
	f.Store, err = Open(t.Context(), o)
	ok(t, err)
	defer func() { ok(t, f.Close()) }()

	same := cmp.Options{cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(store.Opened{}, store.Document{}), cmpopts.IgnoreFields(store.Opened{}, "Text"), cmp.Comparer(func(a, b equality.Text) bool { return a == b }),
		cmp.Comparer(func(a, b equality.Date) bool { return a == b })}
	equal := func(what string, got, want any) {
		t.Helper()
		if diff := cmp.Diff(want, got, same); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	for _, id := range []uuid.UUID{releasedID, releasedTarget} {
		c, versions, err := f.History(context.Background(), id, math.MaxInt64, 10)
		ok(t, err)
		equal("current", c, want[2])
		equal("versions", versions, []store.Opened{want[2], want[1], want[0]})
	}
	f.db.sound(t, keys)
	if schema > 5 {
		storetest.ReadReleasedPeople(t, f, releasedTarget, releasedPlain)
	}
	equal("records", f.list(), []store.Opened{want[2], want[3]})
	feed, err := f.Events(t.Context(), uuid.Nil, 0, 10, 0)
	ok(t, err)
	for i, e := range feed.Events {
		v := want[i]
		e.CorrelationID = uuid.Nil
		kind := "test.written"
		if schema > 5 {
			kind = []string{events.Created, events.Updated}[min(v.Version, 1)]
		}
		equal("event", e, events.Event{Position: e.Position, ID: releasedEvent(i), At: v.Modified, Type: kind, Record: v.ID,
			Target: v.Target, Version: v.Version, Members: equality.MaskSensitive(v.Provenance.Members)})
		outcome, found, err := f.Remembered(t.Context(), releasedKey(i).Key)
		ok(t, err)
		equal("remembered", found, true)
		equal("outcome", outcome, store.Remembered{Body: [32]byte{9}, Outcome: store.Outcome{Status: 200, Record: v.ID, Version: v.Version}})
	}
	equal("events", len(feed.Events), len(want))
	r := want[2].Record
	r.NationalInsuranceNumber = "QQ123456C"
	ok(t, f.write(r))
	equal("indexed", f.db.Indexed(t, store.NINOHash(keys, r.NationalInsuranceNumber)), []uuid.UUID{r.ID})
	f.db.sound(t, keys)
}

package service

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/sqlite"
)

// No version is higher than every JSON parser reads exactly: a record there is refused
// further ones, can be read and erased, and what is stored passes verification.
func TestNoVersionIsHigherThanTheHighest(t *testing.T) {
	t.Parallel()
	for _, version := range []int64{store.MaxVersion - 1, store.MaxVersion, store.MaxVersion + 1, 1<<63 - 2, 1<<63 - 1} {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			found := store.Opened{ID: uuid.New(), Target: uuid.New(), Version: version, Provenance: store.Provenance{Reason: "import"}}
			found.Record.ID, found.Record.TargetID = found.ID, found.Target
			arrival, err := store.NewArrival(b.Keys, found, uuid.New())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := b.engine.Load(t.Context(), store.Load{Arrivals: []store.Arrival{arrival}, Entry: audit.Entry{ID: uuid.New(), Action: audit.ActionImport}, Event: events.Created}); err != nil {
				t.Fatal(err)
			}
			for highest := version; ; highest++ {
				before := len(b.log(t))
				w, err := b.ChangeRecord(t.Context(), b.as(t, officer, Change), Write{ID: found.ID, Body: fmt.Appendf(nil, `{"disabled":%v}`, highest%2 == 0), Reason: ChangeReasons[0]})
				if highest < store.MaxVersion {
					if err != nil || w.Version != highest+1 {
						t.Fatalf("a change of version %d: version %d, %v", highest, w.Version, err)
					}
					continue
				}
				if !errors.Is(err, ErrLastVersion) {
					t.Errorf("a change of version %d: %v", highest, err)
				}
				entries := b.log(t)[before:]
				if len(entries) != 1 || entries[0].Status != 409 || entries[0].Outcome != audit.Refused {
					t.Errorf("the access log says %+v", entries)
				}
				if at := b.read(t, found.ID).Version; at != highest {
					t.Errorf("it is at version %d", at)
				}
				break
			}
			b.sound(t)
			b.erase(t, found.ID)
			_, err = b.CreateRecord(t.Context(), b.as(t, officer, Create), Write{Body: body(found.Target, ""), Reason: ChangeReasons[0]})
			if !errors.Is(err, ErrLastVersion) {
				t.Errorf("a record after the erased one: %v", err)
			}
			b.sound(t)
		})
	}
}

// sound fails the test if verification finds anything in the log or the records.
func (b *bench) sound(t *testing.T) {
	t.Helper()
	log, err := sqlite.OpenLog(t.Context(), b.dir, b.Keys)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	report, err := audit.Verify(t.Context(), b.Keys, log, nil)
	if err == nil {
		err = audit.VerifyRecords(t.Context(), log, report)
	}
	if err != nil || !report.OK() {
		t.Errorf("verification found: %v, %v", report.Findings, err)
	}
}

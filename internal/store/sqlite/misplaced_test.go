package sqlite

import (
	"testing"

	"equality-information-api/internal/store"
)

// Whoever can write to the database file must not be able to have one person's
// answers shown as another's.
func TestAnIdThatLeadsToAnothersRecordShowsNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	a, _ := f.written(1), f.written(1)
	f.db.exec(t, statement{`UPDATE identifier SET record = (SELECT max(number) FROM record) WHERE uuid = $1`, a.TargetID[:]})
	if got, err := f.Find(t.Context(), a.TargetID); err == nil || got.State != store.Absent {
		t.Errorf("read %+v, %v", got, err)
	}
	f.db.exec(t, statement{`UPDATE record SET target = $1 WHERE number = (SELECT record FROM identifier WHERE uuid = $1)`, a.TargetID[:]})
	if got, err := f.Find(t.Context(), a.TargetID); err == nil || got.State != store.Absent {
		t.Errorf("read with the target changed too: %+v, %v", got, err)
	}
}

// A record without its key is damaged. It does not count as missing.
func TestARecordWithoutItsKeyIsAnErrorAndNotAbsent(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := f.written(1)
	f.db.exec(t, statement{`DELETE FROM data_key`, nil})
	if _, err := f.Find(t.Context(), r.ID); err == nil {
		t.Error("it is read as if nothing were wrong")
	}
}

package sealing

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"
)

// A keyset knows whether it has had a database, through every file that it is written to.
func TestAKeysetKnowsWhetherItHasHadADatabase(t *testing.T) {
	t.Parallel()
	keys, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keyset.json")
	if err := keys.Save(path); err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(1000 * time.Hour)
	stored := func() *Keyset {
		t.Helper()
		k, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	if stored().HasHadDatabase(later) {
		t.Error("a new keyset has had a database")
	}
	marked, err := stored().WithDatabase()
	if err != nil {
		t.Fatal(err)
	}
	if err := marked.Replace(path); err != nil {
		t.Fatal(err)
	}
	if complete, err := stored().Complete(); err != nil || !complete.HasHadDatabase(time.Now()) {
		t.Errorf("a keyset that has had a database does not know it: %v", err)
	}
	if err := stored().VerifyCheckValue(keys.CheckValue()); err != nil {
		t.Errorf("the keys are others: %v", err)
	}

	// The file of an earlier program does not say.
	content, err := marked.encode()
	if err != nil {
		t.Fatal(err)
	}
	older, err := decode(bytes.Replace(content, []byte(`,"database":"has had one"`), nil, 1))
	if err != nil {
		t.Fatal(err)
	}
	if older.HasHadDatabase(time.Now()) || !older.HasHadDatabase(time.Now().Add(25*time.Hour)) {
		t.Error("a keyset that does not say counts as new for a day")
	}
}

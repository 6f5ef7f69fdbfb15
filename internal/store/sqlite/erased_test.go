package sqlite

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// blobs are all values that a query gives.
func (d database) blobs(t *testing.T, query string, args ...any) (values [][]byte) {
	t.Helper()
	d.query(t, func(db *sql.DB) error {
		rows, err := db.Query(query, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var value []byte
			if err := rows.Scan(&value); err != nil {
				return err
			}
			values = append(values, value)
		}
		return rows.Err()
	})
	return values
}

// inFiles says whether any file of the database has these bytes.
func (d database) inFiles(t *testing.T, value []byte) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(d.dir, DatabaseFile+"*"))
	ok(t, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		ok(t, err)
		if bytes.Contains(content, value) {
			return true
		}
	}
	return false
}

// Neither a key nor a version of an erased record, or of a person's entry, is in any file of a server
// that goes on, its write-ahead log included.
func TestNothingOfAnErasedRecordIsLeftInTheFiles(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var gone [][]byte
	var ids []uuid.UUID
	for range 3 {
		r := f.written(3)
		ids = append(ids, r.ID)
		f.put(store.DocumentID{Kind: sealing.KindExtended, Owner: r.ID, Name: "an-area"}, 2)
		gone = append(gone, f.db.blobs(t, `SELECT wrapped FROM data_key JOIN record ON number = record WHERE id = $1
			UNION ALL SELECT sealed FROM record WHERE id = $1
			UNION ALL SELECT h.sealed FROM history h JOIN record ON number = record WHERE id = $1
			UNION ALL SELECT sealed FROM document WHERE owner = $1
			UNION ALL SELECT sealed FROM document_history WHERE owner = $1`, r.ID[:])...)
	}
	someone := uuid.New()
	f.put(store.PersonEntry(someone), 2)
	gone = append(gone, f.db.blobs(t, `SELECT wrapped FROM owner_key WHERE owner = $1 UNION ALL SELECT sealed FROM document WHERE owner = $1
		UNION ALL SELECT sealed FROM document_history WHERE owner = $1`, someone[:])...)
	kept := f.written(2)
	if len(gone) != 3*6+3 {
		t.Fatalf("%d values", len(gone))
	}
	for i, value := range gone {
		if !f.db.inFiles(t, value) {
			t.Fatalf("value %d is in no file, so the test shows nothing", i)
		}
	}
	for _, id := range ids {
		f.erase(id)
	}
	f.erasePerson(someone)
	left := 0
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		left = 0
		for _, value := range gone {
			if f.db.inFiles(t, value) {
				left++
			}
		}
		if left == 0 {
			break
		}
	}
	if left > 0 {
		t.Errorf("%d of %d values are left in the files", left, len(gone))
	}
	if c, err := f.read(kept.ID); err != nil || c.State != store.Present {
		t.Errorf("another record: %v, %v", c.State, err)
	}
}

package store

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// Who made a version is read without its answers, and is what the whole document says.
func FuzzProvenance(f *testing.F) {
	id, target := uuid.MustParse("45b919fa-22b4-11ec-9621-0242ac130002"), uuid.MustParse("49b092d6-22b4-11ec-9621-0242ac130002")
	for _, of := range []Opened{
		{Record: equality.Record{ID: id, TargetID: target}},
		{Record: equality.Record{ID: id, TargetID: target, AgeGroup: `","change":{"subject":"x`}, Verbatim: true,
			Provenance: Provenance{Subject: "somebody", Name: "Some Body", Reason: "update", Members: []string{"ageGroup"}}},
		{Record: equality.Record{ID: target, TargetID: id, NINOAsSent: "qq"}},
	} {
		plain, err := EncodeDocument(of)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain)
	}
	f.Add([]byte(`{"record":{"id":1},"change":{}}`))
	f.Fuzz(func(t *testing.T, plain []byte) {
		var whole Opened
		failed := DecodeDocument(plain, &whole)
		got, err := decodeProvenance(plain, id, target)
		mine := whole.Record.ID == id && whole.Record.TargetID == target
		switch {
		case failed == nil && mine && err != nil:
			t.Errorf("it is not told who made a version: %v", err)
		case failed == nil && !mine && !errors.Is(err, ErrMisplaced):
			t.Errorf("another's document: %v", err)
		case failed == nil && err == nil && !cmp.Equal(got, whole.Provenance):
			t.Errorf("%+v, want %+v", got, whole.Provenance)
		}
	})
}

package store

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// A document that was written before there was a spelling of the National
// Insurance number beside it is read as it is.
func TestDocumentOfAnEarlierRelease(t *testing.T) {
	t.Parallel()
	const plain = `{"record":{"id":"45b919fa-22b4-11ec-9621-0242ac130002","targetId":"49b092d6-22b4-11ec-9621-0242ac130002",` +
		`"nationalInsuranceNumber":"QQ123456C"},"change":{"subject":"somebody","reason":"update","members":["nationalInsuranceNumber"]}}`
	r, c, err := DecodeDocument([]byte(plain))
	if err != nil || r.NationalInsuranceNumber != "QQ123456C" || r.NINOAsSent != "" || c.Subject != "somebody" {
		t.Errorf("%+v %+v %v", r, c, err)
	}
	again, err := EncodeDocument(r, c)
	if err != nil || string(again) != plain {
		t.Errorf("%s %v", again, err)
	}
}

func TestDocumentKeepsTheSpelling(t *testing.T) {
	t.Parallel()
	sent := equality.Record{ID: uuid.New(), TargetID: uuid.New(), NationalInsuranceNumber: "QQ123456C", NINOAsSent: "qq 12 34 56 c"}
	plain, err := EncodeDocument(sent, Change{Subject: "somebody"})
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := DecodeDocument(plain)
	if err != nil || r.NINOAsSent != sent.NINOAsSent || r.NationalInsuranceNumber != sent.NationalInsuranceNumber {
		t.Errorf("%+v %v", r, err)
	}
	if strings.Contains(string(sent.Encode()), "qq 12") {
		t.Errorf("the HTTP contract shows it: %s", sent.Encode())
	}
	if _, _, err := DecodeDocument([]byte(`{"record":{"id":"xMARKx"}}`)); err == nil || strings.Contains(err.Error(), "MARK") {
		t.Errorf("%v", err)
	}
}

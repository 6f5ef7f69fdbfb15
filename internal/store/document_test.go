package store

import (
	"bytes"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// A document from before the National Insurance number's spelling, or the length, was
// stored with it can still be read.
func TestDocumentOfAnEarlierRelease(t *testing.T) {
	t.Parallel()
	const plain = `{"record":{"id":"45b919fa-22b4-11ec-9621-0242ac130002","targetId":"49b092d6-22b4-11ec-9621-0242ac130002",` +
		`"nationalInsuranceNumber":"QQ123456C"},"change":{"subject":"somebody","reason":"update","members":["nationalInsuranceNumber"]}}`
	var v Opened
	err := DecodeDocument([]byte(plain), &v)
	if err != nil || v.Record.NationalInsuranceNumber != "QQ123456C" || v.Record.NINOAsSent != "" || v.Provenance.Subject != "somebody" || v.Verbatim {
		t.Errorf("%+v %v", v, err)
	}
	again, err := EncodeDocument(v)
	if err != nil || string(again) != plain {
		t.Errorf("%s %v", again, err)
	}
	if text, err := verbatim([]byte(plain), v.Record.ID, v.Record.TargetID); text != nil || err != nil {
		t.Errorf("it is shown as it is: %s, %v", text, err)
	}
}

func TestDocumentKeepsTheSpelling(t *testing.T) {
	t.Parallel()
	sent := equality.Record{ID: uuid.New(), TargetID: uuid.New(), NationalInsuranceNumber: "QQ123456C", NINOAsSent: "qq 12 34 56 c"}
	for _, shown := range []bool{false, true} {
		plain, err := EncodeDocument(Opened{Record: sent, Provenance: Provenance{Subject: "somebody"}, Verbatim: shown})
		if err != nil {
			t.Fatal(err)
		}
		var v Opened
		err = DecodeDocument(plain, &v)
		if r := v.Record; err != nil || r.NINOAsSent != sent.NINOAsSent || r.NationalInsuranceNumber != sent.NationalInsuranceNumber {
			t.Errorf("%+v %v", r, err)
		}
		if v.Verbatim != shown {
			t.Errorf("verbatim: %t, want %t", v.Verbatim, shown)
		}
	}
	if strings.Contains(string(sent.Encode()), "qq 12") {
		t.Errorf("the HTTP contract shows it: %s", sent.Encode())
	}
	if err := DecodeDocument([]byte(`{"record":{"id":"xMARKx"}}`), &Opened{}); err == nil || strings.Contains(err.Error(), "MARK") {
		t.Errorf("%v", err)
	}
}

func TestDocumentIsShownAsItIsStored(t *testing.T) {
	t.Parallel()
	r := equality.Record{ID: uuid.New(), TargetID: uuid.New(), Nationality: "british",
		HomeSituationIfOther: equality.NewText(`,"record":{"id":"` + "\u00e9\xff")}
	plain, err := EncodeDocument(Opened{Record: r, Provenance: Provenance{Subject: `,"record":`}, Verbatim: true})
	if err != nil {
		t.Fatal(err)
	}
	text, err := verbatim(plain, r.ID, r.TargetID)
	if err != nil || string(text) != string(r.Encode()) {
		t.Errorf("%s, %v\nwant %s", text, err, r.Encode())
	}
	for what, ids := range map[string][2]uuid.UUID{
		"another id": {uuid.New(), r.TargetID}, "another target": {r.ID, uuid.New()}, "turned round": {r.TargetID, r.ID},
	} {
		if text, err := verbatim(plain, ids[0], ids[1]); text != nil || !errors.Is(err, ErrMisplaced) {
			t.Errorf("%s: %s, %v", what, text, err)
		}
	}
	// Any other form is decoded, like the documents of earlier releases.
	of := func(length int) string {
		return strings.Replace(string(plain), strconv.Itoa(len(text)), strconv.Itoa(length), 1)
	}
	for _, other := range []string{
		`{"verbatim":`, `{"verbatim":12`, `{"verbatim":-1,"record":{}}`, `{"verbatim":x,"record":{}}`, `{"verbatim":999,"record":{}}`,
		`{"verbatim":99999999999999999999,"record":{}}`, `{"verbatim":,"record":{}}`, `{"verbatim":3,"other":{}}`,
		`{"verbatim":2,"further":1,"record":{},"change":{}}`,
		of(len(text) - 1), of(len(text) + 1), of(len(text) + 2), of(len(plain) - len(`{"verbatim":123,"record":`)),
	} {
		if text, err := verbatim([]byte(other), r.ID, r.TargetID); text != nil || err != nil {
			t.Errorf("%s: %s, %v", other, text, err)
		}
	}
}

// Versions are shown in the form in which they were stored. A release that writes records
// differently must not mark the old ones as verbatim.
func TestFormOfAVerbatimRecord(t *testing.T) {
	t.Parallel()
	const stored = `{"id":"45b919fa-22b4-11ec-9621-0242ac130002","targetId":"49b092d6-22b4-11ec-9621-0242ac130002","ageGroup":"25-34",` +
		`"gender":{"genderValue":"other","genderValueIfOther":"Invented","genderDifferentToBirthSex":"preferNotToSay"},"nationality":"british",` +
		`"ethnicity":{"ethnicGroupValue":"white","ethnicGroupValueIfOther":""},` +
		`"religionOrBelief":{"religionOrBeliefValue":"other","religionOrBeliefValueIfOther":"Invented"},` +
		`"sexualOrientation":{"sexualOrientationValue":"other","sexualOrientationValueIfOther":"Invented"},` +
		`"marriageOrCivilPartnership":{"married":true,"civilPartnership":false},` +
		`"pregnancyOrMaternity":[{"pregnancyDate":"2024-01-04","pregnancyValidUntil":"2026-10-04"}],"nationalInsuranceNumber":"QQ123456C",` +
		`"languages":[{"language":"english","isPrimary":true},{"language":"french","isPrimary":false}],` +
		`"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"},"disabled":true,` +
		`"communicationRequirements":["braille","other"],"communicationRequirementsIfOther":"Invented","economicSituation":"other",` +
		`"economicSituationIfOther":"Invented","homeSituation":"other","homeSituationIfOther":"Invented é < \"","armedForces":"reservist"}`
	var v Opened
	if err := DecodeDocument([]byte(`{"record":`+stored+`}`), &v); err != nil {
		t.Fatal(err)
	}
	if text := string(v.Record.Encode()); text != stored {
		t.Errorf("%s\nis written as\n%s", stored, text)
	}
	for field := range reflect.TypeFor[equality.Record]().Fields() {
		if reflect.ValueOf(v.Record).FieldByIndex(field.Index).IsZero() && field.Name != "NINOAsSent" {
			t.Errorf("the record has no %s", field.Name)
		}
	}
}

// Whatever a document contains, the text shown from it is JSON of these ids from within it,
// or nothing.
func FuzzVerbatim(f *testing.F) {
	id, target := uuid.UUID{1}, uuid.UUID{2}
	for _, shown := range []bool{true, false} {
		plain, err := EncodeDocument(Opened{Record: equality.Record{ID: id, TargetID: target, Nationality: "british"}, Verbatim: shown})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(plain)
	}
	begin := `{"id":"` + id.String() + `","targetId":"` + target.String() + `"`
	f.Fuzz(func(t *testing.T, plain []byte) {
		text, err := verbatim(plain, id, target)
		if text == nil {
			return
		}
		if err != nil || !bytes.Contains(plain, text) || !strings.HasPrefix(string(text), begin) || !strings.HasSuffix(string(text), "}") {
			t.Errorf("%q, %v", text, err)
		}
	})
}

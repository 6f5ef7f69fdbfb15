package bulk

import (
	"bytes"
	"encoding/csv"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

var same = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b equality.Text) bool { return a == b }),
	cmp.Comparer(func(a, b equality.Date) bool { return a == b }),
}

var shapes = map[string]shape{FormatNDJSON: inLines, FormatCSV: inRows}

// Importing an export, in either format, gives the same items and versions.
func TestAnExportIsImportedAsItWas(t *testing.T) {
	t.Parallel()
	lists := testLists(t)
	for name, check := range map[string]func(rt *rapid.T){
		"records": func(rt *rapid.T) { exportedAndRead(rt, Records, recordDecoder(t), record(rt, lists)) },
		"persons": func(rt *rapid.T) { exportedAndRead(rt, Persons, DecodePerson(day), person(rt)) },
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); rapid.Check(t, check) })
	}
}

func exportedAndRead[T any](rt *rapid.T, kind *Kind[T], decode Decode[T], value T) {
	want := Item[T]{Value: value, Version: rapid.Int64Range(0, store.MaxVersion).Draw(rt, "version")}
	for _, format := range []string{FormatNDJSON, FormatCSV} {
		var out bytes.Buffer
		encoder := kind.Encoder(format, &out)
		if err := encoder.Encode(want.Version, time.Unix(1, 0).UTC(), value); err != nil {
			rt.Fatal(err)
		}
		if err := encoder.End(); err != nil {
			rt.Fatal(err)
		}
		frames := newFramer(&out, shapes[format], 0, 1)
		first, err := frames.next()
		if err != nil {
			rt.Fatal(err)
		}
		decoder := kind.NDJSON(decode)
		if format == FormatCSV {
			if decoder, err = kind.CSV(decode, nil, Mapping{}, first.text); err != nil {
				rt.Fatal(err)
			}
			if first, err = frames.next(); err != nil {
				rt.Fatal(err)
			}
		}
		got, err := decoder(first.text)
		if failures, _ := failuresOf(err); err != nil {
			rt.Fatalf("%s: %v\n%s", format, failures, first.text)
		}
		if d := cmp.Diff(want, got, same); d != "" {
			rt.Fatalf("%s: %s", format, d)
		}
	}
}

// formula is the beginning of a cell that a spreadsheet may run.
var formula = regexp.MustCompile(`^[=+@\-\t\r\n＝＋－＠]`)

// Whatever a list holds, a spreadsheet runs none of its elements, and they are read
// as they were.
func TestElementsOfListsAreGuarded(t *testing.T) {
	t.Parallel()
	lists := testLists(t)
	rapid.Check(t, func(rt *rapid.T) {
		element := rapid.StringMatching(`['=+@\-＝＋－＠]{0,3}[a-z;]{0,3}`)
		r := equality.Record{TargetID: uuid.MustParse(target)}
		r.CommunicationRequirements = rapid.SliceOfN(element, 1, 4).Draw(rt, "requirements")
		r.Languages = []equality.Language{{Language: element.Draw(rt, "primary"), IsPrimary: true}, {Language: element.Draw(rt, "other")}}
		cells := written(nil, Records.columns, 0, time.Time{}, &r)
		for _, column := range []string{requirementsColumn, primaryColumn, othersColumn} {
			for _, one := range strings.Split(cells[Records.places[column]], listSeparator) {
				if formula.MatchString(one) {
					rt.Fatalf("%q may be taken for a formula", cells[Records.places[column]])
				}
			}
		}
		var got []string
		for _, one := range elements(cells[Records.places[requirementsColumn]]) {
			one, _ = unguard(one)
			got = append(got, one)
		}
		if d := cmp.Diff(strings.Join(r.CommunicationRequirements, listSeparator), strings.Join(got, listSeparator)); d != "" {
			rt.Fatal(d)
		}
	})
	// The mark is removed before an element is looked up.
	m, err := Records.ParseMapping([]byte("values: {communicationRequirements: {=BR: braille, ＋LP: largePrint}}"), lists)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Records.CSV(recordDecoder(t), lists, m, []byte("targetId,communicationRequirements"))
	if err != nil {
		t.Fatal(err)
	}
	item, err := d([]byte(target + ",'=BR; '＋LP"))
	if err != nil || len(item.Value.CommunicationRequirements) != 2 {
		t.Errorf("%+v, %v", item.Value.CommunicationRequirements, err)
	}
}

func TestGuardIsUndone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`['=+@\-\t\r\n＝＋－＠]{0,4}[a-z]{0,2}`)).Draw(t, "text")
		cell := textCell(equality.NewText(text))
		if got, present := unguard(cell); got != text || !present {
			t.Fatalf("%q as %q is %q, there: %v", text, cell, got, present)
		}
		if cell != guardMark && formula.MatchString(cell) {
			t.Fatalf("%q may be taken for a formula", cell)
		}
	})
	if _, present := unguard(textCell(equality.Text{})); present {
		t.Error("an absent text is there")
	}
}

// The document of a row is JSON, whatever is in its cells.
func FuzzCSVRow(f *testing.F) { fuzzRow(f, Records, recordDecoder(f)) }

func FuzzPersonsRow(f *testing.F) { fuzzRow(f, Persons, DecodePerson(day)) }

func fuzzRow[T any](f *testing.F, kind *Kind[T], decode Decode[T]) {
	decoder, err := kind.CSV(decode, testLists(f), Mapping{}, rowOf(f, kind.Header()))
	if err != nil {
		f.Fatal(err)
	}
	for _, column := range kind.forms {
		f.Add(column.name, "1;2;'=")
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		place, ok := kind.places[name]
		if !ok {
			return
		}
		row := make([]string, len(kind.forms))
		row[kind.places["targetId"]] = target
		row[place] = text
		line := rowOf(t, row)
		_, err := decoder(line)
		failures, ok := failuresOf(err)
		if err != nil && !ok {
			t.Fatal(err)
		}
		for _, failure := range failures {
			if failure.Code == equality.JSONSyntax || failure.Code == equality.JSONDuplicate || failure.Code == equality.JSONUnknown {
				t.Fatalf("%q gives %v", line, failure)
			}
		}
	})
}

// rowOf is a row of CSV.
func rowOf(t testing.TB, cells []string) []byte {
	t.Helper()
	var line bytes.Buffer
	w := csv.NewWriter(&line)
	if err := w.Write(cells); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	return trimEnd(line.Bytes())
}

func FuzzNDJSON(f *testing.F) {
	fuzzLines(f, Records, recordDecoder(f))
}

func FuzzPersonsNDJSON(f *testing.F) {
	f.Add([]byte(`{"version":3,"person":{"id":"` + target + `","firstName":" Zoë ","dateOfBirth":"2001-02-29"}}`))
	fuzzLines(f, Persons, DecodePerson(day))
}

func fuzzLines[T any](f *testing.F, kind *Kind[T], decode Decode[T]) {
	decoder := kind.NDJSON(decode)
	for _, seed := range []string{`{"targetId":"` + target + `"}`, `{"id":"` + target + `"}`, `{"id":null,"version":3,"record":{}}`, `{"record":`, `{"record":1}}`, `"record"`} {
		f.Add([]byte(strings.ReplaceAll(seed, "record", kind.member)))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		item, err := decoder(line)
		if _, ok := failuresOf(err); err != nil && !ok {
			t.Fatal(err)
		}
		if err == nil && (item.Version < 0 || kind.person(&item.Value) == uuid.Nil) {
			t.Fatalf("%+v", item)
		}
	})
}

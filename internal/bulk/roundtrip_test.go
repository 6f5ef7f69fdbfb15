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

// Importing an export, in either format, gives the same records and versions.
func TestAnExportIsImportedAsItWas(t *testing.T) {
	t.Parallel()
	lists, rules := testLists(t), testRules(t)
	rapid.Check(t, func(rt *rapid.T) {
		want := Item{Record: record(rt, lists), Version: rapid.Int64Range(0, store.MaxVersion).Draw(rt, "version")}
		v := store.Opened{ID: want.Record.ID, Target: want.Record.TargetID, Version: want.Version, Modified: time.Unix(1, 0).UTC(), Record: want.Record}
		for _, format := range []string{FormatNDJSON, FormatCSV} {
			var out bytes.Buffer
			encoder := NewEncoder(format, &out)
			if err := encoder.Encode(v); err != nil {
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
			decoder := NDJSON(rules, day)
			if format == FormatCSV {
				if decoder, err = CSV(rules, lists, Mapping{}, day, first.text); err != nil {
					rt.Fatal(err)
				}
				if first, err = frames.next(); err != nil {
					rt.Fatal(err)
				}
			}
			got, err := decoder.Decode(first.text)
			if failures, _ := failuresOf(err); err != nil {
				rt.Fatalf("%s: %v\n%s", format, failures, first.text)
			}
			if d := cmp.Diff(want, got, same); d != "" {
				rt.Fatalf("%s: %s", format, d)
			}
		}
	})
}

// formula is the beginning of a cell that a spreadsheet may run.
var formula = regexp.MustCompile(`^[=+@\-\t\r\n＝＋－＠]`)

// Whatever a list holds, a spreadsheet runs none of its elements, and they are read
// as they were.
func TestElementsOfListsAreGuarded(t *testing.T) {
	t.Parallel()
	lists, rules := testLists(t), testRules(t)
	rapid.Check(t, func(rt *rapid.T) {
		element := rapid.StringMatching(`['=+@\-＝＋－＠]{0,3}[a-z;]{0,3}`)
		r := equality.Record{TargetID: uuid.MustParse(target)}
		r.CommunicationRequirements = rapid.SliceOfN(element, 1, 4).Draw(rt, "requirements")
		r.Languages = []equality.Language{{Language: element.Draw(rt, "primary"), IsPrimary: true}, {Language: element.Draw(rt, "other")}}
		cells := row(nil, Exported{record: r})
		for _, column := range []string{requirementsColumn, primaryColumn, othersColumn} {
			for _, one := range strings.Split(cells[byName[column]], listSeparator) {
				if formula.MatchString(one) {
					rt.Fatalf("%q may be taken for a formula", cells[byName[column]])
				}
			}
		}
		var got []string
		for _, one := range elements(cells[byName[requirementsColumn]]) {
			one, _ = unguard(one)
			got = append(got, one)
		}
		if d := cmp.Diff(strings.Join(r.CommunicationRequirements, listSeparator), strings.Join(got, listSeparator)); d != "" {
			rt.Fatal(d)
		}
	})
	// The mark is removed before an element is looked up.
	m, err := ParseMapping([]byte("values: {communicationRequirements: {=BR: braille, ＋LP: largePrint}}"), lists)
	if err != nil {
		t.Fatal(err)
	}
	d, err := CSV(rules, lists, m, day, []byte("targetId,communicationRequirements"))
	if err != nil {
		t.Fatal(err)
	}
	item, err := d.Decode([]byte(target + ",'=BR; '＋LP"))
	if err != nil || len(item.Record.CommunicationRequirements) != 2 {
		t.Errorf("%+v, %v", item.Record.CommunicationRequirements, err)
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
func FuzzCSVRow(f *testing.F) {
	lists, rules := testLists(f), testRules(f)
	var header bytes.Buffer
	w := csv.NewWriter(&header)
	if err := w.Write(Header()); err != nil {
		f.Fatal(err)
	}
	w.Flush()
	decoder, err := CSV(rules, lists, Mapping{}, day, trimEnd(header.Bytes()))
	if err != nil {
		f.Fatal(err)
	}
	for _, column := range columns {
		f.Add(column.name, "1;2;'=")
	}
	f.Fuzz(func(t *testing.T, name, text string) {
		place, ok := byName[name]
		if !ok {
			return
		}
		row := make([]string, len(columns))
		row[byName["targetId"]] = "49b092d6-22b4-11ec-9621-0242ac130002"
		row[place] = text
		var line bytes.Buffer
		w := csv.NewWriter(&line)
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		_, err := decoder.Decode(trimEnd(line.Bytes()))
		failures, ok := failuresOf(err)
		if err != nil && !ok {
			t.Fatal(err)
		}
		for _, failure := range failures {
			if failure.Code == equality.JSONSyntax || failure.Code == equality.JSONDuplicate || failure.Code == equality.JSONUnknown {
				t.Fatalf("%q gives %v", line.String(), failure)
			}
		}
	})
}

func FuzzNDJSON(f *testing.F) {
	decoder := NDJSON(testRules(f), day)
	for _, seed := range []string{`{"targetId":"49b092d6-22b4-11ec-9621-0242ac130002"}`, `{"id":null,"version":3,"record":{}}`, `{"record":`, `{"record":1}}`, `"record"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		item, err := decoder.Decode(line)
		if _, ok := failuresOf(err); err != nil && !ok {
			t.Fatal(err)
		}
		if err == nil && (item.Version < 0 || item.Record.TargetID.String() == "") {
			t.Fatalf("%+v", item)
		}
	})
}

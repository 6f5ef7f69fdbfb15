package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func verify(t tb, m memory, heads ...Head) *Report {
	t.Helper()
	report, err := Verify(t.Context(), testKeys(), m, heads)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestALogAsItWasWrittenIsSound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lanes := rapid.IntRange(1, 3).Draw(t, "lanes")
		m := memory{lanes: lanes}
		var heads []Head
		for lane := range lanes {
			log := chained(testKeys(), lane, rapid.SliceOfN(anEntry(), 0, 5).Draw(t, "entries")...)
			heads = append(heads, Head{Lane: lane})
			for i := range log {
				heads = append(heads, headAt(log, i))
			}
			m.entries = append(m.entries, log...)
		}
		report := verify(t, m, heads...)
		if !report.OK() {
			t.Fatalf("found %q", report.Findings)
		}
		if report.Entries != int64(len(m.entries)) || len(report.Last) != lanes || report.Heads != len(heads) {
			t.Fatalf("the report is %+v", report)
		}
	})
}

func TestTamperingWithALogIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := chained(testKeys(), 0, rapid.SliceOfN(anEntry(), 2, 6).Draw(t, "entries")...)
		last := headAt(log, len(log)-1)
		i := rapid.IntRange(0, len(log)-2).Draw(t, "place")
		renumber := rapid.Bool().Draw(t, "numbers put right")
		tampered := slices.Clone(log)
		switch rapid.SampledFrom([]string{"flip", "remove", "swap", "repeat", "alter"}).Draw(t, "how") {
		case "flip":
			hash := slices.Clone(log[i].Hash)
			hash[rapid.IntRange(0, HashSize-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
			tampered[i].Hash = hash
		case "remove":
			tampered = slices.Delete(tampered, i, i+1)
		case "swap":
			tampered[i], tampered[i+1] = tampered[i+1], tampered[i]
		case "repeat":
			tampered = slices.Insert(tampered, i, tampered[i])
		case "alter":
			tampered[i].Entry.Subject += "x"
		}
		if renumber {
			for i := range tampered {
				tampered[i].Seq = int64(i + 1)
			}
		}
		for _, heads := range [][]Head{nil, {last}} {
			if report := verify(t, memory{lanes: 1, entries: tampered}, heads...); report.OK() {
				t.Fatal("nothing was found")
			}
		}
	})
}

func TestATailThatWasCutOffIsFoundByAHeadOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := chained(testKeys(), 0, rapid.SliceOfN(anEntry(), 1, 6).Draw(t, "entries")...)
		left := rapid.IntRange(0, len(log)-1).Draw(t, "left")
		known := rapid.IntRange(0, len(log)-1).Draw(t, "head")
		m := memory{lanes: 1, entries: log[:left]}
		if report := verify(t, m); !report.OK() {
			t.Fatalf("found %q without a head", report.Findings)
		}
		if report := verify(t, m, headAt(log, known)); report.OK() != (known < left) {
			t.Fatalf("with the head %d of %d entries: found %q", known+1, left, report.Findings)
		}
	})
}

func TestATailThatWasCutOffAndHasGrownAgainIsFound(t *testing.T) {
	t.Parallel()
	entries := []Entry{{Subject: "a"}, {Subject: "b"}, {Subject: "c"}}
	was := chained(testKeys(), 0, entries...)
	entries[2].Subject = "d"
	is := chained(testKeys(), 0, entries...)
	m := memory{lanes: 1, entries: is}
	// The program has logged the new tail's head, too.
	for name, heads := range map[string][]Head{
		"the old head":           {headAt(was, 2)},
		"the old before the new": {headAt(was, 2), headAt(is, 2)},
		"the new before the old": {headAt(is, 2), headAt(was, 2)},
	} {
		if report := verify(t, m, heads...); report.OK() {
			t.Errorf("%s: nothing was found", name)
		}
	}
	if report := verify(t, m, headAt(is, 2), headAt(is, 2), headAt(is, 1)); !report.OK() {
		t.Errorf("its own heads: found %q", report.Findings)
	}
}

func TestEntriesAndHeadsOfAnotherLaneAreFound(t *testing.T) {
	t.Parallel()
	log := chained(testKeys(), 0, Entry{}, Entry{})
	foreign := chained(testKeys(), 1, Entry{})
	if report := verify(t, memory{lanes: 1, entries: append(log, foreign...)}); report.OK() {
		t.Error("an entry of a lane the log does not have was not found")
	}
	if report := verify(t, memory{lanes: 1, entries: log}, headAt(foreign, 0)); report.OK() {
		t.Error("a head of a lane the log does not have was not found")
	}
	moved := slices.Clone(foreign)
	moved[0].Lane = 0
	if report := verify(t, memory{lanes: 2, entries: moved}); report.OK() {
		t.Error("a lane that stands in for another was not found")
	}
	if report := verify(t, memory{lanes: 2, entries: log}, headAt(foreign, 0)); report.OK() {
		t.Error("a lane that is missing was not found")
	}
}

func TestALogCannotBeReadWithAnotherKeyset(t *testing.T) {
	t.Parallel()
	if report := verify(t, memory{lanes: 1, entries: chained(newKeys(), 0, Entry{})}); report.OK() {
		t.Error("nothing was found")
	}
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	m := memory{lanes: 1, versions: 0}
	for range maxFindings + 20 {
		m.documents = append(m.documents, Document{Logged: []byte{1}})
	}
	report := verify(t, m)
	if err := VerifyRecords(t.Context(), m, report); err != nil {
		t.Fatal(err)
	}
	if len(report.Findings) != maxFindings || report.Omitted() != 20 {
		t.Errorf("%d findings and %d more", len(report.Findings), report.Omitted())
	}
}

func TestRecordsAreComparedWithWhatTheLogTells(t *testing.T) {
	t.Parallel()
	good := Document{Record: uuid.New(), Logged: []byte{1}, Stored: []byte{1}}
	erased := Document{Record: uuid.New(), Logged: []byte{1}, Erased: true}
	tests := map[string]struct {
		documents []Document
		versions  int64
		ok        bool
	}{
		"nothing":                     {nil, 0, true},
		"as written":                  {[]Document{good, good}, 2, true},
		"erased":                      {[]Document{good, erased}, 1, true},
		"altered":                     {[]Document{{Logged: []byte{1}, Stored: []byte{2}}}, 1, false},
		"erased, but there":           {[]Document{{Logged: []byte{1}, Stored: []byte{2}, Erased: true}}, 1, false},
		"erased by nobody":            {[]Document{good, {Record: uuid.New(), Logged: []byte{1}, Erased: true}}, 1, false},
		"missing":                     {[]Document{good, {Logged: []byte{1}}}, 1, false},
		"more than the log tells of":  {[]Document{good}, 2, false},
		"fewer than the log tells of": {[]Document{good, good}, 1, false},
	}
	for name, test := range tests {
		report := &Report{erased: map[uuid.UUID]bool{erased.Record: true}}
		m := memory{documents: test.documents, versions: test.versions}
		if err := VerifyRecords(t.Context(), m, report); err != nil || report.OK() != test.ok {
			t.Errorf("%s: found %q, %v", name, report.Findings, err)
		}
		if report.Changes != int64(len(test.documents)) {
			t.Errorf("%s: %d changes", name, report.Changes)
		}
	}
}

func TestWhatIsWrongWithRecordsThemselvesIsFound(t *testing.T) {
	t.Parallel()
	report := &Report{}
	err := VerifyRecords(t.Context(), memory{misplaced: []string{"record 1: its ids do not lead to it"}}, report)
	if err != nil || report.OK() {
		t.Errorf("found %q, %v", report.Findings, err)
	}
}

// programLog writes heads as the program does, among other lines.
func programLog(heads ...Head) string {
	var b bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&b, nil))
	log.Info("request", "path", "/x", "lane", "none", "seq", []int{1})
	for _, h := range heads {
		log.Info(HeadMessage, h.LogFields(testKeys())...)
		log.Error("something else", "hash", "no hash")
		b.WriteString("not JSON\n\n{\"msg\":\n" + `{"msg":"audit heads","lane":1}` + "\n")
	}
	return b.String()
}

func TestHeadsAreReadBackFromTheProgramsLog(t *testing.T) {
	t.Parallel()
	log := chained(testKeys(), 3, Entry{}, Entry{}, Entry{})
	want := []Head{headAt(log, 0), headAt(log, 2), headAt(log, 1), {Lane: 7}}
	text := programLog(want...)
	for name, text := range map[string]string{
		"as it is":            text,
		"with CRLF":           strings.ReplaceAll(text, "\n", "\r\n"),
		"without a last line": strings.TrimSuffix(text, "\n"),
	} {
		got, err := ReadHeads(strings.NewReader(text), testKeys())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	none, err := ReadHeads(strings.NewReader(programLog()), testKeys())
	if err != nil || len(none) != 0 {
		t.Errorf("of a log without heads: %v, %v", none, err)
	}
}

func TestAForgedHeadIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	log := chained(testKeys(), 0, Entry{}, Entry{})
	text := programLog(headAt(log, 0), headAt(log, 1))
	lines := strings.Split(text, "\n")
	number := 0
	for i, line := range lines {
		if strings.Contains(line, `"seq":2,`) {
			number = i + 1
		}
	}
	signature := headAt(log, 1).Signature(testKeys())
	for name, forge := range map[string][2]string{
		"lane":                {`"lane":0`, `"lane":1`},
		"place":               {`"seq":2,`, `"seq":3,`},
		"hash":                {fmt.Sprintf("%x", log[1].Hash), fmt.Sprintf("%x", log[0].Hash)},
		"shortened hash":      {fmt.Sprintf("%x", log[1].Hash), fmt.Sprintf("%x", log[1].Hash[:31])},
		"lengthened hash":     {fmt.Sprintf("%x", log[1].Hash), fmt.Sprintf("%x00", log[1].Hash)},
		"hash of other signs": {fmt.Sprintf("%x", log[1].Hash), "zz"},
		"signature":           {fmt.Sprintf("%x", signature), fmt.Sprintf("%x", headAt(log, 0).Signature(testKeys()))},
		"no signature":        {fmt.Sprintf("%x", signature), ""},
	} {
		line := strings.Replace(lines[number-1], forge[0], forge[1], 1)
		if line == lines[number-1] {
			t.Fatalf("%s: nothing was forged", name)
		}
		forged := slices.Clone(lines)
		forged[number-1] = line
		_, err := ReadHeads(strings.NewReader(strings.Join(forged, "\n")), testKeys())
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("line %d:", number)) {
			t.Errorf("%s: error %v, of line %d", name, err, number)
		}
	}
	if _, err := ReadHeads(strings.NewReader(text), newKeys()); err == nil {
		t.Error("heads of another keyset were taken")
	}
	if _, err := ReadHeads(failing{}, testKeys()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

// failing cannot be read.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("a secret path") }

// tb is a test, or a property's.
type tb interface {
	Helper()
	Fatal(args ...any)
	Context() context.Context
}

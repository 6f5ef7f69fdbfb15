package bulk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// shelf stores records in memory. It can fail before or after a batch is durable,
// like a program that is killed.
type shelf struct {
	correlation uuid.UUID
	records     map[uuid.UUID]store.Arrival // by person
	position    []byte
	completed   []int64
	acts        map[uuid.UUID]bool
	fail        func() (before, behind bool)
}

var errKilled = errors.New("test: killed")

func newShelf() *shelf {
	return &shelf{records: make(map[uuid.UUID]store.Arrival), acts: make(map[uuid.UUID]bool),
		fail: func() (bool, bool) { return false, false }}
}

func (s *shelf) Position(context.Context) ([]byte, error) { return s.position, nil }
func (s *shelf) CorrelationID() uuid.UUID                 { return s.correlation }
func (s *shelf) Continue(id uuid.UUID)                    { s.correlation = id }

// unsealed is a record as it arrives on a shelf.
func unsealed(r equality.Record, version int64) (store.Arrival, error) {
	return store.Arrival{Row: store.Row{ID: r.ID, Target: r.TargetID, Version: version}, Record: r}, nil
}

func (s *shelf) Load(_ context.Context, arrivals []store.Arrival, position func([]store.Landing) ([]byte, error)) error {
	before, behind := s.fail()
	var landings []store.Landing
	var landed []store.Arrival
	here := make(map[uuid.UUID]store.Arrival)
	for _, a := range arrivals {
		found := store.Opened{}
		if there, ok := s.records[a.Target]; ok {
			found = store.Opened{State: store.Present, ID: there.ID, Target: there.Target, Record: there.Record}
		} else if there, ok := here[a.Target]; ok {
			found = store.Opened{State: store.Present, ID: there.ID, Target: there.Target, Record: there.Record}
		}
		landing := a.Judge(found)
		landings = append(landings, landing)
		if landing == store.Landed {
			landed, here[a.Target] = append(landed, a), a
		}
	}
	kept, err := position(landings)
	if err != nil {
		return err
	}
	if again, err := position(landings); err != nil || string(again) != string(kept) { // as after a rollback
		return fmt.Errorf("the second time the position is %s, and was %s: %w", again, kept, err)
	}
	if before {
		return errKilled
	}
	for _, a := range landed {
		s.records[a.Target] = a
	}
	s.position, s.acts[s.correlation] = kept, true
	if behind {
		return errKilled
	}
	return nil
}

func (s *shelf) Complete(_ context.Context, count int64, position []byte) error {
	s.completed, s.position = append(s.completed, count), position
	return nil
}

// lines are people, some repeated with different answers, some with errors.
func lines(n int) string {
	random := rand.New(rand.NewPCG(1, 2))
	var text strings.Builder
	var targets []string
	for i := range n {
		id := uuid.UUID{15: byte(i), 14: byte(i >> 8), 0: 1}.String()
		switch random.IntN(8) {
		case 0:
			text.WriteString(`{"targetId":"zebra","disabled":7,"ageGroup":"zebra"}`)
		case 1:
			if len(targets) > 0 {
				fmt.Fprintf(&text, `{"targetId":"%s","disabled":true}`, targets[random.IntN(len(targets))])
			}
		case 2:
			fmt.Fprintf(&text, `{"targetId":"%s"`, id)
		default:
			targets = append(targets, id)
			fmt.Fprintf(&text, `{"version":%d,"record":{"targetId":"%s","disabled":false}}`, i, id)
		}
		text.WriteString([]string{"\n", "\r\n", "\n\n"}[random.IntN(3)])
	}
	return text.String()
}

func reportFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "rejects"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func optionsOf(t *testing.T, text string, rejects *os.File) Options {
	t.Helper()
	source := strings.NewReader(text)
	return Options{
		Source: source, Skip: func(n int64) error { _, err := source.Seek(n, io.SeekCurrent); return err },
		Format: FormatNDJSON, Prepare: recordLines(t).Prepared(unsealed), Rejects: rejects, Findings: reportFile(t), Workers: 3, Progress: func(State) {}, perBatch: 7,
	}
}

func content(t *testing.T, f *os.File) string {
	t.Helper()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// However often an import is stopped and resumed, the result is the same.
func TestAnImportThatIsResumedEndsAsOneThatIsNot(t *testing.T) {
	t.Parallel()
	text := lines(300)
	header := "\ufefftargetId,disabled\n"
	rows := header + strings.Repeat("x\n,\n\""+target+"\",\"y\nz\"\n", 3)
	for i := range 200 {
		rows += fmt.Sprintf("%s,%s\n", uuid.UUID{15: byte(i), 0: 1}, []string{"yes", "no", "perhaps", "\"\n\""}[i%4])
	}
	rows += strings.Repeat(",\n", 20) // as a spreadsheet leaves them
	scanned := `{"Count":200,` + "\n" + `"Items":[`
	for i := range 200 {
		id := uuid.UUID{15: byte(i - i%5/4), 0: 1}
		scanned += fmt.Sprintf("{\n\"version\":%d, \"record\":{\"targetId\":\"%s\",\"ageGroup\":\"%s\"}},\n", i, id, []string{"preferNotToSay", "zebra"}[i%7/6])
	}
	scanned = strings.TrimSuffix(scanned, ",\n") + "],\n" + `"LastEvaluatedKey":{"targetId":{"S":"x"}},"NextToken":"eyJ"}` + "\n" + `{"NextToken":null,"Items":[]}` + "\n"
	told := make(map[string][4]int64)
	for name, text := range map[string]string{"lines": text, "rows": rows, "a scan": scanned,
		"a scan on one line": strings.ReplaceAll(scanned, "\n", "")} {
		open := func(rejects, findings *os.File) Options {
			o := optionsOf(t, text, rejects)
			o.Findings = findings
			if strings.HasPrefix(name, "a scan") {
				o.Format = FormatDynamoDB
			}
			if name == "rows" {
				o.Format, o.Prepare = FormatCSV, nil
				o.Header = func(header []byte) (Prepare, error) {
					d, err := Records.CSV(recordDecoder(t), testLists(t), Mapping{}, header)
					return d.Prepared(unsealed), err
				}
			} else {
				o.Prepare = finding(recordLines(t)).Prepared(unsealed)
			}
			return o
		}
		whole, wholeRejects, wholeFindings := newShelf(), reportFile(t), reportFile(t)
		whole.correlation = uuid.UUID{1}
		want, err := Import(t.Context(), whole, open(wholeRejects, wholeFindings))
		if err != nil {
			t.Fatal(err)
		}
		if (want.Found > 0) == (name == "rows") || (want.Empty > 0) != (name == "rows") || want.Found > want.Imported+want.Unchanged {
			t.Errorf("%s: %+v", name, want)
		}
		if want.Imported == 0 || want.Rejected == 0 || want.Read != want.Imported+want.Unchanged+want.Rejected || !want.Done {
			t.Errorf("%+v", want)
		}
		if pages := want.FoundRules[MorePages]; (pages > 0) != strings.HasPrefix(name, "a scan") || pages > 1 {
			t.Errorf("%s: %d findings of other pages", name, pages)
		}
		told[name] = [...]int64{want.Imported, want.Unchanged, want.Rejected, want.Found}
		for seed := range uint64(12) {
			random := rand.New(rand.NewPCG(seed, 3))
			s, rejects, findings := newShelf(), reportFile(t), reportFile(t)
			s.correlation = uuid.UUID{1}
			s.fail = func() (bool, bool) { return random.IntN(4) == 0, random.IntN(4) == 0 }
			var got State
			for runs := 0; ; runs++ {
				o := open(rejects, findings)
				o.Resume = runs > 0
				if got, err = Import(t.Context(), s, o); err == nil {
					break
				}
				if !errors.Is(err, errKilled) || runs > 1000 {
					t.Fatal(err)
				}
				if runs > 0 {
					s.correlation = uuid.New() // of another run
				}
			}
			got.CorrelationID = want.CorrelationID // one that was killed before anything was durable has begun anew
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s, seed %d: %s", name, seed, d)
			}
			if d := cmp.Diff(content(t, wholeRejects), content(t, rejects)); d != "" {
				t.Errorf("%s, seed %d: rejects: %s", name, seed, d)
			}
			if d := cmp.Diff(content(t, wholeFindings), content(t, findings)); d != "" {
				t.Errorf("%s, seed %d: findings: %s", name, seed, d)
			}
			if d := cmp.Diff(whole.records, s.records, same); d != "" {
				t.Errorf("%s, seed %d: records: %s", name, seed, d)
			}
			if len(s.acts) != 1 {
				t.Errorf("%s, seed %d: it was %d acts", name, seed, len(s.acts))
			}
			o := open(rejects, findings)
			o.Resume = true
			if again, err := Import(t.Context(), s, o); err != nil || len(s.completed) != 1 {
				t.Errorf("resumed at its end: %v, %v", again, err)
			}
		}
	}
	if told["a scan"] != told["a scan on one line"] {
		t.Errorf("the same scan on one line is told otherwise: %v", told)
	}
}

// finding finds something in every third record.
func finding(d Decoder[equality.Record]) Decoder[equality.Record] {
	return func(line []byte) (Item[equality.Record], error) {
		item, err := d(line)
		if err == nil && item.Value.TargetID[15]%3 == 0 {
			item.Findings = []equality.Finding{{Pointer: "/a", Code: "x", Kept: true}, {Pointer: "/b", Code: "x"}}
		}
		return item, err
	}
}

func TestAnImportOfTheSameAgainChangesNothing(t *testing.T) {
	t.Parallel()
	text := lines(100)
	s := newShelf()
	first, err := Import(t.Context(), s, optionsOf(t, text, reportFile(t)))
	if err != nil {
		t.Fatal(err)
	}
	rejects := reportFile(t)
	second, err := Import(t.Context(), s, optionsOf(t, text, rejects))
	if err != nil {
		t.Fatal(err)
	}
	if second.Imported != 0 || second.Unchanged != first.Imported+first.Unchanged || second.Rejected != first.Rejected {
		t.Errorf("%+v, then %+v", first, second)
	}
}

func TestAnImportEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := newShelf()
	o := optionsOf(t, lines(300), reportFile(t))
	parts := 0
	o.Progress = func(State) {
		if parts++; parts == 3 {
			cancel()
		}
	}
	state, err := Import(ctx, s, o)
	if !errors.Is(err, ErrInterrupted) || parts != 3 || state.Done {
		t.Errorf("%v after %d parts: %+v", err, parts, state)
	}
	durable, err := parseState(s.position)
	if d := cmp.Diff(durable, state); d != "" || err != nil {
		t.Errorf("%v: %s", err, d)
	}
}

// If a file cannot be read or rejects cannot be written, the import stops after
// the last durable batch.
func TestAnImportEndsAtAnErrorOfItsFiles(t *testing.T) {
	t.Parallel()
	broken := errors.New("test: broken")
	s := newShelf()
	o := optionsOf(t, "", reportFile(t))
	o.Source = io.MultiReader(strings.NewReader(lines(100)), iotestErr{broken})
	if state, err := Import(t.Context(), s, o); !errors.Is(err, broken) || state.Done || len(s.completed) > 0 {
		t.Errorf("%v: %+v", err, state)
	}
	closed := reportFile(t)
	_ = closed.Close()
	s = newShelf()
	if state, err := Import(t.Context(), s, optionsOf(t, "zebra\n", closed)); err == nil || state.Read != 0 || len(s.records) > 0 {
		t.Errorf("%v: %+v", err, state)
	}
}

type iotestErr struct{ error }

func (e iotestErr) Read([]byte) (int, error) { return 0, e.error }

func TestLinesThatAreRejected(t *testing.T) {
	t.Parallel()
	id := target
	for line, want := range map[string]string{
		`{"targetId":"` + id + `","zebra":1}`: "/zebra " + equality.JSONUnknown,
		`{"targetId":"` + id + `"`:            " " + equality.JSONSyntax,
		"{\"targetId\":\"\xff\"}":             " " + equality.JSONUTF8,
		`[]`:                                  " " + equality.TypeObject,
		`{"version":-1,"record":{"targetId":"` + id + `"}}`:                                                  "/version " + VersionForm,
		`{"version":1.5,"record":{"targetId":"` + id + `"}}`:                                                 "/version " + VersionForm,
		`{"version":"1","record":{"targetId":"` + id + `"}}`:                                                 "/version " + VersionForm,
		`{"id":"zebra","record":{"targetId":"` + id + `"}}`:                                                  "/id " + equality.IDForm,
		`{"id":7,"record":{"targetId":"` + id + `"}}`:                                                        "/id " + equality.TypeString,
		`{"id":"00000000-0000-0000-0000-000000000000","record":{"targetId":"` + id + `"}}`:                   "/id " + equality.IDZero,
		`{"id":"` + id + `","record":{"targetId":"` + id + `","id":"45b919fa-22b4-11ec-9621-0242ac130002"}}`: "/record/id " + equality.IDMismatch,
		`{"targetId":"45b919fa-22b4-11ec-9621-0242ac130002","record":{"targetId":"` + id + `"}}`:             "/targetId " + equality.IDMismatch,
		`{"record":{"disabled":"perhaps","targetId":"` + id + `"}}`:                                          "/record/disabled " + equality.TypeAnswer,
		`{"record":7}`: "/record " + equality.TypeObject,
		`{"zebra":1,"a b":2,"record":{"targetId":"` + id + `"}}`: "/zebra " + equality.JSONUnknown + "| " + equality.JSONUnknown,
		`{"record":{"targetId":"` + id + `"}} {}`:                " " + equality.JSONSyntax + "|/record " + equality.JSONUnknown + "|/targetId " + equality.Required,
	} {
		_, err := recordLines(t)([]byte(line))
		failures, ok := failuresOf(err)
		var got []string
		for _, f := range failures {
			got = append(got, f.Pointer+" "+f.Code)
		}
		if joined := strings.Join(got, "|"); !ok || joined != want && !strings.HasPrefix(want, joined) {
			t.Errorf("%s: %q, want %q", line, joined, want)
		}
	}
	for _, line := range []string{
		`{"targetId":"` + id + `","disabled":"Y","marriageOrCivilPartnership":{"married":1,"civilPartnership":"False"}}`,
		`{"id":null,"targetId":null,"record":{"targetId":"` + id + `"}}`,
		` {"targetId":"` + id + `","gender":{"genderValue":"o","genderValueIfOther":"a \"record\""}} `,
	} {
		if _, err := recordLines(t)([]byte(line)); err != nil {
			failures, _ := failuresOf(err)
			t.Errorf("%s: %v", line, failures)
		}
	}
}

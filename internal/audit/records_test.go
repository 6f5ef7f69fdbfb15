package audit

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// wrote is the entry of a change.
func wrote(id uuid.UUID, version int64, document byte) Logged {
	e := Entry{At: written, Outcome: Done, Action: "change", Object: ObjectRecord, Record: id, Version: version, Document: hashOf(document)}
	if version == 0 {
		e.Action = ActionCreate
	}
	return Logged{Format: Format, Entry: e}
}

// imported is the entry of an import of these records, at version 0.
func imported(ids ...uuid.UUID) Logged {
	e := Entry{At: written, Outcome: Done, Action: ActionImport, Object: ObjectRecord, Count: int64(len(ids))}
	for _, id := range ids {
		e.Touched = e.Touched.AppendVersion(id, 0, [HashSize]byte{1})
	}
	return Logged{Format: Format, Entry: e}
}

// counted is the entry of an import before format 3.
func counted(n int64) Logged {
	return Logged{Entry: Entry{At: written, Outcome: Done, Action: ActionImport, Count: n}}
}

// erased is the entry of an erasure.
func erased(id uuid.UUID) Logged {
	return Logged{Format: Format, Entry: Entry{At: written, Outcome: Done, Action: ActionErase, Object: ObjectRecord, Record: id}}
}

func hashOf(document byte) []byte {
	hash := [HashSize]byte{document}
	return hash[:]
}

func is(id uuid.UUID, version int64, document byte) Stored {
	return Stored{Object: ObjectRecord, ID: id, Version: version, Modified: written, Document: [HashSize]byte(hashOf(document))}
}

// second is a stored version of the second record of an import.
func second(s Stored) Stored {
	s.Modified = s.Modified.Add(time.Microsecond)
	return s
}

// written is when everything was.
var written = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func TestRecordsAreComparedWithWhatTheLogTells(t *testing.T) {
	t.Parallel()
	one, two := uuid.New(), uuid.New()
	misplaced := is(one, 0, 1)
	misplaced.Misplaced = true
	elsewhere := is(one, 0, 1)
	elsewhere.Name = "an area"
	ofKind := func(object Object, name string) Logged {
		l := wrote(one, 0, 1)
		l.Entry.Object, l.Entry.ObjectName = object, name
		return l
	}
	old := wrote(one, 0, 1)
	old.Format, old.Entry.Object = 0, ""
	broken := wrote(one, 0, 1)
	broken.Entry.Touched = Touched{9}
	shown := wrote(one, 0, 1)
	shown.Entry.Touched = Touched{}.AppendID(two)
	both, loaded := []Stored{is(one, 0, 1), is(two, 0, 1)}, []Stored{is(one, 0, 1), second(is(two, 0, 1))}
	change := func(s Stored, how func(*Stored)) []Stored { how(&s); return []Stored{s} }
	late := func(s *Stored) { s.Modified = s.Modified.AddDate(0, 0, 300) }
	packed := wrote(one, 0, 1)
	packed.Format = formatPacked
	tests := map[string]struct {
		entries    []Logged
		stored     []Stored
		tombstones []uuid.UUID
		want       string // part of the only finding; empty if there is none
	}{
		"nothing":                     {nil, nil, nil, ""},
		"as written":                  {[]Logged{wrote(one, 0, 1), wrote(one, 1, 2)}, []Stored{is(one, 1, 2), is(one, 0, 1)}, nil, ""},
		"written by an older program": {[]Logged{old}, []Stored{is(one, 0, 1)}, nil, ""},
		"altered":                     {[]Logged{wrote(one, 0, 1)}, []Stored{is(one, 0, 2)}, nil, "version 0 is not what entry 1 of lane 0 wrote"},
		"missing":                     {[]Logged{wrote(one, 3, 1)}, nil, nil, "version 3, written by entry 1 of lane 0, is missing"},
		"stored twice":                {[]Logged{wrote(one, 0, 1)}, []Stored{is(one, 0, 1), is(one, 0, 1)}, nil, "is stored twice"},
		"out of its place":            {[]Logged{old}, []Stored{is(one, 0, 1), misplaced}, nil, "is stored in the wrong place"},
		"written twice":               {[]Logged{wrote(one, 0, 1), wrote(one, 0, 1)}, []Stored{is(one, 0, 1)}, nil, "version 0 was written twice, by entry 1 of lane 0 and entry 2 of lane 0"},
		"written by nobody":           {[]Logged{wrote(one, 0, 1)}, both, nil, two.String() + ": version 0 is stored, but the log has no entry for it"},
		"another area's":              {[]Logged{wrote(one, 0, 1)}, []Stored{is(one, 0, 1), elsewhere}, nil, "(an area): version 0 is stored, but the log has no entry for it"},
		"a kind that is not stored":   {[]Logged{ofKind("test", "an area")}, nil, nil, "test " + one.String() + " (an area): version 0, written by entry 1"},
		"a list that cannot be read":  {[]Logged{broken}, []Stored{is(one, 0, 1)}, nil, "lane 0: entry 1: the list"},
		"a list of what was shown":    {[]Logged{shown}, []Stored{is(one, 0, 1)}, nil, ""},

		"imported":                              {[]Logged{imported(one, two)}, loaded, nil, ""},
		"imported and missing":                  {[]Logged{imported(one, two)}, both[:1], nil, two.String() + ": version 0, written by entry 1 of lane 0, is missing"},
		"imported and altered":                  {[]Logged{imported(one, two)}, []Stored{is(one, 0, 1), second(is(two, 0, 2))}, nil, two.String() + ": version 0 is not what entry 1"},
		"imported and created":                  {[]Logged{imported(one, two), wrote(two, 0, 1)}, loaded, nil, "version 0 was written twice"},
		"imported and changed":                  {[]Logged{imported(one), wrote(one, 1, 2)}, []Stored{is(one, 0, 1), is(one, 1, 2)}, nil, ""},
		"counted":                               {[]Logged{counted(2)}, both, nil, ""},
		"counted and imported":                  {[]Logged{counted(1), imported(one)}, both, nil, ""},
		"fewer than counted":                    {[]Logged{counted(2), wrote(two, 0, 1)}, both, nil, "2 versions are stored, but the log has entries for 3"},
		"more than counted":                     {[]Logged{counted(1)}, both, nil, "2 versions are stored, but the log has entries for 1"},
		"counted without any":                   {[]Logged{counted(1)}, nil, nil, "0 versions are stored, but the log has entries for 1"},
		"a refused import's":                    {[]Logged{{Entry: Entry{Outcome: Refused, Action: ActionImport, Count: 1}}}, nil, nil, ""},
		"erased":                                {[]Logged{wrote(one, 0, 1), wrote(two, 0, 1), erased(one)}, both[1:], []uuid.UUID{one}, ""},
		"erased before":                         {[]Logged{erased(one), wrote(one, 0, 1)}, nil, []uuid.UUID{one}, ""}, // in another lane
		"imported and erased":                   {[]Logged{imported(one, two), wrote(one, 1, 1), erased(one)}, loaded[1:], []uuid.UUID{one}, ""},
		"imported, erased, not counted":         {[]Logged{imported(one, two), erased(one), counted(1)}, append(loaded[1:], is(uuid.New(), 0, 1)), []uuid.UUID{one}, ""},
		"counted and erased":                    {[]Logged{counted(2), erased(one)}, both[1:], []uuid.UUID{one}, ""},
		"both ways, both erased":                {[]Logged{counted(2), imported(two), erased(two), erased(one)}, []Stored{is(uuid.New(), 0, 1)}, []uuid.UUID{one, two}, ""},
		"erased, but there":                     {[]Logged{wrote(one, 0, 1), erased(one)}, both[:1], []uuid.UUID{one}, "is stored, but the log says it was erased"},
		"erased by nobody":                      {[]Logged{wrote(one, 0, 1)}, nil, []uuid.UUID{one}, "has a tombstone, but the log has no entry for its erasure"},
		"does not open":                         {[]Logged{wrote(one, 0, 1)}, change(is(one, 0, 1), func(s *Stored) { s.Closed = true }), nil, "its row does not hold its document"},
		"lost":                                  {[]Logged{wrote(one, 0, 1)}, change(is(one, 0, 1), func(s *Stored) { s.Lost = true }), nil, "its ids do not point to it"},
		"at another time":                       {[]Logged{wrote(one, 0, 1)}, change(is(one, 0, 1), late), nil, "its time is not the one in entry 1 of lane 0"},
		"a little later":                        {[]Logged{wrote(one, 0, 1)}, []Stored{second(is(one, 0, 1))}, nil, "its time is not the one in entry 1 of lane 0"},
		"a little later, by an earlier program": {[]Logged{packed}, []Stored{second(is(one, 0, 1))}, nil, ""},
		"much later, by an earlier program":     {[]Logged{packed}, change(is(one, 0, 1), late), nil, "its time is not the one in entry 1 of lane 0"},
		"counted, but does not open":            {[]Logged{counted(1)}, change(is(one, 0, 1), func(s *Stored) { s.Closed = true }), nil, "its row does not hold its document"},
		"counted, but lost":                     {[]Logged{counted(1)}, change(is(one, 0, 1), func(s *Stored) { s.Lost = true }), nil, "its ids do not point to it"},
		"counted, but not a first":              {[]Logged{counted(1)}, change(is(one, 0, 1), func(s *Stored) { s.Later = true }), nil, "is stored, but the log has no entry for it"},
		"counted, at another time":              {[]Logged{counted(1)}, change(is(one, 0, 1), late), nil, "the log has no import at its time"},
		"without a tombstone":                   {[]Logged{wrote(one, 0, 1), erased(one)}, nil, nil, "was erased, but its tombstone is missing"},
	}
	for name, test := range tests {
		m := memory{lanes: 1, entries: chain(testKeys(), 0, test.entries...), stored: test.stored, tombstones: test.tombstones}
		report := verify(t, m)
		if !report.OK() {
			t.Fatalf("%s: the log itself: %q", name, report.Findings)
		}
		if err := VerifyRecords(t.Context(), m, report); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := strings.Join(report.Findings, "; "); test.want == "" && got != "" || len(report.Findings) > 1 || !strings.Contains(got, test.want) {
			t.Errorf("%s: found %q, want %q", name, got, test.want)
		}
	}
}

// A person may have an entry again after an erasure.
func TestPeopleAreComparedWithWhatTheLogTells(t *testing.T) {
	t.Parallel()
	one, request := uuid.New(), uuid.New()
	entry := func(action string, version int64, document ...byte) Logged {
		e := Entry{At: written, Outcome: Done, Action: action, Object: ObjectPerson, Record: one, Version: version, CorrelationID: request}
		for _, d := range document {
			e.Document = hashOf(d)
		}
		return Logged{Format: Format, Entry: e}
	}
	put := func(version int64) Logged { return entry("put-person", version, byte(version)) }
	erase := func(version int64) Logged { return entry(ActionErase, version) }
	has := func(version int64) Stored {
		s := is(one, version, byte(version))
		s.Object = ObjectPerson
		return s
	}
	grave := func(version int64) Tombstone { return Tombstone{ObjectPerson, one, version, true} }
	event := func(kind EventKind, version int64) Event {
		return Event{At: written, Object: ObjectPerson, Record: one, Version: version, CorrelationID: request, Kind: kind}
	}
	forged := grave(1)
	forged.Genuine = false
	twice := []Logged{put(0), put(1), erase(1), put(2), erase(2), put(3)}
	graves, told := []Tombstone{grave(1), grave(2)}, []Event{event(EventCreated, 0), event(EventUpdated, 1), event(EventErased, 1), event(EventCreated, 2)}
	const untold = "does not tell what the log does"
	for name, test := range map[string]struct {
		entries []Logged
		stored  []Stored
		graves  []Tombstone
		events  []Event
		want    string
	}{
		"erased twice and there again":        {twice, []Stored{has(3)}, graves, told, ""},
		"in another lane's order":             {[]Logged{erase(2), put(3), put(2), erase(1), put(1), put(0)}, []Stored{has(3)}, graves, told, ""},
		"an erased version is there":          {twice, []Stored{has(3), has(1)}, graves, nil, "version 1 is stored, but the log says it was erased"},
		"the version since is missing":        {twice, nil, graves, nil, "version 3, written by entry 6 of lane 0, is missing"},
		"a tombstone is missing":              {twice, []Stored{has(3)}, graves[:1], nil, "(version 2) was erased, but its tombstone is missing"},
		"a tombstone of a version never had":  {twice, []Stored{has(3)}, append(graves, grave(9)), nil, "(version 9) has a tombstone, but the log has no entry for its erasure"},
		"a forged tombstone":                  {twice[:2], []Stored{has(0), has(1)}, []Tombstone{forged}, nil, "its tombstone was not written with this keyset"},
		"the record's erasure is not theirs":  {append(twice[:2:2], wrote(one, 0, 7), erased(one)), []Stored{has(0), has(1)}, []Tombstone{{ObjectRecord, one, 0, true}}, nil, ""},
		"created, but it was there":           {twice[:2], []Stored{has(0), has(1)}, nil, []Event{event(EventCreated, 1)}, untold},
		"updated, but it was the first":       {twice[:2], []Stored{has(0), has(1)}, nil, []Event{event(EventUpdated, 0)}, untold},
		"updated, but it was erased before":   {twice, []Stored{has(3)}, graves, []Event{event(EventUpdated, 2)}, untold},
		"told twice":                          {twice[:1], []Stored{has(0)}, nil, []Event{event(EventCreated, 0), event(EventCreated, 0)}, untold},
		"erased, it is told, which it is not": {twice[:2], []Stored{has(0), has(1)}, nil, []Event{event(EventErased, 1)}, untold},
		"erased at another version":           {twice, []Stored{has(3)}, graves, []Event{event(EventErased, 0)}, untold},
	} {
		m := memory{lanes: 1, entries: chain(testKeys(), 0, test.entries...), stored: test.stored, people: test.graves, events: test.events}
		report := verify(t, m)
		if err := VerifyRecords(t.Context(), m, report); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := strings.Join(report.Findings, "; "); test.want == "" && got != "" || len(report.Findings) > 1 || !strings.Contains(got, test.want) {
			t.Errorf("%s: found %q, want %q", name, got, test.want)
		}
	}
}

func TestVersionsThatTheLogTellsOfAreCounted(t *testing.T) {
	t.Parallel()
	one, two := uuid.New(), uuid.New()
	m := memory{lanes: 1, entries: chain(testKeys(), 0, wrote(one, 1, 1), imported(one, two), counted(5))}
	report := verify(t, m)
	if err := VerifyRecords(t.Context(), m, report); err != nil || report.Changes != 3 {
		t.Errorf("%d versions, %v", report.Changes, err)
	}
}

func TestWhatIsWrongWithRecordsThemselvesIsFound(t *testing.T) {
	t.Parallel()
	report := &Report{}
	err := VerifyRecords(t.Context(), memory{amiss: []string{"record 1: its ids do not lead to it"}}, report)
	if err != nil || report.OK() {
		t.Errorf("found %q, %v", report.Findings, err)
	}
}

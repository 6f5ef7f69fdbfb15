package audit

import (
	"context"
	"slices"
	"testing"

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
			log := chain(testKeys(), lane, rapid.SliceOfN(aLogged(), 0, 5).Draw(t, "entries")...)
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
		log := chain(testKeys(), 0, rapid.SliceOfN(aLogged(), 2, 6).Draw(t, "entries")...)
		last := headAt(log, len(log)-1)
		i := rapid.IntRange(0, len(log)-2).Draw(t, "place")
		renumber := rapid.Bool().Draw(t, "renumbered")
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
		log := chain(testKeys(), 0, rapid.SliceOfN(aLogged(), 1, 6).Draw(t, "entries")...)
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
	// The program has also logged the head of the new tail.
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
	m := memory{lanes: 1}
	for i := range maxFindings + 20 {
		m.stored = append(m.stored, Stored{Object: ObjectRecord, Version: int64(i)})
	}
	report := verify(t, m)
	if err := VerifyRecords(t.Context(), m, report); err != nil {
		t.Fatal(err)
	}
	if len(report.Findings) != maxFindings || report.Omitted() != 20 {
		t.Errorf("%d findings and %d more", len(report.Findings), report.Omitted())
	}
}

// tb is a test, or a property's test.
type tb interface {
	Helper()
	Fatal(args ...any)
	Context() context.Context
}

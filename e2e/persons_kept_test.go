package e2e

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"equality-information-api/internal/store/pgtest"
)

// An import of people that is killed and resumed has the same result as one that is not.
func TestKilledImportOfPeopleIsResumed(t *testing.T) {
	t.Parallel()
	const n = 20_000 // several parts
	lines := strings.SplitAfter(inhabitants(n, ""), "\n")
	for i := 100; i < len(lines); i += 997 {
		lines[i] = []string{"zebra\n", lines[3], strings.Replace(lines[7], "Ada", "Ade", 1)}[i%3]
	}
	text := strings.Join(lines, "")
	whole, killed := newDir(t), newDir(t)
	wholeFile, file := write(t, "people.ndjson", text), write(t, "people.ndjson", text)
	want, _ := imported(t, whole, 1, "--format", personLines, wholeFile)

	cmd := command(append([]string{"import", "--rejects-dir", filepath.Dir(file), "--format", personLines, file}, at(killed)...)...)
	before := entriesIn(killed)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	for waiting := true; waiting; {
		select {
		case <-ended:
			t.Fatal("it ended before it could be killed")
		case <-time.After(pause(killed)):
			waiting = entriesIn(killed) == before
		}
	}
	_ = cmd.Process.Signal(os.Kill)
	<-ended
	sound(t, killed)
	out, _ := imported(t, killed, 1, "--resume", "--format", personLines, file)
	same(t, strings.ReplaceAll(out, file, ""), strings.ReplaceAll(want, wholeFile, ""))
	same(t, rejectsOf(t, file), rejectsOf(t, wholeFile))
	if exported(t, killed, "--format", personLines) != exported(t, whole, "--format", personLines) {
		t.Error("the people are not the same")
	}
	sound(t, killed)
	if acts := acts(t, killed); len(acts) != 2 || acts[0].Acts != 1 {
		t.Errorf("it was %+v", acts)
	}
	var events [2][]string
	for i, dir := range []string{whole, killed} {
		for _, e := range startIn(t, dir).allEvents(t, "1000") {
			events[i] = append(events[i], e.Type+" "+e.Subject)
		}
	}
	same(t, events[1], events[0])
}

// A backup has the people, and whoever was erased since it was taken stays erased.
func TestPeopleOutliveARestore(t *testing.T) {
	t.Parallel()
	dir, b := newDir(t), newBackups(t)
	imported(t, dir, 0, "--format", personLines, write(t, "people.ndjson", inhabitants(5, "")))
	imported(t, dir, 0, write(t, "records.ndjson", people(2, "")))
	want := exported(t, dir, "--format", personLines)
	newest := filepath.Join(b.dir, "newest.keys")
	b.take(t, dir, "old.age", "--keys", newest)
	whole, _ := b.restore(t, keysetOf(dir), "old.age", "--keys", newest)
	same(t, exported(t, whole, "--format", personLines), want)

	p := startIn(t, dir)
	withRecord, without := personID("target", 0).String(), personID("target", 4).String()
	p.erase(t, withRecord)
	p.erase(t, without)
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	b.take(t, dir, "new.age", "--keys", newest)
	to, out := b.restore(t, keysetOf(dir), "old.age", "--keys", newest) // which verifies it
	if !strings.Contains(out, "; 1 records and 2 entries of people erased since the backup left out") {
		t.Errorf("restore says %s", out)
	}
	showsAllBut(t, startIn(t, to), withRecord, without)
}

// showsAllBut checks which of five people a restored server has.
func showsAllBut(t *testing.T, p *program, erased ...string) {
	t.Helper()
	for i := range 5 {
		id, want := personID("target", i).String(), 200
		if slices.Contains(erased, id) {
			want = 410
		}
		p.entry(t, id).want(t, want)
	}
	p.do(t, "GET", records+"/"+personID("target", 1).String(), request{token: p.token(t, "officer")}).want(t, 200)
}

// The same on PostgreSQL, with dumps, as in docs/operations.md.
func TestPostgresPeopleOutliveARestore(t *testing.T) {
	t.Parallel()
	s := newSite(t, pgtest.New(t, pgtest.Volatile...))
	s.command(t, 0, "import", "--rejects-dir", t.TempDir(), "--format", personLines, write(t, "people.ndjson", inhabitants(5, "")))
	s.command(t, 0, "import", "--rejects-dir", t.TempDir(), write(t, "records.ndjson", people(2, "")))
	want := s.command(t, 0, "export", "--format", personLines)
	kept := t.TempDir()
	dumped, newest := filepath.Join(kept, "records.age"), filepath.Join(kept, "newest.keys")
	s.dump(t, dumped, recordsOfDump...)
	p := s.start(t)
	withRecord, without := personID("target", 0).String(), personID("target", 4).String()
	p.erase(t, withRecord)
	p.erase(t, without)
	s.dump(t, newest, keysOfDump...)
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	s.database = s.cluster.Create(t, "")
	s.restore(t, dumped, newest)
	if out := s.command(t, 0, "finish-restore"); !strings.Contains(out, "; 1 records and 2 entries of people erased since the backup left out; ") || strings.Contains(out, "WRONG") {
		t.Errorf("finish-restore says %s", out)
	}
	if out, status := auditVerify(t, s.dir, "--records", "--database", s.dsn(pgtest.App)); status != 0 {
		t.Errorf("what was restored does not verify: %s", out)
	}
	left := s.command(t, 0, "export", "--format", personLines)
	if strings.Count(left, `"person":`) != 3 || strings.Count(want, `"person":`) != 5 || strings.Contains(left, without) {
		t.Errorf("%s\nis left of\n%s", left, want)
	}
	showsAllBut(t, s.start(t), withRecord, without)
}

// People who are imported beside a server are found by its search, without a restart.
func TestPostgresImportedPeopleAreFound(t *testing.T) {
	t.Parallel()
	dir := home(t)
	p := startIn(t, dir)
	same(t, p.finds(t, `"name":"ada sample 777"`), []string(nil))
	imported(t, dir, 0, "--format", personLines, write(t, "people.ndjson", inhabitants(1000, "")))
	p.findsSoon(t, `"name":"ada sample 777"`, personID("target", 777).String()+" exact")
}

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

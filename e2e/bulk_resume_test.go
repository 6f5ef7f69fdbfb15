package e2e

import (
	"bytes"
	"compress/gzip"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An import that is killed, stopped and resumed again and again has the same result as one
// that is not, and at every moment the access log accounts for everything it has written.
func TestKilledImportIsResumed(t *testing.T) {
	t.Parallel()
	n := 30_000 // several parts
	if underRace() {
		n = 20_000 // it takes long enough to be stopped in time
	}
	text := people(n, "")
	// Some rejected lines in every batch.
	lines := strings.SplitAfter(text, "\n")
	for i := 100; i < len(lines); i += 997 {
		lines[i] = []string{"zebra\n", lines[3], fmt.Sprintf(`{"targetId":"%s","disabled":true}`+"\n", personID("target", 7))}[i%3]
	}
	text = strings.Join(lines, "")
	whole, killed := newDir(t), newDir(t)
	wholeFile, file := write(t, "people.ndjson", text), write(t, "people.ndjson", text)
	want, _ := imported(t, whole, 1, wholeFile)

	kills := 0
	var out string
	for {
		args := append([]string{"import", "--rejects-dir", filepath.Dir(file), file}, at(killed)...)
		if kills > 0 {
			args = append(args, "--resume")
		}
		cmd := command(args...)
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }()
		before := entriesIn(killed)
		for kill := kills < 2; kill; {
			select {
			case <-ended:
				kill = false
			case <-time.After(pause(killed)):
				if entriesIn(killed) > before {
					_ = cmd.Process.Signal([]os.Signal{os.Kill, syscall.SIGTERM}[kills])
					kill = false
				}
			}
		}
		<-ended
		if stopped := strings.Contains(stderr.String(), "interrupted"); stopped {
			lines := strings.Split(strings.TrimSpace(stderr.String()), "\n") // of its progress too, where it is slow
			if last := lines[len(lines)-1]; cmd.ProcessState.ExitCode() != 2 || !strings.Contains(last, "interrupted") || !strings.Contains(last, "--resume") {
				t.Errorf("status %d: %s", cmd.ProcessState.ExitCode(), stderr.String())
			}
		} else if cmd.ProcessState.ExitCode() >= 0 {
			if out = stdout.String(); cmd.ProcessState.ExitCode() != 1 {
				t.Fatalf("status %d: %s%s", cmd.ProcessState.ExitCode(), out, stderr.String())
			}
			break
		}
		kills++
		sound(t, killed)
	}
	if kills < 2 {
		t.Errorf("it was ended %d times", kills)
	}
	same(t, strings.ReplaceAll(out, file, ""), strings.ReplaceAll(want, wholeFile, ""))
	same(t, rejectsOf(t, file), rejectsOf(t, wholeFile))
	if exported(t, killed) != exported(t, whole) {
		t.Error("the records are not the same")
	}
	sound(t, killed)
	var landed int
	if _, err := fmt.Sscanf(strings.ReplaceAll(strings.TrimPrefix(want, wholeFile), ",", ""), fmt.Sprintf(": %d records: %%d imported", n), &landed); err != nil {
		t.Fatalf("%v: %s", err, want)
	}
	for _, dir := range []string{whole, killed} {
		same(t, acts(t, dir), []act{{"import", "equality:import", "ndjson", 1, landed}, {"export", "equality:export", "ndjson", 1, landed}})
	}
	again, _ := imported(t, killed, 1, "--resume", file)
	same(t, again, out)

	type told struct {
		Type, Subject, ID string
		Version           int
	}
	var events [2][]told
	for i, dir := range []string{whole, killed} {
		for _, e := range startIn(t, dir).allEvents(t, "1000") {
			events[i] = append(events[i], told{e.Type, e.Subject, e.Data.ID, e.Data.Version})
		}
	}
	same(t, events[1], events[0])
}

// act is what the access log says about an action: how many correlation ids its entries
// have, and how many records they count.
type act struct {
	Action, Permission, Scope string
	Acts, Count               int
}

func acts(t *testing.T, dir string) (all []act) {
	t.Helper()
	tamper(t, dir, func(tx *sql.Tx) error {
		rows, err := tx.Query(`SELECT action, permission, scope, count(DISTINCT correlation), sum(count) FROM audit
			WHERE subject LIKE 'operator:%' AND kind = 'service' AND outcome = 'done' GROUP BY action, permission, scope ORDER BY action DESC`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var a act
			if err := rows.Scan(&a.Action, &a.Permission, &a.Scope, &a.Acts, &a.Count); err != nil {
				return err
			}
			all = append(all, a)
		}
		return rows.Err()
	})
	return all
}

// pause is how long to wait before looking into a database again: a session of PostgreSQL
// is expensive.
func pause(dir string) time.Duration {
	if dsnOf(dir) != "" {
		return 30 * time.Millisecond
	}
	return time.Millisecond
}

// entriesIn counts the entries of a directory's access log; 0 if there is no log yet.
func entriesIn(dir string) (n int) {
	db, err := openBehind(dir)
	if err != nil {
		return 0
	}
	defer db.Close()
	_ = db.QueryRow("SELECT count(*) FROM audit").Scan(&n)
	return n
}

func TestAnImportedRecordThatIsGoneIsFound(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	imported(t, dir, 0, write(t, "people.ndjson", people(5, "")))
	sound(t, dir)
	tamper(t, dir, func(tx *sql.Tx) error {
		for _, text := range []string{
			`DELETE FROM identifier WHERE record = 3`, `DELETE FROM data_key WHERE record = 3`, `DELETE FROM record WHERE number = 3`,
		} {
			if _, err := tx.Exec(text); err != nil {
				return err
			}
		}
		return nil
	})
	out, status := auditVerify(t, dir, "--records")
	if status != 1 || !strings.Contains(out, "version 0, written by entry 1 of lane 0, is missing") {
		t.Errorf("status %d: %s", status, out)
	}
}

func compressed(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A file may be compressed. Several files are imported one after the other.
func TestCompressedFilesAreImported(t *testing.T) {
	t.Parallel()
	plain, zipped := newDir(t), newDir(t)
	text := people(300, "")
	half := len(text) / 300 * 100
	imported(t, plain, 0, write(t, "people.ndjson", text))
	out, _ := imported(t, zipped, 0, write(t, "a.ndjson.gz", string(compressed(t, text[:half]))), write(t, "b.ndjson.gz", string(compressed(t, text[half:]))))
	if strings.Count(out, "\n") != 2 || exported(t, zipped) != exported(t, plain) {
		t.Errorf("%s", out)
	}
}

// An import takes the same memory, however many records a file has.
func TestAnImportLivesInBoundedMemory(t *testing.T) {
	t.Parallel()
	inBoundedMemory(t, write(t, "people.ndjson", people(60_000, `,"gender":{"genderValue":"o","genderValueIfOther":"`+strings.Repeat("x", 200)+`"}`)))
}

func inBoundedMemory(t *testing.T, args ...string) {
	t.Helper()
	const limit = 300 << 10 // kilobytes
	cmd := command(append([]string{"import", "--data-dir", newDir(t)}, args...)...)
	if underRace() { // the race detector takes memory of its own
		var err error
		if cmd.Path, err = build(t.TempDir(), nil); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	used, err := runMeasured(cmd)
	if err != nil {
		t.Fatalf("%v: %s", err, out.Bytes())
	}
	if used > limit {
		t.Errorf("it took %d MB", used>>10)
	}
}

package e2e

import (
	"bytes"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// An import during load on the servers, killed in the middle and resumed, writes every
// record once. Nobody waits for it for long, and an export meanwhile shows one moment.
func TestPostgresImportBesideServers(t *testing.T) {
	t.Parallel()
	const n = 12_000
	dir := home(t)
	f := newFleet(t, dir, 2)
	var callers sync.WaitGroup
	end := make(chan struct{})
	f.load(&callers, 6, end, func(error) bool { return false })
	file := write(t, "people.ndjson", people(n, ""))
	args := append([]string{"import", "--rejects-dir", filepath.Dir(file), file}, at(dir)...)

	killed := command(args...)
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); f.imported(dir) == 0 && time.Since(begin) < startTimeout; {
		time.Sleep(pause(dir))
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait() // it was killed
	some := f.imported(dir)
	if some == 0 || some == n {
		t.Errorf("it was killed when it had brought %d of %d", some, n)
	}
	out, _ := imported(t, dir, 0, "--resume", file)
	if !strings.Contains(out, "12,000 records: 12,000 imported, 0 unchanged, 0 rejected") {
		t.Error(out)
	}
	out, _ = imported(t, dir, 0, file)
	if !strings.Contains(out, "0 imported, 12,000 unchanged") {
		t.Error(out)
	}
	if all := exported(t, dir); strings.Count(all, `"ageGroup":"preferNotToSay"`) != n {
		t.Errorf("the export has %d of %d", strings.Count(all, `"ageGroup":"preferNotToSay"`), n)
	}
	close(end)
	callers.Wait()

	p, officer := f.slots[0].Load(), f.tokens["officer"]
	f.kept.check(t, p, officer)
	if lines := strings.Count(exported(t, dir), "\n"); lines != n+len(f.kept.people) {
		t.Errorf("the export has %d records, want %d and %d", lines, n, len(f.kept.people))
	}
	var reader follower
	for more := true; more; {
		var err error
		if more, err = reader.read(p, f.tokens["service"], "limit=1000"); err != nil {
			t.Fatal(err)
		}
	}
	if want := n + f.kept.changes(); len(reader.ids) != want {
		t.Errorf("the feed has %d events, want %d", len(reader.ids), want)
	}
	for i := range 2 {
		if status := f.slots[i].Load().stop(t); status != 0 {
			t.Errorf("stopped with status %d", status)
		}
	}
	out, status := auditVerify(t, dir, "--records", "--heads", headsFile(t, f.slots[0].Load().log(), f.slots[1].Load().log()))
	if status != 0 {
		t.Error(out)
	}
	t.Logf("killed at %d, %d changes meanwhile, answers %v", some, f.kept.changes(), f.answers)
}

// imported counts the imported records.
func (f *fleet) imported(dir string) (n int) {
	f.t.Helper()
	db, err := openBehind(dir)
	if err != nil {
		f.t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT coalesce(sum(count), 0)::bigint FROM audit WHERE action = 'import'").Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

// An import that loses PostgreSQL says so, and continues when it is back.
func TestPostgresImportLosesConnections(t *testing.T) {
	t.Parallel()
	const n = 12_000
	dir := home(t)
	file := write(t, "people.ndjson", people(n, ""))
	args := append([]string{"import", "--rejects-dir", filepath.Dir(file), file}, at(dir)...)
	lost, endSession := 0, sessionEnder(t, dir)
	for try := 0; ; try++ {
		cmd := command(args...)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { _ = cmd.Wait(); close(done) }() // the status is in ProcessState
		for lost, ended := 0, false; try < 5 && lost < 2 && !ended; {
			lost += endSession()
			select {
			case <-done:
				ended = true
			case <-time.After(15 * time.Millisecond):
			}
		}
		if <-done; cmd.ProcessState.Success() {
			break
		}
		if lost++; cmd.ProcessState.ExitCode() != 2 || strings.Count(errs.String(), "\n") > 2 || !strings.Contains(errs.String(), "unavailable") {
			t.Errorf("status %d: %s", cmd.ProcessState.ExitCode(), errs.String())
		}
		if try == 5 {
			t.Fatal("it does not end, though it is left alone")
		}
		if try == 0 {
			args = append(args, "--resume")
		}
	}
	t.Logf("it was ended %d times", lost)
	if lines := strings.Count(exported(t, dir), "\n"); lines != n {
		t.Errorf("%d records, want %d", lines, n)
	}
	if events := startIn(t, dir).allEvents(t, "1000"); len(events) != n {
		t.Errorf("%d events, want %d", len(events), n)
	}
	sound(t, dir)
}

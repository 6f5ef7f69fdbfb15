package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// backups is the folder of backups, with the identity that opens them.
type backups struct{ dir, identity, recipient string }

func newBackups(t *testing.T) backups {
	t.Helper()
	mine := newIdentity(t)
	b := backups{t.TempDir(), filepath.Join(t.TempDir(), "identity.txt"), mine.Recipient().String()}
	writeFile(t, b.identity, []byte(mine.String()+"\n"))
	return b
}

// take backs up a data directory.
func (b backups) take(t *testing.T, dir, name string, flags ...string) {
	t.Helper()
	args := append([]string{"backup", "--data-dir", dir, "--encrypt-to", b.recipient, filepath.Join(b.dir, name)}, flags...)
	if out, errs, status := runCommand(t, args...); status != 0 || errs != "" || strings.Count(out, "\n") != 1 {
		t.Fatalf("backup: status %d\n%s%s", status, out, errs)
	}
}

// restore makes a data directory from a backup and the keyset, which is kept separately.
func (b backups) restore(t *testing.T, keyset, name string, flags ...string) (dir, out string) {
	t.Helper()
	dir = t.TempDir()
	writeFile(t, keysetOf(dir), readFile(t, keyset))
	args := append([]string{"restore", "--data-dir", dir, "--identity", b.identity, filepath.Join(b.dir, name)}, flags...)
	out, errs, status := runCommand(t, args...)
	if status != 0 || errs != "" {
		t.Fatalf("restore: status %d\n%s%s", status, out, errs)
	}
	if out, status := auditVerify(t, dir, "--records"); status != 0 {
		t.Errorf("what was restored does not verify: %s", out)
	}
	return dir, out
}

// acknowledged is what a server has acknowledged to a ledger so far.
func (l *ledger) acknowledged() map[string]map[int64]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	promised := make(map[string]map[int64]string)
	for target, person := range l.people {
		for version, text := range person.versions {
			if promised[target] == nil {
				promised[target] = make(map[int64]string)
			}
			promised[target][version] = text
		}
	}
	return promised
}

// asOf is what a server must show after continuing from a copy: what was acknowledged when
// the copy began, and perhaps what was written meanwhile.
func (l *ledger) asOf(promised map[string]map[int64]string) *ledger {
	own := &ledger{people: make(map[string]*entered), texts: l.texts}
	for target, person := range l.people {
		own.people[target] = &entered{versions: make(map[int64]string), unanswered: make(map[string]attempt)}
		for version, text := range promised[target] {
			own.people[target].versions[version] = text
		}
		for _, text := range person.versions { // these may have been done by then
			own.people[target].unanswered[text] = attempt{text: text}
		}
		for text := range person.unanswered {
			own.people[target].unanswered[text] = attempt{text: text}
		}
	}
	return own
}

// TestBackupUnderLoad takes backups of a server while it writes. They contain everything
// acknowledged before, and everything in them is complete.
func TestBackupUnderLoad(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer, b := p.token(t, "officer"), newBackups(t)
	var l ledger
	var before []map[string]map[int64]string
	const times = 3
	l.writeUntil(t, p, officer, 300, func() {
		for i := range times {
			before = append(before, l.acknowledged())
			b.take(t, p.dir, fmt.Sprintf("%d.age", i), "--keys", filepath.Join(b.dir, "newest.keys"))
		}
		if status := p.stop(t); status != 0 {
			t.Errorf("stopped with status %d\n%s", status, p.log())
		}
	})
	if strings.Contains(p.log(), `"level":"ERROR"`) {
		t.Errorf("the server has failed beside a backup:\n%s", p.log())
	}
	l.checkAudit(t, p.dir, p.log())
	for i, promised := range before {
		dir, _ := b.restore(t, keysetOf(p.dir), fmt.Sprintf("%d.age", i), "--keys", filepath.Join(b.dir, "newest.keys"))
		restored := startIn(t, dir)
		officer, service := restored.token(t, "officer"), restored.token(t, "service")
		there, missing := 0, 0
		for target, versions := range promised {
			for version, want := range versions {
				there++
				r := restored.do(t, "GET", fmt.Sprintf("/equality-information/%s/history/%d", target, version), request{token: officer})
				if text, err := textOf(r); r.status != 200 || err != nil || text != want {
					missing++
				}
			}
		}
		t.Logf("backup %d: %d versions of %d people were acknowledged before it", i, there, len(promised))
		if missing > 0 || there < 100 {
			t.Errorf("backup %d: %d of %d acknowledged versions are not there", i, missing, there)
		}
		// Its feed and its log are complete as well, and it continues.
		own := l.asOf(promised)
		own.check(t, restored, officer)
		own.checkFeed(t, restored, service)
		if _, err := own.create(restored, officer); err != nil {
			t.Error(err)
		}
		own.checkAudit(t, dir)
	}
}

// TestRestoredFeedIsAnother checks that a cursor from before a restore is refused.
func TestRestoredFeedIsAnother(t *testing.T) {
	t.Parallel()
	p, b := start(t), newBackups(t)
	p.create(t, p.token(t, "officer"), "")
	cursor := p.feed(t, "").Next
	b.take(t, p.dir, "a.age")
	dir, _ := b.restore(t, keysetOf(p.dir), "a.age")
	restored := startIn(t, dir)
	r := restored.do(t, "GET", "/events?after="+url.QueryEscape(cursor), request{token: restored.token(t, "service")})
	r.want(t, 410)
	if !strings.Contains(string(r.body), "cursor-expired") {
		t.Errorf("answered %s", r.body)
	}
	if again := restored.feed(t, ""); len(again.Events) != 1 || restored.feed(t, "after="+url.QueryEscape(again.Next)).Next != again.Next {
		t.Errorf("the feed from its beginning: %+v", again)
	}
}

// TestErasureReachesOlderBackups erases a person after a backup. With the newest keys the
// older backup has everybody except that person.
func TestErasureReachesOlderBackups(t *testing.T) {
	t.Parallel()
	f, b := fillDirectory(t), newBackups(t)
	dir := f.copied(t)
	newest := filepath.Join(b.dir, "newest.keys")
	b.take(t, dir, "old.age", "--keys", newest)
	older := readFile(t, newest)
	gone, kept := f.people[0], f.people[1]
	p := startIn(t, dir)
	p.erase(t, gone)
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	b.take(t, dir, "new.age", "--keys", newest)
	if _, err := os.Stat(filepath.Join(b.dir, "old.age.keys")); err == nil {
		t.Error("there are two files of keys")
	}
	to, out := b.restore(t, keysetOf(dir), "old.age", "--keys", newest)
	if !strings.HasPrefix(out, "1 records restored") || !strings.Contains(out, "; 1 records and 0 entries of people erased since the backup left out\n") {
		t.Errorf("restore says %q", out)
	}
	p = startIn(t, to)
	officer := p.token(t, "officer")
	p.do(t, "GET", "/equality-information/"+gone, request{token: officer}).want(t, 410)
	p.do(t, "GET", "/equality-information/"+gone+"/history/0", request{token: officer}).want(t, 410)
	p.do(t, "GET", "/equality-information/"+kept, request{token: officer}).want(t, 200)
	// Whoever has kept older keys can open it: that is why only the newest are kept.
	writeFile(t, filepath.Join(b.dir, "kept.keys"), older)
	to, _ = b.restore(t, keysetOf(dir), "old.age", "--keys", filepath.Join(b.dir, "kept.keys"))
	p = startIn(t, to)
	p.do(t, "GET", "/equality-information/"+gone, request{token: p.token(t, "officer")}).want(t, 200)
	// Nor do records count as erased if the keys are simply too old for them.
	refused(t, "is older than", "restore", "--data-dir", emptyCopy(t, dir), "--identity", b.identity,
		"--keys", filepath.Join(b.dir, "kept.keys"), filepath.Join(b.dir, "new.age"))
}

// emptyCopy is a directory with another directory's keyset and nothing else.
func emptyCopy(t *testing.T, dir string) string {
	t.Helper()
	to := t.TempDir()
	writeFile(t, keysetOf(to), readFile(t, keysetOf(dir)))
	return to
}

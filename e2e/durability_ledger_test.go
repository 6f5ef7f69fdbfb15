package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// ledger is what the server has acknowledged, to compare with what it stores later. Any
// number of goroutines may write through it.
type ledger struct {
	mu     sync.Mutex
	people map[string]*entered // by target id
	texts  int
}

// entered are the versions of one person. Each has a different text.
type entered struct {
	versions map[int64]string
	// unanswered are the writes that may or may not have been done.
	unanswered map[string]attempt
	// last is the last write that got a response, if any.
	last attempt
}

// attempt is a write as sent, so that it can be sent again. match is its If-Match, if it
// has one.
type attempt struct{ method, path, target, text, match string }

// refusal is the error of a write that got a status other than success.
type refusal int

func (r refusal) Error() string { return fmt.Sprintf("answered %d", int(r)) }

// create creates a person's record. The person is new.
func (l *ledger) create(p *program, token string) (target string, err error) {
	target = uuid.NewString()
	return target, l.send(p, token, l.attempt("POST", "/equality-information", target))
}

// change changes a person's record, whatever its version is.
func (l *ledger) change(p *program, token, target string) error {
	return l.send(p, token, l.attempt("PATCH", "/equality-information/"+target, target))
}

func (l *ledger) attempt(method, path, target string) attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.people == nil {
		l.people = make(map[string]*entered)
	}
	if l.people[target] == nil {
		l.people[target] = &entered{versions: make(map[int64]string), unanswered: make(map[string]attempt)}
	}
	l.texts++
	a := attempt{method: method, path: path, target: target, text: fmt.Sprintf("invented answer %d", l.texts)}
	l.people[target].unanswered[a.text] = a
	return a
}

// send sends a write, with its own idempotency key.
func (l *ledger) send(p *program, token string, a attempt) error {
	body := fmt.Sprintf(`{"targetId": %q, "economicSituation": "other", "economicSituationIfOther": %q}`, a.target, a.text)
	r, err := p.send(a.method, a.path, request{
		token: token, body: []byte(body), headers: map[string]string{"Idempotency-Key": a.text, "If-Match": a.match},
	})
	if err != nil {
		return err
	}
	if r.status == 503 { // it may or may not have been done
		if r.header.Get("Retry-After") == "" {
			return errors.New("answered 503 without Retry-After")
		}
		return refusal(r.status)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	person := l.people[a.target]
	delete(person.unanswered, a.text)
	if r.status != 200 && r.status != 201 {
		return refusal(r.status)
	}
	version, err := taggedVersion(r)
	if err != nil {
		return err
	}
	if text, err := textOf(r); err != nil || text != a.text {
		return fmt.Errorf("the write is answered by another record: %w\n%s", err, r.body)
	}
	if other, ok := person.versions[version]; ok && other != a.text {
		return fmt.Errorf("version %d is given to %q, and was to %q", version, a.text, other)
	}
	for other, text := range person.versions {
		if text == a.text && other != version {
			return fmt.Errorf("%q is done twice: it is versions %d and %d", text, other, version)
		}
	}
	person.versions[version], person.last = a.text, a
	return nil
}

// retry repeats every write that got no response, and the last of each person that did. In
// the end each must have been done once, however often it was sent.
func (l *ledger) retry(t *testing.T, p *program, token string) {
	t.Helper()
	l.mu.Lock()
	var again []attempt
	for _, person := range l.people {
		again = slices.AppendSeq(again, maps.Values(person.unanswered))
	}
	l.mu.Unlock()
	// A create comes before the changes of the same person, who may not have a record yet.
	slices.SortFunc(again, func(a, b attempt) int { return strings.Compare(b.method, a.method) })
	for _, a := range again {
		if err := l.send(p, token, a); err != nil && (a.match == "" || !errors.Is(err, refusal(412))) {
			t.Errorf("sent again: %s %s: %v", a.method, a.path, err)
		}
	}
	for _, person := range l.people {
		versions, a := len(person.versions), person.last
		if a.text == "" {
			continue // got no response, but was found afterwards
		}
		if err := l.send(p, token, a); err != nil || len(person.versions) != versions {
			t.Errorf("sent again: %s %s: %v, and %d versions where %d were", a.method, a.path, err, len(person.versions), versions)
		}
	}
}

// each calls f for every person, several at a time.
func (l *ledger) each(f func(target string, person *entered)) {
	var group sync.WaitGroup
	limit := make(chan struct{}, 8)
	for target, person := range l.people {
		limit <- struct{}{}
		group.Go(func() {
			defer func() { <-limit }()
			f(target, person)
		})
	}
	group.Wait()
}

// check checks that the server shows every version it acknowledged, and only versions that
// were sent. Nobody writes meanwhile.
func (l *ledger) check(t *testing.T, p *program, token string) {
	t.Helper()
	l.each(func(target string, person *entered) {
		path := "/equality-information/" + target
		count := person.count(t, p, token, path)
		for version := range int64(count) {
			r, err := p.send("GET", fmt.Sprintf("%s/history/%d", path, version), request{token: token})
			if err == nil && r.status != 200 {
				err = refusal(r.status)
			}
			if err != nil {
				t.Errorf("version %d of %s: %v", version, target, err)
				continue
			}
			text, err := textOf(r)
			known, acknowledged := person.versions[version]
			_, sent := person.unanswered[text]
			switch {
			case err != nil:
				t.Error(err)
			case acknowledged && text != known:
				t.Errorf("version %d of %s says %q, and %q was acknowledged", version, target, text, known)
			case !acknowledged && !sent:
				t.Errorf("version %d of %s says %q, which nobody has just sent", version, target, text)
			}
			person.versions[version] = text
			delete(person.unanswered, text)
		}
		clear(person.unanswered)
		person.checkCurrent(t, p, token, path)
	})
	maps.DeleteFunc(l.people, func(_ string, person *entered) bool { return len(person.versions) == 0 })
}

// count reads the history, which must have every version from the newest to 0.
func (person *entered) count(t *testing.T, p *program, token, path string) int {
	t.Helper()
	r := p.do(t, "GET", path+"/history", request{token: token})
	if r.status == 404 && len(person.versions) == 0 {
		return 0
	}
	var history struct{ Versions []struct{ Version int64 } }
	r.want(t, 200).decode(t, &history)
	for i, v := range history.Versions {
		if v.Version != int64(len(history.Versions)-1-i) {
			t.Errorf("%s: place %d of %d in the history is version %d's", path, i, len(history.Versions), v.Version)
		}
	}
	for version, text := range person.versions {
		if version >= int64(len(history.Versions)) {
			t.Errorf("%s: version %d (%s) was acknowledged and is not there", path, version, text)
		}
	}
	return len(history.Versions)
}

func (person *entered) checkCurrent(t *testing.T, p *program, token, path string) {
	t.Helper()
	if len(person.versions) == 0 {
		return
	}
	r := p.do(t, "GET", path, request{token: token}).want(t, 200)
	version, err := taggedVersion(r)
	if err != nil || version != int64(len(person.versions)-1) {
		t.Errorf("%s is at version %d (%v), want %d", path, version, err, len(person.versions)-1)
	}
	if text, err := textOf(r); err != nil || text != person.versions[version] {
		t.Errorf("%s says %q (%v), want %q", path, text, err, person.versions[version])
	}
}

// changes counts the versions of all people.
func (l *ledger) changes() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, person := range l.people {
		n += len(person.versions)
	}
	return n
}

// checkFeed reads the feed from the beginning: it has every version once, each person's in
// order, and nothing else.
func (l *ledger) checkFeed(t *testing.T, p *program, token string) {
	t.Helper()
	var f follower
	for {
		more, err := f.read(p, token, "limit=1000")
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			break
		}
	}
	l.checkFollower(t, &f)
}

// checkFollower checks that a reader of the feed has seen every version.
func (l *ledger) checkFollower(t *testing.T, f *follower) {
	t.Helper()
	for target, person := range l.people {
		if f.next[target] != int64(len(person.versions)) {
			t.Errorf("the feed tells of %d versions of %s, want %d", f.next[target], target, len(person.versions))
		}
	}
	if len(f.ids) != l.changes() {
		t.Errorf("the feed has %d events, want %d", len(f.ids), l.changes())
	}
}

// follower reads the feed page by page.
type follower struct {
	after string
	ids   []string // of the events, in their order
	next  map[string]int64
}

var errOutOfPlace = errors.New("an event of the feed is out of place")

// read reads a page, and reports whether there was anything on it. Its error comes from the
// connection, or is a refusal or errOutOfPlace.
func (f *follower) read(p *program, token, query string) (more bool, err error) {
	if f.after != "" {
		query += "&after=" + url.QueryEscape(f.after)
	}
	r, err := p.send("GET", "/events?"+query, request{token: token})
	if err != nil {
		return false, err
	}
	if r.status != 200 {
		return false, refusal(r.status)
	}
	var page feed
	if err := json.Unmarshal(r.body, &page); err != nil {
		return false, err
	}
	if f.next == nil {
		f.next = make(map[string]int64)
	}
	for _, e := range page.Events {
		if int64(e.Data.Version) != f.next[e.Subject] {
			return false, fmt.Errorf("%w: it tells of version %d of %s, want %d", errOutOfPlace, e.Data.Version, e.Subject, f.next[e.Subject])
		}
		if created := strings.HasSuffix(e.Type, ".created"); created != (e.Data.Version == 0) {
			return false, fmt.Errorf("%w: that of version %d is of type %s", errOutOfPlace, e.Data.Version, e.Type)
		}
		f.ids, f.next[e.Subject] = append(f.ids, e.ID), int64(e.Data.Version)+1
	}
	f.after = page.Next
	return len(page.Events) > 0, nil
}

// checkAudit verifies the access log, which has an entry for every version. heads are
// copies of the program's log; without any it checks no heads.
func (l *ledger) checkAudit(t *testing.T, dir string, heads ...string) {
	t.Helper()
	args := []string{"--records"}
	if len(heads) > 0 {
		args = append(args, "--heads", headsFile(t, heads...))
	}
	out, status := auditVerify(t, dir, args...)
	if status != 0 {
		t.Errorf("audit verify: status %d\n%s", status, out)
	}
	if want := fmt.Sprintf(" %d changes checked", l.changes()); !strings.Contains(out, want) {
		t.Errorf("audit verify does not say%q:\n%s", want, out)
	}
}

// headsFile is a copy of the program's log, kept elsewhere.
func headsFile(t *testing.T, logs ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(path, []byte(strings.Join(logs, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// auditVerify returns everything that equality-api audit verify prints.
func auditVerify(t *testing.T, dir string, args ...string) (output string, status int) {
	t.Helper()
	out, errs, status := runCommand(t, slices.Concat([]string{"audit", "verify"}, at(dir), args)...)
	return out + errs, status
}

// taggedVersion returns the version in the ETag.
func taggedVersion(r response) (int64, error) {
	tag, err := strconv.Unquote(r.header.Get("ETag"))
	if err != nil {
		return 0, fmt.Errorf("ETag: %w", err)
	}
	return strconv.ParseInt(tag, 10, 64)
}

// textOf returns the text by which a ledger distinguishes versions.
func textOf(r response) (string, error) {
	var record struct{ EconomicSituationIfOther string }
	err := json.Unmarshal(r.body, &record)
	return record.EconomicSituationIfOther, err
}

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/mmh"
)

// attack is an attack on a running server.
type attack struct {
	*planted
	tokens []string // the first has every role
	people sync.Map // the ids of people and records, in no order
	count  atomic.Int64
	wrong  atomic.Int64 // answers

	mu       sync.Mutex
	statuses map[int]int
	done     map[string]int // how many requests for an operation succeeded
}

// shots are how many requests the attack sends.
func shots() int {
	if long() {
		return 60_000
	}
	return 2500
}

// TestAttackOnEveryOperation sends hostile requests to every operation of both contracts.
// Whatever is sent, no answer is a 5xx, late, against the contract, or repeats what was
// sent; neither do the log, the metrics and the database's files; and the access log of it
// all verifies.
func TestAttackOnEveryOperation(t *testing.T) {
	t.Parallel()
	a := startAttack(t)
	operations := slices.Concat(theContract().operations(), mmh.Routes())
	for _, operation := range operations {
		if strings.Contains(operation, "/persons/") {
			operations = append(operations, operation, operation)
		}
		if strings.Contains(operation, records) && !strings.HasPrefix(operation, "DELETE") { // there is most to attack
			operations = append(operations, operation, operation, operation)
		}
	}
	seed := attackSeed(t)
	var all sync.WaitGroup
	var next atomic.Int64
	for range 8 {
		all.Go(func() {
			for n := next.Add(1); n <= int64(shots()) && a.wrong.Load() < 20; n = next.Add(1) {
				s := newSource(seed, uint64(n))
				a.fire(a.aim(s, pick(s, operations...)))
			}
		})
	}
	all.Wait()
	t.Logf("answers: %v, successes: %v", a.statuses, a.done)
	for _, status := range []int{200, 201, 400, 401, 403, 404, 405, 406, 409, 410, 413, 415} {
		if a.statuses[status] == 0 && !t.Failed() {
			t.Errorf("no answer was %d: the attack does not reach what it is for", status)
		}
	}
	for _, operation := range []string{"GET /persons/{id}", "PUT /persons/{id}"} {
		if a.done[operation] == 0 && !t.Failed() {
			t.Errorf("no %s succeeded: the attack does not reach what it is for", operation)
		}
	}
	a.survived()
}

// TestPostgresAttack is the same on PostgreSQL.
func TestPostgresAttack(t *testing.T) {
	t.Parallel()
	if !long() {
		t.Skip("what answers requests is the same on both engines: EQUALITY_LONG=1")
	}
	t.Run("OnEveryOperation", TestAttackOnEveryOperation)
}

func startAttack(t *testing.T) *attack {
	t.Helper()
	p := start(t)
	a := &attack{planted: &planted{program: p, t: t}, statuses: make(map[int]int), done: make(map[string]int)}
	a.tokens = []string{p.token(t, "officer", "service", "governance", "support")}
	for _, role := range []string{"officer", "service", "governance", "support", "analyst", "admin"} {
		a.tokens = append(a.tokens, p.token(t, role))
	}
	a.tokens = append(a.tokens, signed(t, "another secret, of more than 32 bytes", "nobody@council.example", time.Hour, "officer"))
	a.secret = append(a.secret, a.tokens...)
	for i := range 20 {
		if m := a.create(); i%10 == 0 {
			a.do(t, "DELETE", m.path()+"?reason=unlawful", request{token: a.tokens[0]}).want(t, 200)
		}
	}
	return a
}

// create adds a person that the attack knows.
func (a *attack) create() made {
	target := uuid.NewString()
	r := a.do(a.t, "POST", records, request{token: a.tokens[0], body: []byte(full(target, false))}).want(a.t, 201)
	a.do(a.t, "PUT", "/persons/"+target, request{token: a.tokens[0], body: []byte(entry(target))}).want(a.t, 201)
	a.knows(target)
	return made{target, target, r.header.Get("ETag")}
}

func (a *attack) knows(id string) { a.people.Store(a.count.Add(1)%200, id) }

// known are the ids that the attack uses in paths. Some are of erased records.
func (a *attack) known() (ids []string) {
	for n := range min(a.count.Load(), 200) {
		if id, ok := a.people.Load(n); ok {
			ids = append(ids, id.(string))
		}
	}
	return append(ids, seedID)
}

// fire sends a request and judges the answer.
func (a *attack) fire(x *shot) {
	began := time.Now()
	r, rest, err := a.exchangeRaw(x.bytes(), x.method, false)
	if err != nil {
		a.t.Errorf("%v\nis not answered: %v after %v", x, err, time.Since(began))
		return
	}
	a.mu.Lock()
	a.statuses[r.status]++
	if r.status/100 == 2 {
		a.done[x.method+" "+x.template]++
	}
	a.mu.Unlock()
	if r.status == http.StatusCreated {
		location := r.header.Get("Location") // a front end's has the id in its query
		a.knows(location[strings.LastIndexAny(location, "/=")+1:])
	}
	if err := a.judge(x, r); err != nil {
		a.wrong.Add(1)
		a.t.Errorf("%v\nis answered %d: %v\n%.600q", x, r.status, err, r.body)
	}
	if len(rest) > 0 && !librarys(r) { // which answers HEAD with a body
		a.t.Errorf("%v\nhas a second answer: %.300q", x, rest)
	}
}

// judge says what is wrong with an answer.
func (a *attack) judge(x *shot, r response) error {
	if r.status >= 500 {
		return fmt.Errorf("the server failed")
	}
	for name, values := range r.header {
		if hasMarker([]byte(strings.Join(values, "\n"))) {
			return fmt.Errorf("its header %s repeats what was sent", name)
		}
	}
	if r.status >= 400 && hasMarker(withoutInstance(r.body)) {
		return fmt.Errorf("it repeats what was sent")
	}
	if librarys(r) {
		return nil
	}
	if x.mmh() || strings.Contains(x.target, "/mmh") {
		if len(r.body) > 0 && !json.Valid(r.body) {
			return fmt.Errorf("it is no JSON")
		}
		return nil
	}
	path := strings.Replace(strings.TrimPrefix(x.target, elsewhere), "/%61pi/", "/api/", 1)
	switch {
	case r.status == http.StatusNotFound || r.status/100 == 3 && r.status != http.StatusNotModified:
		path = "/none"
	case r.status/100 != 2:
		// The path may be one that the contract's validator reads otherwise.
		path = placeholders.Replace(x.template)
	}
	return theContract().check(x.method, path, x.sent(), r)
}

// librarys says whether net/http has refused a request before the program saw it.
func librarys(r response) bool {
	own := []int{http.StatusBadRequest, http.StatusExpectationFailed, http.StatusRequestHeaderFieldsTooLarge}
	var p problem
	unread := len(r.body) == 0 || json.Unmarshal(r.body, &p) == nil && p.Instance == "/"
	return slices.Contains(own, r.status) && unread
}

// elsewhere is the beginning of an absolute target.
const elsewhere = "http://" + stem + ".example"

func hasMarker(text []byte) bool { return bytes.Contains(bytes.ToLower(text), []byte(stem)) }

// survived checks what the attack has left behind.
func (a *attack) survived() {
	a.t.Helper()
	a.do(a.t, "GET", "/readyz", request{}).want(a.t, 200)
	a.create()
	a.cleanMetrics()
	if status := a.stop(a.t); status != 0 {
		a.t.Errorf("stopped with status %d", status)
	}
	a.clean("stderr", []byte(a.log()))
	for line := range strings.Lines(a.log()) {
		if strings.Contains(line, `"level":"ERROR"`) {
			a.t.Errorf("the log has an error: %s", line)
		}
	}
	if dsnOf(a.dir) == "" { // PostgreSQL's files are those of every test
		a.cleanFiles("stopped")
	}
	if out, errs, status := runCommand(a.t, append([]string{"audit", "verify", "--records"}, at(a.dir)...)...); status != 0 {
		a.t.Errorf("audit verify: status %d: %s%s", status, out, errs)
	}
}

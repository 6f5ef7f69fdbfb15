package e2e

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// keyed is a request with an idempotency key.
func keyed(token, key string, body []byte) request {
	return request{token: token, body: body, headers: map[string]string{"Idempotency-Key": key}}
}

// replayed checks whether a response comes from an earlier request.
func (r response) replayed(t *testing.T, want bool) response {
	t.Helper()
	if got := r.header.Get("Idempotency-Replayed"); (got == "true") != want {
		t.Errorf("Idempotency-Replayed is %q in the answer %d", got, r.status)
	}
	return r
}

func TestRetryIsAnsweredAsTheFirstTime(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	target := uuid.NewString()
	create := keyed(officer, "create", body(target, `"disabled":true`))
	first := p.do(t, "POST", records, create).want(t, 201).replayed(t, false)
	m := made{id: target, target: target}
	patch := keyed(officer, "patch", []byte(`{"disabled":false,"nationality":"british"}`))
	second := p.do(t, "PATCH", m.path(), patch).want(t, 200).replayed(t, false)
	p.patch(t, officer, m, `{"nationality":null}`).want(t, 200)

	p = p.restart2(t) // outcomes are kept on disk
	for name, c := range map[string]struct {
		method, path string
		request      request
		first        response
	}{
		"create": {"POST", records, create, first}, "create, the other prefix": {"POST", "/api/v1" + records + "/", create, first},
		"patch": {"PATCH", m.path(), patch, second},
	} {
		again := p.do(t, c.method, c.path, c.request).replayed(t, true)
		if again.status != c.first.status || string(again.body) != string(c.first.body) {
			t.Errorf("%s: the retry is answered %d %s, the first was %d %s", name, again.status, again.body, c.first.status, c.first.body)
		}
		for _, header := range []string{"ETag", "Location", "Last-Modified"} {
			if again.header.Get(header) != c.first.header.Get(header) {
				t.Errorf("%s: the retry's %s is %q, the first had %q", name, header, again.header.Get(header), c.first.header.Get(header))
			}
		}
	}
	same(t, without(p.record(t, officer, m)), object(t, `{"disabled":false}`))
	if events := p.eventsOf(t, target); len(events) != 3 {
		t.Errorf("retries have raised events: there are %d, want 3", len(events))
	}
}

func TestKeyIsGoodForOneBody(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	p.do(t, "PATCH", m.path(), keyed(officer, "key", []byte(`{"disabled":true}`))).want(t, 200)
	for _, other := range []string{`{"disabled":false}`, `{"disabled": true}`, `{"disabled":7}`, `{`} {
		p.do(t, "PATCH", m.path(), keyed(officer, "key", []byte(other))).replayed(t, false).problem(t, 422, "idempotency-key-reused")
	}
	same(t, without(p.record(t, officer, m)), object(t, `{"disabled":true}`))
}

func TestKeyBelongsToCallerMethodAndPath(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer, other := p.token(t, "officer"), p.tokenOf(t, "somebody.else@council.example", "officer")
	m, n := p.create(t, officer, ""), p.create(t, officer, "")
	p.do(t, "PATCH", m.path(), keyed(officer, "key", []byte(`{"disabled":true}`))).want(t, 200).replayed(t, false)
	p.do(t, "PATCH", m.path(), keyed(other, "key", []byte(`{"disabled":false}`))).want(t, 200).replayed(t, false)
	p.do(t, "PATCH", n.path(), keyed(officer, "key", []byte(`{"disabled":false}`))).want(t, 200).replayed(t, false)
	p.do(t, "PATCH", m.path(), keyed(officer, "Key", []byte(`{"disabled":"yes"}`))).want(t, 200).replayed(t, false)
	target := uuid.NewString()
	p.do(t, "POST", records+"/"+target, keyed(officer, "key", body(target, ""))).want(t, 201).replayed(t, false)
	p.do(t, "PATCH", records+"/"+target, keyed(officer, "key", []byte(`{}`))).want(t, 200).replayed(t, false)
	p.do(t, "PATCH", m.path(), keyed(officer, "key", []byte(`{"disabled":true}`))).want(t, 200).replayed(t, true)
}

func TestRefusalsPastValidationAreReplayed(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"disabled":true`)

	absent := uuid.NewString()
	missing := keyed(officer, "missing", []byte(`{"disabled":false}`))
	p.do(t, "PATCH", records+"/"+absent, missing).replayed(t, false).problem(t, 404, "not-found")
	p.do(t, "POST", records, request{token: officer, body: body(absent, "")}).want(t, 201)
	p.do(t, "PATCH", records+"/"+absent, missing).replayed(t, true).problem(t, 404, "not-found")

	conflict := keyed(officer, "conflict", body(m.target, ""))
	first := p.do(t, "POST", records, conflict).replayed(t, false)
	first.problem(t, 409, "conflict")
	again := p.do(t, "POST", records, conflict).replayed(t, true)
	again.problem(t, 409, "conflict")
	if want := "/api/v1" + m.path(); first.header.Get("Location") != want || again.header.Get("Location") != want {
		t.Errorf("Location is %q and, replayed, %q, want %q", first.header.Get("Location"), again.header.Get("Location"), want)
	}

	moved := keyed(officer, "moved", []byte(`{"disabled":false}`))
	moved.headers["If-Match"] = `"7"`
	p.do(t, "PATCH", m.path(), moved).replayed(t, false).problem(t, 412, "version-mismatch")
	moved.headers["X-Access-Purpose"] = "support" // which decides nothing
	r := p.do(t, "PATCH", m.path(), moved).replayed(t, true)
	if r.problem(t, 412, "version-mismatch"); r.header.Get("ETag") != `"0"` {
		t.Errorf("the replayed 412 has the ETag %s", r.header.Get("ETag"))
	}
	same(t, without(p.record(t, officer, m)), object(t, `{"disabled":true}`))
}

// An outcome is of the conditions that decided it.
func TestKeyBelongsToConditions(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	send := func(key string, conditions map[string]string) response {
		o := keyed(officer, key, []byte(`{"disabled":true}`))
		maps.Copy(o.headers, conditions)
		return p.do(t, "PATCH", m.path(), o)
	}
	late := map[string]string{"If-Match": `"7"`}
	send("late", late).problem(t, 412, "version-mismatch")
	for _, other := range []map[string]string{
		{"If-Match": `"0"`}, {"If-Match": `*`}, {}, {"If-None-Match": `"7"`}, {"If-Match": `"7"`, "If-None-Match": `"8"`},
		{"If-Match": `"7"`, "If-Unmodified-Since": "Mon, 02 Mar 2020 10:00:00 GMT"},
	} {
		send("late", other).replayed(t, false).problem(t, 422, "idempotency-key-reused")
	}
	send("late", late).replayed(t, true).problem(t, 412, "version-mismatch")
	send("late again", map[string]string{"If-Match": `"0"`}).want(t, 200).replayed(t, false)

	create := keyed(officer, "create", body(m.target, ""))
	create.headers["If-None-Match"] = "*"
	p.do(t, "POST", records, create).replayed(t, false).problem(t, 412, "version-mismatch")
	p.do(t, "POST", records, create).replayed(t, true).problem(t, 412, "version-mismatch")
	delete(create.headers, "If-None-Match")
	p.do(t, "POST", records, create).problem(t, 422, "idempotency-key-reused")

	theirs := keyed(officer, "theirs", []byte(`{"disabled":"no"}`))
	for i, c := range []struct {
		tag    string
		status int
	}{{`"7"`, 409}, {`"1"`, 422}, {`"7"`, 409}} {
		theirs.headers["If-Match"] = c.tag
		r, err := p.send("PATCH", front+m.path(), theirs)
		if err != nil {
			t.Fatal(err)
		}
		r.want(t, c.status).replayed(t, i == 2)
	}
}

// However an id is spelled, it is the same operation.
func TestKeyBelongsToAnIDHoweverItIsSpelled(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	spellings := []string{m.id, strings.ToUpper(m.id), strings.ReplaceAll(m.id, "-", "%2D"), m.id + "/"}
	for _, prefix := range []string{records, "/api/v1" + records, front + records} {
		for i, spelling := range spellings {
			o := keyed(officer, "key "+prefix[:4], []byte(`{"nationality":"british"}`))
			if prefix != records && prefix != front+records {
				o = keyed(officer, "key "+records[:4], o.body)
			}
			if prefix == front+records {
				o.headers["If-Match"] = `"1"`
			}
			r, err := p.send("PATCH", prefix+"/"+spelling, o)
			if err != nil {
				t.Fatal(err)
			}
			r.want(t, 200).replayed(t, i > 0 || prefix == "/api/v1"+records)
		}
	}
	braces := keyed(officer, "key "+front[:4], []byte(`{"nationality":"british"}`))
	braces.headers["If-Match"] = `"1"`
	r, err := p.send("PATCH", front+records+"/%7B"+m.id+"%7D", braces)
	if err != nil {
		t.Fatal(err)
	}
	r.want(t, 200).replayed(t, true)

	target := uuid.NewString()
	for i, id := range []string{target, strings.ToUpper(target)} {
		p.do(t, "POST", records+"/"+id, keyed(officer, "create", body(target, ""))).want(t, 201).replayed(t, i > 0)
	}
}

func TestOutcomesBeforeValidationAreNotKept(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer, service := p.token(t, "officer"), p.token(t, "service")
	m := p.create(t, officer, `"nationalInsuranceNumber":"QQ123456C"`)
	for _, bad := range []string{`{"disabled":7}`, `{"nationality":"zebra"}`, `{`} {
		p.do(t, "PATCH", m.path(), keyed(officer, "key", []byte(bad))).replayed(t, false).want(t, 400)
		p.do(t, "PATCH", m.path(), keyed(officer, "key", []byte(bad))).replayed(t, false).want(t, 400)
	}
	p.do(t, "PATCH", m.path(), keyed(officer, "key", []byte(`{"disabled":true}`))).replayed(t, false).want(t, 200)

	forbidden := keyed(service, "key", []byte(`{"nationalInsuranceNumber":"QQ654321A"}`))
	p.do(t, "PATCH", m.path(), forbidden).problem(t, 403, "forbidden")
	p.patch(t, officer, m, `{"nationalInsuranceNumber":null}`).want(t, 200)
	p.do(t, "PATCH", m.path(), forbidden).replayed(t, false).want(t, 200)
}

func TestReplayShowsWhatTheCallerMaySeeNow(t *testing.T) {
	t.Parallel()
	p := shared(t)
	const caller = "changes.roles@council.example"
	before, now := p.tokenOf(t, caller, "officer"), p.tokenOf(t, caller, "service")
	target := uuid.NewString()
	number := `"nationalInsuranceNumber":"QQ123456C"`
	for token, shown := range map[string]bool{before: true, now: false} {
		r := p.do(t, "POST", records, keyed(token, "key", body(target, number))).want(t, 201)
		if strings.Contains(string(r.body), "QQ123456C") != shown {
			t.Errorf("the number's being shown is not %t: %s", shown, r.body)
		}
	}
	p.do(t, "POST", records, keyed(p.tokenOf(t, caller, "support"), "key", body(target, number))).problem(t, 403, "forbidden")
}

func TestSameKeyAtOnceIsDoneOnce(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer, either := p.token(t, "officer"), p.besides(t)
	for range 5 {
		key, target := uuid.NewString(), uuid.NewString()
		got := together(10, func(i int) response {
			return either(i).do(t, "POST", records, keyed(officer, key, body(target, "")))
		})
		same(t, got, map[int]int{201: 10})
		if events := p.eventsOf(t, target); len(events) != 1 {
			t.Errorf("ten requests with one key have raised %d events", len(events))
		}
	}
}

func TestKeysHavePrintableCharacters(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	for name, c := range map[string]struct {
		keys []string
		ok   bool
	}{
		"one character": {[]string{"!"}, true}, "a blank within": {[]string{"a b~"}, true}, "255": {[]string{strings.Repeat("k", 255)}, true},
		"256": {[]string{strings.Repeat("k", 256)}, false}, "empty": {[]string{""}, false}, "not ASCII": {[]string{"zebra-é"}, false},
		"a tab": {[]string{"zebra\tzebra"}, false}, "two": {[]string{"a", "a"}, false},
	} {
		for method, path := range map[string]string{"PATCH": m.path(), "POST": records} {
			o := request{token: officer, body: []byte("{}"), values: map[string][]string{"Idempotency-Key": c.keys}}
			if method == "POST" {
				o.body = body(uuid.NewString(), "")
			}
			if r := p.do(t, method, path, o); c.ok {
				if r.status >= 300 {
					t.Errorf("%s: %s is answered %d", name, method, r.status)
				}
			} else {
				r.failed(t, "", "header.idempotency-key")
			}
		}
	}
}

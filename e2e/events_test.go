package e2e

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

type event struct {
	SpecVersion, ID, Source, Type, Subject, Time, CorrelationID string
	Data                                                        struct {
		ID, TargetID string
		Version      int
		Count        int
		Members      []string
	}
}

type feed struct {
	Events []event
	Next   string
}

// feed reads a page of the feed.
func (p *program) feed(t *testing.T, query string) feed {
	t.Helper()
	var page feed
	p.do(t, "GET", "/events?"+query, request{token: p.token(t, "service")}).want(t, 200).decode(t, &page)
	return page
}

// allEvents reads the whole feed, in pages. Only the first page is validated against the
// contract: for a long feed, validating all would take seconds.
func (p *program) allEvents(t *testing.T, limit string) []event {
	t.Helper()
	page, service := p.feed(t, "limit="+limit), p.token(t, "service")
	all := page.Events
	for len(page.Events) > 0 {
		r, err := p.send("GET", "/events?limit="+limit+"&after="+url.QueryEscape(page.Next), request{token: service})
		if err != nil {
			t.Fatal(err)
		}
		page = feed{}
		r.want(t, 200).decode(t, &page)
		all = append(all, page.Events...)
	}
	return all
}

// eventsOf are the events of one person.
func (p *program) eventsOf(t *testing.T, target string) []event {
	t.Helper()
	var of []event
	for _, e := range p.allEvents(t, "1000") {
		if e.Subject == target {
			of = append(of, e)
		}
	}
	return of
}

func TestEventsTellOfEveryChangeOnceInOrder(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	correlation := uuid.NewString()
	a, b := p.create(t, officer, `"gender":{"genderValue":"f"},"disabled":true`), p.create(t, officer, "")
	p.do(t, "PATCH", a.path(), request{
		token: officer, body: []byte(`{"pregnancyOrMaternity":[{"pregnancyDate":"2024-05-06"}],"nationality":"british","gender":null}`),
		headers: map[string]string{"x-correlation-id": correlation},
	}).want(t, 200)
	p.patch(t, officer, a, `{"nationality":"british"}`).want(t, 200) // changes nothing
	p.patch(t, officer, b, `{"nationality":"nonesuch"}`).want(t, 400)
	p.patch(t, officer, b, `{"disabled":"no"}`).want(t, 200)

	for _, limit := range []string{"1", "3", "1000"} {
		events := p.allEvents(t, limit)
		type told struct {
			Type, Subject, ID string
			Version           int
			Members           string
		}
		var got []told
		for _, e := range events {
			got = append(got, told{strings.TrimPrefix(e.Type, "equality-information."), e.Subject, e.Data.ID, e.Data.Version, strings.Join(e.Data.Members, " ")})
		}
		same(t, got, []told{
			{"created", a.target, a.id, 0, "disabled sensitive"},
			{"created", b.target, b.id, 0, ""},
			{"updated", a.target, a.id, 1, "nationality sensitive"},
			{"updated", b.target, b.id, 1, "disabled"},
		})
		if events[2].CorrelationID != correlation {
			t.Errorf("the event's correlation id is %s, want the request's %s", events[2].CorrelationID, correlation)
		}
	}
}

func TestFeedsEndIsACursorThatStays(t *testing.T) {
	t.Parallel()
	p := start(t)
	empty := p.feed(t, "")
	if empty.Next == "" || len(empty.Events) != 0 {
		t.Fatalf("a feed without events is %+v, want a cursor", empty)
	}
	officer := p.token(t, "officer")
	first := p.create(t, officer, "")
	page := p.feed(t, "after="+empty.Next)
	if len(page.Events) != 1 || page.Events[0].Subject != first.target {
		t.Fatalf("after the empty feed's cursor come %+v, want the one event", page.Events)
	}
	for range 3 {
		// If it is unchanged, the caller sees that there is nothing new.
		if again := p.feed(t, "after="+page.Next); again.Next != page.Next || len(again.Events) != 0 {
			t.Errorf("with nothing new, next is another one, or there are events: %+v", again)
		}
	}
	second := p.create(t, officer, "")
	if page := p.feed(t, "after="+page.Next); len(page.Events) != 1 || page.Events[0].Subject != second.target {
		t.Errorf("after the cursor come %+v, want the second event alone", page.Events)
	}
	next := p.restart2(t).feed(t, "after="+page.Next)
	if len(next.Events) != 1 || next.Events[0].Subject != second.target {
		t.Errorf("after a restart the cursor leads to %+v, want the second event", next.Events)
	}
}

// restart2 stops the program and starts it again.
func (p *program) restart2(t *testing.T) *program {
	t.Helper()
	if status := p.stop(t); status != 0 {
		t.Fatalf("the program ended with status %d\n%s", status, p.log())
	}
	return p.restart(t)
}

func TestCursorThatIsNotTheFeedsIsRefused(t *testing.T) {
	t.Parallel()
	p := shared(t)
	for range 2 {
		p.create(t, p.token(t, "officer"), "")
	}
	cursor := p.feed(t, "limit=1").Next
	both := p.token(t, "service", "governance")
	var list struct{ Next string }
	p.do(t, "GET", records+"?limit=1", request{token: both}).want(t, 200).decode(t, &list)
	next, err := url.Parse(list.Next)
	if err != nil {
		t.Fatal(err)
	}
	for name, after := range map[string]string{
		"empty": "", "not a cursor": "zebra", "cut short": cursor[:len(cursor)-1], "a letter changed": flip(cursor, 10),
		"the last letter changed": flip(cursor, len(cursor)-3), "longer": cursor + "AAAA", "a list's": next.Query().Get("cursor"),
		"another feed's, of the same program": start(t).feed(t, "").Next, "not of the alphabet": cursor[:5] + "!" + cursor[6:],
	} {
		t.Run(name, func(t *testing.T) {
			p.do(t, "GET", "/events?after="+url.QueryEscape(after), request{token: both}).failed(t, "", "query.cursor")
		})
	}
}

// flip changes one letter.
func flip(s string, at int) string {
	letter := "A"
	if s[at] == 'A' {
		letter = "B"
	}
	return s[:at] + letter + s[at+1:]
}

func TestWaitEndsWithAnEvent(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer, service := p.token(t, "officer"), p.token(t, "service")
	after := p.feed(t, "").Next
	answer := make(chan response, 1)
	go func() {
		answer <- p.do(t, "GET", "/events?wait=30&after="+after, request{token: service})
	}()
	select {
	case r := <-answer:
		t.Fatalf("the wait ended without an event: %s", r.body)
	case <-time.After(300 * time.Millisecond):
	}
	m := p.create(t, officer, "")
	select {
	case r := <-answer:
		var page feed
		r.want(t, 200).decode(t, &page)
		if len(page.Events) != 1 || page.Events[0].Subject != m.target {
			t.Errorf("the wait ended with %+v, want the new event", page.Events)
		}
	case <-time.After(5 * time.Second):
		t.Error("the wait did not end with the event")
	}
}

func TestWaitEndsWithItsTime(t *testing.T) {
	t.Parallel()
	p := start(t)
	after := p.feed(t, "").Next
	begin := time.Now()
	page := p.feed(t, "wait=1&after="+after)
	if took := time.Since(begin); took < 900*time.Millisecond || took > 5*time.Second {
		t.Errorf("a wait of a second took %v", took)
	}
	if len(page.Events) != 0 || page.Next != after {
		t.Errorf("a wait in vain ended with %+v, want no event and the same cursor", page)
	}
	p.create(t, p.token(t, "officer"), "")
	begin = time.Now()
	if p.feed(t, "wait=30"); time.Since(begin) > 5*time.Second {
		t.Error("with events there already, the feed waited")
	}
}

func TestWaitEndsWhenTheServerStops(t *testing.T) {
	t.Parallel()
	p := start(t)
	service, after := p.token(t, "service"), p.feed(t, "").Next
	answers := make(chan response, 5)
	for range cap(answers) {
		go func() { answers <- p.do(t, "GET", "/events?wait=30&after="+after, request{token: service}) }()
	}
	time.Sleep(300 * time.Millisecond)
	begin := time.Now()
	if status := p.stop(t); status != 0 {
		t.Errorf("the program ended with status %d\n%s", status, p.log())
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("the program took %v to stop while callers waited for events", took)
	}
	for range cap(answers) {
		if r := <-answers; r.status != 200 && r.status != 503 {
			t.Errorf("a waiting caller was answered %d", r.status)
		}
	}
}

package e2e

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

type listEntry struct {
	ID, TargetID, ModifiedAt string
	Version                  int
	Record                   map[string]any
	Members                  []string
}

type page struct {
	EqualityInformation []listEntry
	Next                string
}

// page reads a page of a list; it follows an absolute link unchanged.
func (p *program) page(t *testing.T, token, link string) page {
	t.Helper()
	if rest, ok := strings.CutPrefix(link, p.url); ok {
		link = rest
	} else if !strings.HasPrefix(link, "/") {
		t.Fatalf("the link %s does not lead to this server, %s", link, p.url)
	}
	var got page
	p.do(t, "GET", link, request{token: token}).want(t, 200).decode(t, &got)
	return got
}

// walk reads a list from a link to the end.
func (p *program) walk(t *testing.T, token, link string) (all []listEntry) {
	t.Helper()
	for link != "" {
		got := p.page(t, token, link)
		all = append(all, got.EqualityInformation...)
		link = got.Next
	}
	return all
}

// crowd creates n people and returns their ids in order.
func (p *program) crowd(t *testing.T, n int) (ids []string) {
	t.Helper()
	officer := p.token(t, "officer")
	for range n {
		ids = append(ids, p.create(t, officer, `"disabled":true`).id)
	}
	slices.Sort(ids)
	return ids
}

func ids(entries []listEntry) (of []string) {
	for _, e := range entries {
		of = append(of, e.ID)
	}
	return of
}

func TestListIsInTheOrderOfIDs(t *testing.T) {
	t.Parallel()
	p := start(t)
	governance := p.token(t, "governance")
	if empty := p.page(t, governance, records); len(empty.EqualityInformation) != 0 || empty.Next != "" {
		t.Errorf("the list of nobody is %+v", empty)
	}
	want := p.crowd(t, 25)
	for _, limit := range []int{1, 7, 24, 25, 26, 1000} {
		all := p.walk(t, governance, fmt.Sprintf("%s?limit=%d", records, limit))
		same(t, ids(all), want)
		got := p.page(t, governance, fmt.Sprintf("/api/v1%s/?limit=%d", records, limit))
		if n := min(limit, 25); len(got.EqualityInformation) != n || (got.Next == "") != (n == 25) {
			t.Errorf("a page of %d has %d entries and the next page %q", limit, len(got.EqualityInformation), got.Next)
		}
	}
	same(t, ids(p.walk(t, governance, records)), want)
	for _, e := range p.walk(t, governance, records) {
		same(t, e.Record, map[string]any{"id": e.ID, "targetId": e.TargetID, "disabled": true})
	}
}

func TestListByTimeIsInTheOrderOfChanges(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer, governance := p.token(t, "officer"), p.token(t, "governance")
	var people []made
	for range 6 {
		people = append(people, p.create(t, officer, ""))
	}
	since := "modifiedSince=2000-01-01T00:00:00Z"
	at := make(map[string]string)
	for _, e := range p.walk(t, governance, records) {
		at[e.ID] = e.ModifiedAt
	}
	order := func() (want []string) {
		for _, m := range people {
			want = append(want, m.id)
		}
		return want
	}
	for _, limit := range []string{"1", "4", "100"} {
		same(t, ids(p.walk(t, governance, records+"?limit="+limit+"&"+since)), order())
	}
	third := url.QueryEscape(at[people[2].id])
	same(t, ids(p.walk(t, governance, records+"?modifiedSince="+third)), order()[2:])  // inclusive
	same(t, ids(p.walk(t, governance, records+"?modifiedBefore="+third)), order()[:2]) // exclusive
	fifth := url.QueryEscape(at[people[4].id])
	same(t, ids(p.walk(t, governance, records+"?limit=1&modifiedSince="+third+"&modifiedBefore="+fifth)), order()[2:4])
	if none := p.walk(t, governance, records+"?modifiedSince="+fifth+"&modifiedBefore="+third); len(none) != 0 {
		t.Errorf("the list of an empty time has %v", none)
	}
	// The same moment in another zone.
	moment, err := time.Parse(time.RFC3339Nano, at[people[2].id])
	if err != nil {
		t.Fatal(err)
	}
	zoned := moment.In(time.FixedZone("", 5*3600+1800)).Format("2006-01-02T15:04:05.000000Z07:00")
	same(t, ids(p.walk(t, governance, records+"?modifiedSince="+url.QueryEscape(zoned))), order()[2:])

	// A change moves a record to the end.
	p.patch(t, officer, people[0], `{"disabled":true}`).want(t, 200)
	people = append(people[1:], people[0])
	same(t, ids(p.walk(t, governance, records+"?limit=2&"+since)), order())
}

// However many are created meanwhile, everybody who was there before is seen exactly once.
func TestWalkSeesEveryoneWhileOthersAreCreated(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer, governance := p.token(t, "officer"), p.token(t, "governance")
	before := p.crowd(t, 60)
	changed := made{id: before[30]}
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for range 2 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				p.create(t, officer, "")
				p.patch(t, officer, changed, []string{`{"disabled":true}`, `{"disabled":false}`}[i%2])
			}
		})
	}
	walks := make(map[string][]listEntry)
	for _, query := range []string{"limit=7", "limit=7&modifiedSince=2000-01-01T00:00:00Z&modifiedBefore=2999-01-01T00:00:00Z"} {
		link := records + "?" + query
		for range 60 { // a walk by time may continue as long as records are created
			got := p.page(t, governance, link)
			walks[query] = append(walks[query], got.EqualityInformation...)
			if link = got.Next; link == "" {
				break
			}
		}
	}
	close(stop)
	writers.Wait()
	for query, entries := range walks {
		times := make(map[string]int)
		for _, e := range entries {
			times[e.ID]++
		}
		for _, id := range before {
			if byTime := strings.Contains(query, "modified"); times[id] != 1 && !(byTime && id == changed.id) {
				t.Errorf("?%s: a record that was there before was seen %d times", query, times[id])
			}
		}
	}
}

func TestCursorIsGoodForItsOwnQuestion(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.crowd(t, 4)
	governance := p.token(t, "governance", "service")
	const since = "modifiedSince=2000-01-01T00:00:00Z"
	cursorOf := func(query string) string {
		next, err := url.Parse(p.page(t, governance, records+"?limit=1&"+query).Next)
		if err != nil {
			t.Fatal(err)
		}
		return next.Query().Get("cursor")
	}
	plain, timed := cursorOf(""), cursorOf(since)
	for name, query := range map[string]string{
		"empty": "cursor=", "none": "cursor=zebra", "a letter changed": "cursor=" + flip(plain, 8), "cut short": "cursor=" + plain[:len(plain)-2],
		"longer": "cursor=" + plain + "AA", "of the list by id": "cursor=" + plain + "&" + since, "of the list by time": "cursor=" + timed,
		"of another time": "cursor=" + timed + "&modifiedSince=2000-01-01T00:00:01Z", "of a time without end": "cursor=" + timed + "&" + since + "&modifiedBefore=2999-01-01T00:00:00Z",
		"of the feed": "cursor=" + p.feed(t, "limit=1").Next,
	} {
		t.Run(name, func(t *testing.T) {
			p.do(t, "GET", records+"?"+query, request{token: governance}).failed(t, "", "query.cursor")
		})
	}
	// The limit is not part of the query.
	if rest := p.page(t, governance, records+"?limit=1000&cursor="+plain); len(rest.EqualityInformation) != 3 {
		t.Errorf("with another limit the cursor leads to %d records, want 3", len(rest.EqualityInformation))
	}
}

func TestListParametersHaveBounds(t *testing.T) {
	t.Parallel()
	p := start(t)
	everybody := p.token(t, "governance", "service")
	for _, path := range []string{records, "/events"} {
		for _, limit := range []string{"1", "1000"} {
			p.do(t, "GET", path+"?limit="+limit, request{token: everybody}).want(t, 200)
		}
		for _, limit := range []string{"0", "1001", "-1", "", "01", "1.0", "1e2", "zebra", "%201", "99999999999999999999"} {
			p.do(t, "GET", path+"?limit="+limit, request{token: everybody}).failed(t, "", "query.limit")
		}
	}
	for _, wait := range []string{"31", "-1", "", "zebra", "1.5"} {
		p.do(t, "GET", "/events?wait="+wait, request{token: everybody}).failed(t, "", "query.wait")
	}
	for _, name := range []string{"modifiedSince", "modifiedBefore"} {
		for _, good := range []string{"2026-03-01T00:00:00Z", "2026-03-01T00:00:00.123456789Z", "2026-03-01T00:00:00%2B01:00", "2024-02-29T00:00:00-00:30"} {
			p.do(t, "GET", records+"?"+name+"="+good, request{token: everybody}).want(t, 200)
		}
		for _, bad := range []string{"", "2026-03-01", "2026-03-01T00:00:00", "2026-03-01T00:00:00+01:00", "2026-02-30T00:00:00Z", "zebra", "1", "2026-03-01T25:00:00Z"} {
			p.do(t, "GET", records+"?"+name+"="+bad, request{token: everybody}).failed(t, "", "query."+name)
		}
	}
	m := p.create(t, everybody, "")
	for _, beside := range []string{"limit=1", "cursor=x", "modifiedSince=2026-03-01T00:00:00Z"} {
		p.do(t, "GET", records+"?targetId="+m.target+"&"+beside, request{token: everybody}).failed(t, "", "query.targetId")
	}
	p.do(t, "GET", records+"?targetId="+m.target, request{token: everybody}).want(t, 200)
	p.do(t, "GET", records+"?targetId="+m.id, request{token: everybody}).problem(t, 404, "not-found")
	p.do(t, "GET", records+"?targetId="+seedTarget, request{token: everybody}).problem(t, 404, "not-found")
}

func TestCallersWithoutTheRecordSeeNamesOfMembers(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	want := make(map[string][]string)
	for members, names := range map[string][]string{
		``: {}, `"gender":{"genderValue":"f"}`: {"sensitive"},
		`"pregnancyOrMaternity":[{"pregnancyDate":"2024-05-06"}]`:                                                      {"sensitive"},
		`"gender":{"genderValue":"f"},"pregnancyOrMaternity":[{"pregnancyDate":"2024-05-06"}],"nationality":"british"`: {"nationality", "sensitive"},
		`"nationalInsuranceNumber":"QQ123456C","ageGroup":"preferNotToSay"`:                                            {"ageGroup", "nationalInsuranceNumber"},
	} {
		want[p.create(t, officer, members).id] = names
	}
	got := make(map[string][]string)
	for _, e := range p.walk(t, p.token(t, "support"), records+"?limit=2") {
		if got[e.ID] = e.Members; e.Record != nil {
			t.Errorf("a caller without equality:read is shown a record: %v", e.Record)
		}
	}
	same(t, got, want)
	for _, e := range p.walk(t, p.token(t, "governance"), records) {
		if e.Members != nil || e.Record["nationalInsuranceNumber"] != nil {
			t.Errorf("a caller without nino:read is shown %v", slices.Collect(maps.Keys(e.Record)))
		}
	}
}

func TestNextIsAbsoluteUnderThePublicURL(t *testing.T) {
	t.Parallel()
	p := start(t, "--public-url", "https://equality.council.example")
	p.crowd(t, 2)
	next := p.page(t, p.token(t, "governance"), records+"?limit=1").Next
	rest, ok := strings.CutPrefix(next, "https://equality.council.example/api/v1/equality-information?")
	if !ok {
		t.Fatalf("next is %s", next)
	}
	if last := p.page(t, p.token(t, "governance"), "/api/v1"+records+"?"+rest); len(last.EqualityInformation) != 1 || last.Next != "" {
		t.Errorf("next leads to %+v", last)
	}
}

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

const searching = persons + "/search"

// foundPeople is the answer to a search.
type foundPeople struct {
	Results []struct {
		ID, Title, DisplayName, Surname, Match string
		Age                                    *int
	}
	Total int
}

// search finds people by terms, for a role, once the server has its index.
func (p *program) search(t *testing.T, role, terms string) (r response) {
	t.Helper()
	sent := request{token: p.token(t, role), body: []byte(`{` + terms + `}`)}
	eventually(t, "the index", func() bool {
		r = p.do(t, "POST", searching, sent)
		return r.status != 503
	})
	return r
}

// finds returns who is found, in order, as "id match".
func (p *program) finds(t *testing.T, terms string) (list []string) {
	t.Helper()
	return p.search(t, "officer", terms).want(t, 200).people(t)
}

func (r response) people(t *testing.T) (list []string) {
	t.Helper()
	var found foundPeople
	r.decode(t, &found)
	for _, f := range found.Results {
		list = append(list, f.ID+" "+f.Match)
	}
	return list
}

// findsSoon waits until exactly these are found: the index follows the feed. Until then more
// people may fit a search than can be shown. It says how long that took.
func (p *program) findsSoon(t *testing.T, terms string, want ...string) time.Duration {
	t.Helper()
	began := time.Now()
	eventually(t, terms+" finds "+strings.Join(want, ", "), func() bool {
		r := p.search(t, "officer", terms)
		return r.status != 422 && slices.Equal(r.want(t, 200).people(t), want)
	})
	return time.Since(began)
}

// person is somebody nobody else in the tests is called like.
func (p *program) person(t *testing.T, members string) (id, surname string) {
	t.Helper()
	id = uuid.NewString()
	surname = "Zz" + strings.Map(func(r rune) rune { return 'a' + (r-'0')%26 }, id[:8])
	p.put(t, id, fmt.Sprintf(`"surname":%q,%s`, surname, members)).want(t, 201)
	return id, surname
}

func TestPersonIsFoundByWhatTheySay(t *testing.T) {
	t.Parallel()
	p := shared(t)
	id, surname := p.person(t, `"title":"Mr","firstName":"Mark","preferredFirstName":"Maria","preferredTitle":"Ms","dateOfBirth":"1987-04-09"`)
	p.findsSoon(t, `"name":"maria `+surname+`"`, id+" exact")
	for terms, want := range map[string]string{
		`"name":"` + surname + `, MARÍA","dateOfBirth":"1987-04-09"`: "exact",
		`"name":"mar ` + surname[:6] + `","dateOfBirth":"1987"`:      "exact",
		`"name":"marya ` + surname + `"`:                             "similar",
		`"name":"mark ` + surname + `"`:                              "similar",
		`"id":"` + id + `"`:                                          "exact",
		`"id":"` + id + `","name":"maria"`:                           "exact",
	} {
		same(t, p.finds(t, terms), []string{id + " " + want})
	}
	for _, terms := range []string{`"name":"maria ` + surname + `","dateOfBirth":"1987-04-10"`, `"id":"` + uuid.NewString() + `"`} {
		same(t, p.finds(t, terms), []string(nil))
	}
	var found foundPeople
	r := p.search(t, "service", `"name":"mark `+surname+`"`).want(t, 200)
	r.decode(t, &found)
	shown := found.Results[0]
	if shown.Title != "Ms" || shown.DisplayName != "Maria "+surname || shown.Surname != surname || shown.Age == nil || *shown.Age < 39 || found.Total != 1 {
		t.Errorf("found: %s", r.body)
	}
	if strings.Contains(string(r.body), "Mark") || strings.Contains(string(r.body), "1987") || r.header.Get("Cache-Control") != "no-store" {
		t.Errorf("shown: %s, %v", r.body, r.header)
	}

	// What is changed is found as it is now, and no longer as it was.
	p.put(t, id, `"firstName":"Mark","surname":"`+surname+`ov"`).want(t, 200)
	p.findsSoon(t, `"name":"maria `+surname+`"`)
	same(t, p.finds(t, `"name":"`+surname+`ov mark"`), []string{id + " exact"})
}

func TestPersonIsFoundByNationalInsuranceNumber(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	without := p.create(t, officer, `"nationalInsuranceNumber":"QQ123456C"`)
	with := p.create(t, officer, `"nationalInsuranceNumber":"QQ 12 34 56 C"`)
	p.put(t, with.target, `"firstName":"Maria","surname":"Hollis"`).want(t, 201)
	p.findsSoon(t, `"name":"maria hollis"`, with.target+" exact")

	got := p.finds(t, `"nationalInsuranceNumber":"qq123456c"`)
	want := []string{with.target + " exact", without.target + " exact"}
	slices.Sort(got)
	slices.Sort(want)
	same(t, got, want)
	same(t, p.finds(t, `"nationalInsuranceNumber":"QQ123456C","name":"hollis"`), []string{with.target + " exact"})
	same(t, p.finds(t, `"nationalInsuranceNumber":"QQ123456C","name":"fenwick"`), []string(nil))
	same(t, p.finds(t, `"nationalInsuranceNumber":"QQ654321C"`), []string(nil))

	// Without nino:read there is no look-up: the answer is the same, whoever has the number.
	for _, nino := range []string{"QQ123456C", "QQ654321C"} {
		told := p.search(t, "service", `"nationalInsuranceNumber":"`+nino+`"`).problem(t, 403, "forbidden")
		if told.Detail != "You need the permission `nino:read`." {
			t.Errorf("told: %s", told.Detail)
		}
	}

	p.erase(t, with.target)
	p.findsSoon(t, `"nationalInsuranceNumber":"QQ123456C"`, without.target+" exact")
}

func TestBadSearchesAreRefused(t *testing.T) {
	t.Parallel()
	p := shared(t)
	for _, bad := range []badBody{
		{"no term", ``, "", "search.no-term", ""},
		{"nothing", `"name":"","dateOfBirth":null`, "", "search.no-term", ""},
		{"blanks", `"name":"  "`, "/name", "name.words", ""},
		{"no word", `"name":"-- zebra!"}{`, "", "json.syntax", ""},
		{"signs", `"name":"-.'"`, "/name", "name.words", ""},
		{"eleven words", `"name":"zebra b c d e f g h i j k"`, "/name", "name.words", ""},
		{"a control character", `"name":"ze\u0000bra"`, "/name", "text.control", ""},
		{"an override", `"name":"ze\u202Ebra"`, "/name", "text.direction", ""},
		{"10,000 letters", `"name":"` + strings.Repeat("zebra", 2000) + `"`, "/name", "name.length", ""},
		{"no date", `"dateOfBirth":"zebra"`, "/dateOfBirth", "date.or-year", ""},
		{"no such day", `"dateOfBirth":"1980-02-30"`, "/dateOfBirth", "date.or-year", ""},
		{"no id", `"id":"zebra"`, "/id", "id.form", ""},
		{"no number", `"nationalInsuranceNumber":"zebra"`, "/nationalInsuranceNumber", "nino.form", ""},
		{"an unknown term", `"postcode":"zebra"`, "/postcode", "json.unknown-member", ""},
	} {
		r := p.search(t, "officer", bad.members)
		r.failed(t, bad.pointer, bad.code)
		if strings.Contains(strings.ToLower(string(r.body)), zebra) {
			t.Errorf("%s: the answer repeats what was sent: %s", bad.name, r.body)
		}
	}
	for terms, add := range map[string]string{`"name":"z"`: "/name", `"name":"z q"`: "/name", `"dateOfBirth":"1980"`: "/name"} {
		told := p.search(t, "officer", terms).problem(t, 422, "search-too-broad")
		if len(told.Errors) != 1 || told.Errors[0].Pointer != add || told.Errors[0].Code != "search.add" {
			t.Errorf("%s: %+v", terms, told)
		}
	}
	p.do(t, "POST", searching+"?name=zebra", request{token: p.token(t, "officer"), body: []byte(`{"name":"zebra"}`)}).problem(t, 400, "invalid-request")
}

func TestTooBroadASearchLeavesNobodyOut(t *testing.T) {
	t.Parallel()
	p := start(t)
	for i := range 21 {
		p.put(t, uuid.NewString(), fmt.Sprintf(`"firstName":"John","surname":"Smith","dateOfBirth":"19%d-05-03"`, 60+i%20)).want(t, 201)
	}
	eventually(t, "everybody is indexed", func() bool { return p.search(t, "officer", `"name":"john smith"`).status == 422 })
	told := p.search(t, "officer", `"name":"john smith"`).problem(t, 422, "search-too-broad")
	if len(told.Errors) != 1 || told.Errors[0].Pointer != "/dateOfBirth" {
		t.Errorf("told: %+v", told)
	}
	if got := p.finds(t, `"name":"john smith","dateOfBirth":"1960-05-03"`); len(got) != 2 {
		t.Errorf("found %v", got)
	}
	// After a restart the index is built from what is stored, and says how far it is.
	p.stop(t)
	p = p.restart(t)
	eventually(t, "the index is built", func() bool { return p.search(t, "officer", `"name":"john smith"`).status == 422 })
	if !strings.Contains(p.log(), `"people can be searched","people":21`) {
		t.Errorf("the log: %s", p.log())
	}
	eventually(t, "the health check has no more to say", func() bool {
		return !strings.Contains(string(p.health(t, "/readyz", 200).body), "detail")
	})
	p.stop(t)
	if out, status := auditVerify(t, p.dir, "--records"); status != 0 {
		t.Errorf("the access log failed verification: %s", out)
	}
}

// TestPostgresServersFindWhoIsChangedOnAnother: a server finds within a second who was changed on
// another server of the database, unless the machine is too busy for it three times.
func TestPostgresServersFindWhoIsChangedOnAnother(t *testing.T) {
	t.Parallel()
	dir := home(t)
	a, b := startIn(t, dir), startIn(t, dir)
	id, surname := a.person(t, `"firstName":"Maria"`)
	b.findsSoon(t, `"name":"maria `+surname+`"`, id+" exact")
	took := make([]time.Duration, 3)
	for i := range took {
		name := []string{"Gordon", "Patience", "Winston"}[i]
		b.put(t, id, `"firstName":"`+name+`","surname":"`+surname+`"`).want(t, 200)
		took[i] = a.findsSoon(t, `"name":"`+name+` `+surname+`"`, id+" exact")
		same(t, a.finds(t, `"name":"maria `+surname+`"`), []string(nil))
	}
	b.erase(t, id)
	a.findsSoon(t, `"name":"winston `+surname+`"`)
	if slices.Min(took) > time.Second {
		t.Errorf("they were found after %v", took)
	}
}

// duplicatePairs are all pairs, as "id id reasons".
func (p *program) duplicatePairs(t *testing.T, limit int) (list []string) {
	t.Helper()
	query := fmt.Sprintf("?limit=%d", limit)
	for {
		var page struct {
			Pairs []struct {
				A, B    string
				Reasons []string
			}
			Next string
		}
		p.do(t, "GET", "/support/duplicates"+query, request{token: p.token(t, "support")}).want(t, 200).decode(t, &page)
		for _, d := range page.Pairs {
			list = append(list, fmt.Sprint(min(d.A, d.B), " ", max(d.A, d.B), " ", d.Reasons))
		}
		if page.Next == "" {
			slices.Sort(list)
			return list
		}
		query = fmt.Sprintf("?limit=%d&cursor=%s", limit, page.Next)
	}
}

func TestDuplicatesAreProposed(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	same2 := func(a, b, reasons string) string { return min(a, b) + " " + max(a, b) + " " + reasons }
	one, two, three := p.create(t, officer, `"nationalInsuranceNumber":"QQ123456C"`).target, p.create(t, officer, `"nationalInsuranceNumber":"QQ123456C"`).target,
		p.create(t, officer, `"nationalInsuranceNumber":"QQ123456D"`).target
	four := uuid.NewString()
	p.put(t, two, `"firstName":"Mohammed","surname":"Chowdhury","dateOfBirth":"1980-05-03"`).want(t, 201)
	p.put(t, four, `"firstName":"Chaudhry","surname":"Muhamad","dateOfBirth":"1980-05-03"`).want(t, 201)
	p.put(t, three, `"firstName":"Mohammed","surname":"Chowdhury","dateOfBirth":"1980-05-04"`).want(t, 201)
	want := []string{same2(one, two, "[nationalInsuranceNumber]"), same2(two, four, "[dateOfBirthAndName]")}
	slices.Sort(want)
	eventually(t, "the pairs", func() bool { return slices.Equal(p.duplicatePairs(t, 100), want) })

	p.put(t, one, `"firstName":"Mo","surname":"Choudhury","dateOfBirth":"1980-05-03"`).want(t, 201)
	want = []string{same2(one, two, "[nationalInsuranceNumber dateOfBirthAndName]"), same2(one, two, "[dateOfBirthAndName]"), same2(two, four, "[dateOfBirthAndName]")}
	slices.Sort(want)
	for _, limit := range []int{1, 2, 1000} {
		eventually(t, "the pairs with both reasons", func() bool {
			got := p.duplicatePairs(t, limit)
			return slices.Equal(slices.DeleteFunc(got, func(pair string) bool { return pair == same2(one, four, "[dateOfBirthAndName]") }), want)
		})
	}
	p.erase(t, two)
	eventually(t, "no pair of who was erased", func() bool {
		return !strings.Contains(strings.Join(p.duplicatePairs(t, 100), "\n"), two)
	})
	for _, query := range []string{"?cursor=", "?cursor=zebra", "?limit=0", "?limit=1001", "?name=zebra"} {
		p.do(t, "GET", "/support/duplicates"+query, request{token: p.token(t, "support")}).problem(t, 400, "invalid-request")
	}
	p.stop(t)
	if out, status := auditVerify(t, p.dir, "--records"); status != 0 {
		t.Errorf("the access log failed verification: %s", out)
	}
}

// TestMergedPeopleAreFoundAsOne, and again as two when that is taken back; they are no longer
// proposed as duplicates.
func TestMergedPeopleAreFoundAsOne(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer, governance := p.token(t, "officer"), p.token(t, "governance")
	from, into := p.create(t, officer, `"nationalInsuranceNumber":"QQ123456C"`).target, p.create(t, officer, `"nationalInsuranceNumber":"QQ123456C"`).target
	p.put(t, from, `"firstName":"Elizabeth","surname":"Hollis","dateOfBirth":"1980-05-03"`).want(t, 201)
	p.put(t, into, `"firstName":"Liz","surname":"Hollis","dateOfBirth":"1980-05-03"`).want(t, 201)
	two := min(from, into) + " " + max(from, into) + " "
	apart := func() {
		t.Helper()
		p.findsSoon(t, `"name":"elizabeth hollis"`, from+" exact", into+" similar")
		want := []string{two + "[dateOfBirthAndName]", two + "[nationalInsuranceNumber dateOfBirthAndName]"}
		eventually(t, "the pair", func() bool { return slices.Equal(p.duplicatePairs(t, 10), want) })
	}
	apart()

	p.merge(t, governance, from, into, nil).want(t, 200)
	p.findsSoon(t, `"name":"elizabeth hollis"`, into+" similar")
	same(t, p.finds(t, `"id":"`+from+`"`), []string{into + " exact"})
	same(t, p.finds(t, `"nationalInsuranceNumber":"QQ123456C"`), []string{into + " exact"})
	eventually(t, "no pair of who was merged", func() bool { return len(p.duplicatePairs(t, 10)) == 0 })
	p.stop(t)
	p = p.restart(t)
	p.findsSoon(t, `"name":"elizabeth hollis"`, into+" similar")

	p.unmerge(t, p.token(t, "governance"), from)
	apart()
}

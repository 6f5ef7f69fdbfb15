package e2e

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

const persons = "/persons"

// put writes somebody's entry in the directory.
func (p *program) put(t *testing.T, id, members string) response {
	t.Helper()
	return p.do(t, "PUT", persons+"/"+id, request{token: p.token(t, "service"), body: []byte(`{` + members + `}`)})
}

// entry reads somebody's entry.
func (p *program) entry(t *testing.T, id string) response {
	t.Helper()
	return p.do(t, "GET", persons+"/"+id, request{token: p.token(t, "officer")})
}

const adaeze = `"title":"Ms","firstName":"Adaeze","middleName":"Grace","surname":"Okafor","preferredFirstName":"Ada","dateOfBirth":"1987-04-09"`

func TestPersonIsKeptInVersions(t *testing.T) {
	t.Parallel()
	p := start(t)
	id := uuid.NewString()
	p.entry(t, id).problem(t, 404, "not-found")
	first := p.put(t, strings.ToUpper(id), `"displayName":"whatever","id":"`+strings.ToUpper(id)+`",`+adaeze).want(t, 201)
	whole := object(t, `{"id":"`+id+`",`+adaeze+`,"displayName":"Ada Okafor"}`)
	same(t, first.document(t), whole)
	if first.header.Get("ETag") != `"0"` || first.header.Get("Location") != "/api/v1/persons/"+id {
		t.Errorf("ETag %s, Location %s", first.header.Get("ETag"), first.header.Get("Location"))
	}
	read := p.do(t, "GET", first.header.Get("Location"), request{token: p.token(t, "officer")}).want(t, 200)
	same(t, read.document(t), whole)
	for name, want := range map[string]string{"ETag": `"0"`, "Cache-Control": "no-store", "Last-Modified": first.header.Get("Last-Modified")} {
		if got := read.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	head := p.do(t, "HEAD", persons+"/"+id+"/", request{token: p.token(t, "officer")}).want(t, 200)
	if len(head.body) > 0 || head.header.Get("ETag") != `"0"` {
		t.Errorf("HEAD: %s %v", head.body, head.header)
	}
	for tag, status := range map[string]int{`"0"`: 304, `*`: 304, `W/"0-gzip"`: 304, `"1"`: 200, `0`: 400} {
		p.do(t, "GET", persons+"/"+id, request{token: p.token(t, "officer"), headers: map[string]string{"If-None-Match": tag}}).want(t, status)
	}

	// What is the same makes no version: in another order, with blanks, with nulls and what GET shows.
	for _, equal := range []string{adaeze, `"dateOfDeath":null,"preferredTitle":"",` + strings.ReplaceAll(adaeze, `"Grace"`, `" Grace\n"`), string(first.body[1 : len(first.body)-1])} {
		if r := p.put(t, id, equal).want(t, 200); r.header.Get("ETag") != `"0"` || r.header.Get("Last-Modified") != first.header.Get("Last-Modified") {
			t.Errorf("an equal entry has the ETag %s", r.header.Get("ETag"))
		}
	}
	second := p.put(t, id, `"surname":"Okafor-Łuk"`).want(t, 200)
	same(t, second.document(t), object(t, `{"id":"`+id+`","surname":"Okafor-Łuk","displayName":"Okafor-Łuk"}`))
	if second.header.Get("ETag") != `"1"` || second.header.Get("Location") != "" {
		t.Errorf("the second version: %v", second.header)
	}
	p.put(t, id, "").want(t, 200) // nothing is known any more
	same(t, p.entry(t, id).want(t, 200).document(t), map[string]any{"id": id})

	var told []string
	for _, e := range p.allEvents(t, "100") {
		if e.Subject != id || e.Source != "/persons" || e.Data.ID != id || e.Data.TargetID != "" || len(e.Data.Members) > 0 {
			t.Errorf("the event is %+v", e)
		}
		told = append(told, e.Type+" "+[]string{"0", "1", "2"}[e.Data.Version])
	}
	same(t, told, []string{"person.created 0", "person.updated 1", "person.updated 2"})

	p.stop(t)
	p = p.restart(t)
	if r := p.entry(t, id).want(t, 200); r.header.Get("ETag") != `"2"` {
		t.Errorf("after a restart the ETag is %s", r.header.Get("ETag"))
	}
	p.stop(t)
	if out, status := auditVerify(t, p.dir, "--records"); status != 0 {
		t.Errorf("the access log failed verification: %s", out)
	}
}

func TestBadEntriesOfThePeopleAreRefused(t *testing.T) {
	t.Parallel()
	p := shared(t)
	id := uuid.NewString()
	p.put(t, id, adaeze).want(t, 201)
	tomorrow := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	const when = "a schema does not know the day"
	for _, bad := range []badBody{
		{"not JSON", `!{"surname":zebra}`, "", "json.syntax", ""},
		{"a list", `![]`, "", "type.object", ""},
		{"a member twice", `"surname":"Zebra","surname":"Zebra"`, "/surname", "json.duplicate-member", duplicates},
		{"an unknown member", `"zebra":1`, "/zebra", "json.unknown-member", ""},
		{"another id", `"id":"` + uuid.NewString() + `"`, "/id", "id.mismatch", "a schema does not know the path"},
		{"a number", `"surname":7`, "/surname", "type.string", ""},
		{"a control character", `"surname":"Ze\u0000bra"`, "/surname", "text.control", ""},
		{"a line", `"surname":"Ze\nbra"`, "/surname", "text.control", ""},
		{"a separator", `"surname":"Ze\u2028bra"`, "/surname", "text.control", ""},
		{"an override", `"firstName":"Ze\u202Ebra"`, "/firstName", "text.direction", ""},
		{"an isolate", `"firstName":"Zebra\u2066"`, "/firstName", "text.direction", ""},
		{"10,000 letters", `"preferredSurname":"` + strings.Repeat("zebra", 2000) + `"`, "/preferredSurname", "name.length", ""},
		{"only blanks", `"surname":" \t\u00a0"`, "/surname", "name.blank", ""},
		{"nothing that can be seen", `"surname":"\u200b\ufeff"`, "/surname", "name.blank", ""},
		{"a date of only blanks", `"dateOfBirth":"  "`, "/dateOfBirth", "date.form", ""},
		{"101 letters", `"title":" ` + strings.Repeat("z", 101) + ` "`, "/title", "name.length", ""},
		{"a year", `"dateOfBirth":"1980"`, "/dateOfBirth", "date.form", ""},
		{"no such day", `"dateOfBirth":"2023-02-30"`, "/dateOfBirth", "date.form", "a pattern does not know the calendar"},
		{"a birth to come", `"dateOfBirth":"` + tomorrow + `"`, "/dateOfBirth", "date.future", when},
		{"a death to come", `"dateOfDeath":"` + tomorrow + `"`, "/dateOfDeath", "date.future", when},
		{"a death before the birth", `"dateOfBirth":"1980-01-02","dateOfDeath":"1980-01-01"`, "/dateOfDeath", "date.before-birth", otherMember},
	} {
		t.Run(bad.name, func(t *testing.T) {
			sent := request{token: p.token(t, "service"), body: []byte("{" + bad.members + "}")}
			if whole, ok := strings.CutPrefix(bad.members, "!"); ok {
				sent.body = []byte(whole)
			}
			r := p.do(t, "PUT", persons+"/"+id, sent)
			r.failed(t, bad.pointer, bad.code)
			if strings.Contains(strings.ToLower(strings.ReplaceAll(string(r.body), bad.pointer, "")), zebra) {
				t.Errorf("the answer repeats what was sent: %s", r.body)
			}
			if refused := theContract().refuses("PUT", persons+"/"+id, sent) != nil; refused == (bad.unstated != "") {
				t.Errorf("the contract's schema refuses the body: %t", refused)
			}
		})
	}
	r := p.put(t, id, `"firstName":"\u0007","surname":1,"dateOfBirth":"x","zebra!":2`)
	for pointer, code := range map[string]string{"/firstName": "text.control", "/surname": "type.string", "/dateOfBirth": "date.form", "": "json.unknown-member"} {
		r.failed(t, pointer, code)
	}
	if r := p.entry(t, id).want(t, 200); r.header.Get("ETag") != `"0"` {
		t.Errorf("a refused entry made the version %s", r.header.Get("ETag"))
	}
}

// Who has only a record's id could otherwise write names that no record shows, under an id that
// leads everywhere else to somebody else.
func TestNobodyGetsAnEntryUnderTheIDOfAnothersRecord(t *testing.T) {
	t.Parallel()
	p := start(t)
	record, person := uuid.NewString(), uuid.NewString()
	officer := p.token(t, "officer")
	p.do(t, "POST", "/equality-information", request{token: officer, body: []byte(`{"id":"` + record + `","targetId":"` + person + `"}`)}).want(t, 201)
	p.put(t, record, adaeze).problem(t, 409, "conflict")
	p.entry(t, record).problem(t, 404, "not-found")
	p.put(t, person, adaeze).want(t, 201)
	p.put(t, record, adaeze).problem(t, 409, "conflict")

	own := uuid.NewString() // a record may have its person's id
	p.do(t, "POST", "/equality-information", request{token: officer, body: []byte(`{"id":"` + own + `","targetId":"` + own + `"}`)}).want(t, 201)
	p.put(t, own, adaeze).want(t, 201)
}

func TestNamesOfAllScriptsAreKept(t *testing.T) {
	t.Parallel()
	p := shared(t)
	for _, name := range []string{"Ngũgĩ wa Thiong'o", "Þórdís", "Łukasz", "محمد", "می\u200cنا", "שרה", "李小龍", "Nguyễn Thị Bích", "O’Neill-Ó Súilleabháin", "𠮷野", "അമ്മ"} {
		id := uuid.NewString()
		p.put(t, id, `"surname":"`+name+`"`).want(t, 201)
		if got := p.entry(t, id).want(t, 200).document(t)["surname"]; got != name {
			t.Errorf("%s became %v", name, got)
		}
	}
}

// Conditions of a PUT are those of RFC 9110, for an entry, for none, and for one that was erased.
func TestConditionsOfAPersonsEntry(t *testing.T) {
	t.Parallel()
	p := shared(t)
	const none, since, match = "If-None-Match", "If-Unmodified-Since", "If-Match"
	long, now := "Mon, 02 Mar 2020 10:00:00 GMT", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		headers           map[string]string
		there, nobody, up int // the status for an entry, for none, and what the entry's version is then
	}{
		{nil, 200, 201, 1},
		{map[string]string{match: `"0"`}, 200, 412, 1},
		{map[string]string{match: `*`}, 200, 412, 1},
		{map[string]string{match: `"7", W/"0-gzip"`}, 200, 412, 1},
		{map[string]string{match: `"7"`}, 412, 412, 0},
		{map[string]string{match: `0`}, 400, 400, 0},
		{map[string]string{none: `*`}, 412, 201, 0},
		{map[string]string{none: `"0"`}, 412, 201, 0},
		{map[string]string{none: `"7"`}, 200, 201, 1},
		{map[string]string{none: `,`}, 400, 400, 0},
		{map[string]string{since: long}, 412, 201, 0},
		{map[string]string{since: now}, 200, 201, 1},
		{map[string]string{since: long, match: `"0"`}, 200, 412, 1},
	} {
		id := uuid.NewString()
		p.put(t, id, adaeze).want(t, 201)
		sent := request{token: p.token(t, "service"), body: []byte(`{"surname":"Other"}`), headers: c.headers}
		if r := p.do(t, "PUT", persons+"/"+id, sent); r.status != c.there || r.status == 412 && r.header.Get("ETag") != `"0"` {
			t.Errorf("%v: answered %d, want %d; ETag %s", c.headers, r.status, c.there, r.header.Get("ETag"))
		}
		if tag := p.entry(t, id).header.Get("ETag"); tag != []string{`"0"`, `"1"`}[c.up] {
			t.Errorf("%v: the version is %s", c.headers, tag)
		}
		p.erase(t, id)
		if r := p.do(t, "PUT", persons+"/"+id, sent); r.status != c.nobody || r.status == 412 && r.header.Get("ETag") != "" {
			t.Errorf("%v, after an erasure: answered %d, want %d; ETag %s", c.headers, r.status, c.nobody, r.header.Get("ETag"))
		}
		if r := p.do(t, "PUT", persons+"/"+uuid.NewString(), sent); r.status != c.nobody || r.status == 412 && r.header.Get("ETag") != "" {
			t.Errorf("%v, without an entry: answered %d, want %d; ETag %s", c.headers, r.status, c.nobody, r.header.Get("ETag"))
		}
	}
}

func TestServerMayDemandIfMatchForAPerson(t *testing.T) {
	t.Parallel()
	p := start(t, "--require-if-match")
	id := uuid.NewString()
	p.put(t, id, adaeze).want(t, 201) // there is no version to name
	p.put(t, id, adaeze).problem(t, 428, "precondition-required")
	p.do(t, "PUT", persons+"/"+id, request{token: p.token(t, "service"), body: []byte(`{}`), headers: map[string]string{"If-Match": `"0"`}}).want(t, 200)
}

// Who may write but not read people gets nothing of an entry, and cannot guess at it: the
// same entry makes a version like any other.
func TestWriterWhoMayNotReadPeopleLearnsNothing(t *testing.T) {
	t.Parallel()
	for role, may := range map[string]bool{"officer": false, "service": true, "governance": false, "support": false, "admin": false, "analyst": false} {
		p := shared(t)
		r := p.do(t, "PUT", persons+"/"+uuid.NewString(), request{token: p.token(t, role), body: []byte(`{}`)})
		if may != (r.status == 201) || !may != (r.status == 403) {
			t.Errorf("%s is answered %d", role, r.status)
		}
	}
}

func TestRecordComesWithItsPerson(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"nationality":"british","gender":{"genderValue":"f"},"ethnicity":{"ethnicGroupValue":"blackAfrican"}`)
	plain := p.record(t, officer, m)
	with := func(query string, headers map[string]string) response {
		r := p.do(t, "GET", records+query, request{token: officer, headers: headers}).want(t, 200)
		if r.header.Get("ETag") != `"0"` {
			t.Errorf("the ETag is %s, not the record's", r.header.Get("ETag"))
		}
		return r
	}
	unknown := maps.Clone(plain)
	unknown["personStatus"] = "unknown"
	same(t, with("/"+m.id+"?include=person", nil).document(t), unknown)

	p.put(t, m.target, adaeze+`,"preferredTitle":"Mx","dateOfDeath":null`).want(t, 201)
	found := maps.Clone(plain)
	maps.Copy(found, object(t, `{"personStatus":"found","person":{"id":"`+m.target+`","title":"Mx","displayName":"Ada Okafor","surname":"Okafor",`+
		`"dateOfBirth":"1987-04-09"},"suggested":{"ageGroup":"`+ageGroup(1987, 4, 9)+`"}}`))
	for _, query := range []string{"/" + m.id + "?include=person", "/" + m.target + "?include=person", "?targetId=" + m.target + "&include=person", "?include=person&targetId=" + m.target} {
		r := with(query, map[string]string{"If-None-Match": `"0"`}) // which says nothing of the person
		same(t, r.document(t), found)
		if strings.Contains(string(r.body), "Adaeze") || strings.Contains(string(r.body), "Grace") {
			t.Errorf("given names are shown: %s", r.body)
		}
	}
	if head := p.do(t, "HEAD", m.path()+"?include=person", request{token: officer}).want(t, 200); len(head.body) > 0 {
		t.Error("HEAD has a body")
	}
	same(t, p.record(t, officer, m), plain)

	// What was shown may be sent back: it is ignored.
	p.patch(t, officer, m, string(with("/"+m.id+"?include=person", nil).body)).want(t, 200)
	if r := p.do(t, "GET", m.path(), request{token: officer}); r.header.Get("ETag") != `"0"` {
		t.Errorf("sending a record back with its person made the version %s", r.header.Get("ETag"))
	}
	p.patch(t, officer, m, `{"ageGroup":"preferNotToSay"}`).want(t, 200)
	answered := p.do(t, "GET", m.path()+"?include=person", request{token: officer}).want(t, 200).document(t)
	if _, suggested := answered["suggested"]; suggested || answered["personStatus"] != "found" {
		t.Errorf("with an age group the answer is %v", answered)
	}
	p.patch(t, officer, m, `{"ageGroup":null}`).want(t, 200)
	p.put(t, m.target, adaeze+`,"dateOfDeath":"2024-01-02"`).want(t, 200)
	dead := p.do(t, "GET", m.path()+"?include=person", request{token: officer}).want(t, 200).document(t)
	if _, suggested := dead["suggested"]; suggested || dead["person"].(map[string]any)["dateOfDeath"] != "2024-01-02" {
		t.Errorf("of somebody who has died the answer is %v", dead)
	}
}

// ageGroup is the code for somebody born on a day, as old as they are now.
func ageGroup(year, month, day int) string {
	now, years := time.Now(), 0
	for born := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC); !born.AddDate(years+1, 0, 0).After(now); years++ {
	}
	switch {
	case years < 45:
		return "thirtyFiveToFortyFour"
	case years < 55:
		return "fortyFiveToFiftyFour"
	}
	return "fiftyFiveToSixtyFour"
}

func TestIncludeIsRefused(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	for query, code := range map[string]string{
		"include=zebra": "query.include", "include=": "query.include", "include=person,zebra": "query.include", "include=person%20": "query.include",
		"include=Person": "query.include", "include=person&include=person": "query.repeated", "includes=person": "query.unknown",
	} {
		for _, path := range []string{m.path() + "?", records + "?targetId=" + m.target + "&"} {
			r := p.do(t, "GET", path+query, request{token: officer})
			if r.failed(t, "", code); strings.Contains(string(r.body), "zebra") {
				t.Errorf("the answer repeats what was sent: %s", r.body)
			}
		}
	}
	p.do(t, "GET", m.path()+"?include=person,person", request{token: officer}).want(t, 200)
	p.do(t, "GET", records+"?targetId="+m.target+"&include=person&limit=1", request{token: officer}).failed(t, "", "query.targetId")
	for _, path := range []string{m.path() + "/history?include=person", "/persons/" + m.target + "?include=person"} {
		p.do(t, "GET", path, request{token: officer}).failed(t, "", "query.unknown")
	}
	for _, path := range []string{"/" + uuid.NewString(), "?targetId=" + uuid.NewString()} {
		p.do(t, "GET", records+path+map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")]+"include=person", request{token: officer}).problem(t, 404, "not-found")
	}
}

func TestListComesWithItsPeople(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer, governance := p.token(t, "officer"), p.token(t, "governance")
	var made []string
	for i := range 5 {
		m := p.create(t, officer, `"nationality":"british"`)
		if made = append(made, m.target); i%2 == 0 {
			p.put(t, m.target, adaeze).want(t, 201)
		}
	}
	type item struct {
		TargetID string
		Record   struct {
			PersonStatus string
			Person       struct{ ID, DisplayName string }
			Suggested    struct{ AgeGroup string }
		}
	}
	seen := make(map[string]string)
	for next := "/equality-information?limit=2&include=person"; next != ""; {
		var page struct {
			EqualityInformation []item
			Next                string
		}
		p.do(t, "GET", next, request{token: governance}).want(t, 200).decode(t, &page)
		for _, i := range page.EqualityInformation {
			seen[i.TargetID] = i.Record.PersonStatus + " " + i.Record.Person.DisplayName
			if i.Record.Person.ID != "" && i.Record.Person.ID != i.TargetID || (i.Record.PersonStatus == "found") != (i.Record.Suggested.AgeGroup != "") {
				t.Errorf("the item is %+v", i)
			}
		}
		next = page.Next
	}
	want := make(map[string]string)
	for i, target := range made {
		want[target] = []string{"found Ada Okafor", "unknown "}[i%2]
	}
	same(t, seen, want)
	for role, lacks := range map[string]string{"support": "equality:read", "officer": "equality:list"} {
		told := p.do(t, "GET", records+"?include=person", request{token: p.token(t, role)}).problem(t, 403, "forbidden")
		if !strings.Contains(told.Detail, lacks) {
			t.Errorf("%s is told %s", role, told.Detail)
		}
	}
	// What include needs is refused before anything else is judged.
	p.do(t, "GET", records+"?include=zebra,person&zebra=1", request{token: p.token(t, "support"), headers: map[string]string{"Accept": "text/html"}}).problem(t, 403, "forbidden")
	p.do(t, "GET", records+"?include=zebra", request{token: governance}).failed(t, "", "query.include")
	plain := p.do(t, "GET", records, request{token: governance}).want(t, 200)
	if slices.ContainsFunc([]string{"Okafor", "personStatus", "suggested"}, func(s string) bool { return strings.Contains(string(plain.body), s) }) {
		t.Errorf("without include, the list shows people: %s", plain.body)
	}
}

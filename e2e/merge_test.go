package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// mergeResult is the response to a merge.
type mergeResult struct {
	Differences []struct {
		Member     string
		From, Into json.RawMessage
		Conflict   bool
	}
	Versions                 map[string]string
	MergedInto, UnmergeUntil string
}

// tryMerge asks what differs between two people.
func (p *program) tryMerge(t *testing.T, token, from, into string) (result mergeResult) {
	t.Helper()
	p.do(t, "POST", persons+"/"+from+"/merge", request{token: token, body: marshal(t, map[string]any{"into": into, "dryRun": true})}).
		want(t, 200).decode(t, &result)
	return result
}

// merge merges a person into another after a dry run: of each member that differs it takes the
// chosen side's, or the survivor's.
func (p *program) merge(t *testing.T, token, from, into string, chosen map[string]string) response {
	t.Helper()
	tried := p.tryMerge(t, token, from, into)
	choices := make(map[string]string)
	for _, d := range tried.Differences {
		if choices[d.Member] = chosen[d.Member]; choices[d.Member] == "" {
			choices[d.Member] = "into"
		}
	}
	return p.do(t, "POST", persons+"/"+from+"/merge", request{token: token,
		body: marshal(t, map[string]any{"into": into, "versions": tried.Versions, "choices": choices})})
}

// unmerge takes a person out of the survivor again, and returns what was kept.
func (p *program) unmerge(t *testing.T, token, id string) []string {
	t.Helper()
	var result struct {
		UnmergedFrom string
		Kept         []string
	}
	p.do(t, "POST", persons+"/"+id+"/unmerge", request{token: token}).want(t, 200).decode(t, &result)
	return result.Kept
}

// versions are the versions in a history, newest first, as "3 merge [gender]".
func (p *program) versions(t *testing.T, token, id string) (versions []string) {
	t.Helper()
	var history struct {
		Versions []struct {
			Version int
			Reason  string
			Members []string
		}
	}
	p.do(t, "GET", records+"/"+id+"/history", request{token: token}).want(t, 200).decode(t, &history)
	for _, v := range history.Versions {
		versions = append(versions, fmt.Sprint(v.Version, " ", v.Reason, " ", v.Members))
	}
	return versions
}

func TestTwoPeopleBecomeOneAndTwoAgain(t *testing.T) {
	t.Parallel()
	p := start(t)
	all := p.token(t, "officer", "service", "governance", "support")
	a := p.create(t, all, `"nationality":"irish","disabled":true,"languages":[{"language":"polish","isPrimary":true}]`)
	b := p.create(t, all, `"nationality":"british","ageGroup":"twentyFiveToThirtyFour","gender":{"genderValue":"f"}`)
	p.patch(t, all, a, `{"nationality":"polish"}`).want(t, 200)
	p.patch(t, all, a, `{"armedForces":"reservist"}`).want(t, 200)
	beforeA, beforeB := p.record(t, all, a), p.record(t, all, b)
	historyA := p.versions(t, all, a.id)

	tried := p.tryMerge(t, all, a.target, b.target)
	if len(tried.Differences) != 1 || tried.Differences[0].Member != "nationality" || string(tried.Differences[0].From) != `"polish"` || string(tried.Differences[0].Into) != `"british"` {
		t.Fatalf("what differs is %+v", tried.Differences)
	}
	same(t, p.record(t, all, a), beforeA)
	var merged mergeResult
	p.merge(t, all, a.target, b.target, map[string]string{"nationality": "from"}).want(t, 200).decode(t, &merged)
	if merged.MergedInto != b.target || merged.UnmergeUntil == "" {
		t.Errorf("merged: %+v", merged)
	}

	one := p.record(t, all, b)
	want := maps.Clone(beforeB)
	want["nationality"], want["disabled"], want["languages"] = "polish", true, beforeA["languages"]
	want["armedForces"] = "reservist"
	same(t, one, want)
	for _, id := range []string{a.id, a.target, b.id, b.target} {
		r := p.do(t, "GET", records+"/"+id, request{token: all}).want(t, 200)
		same(t, r.document(t), want)
		location := r.header.Get("Content-Location")
		if mine := id == b.id || id == b.target; mine != (location == "") || !mine && location != "/api/v1"+b.path() {
			t.Errorf("Content-Location of %s is %q", id, location)
		}
		if r.header.Get("ETag") != fmt.Sprintf(`"%d"`, len(historyA)) {
			t.Errorf("ETag is %s", r.header.Get("ETag"))
		}
		for _, path := range []string{records + "?targetId=" + id, front + "/equality-information/" + id + "?targetId=" + a.target, front + "/equality-information?targetId=" + id} {
			if id == b.id && strings.HasSuffix(path, "?targetId="+id) {
				continue // a record's own id is nobody's target
			}
			r, err := p.send("GET", path, request{token: all})
			if err != nil || r.status != 200 || r.document(t)["id"] != b.id {
				t.Errorf("%s: %d %s, %v", path, r.status, r.body, err)
			}
		}
	}
	if got := p.versions(t, all, a.target); !slices.Equal(got, historyA) {
		t.Errorf("the history of the merged id is %v", got)
	}
	if page := string(p.do(t, "GET", records, request{token: all}).want(t, 200).body); strings.Contains(page, a.id) || strings.Count(page, `"record":`) != 1 {
		t.Errorf("the list is %s", page)
	}
	p.do(t, "POST", records, request{token: all, body: body(a.target, "")}).want(t, 409)
	for _, names := range []string{`"targetId":"` + a.target + `"`, `"id":"` + a.id + `"`, `"targetId":"` + b.target + `","id":"` + a.target + `"`} {
		for _, id := range []string{a.id, b.id} {
			p.do(t, "PATCH", records+"/"+id, request{token: all, body: []byte(`{` + names + `}`)}).want(t, 200)
		}
	}
	for _, target := range []string{a.target, b.target, a.id} { // the front ends' patch, under the merged id
		tag := p.do(t, "GET", b.path(), request{token: all}).header.Get("ETag")
		r, err := p.send("PATCH", front+"/equality-information/"+a.id, request{token: all, body: body(target, ""), headers: map[string]string{"If-Match": tag}})
		if err != nil || r.status != 200 || r.document(t)["targetId"] != b.target || r.header.Get("Content-Location") == "" {
			t.Errorf("the front ends are answered %d %s, %v", r.status, r.body, err)
		}
	}
	p.patch(t, all, b, `{"languages":[{"language":"welsh","isPrimary":true}]}`).want(t, 200)

	if kept := p.unmerge(t, all, a.target); !slices.Equal(kept, []string{"languages"}) {
		t.Errorf("kept: %v", kept)
	}
	p.patch(t, all, b, `{"languages":null}`).want(t, 200)
	same(t, p.record(t, all, a), beforeA)
	same(t, p.record(t, all, b), beforeB)
	if got := p.versions(t, all, a.id); len(got) != len(historyA)+1 || !strings.Contains(got[0], " unmerge []") || !slices.Equal(got[1:], historyA) {
		t.Errorf("the history is %v", got)
	}
	told := make(map[string][]string) // the order of one person's events is what the feed promises
	for _, e := range p.allEvents(t, "100") {
		told[e.Subject] = append(told[e.Subject], strings.TrimPrefix(e.Type, "equality-information."))
	}
	if got := told[a.target][len(historyA):]; !slices.Equal(got, []string{"merged", "unmerged"}) {
		t.Errorf("told of the one merged: %v", got)
	}
	if got := told[b.target][1:]; !slices.Equal(got, []string{"updated", "updated", "updated", "updated"}) {
		t.Errorf("told of the survivor: %v", got)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	if out, status := auditVerify(t, p.dir, "--records"); status != 0 {
		t.Errorf("the access log failed verification: %s", out)
	}
}

// Four ids lead to one person; erasing the person leaves none of them, nor of the entries.
func TestErasingASurvivorErasesAll(t *testing.T) {
	t.Parallel()
	p := start(t)
	all := p.token(t, "officer", "service", "governance", "support")
	a, b := p.create(t, all, `"nationality":"irish"`), p.create(t, all, `"disabled":true`)
	c := uuid.NewString() // who has only an entry, as has b
	p.put(t, c, adaeze).want(t, 201)
	p.put(t, b.target, `"surname":"Okafor"`).want(t, 201)
	p.merge(t, all, a.target, b.target, nil).want(t, 200)
	p.mergeRefused(t, all, c, a.target, "merged into another")
	p.merge(t, all, c, b.target, nil).want(t, 200)
	entry := p.entry(t, c).want(t, 200)
	if entry.document(t)["id"] != b.target || entry.document(t)["displayName"] != "Ada Okafor" || entry.header.Get("Content-Location") != "/api/v1/persons/"+b.target {
		t.Errorf("the entry is %s", entry.body)
	}
	p.put(t, c, `"id":"`+c+`","surname":"Okafor-Bell"`).want(t, 200)
	p.put(t, c, `"id":"`+b.target+`","surname":"Okafor-Bell"`).want(t, 200) // as it was shown
	if r := p.put(t, c, `"id":"`+a.target+`","surname":"Zebra"`); !r.problem(t, 400, "invalid-body").has("/id", "id.mismatch") {
		t.Errorf("another id: %s", r.body)
	}
	if got := p.entry(t, b.target).document(t)["surname"]; got != "Okafor-Bell" {
		t.Errorf("written under the merged id: %v", got)
	}

	var done certificate
	p.do(t, "DELETE", records+"/"+c+"?reason=unlawful", request{token: all}).want(t, 200).decode(t, &done)
	if done.ID != b.id || done.TargetID != b.target {
		t.Errorf("the certificate is %+v", done)
	}
	for _, id := range []string{a.id, a.target, b.id, b.target} {
		p.do(t, "GET", records+"/"+id, request{token: all}).want(t, 410)
		p.do(t, "GET", records+"/"+id+"/history", request{token: all}).want(t, 410)
	}
	for _, id := range []string{b.target, c} {
		p.entry(t, id).want(t, 410)
	}
	p.do(t, "POST", persons+"/"+a.target+"/unmerge", request{token: all}).want(t, 410)
	d := p.create(t, all, "")
	p.mergeRefused(t, all, d.target, b.target, "erased")
	told := make(map[string]int)
	for _, e := range p.allEvents(t, "100") {
		if strings.HasSuffix(e.Type, ".erased") {
			told[e.Type+" "+e.Subject]++
		}
	}
	if want := map[string]int{"equality-information.erased " + a.target: 1, "equality-information.erased " + b.target: 1, "person.erased " + b.target: 1, "person.erased " + c: 1}; !maps.Equal(told, want) {
		t.Errorf("told: %v", told)
	}
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	if out, status := auditVerify(t, p.dir, "--records"); status != 0 {
		t.Errorf("the access log failed verification: %s", out)
	}
}

// mergeRefused tries a merge that is refused as a conflict, whose detail says why.
func (p *program) mergeRefused(t *testing.T, token, from, into, why string) {
	t.Helper()
	told := p.do(t, "POST", persons+"/"+from+"/merge", request{token: token, body: marshal(t, map[string]any{"into": into, "dryRun": true})}).
		problem(t, 409, "merge-conflict")
	if !strings.Contains(told.Detail, why) {
		t.Errorf("%q does not say %q", told.Detail, why)
	}
}

func TestMergesThatAreRefused(t *testing.T) {
	t.Parallel()
	p := shared(t)
	all := p.token(t, "officer", "governance")
	a := p.create(t, all, `"nationality":"irish","ageGroup":"twentyFiveToThirtyFour","nationalInsuranceNumber":"QQ123456C"`)
	b := p.create(t, all, `"nationality":"british","disabled":true,"nationalInsuranceNumber":"QQ123456D"`)
	c := p.create(t, all, ``)
	post := func(body string) response {
		return p.do(t, "POST", persons+"/"+a.target+"/merge", request{token: all, body: []byte(body)})
	}
	tried := p.tryMerge(t, p.token(t, "governance"), a.target, b.target)
	for _, d := range tried.Differences {
		if hidden := d.Member == "nationalInsuranceNumber"; d.Conflict != hidden || (d.From == nil) != hidden {
			t.Errorf("without nino:read: %+v", d)
		}
	}
	versions := string(marshal(t, tried.Versions))
	merge := func(rest string) string { return `{"into":"` + b.target + `","versions":` + versions + rest + `}` }
	for name, c := range map[string]struct{ body, pointer, code string }{
		"no survivor":         {`{"versions":` + versions + `}`, "/into", "required"},
		"no id":               {`{"into":"zebra","dryRun":true}`, "/into", "id.form"},
		"no versions":         {`{"into":"` + b.target + `"}`, "/versions", "required"},
		"others' versions":    {strings.Replace(merge(""), b.target, c.target, 1), "/versions/into", "versions.form"},
		"no versions of into": {`{"into":"` + b.target + `","versions":{"from":"` + tried.Versions["from"] + `"}}`, "/versions/into", "required"},
		"no choice":           {merge(``), "/choices/nationality", "choice.missing"},
		"one choice":          {merge(`,"choices":{"nationality":"from"}`), "/choices/nationalInsuranceNumber", "choice.missing"},
		"a needless choice": {merge(`,"choices":{"nationality":"from","nationalInsuranceNumber":"into","disabled":"from"}`), "/choices/disabled",
			"choice.needless"},
		"a choice of neither":   {merge(`,"choices":{"nationality":"zebra"}`), "/choices/nationality", "choice.form"},
		"no member":             {merge(`,"choices":{"zebra":"from"}`), "/choices/zebra", "json.unknown-member"},
		"needless in a dry run": {`{"into":"` + b.target + `","dryRun":true,"choices":{"disabled":"from"}}`, "/choices/disabled", "choice.needless"},
	} {
		if r := post(c.body); r.status != 400 || !r.problem(t, 400, "invalid-body").has(c.pointer, c.code) || name != "no member" && strings.Contains(string(r.body), "zebra") {
			t.Errorf("%s: %d %s", name, r.status, r.body)
		}
	}
	p.mergeRefused(t, all, a.target, a.target, "same person")
	for _, from := range []string{a.target, uuid.NewString()} { // a mistyped survivor takes nothing
		p.do(t, "POST", persons+"/"+from+"/merge", request{token: all, body: []byte(`{"into":"` + uuid.NewString() + `","dryRun":true}`)}).want(t, 404)
	}
	p.do(t, "POST", persons+"/"+a.target+"/merge", request{token: p.token(t, "officer"), body: []byte(merge(""))}).problem(t, 403, "forbidden")
	p.do(t, "POST", persons+"/"+a.target+"/unmerge", request{token: all}).problem(t, 409, "merge-conflict")
	p.do(t, "POST", persons+"/"+uuid.NewString()+"/unmerge", request{token: all}).problem(t, 404, "not-found")
	p.do(t, "POST", persons+"/"+a.target+"/unmerge", request{token: all, body: []byte(`{"zebra":1}`)}).problem(t, 400, "invalid-body")

	right := merge(`,"choices":{"nationality":"from","nationalInsuranceNumber":"into"}`)
	p.patch(t, all, b, `{"disabled":false}`).want(t, 200)
	post(right).problem(t, 412, "version-mismatch")
	same(t, p.record(t, all, a)["nationality"], "irish")

	p.merge(t, all, a.target, b.target, nil).want(t, 200)
	post(right).problem(t, 409, "merge-conflict") // done already
	p.mergeRefused(t, all, b.target, a.target, "merged into another")
	p.mergeRefused(t, all, a.target, c.target, "merged into another already")
	p.merge(t, all, b.target, c.target, nil).want(t, 200)
	p.mergeRefused(t, all, c.target, a.target, "merged into another")
	same(t, p.record(t, all, a)["id"], c.id)
	p.do(t, "POST", persons+"/"+a.target+"/unmerge", request{token: all}).problem(t, 409, "merge-conflict")
	p.unmerge(t, all, b.target)
	p.unmerge(t, all, a.target)
	p.do(t, "POST", persons+"/"+a.target+"/unmerge", request{token: all}).problem(t, 409, "merge-conflict")
	same(t, p.record(t, all, a)["nationality"], "irish")
}

// Nobody's change is lost when two people are merged while others change both.
func TestNothingIsLostOfAMergeAmongChanges(t *testing.T) {
	t.Parallel()
	p := start(t)
	all := p.token(t, "officer", "governance")
	a, b := p.create(t, all, ""), p.create(t, all, "")
	changes := []struct{ id, member, value string }{
		{a.id, "nationality", `"irish"`}, {a.target, "ageGroup", `"underSixteen"`}, {a.id, "armedForces", `"reservist"`}, {a.target, "disabled", `true`},
		{b.id, "gender", `{"genderValue":"f"}`}, {b.target, "ethnicity", `{"ethnicGroupValue":"white"}`}, {b.id, "economicSituation", `"retired"`},
		{b.target, "languages", `[{"language":"polish","isPrimary":true}]`},
	}
	var group sync.WaitGroup
	for i, c := range changes {
		group.Go(func() {
			p.do(t, "PATCH", records+"/"+c.id, request{token: all, body: []byte(`{"` + c.member + `":` + c.value + `}`)}).want(t, 200)
			if i%3 == 0 {
				p.do(t, "GET", records+"/"+a.id, request{token: all}).want(t, 200)
			}
		})
	}
	group.Go(func() {
		for { // until nobody comes between the dry run and the merge
			if r := p.merge(t, all, a.target, b.target, nil); r.status != 412 {
				r.want(t, 200)
				return
			}
		}
	})
	group.Wait()
	one := p.record(t, all, a)
	for _, c := range changes {
		if one[c.member] == nil {
			t.Errorf("%s is lost", c.member)
		}
	}
	same(t, one["id"], b.id)
	if status := p.stop(t); status != 0 {
		t.Errorf("stopped with status %d\n%s", status, p.log())
	}
	if out, status := auditVerify(t, p.dir, "--records"); status != 0 {
		t.Errorf("the access log failed verification: %s", out)
	}
}

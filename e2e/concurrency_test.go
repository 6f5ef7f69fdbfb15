package e2e

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
)

// together runs n calls at the same moment and counts their statuses.
func together(n int, call func(i int) response) map[int]int {
	statuses := make([]int, n)
	begin := make(chan struct{})
	var calls sync.WaitGroup
	for i := range n {
		calls.Go(func() {
			<-begin
			statuses[i] = call(i).status
		})
	}
	close(begin)
	calls.Wait()
	counts := make(map[int]int)
	for _, status := range statuses {
		counts[status]++
	}
	return counts
}

// besides returns a server, and if servers can share its data a second one on them.
func (p *program) besides(t *testing.T) func(i int) *program {
	t.Helper()
	servers := []*program{p, p}
	if dsnOf(p.dir) != "" {
		servers[1] = p.restart(t)
	}
	return func(i int) *program { return servers[i%2] }
}

func TestParallelCreatesMakeOneRecord(t *testing.T) {
	t.Parallel()
	p := shared(t)
	service, either := p.token(t, "service"), p.besides(t)
	for name, id := range map[string]func() string{
		"the same id":    func() string { return "" },
		"different ids":  func() string { return `"id":"` + uuid.NewString() + `"` },
		"with an answer": func() string { return `"disabled":true` },
	} {
		target := uuid.NewString()
		got := together(20, func(i int) response {
			return either(i).do(t, "POST", records, request{token: service, body: body(target, id())})
		})
		same(t, got, map[int]int{201: 1, 409: 19})
		if etag := p.do(t, "GET", records+"/"+target, request{token: service}).want(t, 200).header.Get("ETag"); etag != `"0"` {
			t.Errorf("%s: the version is %s", name, etag)
		}
		if events := p.eventsOf(t, target); len(events) != 1 || events[0].Type != "equality-information.created" {
			t.Errorf("%s: the events are %+v, want one of a creation", name, events)
		}
	}
}

func TestParallelPatchesOfOneVersionMakeOneChange(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer, either := p.token(t, "officer"), p.besides(t)
	m := p.create(t, officer, `"economicSituation":"other"`)
	got := together(50, func(i int) response {
		return either(i).do(t, "PATCH", m.path(), request{
			token: officer, headers: map[string]string{"If-Match": m.etag},
			body: fmt.Appendf(nil, `{"economicSituationIfOther":"writer %d"}`, i),
		})
	})
	same(t, got, map[int]int{200: 1, 412: 49})
	if events := p.eventsOf(t, m.target); len(events) != 2 {
		t.Errorf("there are %d events, want that of the creation and one more", len(events))
	}
}

func TestParallelPatchesOfDifferentMembersAllSurvive(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer, either := p.token(t, "officer"), p.besides(t)
	m := p.create(t, officer, "")
	patches := []string{
		`"ageGroup":"preferNotToSay"`, `"nationality":"british"`, `"disabled":true`, `"armedForces":"preferNotToSay"`,
		`"nationalInsuranceNumber":"QQ123456C"`, `"economicSituation":"employedFullTime"`, `"homeSituation":"preferNotToSay"`,
		`"communicationRequirements":["largePrint"]`, `"pregnancyOrMaternity":[{"pregnancyDate":"2024-02-29","pregnancyValidUntil":"2026-11-29"}]`,
		`"languages":[{"language":"english","isPrimary":true}]`,
		`"gender":{"genderValue":"f"}`, `"gender":{"genderDifferentToBirthSex":false}`, `"gender":{"genderValueIfOther":""}`,
		`"ethnicity":{"ethnicGroupValue":"white"}`, `"ethnicity":{"ethnicGroupValueIfOther":""}`,
		`"religionOrBelief":{"religionOrBeliefValue":"christian"}`, `"religionOrBelief":{"religionOrBeliefValueIfOther":""}`,
		`"sexualOrientation":{"sexualOrientationValue":"heterosexual"}`, `"sexualOrientation":{"sexualOrientationValueIfOther":""}`,
		`"marriageOrCivilPartnership":{"married":true}`, `"marriageOrCivilPartnership":{"civilPartnership":"preferNotToSay"}`,
		`"caringResponsibilities":{"provideUnpaidCare":true}`,
		`"economicSituationIfOther":""`, `"homeSituationIfOther":""`, `"communicationRequirementsIfOther":""`,
	}
	got := together(2*len(patches), func(i int) response {
		return either(i).do(t, "PATCH", m.path(), request{token: officer, body: []byte("{" + patches[i%len(patches)] + "}")})
	})
	same(t, got, map[int]int{200: 2 * len(patches)})
	same(t, without(p.record(t, officer, m)), object(t, `{
		"ageGroup":"preferNotToSay", "nationality":"british", "disabled":true, "armedForces":"preferNotToSay",
		"nationalInsuranceNumber":"QQ123456C", "economicSituation":"employedFullTime", "homeSituation":"preferNotToSay",
		"communicationRequirements":["largePrint"], "pregnancyOrMaternity":[{"pregnancyDate":"2024-02-29","pregnancyValidUntil":"2026-11-29"}],
		"languages":[{"language":"english","isPrimary":true}],
		"gender":{"genderValue":"f","genderValueIfOther":"","genderDifferentToBirthSex":false},
		"ethnicity":{"ethnicGroupValue":"white","ethnicGroupValueIfOther":""},
		"religionOrBelief":{"religionOrBeliefValue":"christian","religionOrBeliefValueIfOther":""},
		"sexualOrientation":{"sexualOrientationValue":"heterosexual","sexualOrientationValueIfOther":""},
		"marriageOrCivilPartnership":{"married":true,"civilPartnership":"preferNotToSay"},
		"caringResponsibilities":{"provideUnpaidCare":true},
		"economicSituationIfOther":"", "homeSituationIfOther":"", "communicationRequirementsIfOther":""
	}`))
	// Every patch was sent twice, and the second changed nothing: there are exactly as many
	// versions as patches.
	if etag := p.do(t, "GET", m.path(), request{token: officer}).header.Get("ETag"); etag != fmt.Sprintf(`"%d"`, len(patches)) {
		t.Errorf("after %d changes the version is %s", len(patches), etag)
	}
	if events := p.eventsOf(t, m.target); len(events) != 1+len(patches) {
		t.Errorf("there are %d events of %d changes", len(events), 1+len(patches))
	}
}

package e2e

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// The ids of the seed's example.
const (
	seedID     = "45b919fa-22b4-11ec-9621-0242ac130002"
	seedTarget = "49b092d6-22b4-11ec-9621-0242ac130002"
)

func TestSeedExampleComesBackMemberForMember(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../examples/seed.json")
	if err != nil {
		t.Fatal(err)
	}
	seed := object(t, string(text))
	for _, form := range []string{"/equality-information", "/equality-information/" + seedID,
		"/api/v1/equality-information", "/api/v1/equality-information/" + strings.ToUpper(seedID) + "/"} {
		t.Run("POST "+form, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			officer := request{token: p.token(t, "officer")}
			r := p.do(t, "POST", form, request{token: officer.token, body: text}).want(t, 201)
			same(t, r.document(t), seed)
			if etag := r.header.Get("ETag"); etag != `"0"` {
				t.Errorf("the first ETag is %s", etag)
			}
			location := r.header.Get("Location")
			if location != "/api/v1/equality-information/"+seedID {
				t.Errorf("Location is %s", location)
			}
			paths := []string{location, "/equality-information?targetId=" + seedTarget, "/api/v1/equality-information/?targetId=" + strings.ToUpper(seedTarget)}
			for _, prefix := range []string{"", "/api/v1"} {
				for _, id := range []string{seedID, seedTarget, strings.ToUpper(seedID), strings.ToUpper(seedTarget)} {
					for _, slash := range []string{"", "/"} {
						paths = append(paths, prefix+"/equality-information/"+id+slash)
					}
				}
			}
			for _, path := range paths {
				r := p.do(t, "GET", path, officer).want(t, 200)
				same(t, r.document(t), seed)
				if r.header.Get("ETag") != `"0"` || r.header.Get("Cache-Control") != "no-store" {
					t.Errorf("GET %s: ETag %s, Cache-Control %s", path, r.header.Get("ETag"), r.header.Get("Cache-Control"))
				}
			}
		})
	}
}

func TestRecordWithoutAnIDHasItsTargets(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	for _, id := range []string{"", `"id":null`} {
		target := uuid.NewString()
		got := p.do(t, "POST", records, request{token: officer, body: body(target, id)}).want(t, 201).document(t)
		same(t, got, map[string]any{"id": target, "targetId": target})
	}
	// There is one id space: neither another record's id nor another's target can be used.
	other := p.create(t, officer, "")
	for name, request := range map[string]request{
		"a second record for the person":                       {token: officer, body: body(other.target, "")},
		"the id of another record":                             {token: officer, body: body(uuid.NewString(), `"id":"`+other.id+`"`)},
		"the id is another record's target":                    {token: officer, body: body(uuid.NewString(), `"id":"`+other.target+`"`)},
		"the target is another record's id":                    {token: officer, body: body(other.id, "")},
		"the target is another record's id, and the id is new": {token: officer, body: body(other.id, `"id":"`+uuid.NewString()+`"`)},
	} {
		r := p.do(t, "POST", records, request)
		r.problem(t, 409, "conflict")
		if location := r.header.Get("Location"); location != "/api/v1"+other.path() {
			t.Errorf("%s: Location is %q, want the record in the way, %s", name, location, other.path())
		}
	}
	same(t, p.record(t, officer, other), map[string]any{"id": other.id, "targetId": other.target})
	p.do(t, "POST", records+"/"+uuid.NewString(), request{token: officer, body: body(uuid.NewString(), `"id":"`+uuid.NewString()+`"`)}).
		failed(t, "/id", "id.mismatch")
}

func TestIdentifiersAreReadInAnyCaseAndWrittenInLower(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	id, target := uuid.NewString(), uuid.NewString()
	got := p.do(t, "POST", records, request{token: officer, body: body(strings.ToUpper(target), `"id":"`+strings.ToUpper(id)+`"`)}).want(t, 201)
	same(t, got.document(t), map[string]any{"id": id, "targetId": target})
	m := made{id: id, target: target}
	p.patch(t, officer, m, `{"id":"`+strings.ToUpper(id)+`","targetId":"`+strings.ToUpper(target)+`"}`).want(t, 200)
}

// Every code of every list, and every answer, is stored as sent.
func TestEveryActiveCodeIsStored(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	members := map[string]string{
		"age-group": `{"ageGroup":$}`, "gender": `{"gender":{"genderValue":$}}`, "nationality": `{"nationality":$}`,
		"ethnic-group": `{"ethnicity":{"ethnicGroupValue":$}}`, "religion-or-belief": `{"religionOrBelief":{"religionOrBeliefValue":$}}`,
		"sexual-orientation":        `{"sexualOrientation":{"sexualOrientationValue":$}}`,
		"language":                  `{"languages":[{"language":$,"isPrimary":true}]}`,
		"hours-of-unpaid-care":      `{"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":$}}`,
		"communication-requirement": `{"communicationRequirements":[$]}`, "economic-situation": `{"economicSituation":$}`,
		"home-situation": `{"homeSituation":$}`, "armed-forces": `{"armedForces":$}`,
	}
	for _, list := range p.lists(t, officer) {
		if list == "answer" { // its codes are sent as true and false
			continue
		}
		member, ok := members[list]
		if !ok {
			t.Errorf("the table above has no member for the list %s", list)
			continue
		}
		var codes struct{ Codes []struct{ Code string } }
		p.do(t, "GET", "/reference-data/"+list, request{token: officer}).want(t, 200).decode(t, &codes)
		if len(codes.Codes) == 0 {
			t.Errorf("the list %s has no codes", list)
		}
		if len(codes.Codes) > 25 { // languages and nationalities are many, and similar
			codes.Codes = codes.Codes[:25]
		}
		for _, code := range codes.Codes {
			value, _ := json.Marshal(code.Code)
			patch := strings.ReplaceAll(member, "$", string(value))
			got := without(p.patch(t, officer, m, patch).want(t, 200).document(t))
			for name, want := range object(t, patch) {
				same(t, got[name], want)
			}
		}
	}
}

package e2e

import (
	"strings"
	"testing"
	"time"
)

// Each row has a record, a merge patch for it (RFC 7396) and the resulting record.
func TestMergePatchSemantics(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	today := time.Now().UTC()
	for name, c := range map[string]struct{ record, patch, want string }{
		"nothing":                   {`"disabled":true`, `{}`, `{"disabled":true}`},
		"a member is added":         {`"disabled":true`, `{"nationality":"british"}`, `{"disabled":true,"nationality":"british"}`},
		"a member is replaced":      {`"disabled":true`, `{"disabled":"preferNotToSay"}`, `{"disabled":"preferNotToSay"}`},
		"null removes":              {`"disabled":true,"nationality":"british"`, `{"disabled":null}`, `{"nationality":"british"}`},
		"null of what is not there": {`"disabled":true`, `{"nationality":null,"gender":null,"languages":null}`, `{"disabled":true}`},
		"objects merge": {`"gender":{"genderValue":"f","genderDifferentToBirthSex":false}`, `{"gender":{"genderDifferentToBirthSex":true}}`,
			`{"gender":{"genderValue":"f","genderDifferentToBirthSex":true}}`},
		"null removes within an object": {`"gender":{"genderValue":"f","genderDifferentToBirthSex":false}`, `{"gender":{"genderValue":null}}`,
			`{"gender":{"genderDifferentToBirthSex":false}}`},
		"an object left empty goes":       {`"gender":{"genderValue":"f"},"disabled":true`, `{"gender":{"genderValue":null}}`, `{"disabled":true}`},
		"an empty object changes nothing": {`"gender":{"genderValue":"f"}`, `{"gender":{},"ethnicity":{}}`, `{"gender":{"genderValue":"f"}}`},
		"an object is removed whole":      {`"gender":{"genderValue":"f","genderDifferentToBirthSex":false}`, `{"gender":null}`, `{}`},
		"the contract's own example": {`"gender":{"genderValue":"f","genderDifferentToBirthSex":false},"nationality":"british","disabled":true`,
			`{"gender":{"genderDifferentToBirthSex":"preferNotToSay"},"nationality":null}`,
			`{"gender":{"genderValue":"f","genderDifferentToBirthSex":"preferNotToSay"},"disabled":true}`},
		"arrays are replaced": {`"communicationRequirements":["largePrint","signLanguage"]`, `{"communicationRequirements":["interpreterNeeded"]}`,
			`{"communicationRequirements":["interpreterNeeded"]}`},
		"an empty array goes": {`"communicationRequirements":["largePrint"],"languages":[{"language":"english","isPrimary":true}],"disabled":false`,
			`{"communicationRequirements":[],"languages":[]}`, `{"disabled":false}`},
		"languages are replaced whole": {`"languages":[{"language":"english","isPrimary":true},{"language":"french","isPrimary":false}]`,
			`{"languages":[{"language":"french","isPrimary":true}]}`, `{"languages":[{"language":"french","isPrimary":true}]}`},
		"not primary need not be said": {``, `{"languages":[{"language":"english","isPrimary":true},{"language":"french"}]}`,
			`{"languages":[{"language":"english","isPrimary":true},{"language":"french","isPrimary":false}]}`},

		"text goes when its code changes": {`"gender":{"genderValue":"o","genderValueIfOther":"two words"}`, `{"gender":{"genderValue":"f"}}`, `{"gender":{"genderValue":"f"}}`},
		"text goes when its code goes":    {`"homeSituation":"other","homeSituationIfOther":"a boat"`, `{"homeSituation":null}`, `{}`},
		"text goes even for another code that takes one": {`"ethnicity":{"ethnicGroupValue":"whiteOther","ethnicGroupValueIfOther":"invented"}`,
			`{"ethnicity":{"ethnicGroupValue":"other"}}`, `{"ethnicity":{"ethnicGroupValue":"other"}}`},
		"text stays when the same code is sent": {`"homeSituation":"other","homeSituationIfOther":"a boat"`, `{"homeSituation":"other"}`,
			`{"homeSituation":"other","homeSituationIfOther":"a boat"}`},
		"text that is sent with the code stays": {`"homeSituation":"other","homeSituationIfOther":"a boat"`, `{"homeSituation":"preferNotToSay","homeSituationIfOther":""}`,
			`{"homeSituation":"preferNotToSay","homeSituationIfOther":""}`},
		"empty text stays when its code changes": {`"gender":{"genderValue":"m","genderValueIfOther":""}`, `{"gender":{"genderValue":"f"}}`,
			`{"gender":{"genderValue":"f","genderValueIfOther":""}}`},
		"text alone":              {`"homeSituation":"other"`, `{"homeSituationIfOther":"a boat"}`, `{"homeSituation":"other","homeSituationIfOther":"a boat"}`},
		"text is trimmed":         {`"homeSituation":"other"`, `{"homeSituationIfOther":" \t a  boat\u00a0\n"}`, `{"homeSituation":"other","homeSituationIfOther":"a  boat"}`},
		"text of blanks is empty": {`"homeSituation":"other"`, `{"homeSituationIfOther":"   "}`, `{"homeSituation":"other","homeSituationIfOther":""}`},
		"text of 200 characters":  {`"homeSituation":"other"`, `{"homeSituationIfOther":" ` + strings.Repeat("🦓", 200) + ` "}`, `{"homeSituation":"other","homeSituationIfOther":"` + strings.Repeat("🦓", 200) + `"}`},
		"text of a requirement stays": {`"communicationRequirements":["other"],"communicationRequirementsIfOther":"slowly"`, `{"communicationRequirements":["largePrint","other"]}`,
			`{"communicationRequirements":["largePrint","other"],"communicationRequirementsIfOther":"slowly"}`},
		"text goes with its requirement": {`"communicationRequirements":["other"],"communicationRequirementsIfOther":"slowly"`, `{"communicationRequirements":["largePrint"]}`,
			`{"communicationRequirements":["largePrint"]}`},

		"hours go when care stops": {`"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}`,
			`{"caringResponsibilities":{"provideUnpaidCare":false}}`, `{"caringResponsibilities":{"provideUnpaidCare":false}}`},
		"hours go when care is not told any more": {`"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}`,
			`{"caringResponsibilities":{"provideUnpaidCare":null}}`, `{}`},
		"hours stay while care goes on": {`"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}`,
			`{"caringResponsibilities":{"provideUnpaidCare":"YES"}}`, `{"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}}`},

		"yes and no in words":   {``, `{"disabled":"Yes","marriageOrCivilPartnership":{"married":"nO","civilPartnership":"preferNotToSay"}}`, `{"disabled":true,"marriageOrCivilPartnership":{"married":false,"civilPartnership":"preferNotToSay"}}`},
		"an alias in any case":  {``, `{"gender":{"genderValue":"FEMALE"}}`, `{"gender":{"genderValue":"f"}}`},
		"a number with blanks":  {``, `{"nationalInsuranceNumber":" qq\u00a012 34 56 c\t"}`, `{"nationalInsuranceNumber":"QQ123456C"}`},
		"the seed's own prefix": {``, `{"nationalInsuranceNumber":"NI111111A"}`, `{"nationalInsuranceNumber":"NI111111A"}`},

		"valid until is 33 months later": {``, `{"pregnancyOrMaternity":[{"pregnancyDate":"2017-01-04"}]}`, `{"pregnancyOrMaternity":[{"pregnancyDate":"2017-01-04","pregnancyValidUntil":"2019-10-04"}]}`},
		"valid until is clamped":         {``, `{"pregnancyOrMaternity":[{"pregnancyDate":"2016-02-29"},{"pregnancyDate":"2016-05-31"}]}`, `{"pregnancyOrMaternity":[{"pregnancyDate":"2016-02-29","pregnancyValidUntil":"2018-11-29"},{"pregnancyDate":"2016-05-31","pregnancyValidUntil":"2019-02-28"}]}`},
		"valid until is computed":        {``, `{"pregnancyOrMaternity":[{"pregnancyDate":"2017-01-04","pregnancyValidUntil":"whenever"}]}`, `{"pregnancyOrMaternity":[{"pregnancyDate":"2017-01-04","pregnancyValidUntil":"2019-10-04"}]}`},
		"a date in a year from today":    {``, `{"pregnancyOrMaternity":[{"pregnancyDate":"` + today.AddDate(0, 0, 364).Format(time.DateOnly) + `"}],"disabled":true,"gender":null}`, ``},

		"read-only members are ignored": {`"disabled":true`, `{"unrecognisedMembers":["gender"],"person":{"title":"Dr"},"extended":7}`, `{"disabled":true}`},
	} {
		t.Run(name, func(t *testing.T) {
			m := p.create(t, officer, c.record)
			r := p.patch(t, officer, m, c.patch).want(t, 200)
			if got := r.document(t); c.want != "" {
				same(t, got, p.record(t, officer, m))
				same(t, without(got), object(t, c.want))
			}
			// A POST is the merge patch of an empty record, so it must accept the result
			// too.
			if c.want != "" && c.want != "{}" {
				again := p.create(t, officer, strings.TrimSuffix(strings.TrimPrefix(c.want, "{"), "}"))
				same(t, without(p.record(t, officer, again)), object(t, c.want))
			}
		})
	}
}

func TestCreateTakesNullForAbsent(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"gender":null,"nationality":null,"languages":null,"ethnicity":{"ethnicGroupValue":null},"communicationRequirements":[],"disabled":null,"nationalInsuranceNumber":null`)
	same(t, without(p.record(t, officer, m)), map[string]any{})
}

// A patch that changes nothing makes no version and no event.
func TestPatchThatChangesNothing(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"gender":{"genderValue":"f"},"disabled":true,"nationalInsuranceNumber":"QQ123456C","languages":[{"language":"english","isPrimary":true}]`)
	whole := string(p.do(t, "GET", m.path(), request{token: officer}).body)
	modified := p.do(t, "GET", m.path(), request{token: officer}).header.Get("Last-Modified")
	for _, patch := range []string{`{}`, whole, `{"disabled":"YES"}`, `{"gender":{}}`, `{"nationality":null}`, `{"nationalInsuranceNumber":"qq 123456 c"}`,
		`{"languages":[{"language":"english","isPrimary":true}]}`, `{"id":"` + m.id + `"}`} {
		r := p.patch(t, officer, m, patch).want(t, 200)
		if r.header.Get("ETag") != `"0"` || r.header.Get("Last-Modified") != modified || string(r.body) != whole {
			t.Errorf("%s is answered %s %s", patch, r.header.Get("ETag"), r.body)
		}
	}
	if events := p.eventsOf(t, m.target); len(events) != 1 {
		t.Errorf("patches that change nothing have raised %d events", len(events)-1)
	}
	if h := p.history(t, officer, m); len(h.Versions) != 1 {
		t.Errorf("patches that change nothing have made %d versions", len(h.Versions)-1)
	}
}

func TestIdentifiersOfARecordStay(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m, other := p.create(t, officer, ""), p.create(t, officer, "")
	for _, path := range []string{m.path(), records + "/" + m.target} {
		for patch, pointer := range map[string]string{
			`{"id":"` + other.id + `"}`: "/id", `{"id":null}`: "/id", `{"id":"` + m.target + `"}`: "/id",
			`{"targetId":"` + other.target + `"}`: "/targetId", `{"targetId":null}`: "/targetId", `{"targetId":"` + m.id + `"}`: "/targetId",
		} {
			p.do(t, "PATCH", path, request{token: officer, body: []byte(patch)}).failed(t, pointer, "id.mismatch")
		}
		p.do(t, "PATCH", path, request{token: officer, body: []byte(`{"id":"` + m.id + `","targetId":"` + m.target + `"}`)}).want(t, 200)
	}
	same(t, p.record(t, officer, m), map[string]any{"id": m.id, "targetId": m.target})
}

// Stored values may be sent back with another member, even if today's rules would refuse
// them.
func TestDependantsAreJudgedByTheWholeRecord(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"caringResponsibilities":{"provideUnpaidCare":true},"gender":{"genderValue":"f"}`)
	p.patch(t, officer, m, `{"caringResponsibilities":{"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}}`).want(t, 200)
	p.patch(t, officer, m, `{"caringResponsibilities":{"provideUnpaidCare":false,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"}}`).
		failed(t, "/caringResponsibilities/hoursSpentProvidingUnpaidCare", "hours.no-care")
	p.patch(t, officer, m, `{"gender":{"genderValueIfOther":"two words"}}`).failed(t, "/gender/genderValueIfOther", "text.no-code")
	p.patch(t, officer, m, `{"gender":{"genderValue":"o","genderValueIfOther":"two words"}}`).want(t, 200)
	p.patch(t, officer, m, `{"gender":{"genderDifferentToBirthSex":true}}`).want(t, 200)
}

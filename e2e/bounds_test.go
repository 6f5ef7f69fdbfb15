package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// No value, list or record is kept without a bound, by whichever contract it comes.
func TestValuesHaveBounds(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"nationality":"british"`)
	blanks := strings.Repeat(" ", 60_000)
	pregnancies := `"pregnancyOrMaternity":[` + strings.TrimPrefix(strings.Repeat(`,{"pregnancyDate":"2017-01-04"}`, 21), ",") + `]`
	for _, bad := range []struct{ pointer, members string }{
		{"/nationality", `"nationality":"` + strings.Repeat("z", 501) + `"`},
		{"/languages/0/language", `"languages":[{"language":"` + strings.Repeat("z", 501) + `","isPrimary":true}]`},
		{"/nationalInsuranceNumber", `"nationalInsuranceNumber":"QQ123456C` + blanks + `"`},
		{"/pregnancyOrMaternity", pregnancies},
	} {
		p.patch(t, officer, m, "{"+bad.members+"}").failed(t, bad.pointer, "too-long")
		p.do(t, "POST", "/equality-information", request{token: officer, body: []byte(`{"targetId":"` + uuid.NewString() + `",` + bad.members + `}`)}).
			failed(t, bad.pointer, "too-long")
	}
	// Front ends are told in words.
	long := strings.Repeat("z", 65_000)
	for _, bad := range []struct{ key, members string }{
		{"Nationality", `"nationality":"` + long + `"`},
		{"CommunicationRequirements[1]", `"communicationRequirements":["braille","` + long + `"]`},
		{"HomeSituation.HomeSituationValue", `"homeSituation":{"homeSituationValue":"` + long + `"}`},
		{"NationalInsuranceNumber", `"nationalInsuranceNumber":"AA000000A` + blanks + `"`},
		{"PregnancyOrMaternity", pregnancies},
	} {
		for method, path := range map[string]string{"POST": "", "PATCH": "/" + m.id} {
			r, err := p.send(method, front+"/equality-information"+path, request{token: officer, body: []byte(`{"targetId":"` + m.target + `",` + bad.members + `}`),
				headers: map[string]string{"If-Match": `"0"`}})
			if err != nil {
				t.Fatal(err)
			}
			var told struct{ Errors map[string][]string }
			r.want(t, 400).decode(t, &told)
			if got := fmt.Sprint(told.Errors[bad.key]); !strings.Contains(got, `"errorCode":"too-long"`) || len(told.Errors) != 1 {
				t.Errorf("%s of %s: %v", method, bad.key, told.Errors)
			}
		}
	}
	if got := p.record(t, officer, m); len(got) != 3 {
		t.Errorf("the record is now %v", got)
	}
}

// A record that was filled by a front end to its bound is sent back by both contracts.
func TestTheLargestRecordIsSentBack(t *testing.T) {
	t.Parallel()
	p := shared(t)
	officer := p.token(t, "officer")
	target := uuid.NewString()
	values := make([]string, 20)
	for i := range values {
		values[i] = fmt.Sprint(i) + strings.Repeat("\U00010000", 498)
	}
	send := func(method, path, body, etag string) response {
		t.Helper()
		r, err := p.send(method, path, request{token: officer, body: []byte(body), headers: map[string]string{"If-Match": etag}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	list, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	send("POST", front+"/equality-information", `{"targetId":"`+target+`","communicationRequirements":`+string(list)+`}`, "").want(t, 201)
	etag := `"0"`
	for i, member := range []string{"ageGroup", "nationality", "armedForces", "ageGroup", "disabled"} {
		body := fmt.Sprintf(`{%q:%q}`, member, values[i])
		if member == "disabled" {
			body = `{"disabled":"no"}`
		}
		etag = send("PATCH", front+"/equality-information/"+target, body, etag).want(t, 200).header.Get("ETag")
	}
	theirs := send("GET", front+"/equality-information?targetId="+target, "", "").want(t, 200)
	ours := send("GET", "/equality-information/"+target, "", "").want(t, 200)
	for path, read := range map[string]response{front + "/equality-information/": theirs, "/equality-information/": ours} {
		if got := send("PATCH", path+target, string(read.body), etag).want(t, 200).header.Get("ETag"); got != etag {
			t.Errorf("sent back to %s it makes the version %s", path, got)
		}
	}
}

// What is longer than a record keeps is left out of an import in every format, as a
// finding, and the person is not lost.
func TestAnImportLeavesOutWhatIsTooLong(t *testing.T) {
	t.Parallel()
	target := uuid.NewString()
	number := "QQ123456C" + strings.Repeat(" ", 15)
	for format, text := range map[string]string{
		"csv":           "targetId,nationality,homeSituation,homeSituationIfOther\n" + target + ",british,other," + strings.Repeat("a", 201) + "\n",
		"ndjson":        `{"targetId":"` + target + `","nationality":"british","nationalInsuranceNumber":"` + number + `"}`,
		"dynamodb-json": itemOf(target, `,"nationality":{"S":"british"},"ageGroup":{"S":"`+strings.Repeat("z", 501)+`"}`),
	} {
		dir := newDir(t)
		out, _ := imported(t, dir, 0, "--format", format, write(t, "long", text))
		if !strings.Contains(out, "1 records: 1 imported, 0 unchanged, 0 rejected") || !strings.Contains(out, "1 have findings") {
			t.Errorf("%s: %s", format, out)
		}
		if kept := exported(t, dir); !strings.Contains(kept, `"nationality":"british"`) || strings.Contains(kept, "aaa") || strings.Contains(kept, "zzz") {
			t.Errorf("%s: %s", format, kept)
		}
	}
}

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// legacyItems is how many items of the earlier service's table are imported; with
// EQUALITY_LONG=1 as many as a council has.
func legacyItems() int {
	if os.Getenv("EQUALITY_LONG") != "" {
		return 100_000
	}
	return 3_000
}

// legacyShapes are the shapes of items from the earlier service. Each has the front ends'
// response for one member, and whether the item is rejected.
var legacyShapes = []struct{ item, member, answers, rule string }{
	{`"gender":{"M":{"genderValue":{"S":"m"},"genderValueIfOther":{"NULL":true},"genderDifferentToBirthSex":{"S":"no"}}},"versionNumber":{"N":"3"}`,
		"gender", `{"genderValue":"m","genderValueIfOther":null,"genderDifferentToBirthSex":"no"}`, ""},
	{`"nationality":{"NULL":true},"ageGroup":{"S":"eightyFiveandPlus"}`, "ageGroup", `"eightyFiveandPlus"`, ""},
	{`"languages":{"L":[]},"communicationRequirements":{"L":[]},"pregnancyOrMaternity":{"L":[]},"disabled":{"S":"yes"}`, "disabled", `"yes"`, ""},
	{`"languages":{"L":[{"M":{"language":{"S":"french"},"isPrimary":{"BOOL":false}}},{"M":{"language":{"S":"english"},"isPrimary":{"BOOL":true}}}]}`,
		"languages", `[{"language":"french","isPrimary":false},{"language":"english","isPrimary":true}]`, ""},
	{`"communicationRequirements":{"L":[{"S":"SignLanguage"},{"S":"Invented: ring twice"}]}`, "communicationRequirements", `["signLanguage","Invented: ring twice"]`, ""},
	{`"pregnancyOrMaternity":{"L":[{"M":{"pregnancyDate":{"S":"2015-05-05T00:00:00.000Z"},"pregnancyValidUntil":{"S":"2018-02-05"}}}]}`,
		"pregnancyOrMaternity", `[{"pregnancyDate":"2015-05-05","pregnancyValidUntil":"2018-02-05"}]`, ""},
	{`"nationalInsuranceNumber":{"S":"aa 00 00 00 a"},"armedForces":{"S":"servingMemberOfTheArmedForces"}`, "nationalInsuranceNumber", `"aa 00 00 00 a"`, ""},
	{`"economicSituation":{"M":{"economicSituationValue":{"S":"other"},"economicSituationValueIfOther":{"S":"Invented"}}},"homeSituation":{"NULL":true}`,
		"economicSituation", `{"economicSituationValue":"other","economicSituationValueIfOther":"Invented"}`, ""},
	{`"languages":{"L":[{"M":{"language":{"S":"french"},"isPrimary":{"BOOL":false}}}]}`, "", "", "/languages W24"},
	{`"pregnancyOrMaternity":{"L":[{"M":{"pregnancyDate":{"S":"long ago"},"pregnancyValidUntil":{"NULL":true}}}]}`, "", "", "/pregnancyOrMaternity/0/pregnancyDate date.form"},
	{`"versionNumber":{"N":"1.5"}`, "", "", "/versionNumber item.version"},
	{`"gender":{"S":"m"}`, "", "", "/gender type.object"},
}

// TestTheEarlierServicesTableIsImported imports an export with every shape of item from
// that service, ids that are not the target's, and two items of one person. It reads a
// sample of it on both contracts.
func TestTheEarlierServicesTableIsImported(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	var lines bytes.Buffer
	var ids, targets []string
	accepted := 0
	for i := range legacyItems() {
		shape := legacyShapes[i%len(legacyShapes)]
		target := uuid.NewString()
		id := target
		if i%3 == 0 {
			id = uuid.NewString()
		}
		ids, targets = append(ids, id), append(targets, target)
		fmt.Fprintf(&lines, `{"Item":{"id":{"S":"%s"},"targetId":{"S":"%s"},%s}}`+"\n", strings.ToUpper(id), target, shape.item)
		if shape.rule == "" {
			accepted++
		}
	}
	items := len(ids)
	twice := uuid.NewString()
	fmt.Fprintf(&lines, `{"Item":{"id":{"S":"%s"},"targetId":{"S":"%s"},"disabled":{"S":"no"}}}`+"\n", twice, targets[2])
	fmt.Fprintln(&lines, `{"Item":{"id":{"S":"cut off in the`)

	file := write(t, "table.json.gz", string(compressed(t, lines.String())))
	out, _ := imported(t, dir, 1, "--format", "dynamodb-json", file)
	rejected := items - accepted + 2
	if want := fmt.Sprintf("%d imported, 0 unchanged, %d rejected", accepted, rejected); !strings.Contains(strings.ReplaceAll(out, ",", ""), strings.ReplaceAll(want, ",", "")) {
		t.Errorf("want %s\n%s", want, out)
	}
	if strings.Contains(out, ": \n") {
		t.Errorf("a rule is not explained:\n%s", out)
	}
	rejects := rejectsOf(t, file)
	if len(rejects) != rejected {
		t.Errorf("%d rejects, not %d", len(rejects), rejected)
	}
	for i, shape := range legacyShapes {
		if shape.rule == "" {
			continue
		}
		want := fmt.Sprintf("%d %s", i+1, shape.rule)
		if !slices.Contains(rejects, want) {
			t.Errorf("no reject %s", want)
		}
	}
	if last := rejects[len(rejects)-2:]; !strings.HasSuffix(last[0], "import.differs "+twice+" "+targets[2]) || !strings.Contains(last[1], "item.form") {
		t.Errorf("the last rejects are %q", last)
	}
	sound(t, dir)

	p := startIn(t, dir, "--cors-origins", "https://front.example")
	f := frontend{p, p.token(t, "officer")}
	for i, shape := range legacyShapes {
		r := f.ask(t, "GET", "/equality-information?targetId="+targets[i], "", "")
		if shape.rule != "" {
			r.want(t, 404)
			continue
		}
		read := r.want(t, 200).document(t)
		if read["id"] != ids[i] || read["targetId"] != targets[i] {
			t.Errorf("shape %d: ids %v, %v", i, read["id"], read["targetId"])
		}
		same(t, read[shape.member], object(t, `{"is":`+shape.answers+`}`)["is"])
		version := `"0"`
		if strings.Contains(shape.item, `"versionNumber":{"N":"3"}`) {
			version = `"3"`
		}
		ours := p.do(t, "GET", records+"/"+ids[i], request{token: f.token}).want(t, 200)
		if got := r.header.Get("ETag"); got != version || ours.header.Get("ETag") != version {
			t.Errorf("shape %d: version %s and %s", i, got, ours.header.Get("ETag"))
		}
	}
	// A record without a version is changed as its version 0.
	f.ask(t, "PATCH", "/equality-information/"+ids[1], `{"disabled":"no"}`, `"0"`).want(t, 200)
	f.ask(t, "PATCH", "/equality-information/"+ids[0], `{"disabled":"no"}`, `"0"`).want(t, 409)
}

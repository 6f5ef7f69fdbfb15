package e2e

import (
	"bytes"
	"encoding/json"
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
// response for one member, and what is found in the item.
var legacyShapes = []struct{ item, member, answers, found string }{
	{`"gender":{"M":{"genderValue":{"S":"m"},"genderValueIfOther":{"NULL":true},"genderDifferentToBirthSex":{"S":"no"}}},"versionNumber":{"N":"3"}`,
		"gender", `{"genderValue":"m","genderValueIfOther":null,"genderDifferentToBirthSex":"no"}`, ""},
	{`"nationality":{"NULL":true},"ageGroup":{"S":"eightyFiveandPlus"}`, "ageGroup", `"eightyFiveandPlus"`, ""},
	{`"languages":{"L":[]},"communicationRequirements":{"L":[]},"pregnancyOrMaternity":{"L":[]},"disabled":{"S":"yes"}`, "disabled", `"yes"`, ""},
	{`"languages":{"L":[{"M":{"language":{"S":"french"},"isPrimary":{"BOOL":false}}},{"M":{"language":{"S":"english"},"isPrimary":{"BOOL":true}}}]}`,
		"languages", `[{"language":"french","isPrimary":false},{"language":"english","isPrimary":true}]`, ""},
	{`"communicationRequirements":{"L":[{"S":"SignLanguage"},{"S":"Invented: ring twice"}]}`, "communicationRequirements", `["signLanguage","Invented: ring twice"]`, "/communicationRequirements/1 code.unknown kept"},
	{`"pregnancyOrMaternity":{"L":[{"M":{"pregnancyDate":{"S":"2015-05-05T00:00:00.000Z"},"pregnancyValidUntil":{"S":"2018-02-05"}}}]}`,
		"pregnancyOrMaternity", `[{"pregnancyDate":"2015-05-05","pregnancyValidUntil":"2018-02-05"}]`, ""},
	{`"nationalInsuranceNumber":{"S":"aa 00 00 00 a"},"armedForces":{"S":"servingMemberOfTheArmedForces"}`, "nationalInsuranceNumber", `"aa 00 00 00 a"`, ""},
	{`"economicSituation":{"M":{"economicSituationValue":{"S":"other"},"economicSituationValueIfOther":{"S":"Invented"}}},"homeSituation":{"NULL":true}`,
		"economicSituation", `{"economicSituationValue":"other","economicSituationValueIfOther":"Invented"}`, ""},
	{`"languages":{"L":[{"M":{"language":{"S":"english"},"isPrimary":{"N":"1"}}},{"M":{"language":{"S":"french"},"isPrimary":{"N":"0"}}}]}`,
		"languages", `[{"language":"english","isPrimary":true},{"language":"french","isPrimary":false}]`, ""},
	{`"nationality":{"S":"british"},"legacyBlob":{"B":"AAEC"}`, "nationality", `"british"`, ""},
	{`"languages":{"L":[{"M":{"language":{"S":"french"},"isPrimary":{"BOOL":false}}}]}`, "languages", `[{"language":"french","isPrimary":false}]`, "/languages W24 kept"},
	{`"pregnancyOrMaternity":{"L":[{"M":{"pregnancyDate":{"S":"long ago"},"pregnancyValidUntil":{"NULL":true}}}]},"disabled":{"S":"no"}`, "disabled", `"no"`, "/pregnancyOrMaternity/0/pregnancyDate date.form dropped"},
	{`"versionNumber":{"N":"1.5"},"disabled":{"S":"no"}`, "disabled", `"no"`, "/versionNumber item.version dropped"},
	{`"gender":{"S":"m"},"disabled":{"S":"no"}`, "disabled", `"no"`, "/gender type.object dropped"},
	{`"nationalInsuranceNumber":{"S":"not known"},"disabled":{"S":"no"}`, "disabled", `"no"`, "/nationalInsuranceNumber NationalInsuranceNumberValidator dropped"},
}

// TestTheEarlierServicesTableIsImported imports an export with every shape of item from
// that service, ids that are not the target's, and two items of one person. It reads a
// sample of it on both contracts.
func TestTheEarlierServicesTableIsImported(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	var lines bytes.Buffer
	var ids, targets []string
	found := 0
	for i := range legacyItems() {
		shape := legacyShapes[i%len(legacyShapes)]
		target := uuid.NewString()
		id := target
		if i%3 == 0 {
			id = uuid.NewString()
		}
		ids, targets = append(ids, id), append(targets, target)
		fmt.Fprintf(&lines, `{"Item":{"id":{"S":"%s"},"targetId":{"S":"%s"},%s}}`+"\n", strings.ToUpper(id), target, shape.item)
		if shape.found != "" {
			found++
		}
	}
	items := len(ids)
	twice := uuid.NewString()
	fmt.Fprintf(&lines, `{"Item":{"id":{"S":"%s"},"targetId":{"S":"%s"},"disabled":{"S":"no"}}}`+"\n", twice, targets[2])
	fmt.Fprintln(&lines, `{"Item":{"id":{"S":"cut off in the`)

	file := write(t, "table.json.gz", string(compressed(t, lines.String())))
	out, _ := imported(t, dir, 1, "--format", "dynamodb-json", file)
	if want := fmt.Sprintf("%d imported, 0 unchanged, 2 rejected; %d have findings", items, found); !strings.Contains(strings.ReplaceAll(out, ",", ""), strings.ReplaceAll(want, ",", "")) {
		t.Errorf("want %s\n%s", want, out)
	}
	if strings.Contains(out, ": \n") {
		t.Errorf("a rule is not explained:\n%s", out)
	}
	rejects := rejectsOf(t, file)
	if len(rejects) != 2 || !strings.HasSuffix(rejects[0], "import.differs "+twice+" "+targets[2]) || !strings.Contains(rejects[1], "item.form") {
		t.Errorf("the rejects are %q", rejects)
	}
	findings := findingsOf(t, file)
	if len(findings) != found {
		t.Errorf("%d findings, not %d", len(findings), found)
	}
	for i, shape := range legacyShapes {
		if want := fmt.Sprintf("%d %s", i+1, shape.found); shape.found != "" && !slices.Contains(findings, want) {
			t.Errorf("no finding %s", want)
		}
	}
	sound(t, dir)

	p := startIn(t, dir, "--cors-origins", "https://front.example")
	f := frontend{p, p.token(t, "officer")}
	for i, shape := range legacyShapes {
		r := f.ask(t, "GET", "/equality-information?targetId="+targets[i], "", "")
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
		if _, ok := ours.document(t)[shape.member]; strings.HasSuffix(shape.found, "W24 kept") && !ok {
			t.Errorf("shape %d: a list without a primary language is not shown", i)
		}
	}
	// A record without a version is changed as its version 0.
	f.ask(t, "PATCH", "/equality-information/"+ids[1], `{"disabled":"no"}`, `"0"`).want(t, 200)
	f.ask(t, "PATCH", "/equality-information/"+ids[0], `{"disabled":"no"}`, `"0"`).want(t, 409)
}

// findingsOf returns the findings of a file, by line.
func findingsOf(t *testing.T, path string) (findings []string) {
	t.Helper()
	text, err := os.ReadFile(path + ".findings.ndjson")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var f struct {
			Line          int
			Pointer, Rule string
			Kept          bool
		}
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		findings = append(findings, fmt.Sprint(f.Line, " ", f.Pointer, " ", f.Rule, map[bool]string{true: " kept", false: " dropped"}[f.Kept]))
	}
	return findings
}

package e2e

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// Every format of an import takes our labels for their codes.
func TestEveryImportTakesLabels(t *testing.T) {
	t.Parallel()
	target := uuid.NewString()
	dynamo := `,"nationality":{"S":"British"},"gender":{"M":{"genderValue":{"S":"FEMALE"}}},"languages":{"L":[{"M":{"language":{"S":"English"},"isPrimary":{"BOOL":true}}}]},"communicationRequirements":{"L":[{"S":"Braille"}]}`
	for format, text := range map[string]string{
		"csv":           "targetId,nationality,languages.primary,communicationRequirements,gender.genderValue\n" + target + ",British,English,Braille,FEMALE\n",
		"ndjson":        `{"targetId":"` + target + `","nationality":"British","gender":{"genderValue":"FEMALE"},"languages":[{"language":"English","isPrimary":"yes"}],"communicationRequirements":["Braille"]}`,
		"dynamodb-json": itemOf(target, dynamo),
	} {
		dir := newDir(t)
		out, _ := imported(t, dir, 0, "--format", format, write(t, "labels", text))
		if !strings.HasSuffix(out, "1 records: 1 imported, 0 unchanged, 0 rejected\n") {
			t.Errorf("%s: %s", format, out)
		}
		text := exported(t, dir)
		for _, want := range []string{`"nationality":"british"`, `"genderValue":"f"`, `"language":"english"`, `"communicationRequirements":["braille"]`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %s in %s", format, want, text)
			}
		}
	}
}

// A National Insurance number with a blank for its last letter, or without it, is
// imported as the earlier service wrote it.
func TestANumberWithoutItsLastLetterIsImported(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sent := []string{"QQ123456 ", "QQ 12 34 56", "qq 12 34 56 c"}
	targets, lines := []string{}, ""
	for _, number := range sent {
		targets = append(targets, uuid.NewString())
		lines += `{"Item":` + itemOf(targets[len(targets)-1], `,"nationality":{"S":"british"},"nationalInsuranceNumber":{"S":"`+number+`"}`) + "}\n"
	}
	out, _ := imported(t, dir, 0, "--format", "dynamodb-json", write(t, "table", lines))
	if !strings.HasSuffix(out, "3 records: 3 imported, 0 unchanged, 0 rejected\n") {
		t.Error(out)
	}
	p := startIn(t, dir, "--cors-origins", "https://front.example")
	f := frontend{p, p.token(t, "officer")}
	for i, want := range []string{"QQ123456", "QQ123456", "QQ123456C"} {
		read := f.ask(t, "GET", "/equality-information?targetId="+targets[i], "", "").want(t, 200).document(t)
		ours := p.do(t, "GET", records+"/"+targets[i], request{token: f.token}).want(t, 200).document(t)
		if read["nationalInsuranceNumber"] != sent[i] || ours["nationalInsuranceNumber"] != want || ours["nationality"] != "british" {
			t.Errorf("%q: %v and %v", sent[i], read["nationalInsuranceNumber"], ours["nationalInsuranceNumber"])
		}
	}
}

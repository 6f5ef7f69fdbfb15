package e2e

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/uuid"
)

// modifiedAt is the time of a record's last change, in either format of an export.
var modifiedAt = regexp.MustCompile(`"modifiedAt":"[^"]*",|2[0-9]{3}-[0-9-]*T[0-9:.]*Z`)

// An export and an import copy everything from one server to another, in either format.
func TestExportIsImportedAsItWas(t *testing.T) {
	t.Parallel()
	p := start(t, "--demo-people", "300")
	officer := p.token(t, "officer")
	m := p.create(t, officer, `"gender":{"genderValue":"o","genderValueIfOther":"=SUM(A1), \"x\"; '"},"homeSituationIfOther":""`)
	p.patch(t, officer, m, `{"disabled":true}`).want(t, 200)
	if status := p.stop(t); status != 0 {
		t.Fatal(status)
	}
	want := exported(t, p.dir)
	if strings.Count(want, "\n") != 301 || !strings.Contains(want, `"version":1,"record":{"id":"`+m.id) {
		t.Errorf("the export is %.300s", want)
	}
	for _, format := range []string{"ndjson", "csv"} {
		file, dir := filepath.Join(t.TempDir(), "export"), newDir(t)
		out, errs, status := runCommand(t, append([]string{"export", "--format", format, "--output", file}, at(p.dir)...)...)
		if status != 0 || out != "" || !strings.Contains(errs, "not encrypted") || !strings.Contains(errs, "301 records exported") {
			t.Errorf("status %d: %s%s", status, out, errs)
		}
		info, err := os.Stat(file)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		imported(t, dir, 0, "--format", format, file)
		same(t, exported(t, dir), want)
		sound(t, dir)
		if _, errs, status := runCommand(t, append([]string{"export", "--output", file}, at(p.dir)...)...); status != 2 || !strings.Contains(errs, "already exists") {
			t.Errorf("over a file: status %d: %s", status, errs)
		}
		if left := listing(t, filepath.Dir(file)); len(left) != 1 {
			t.Errorf("there is left %v", left)
		}
	}
	sound(t, p.dir)
}

func TestEncryptedExport(t *testing.T) {
	t.Parallel()
	dir, identity := newDir(t), newIdentity(t)
	imported(t, dir, 0, write(t, "people.ndjson", people(1000, "")))
	file := filepath.Join(t.TempDir(), "export.age")
	_, errs, status := runCommand(t, "export", "--data-dir", dir, "--encrypt-to", identity.Recipient().String(), "--output", file)
	if status != 0 || strings.Contains(errs, "not encrypted") {
		t.Fatalf("status %d: %s", status, errs)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	opened, err := age.Decrypt(f, identity)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(opened)
	if err != nil {
		t.Fatal(err)
	}
	same(t, modifiedAt.ReplaceAllString(string(text), ""), exported(t, dir))
	for _, c := range [][]string{
		{"--encrypt-to", "zebra"}, {"--encrypt-to", identity.String()}, {"--format", "zebra"},
		{"--output", filepath.Join(t.TempDir(), "none", "export")}, {"--output", t.TempDir()},
	} {
		out, errs, status := runCommand(t, append([]string{"export", "--data-dir", dir}, c...)...)
		if status != 2 || out != "" || strings.Contains(errs, identity.String()) {
			t.Errorf("%v: status %d: %s%s", c[:1], status, out, errs)
		}
	}
}

// A marker in every member, in a valid and in an invalid value, is in no file of rejects,
// no output and no file of the database.
func TestMarkersOfAnImport(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	p := &planted{program: &program{dir: dir}, t: t, secret: slices.DeleteFunc(slices.Clone(plantedCodes), func(code string) bool {
		return code == "preferNotToSay" // the text of a rule contains it
	})}
	target := uuid.NewString()
	taken := strings.Join(strings.Fields(string(plantedRecord(target))), " ")
	wrong := strings.NewReplacer(
		`"eightyFiveAndPlus"`, `"`+plant("age group")+`"`, `"o"`, `"`+plant("code")+`"`, `"anyOtherEthnicGroup"`, `"eightyFiveAndPlus"`,
		`"preferNotToSay"`, `"`+plant("answer")+`"`, `"2017-01-04"`, `"`+plant("date")+`"`, `QQ 73 95 18 C`, `QQ 73 95 18 Z`,
		`"person": `, `"`+plant("member")+`": `, target, plant("target"),
	).Replace(taken)
	differs := strings.Replace(taken, `"homeSituation": "other"`, `"homeSituation": "preferNotToSay"`, 1)
	file := write(t, "people.ndjson", taken+"\n"+wrong+"\n"+differs+"\n"+plant("line")+"\n{\""+stem+"\": \n")
	out, errs := imported(t, dir, 1, file)
	csv := write(t, "people.csv", "targetId,gender.genderValue,gender.genderValueIfOther,disabled,version\n"+
		plant("target")+","+plant("code")+","+plant("text")+","+plant("answer")+","+plant("version")+"\n"+
		uuid.NewString()+",o,"+plant("text")+",1,0\n"+plant("row")+"\n\""+plant("quote")+"\n")
	csvOut, csvErrs := imported(t, dir, 1, "--format", "csv", csv)
	refused := [][]string{
		{"--format", "csv", write(t, "h.csv", plant("header")+",x\n")}, {"--format", "csv", write(t, "h.csv", "targetId,"+plant("header")+"\n")},
		{"--format", "csv", "--map", write(t, "m.yaml", "columns: {"+stem+": "+stem+"}\n"+stem+": "+stem+"\nvalues: {disabled: {"+stem+": ["+stem+"]}}"), csv},
	}
	for _, args := range refused {
		more, moreErrs := imported(t, dir, 2, args...)
		p.clean("a refusal", []byte(more+moreErrs))
	}
	if !strings.Contains(out, "1 imported, 0 unchanged, 4 rejected") || !strings.Contains(csvOut, "1 imported, 0 unchanged, 3 rejected") {
		t.Errorf("%s%s", out, csvOut)
	}
	p.clean("the output", []byte(out+errs+csvOut+csvErrs))
	for _, path := range []string{file, csv} {
		rejects, err := os.ReadFile(path + ".rejects.ndjson")
		if err != nil || len(rejects) == 0 {
			t.Fatalf("%d bytes of rejects: %v", len(rejects), err)
		}
		p.clean("the rejects", rejects)
	}
	p.cleanFiles("after an import")
	if text := exported(t, dir); !strings.Contains(text, stem) {
		t.Error("the export has no marker, so the test shows nothing")
	}
}

// What the front ends' contract brought that is in no list is in an export too.
func TestExportHasValuesThatAreInNoList(t *testing.T) {
	t.Parallel()
	p := start(t, "--cors-origins", "https://front.example")
	target := uuid.NewString()
	frontend{p, p.token(t, "officer")}.ask(t, "POST", "/equality-information/",
		`{"targetId":"`+target+`","communicationRequirements":["Please ring twice"]}`, "").want(t, 201)
	p.stop(t)
	if out := exported(t, p.dir); !strings.Contains(out, target) || !strings.Contains(out, "Please ring twice") {
		t.Errorf("the export is %s", out)
	}
}

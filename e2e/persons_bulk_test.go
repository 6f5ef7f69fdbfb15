package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

const (
	personLines = "persons-ndjson"
	personRows  = "persons-csv"
)

// inhabitants are invented people of the directory, whose ids depend on their number.
func inhabitants(n int, members string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `{"id":"%s","firstName":"Ada","surname":"Sample %d","dateOfBirth":"19%02d-02-28"%s}`+"\n", personID("target", i), i, i%100, members)
	}
	return text.String()
}

func TestImportedPeopleAreAsAnyOther(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	a, b, c := uuid.NewString(), uuid.NewString(), uuid.NewString()
	entry := `{"id":"` + b + `","surname":"Ó Sampla","preferredFirstName":"Shan"}`
	file := write(t, "people.ndjson", `{"id":"`+a+`","title":"Ms","firstName":" Zofia ","surname":"Żuraw","dateOfBirth":"1984-01-04","displayName":"zebra"}`+"\r\n\n"+
		`{"id":"`+b+`","version":7,"modifiedAt":"2020-01-01T00:00:00Z","person":`+entry+`}`+"\n"+`{"id":"`+c+`","surname":""}`)
	out, errs := imported(t, dir, 0, "--format", personLines, file)
	if !strings.Contains(out, ": 3 people: 3 imported, 0 unchanged, 0 rejected") || errs != "" {
		t.Errorf("%s%s", out, errs)
	}
	sound(t, dir)

	p := startIn(t, dir)
	for id, want := range map[string]struct{ entry, etag string }{
		a: {`{"id":"` + a + `","title":"Ms","firstName":"Zofia","surname":"Żuraw","displayName":"Zofia Żuraw","dateOfBirth":"1984-01-04"}`, `"0"`},
		b: {strings.Replace(entry, "{", `{"displayName":"Shan Ó Sampla",`, 1), `"7"`},
	} {
		r := p.entry(t, id).want(t, 200)
		same(t, r.document(t), object(t, want.entry))
		same(t, r.header.Get("ETag"), want.etag)
	}
	same(t, p.put(t, b, `"surname":"Sampla"`).want(t, 200).header.Get("ETag"), `"8"`)
	p.erase(t, c)
	events := p.allEvents(t, "2")
	var told []string
	for _, e := range events {
		told = append(told, fmt.Sprintf("%s %s %s %s %d", e.Type, e.Source, e.Subject, e.Data.ID, e.Data.Version))
	}
	same(t, told, []string{
		"person.created /persons " + a + " " + a + " 0", "person.created /persons " + b + " " + b + " 7", "person.created /persons " + c + " " + c + " 0",
		"person.updated /persons " + b + " " + b + " 8", "person.erased /persons " + c + " " + c + " 0",
	})
	if events[0].CorrelationID != events[2].CorrelationID {
		t.Error("an import is several acts")
	}
	if status := p.stop(t); status != 0 {
		t.Fatal(status)
	}
	// Later changes are not undone, nobody comes back, and nothing else changes.
	before := exported(t, dir, "--format", personLines)
	out, _ = imported(t, dir, 1, "--format", personLines, file)
	if !strings.Contains(out, "0 imported, 1 unchanged, 2 rejected") || !strings.Contains(out, "import.differs: is about a person") {
		t.Error(out)
	}
	same(t, rejectsOf(t, file), []string{"3  import.differs " + b + " " + b, "4  import.id-erased " + c + " " + c})
	same(t, exported(t, dir, "--format", personLines), before)
	sound(t, dir)
	if n := len(startIn(t, dir).allEvents(t, "1000")); n != len(events) {
		t.Errorf("there are %d events", n)
	}
}

// Records and people are imported in either order, and found together.
func TestPeopleBesideRecordsAreImported(t *testing.T) {
	t.Parallel()
	var shown []map[string]any
	id := personID("target", 0).String()
	for _, peopleFirst := range []bool{false, true} {
		dir := newDir(t)
		imports := [][]string{{"--format", personLines, write(t, "persons.ndjson", inhabitants(3, ""))}, {write(t, "records.ndjson", people(3, ""))}}
		if !peopleFirst {
			slices.Reverse(imports)
		}
		for _, args := range imports {
			if out, _ := imported(t, dir, 0, args...); !strings.Contains(out, "3 imported") {
				t.Error(out)
			}
		}
		sound(t, dir)
		p := startIn(t, dir)
		shown = append(shown, p.do(t, "GET", records+"/"+id+"?include=person", request{token: p.token(t, "officer")}).want(t, 200).document(t))
	}
	same(t, shown[0], shown[1])
	if shown[0]["personStatus"] != "found" {
		t.Errorf("%v", shown[0])
	}
}

// An import brings nobody back whose record was erased, whatever the record's id was.
func TestPeopleWhoseRecordWasErasedStayAway(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	plain, other := uuid.NewString(), uuid.NewString()
	imported(t, dir, 0, write(t, "records.ndjson", one(plain)+`{"id":"`+uuid.NewString()+`","targetId":"`+other+`"}`))
	p := startIn(t, dir)
	p.erase(t, plain)
	p.erase(t, other)
	if status := p.stop(t); status != 0 {
		t.Fatal(status)
	}
	c := mixed{personLines, `{"id":"` + plain + `","surname":"zebra"}` + "\n" + `{"id":"` + other + `"}`, 2, 0,
		[]string{"1  import.id-erased " + plain + " " + plain, "2  import.id-erased " + other + " " + other}}
	c.check(t, dir, "people")
	sound(t, dir)
}

// On PostgreSQL too.
func TestPostgresPeopleWhoseRecordWasErasedStayAway(t *testing.T) {
	TestPeopleWhoseRecordWasErasedStayAway(t)
}

// A line with an error becomes a reject that repeats nothing, and the lines around it are
// imported.
func TestPeopleThatAreRejected(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	for name, c := range map[string]mixed{ // A and B are ids
		"two of one person":       {personLines, `{"id":"A","surname":"zebra"}` + "\n" + `{"id":"A","surname":"Sample"}`, 2, 1, []string{"2  import.differs A A"}},
		"the same twice":          {personLines, `{"id":"A","surname":"zebra"}` + "\n" + `{"surname":" zebra ","id":"A"}`, 2, 1, nil},
		"several rules at once":   {personLines, `{"id":"A","firstName":"zeb\u0000ra","title":7,"zebra":1,"dateOfBirth":"2999-01-01"}`, 1, 0, []string{"1 /firstName text.control", "1 /title type.string", "1 /zebra json.unknown-member", "1 /dateOfBirth date.future"}},
		"half a line":             {personLines, `{"id":"A"}` + "\n" + `{"id":"B","surname":"zeb`, 2, 1, []string{"2  json.syntax"}},
		"a long name":             {personLines, `{"id":"A","middleName":"` + strings.Repeat("zebra", 2000) + `"}` + "\n" + `{"id":"B"}`, 2, 1, []string{"1 /middleName name.length"}},
		"another direction":       {personRows, "id,surname\nA,zebra\u202e\nB,zebra\n", 2, 1, []string{"2 /surname text.direction"}},
		"a version below zero":    {personLines, `{"version":-1,"person":{"id":"A"}}`, 1, 0, []string{"1 /version import.version"}},
		"an id that differs":      {personLines, `{"id":"B","person":{"id":"A"}}`, 1, 0, []string{"1 /person/id id.mismatch"}},
		"nobody":                  {personRows, "id,surname\n,zebra\nB,\n", 2, 1, []string{"2 /id required"}},
		"a death before a birth":  {personRows, "targetId,dateOfBirth,dateOfDeath\nA,1990-02-28,1989-12-31\nB,1990-02-28,1990-02-28", 2, 1, []string{"2 /dateOfDeath date.before-birth"}},
		"a date that is unsaid":   {personRows, "id,dateOfBirth\nA,04/01/1984\nB,04/01/24", 2, 0, []string{"2 /dateOfBirth import.date-order", "3 /dateOfBirth import.date-century"}},
		"a row too short":         {personRows, "id,surname\nA\nB,zebra\r\n", 2, 1, []string{"2  csv.cells"}},
		"rows that are left over": {personRows, "\ufeffid,surname\nA,zebra\n,\n,,\n", 1, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := uuid.NewString(), uuid.NewString()
			named := strings.NewReplacer(`"A"`, `"`+a+`"`, `"B"`, `"`+b+`"`, "\nA", "\n"+a, "\nB", "\n"+b, " A A", " "+a+" "+a)
			for i := range c.rejects {
				c.rejects[i] = named.Replace(c.rejects[i])
			}
			c.text = named.Replace(c.text)
			c.check(t, dir, "people")
		})
	}
	sound(t, dir)
}

// A file of people that cannot be imported at all gives one line of error, and nothing is
// imported.
func TestFilesOfPeopleThatAreRefused(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	good := write(t, "good.ndjson", inhabitants(1, ""))
	for name, c := range map[string]struct {
		args []string
		told string
	}{
		"one event for all":          {[]string{"--format", personLines, "--no-events", good}, "--no-events does not work with people"},
		"a directory that is theirs": {[]string{"--format", personLines, "--directory", "person-api", good}, "can only be read"},
		"a directory that is none":   {[]string{"--format", personLines, "--directory", "zebra", good}, "--directory"},
		"a mapping of lines":         {[]string{"--format", personLines, "--map", good, good}, "--map"},
		"a mapping of records":       {[]string{"--format", personRows, "--map", write(t, "m.yaml", "columns: {zebra: disabled}"), good}, "line 1 names an unknown column"},
		"lines as rows":              {[]string{"--format", personRows, good}, "choose --format persons-ndjson"},
		"rows as lines":              {[]string{"--format", personLines, write(t, "a.csv", "surname,id\nzebra,1\n")}, "choose --format persons-csv"},
		"rows of records":            {[]string{"--format", personRows, write(t, "b.csv", "targetId,zebra\n")}, "column 2 is neither a known column"},
	} {
		out, errs, status := runCommand(t, append([]string{"import", "--data-dir", dir, "--rejects-dir", t.TempDir()}, c.args...)...)
		if status != 2 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, c.told) {
			t.Errorf("%s: status %d: %s%s", name, status, out, errs)
		}
	}
	if out := exported(t, dir, "--format", personLines); out != "" {
		t.Errorf("somebody was imported: %s", out)
	}
}

func TestDryRunOfPeopleWritesNothing(t *testing.T) {
	t.Parallel()
	file := write(t, "people.ndjson", inhabitants(3, "")+`{"id":"zebra"}`)
	out, _ := imported(t, filepath.Join(t.TempDir(), "nothing"), 1, "--dry-run", "--format", personLines, file)
	if !strings.Contains(out, ": 4 people: 3 could be imported, 1 rejected") {
		t.Error(out)
	}
	same(t, rejectsOf(t, file), []string{"4 /id id.form"})
}

// An export and an import copy everybody from one server to another, in either format,
// encrypted or not, with the same versions.
func TestExportOfPeopleIsImportedAsItWas(t *testing.T) {
	t.Parallel()
	dir, identity := newDir(t), newIdentity(t)
	opens := filepath.Join(t.TempDir(), "identity.txt")
	writeFile(t, opens, []byte(identity.String()+"\n"))
	odd := `{"version":9,"person":{"id":"` + uuid.NewString() + `","title":"=SUM(A1), \"x\"; '","firstName":"'Tis","middleName":"-","surname":"山田","dateOfDeath":"2020-02-29"}}`
	imported(t, dir, 0, "--format", personLines, write(t, "people.ndjson", inhabitants(300, `,"preferredTitle":"Mx"`)+odd))
	want := exported(t, dir, "--format", personLines)
	if strings.Count(want, "\n") != 301 || !strings.Contains(want, `"version":9,"person":{"id":"`) {
		t.Errorf("the export is %.300s", want)
	}
	for _, format := range []string{personLines, personRows} {
		file, to := filepath.Join(t.TempDir(), "export"), newDir(t)
		out, errs, status := runCommand(t, append([]string{"export", "--format", format, "--encrypt-to", identity.Recipient().String(), "--output", file}, at(dir)...)...)
		if status != 0 || out != "" || !strings.Contains(errs, "301 people exported") {
			t.Errorf("status %d: %s%s", status, out, errs)
		}
		imported(t, to, 0, "--format", format, "--identity", opens, file)
		same(t, exported(t, to, "--format", personLines), want)
		sound(t, to)
		if out := exported(t, to); out != "" {
			t.Errorf("there are records: %.300s", out)
		}
	}
	entered := acts(t, dir)
	slices.SortFunc(entered, func(a, b act) int { return strings.Compare(a.Action+a.Scope, b.Action+b.Scope) })
	same(t, entered, []act{{"export", "equality:export", personRows + " encrypted", 1, 301}, {"export", "equality:export", personLines, 1, 301},
		{"export", "equality:export", personLines + " encrypted", 1, 301}, {"import", "equality:import", personLines, 1, 301}})
	sound(t, dir)
}

// The example is what the documents show.
func TestExampleOfPeopleIsImported(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	const example = "../examples/persons.csv"
	text := string(readFile(t, example))
	documents := string(readFile(t, "../docs/import.md"))
	if !strings.Contains(documents, "```\n"+text+"```\n") {
		t.Error("docs/import.md shows another example")
	}
	file := write(t, "persons.csv", text)
	out, _ := imported(t, dir, 1, "--format", personRows, file)
	out = strings.ReplaceAll(out, filepath.Dir(file)+"/", "")
	if !strings.Contains(documents, "```\n"+out+"equality-api: some people were rejected\n```\n") {
		t.Errorf("docs/import.md does not show\n%s", out)
	}
}

// An import of people takes the same memory, however many a file has.
func TestAnImportOfPeopleLivesInBoundedMemory(t *testing.T) {
	t.Parallel()
	var names strings.Builder
	for _, member := range []string{"title", "middleName", "preferredFirstName", "preferredMiddleName", "preferredSurname"} {
		fmt.Fprintf(&names, `,%q:%q`, member, strings.Repeat("x", 100))
	}
	inBoundedMemory(t, "--format", personLines, write(t, "people.ndjson", inhabitants(60_000, names.String())))
}

// Markers in names and dates, right and wrong, are in no file of rejects, no output and no
// file of the database.
func TestMarkersOfAnImportOfPeople(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	p := &planted{program: &program{dir: dir}, t: t, secret: []string{"1917-03-09", "1918-04-07"}}
	members := func(names ...string) string {
		var text strings.Builder
		for _, name := range names {
			fmt.Fprintf(&text, `,%q:%q`, name, plant(name))
		}
		return text.String()
	}
	names := members("title", "preferredTitle", "firstName", "middleName", "surname", "preferredFirstName", "preferredMiddleName", "preferredSurname", "displayName")
	id := uuid.NewString()
	taken := `{"id":"` + id + `"` + names + `,"dateOfBirth":"1917-03-09","dateOfDeath":"1918-04-07"}`
	wrong := strings.NewReplacer(" in ", ` \u202e`, "1918", "1916", id, plant("id"), `"displayName"`, `"`+plant("member")+`"`).Replace(taken)
	file := write(t, "people.ndjson", taken+"\n"+wrong+"\n"+strings.Replace(taken, "1918", "1919", 1)+"\n"+plant("line")+"\n")
	out, errs := imported(t, dir, 1, "--format", personLines, file)
	rows := write(t, "people.csv", "id,surname,dateOfBirth\n"+uuid.NewString()+","+plant("surname")+",1917-03-09\n"+plant("id")+","+plant("surname")+","+plant("date")+"\n")
	more, moreErrs := imported(t, dir, 1, "--format", personRows, rows)
	if !strings.Contains(out, "1 imported, 0 unchanged, 3 rejected") || !strings.Contains(more, "1 imported, 0 unchanged, 1 rejected") {
		t.Errorf("%s%s", out, more)
	}
	p.clean("the output", []byte(out+errs+more+moreErrs))
	for _, path := range []string{file, rows} {
		rejects, err := os.ReadFile(path + ".rejects.ndjson")
		if err != nil || len(rejects) == 0 {
			t.Fatalf("%d bytes of rejects: %v", len(rejects), err)
		}
		p.clean("the rejects", rejects)
	}
	p.cleanFiles("after an import")
	if text := exported(t, dir, "--format", personLines); !strings.Contains(text, stem) || !strings.Contains(text, "1918-04-07") {
		t.Error("the export has no marker, so the test shows nothing")
	}
}

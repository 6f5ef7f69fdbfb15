package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// newDir returns a data directory with a keyset but no database.
func newDir(t *testing.T) string {
	t.Helper()
	dir := home(t)
	if dsnOf(dir) != "" {
		return dir // it has one
	}
	if _, errs, status := runCommand(t, "keys", "init", "--data-dir", dir); status != 0 {
		t.Fatal(errs)
	}
	return dir
}

// imported runs an import in a directory, with its rejects next to the files.
func imported(t *testing.T, dir string, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	rejects := filepath.Dir(args[len(args)-1])
	stdout, stderr, status := runCommand(t, slices.Concat([]string{"import", "--rejects-dir", rejects}, at(dir), args)...)
	if status != want {
		t.Fatalf("import %v: status %d, want %d\n%s%s", args, status, want, stdout, stderr)
	}
	return stdout, stderr
}

// exported returns the export of a directory, without the times of changes.
func exported(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, errs, status := runCommand(t, slices.Concat([]string{"export"}, at(dir), args)...)
	if status != 0 {
		t.Fatalf("export: status %d: %s", status, errs)
	}
	return modifiedAt.ReplaceAllString(out, "")
}

// sound fails the test if verification finds anything.
func sound(t *testing.T, dir string) {
	t.Helper()
	if out, status := auditVerify(t, dir, "--records"); status != 0 {
		t.Errorf("audit verify: status %d\n%s", status, out)
	}
}

// rejectsOf returns the rejects of a file, by line.
func rejectsOf(t *testing.T, path string) (rejects []string) {
	t.Helper()
	text, err := os.ReadFile(path + ".rejects.ndjson")
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var r struct {
			Line                        int
			Pointer, Rule, ID, TargetID string
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		rejects = append(rejects, strings.TrimSpace(fmt.Sprintf("%d %s %s %s %s", r.Line, r.Pointer, r.Rule, r.ID, r.TargetID)))
	}
	return rejects
}

func TestImportedRecordsAreAsAnyOther(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	seed, err := os.ReadFile("../examples/seed.json")
	if err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, seed); err != nil {
		t.Fatal(err)
	}
	other, plain := made{id: uuid.NewString(), target: uuid.NewString()}, uuid.NewString()
	file := write(t, "people.ndjson", compact.String()+"\r\n\n"+
		`{"id":"`+other.id+`","version":7,"modifiedAt":"2020-01-01T00:00:00Z","record":{"targetId":"`+other.target+`","disabled":"Y","gender":{"genderValue":"Female"}}}`+"\n"+
		`{"targetId":"`+plain+`"}`)
	out, errs := imported(t, dir, 0, file)
	if !strings.Contains(out, "3 records: 3 imported, 0 unchanged, 0 rejected") || errs != "" {
		t.Errorf("%s%s", out, errs)
	}
	sound(t, dir)

	p := startIn(t, dir)
	officer := p.token(t, "officer")
	r := p.do(t, "GET", records+"/49b092d6-22b4-11ec-9621-0242ac130002", request{token: officer}).want(t, 200)
	same(t, r.document(t), object(t, string(seed)))
	r = p.do(t, "GET", other.path(), request{token: officer}).want(t, 200)
	if r.header.Get("ETag") != `"7"` {
		t.Errorf("the ETag is %s", r.header.Get("ETag"))
	}
	same(t, without(r.document(t)), object(t, `{"disabled":true,"gender":{"genderValue":"f"}}`))
	p.do(t, "GET", records+"/"+plain, request{token: officer}).want(t, 200)
	p.patch(t, officer, other, `{"disabled":false}`).want(t, 200)
	var history struct {
		Versions []struct {
			Version    int
			By, Reason string
			Members    []string
		}
	}
	p.do(t, "GET", other.path()+"/history", request{token: officer}).want(t, 200).decode(t, &history)
	if v := history.Versions; len(v) != 2 || v[0].Version != 8 || v[1].Version != 7 || v[1].Reason != "import" || v[1].By == "" {
		t.Errorf("the history is %+v", v)
	}
	p.do(t, "PATCH", other.path(), request{token: officer, body: []byte(`{}`), headers: map[string]string{"X-Change-Reason": "import"}}).want(t, 400)
	events := p.allEvents(t, "2")
	if len(events) != 4 || events[1].Type != "equality-information.created" || events[1].Subject != other.target ||
		events[1].Data.Version != 7 || events[0].CorrelationID != events[2].CorrelationID {
		t.Errorf("the events are %+v", events)
	}
	if status := p.stop(t); status != 0 {
		t.Fatal(status)
	}
	// Later changes are not undone, and nothing else changes.
	before := exported(t, dir)
	out, _ = imported(t, dir, 1, file)
	if !strings.Contains(out, "0 imported, 2 unchanged, 1 rejected") || !strings.Contains(out, "import.differs: is about a person") {
		t.Error(out)
	}
	same(t, rejectsOf(t, file), []string{"3  import.differs " + other.id + " " + other.target})
	same(t, exported(t, dir), before)
	sound(t, dir)
	if n := len(startIn(t, dir).allEvents(t, "1000")); n != 4 {
		t.Errorf("there are %d events", n)
	}
}

func TestImportWithOneEventForAll(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	file := write(t, "people.ndjson", people(20, ""))
	imported(t, dir, 0, "--no-events", file)
	imported(t, dir, 0, "--no-events", file)
	p := startIn(t, dir)
	m := p.create(t, p.token(t, "officer"), "")
	events := p.allEvents(t, "1000")
	if len(events) != 2 || events[0].Type != "equality-information.import-completed" || events[0].Data.Count != 20 ||
		events[0].Subject != "" || events[1].Subject != m.target {
		t.Errorf("the events are %+v", events)
	}
}

// people are invented people whose ids depend on their number and a name.
func people(n int, members string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, `{"id":"%s","targetId":"%s","ageGroup":"preferNotToSay"%s}`+"\n", personID("id", i), personID("target", i), members)
	}
	return text.String()
}

func personID(kind string, i int) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, fmt.Append(nil, kind, i))
}

// A line with an error becomes a reject, and the lines around it are imported.
func TestLinesThatAreRejected(t *testing.T) {
	t.Parallel()
	a, b, target := uuid.NewString(), uuid.NewString(), uuid.NewString()
	long := strings.Repeat("x", 1<<20)
	for name, c := range map[string]mixed{
		"broken UTF-8":           {"ndjson", "{\"targetId\":\"" + a + "\",\"x\":\"\xff\"}\n" + one(b), 2, 1, []string{"1  json.utf8"}},
		"half a line":            {"ndjson", one(a) + `{"targetId":"` + b, 2, 1, []string{"2  json.syntax"}},
		"mixed line ends":        {"ndjson", one(a) + "\r\n\n" + strings.TrimSpace(one(b)) + "\r\n" + one("zebra"), 3, 2, []string{"5 /targetId id.form"}},
		"a long line":            {"ndjson", long + long + "\n" + one(a), 2, 1, []string{"1  import.line-length"}},
		"nothing":                {"ndjson", "\n\n", 0, 0, nil},
		"not JSON":               {"ndjson", "\x00\x01zebra\n" + one(a), 2, 1, []string{"1  json.syntax"}},
		"two for one person":     {"ndjson", one(target) + `{"id":"` + a + `","targetId":"` + target + `"}`, 2, 1, []string{"2  import.differs " + a + " " + target}},
		"the same twice":         {"ndjson", one(a) + one(a), 2, 1, nil},
		"an id of another":       {"ndjson", one(a) + `{"id":"` + a + `","targetId":"` + b + `"}`, 2, 1, []string{"2  import.id-taken " + a + " " + b}},
		"a person who is an id":  {"ndjson", `{"id":"` + a + `","targetId":"` + b + `"}` + "\n" + one(a), 2, 1, []string{"2  import.id-taken " + a + " " + a}},
		"several rules at once":  {"ndjson", `{"targetId":"` + a + `","disabled":"zebra","ageGroup":"zebra","zebra":1}`, 1, 0, []string{"1 /disabled type.answer", "1 /zebra json.unknown-member", "1 /ageGroup code.unknown"}},
		"a version below zero":   {"ndjson", `{"version":-1,"record":{"targetId":"` + a + `"}}`, 1, 0, []string{"1 /version import.version"}},
		"a row too short":        {"csv", "targetId,disabled\n" + a + "\n" + b + ",no\r\n", 2, 1, []string{"2  csv.cells"}},
		"a quote not closed":     {"csv", "targetId,disabled\n" + a + ",\"no\n" + b + ",no", 2, 1, []string{"2  csv.quotes"}},
		"a row that is not text": {"csv", "targetId,disabled\n" + a + ",\xff\n\n" + b + ",no", 2, 1, []string{"2  csv.utf8"}},
		"a wrong code in a row":  {"csv", "\ufefftargetId,\"gender.genderValue\"\n" + a + ",zebra\n" + b + ",M", 2, 1, []string{"2 /gender/genderValue code.unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			c.check(t, dir, "records")
			sound(t, dir)
			if lines := strings.Count(exported(t, dir), "\n"); lines != c.taken {
				t.Errorf("%d records exported", lines)
			}
		})
	}
}

// mixed is a file of which some can be imported.
type mixed struct {
	format, text string
	read, taken  int
	rejects      []string
}

// check imports the file, which holds records or people.
func (c mixed) check(t *testing.T, dir, items string) {
	t.Helper()
	file, status, told := write(t, "people", c.text), 0, ""
	if c.rejects != nil {
		status, told = 1, "equality-api: some "+items+" were rejected\n"
	}
	out, errs := imported(t, dir, status, "--format", c.format, file)
	if first := fmt.Sprintf("%s: %d %s: %d imported", file, c.read, items, c.taken); !strings.HasPrefix(out, first) {
		t.Errorf("%s, want %s", out, first)
	}
	if errs != told {
		t.Errorf("stderr is %q", errs)
	}
	same(t, rejectsOf(t, file), c.rejects)
	if strings.Contains(out, zebra) {
		t.Errorf("the summary repeats a value: %s", out)
	}
}

func one(target string) string { return `{"targetId":"` + target + `"}` + "\n" }

// A file that cannot be imported at all gives one line of error, and nothing is imported.
func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	good := write(t, "good.ndjson", one(uuid.NewString()))
	closed := write(t, "closed.ndjson", one(uuid.NewString()))
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	zipped := string(compressed(t, people(2000, "")))
	for name, c := range map[string]struct {
		args []string
		told string
	}{
		"a directory":                 {[]string{t.TempDir()}, "is not a regular file"},
		"a file that is not there":    {[]string{"zebra"}, "no such file"},
		"the second is not there":     {[]string{good, "zebra"}, "no such file"},
		"a file that cannot be read":  {[]string{closed}, "permission denied"},
		"a format that is none":       {[]string{"--format", "zebra", good}, "--format"},
		"a mapping of lines":          {[]string{"--map", good, good}, "--map"},
		"a mapping that is not there": {[]string{"--format", "csv", "--map", "zebra", good}, "--map"},
		"a mapping that is wrong":     {[]string{"--format", "csv", "--map", write(t, "m.yaml", "zebra: 1"), good}, "line 1 is not a known key"},
		"a wrong header":              {[]string{"--format", "csv", good}, "is not a header"},
		"a column that is unknown":    {[]string{"--format", "csv", write(t, "a.csv", "targetId,zebra\n")}, "column 2 is neither a known column"},
		"an empty CSV":                {[]string{"--format", "csv", write(t, "b.csv", "")}, "is empty"},
		"a gzip that is cut":          {[]string{write(t, "a.gz", zipped[:len(zipped)/2])}, "unexpected EOF"},
		"a gzip that is none":         {[]string{write(t, "b.gz", "\x1f\x8b"+strings.Repeat("zebra", 9))}, "gzip"},
		"rejects that have no place":  {[]string{"--rejects-dir", "zebra", write(t, "c.ndjson", "zebra")}, "no such file"},
		"no keyset":                   {[]string{"--data-dir", t.TempDir(), good}, "keyset.json is missing"},
	} {
		if name == "a file that cannot be read" && os.Getuid() == 0 {
			continue
		}
		out, errs, status := runCommand(t, append([]string{"import", "--data-dir", dir, "--rejects-dir", t.TempDir()}, c.args...)...)
		if status != 2 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, c.told) {
			t.Errorf("%s: status %d: %s%s", name, status, out, errs)
		}
	}
	if out := exported(t, dir); out != "" {
		t.Errorf("something was imported: %s", out)
	}
	startIn(t, dir)
	for _, args := range [][]string{{"import", good}, {"export"}} {
		if _, errs, status := runCommand(t, append(args, "--data-dir", dir)...); status != 2 || !strings.Contains(errs, "in use") {
			t.Errorf("%v beside a server: status %d: %s", args, status, errs)
		}
	}
}

// A dry run reads the files and leaves the directory as it is.
func TestDryRunWritesNothing(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.stop(t) // a server writes by itself
	before := listing(t, p.dir)
	file := write(t, "people.ndjson", one(uuid.NewString())+"zebra\n")
	out, _ := imported(t, p.dir, 1, "--dry-run", file)
	if !strings.Contains(out, "2 records: 1 could be imported, 1 rejected") {
		t.Error(out)
	}
	same(t, rejectsOf(t, file), []string{"2  json.syntax"})
	same(t, listing(t, p.dir), before)
	imported(t, filepath.Join(t.TempDir(), "nothing"), 0, "--dry-run", write(t, "good.ndjson", people(3, "")))
}

// listing returns the files of a directory with their lengths.
func listing(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]int64)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		found[e.Name()] = info.Size()
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(found)) {
		all = append(all, fmt.Sprint(name, " ", found[name]))
	}
	return all
}

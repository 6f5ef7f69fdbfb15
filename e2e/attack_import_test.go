package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/uuid"
)

const (
	fileTimeout = time.Minute // of an import, on a machine that does much else
	fileMemory  = 512 << 20   // bytes, whatever the file
	fileLength  = 40          // records of a file before it is changed
)

// files are how many files of each format the attack changes at random.
func files() int {
	if long() {
		return 60
	}
	return 3
}

// hostileLine is a record of a file, as it is imported.
type hostileLine struct {
	target  string
	text    string // with what ends the line
	touched bool
	stored  bool // must be imported, whatever was changed
}

// TestAttackWithHostileFiles imports files of every format that were valid before they were
// changed. An import ends, in bounded memory; it repeats nothing of the file; and whoever was
// in the file is imported or has a reject.
func TestAttackWithHostileFiles(t *testing.T) {
	t.Parallel()
	seed := attackSeed(t)
	for n, format := range []string{"csv", "ndjson", "dynamodb-json"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			a := &fileAttack{planted: &planted{t: t, program: &program{}}, format: format, dir: newDir(t), source: newSource(seed, uint64(n))}
			for range files() {
				a.records()
			}
			a.wholeFiles()
			sound(t, a.dir)
		})
	}
}

// fileAttack is the attack with files of one format.
type fileAttack struct {
	*planted
	source
	format, dir string
}

// records changes some lines of a file, and looks for everybody in it.
func (a *fileAttack) records() {
	header, lines := a.file()
	a.touch(lines)
	var text strings.Builder
	text.WriteString(header)
	starts := make([]int, 0, len(lines)+1) // at which line of the file each record begins
	next := strings.Count(header, "\n") + 1
	for _, l := range lines {
		starts = append(starts, next)
		text.WriteString(l.text)
		next += strings.Count(l.text, "\n")
	}
	starts = append(starts, next)
	path, out, status := a.run(text.String())
	if status == 2 {
		a.t.Errorf("a file with some wrong lines is refused: %s", out)
		return
	}
	export := exported(a.t, a.dir)
	var rejected []int
	for _, r := range rejectsOf(a.t, path) {
		line, _, _ := strings.Cut(r, " ")
		n, err := strconv.Atoi(line)
		if err != nil {
			a.t.Fatal(err)
		}
		rejected = append(rejected, n)
	}
	for i, l := range lines {
		stored := strings.Contains(export, l.target)
		if !stored && (!l.touched || l.stored) {
			a.t.Errorf("lost although nothing is wrong with the person: line %d: %.600q\n%s", starts[i], l.text, out)
		}
		told := slices.ContainsFunc(rejected, func(n int) bool { return n >= starts[i] && n < starts[i+1] })
		if named := strings.Contains(strings.ToLower(l.text), l.target); !stored && !told && named {
			a.t.Errorf("lost without a reject: line %d: %.600q\n%s", starts[i], l.text, out)
		}
	}
}

// touch changes some lines. What follows the first line of a file with a lone quote may be a
// cell of it, so in CSV only the last line is changed so.
func (a *fileAttack) touch(lines []hostileLine) {
	for range 1 + a.IntN(8) {
		l := &lines[1+a.IntN(len(lines)-2)]
		l.touched = true
		if a.format == "dynamodb-json" && a.one(2) {
			l.stored = !strings.Contains(l.text, marked)
			l.text = item(l.target, a.members(8)) + "\n"
			continue
		}
		l.stored = false
		l.text = a.broken(l.text, a.format != "csv")
	}
	if l := &lines[len(lines)-1]; a.format == "csv" {
		l.touched, l.text = true, a.broken(l.text, true)
	}
}

// broken changes a line, which stays one.
func (a *fileAttack) broken(line string, quotes bool) string {
	text := strings.TrimRight(a.mutated(strings.TrimSuffix(line, "\n")), "\n")
	if !quotes {
		text = strings.ReplaceAll(text, `"`, "'")
	}
	return text + "\n"
}

// members are attributes of an item with whatever its JSON allows.
func (a *fileAttack) members(n int) string {
	var all strings.Builder
	names := []string{"ageGroup", "gender", "nationality", "ethnicity", "religionOrBelief", "sexualOrientation", "marriageOrCivilPartnership",
		"pregnancyOrMaternity", "nationalInsuranceNumber", "languages", "caringResponsibilities", "disabled", "communicationRequirements",
		"economicSituation", "homeSituation", "armedForces", "versionNumber", "notAMember", "genderValue", "language", "isPrimary"}
	for range n {
		fmt.Fprintf(&all, `,%q:%s`, pick(a.source, names...), a.attribute(3))
		names = slices.DeleteFunc(names, func(name string) bool { return strings.Contains(all.String(), `"`+name+`":`) })
	}
	return all.String()
}

// attribute is a value in DynamoDB's JSON.
func (a *fileAttack) attribute(depth int) string {
	if depth > 0 && a.one(2) {
		return pick(a.source, `{"L":[`+a.attribute(depth-1)+`,`+a.attribute(depth-1)+`]}`,
			`{"M":{`+quoted(pick(a.source, "genderValue", "language", "isPrimary", "pregnancyDate", marked))+`:`+a.attribute(depth-1)+`}}`)
	}
	return pick(a.source, `{"NULL":true}`, `{"BOOL":false}`, `{"B":"AAEC"}`, `{"SS":["a","b"]}`, `{"NS":["1"]}`, `{"BS":[]}`, `{"L":[]}`, `{"M":{}}`,
		`{"N":"1e400"}`, `{"N":"-1"}`, `{"N":"9223372036854775807"}`, `{"S":""}`, `{"S":"british"}`,
		`{"S":`+mustJSON(a.text())+`}`, `{"S":`+mustJSON(a.small())+`}`)
}

// item is a line of the earlier service's table.
func item(target, members string) string {
	return `{"Item":{"id":{"S":"` + target + `"},"targetId":{"S":"` + target + `"}` + members + `}}`
}

// file returns a valid file of the format, with its header, if it has one.
func (a *fileAttack) file() (header string, lines []hostileLine) {
	if a.format == "csv" {
		header = "targetId,gender.genderValue,gender.genderValueIfOther,languages.primary,languages.others,disabled,homeSituation,homeSituationIfOther\r\n"
	}
	for range fileLength {
		l := hostileLine{target: uuid.NewString()}
		switch a.format {
		case "csv":
			l.text = l.target + `,o,"of, ` + marked + `",english,french;welsh,no,other,` + marked + "\r\n"
		case "ndjson":
			l.text = full(l.target, false) + "\n"
		default:
			l.text = item(l.target, `,"gender":{"M":{"genderValue":{"S":"m"},"genderValueIfOther":{"NULL":true}}},"languages":{"L":[{"M":{"language":{"S":"english"},`+
				`"isPrimary":{"BOOL":true}}}]},"communicationRequirements":{"L":[{"S":"`+marked+`"}]},"versionNumber":{"N":"3"}`) + "\n"
		}
		lines = append(lines, l)
	}
	return header, lines
}

// wholeFiles imports files that are wrong as a whole, or right although they do not look it.
func (a *fileAttack) wholeFiles() {
	header, lines := a.file()
	good := header
	for _, l := range lines {
		good += l.text
	}
	zipped := string(compressed(a.t, good))
	times := 1 << 16
	if long() {
		times = 1 << 19
	}
	var wide strings.Builder
	for _, unit := range utf16.Encode([]rune(good)) {
		wide.WriteByte(byte(unit))
		wide.WriteByte(byte(unit >> 8))
	}
	many := strings.Repeat
	all := []struct{ name, text string }{
		{"nothing", ""}, {"blank lines", many("\n", times)}, {"blanks", many(" ", 4<<20)}, {"NULs", many("\x00", times)},
		{"no line ends", header + many("a", 4<<20)}, {"carriage returns", strings.ReplaceAll(good, "\n", "\r")},
		{"UTF-16", wide.String()}, {"UTF-16 with its mark", "\xff\xfe" + wide.String()}, {"Latin-1", strings.ReplaceAll(good, marked, marked+"\xe9")},
		{"marks everywhere", strings.ReplaceAll("\ufeff"+good, "\n", "\n\ufeff")}, {"half", good[:len(good)/2+7]},
		{"half a gzip", zipped[:len(zipped)/2]}, {"a gzip in a gzip", string(compressed(a.t, zipped))}, {"garbage after a gzip", zipped + marked},
		{"much in little", a.bomb(header, many("a", 1<<10), times)}, {"many lines in little", a.bomb(header, "[\n", times)},
		{"depth", many("[", times)}, {"depth of objects", many(`{"a":`, times)}, {"an array without an end", "[" + many(`{},`, times)},
		{"quotes", header + many(`"`, times)}, {"commas", header + many(",", times)}, {"a header of many columns", many("targetId,", times)},
		{"a wrong end", good + "\x1a"}, {"the wrong format", `{"Items":[` + marked + `]}`},
	}
	a.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	if !long() {
		all = all[:6]
	}
	for _, f := range all {
		_, out, status := a.run(f.text)
		a.t.Logf("%s: status %d: %.200s", f.name, status, out)
	}
	// Two gzips behind each other are one, and only its name makes a file another one.
	_, more := a.file()
	both := zipped + string(compressed(a.t, more[0].text+more[1].text))
	if _, out, status := a.run(both); status != 0 {
		a.t.Errorf("two gzips: status %d: %s", status, out)
	}
	export := exported(a.t, a.dir)
	for _, l := range slices.Concat(lines, more[:2]) {
		if !strings.Contains(export, l.target) {
			a.t.Errorf("somebody in the gzips is lost: %s", l.text)
		}
	}
}

// bomb is a small file of many equal parts, which are not made all at once: the memory of
// this process is not what is tested.
func (a *fileAttack) bomb(header, part string, times int) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, header)
	for range times {
		if err == nil {
			_, err = io.WriteString(w, part)
		}
	}
	if err = errors.Join(err, w.Close()); err != nil {
		a.t.Fatal(err)
	}
	return b.String()
}

var summary = regexp.MustCompile(`(?m): ([0-9,]+) records: ([0-9,]+) imported, ([0-9,]+) unchanged, ([0-9,]+) rejected`)

// run imports a file, and checks what holds for any.
func (a *fileAttack) run(text string) (path, output string, status int) {
	a.t.Helper()
	path = write(a.t, "people."+pick(a.source, "csv", "json.gz", "xlsx", "zip", "txt"), text)
	args := slices.Concat([]string{"import", "--rejects-dir", filepath.Dir(path), "--format", a.format}, at(a.dir), []string{path})
	cmd := command(args...)
	began := time.Now()
	stop := time.AfterFunc(fileTimeout, func() { _ = cmd.Process.Kill() })
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	used, _ := runMeasured(cmd) // its status is what counts
	stop.Stop()
	status = cmd.ProcessState.ExitCode()
	output = out.String() + errs.String()
	if used<<10 > fileMemory && !underRace() {
		a.t.Errorf("the import used %d MiB", used>>10)
	}
	told := errs.String()[strings.LastIndex(strings.TrimSpace(errs.String()), "\n")+1:]
	if status < 0 || status > 2 || strings.Contains(output, "goroutine ") || status == 2 && !strings.HasPrefix(told, "equality-api: ") {
		a.t.Errorf("status %d after %v: %.3000s", status, time.Since(began), output)
	}
	a.clean("the output", []byte(output))
	for _, kind := range []string{".rejects.ndjson", ".findings.ndjson"} {
		report, err := os.ReadFile(path + kind)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			a.t.Error(err)
		}
		a.clean(kind, report)
		for line := range strings.Lines(string(report)) {
			if !json.Valid([]byte(line)) {
				a.t.Errorf("%s has %.200q", kind, line)
			}
		}
	}
	if status < 2 {
		a.counts(output, status)
	}
	return path, output, status
}

// counts checks that everybody who was read is counted once.
func (a *fileAttack) counts(output string, status int) {
	a.t.Helper()
	found := summary.FindStringSubmatch(output)
	if found == nil {
		a.t.Errorf("status %d without a summary: %s", status, output)
		return
	}
	var n [4]int
	for i := range n {
		var err error
		if n[i], err = strconv.Atoi(strings.ReplaceAll(found[i+1], ",", "")); err != nil {
			a.t.Fatal(err)
		}
	}
	if n[0] != n[1]+n[2]+n[3] || (n[3] > 0) != (status == 1) {
		a.t.Errorf("status %d, and the counts do not add up: %s", status, output)
	}
}

package e2e

import (
	"strings"
	"testing"
)

const (
	someone = "9e1e8a30-4a5e-4c0b-9d0c-0d8f0f6f9b0"
	pcqRows = "Person,dis\n" + someone + "1,0\n" + someone + "2,1\n" + someone + "3,2\n"
)

// What PCQ's numbers and the dates of spreadsheets mean is said in a mapping, or
// the file is told what it needs. Nothing is guessed.
func TestNothingIsGuessedInAnImport(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	file := write(t, "pcq.csv", pcqRows)
	out, _ := imported(t, dir, 1, "--format", "csv", "--map", write(t, "plain.yaml", "columns: {Person: targetId, dis: disabled}"), file)
	if !strings.Contains(out, "3 records: 1 imported, 0 unchanged, 2 rejected") || !strings.Contains(out, "import.answer-coding: is 0 or 2,") {
		t.Error(out)
	}
	same(t, rejectsOf(t, file), []string{"2 /disabled import.answer-coding", "4 /disabled import.answer-coding"})
	if text := exported(t, dir); strings.Contains(text, "false") {
		t.Errorf("0 is no: %s", text)
	}
	file = write(t, "pcq.csv", pcqRows)
	out, _ = imported(t, dir, 0, "--format", "csv", "--map", write(t, "pcq.yaml", "columns: {Person: targetId, dis: disabled}\nmaps: {disabled: pcq}"), file)
	if !strings.Contains(out, "3 records: 2 imported, 1 unchanged, 0 rejected") {
		t.Error(out)
	}
	text := exported(t, dir)
	for i, want := range []string{`"preferNotToSay"`, "true", "false"} {
		if line := strings.Split(text, "\n")[i]; !strings.Contains(line, someone+string(rune('1'+i))) || !strings.Contains(line, `"disabled":`+want) {
			t.Errorf("person %d: %s", i+1, line)
		}
	}

	dates := "targetId,pregnancyDates\n" + someone + "1,04/01/2024\n" + someone + "2,2024-01-04 00:00:00\n" + someone + "3,45295\n" +
		someone + "4,04-Jan-24\n" + someone + "5,2024-01-04T00:00:00.000Z\n" + someone + "6,2024-01-04\n"
	dir, file = newDir(t), write(t, "dates.csv", dates)
	out, _ = imported(t, dir, 1, "--format", "csv", file)
	if !strings.Contains(out, "6 records: 3 imported, 0 unchanged, 3 rejected") || strings.Count(out, "dateFormat: ") != 3 {
		t.Error(out)
	}
	file = write(t, "dates.csv", dates)
	imported(t, dir, 0, "--format", "csv", "--map", write(t, "dates.yaml", "dateFormat: [DD/MM/YYYY, DD-MMM-YY, excel]"), file)
	if text := exported(t, dir); strings.Count(text, `"pregnancyDate":"2024-01-04"`) != 6 {
		t.Error(text)
	}
	sound(t, dir)
}

// Rows of commas, as spreadsheets leave them where rows were deleted, hide no
// reject.
func TestEmptyRowsAreNoRejects(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	file := write(t, "people.csv", "targetId,gender.genderValue,nationality\r\n"+someone+"1,f,british\r\n,,\r\n\"\",,\r\n , ,\r\n\r\n"+someone+"2,zebra,\r\n,,\r\n")
	out, _ := imported(t, dir, 1, "--format", "csv", file)
	if !strings.Contains(out, "2 records: 1 imported, 0 unchanged, 1 rejected; 5 empty rows passed over\n") {
		t.Error(out)
	}
	same(t, rejectsOf(t, file), []string{"7 /gender/genderValue code.unknown"})
	again, _ := imported(t, dir, 1, "--format", "csv", "--resume", file)
	same(t, again, out)
}

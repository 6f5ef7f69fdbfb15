package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"equality-information-api/internal/config"
)

// tableOf are the rows of the table behind a mark in a document, without code marks.
func tableOf(t *testing.T, document, mark string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", document))
	if err != nil {
		t.Fatal(err)
	}
	_, after, found := strings.Cut(string(text), "<!-- "+mark+" -->\n")
	if !found {
		t.Fatalf("docs/%s has no table %s", document, mark)
	}
	for line := range strings.Lines(after) {
		if !strings.HasPrefix(line, "|") {
			break
		}
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(strings.TrimSpace(line), "|"), "|") {
			cells = append(cells, strings.TrimSpace(strings.ReplaceAll(cell, "`", "")))
		}
		rows = append(rows, cells)
	}
	return rows[2:] // behind the heading
}

func TestOperationsTellsOfEverySetting(t *testing.T) {
	t.Parallel()
	rows := tableOf(t, "operations.md", "settings")
	told := make(map[string][]string)
	for _, row := range rows {
		told[strings.Fields(row[0])[0]] = row
	}
	settings := 0
	for field := range reflect.TypeFor[config.Config]().Fields() {
		name := field.Tag.Get("name")
		if name == "" {
			continue
		}
		settings++
		row, ok := told["--"+name]
		if !ok {
			t.Errorf("docs/operations.md does not tell of --%s", name)
			continue
		}
		flag := strings.TrimSpace("--" + name + " " + field.Tag.Get("placeholder"))
		key := name
		if name == "config" {
			key = "–"
		}
		help := strings.NewReplacer("(${default}, 90 days)", "(90 days)", " (${default})", "", "`", "").Replace(field.Tag.Get("help"))
		if want := []string{flag, field.Tag.Get("env"), key, field.Tag.Get("default"), help}; !reflect.DeepEqual(row, want) {
			t.Errorf("docs/operations.md says\n%q\nof --%s, and not\n%q", row, name, want)
		}
	}
	if settings != len(rows) {
		t.Errorf("docs/operations.md tells of %d settings; there are %d", len(rows), settings)
	}
}

func TestSupportTellsOfEveryQuery(t *testing.T) {
	t.Parallel()
	told := make(map[string]string)
	for _, row := range tableOf(t, "support.md", "queries") {
		name, _, _ := strings.Cut(strings.TrimPrefix(row[0], "["), "]")
		told[name] = row[1]
	}
	const folder = "../../internal/store/queries"
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		var says []string
		for line := range strings.Lines(string(text)) {
			if comment, ok := strings.CutPrefix(line, "--"); ok {
				says = append(says, strings.TrimSpace(comment))
			}
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, folder+"/"), ".sql")
		if want := strings.Join(says, " "); told[name] != want {
			t.Errorf("docs/support.md says %q of %s, whose file says %q", told[name], name, want)
		}
		delete(told, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range told {
		t.Errorf("docs/support.md tells of %s, which has no file", name)
	}
}

func TestPeopleOfTheImportPageAreTheExample(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	people, err := os.ReadFile("../../examples/people.csv")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```\n"+string(people)+"```\n") {
		t.Error("docs/import.md does not show examples/people.csv as it is: copy the file into the page")
	}
}

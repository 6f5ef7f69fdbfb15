package bulk

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
)

// table returns the names in the first cells, and the rows, of the table after a mark in docs/import.md.
func table(t *testing.T, mark string) (names, rows []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/import.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(text), "<!-- "+mark+" -->\n")
	if !ok {
		t.Fatalf("docs/import.md has no table %s", mark)
	}
	for i, row := range strings.Split(after, "\n") {
		if !strings.HasPrefix(row, "|") {
			return names, rows
		}
		if i < 2 {
			continue
		}
		rows = append(rows, row)
		for _, name := range regexp.MustCompile("`([^`]*)`").FindAllStringSubmatch(strings.Split(row, "|")[1], -1) {
			names = append(names, name[1])
		}
	}
	return names, rows
}

func TestDocumentedHeaderAndRules(t *testing.T) {
	t.Parallel()
	for mark, want := range map[string][]string{"header": Records.Header(), "persons header": Persons.Header()} {
		names, _ := table(t, mark)
		if d := cmp.Diff(want, names); d != "" {
			t.Errorf("the table %s in docs/import.md differs from the columns (-columns +docs/import.md):\n%s", mark, d)
		}
	}
	_, rows := table(t, "rules")
	var want []string
	for _, m := range Meanings {
		want = append(want, "| `"+m.Code+"` | "+m.Meaning+" |")
	}
	if d := cmp.Diff(want, rows); d != "" {
		t.Errorf("the table of rules in docs/import.md differs from Meanings (-Meanings +docs/import.md):\n%s", d)
	}
}

// otherwise are the members whose columns have a different form.
var otherwise = map[string][]string{
	"pregnancyOrMaternity": {pregnancyColumn}, "languages": {primaryColumn, othersColumn},
}

func TestEveryMemberHasItsColumn(t *testing.T) {
	t.Parallel()
	for got, of := range map[*layout]reflect.Type{&Records.layout: reflect.TypeFor[equality.Record](), &Persons.layout: reflect.TypeFor[directory.Person]()} {
		names := slices.DeleteFunc(got.Header(), func(name string) bool { return name == versionColumn || name == modifiedColumn })
		if d := cmp.Diff(columnsOf(of), names); d != "" {
			t.Errorf("the columns are not those of the members of %v (-members +columns):\n%s", of, d)
		}
	}
}

// columnsOf are the columns that the members of an item have.
func columnsOf(of reflect.Type) (names []string) {
	for member := range of.Fields() {
		name, _, _ := strings.Cut(member.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case otherwise[name] != nil:
			names = append(names, otherwise[name]...)
		case member.Type.Kind() == reflect.Struct && member.Type != reflect.TypeFor[equality.Text]() && member.Type != reflect.TypeFor[equality.Date]():
			for inner := range member.Type.Fields() {
				innerName, _, _ := strings.Cut(inner.Tag.Get("json"), ",")
				names = append(names, name+"."+innerName)
			}
		default:
			names = append(names, name)
		}
	}
	return names
}

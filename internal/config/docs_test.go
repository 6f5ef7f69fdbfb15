package config

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

//go:generate go test -count=1 -run TestOperationsListsEverySetting . -args -update

var update = flag.Bool("update", false, "write the tables of settings into docs/operations.md")

const operations = "../../docs/operations.md"

// tables returns the settings in the form of docs/operations.md, one table for each
// section.
func tables() string {
	var out strings.Builder
	for _, section := range sections(new(Settings)) {
		fmt.Fprintf(&out, "### %s\n\n| setting | variable | default | must be | meaning |\n| --- | --- | --- | --- | --- |\n", section.title)
		for _, s := range section.settings {
			written, env, rule := code(strings.TrimSpace("--"+s.name+" "+s.placeholder)), code(variable(s.name)), s.rule
			switch {
			case s.flag == nil:
				written, env = code(s.name)+" (file only)", ""
			case s.flag.Kind() == reflect.Slice:
				written, rule = code("--"+s.name+" "+s.placeholder+",..."), "a list; each entry "+rule
			}
			row := []string{written, env, code(s.fallback), rule, s.help}
			fmt.Fprintf(&out, "| %s |\n", strings.Join(row, " | "))
		}
		out.WriteString("\n")
	}
	return out.String()
}

// code formats text as code in a Markdown table.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(text, "|", `\|`) + "`"
}

func TestOperationsListsEverySetting(t *testing.T) {
	const begin, end = "<!-- settings: `make generate` writes this -->\n\n", "<!-- end of settings -->\n"
	text, err := os.ReadFile(operations)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), begin)
	old, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("docs/operations.md has no line %q, or no %q after it", begin, end)
	}
	now := tables()
	if old == now {
		return
	}
	if !*update {
		t.Fatal("the settings in docs/operations.md are out of date: run make generate")
	}
	if err := os.WriteFile(operations, []byte(before+begin+now+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

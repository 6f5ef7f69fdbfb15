package audit

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The playbook explains every finding: a new one is missing from its table until it does.
func TestThePlaybookExplainsEveryFinding(t *testing.T) {
	t.Parallel()
	read := func(path string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	playbook := read("../../docs/support.md")
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	literal := regexp.MustCompile(`(?:find|yield|Sprintf)\("([^"]+)"`)
	verb := regexp.MustCompile(`%[a-z]`)
	found := 0
	for _, file := range append(files, "../store/log.go", "../store/beside.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for _, match := range literal.FindAllStringSubmatch(read(file), -1) {
			for _, words := range verb.Split(match[1], -1) {
				if words = strings.TrimSpace(words); strings.Count(words, " ") < 2 {
					continue // no more than what it is about
				}
				if found++; !strings.Contains(playbook, words) {
					t.Errorf("docs/support.md does not explain the finding %q of %s", match[1], file)
				}
			}
		}
	}
	if found < 15 {
		t.Errorf("only %d findings are in the source", found)
	}
}

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	documentLink = regexp.MustCompile(`\]\(([^)\s:]+)\)`)
	headingLine  = regexp.MustCompile(`(?m)^#+ (.*)$`)
	inFence      = regexp.MustCompile("(?ms)^```.*?^```")
	notInAnchor  = regexp.MustCompile(`[^\w\- ]`)
	playbookRow  = regexp.MustCompile("(?m)^\\| (`.*?`) \\| .*\\|$")
	inQuotes     = regexp.MustCompile("`([^`]+)`")
	// What differs from one message to another, or comes from the system.
	filledIn   = regexp.MustCompile(`…|\d+|"|record|keyset\.json|--listen:|address already in use|EVENT-ID`)
	logMessage = regexp.MustCompile(`(?:[rR]eport\(|\b[lL]og\.(?:Info|Warn|Error)\(|slog\.Level(?:Info|Error), )"([^"]+)"`)
)

// A link from one document to another leads to a file, and to a heading in it.
func TestLinksBetweenDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	documents := []string{"../README.md", "../CONTRIBUTING.md"}
	for _, pattern := range []string{"../docs/*.md", "../docs/adr/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		documents = append(documents, found...)
	}
	read := func(file string) string {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return inFence.ReplaceAllString(string(text), "")
	}
	for _, document := range documents {
		for _, link := range documentLink.FindAllStringSubmatch(read(document), -1) {
			name, anchor, _ := strings.Cut(link[1], "#")
			file := document
			if name != "" {
				file = filepath.Join(filepath.Dir(document), name)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s: the link %s leads to no file", document, link[1])
				continue
			}
			if anchor != "" && !slices.ContainsFunc(headingLine.FindAllStringSubmatch(read(file), -1), func(h []string) bool {
				return anchor == strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(h[1]), ""), " ", "-")
			}) {
				t.Errorf("%s: the link %s leads to no heading", document, link[1])
			}
		}
	}
}

// What the server logs is explained in operations.md.
func TestEveryLogMessageIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for file, source := range sources(t) {
		for _, m := range logMessage.FindAllStringSubmatch(source, -1) {
			found++
			// The page leaves out what follows a colon where several lines begin alike.
			if begin, _, _ := strings.Cut(m[1], ":"); !strings.Contains(string(text), "`"+begin) {
				t.Errorf("docs/operations.md does not mention the message %q of %s", m[1], file)
			}
		}
	}
	if found < 20 {
		t.Errorf("%d messages were found", found)
	}
}

// Whoever looks a message up in the playbook finds the words that the program prints.
func TestMessagesOfThePlaybookAreThoseOfTheProgram(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/support.md")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, source := range sources(t) {
		all.WriteString(strings.ReplaceAll(source, `\"`, `"`))
	}
	rows := playbookRow.FindAllStringSubmatch(string(text[strings.Index(string(text), "### It does not start"):]), -1)
	if len(rows) < 30 {
		t.Fatalf("the playbook has %d rows of messages", len(rows))
	}
	for _, row := range rows {
		for _, message := range inQuotes.FindAllStringSubmatch(row[1], -1) {
			for _, part := range filledIn.Split(message[1], -1) {
				if part = strings.TrimSpace(part); len(part) > 1 && !strings.Contains(all.String(), part) {
					t.Errorf("docs/support.md has the message %q, but the program has no %q", message[1], part)
				}
			}
		}
	}
}

// sources are the program's source files, by name.
func sources(t *testing.T) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	for _, pattern := range []string{"../cmd/*/*.go", "../internal/*/*.go", "../internal/*/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") {
				texts[file] = string(source)
			}
		}
	}
	return texts
}

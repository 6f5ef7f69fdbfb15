package refdata

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var release = flag.String("release", "", "write the codes of this release, such as 2026-11, to testdata/released before the test")

// released is what a release promised: list → code → its aliases.
type released map[string]map[string][]string

// TestReleasedCodes checks the lists against every earlier release. Records have
// its codes and callers send its aliases, so a code may be retired but must
// stay, and an alias must stay with its code.
func TestReleasedCodes(t *testing.T) {
	lists := mustLoad(t)
	if *release != "" {
		writeRelease(t, lists, filepath.Join("testdata", "released", *release+".json"))
	}
	files, err := filepath.Glob(filepath.Join("testdata", "released", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no releases to compare with: %v", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var promised released
		if err := json.Unmarshal(content, &promised); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for name, codes := range promised {
			list := mustGet(t, lists, name)
			for code, aliases := range codes {
				if _, ok := list.Find(code); !ok {
					t.Errorf("%s: data/%s.json has lost %q: put it back with \"active\": false", file, name, code)
				}
				for _, alias := range aliases {
					if c, ok := list.Resolve(alias); !ok || c.Code != code {
						t.Errorf("%s: data/%s.json gives %q for the alias %q, which belongs to %q", file, name, c.Code, alias, code)
					}
				}
			}
		}
	}
}

func writeRelease(t *testing.T, lists *Lists, file string) {
	t.Helper()
	promised := make(released)
	for _, list := range lists.All() {
		promised[list.Name] = make(map[string][]string)
		for _, c := range list.Codes {
			promised[list.Name][c.Code] = append([]string{}, c.Aliases...)
		}
	}
	content, err := json.MarshalIndent(promised, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(content, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

package config

import (
	"fmt"
	"strings"
	"testing"
)

func TestGroups(t *testing.T) {
	path := write(t, "settings.yaml", "data-dir: d\ngroups:\n  housing: [officer, support]\n  \"consumer:app\":\n  - service\n", 0o644)
	s, err := parse(t, "--config="+path)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(s.Groups); got != "map[consumer:app:[service] housing:[officer support]]" {
		t.Errorf("got %s", got)
	}
}

func TestWrongFiles(t *testing.T) {
	for text, says := range map[string]string{
		"- a":                               "not a mapping",
		marker:                              "not a mapping",
		"listen: 'x":                        "not YAML",
		"rate-burst: 1\n---\nrate-limit: 1": "more than one YAML document",
		"---\n...\n" + marker:               "more than one YAML document",
		"a: *" + marker:                     "not YAML",
		"rate-burst: 1\nrate-burst: 2":      "line 2: a key is given twice (rate-burst)",
		marker + "!: 1":                     "line 1: unknown key",
		"config: other.yaml":                "unknown key (config)",
		"rate_burst: 1":                     "unknown key (rate_burst)",
		"listen:":                           "takes one value",
		"listen: {a: b}":                    "takes one value",
		"listen: [a]":                       "takes one value",
		"cors-origins: {a: b}":              "takes a list",
		"cors-origins:":                     "takes a list",
		"cors-origins: [[a]]":               "plain values",
		"groups: [a]":                       "groups must be a mapping",
		"groups: {a: officer}":              "a list of roles",
		"groups: {a: [officer], a: []}":     "twice",
		"groups: {a: [~]}":                  "plain values",
	} {
		_, err := parse(t, "--data-dir=d", "--config="+write(t, "settings.yaml", text, 0o644))
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), marker) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := parse(t, "--data-dir=d", "--config=/nowhere/"+marker); err == nil || strings.Contains(err.Error(), marker) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := parse(t, "--data-dir=d", "--config="+write(t, "settings.yaml", "# nothing\n", 0o644)); err != nil {
		t.Errorf("an empty file: %v", err)
	}
}

// FuzzFile checks that a settings file is read or refused, and that what is refused is not
// repeated.
func FuzzFile(f *testing.F) {
	for _, text := range []string{"", "listen: 127.0.0.1:1\n", "groups: {a: [officer]}", "a: &a [*a]", "listen: !!binary x", "? [a]\n: b", "\xff", "cors-origins: [[[", "groups: *x", "rate-burst: 1\n---", "..."} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := write(t, "settings.yaml", text+"\n"+marker+"!: "+marker+"\n", 0o644)
		_, err := parse(t, "--data-dir=d", "--config="+path)
		if err == nil || strings.Contains(err.Error(), marker) {
			t.Errorf("%q: %v", text, err)
		}
	})
}

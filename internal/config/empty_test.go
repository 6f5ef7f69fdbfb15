package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// A setting that is given empty is not one that was left out: it is most often a variable of
// a shell that is not set, and the check or encryption that was asked for would be off.
func TestNoSettingIsGivenEmpty(t *testing.T) {
	flags, _ := all(new(Settings))
	for _, s := range flags {
		values := []string{"", " "}
		if s.flag.Kind() == reflect.Slice {
			values = append(values, ",", sample(t, index(flags, s.name))+",")
		}
		for _, value := range values {
			base := []string{"--data-dir=d"}
			if s.name == "data-dir" {
				base = nil
			}
			file := fmt.Sprintf("%s: %q\n", s.name, value)
			if s.flag.Kind() == reflect.Slice {
				file = fmt.Sprintf("%s: [%q]\n", s.name, strings.Trim(value, ","))
			}
			for way, ask := range map[string]func(t *testing.T) (Settings, error){
				"flag": func(t *testing.T) (Settings, error) {
					return parse(t, append(slices.Clone(base), "--"+s.name+"="+value)...)
				},
				"variable": func(t *testing.T) (Settings, error) {
					t.Setenv(variable(s.name), value)
					return parse(t, base...)
				},
				"file": func(t *testing.T) (Settings, error) {
					return parse(t, append(slices.Clone(base), "--config="+write(t, "settings.yaml", file, 0o644))...)
				},
			} {
				if way == "file" && strings.Trim(value, ", ") != "" {
					continue // the sample alone
				}
				t.Run(fmt.Sprintf("%s as a %s %q", s.name, way, value), func(t *testing.T) {
					_, err := ask(t)
					want := fmt.Sprintf("--%s (%s, %s in the file): must not be empty", s.name, variable(s.name), s.name)
					if err == nil || !strings.HasPrefix(err.Error(), want) {
						t.Errorf("got %v", err)
					}
				})
			}
		}
	}
	if _, err := parse(t, "--data-dir=d", "--config="); err == nil || !strings.Contains(err.Error(), "--config (EQUALITY_API_CONFIG): must not be empty") {
		t.Errorf("--config=: %v", err)
	}
	t.Setenv("EQUALITY_API_CONFIG", "")
	if _, err := parse(t, "--data-dir=d"); err == nil || !strings.Contains(err.Error(), "must not be empty") {
		t.Errorf("EQUALITY_API_CONFIG empty: %v", err)
	}
}

func index(settings []setting, name string) int {
	for i, s := range settings {
		if s.name == name {
			return i
		}
	}
	return -1
}

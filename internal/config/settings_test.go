package config

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// These tests cover every setting, including new ones. They set environment variables, so
// they do not run in parallel.

// marker is a value that no message may repeat.
const marker = "s3cret-Marker"

// parse does what main does: it parses a serve command with the settings embedded and a
// flag of its own.
func parse(t *testing.T, args ...string) (Settings, error) {
	t.Helper()
	var cli struct {
		Serve struct {
			Config
			Extra string `env:"EQUALITY_API_EXTRA"`
		} `cmd:""`
		Other struct {
			DataDir string `env:"EQUALITY_API_DATA_DIR"`
		} `cmd:""`
	}
	cli.Serve.Config = New()
	k, err := kong.New(&cli, Lists)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Parse(append([]string{"serve"}, args...)); err != nil {
		t.Fatalf("kong refused what Settings should: %v", err)
	}
	return cli.Serve.Settings()
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask
		t.Fatal(err)
	}
	return path
}

// all returns the settings that have a flag, bound to s, and how many have none.
func all(s *Settings) (flags []setting, trees int) {
	for _, section := range sections(s) {
		for _, setting := range section.settings {
			if setting.flag == nil {
				trees++
			} else {
				flags = append(flags, setting)
			}
		}
	}
	return flags, trees
}

// setTo returns Settings with only setting i set, and what is wrong with the value.
func setTo(i int, value string) (s Settings, broken []string) {
	flags, _ := all(&s)
	broken = flags[i].set([]string{value})
	return s, broken
}

// sample returns a valid value of setting i that changes Settings: the last valid word of
// its rule, or else the name of a file with a secret.
func sample(t *testing.T, i int) string {
	t.Helper()
	flags, _ := all(new(Settings))
	rule := flags[i].rule
	if rule == "" {
		return "text"
	}
	values := append([]string{writeSecret(t)}, strings.Fields(rule)...)
	for _, word := range slices.Backward(values) {
		word = strings.TrimRight(word, ",;:.")
		if s, broken := setTo(i, word); broken == nil && !reflect.DeepEqual(s, Settings{}) {
			return word
		}
	}
	t.Fatalf("the rule of %s shows no valid value: %s", flags[i].name, rule)
	return ""
}

func TestEverySettingFillsFieldsOfItsOwn(t *testing.T) {
	flags, trees := all(new(Settings))
	filledBy := make(map[string]string)
	for i, described := range flags {
		s, broken := setTo(i, sample(t, i))
		if broken != nil {
			t.Errorf("%s: %q", described.name, broken)
		}
		before := len(filledBy)
		v := reflect.ValueOf(s)
		for field := range v.NumField() {
			if name := v.Type().Field(field).Name; !v.Field(field).IsZero() {
				if other := filledBy[name]; other != "" {
					t.Errorf("%s and %s both fill %s", other, described.name, name)
				}
				filledBy[name] = described.name
			}
		}
		if len(filledBy) == before {
			t.Errorf("%s fills no field that no other does", described.name)
		}
	}
	// Local depends on other settings.
	if fields := reflect.TypeFor[Settings]().NumField(); len(filledBy)+trees+1 != fields {
		t.Errorf("settings fill %d of %d fields of Settings", len(filledBy)+trees+1, fields)
	}
}

func TestEverySettingIsAFlagAKeyAndAVariable(t *testing.T) {
	// Rules between settings: certificate and key are a pair, and demo people are only for
	// local mode.
	special := map[string]string{"demo-people": "0"}
	special["tls-cert"], special["tls-key"] = certificate(t)

	var args []string
	var file strings.Builder
	variables := make(map[string]string)
	flags, _ := all(new(Settings))
	for i, s := range flags {
		value, ok := special[s.name]
		if !ok {
			value = sample(t, i)
		}
		args = append(args, "--"+s.name+"="+value)
		variables[variable(s.name)] = value
		if s.flag.Kind() == reflect.Slice {
			fmt.Fprintf(&file, "%s:\n- %q\n", s.name, value)
		} else {
			fmt.Fprintf(&file, "%s: %q\n", s.name, value)
		}
	}
	byFlag, err := parse(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	byFile, err := parse(t, "--config="+write(t, "settings.yaml", file.String(), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	for variable, value := range variables {
		t.Setenv(variable, value)
	}
	byEnv, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(byFlag, byFile) || !reflect.DeepEqual(byFlag, byEnv) {
		t.Errorf("flag: %+v\nfile: %+v\nenv:  %+v", byFlag, byFile, byEnv)
	}
}

func TestEveryDefaultIsValid(t *testing.T) {
	if _, err := parse(t, "--data-dir=d"); err != nil {
		t.Error(err)
	}
}

func TestErrorsNameTheSettingAndItsRule(t *testing.T) {
	flags, _ := all(new(Settings))
	for _, s := range flags {
		value := marker
		if s.set([]string{value}) == nil {
			continue // any text is valid
		}
		_, err := parse(t, "--data-dir=d", "--"+s.name+"="+value)
		if err == nil {
			t.Errorf("%s accepts %q; its rule: %s", s.name, value, s.rule)
			continue
		}
		want := regexp.MustCompile(`^--` + s.name + ` \(` + variable(s.name) + `, ` + s.name + ` in the file\): (entry 1: )?must be ` + regexp.QuoteMeta(s.rule))
		if !want.MatchString(err.Error()) || strings.Contains(err.Error(), marker) {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}

func TestEverySettingHasAPlainNameAndHelp(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9]*([-.][a-z0-9]+)*$`)
	for _, section := range sections(new(Settings)) {
		for _, s := range section.settings {
			if !name.MatchString(s.name) {
				t.Errorf("%q is no name of a setting", s.name)
			}
			if !strings.HasSuffix(s.help, ".") || strings.Count(s.help, "`")%2 != 0 || strings.ContainsAny(s.help, "|$\n") {
				t.Errorf("the help of %s: %s", s.name, s.help)
			}
			if (s.flag == nil) != (s.set == nil) || (s.flag == nil) != (s.read != nil) {
				t.Errorf("%s has either a flag and set, or read alone", s.name)
			}
		}
	}
}

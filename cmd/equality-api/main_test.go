package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"equality-information-api/api"
)

// ran is the result of a command.
type ran struct {
	status   int
	out, err string
}

// command runs a command in this process.
func command(t *testing.T, args ...string) ran {
	t.Helper()
	var out, err bytes.Buffer
	status := run(t.Context(), args, output{&out, &err})
	return ran{status, out.String(), err.String()}
}

// succeeds runs a command that must succeed, and returns its output.
func succeeds(t *testing.T, args ...string) string {
	t.Helper()
	r := command(t, args...)
	if r.status != 0 || r.err != "" {
		t.Fatalf("%q: status %d, %s", args, r.status, r.err)
	}
	return r.out
}

// fails runs a command that must fail with exit status 2, print nothing on
// standard output, and print one line for each error on standard error.
func fails(t *testing.T, says []string, args ...string) {
	t.Helper()
	r := command(t, args...)
	lines := strings.Split(strings.TrimSuffix(r.err, "\n"), "\n")
	if r.status != 2 || r.out != "" || len(lines) != len(says) {
		t.Errorf("%q: status %d, printed %q, %d errors, want %d:\n%s", args, r.status, r.out, len(lines), len(says), r.err)
		return
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "equality-api: ") || len(line) > 400 {
			t.Errorf("%q: %s", args, line)
		}
	}
	for _, want := range says {
		if !strings.Contains(r.err, want) {
			t.Errorf("%q: does not say %q:\n%s", args, want, r.err)
		}
	}
	for _, never := range []string{"goroutine ", ".go:", "Usage:", "panic", "%!"} {
		if strings.Contains(r.err, never) {
			t.Errorf("%q: says %q:\n%s", args, never, r.err)
		}
	}
}

func TestWrongArgumentsAreOneLine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		says string
		args []string
	}{
		{"unexpected argument", []string{"nonsense"}},
		{"unknown flag", []string{"serve", "--nonsense"}},
		{"unknown flag", []string{"--nonsense"}},
		{"init", []string{"keys"}},
		{"verify", []string{"audit"}},
		{"--data-dir", []string{"audit", "verify"}},
		{"--data-dir", []string{"keys", "init"}},
		{"--data-dir", []string{"migrate"}},
		{"--to", []string{"keys", "export", "--data-dir", dir}},
		{"finish-restore is for PostgreSQL", []string{"finish-restore", "--data-dir", dir}},
		{"keyset.json is missing", []string{"finish-restore", "--data-dir", dir, "--database", "postgres://owner@127.0.0.1:1/none"}},
		{"must not contain a password", []string{"finish-restore", "--data-dir", dir, "--database", "postgres://owner:secret@127.0.0.1:1/none"}},
		{"--role", []string{"token", "--data-dir", dir}},
		{"--data-dir", []string{"token", "--role", "officer"}},
		{"ttl", []string{"token", "--data-dir", dir, "--role", "officer", "--ttl", "soon"}},
		{"unexpected argument", []string{"version", "5"}},
		{"no such command", []string{"help", "nonsense"}},
		{"no such command", []string{"help", "keys", "nonsense"}},
		{"<shell>", []string{"completion"}},
		{"bash", []string{"completion", "nonsense"}},
		{"--role is for local mode", []string{"token", "--jwt-secret-file", dir, "--role", "officer"}},
		{"--group is for --jwt-secret-file", []string{"token", "--data-dir", dir, "--group", "officer"}},
		{"can't be used together", []string{"token", "--data-dir", dir, "--jwt-secret-file", dir, "--group", "officer"}},
		{"--jwt-secret-file: not a regular file", []string{"token", "--jwt-secret-file", dir, "--group", "officer"}},
	} {
		fails(t, []string{c.says}, c.args...)
	}
}

func TestSettingsErrorsComeAllAtOnceWithoutTheirValues(t *testing.T) {
	t.Parallel()
	const marker = "s3cret-marker"
	args := []string{"serve", "--data-dir=", "--listen=" + marker, "--log-level=" + marker, "--rate-burst=0",
		"--jwt-secret-file=/" + marker, "--cors-origins=*", "--tls-cert=" + marker}
	fails(t, []string{"--data-dir", "--listen", "--log-level", "--rate-burst", "--jwt-secret-file", "--cors-origins", "--tls-key"}, args...)
	if r := command(t, args...); strings.Contains(r.err, marker) {
		t.Errorf("a value is repeated:\n%s", r.err)
	}
	fails(t, []string{"needs a token issuer", "in clear"}, "serve", "--data-dir", t.TempDir(), "--listen", "0.0.0.0:0")
}

// No command takes an empty value for one that was left out, for any flag, argument or
// variable: an export for nobody in particular would be in clear.
func TestNothingIsGivenEmpty(t *testing.T) {
	t.Parallel()
	k, err := kong.New(newCLI())
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range k.Model.Leaves(true) {
		path := strings.Fields(strings.TrimPrefix(leaf.FullPath(), k.Model.Name+" "))
		var values []*kong.Value
		for _, flag := range leaf.Flags {
			if !flag.IsBool() {
				values = append(values, flag.Value)
			}
		}
		values = append(values, leaf.Positional...)
		for _, empty := range values {
			dir := filepath.Join(t.TempDir(), "data")
			args := slices.Clone(path)
			var given []string // of flags that exclude each other, one is given
			if empty.Flag != nil {
				given = append(given, empty.Flag.Xor...)
			}
			for _, v := range values {
				if v != empty && v.Flag != nil && len(v.Flag.Xor) > 0 {
					if slices.Contains(given, v.Flag.Xor[0]) {
						continue
					}
					given = append(given, v.Flag.Xor...)
				}
				switch {
				case v == empty && v.Flag != nil:
					args = append(args, "--"+v.Name+"=")
				case v == empty:
					args = append(args, "")
				case v.Name == "data-dir":
					args = append(args, "--data-dir="+dir)
				case v.Required && v.Flag != nil:
					args = append(args, "--"+v.Name+"=some")
				case v.Required:
					args = append(args, "some")
				}
			}
			name := "--" + empty.Name
			if empty.Flag == nil {
				name = "<" + empty.Name + ">"
			}
			fails(t, []string{name}, args...)
			if empty.Flag != nil && empty.IsSlice() {
				args[slices.Index(args, name+"=")] = name + "=some,"
				fails(t, []string{name}, args...)
			}
			if _, err := os.Stat(dir); err == nil {
				t.Errorf("%q made the data directory", args)
			}
		}
	}
}

func TestHelpNamesEveryCommandAndFlag(t *testing.T) {
	t.Parallel()
	k, err := kong.New(newCLI())
	if err != nil {
		t.Fatal(err)
	}
	root := succeeds(t, "--help")
	for _, args := range [][]string{{}, {"help"}} {
		if again := succeeds(t, args...); again != root {
			t.Errorf("%q does not show the help", args)
		}
	}
	if group := succeeds(t, "help", "keys"); !strings.Contains(group, "keys add") {
		t.Errorf("help of a group:\n%s", group)
	}
	for line := range strings.Lines(description) {
		if _, command, ok := strings.Cut(line, "equality-api "); ok && !strings.Contains(root, "equality-api "+command) {
			t.Errorf("a command to copy is broken into lines: %s", command)
		}
	}
	leaves := k.Model.Leaves(true)
	if len(leaves) < 8 {
		t.Fatalf("%d commands", len(leaves))
	}
	for _, leaf := range leaves {
		path := strings.TrimPrefix(leaf.FullPath(), k.Model.Name+" ")
		if !strings.Contains(root, path) || leaf.Help == "" || !strings.Contains(flat(root), flat(leaf.Help)) {
			t.Errorf("the help does not tell of %s", path)
		}
		help := succeeds(t, append(strings.Fields(path), "--help")...)
		if other := succeeds(t, append([]string{"help"}, strings.Fields(path)...)...); other != help {
			t.Errorf("help %s is not %[1]s --help:\n%s", path, other)
		}
		if !strings.Contains(help, "equality-api "+path) || !strings.Contains(flat(help), flat(leaf.Help)) {
			t.Errorf("%s --help:\n%s", path, help)
		}
		for _, flag := range leaf.Flags {
			if flag.Help == "" || !strings.HasSuffix(flag.Help, ".") && !strings.HasSuffix(flag.Help, ")") {
				t.Errorf("%s --%s has the help %q", path, flag.Name, flag.Help)
			}
			if !strings.Contains(help, "--"+flag.Name) {
				t.Errorf("%s --help does not tell of --%s", path, flag.Name)
			}
		}
		if strings.Contains(help, "${") || strings.Contains(help, "%!") {
			t.Errorf("%s --help has a placeholder left:\n%s", path, help)
		}
		for line := range strings.Lines(help) {
			if len(line) > 200 {
				t.Errorf("%s --help has a line of %d characters", path, len(line))
			}
		}
	}
}

// flat returns text without line breaks.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestOpenAPIPrintsTheContract(t *testing.T) {
	t.Parallel()
	if got := succeeds(t, "openapi"); got != string(api.YAML) {
		t.Errorf("%d bytes, want the %d of the contract", len(got), len(api.YAML))
	}
}

func TestVersionIsOneLine(t *testing.T) {
	t.Parallel()
	got := succeeds(t, "version")
	if flag := succeeds(t, "--version"); flag != got {
		t.Errorf("--version prints %q", flag)
	}
	if !strings.HasPrefix(got, "equality-api ") || !strings.HasSuffix(got, ", contract "+api.Version()+"\n") || strings.Count(got, "\n") != 1 {
		t.Errorf("%q", got)
	}
}

// broken is an output that accepts nothing, like a closed pipe.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestOutputThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"openapi"}, {"version"}} {
		var err bytes.Buffer
		if status := run(context.Background(), args, output{broken{}, &err}); status != 2 || err.String() != "equality-api: broken pipe\n" {
			t.Errorf("%q: %d %s", args, status, &err)
		}
	}
}

func TestPanicThatIsNotTheEndOfTheProgramGoesOn(t *testing.T) {
	t.Parallel()
	defer func() {
		if r := recover(); r != "a fault" {
			t.Errorf("recovered %v", r)
		}
	}()
	run(context.Background(), []string{"version"}, output{faulty{}, faulty{}})
}

// faulty is an output that panics, like a fault in the program.
type faulty struct{}

func (faulty) Write([]byte) (int, error) { panic("a fault") }

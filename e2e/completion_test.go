package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// bash itself completes what a person has typed.
func TestCompletion(t *testing.T) {
	t.Parallel()
	script, errs, status := runCommand(t, "completion", "bash")
	if status != 0 || errs != "" {
		t.Fatalf("status %d: %s", status, errs)
	}
	file := write(t, "completion.bash", script)
	for typed, want := range map[string]string{
		"equality-api ke":                      "keys",
		"equality-api keys i":                  "init",
		"equality-api keys export --t":         "--to",
		"equality-api export --format ":        "ndjson csv persons-ndjson persons-csv",
		"equality-api export --data-dir d --e": "--encrypt-to",
		"equality-api serve --log-level w":     "warn",
		"equality-api completion f":            "fish",
		"equality-api serve --config ":         "", // the shell offers files
		"equality-api nonsense":                "",
	} {
		words := strings.Split(typed, " ")
		shell := exec.Command("bash", "--norc", "-c",
			`source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($#-1)); _equality_api; echo "${COMPREPLY[*]}"`, "bash", file)
		shell.Args = append(shell.Args, words...)
		shell.Dir = filepath.Dir(file)
		out, err := shell.CombinedOutput()
		if got := strings.TrimSuffix(string(out), "\n"); err != nil || got != want {
			t.Errorf("%q: %q, want %q (%v)", typed, got, want, err)
		}
	}
}

// The command makes tokens that a server with a token issuer accepts, if groups, issuer and
// audience are its own.
func TestTokenWithASharedSecret(t *testing.T) {
	t.Parallel()
	p, _ := startPublicMode(t, "--jwt-issuer", "an-issuer", "--jwt-audience", "an-audience", "--jwt-require-expiry")
	file := write(t, "secret", secret+"\n")
	token := func(flags ...string) string {
		out, errs, status := runCommand(t, append([]string{"token", "--jwt-secret-file", file}, flags...)...)
		if status != 0 || errs != "" {
			t.Fatalf("status %d: %s", status, errs)
		}
		return strings.TrimSuffix(out, "\n")
	}
	m := p.create(t, token("--group", "officer", "--jwt-issuer", "an-issuer", "--jwt-audience", "an-audience"), "")
	p.do(t, "GET", m.path(), request{token: token("--group", "officer", "--jwt-audience", "an-audience")}).want(t, 401)
	p.do(t, "GET", m.path(), request{token: token("--group", "strangers", "--jwt-issuer", "an-issuer", "--jwt-audience", "an-audience")}).want(t, 403)
}

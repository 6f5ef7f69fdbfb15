package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"equality-information-api/internal/identity"
)

// secret signs the tokens of servers with an issuer.
const secret = "an invented secret of thirty-two bytes or more"

// write makes a private file.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// startPublicMode runs a server with a token issuer, as in production, with groups named
// like the roles. sign makes its tokens.
func startPublicMode(t *testing.T, flags ...string) (p *program, sign func(roles ...string) string) {
	t.Helper()
	var groups strings.Builder
	for role := range identity.Roles() {
		groups.WriteString("  " + role + ": [" + role + "]\n")
	}
	dir := t.TempDir()
	if out, errs, status := runCommand(t, "keys", "init", "--data-dir", dir); status != 0 {
		t.Fatalf("keys init: %d %s %s", status, out, errs)
	}
	p = startIn(t, dir, append([]string{
		"--jwt-secret-file", write(t, "secret", secret), "--config", write(t, "config.yaml", "groups:\n"+groups.String()),
	}, flags...)...)
	return p, func(roles ...string) string {
		return signed(t, secret, strings.Join(roles, ".")+"@council.example", time.Hour, roles...)
	}
}

// signed returns the token of a caller that expires after a duration, which may be
// negative.
func signed(t *testing.T, secret, subject string, ends time.Duration, roles ...string) string {
	t.Helper()
	now := time.Now()
	token, err := identity.Sign([]byte(secret), identity.Token{
		Subject: subject, Email: subject, Name: "Invented caller", Groups: roles, IssuedAt: now.Add(-time.Hour), Expires: now.Add(ends),
	})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokensOfTheIssuer(t *testing.T) {
	t.Parallel()
	p, sign := startPublicMode(t)
	good := sign("officer")
	for name, c := range map[string]struct {
		headers map[string]string
		status  int
	}{
		"bearer":                    {map[string]string{"Authorization": "Bearer " + good}, 200},
		"bearer in small letters":   {map[string]string{"Authorization": "bearer " + good}, 200},
		"bare, as today's callers":  {map[string]string{"Authorization": good}, 200},
		"none":                      {nil, 401},
		"empty":                     {map[string]string{"Authorization": "Bearer "}, 401},
		"another scheme":            {map[string]string{"Authorization": "Digest " + good}, 401},
		"another secret":            {map[string]string{"Authorization": "Bearer " + signed(t, secret+"!", "a@b.example", time.Hour, "officer")}, 401},
		"ended":                     {map[string]string{"Authorization": "Bearer " + signed(t, secret, "a@b.example", -10*time.Minute, "officer")}, 401},
		"a signature that is wrong": {map[string]string{"Authorization": "Bearer " + flip(good, len(good)-5)}, 401},
		"claims that were changed":  {map[string]string{"Authorization": "Bearer " + flip(good, len(good)/2)}, 401},
		"unsigned": {map[string]string{"Authorization": "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." +
			strings.Split(good, ".")[1] + "."}, 401},
	} {
		t.Run(name, func(t *testing.T) {
			p.do(t, "GET", "/reference-data", request{headers: c.headers}).want(t, c.status)
		})
	}
	if r := p.do(t, "GET", "/reference-data", request{}); !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("WWW-Authenticate is %q", r.header.Get("WWW-Authenticate"))
	}
	p.do(t, "GET", records, request{token: sign("nobody")}).problem(t, 403, "forbidden")
}

// What a server enforces stands in its log: a check that is off by mistake shows there.
func TestStartSaysWhatIsEnforced(t *testing.T) {
	t.Parallel()
	p, _ := startPublicMode(t, "--jwt-issuer", "an-issuer", "--jwt-audience", "an-audience", "--jwt-require-expiry",
		"--require-purpose", "--purposes", "collect-only", "--rate-limit", "7", "--rate-burst", "9", "--trusted-proxies", "10.0.0.0/8")
	var line map[string]any
	for text := range strings.Lines(p.logged(t, `"msg":"listening"`)) {
		if strings.Contains(text, `"msg":"starting"`) {
			line = object(t, text)
		}
	}
	for name, want := range map[string]string{
		"engine": "sqlite", "mode": "token issuer", "tls": "ended by a trusted proxy", "token_issuer": "an-issuer", "token_audience": "an-audience",
		"token_expiry": "required", "if_match": "optional", "purpose": "required", "rate_limit": "7 a second for each caller, 9 at once",
		"concurrent": "64 for each caller", "telemetry": p.telemetry, "topic": "none", "directory": "local", "purposes": "collect-only",
	} {
		if line[name] != want {
			t.Errorf("%s is %q, want %q", name, line[name], want)
		}
	}
	if strings.Contains(p.log(), secret) {
		t.Error("the secret is in the log")
	}
}

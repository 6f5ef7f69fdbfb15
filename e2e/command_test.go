package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A wrong configuration is refused before anything is created, with a line for each error
// that does not contain the value.
func TestConfigurationsThatAreRefused(t *testing.T) {
	t.Parallel()
	secretFile := write(t, "secret", secret)
	shared := write(t, "shared", secret)
	if err := os.Chmod(shared, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		flags []string
		lines []string // what each line of the error names
	}{
		"no directory":                       {[]string{"--data-dir", ""}, []string{"data-dir"}},
		"public without an issuer":           {[]string{"--listen", "0.0.0.0:0", "--trusted-proxies", "10.0.0.0/8"}, []string{"token issuer"}},
		"public without an issuer or TLS":    {[]string{"--listen", ":0"}, []string{"token issuer", "in clear"}},
		"public without TLS":                 {[]string{"--listen", "[::]:0", "--jwt-secret-file", secretFile}, []string{"in clear"}},
		"telemetry for others":               {[]string{"--telemetry-listen", "0.0.0.0:0"}, []string{"telemetry-listen"}},
		"a secret that is short":             {[]string{"--jwt-secret-file", write(t, "short", "zebra")}, []string{"32 bytes"}},
		"a secret others can read":           {[]string{"--jwt-secret-file", shared}, []string{"0600"}},
		"a secret that is not there":         {[]string{"--jwt-secret-file", "zebra"}, []string{"jwt-secret-file"}},
		"demo people beside real":            {[]string{"--demo-people", "3", "--jwt-secret-file", secretFile}, []string{"demo-people"}},
		"a certificate without its key":      {[]string{"--tls-cert", secretFile}, []string{"tls-key"}},
		"not a certificate":                  {[]string{"--tls-cert", secretFile, "--tls-key", secretFile}, []string{"tls-cert"}},
		"a proxy that is everybody":          {[]string{"--trusted-proxies", "0.0.0.0/0"}, []string{"trusted-proxies"}},
		"an address that is none":            {[]string{"--listen", "zebra"}, []string{"--listen"}},
		"a level that is none":               {[]string{"--log-level", "zebra"}, []string{"log-level"}},
		"durations that are none":            {[]string{"--shutdown-timeout", "zebra", "--event-retention=-1s"}, []string{"shutdown-timeout", "event-retention"}},
		"an origin that is none":             {[]string{"--cors-origins", "*"}, []string{"cors-origins"}},
		"an audience that is empty":          {[]string{"--jwt-secret-file", secretFile, "--jwt-audience", ""}, []string{"--jwt-audience"}},
		"a proxy that is empty":              {[]string{"--trusted-proxies", "10.0.0.1,"}, []string{"--trusted-proxies"}},
		"a key of the file that is empty":    {[]string{"--config", write(t, "d.yaml", "jwt-issuer: ''\n")}, []string{"jwt-issuer in the file"}},
		"a flag that is none":                {[]string{"--zebras"}, []string{"unknown flag"}},
		"a key of the file that is none":     {[]string{"--config", write(t, "a.yaml", "stripes: zebra\n")}, []string{"unknown key"}},
		"a role that is none":                {[]string{"--jwt-secret-file", secretFile, "--config", write(t, "b.yaml", "groups: {some: [nobody]}\n")}, []string{"role"}},
		"a file that is none":                {[]string{"--config", "zebra.yaml"}, []string{"--config"}},
		"a file that is not YAML":            {[]string{"--config", write(t, "c.yaml", "zebra: [\n")}, []string{"not YAML"}},
		"everything at once":                 {[]string{"--rate-limit", "zebra", "--rate-burst", "0", "--log-level", "zebra"}, []string{"rate-limit", "rate-burst", "log-level"}},
		"an issuer's server without its key": {[]string{"--jwt-secret-file", secretFile}, []string{"keys init"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "data")
			out, errs, status := runCommand(t, append([]string{"serve", "--data-dir", dir, "--listen", "127.0.0.1:0", "--telemetry-listen", "none"}, c.flags...)...)
			lines := strings.Split(strings.TrimSuffix(errs, "\n"), "\n")
			if status != 2 || out != "" || len(lines) != len(c.lines) {
				t.Fatalf("status %d, want 2 and %d lines on stderr alone: %s%s", status, len(c.lines), out, errs)
			}
			for i, line := range lines {
				if !strings.HasPrefix(line, "equality-api: ") || !strings.Contains(errs, c.lines[i]) {
					t.Errorf("the line %q, or none that tells of %q", line, c.lines[i])
				}
			}
			if strings.Contains(strings.ReplaceAll(errs, "--zebras", ""), zebra) || strings.Contains(errs, secret) {
				t.Errorf("the error repeats a value: %s", errs)
			}
			if _, err := os.Stat(filepath.Join(dir, "equality.db")); err == nil {
				t.Error("a server that is refused has made a database")
			}
		})
	}
}

func TestDirectoryIsForOneServer(t *testing.T) {
	t.Parallel()
	p := start(t)
	for _, args := range [][]string{{"serve", "--listen", "127.0.0.1:0", "--telemetry-listen", "none"}, {"migrate"}} {
		_, errs, status := runCommand(t, append(args, "--data-dir", p.dir)...)
		if status != 2 || !strings.Contains(errs, "in use") || strings.Count(errs, "\n") != 1 {
			t.Errorf("%s beside a server ends with %d: %s", args[0], status, errs)
		}
	}
	listen := strings.TrimPrefix(p.url, "http://")
	dir := t.TempDir()
	if _, errs, status := runCommand(t, "serve", "--data-dir", dir, "--listen", listen, "--telemetry-listen", "none"); status != 2 || strings.Count(errs, "\n") != 1 {
		t.Errorf("a second server on one address ends with %d: %s", status, errs)
	}
}

func TestDatabaseWithoutItsKeysetIsNotOpened(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.create(t, p.token(t, "officer"), "")
	if status := p.stop(t); status != 0 {
		t.Fatal(status)
	}
	if err := os.Rename(filepath.Join(p.dir, "keyset.json"), filepath.Join(p.dir, "kept.json")); err != nil {
		t.Fatal(err)
	}
	_, errs, status := runCommand(t, "serve", "--data-dir", p.dir, "--listen", "127.0.0.1:0", "--telemetry-listen", "none")
	if status != 2 || !strings.Contains(errs, "keyset") {
		t.Errorf("status %d: %s", status, errs)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "keyset.json")); err == nil {
		t.Error("a new keyset was made for an old database")
	}
}

func TestCommandsExplainThemselves(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--help"}, {"serve", "--help"}, {"token", "--help"}, {"audit", "--help"}, {"keys", "--help"}, {"migrate", "--help"}} {
		out, errs, status := runCommand(t, args...)
		if status != 0 || errs != "" || !strings.Contains(out, "Usage: equality-api") {
			t.Errorf("%v ends with %d: %s%s", args, status, out, errs)
		}
	}
	if out, _, status := runCommand(t, "version"); status != 0 || !strings.HasPrefix(out, "equality-api ") {
		t.Errorf("version ends with %d: %s", status, out)
	}
	for _, args := range [][]string{{"zebras"}, {"token"}, {"token", "--data-dir", t.TempDir(), "--role", "zebra"}, {"token", "--data-dir", t.TempDir(), "--role", "officer"},
		{"token", "--data-dir", t.TempDir(), "--role", "officer", "--ttl", "0s"}, {"migrate", "--data-dir", t.TempDir()}, {"openapi", "zebra"}} {
		out, errs, status := runCommand(t, args...)
		if status != 2 || out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v ends with %d: %s%s", args, status, out, errs)
		}
	}
}

// An option for safety that is given empty, as by a variable of a shell that is not set, is
// not one that was left out.
func TestASafetyOptionGivenEmptyIsRefused(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.create(t, p.token(t, "officer"), "")
	if status := p.stop(t); status != 0 {
		t.Fatal(status)
	}
	target := filepath.Join(t.TempDir(), "all.ndjson")
	for _, output := range []string{"-", target} {
		out, errs, status := runCommand(t, "export", "--data-dir", p.dir, "--output", output, "--encrypt-to", "")
		if status != 2 || out != "" || !strings.Contains(errs, "--encrypt-to: must not be empty") {
			t.Errorf("export for nobody ends with %d: %s%s", status, out, errs)
		}
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("a file was written")
	}
	cmd := command("export", "--data-dir", p.dir)
	cmd.Env = append(cmd.Env, "EQUALITY_API_DATABASE=")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "--database (EQUALITY_API_DATABASE): must not be empty") {
		t.Errorf("an empty variable: %v %s", err, out)
	}
	cmd = command("serve", "--data-dir", p.dir, "--listen", "127.0.0.1:0", "--telemetry-listen", "none")
	cmd.Env = append(cmd.Env, "EQUALITY_API_JWT_AUDIENCE=")
	out, err = cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "EQUALITY_API_JWT_AUDIENCE") {
		t.Errorf("an empty variable: %v %s", err, out)
	}
}

// The server accepts the token that the command prints.
func TestTokenCommand(t *testing.T) {
	t.Parallel()
	p := shared(t)
	out, errs, status := runCommand(t, "token", "--data-dir", p.dir, "--role", "officer", "--email", "an.officer@council.example")
	if status != 0 || errs != "" {
		t.Fatalf("status %d: %s", status, errs)
	}
	m := p.create(t, p.token(t, "service"), "")
	p.record(t, strings.TrimSuffix(out, "\n"), m)
}

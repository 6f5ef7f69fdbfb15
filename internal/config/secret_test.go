package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
)

func writeSecret(t *testing.T) string {
	t.Helper()
	return write(t, "secret", strings.Repeat("k", 32)+"\n", 0o600)
}

func TestSecretFile(t *testing.T) {
	long := strings.Repeat("k", 32)
	for name, c := range map[string]struct {
		text string
		mode os.FileMode
		want string // the secret, or what the error says
	}{
		"plain":          {long, 0o600, long},
		"newline":        {long + "\n", 0o400, long},
		"windows":        {long + "\r\n", 0o600, long},
		"two newlines":   {long + "\n\n", 0o600, long + "\n"},
		"short":          {long[:31] + "\n", 0o600, "under 32 bytes"},
		"huge":           {strings.Repeat(long, 1000), 0o600, "over"},
		"group-readable": {long, 0o640, "0600"},
		"world-readable": {long, 0o644, "0600"},
	} {
		secret, err := ReadSecret(write(t, "secret", c.text, c.mode))
		if err == nil && string(secret) != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v", name, string(secret), err)
		}
	}
	if _, err := ReadSecret(t.TempDir()); err == nil {
		t.Error("read a directory")
	}
}

// A token goes into a header: nothing else may be in its file.
func TestTokenFile(t *testing.T) {
	token := "eyJhbGciOiJIUzI1NiJ9.e30." + strings.Repeat("k_-", 12)
	for text, fits := range map[string]bool{
		token: true, token + "\r\n": true, token + "==": true,
		"Bearer " + token: false, token + "\n" + token: false, token + "\n\n": false, " " + token: false, token + "é": false, "short": true, "": false, "\n": false,
		strings.Repeat(token, 100): false,
	} {
		got, err := ReadToken(write(t, "token", text, 0o600))
		if (err == nil) != fits || fits && string(got) != strings.TrimRight(text, "\r\n") || err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%q: %q, %v", text, string(got), err)
		}
	}
	if _, err := ReadToken(write(t, "token", token, 0o644)); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Errorf("world-readable: %v", err)
	}
}

// Every setting that takes a file with a secret gets one: printed Settings must show
// nothing from the file.
func TestSettingsShowNoSecret(t *testing.T) {
	path := write(t, "secret", marker+strings.Repeat("k", 32), 0o600)
	var out bytes.Buffer
	flags, _ := all(new(Settings))
	for i := range flags {
		s, broken := setTo(i, path)
		if broken != nil {
			continue
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
			fmt.Fprintf(&out, verb+"\n", s)
			fmt.Fprintf(&out, verb+"\n", &s)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("start", "settings", s)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "settings", s)
		if err := json.NewEncoder(&out).Encode(s); err != nil {
			t.Fatal(err)
		}
	}
	shown := out.String()
	for _, form := range []string{marker, fmt.Sprintf("%x", marker), fmt.Sprint([]byte(marker))[1:30], "czNjcmV0"} {
		if strings.Contains(shown, form) {
			t.Errorf("shown as %q in %s", form, shown)
		}
	}
	if !strings.Contains(shown, redacted) {
		t.Error("not shown as redacted either")
	}
}

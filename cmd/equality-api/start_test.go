package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"equality-information-api/api"
)

func TestStartSaysWhatItIs(t *testing.T) {
	t.Parallel()
	s := serving(t, filepath.Join(t.TempDir(), "data"), "--demo-people=1", "--require-if-match")
	s.stop(t)
	var line map[string]string
	for text := range strings.Lines(s.err.String()) {
		if strings.Contains(text, `"msg":"starting"`) {
			if err := json.Unmarshal([]byte(text), &line); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, want := range map[string]string{
		"version": version(), "contract": api.Version(), "engine": "sqlite", "mode": "local", "tls": "none",
		"token_issuer": "any", "token_audience": "any", "token_expiry": "if present", "if_match": "required", "purpose": "optional",
		"rate_limit": "none", "concurrent": "none", "telemetry": "none", "topic": "none",
	} {
		if !strings.Contains(line[name], want) {
			t.Errorf("%s is %q, want %q", name, line[name], want)
		}
		if !strings.Contains(s.out.String(), line[name]) {
			t.Errorf("%s is not printed for people:\n%s", name, s.out)
		}
	}
}

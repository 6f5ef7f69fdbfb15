package config

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestFlagOverEnvironmentOverFileOverDefault(t *testing.T) {
	path := write(t, "settings.yaml", "rate-burst: 1\nevent-retention: 1h\nlog-level: debug\nrequire-if-match: true\n"+
		"require-purpose: true\ncors-origins: [https://file.example]\n", 0o644)
	t.Setenv("EQUALITY_API_CONFIG", path)
	t.Setenv("EQUALITY_API_RATE_BURST", "2")
	t.Setenv("EQUALITY_API_EVENT_RETENTION", "2h")
	t.Setenv("EQUALITY_API_REQUIRE_PURPOSE", "false")
	t.Setenv("EQUALITY_API_CORS_ORIGINS", "https://env.example,https://env2.example")
	s, err := parse(t, "--data-dir=d", "--rate-burst=3")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(s.RateBurst, s.EventRetention, s.LogLevel, s.RequireIfMatch, s.RequirePurpose, s.ShutdownTimeout, s.CORSOrigins)
	if got != "3 2h0m0s DEBUG true false 20s [https://env.example https://env2.example]" {
		t.Errorf("got %s", got)
	}
	// --config is itself a flag, which wins over the environment.
	s, err = parse(t, "--data-dir=d", "--config="+write(t, "other.yaml", "shutdown-timeout: 7s", 0o644))
	if err != nil {
		t.Fatal(err)
	}
	if s.ShutdownTimeout != 7*time.Second || s.RequireIfMatch {
		t.Errorf("the environment's file won over the flag's: %+v", s)
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	path := write(t, "settings.yaml", "lisen: x\nrate-burst: many\nlog-level: [a]\n", 0o644)
	t.Setenv("EQUALITY_API_REQUIRE_PURPOSE", marker)
	_, err := parse(t, "--config="+path, "--demo-people=x", "--listen=0.0.0.0:1", "--jwt-secret-file=/nowhere/"+marker)
	if err == nil {
		t.Fatal("no error")
	}
	lines := strings.Split(err.Error(), "\n")
	want := []string{
		"--config (EQUALITY_API_CONFIG) line 1: unknown key (lisen)",
		"--config (EQUALITY_API_CONFIG) line 3: log-level takes one value",
		"--data-dir (EQUALITY_API_DATA_DIR, data-dir in the file): must be set",
		"--jwt-secret-file (EQUALITY_API_JWT_SECRET_FILE, jwt-secret-file in the file): must be a file of mode 0600 with a secret of at least 32 bytes: no such file or directory",
		"--require-purpose (EQUALITY_API_REQUIRE_PURPOSE, require-purpose in the file): must be true or false",
		"--rate-burst (EQUALITY_API_RATE_BURST, rate-burst in the file): must be a whole number from 1 to 1000000",
		"--demo-people (EQUALITY_API_DEMO_PEOPLE, demo-people in the file): must be a whole number from 0 to 1000000",
		"--listen (EQUALITY_API_LISTEN, listen in the file): a public listen address would send tokens in clear: set --tls-cert and --tls-key, or --trusted-proxies for the proxy that ends TLS",
	}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("got\n%s", err)
	}
}

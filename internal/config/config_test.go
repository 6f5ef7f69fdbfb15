package config_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"equality-information-api/internal/config"
)

// These tests set environment variables, so they do not run in parallel.

// marker stands for a value that no message may repeat.
const marker = "s3cret-Marker"

// parse is what main does: a serve command with the settings embedded, and a
// flag of its own.
func parse(t *testing.T, args ...string) (config.Settings, error) {
	t.Helper()
	var cli struct {
		Serve struct {
			config.Config
			Extra string `env:"EQUALITY_API_EXTRA"`
		} `cmd:""`
		Other struct {
			DataDir string `env:"EQUALITY_API_DATA_DIR"`
		} `cmd:""`
	}
	k, err := kong.New(&cli)
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

func secretFile(t *testing.T) string {
	t.Helper()
	return write(t, "secret", strings.Repeat("k", 32)+"\n", 0o600)
}

func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, b []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}))
	}
	return write(t, "cert", text("CERTIFICATE", der), 0o644), write(t, "key", text("PRIVATE KEY", pkcs8), 0o600)
}

func TestDefaults(t *testing.T) {
	s, err := parse(t, "--data-dir=d")
	if err != nil {
		t.Fatal(err)
	}
	want := config.Settings{
		DataDir: "d", Local: true, Listen: "127.0.0.1:8080", TelemetryListen: "127.0.0.1:9090", RateBurst: 100,
		IdempotencyRetention: 24 * time.Hour, EventRetention: 90 * 24 * time.Hour, ShutdownTimeout: 20 * time.Second,
		Council: "Hackney Council",
	}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v", s)
	}
	s, err = parse(t, "--data-dir=d", "--jwt-secret-file="+secretFile(t))
	if err != nil {
		t.Fatal(err)
	}
	if s.Local || s.RateLimit != 50 || s.MaxConcurrentPerCaller != 64 || len(s.JWTSecret) != 32 {
		t.Errorf("got %+v", s)
	}
}

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
	// --config itself is a flag that wins over the environment.
	s, err = parse(t, "--data-dir=d", "--config="+write(t, "other.yaml", "shutdown-timeout: 7s", 0o644))
	if err != nil {
		t.Fatal(err)
	}
	if s.ShutdownTimeout != 7*time.Second || s.RequireIfMatch {
		t.Errorf("the environment's file won over the flag's: %+v", s)
	}
}

func TestEveryFlagIsAKeyAndAVariable(t *testing.T) {
	values := map[string]string{
		"data-dir": "dir", "database": "dbname=equality", "listen": "127.0.0.1:1", "telemetry-listen": "[::1]:2", "public-url": "https://example.gov.uk/api/",
		"jwt-secret-file": secretFile(t), "jwt-issuer": "iss", "jwt-audience": "aud", "jwt-require-expiry": "true",
		"cors-origins": "https://a.example,http://localhost:3000", "require-if-match": "true", "require-purpose": "true",
		"rate-limit": "0.5", "rate-burst": "7", "max-concurrent-per-caller": "8", "trusted-proxies": "10.0.0.0/8,192.0.2.1",
		"tls-cert": "", "tls-key": "", "idempotency-retention": "1h", "event-retention": "2h", "shutdown-timeout": "3s",
		"log-level": "ERROR", "demo-people": "0", "council": "Another Council", "local-ethnic-groups": "true",
		"mmh-codes": "strict", "sns-topic-arn": "arn:aws:sns:eu-west-2:000000000000:equality.fifo", "sns-payload": "full",
		"sns-endpoint": "http://127.0.0.1:4100",
	}
	values["tls-cert"], values["tls-key"] = certificate(t)

	var args []string
	var file strings.Builder
	for field := range reflect.TypeFor[config.Config]().Fields() {
		name := field.Tag.Get("name")
		if name == "" || name == "config" {
			continue
		}
		value, ok := values[name]
		if !ok {
			t.Errorf("the test has no value for %s", name)
		}
		if want := "EQUALITY_API_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_")); field.Tag.Get("env") != want {
			t.Errorf("%s has the variable %s", name, field.Tag.Get("env"))
		}
		args = append(args, "--"+name+"="+value)
		if field.Type.Kind() != reflect.Slice {
			value = strconv.Quote(value)
		} else {
			value = "\n- " + strings.ReplaceAll(value, ",", "\n- ")
		}
		fmt.Fprintf(&file, "%s: %s\n", name, value)
	}
	byFlag, err := parse(t, args...)
	if err != nil {
		t.Fatal(err)
	}
	byFile, err := parse(t, "--config="+write(t, "settings.yaml", file.String(), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range values {
		t.Setenv("EQUALITY_API_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), value)
	}
	byEnv, err := parse(t)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(byFlag, byFile) || !reflect.DeepEqual(byFlag, byEnv) {
		t.Errorf("flag: %+v\nfile: %+v\nenv:  %+v", byFlag, byFile, byEnv)
	}
	v := reflect.ValueOf(byFlag)
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		if v.Field(i).IsZero() && name != "Local" && name != "Groups" && name != "DemoPeople" {
			t.Errorf("%s was set and is zero", name)
		}
	}
}

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

// wrong lists settings, each wrong in one way, and what the message must say.
var wrong = []struct{ flag, value, says string }{
	{"data-dir", "", "must be set"},
	{"listen", marker, "host:port"},
	{"listen", "127.0.0.1:" + marker, "host:port"},
	{"listen", "127.0.0.1:65536", "host:port"},
	{"listen", ":8080", "needs a token issuer: set --jwt-secret-file"},
	{"listen", "0.0.0.0:8080", "needs a token issuer: set --jwt-secret-file"},
	{"listen", "example.gov.uk:8080", "needs a token issuer: set --jwt-secret-file"},
	{"telemetry-listen", "0.0.0.0:9090", "loopback"},
	{"telemetry-listen", ":9090", "loopback"},
	{"telemetry-listen", marker, "host:port"},
	{"public-url", "/" + marker, "absolute"},
	{"public-url", "ftp://" + marker, "absolute"},
	{"public-url", "https://user:" + marker + "@example.com", "absolute"},
	{"public-url", "https://example.com/?" + marker, "absolute"},
	{"public-url", "https://example.com/#" + marker, "absolute"},
	{"public-url", "https://%zz" + marker, "absolute"},
	{"jwt-secret-file", "/" + marker, "no such file"},
	{"jwt-require-expiry", marker, "true or false"},
	{"cors-origins", "https://example.com/", "entry 1"},
	{"cors-origins", "https://a.example,*", "entry 2"},
	{"cors-origins", "https://*.example", "entry 1"},
	{"cors-origins", "https://Example.com", "entry 1"},
	{"cors-origins", "https://example.com:443", "entry 1"},
	{"cors-origins", "null", "entry 1"},
	{"require-if-match", marker, "true or false"},
	{"require-purpose", "maybe", "true or false"},
	{"rate-limit", "-1", "from 0"},
	{"rate-limit", "NaN", "from 0"},
	{"rate-limit", marker, "from 0"},
	{"rate-burst", "0", "from 1"},
	{"rate-burst", "1.5", "from 1"},
	{"max-concurrent-per-caller", "99999999999999999999", "from 0"},
	{"trusted-proxies", "10.0.0.0/8," + marker, "entry 2"},
	{"trusted-proxies", "0.0.0.0/0", "everybody"},
	{"tls-cert", "/" + marker, "tls-key"},
	{"tls-key", "/" + marker, "tls-cert"},
	{"idempotency-retention", "0", "over 0"},
	{"event-retention", "90 days", "over 0"},
	{"shutdown-timeout", "-1s", "over 0"},
	{"log-level", marker, "debug, info"},
	{"demo-people", "-1", "from 0"},
	{"local-ethnic-groups", "ja", "true or false"},
	{"mmh-codes", marker, "record or strict"},
	{"mmh-codes", "", "record or strict"},
	{"sns-topic-arn", marker, "FIFO topic"},
	{"sns-topic-arn", "arn:aws:sns:eu-west-2:000000000000:" + marker, "FIFO topic"},
	{"sns-topic-arn", "arn:aws:sqs:eu-west-2:000000000000:" + marker + ".fifo", "FIFO topic"},
	{"sns-payload", marker, "names or full"},
	{"sns-endpoint", marker, "absolute"},
	{"sns-endpoint", "http://" + marker + ".example", "in clear"},
}

func TestWrongSettings(t *testing.T) {
	for _, c := range wrong {
		args := []string{"--data-dir=d", "--" + c.flag + "=" + c.value}
		_, err := parse(t, args...)
		if err == nil {
			t.Errorf("--%s=%s: no error", c.flag, c.value)
			continue
		}
		if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), marker) {
			t.Errorf("--%s=%s: %v", c.flag, c.value, err)
		}
		if c.flag != "tls-cert" && c.flag != "tls-key" && !strings.HasPrefix(err.Error(), "--"+c.flag+" (EQUALITY_API_") {
			t.Errorf("--%s=%s: %v", c.flag, c.value, err)
		}
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
		"--require-purpose (EQUALITY_API_REQUIRE_PURPOSE, require-purpose in the file): must be true or false",
		"--rate-burst (EQUALITY_API_RATE_BURST, rate-burst in the file): must be a whole number from 1 to 1000000",
		"--demo-people (EQUALITY_API_DEMO_PEOPLE, demo-people in the file): must be a whole number from 0 to 1000000",
		"--jwt-secret-file (EQUALITY_API_JWT_SECRET_FILE, jwt-secret-file in the file): no such file or directory",
		"--listen (EQUALITY_API_LISTEN, listen in the file): a public listen address would carry tokens in clear: set --tls-cert and --tls-key, or --trusted-proxies for the proxy that ends TLS",
	}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("got\n%s", err)
	}
}

func TestPublicAddress(t *testing.T) {
	secret := "--jwt-secret-file=" + secretFile(t)
	cert, key := certificate(t)
	for _, safe := range [][]string{{"--trusted-proxies=10.0.0.0/8"}, {"--tls-cert=" + cert, "--tls-key=" + key}} {
		if _, err := parse(t, append(safe, "--data-dir=d", "--listen=0.0.0.0:8080", secret)...); err != nil {
			t.Errorf("%v: %v", safe, err)
		}
	}
	if _, err := parse(t, "--data-dir=d", "--demo-people=5", secret); err == nil || !strings.Contains(err.Error(), "--demo-people") {
		t.Errorf("demo people beside an issuer: %v", err)
	}
	for _, loopback := range []string{"localhost:1", "[::1]:0", "127.8.9.1:80", "[::ffff:127.0.0.1]:80"} {
		if _, err := parse(t, "--data-dir=d", "--listen="+loopback, "--telemetry-listen=", "--demo-people=5"); err != nil {
			t.Errorf("%s: %v", loopback, err)
		}
	}
}

func TestTLSFiles(t *testing.T) {
	cert, key := certificate(t)
	_, otherKey := certificate(t)
	if err := os.Chmod(otherKey, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := parse(t, "--data-dir=d", "--tls-cert="+cert, "--tls-key="+otherKey); err == nil || !strings.Contains(err.Error(), "does not fit") {
		t.Errorf("keys of two pairs: %v", err)
	}
	if err := os.Chmod(key, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := parse(t, "--data-dir=d", "--tls-cert="+cert, "--tls-key="+key); err == nil || !strings.Contains(err.Error(), "0600") {
		t.Errorf("a world-readable key: %v", err)
	}
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
		secret, err := config.ReadSecret(write(t, "secret", c.text, c.mode))
		if err == nil && string(secret) != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, %v", name, string(secret), err)
		}
	}
	if _, err := config.ReadSecret(t.TempDir()); err == nil {
		t.Error("read a directory")
	}
}

func TestSettingsShowNoSecret(t *testing.T) {
	path := write(t, "secret", marker+strings.Repeat("k", 32), 0o600)
	s, err := parse(t, "--data-dir=d", "--jwt-secret-file="+path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", &s)
		fmt.Fprintf(&out, verb+"\n", s.JWTSecret)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "settings", s, "secret", s.JWTSecret)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "settings", s, "secret", s.JWTSecret)
	if err := json.NewEncoder(&out).Encode(s); err != nil {
		t.Fatal(err)
	}
	shown := out.String()
	for _, form := range []string{marker, fmt.Sprintf("%x", marker), fmt.Sprint([]byte(marker))[1:30], "czNjcmV0"} {
		if strings.Contains(shown, form) {
			t.Errorf("shown as %q in %s", form, shown)
		}
	}
	if !strings.Contains(shown, "[redacted]") {
		t.Error("not shown as redacted either")
	}
}

func TestWrongFiles(t *testing.T) {
	for text, says := range map[string]string{
		"- a":                           "not a mapping",
		marker:                          "not a mapping",
		"listen: 'x":                    "not YAML",
		"a: *" + marker:                 "not YAML",
		"rate-burst: 1\nrate-burst: 2":  "line 2: a key is given twice (rate-burst)",
		marker + "!: 1":                 "line 1: unknown key",
		"config: other.yaml":            "unknown key (config)",
		"rate_burst: 1":                 "unknown key (rate_burst)",
		"listen:":                       "takes one value",
		"listen: {a: b}":                "takes one value",
		"listen: [a]":                   "takes one value",
		"cors-origins: {a: b}":          "takes a list",
		"cors-origins:":                 "takes a list",
		"cors-origins: [[a]]":           "plain values",
		"groups: [a]":                   "takes a mapping",
		"groups: {a: officer}":          "a list of roles",
		"groups: {a: [officer], a: []}": "twice",
		"groups: {a: [~]}":              "plain values",
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

package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"
)

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

func TestWrongTogether(t *testing.T) {
	for _, c := range []struct{ flag, value, says string }{
		{"listen", ":8080", "needs a token issuer: set --jwt-secret-file"},
		{"listen", "0.0.0.0:8080", "needs a token issuer: set --jwt-secret-file"},
		{"listen", "example.gov.uk:8080", "needs a token issuer: set --jwt-secret-file"},
		{"tls-cert", "/" + marker, "--tls-key (EQUALITY_API_TLS_KEY"},
		{"tls-key", "/" + marker, "--tls-cert (EQUALITY_API_TLS_CERT"},
	} {
		_, err := parse(t, "--data-dir=d", "--"+c.flag+"="+c.value)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), marker) {
			t.Errorf("--%s=%s: %v", c.flag, c.value, err)
		}
	}
}

// There are no limits in local mode.
func TestLimitsAreForCallersWithTokens(t *testing.T) {
	local, err := parse(t, "--data-dir=d")
	if err != nil {
		t.Fatal(err)
	}
	issued, err := parse(t, "--data-dir=d", "--jwt-secret-file="+writeSecret(t))
	if err != nil {
		t.Fatal(err)
	}
	if !local.Local || local.RateLimit != 0 || local.MaxConcurrentPerCaller != 0 {
		t.Errorf("local: %+v", local)
	}
	if issued.Local || issued.RateLimit != 50 || issued.MaxConcurrentPerCaller != 64 {
		t.Errorf("with tokens: %+v", issued)
	}
}

func TestPublicAddress(t *testing.T) {
	secret := "--jwt-secret-file=" + writeSecret(t)
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
		if _, err := parse(t, "--data-dir=d", "--listen="+loopback, "--telemetry-listen=none", "--demo-people=5"); err != nil {
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

// Whoever chooses the Person API hears at once what it lacks; whoever has not chosen it is
// not left to believe that it is used.
func TestPersonAPIHasAllItNeeds(t *testing.T) {
	const address = "--directory-url=https://person.example.gov.uk/production/"
	token := "--directory-token-file=" + writeSecret(t)
	if s, err := parse(t, "--data-dir=d", "--directory=person-api", address, token); err != nil ||
		!s.PersonAPI || s.DirectoryURL != "https://person.example.gov.uk/production" {
		t.Errorf("%+v, %v", s, err)
	}
	const url, file = "--directory-url (EQUALITY_API_DIRECTORY_URL", "--directory-token-file (EQUALITY_API_DIRECTORY_TOKEN_FILE"
	for _, c := range []struct {
		given []string
		says  []string
	}{
		{[]string{"--directory=person-api"}, []string{url, file, "must be set for --directory person-api"}},
		{[]string{"--directory=person-api", token}, []string{url}},
		{[]string{"--directory=person-api", "--directory-url=http://" + marker + ".example", token}, []string{url, "http is for loopback only"}},
		{[]string{address, token}, []string{url, file, "is only for --directory person-api"}},
		{[]string{"--directory=local", token}, []string{file, "is only for --directory person-api"}},
	} {
		_, err := parse(t, append(c.given, "--data-dir=d")...)
		for _, part := range c.says {
			if err == nil || !strings.Contains(err.Error(), part) || strings.Contains(err.Error(), marker) {
				t.Errorf("%v: %v", c.given, err)
			}
		}
	}
}

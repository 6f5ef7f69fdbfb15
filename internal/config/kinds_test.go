package config

import (
	"fmt"
	"strings"
	"testing"
)

// wrong lists values that each break a special rule, and what the error must say.
// TestErrorsNameTheSettingAndItsRule has a value for every setting.
var wrong = []struct{ flag, value, says string }{
	{"listen", "127.0.0.1:" + marker, "host:port"},
	{"listen", "127.0.0.1:65536", "host:port"},
	{"telemetry-listen", "0.0.0.0:9464", "loopback"},
	{"telemetry-listen", ":9464", "loopback"},
	{"public-url", "/" + marker, "absolute"},
	{"public-url", "ftp://" + marker, "absolute"},
	{"public-url", "https://user:" + marker + "@example.com", "absolute"},
	{"public-url", "https://example.com/?" + marker, "absolute"},
	{"public-url", "https://example.com/#" + marker, "absolute"},
	{"public-url", "https://%zz" + marker, "absolute"},
	{"jwt-secret-file", "/" + marker, "no such file"},
	{"cors-origins", "https://example.com/", "entry 1"},
	{"cors-origins", "https://a.example,*", "entry 2"},
	{"cors-origins", "https://*.example", "entry 1"},
	{"cors-origins", "https://Example.com", "entry 1"},
	{"cors-origins", "https://example.com:443", "entry 1"},
	{"cors-origins", "null", "entry 1"},
	{"rate-limit", "-1", "from 0"},
	{"rate-limit", "NaN", "from 0"},
	{"rate-burst", "0", "from 1"},
	{"rate-burst", "1.5", "from 1"},
	{"max-concurrent-per-caller", "99999999999999999999", "from 0"},
	{"trusted-proxies", "10.0.0.0/8," + marker, "entry 2"},
	{"trusted-proxies", "0.0.0.0/0", "everybody"},
	{"idempotency-retention", "0", "over 0"},
	{"event-retention", "90 days", "over 0"},
	{"shutdown-timeout", "-1s", "over 0"},
	{"demo-people", "-1", "from 0"},
	{"directory-url", "http://" + marker + ".example", "in clear"},
	{"directory-url", "https://" + marker + ".example/stage/api/v1/", "without /api/v1"},
	{"directory-token-file", "/" + marker, "no such file"},
	{"mmh-codes", "none", "record or strict"},
	{"mmh-codes", "STRICT", "record or strict"},
	{"purposes", "Separated", "open, separated or collect-only"},
	{"sns-topic-arn", "arn:aws:sns:eu-west-2:000000000000:" + marker, "FIFO topic"},
	{"sns-topic-arn", "arn:aws:sqs:eu-west-2:000000000000:" + marker + ".fifo", "FIFO topic"},
	{"sns-endpoint", "http://" + marker + ".example", "in clear"},
}

func TestWrongValues(t *testing.T) {
	for _, c := range wrong {
		_, err := parse(t, "--data-dir=d", "--"+c.flag+"="+c.value)
		if err == nil {
			t.Errorf("--%s=%s: no error", c.flag, c.value)
			continue
		}
		text := err.Error()
		if !strings.HasPrefix(text, "--"+c.flag+" (EQUALITY_API_") || !strings.Contains(text, c.says) || strings.Contains(text, marker) {
			t.Errorf("--%s=%s: %v", c.flag, c.value, err)
		}
	}
}

// There may be several ways to write a value; Settings has one form.
func TestOneFormOfAValue(t *testing.T) {
	s, err := parse(t, "--data-dir=d", "--log-level=WARN", "--public-url=https://example.gov.uk/api/",
		"--cors-origins=https://a.example, http://localhost:3000", "--trusted-proxies=10.1.2.3/8, 192.0.2.1",
		"--sns-topic-arn=arn:aws:sns:eu-west-2:000000000000:equality.fifo", "--sns-endpoint=http://127.0.0.1:4100/", "--require-if-match")
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintln(s.LogLevel, s.PublicURL, s.CORSOrigins, s.TrustedProxies, s.SNSRegion, s.SNSEndpoint, s.RequireIfMatch)
	want := "WARN https://example.gov.uk/api [https://a.example http://localhost:3000] [10.0.0.0/8 192.0.2.1/32] eu-west-2 http://127.0.0.1:4100 true"
	if got = strings.TrimSpace(got); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

package config

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"time"
)

// Settings are the checked and parsed settings. Printed or logged, they show
// no secret.
type Settings struct {
	DataDir  string
	Database string // of PostgreSQL; "" is SQLite in DataDir
	// Local is the mode without a token issuer: loopback only, JWTSecret is
	// nil (the program keeps a key of its own in DataDir), limits are off.
	Local           bool
	Listen          string // host:port
	TelemetryListen string // host:port on loopback; "" is off
	PublicURL       string // absolute, without a slash at its end; "" is none

	JWTSecret              Secret // at least 32 bytes; nil in local mode
	JWTIssuer, JWTAudience string // "" is any
	JWTRequireExpiry       bool
	Groups                 map[string][]string // group to roles, which identity.New checks

	CORSOrigins                    []string
	RequireIfMatch, RequirePurpose bool

	RateLimit              float64 // requests a second for each caller; 0 is off
	RateBurst              int     // at least 1
	MaxConcurrentPerCaller int     // 0 is off
	TrustedProxies         []netip.Prefix
	TLSCert, TLSKey        string // files that fit each other; "" is no TLS

	IdempotencyRetention, EventRetention, ShutdownTimeout time.Duration // over 0
	LogLevel                                              slog.Level

	DemoPeople        int
	Council           string // for labels
	LocalEthnicGroups bool

	MMHStrictCodes bool // the front-end contract refuses codes that no list has

	SNSTopicARN, SNSRegion string // of a FIFO topic; "" is off
	SNSFull                bool   // messages hold values
	SNSEndpoint            string // "" is AWS's
}

const maxNumber = 1_000_000

// Settings checks and parses. The error joins everything that is wrong, one
// line each: flag, environment variable and rule, never the value.
func (c Config) Settings() (Settings, error) {
	p := parser{errs: c.fileErrs}
	s := Settings{
		DataDir:                p.required("data-dir", c.DataDir),
		Database:               c.Database,
		Local:                  c.JWTSecretFile == "",
		Listen:                 p.address("listen", c.Listen),
		PublicURL:              p.publicURL("public-url", c.PublicURL),
		JWTIssuer:              c.JWTIssuer,
		JWTAudience:            c.JWTAudience,
		JWTRequireExpiry:       p.yes("jwt-require-expiry", c.JWTRequireExpiry),
		Groups:                 c.Groups,
		CORSOrigins:            p.origins("cors-origins", c.CORSOrigins),
		RequireIfMatch:         p.yes("require-if-match", c.RequireIfMatch),
		RequirePurpose:         p.yes("require-purpose", c.RequirePurpose),
		RateLimit:              p.rate("rate-limit", c.RateLimit),
		RateBurst:              p.number("rate-burst", c.RateBurst, 1),
		MaxConcurrentPerCaller: p.number("max-concurrent-per-caller", c.MaxConcurrentPerCaller, 0),
		TrustedProxies:         p.networks("trusted-proxies", c.TrustedProxies),
		TLSCert:                c.TLSCert,
		TLSKey:                 c.TLSKey,
		IdempotencyRetention:   p.duration("idempotency-retention", c.IdempotencyRetention),
		EventRetention:         p.duration("event-retention", c.EventRetention),
		ShutdownTimeout:        p.duration("shutdown-timeout", c.ShutdownTimeout),
		LogLevel:               p.level("log-level", c.LogLevel),
		DemoPeople:             p.number("demo-people", c.DemoPeople, 0),
		Council:                p.required("council", c.Council),
		LocalEthnicGroups:      p.yes("local-ethnic-groups", c.LocalEthnicGroups),
		MMHStrictCodes:         p.choice("mmh-codes", c.MMHCodes, "record", "strict") == "strict",
		SNSFull:                p.choice("sns-payload", c.SNSPayload, "names", "full") == "full",
	}
	s.SNSTopicARN, s.SNSRegion = p.topic("sns-topic-arn", c.SNSTopicARN)
	s.SNSEndpoint = p.endpoint("sns-endpoint", c.SNSEndpoint)
	if c.TelemetryListen != "" {
		s.TelemetryListen = p.address("telemetry-listen", c.TelemetryListen)
		if s.TelemetryListen != "" && !isLoopback(s.TelemetryListen) {
			p.fail("telemetry-listen", "must be a loopback address, such as 127.0.0.1:9090: metrics and profiles are not for others")
		}
	}
	if !s.Local {
		secret, err := ReadSecret(c.JWTSecretFile)
		if err != nil {
			p.fail("jwt-secret-file", err.Error())
		}
		s.JWTSecret = secret
	}
	p.tls(s)
	p.exposure(s)
	if len(p.errs) > 0 {
		return Settings{}, errors.Join(p.errs...)
	}
	if s.Local {
		s.RateLimit, s.MaxConcurrentPerCaller = 0, 0
	}
	return s, nil
}

// tls checks that certificate and key are both there, private and a pair.
func (p *parser) tls(s Settings) {
	switch {
	case s.TLSCert == "" && s.TLSKey == "":
		return
	case s.TLSCert == "":
		p.fail("tls-cert", "must be set where --tls-key is")
		return
	case s.TLSKey == "":
		p.fail("tls-key", "must be set where --tls-cert is")
		return
	}
	key, err := os.Open(s.TLSKey)
	if err != nil {
		p.fail("tls-key", reason(err).Error())
		return
	}
	defer key.Close()
	if err := private(key); err != nil {
		p.fail("tls-key", err.Error())
		return
	}
	if _, err := tls.LoadX509KeyPair(s.TLSCert, s.TLSKey); err != nil {
		p.fail("tls-cert", "cannot be read, or does not fit --tls-key: PEM files of one pair are needed")
	}
}

// exposure checks what must be there before others than this machine can call.
func (p *parser) exposure(s Settings) {
	public := s.Listen != "" && !isLoopback(s.Listen)
	if public && s.Local {
		p.fail("listen", "a public listen address needs a token issuer: set --jwt-secret-file")
	}
	if public && s.TLSCert == "" && s.TLSKey == "" && len(s.TrustedProxies) == 0 {
		p.fail("listen", "a public listen address would carry tokens in clear: set --tls-cert and --tls-key, or --trusted-proxies for the proxy that ends TLS")
	}
	if s.DemoPeople > 0 && !s.Local {
		p.fail("demo-people", "made-up people are for local mode, without --jwt-secret-file")
	}
}

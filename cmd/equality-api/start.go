package main

import (
	"cmp"
	"fmt"
	"log/slog"

	"equality-information-api/api"
)

// facts are what the program says of itself when it starts: what it is, and what it asks of
// callers. A check that someone believes to be on, and is not, shows here.
func (p *program) facts() []slog.Attr {
	mode, tls := "token issuer", "own certificate"
	if p.Local {
		mode = "local: for this machine only, with tokens from equality-api token"
	}
	switch {
	case p.TLSCert == "" && len(p.TrustedProxies) > 0:
		tls = "ended by a trusted proxy"
	case p.TLSCert == "":
		tls = "none: loopback only"
	}
	return []slog.Attr{
		slog.String("version", version()), slog.String("contract", api.Version()),
		slog.String("engine", p.storage.engine()), slog.String("mode", mode), slog.String("tls", tls),
		slog.String("token_issuer", cmp.Or(p.JWTIssuer, "any")), slog.String("token_audience", cmp.Or(p.JWTAudience, "any")),
		slog.String("token_expiry", either(p.JWTRequireExpiry, "required", "checked if present")),
		slog.String("if_match", either(p.RequireIfMatch, "required", "optional")),
		slog.String("purpose", either(p.RequirePurpose, "required", "optional")),
		slog.String("purposes", p.Purposes),
		slog.String("rate_limit", orNone(p.RateLimit > 0, fmt.Sprintf("%g a second for each caller, %d at once", p.RateLimit, p.RateBurst))),
		slog.String("concurrent", orNone(p.MaxConcurrentPerCaller > 0, fmt.Sprintf("%d for each caller", p.MaxConcurrentPerCaller))),
		slog.String("telemetry", cmp.Or(p.TelemetryListen, "none")),
		slog.String("topic", orNone(p.SNSTopicARN != "", either(p.SNSFull, "full values", "names of members"))),
		slog.String("directory", either(p.PersonAPI, "the Person API", "local")),
	}
}

func either(yes bool, one, other string) string {
	if yes {
		return one
	}
	return other
}

func orNone(is bool, what string) string { return either(is, what, "none") }

// Package server owns what all requests share: the http.Server with its time limits,
// graceful shutdown, correlation ids, the client's address, the log event and the metrics
// of each request, security headers, panics, limits for each caller, and the telemetry
// listener.
//
// It does not own routes, responses or problems (the surfaces write them, and the 500 and
// 403 it needs are functions given to it), who the caller is (internal/identity), health,
// or CORS.
package server

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"github.com/google/uuid"
)

// Exchange is what the layers share about one request and its response. Only the goroutine
// that serves the request may use it.
type Exchange struct {
	// CorrelationID is the caller's x-correlation-id if it is a UUID, otherwise a new one.
	// The response header is already set to it.
	CorrelationID uuid.UUID
	// Echoed is the caller's x-correlation-id where it is no UUID and the surface returns it
	// all the same; the surface sets it, and the log shows it beside the other.
	Echoed string
	// Address is the client's address, found through trusted proxies; the zero Addr if it
	// is unknown. It is personal data: never log it.
	Address netip.Addr
	// Route is the pattern that matched, never the path; the surface's router sets it. The
	// set of routes must be fixed.
	Route string
	// Reason is why the caller's credentials were refused, in one of a few fixed words; the
	// gate sets it, and only the log shows it.
	Reason string
	// Problem is the stable code of the problem in the response, if any; the surface sets
	// it.
	Problem string
}

type exchangeKey struct{}

// WithExchange returns a context for Of. Observe does this for requests; tests, and work
// without a request, call it themselves.
func WithExchange(ctx context.Context, e *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, e)
}

// Of returns the context's Exchange, or a new empty one.
func Of(ctx context.Context) *Exchange {
	if e, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return e
	}
	return &Exchange{}
}

// correlationID reads the caller's id. It accepts only the 36-character form; the library
// would accept others.
func correlationID(h http.Header) uuid.UUID {
	if sent := h["X-Correlation-Id"]; len(sent) > 0 && len(sent[0]) == 36 {
		if id, err := uuid.Parse(sent[0]); err == nil {
			return id
		}
	}
	return uuid.New()
}

// proxies are the networks whose X-Forwarded headers are trusted.
type proxies []netip.Prefix

func (p proxies) trust(addr netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// client returns the client's address and whether a trusted proxy relayed the request. Each
// proxy appends its client's address to X-Forwarded-For. So client reads the header from
// the end up to the first address that is not a proxy's: anybody could have written what
// comes before.
func (p proxies) client(r *http.Request) (addr netip.Addr, relayed bool) {
	addr, ok := parseAddress(r.RemoteAddr)
	if !ok || !p.trust(addr) {
		return addr, false
	}
	lines := r.Header["X-Forwarded-For"]
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var last string
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, last = rest[:comma], rest[comma+1:]
			} else {
				last, more = rest, false
			}
			before, ok := parseAddress(strings.TrimSpace(last))
			if !ok {
				return addr, true
			}
			addr = before
			if !p.trust(addr) {
				return addr, true
			}
		}
	}
	return addr, true
}

// parseAddress reads an address, with or without a port.
func parseAddress(s string) (netip.Addr, bool) {
	if port, err := netip.ParseAddrPort(s); err == nil {
		return port.Addr().Unmap().WithZone(""), true
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}

// forwardedHTTPS returns whether the client connected by TLS, according to the proxies. If
// any hop was without TLS, so was the request: the token was visible there. A proxy that
// says nothing may have taken the request without TLS.
func forwardedHTTPS(h http.Header) (https bool) {
	for _, line := range h["X-Forwarded-Proto"] {
		for proto := range strings.SplitSeq(line, ",") {
			if https = strings.EqualFold(strings.TrimSpace(proto), "https"); !https {
				return false
			}
		}
	}
	return https
}

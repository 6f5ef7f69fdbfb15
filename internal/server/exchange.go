// Package server owns what all requests have in common, whatever they ask for:
// the http.Server with its time limits, graceful shutdown, correlation ids,
// the client's address, the one log event and the metrics of a request,
// security headers, panics, limits on a caller, and the telemetry listener.
//
// It does not own routes, answers or problems (the adapters write them, the
// 500 and 403 it needs are functions given to it), who the caller is
// (internal/identity), health, or CORS.
package server

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"github.com/google/uuid"
)

// Exchange is what one request and its answer have in common across layers.
// It is for the goroutine that serves the request.
type Exchange struct {
	// CorrelationID is the caller's x-correlation-id if that is a UUID, else
	// new. The answer's header already has it.
	CorrelationID uuid.UUID
	// Address is the client's, through trusted proxies; the zero Addr if it
	// cannot be told. It is personal data: never logged as it is.
	Address netip.Addr
	// Secure says that the client spoke TLS, with this server or with the
	// trusted proxy before it.
	Secure bool
	// Route is the pattern that matched, never the path; the adapter's router
	// fills it in. There must be a fixed set of them.
	Route string
	// Problem is the stable code of the problem answered, if any; the adapter
	// fills it in.
	Problem string
}

type exchangeKey struct{}

// WithExchange gives a context that Of finds the Exchange in. Observe does so
// for requests; it is for tests and for work that no request asked for.
func WithExchange(ctx context.Context, e *Exchange) context.Context {
	return context.WithValue(ctx, exchangeKey{}, e)
}

// Of gives the context's Exchange, a new empty one if it has none.
func Of(ctx context.Context) *Exchange {
	if e, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return e
	}
	return &Exchange{}
}

// correlationID reads the caller's id. Only the 36-character form counts: the
// library would take others too.
func correlationID(h http.Header) uuid.UUID {
	if sent := h["X-Correlation-Id"]; len(sent) > 0 && len(sent[0]) == 36 {
		if id, err := uuid.Parse(sent[0]); err == nil {
			return id
		}
	}
	return uuid.New()
}

// proxies are the networks whose X-Forwarded headers are believed.
type proxies []netip.Prefix

func (p proxies) trust(addr netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// client gives the client's address and whether a trusted proxy relayed the
// request. Each proxy appends whom it heard to X-Forwarded-For, so it is read
// from the end, up to the first address that is not a proxy's: what stands
// before that, anybody could have written.
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

// forwardedProto tells what a proxy says the client spoke. Of several hops any
// in clear counts: the token was on that wire.
func forwardedProto(h http.Header) (https, plain bool) {
	for _, line := range h["X-Forwarded-Proto"] {
		for proto := range strings.SplitSeq(line, ",") {
			switch proto = strings.TrimSpace(proto); {
			case strings.EqualFold(proto, "https"):
				https = true
			case strings.EqualFold(proto, "http"):
				plain = true
			}
		}
	}
	return https, plain
}

package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ObserveOptions are what Observe needs; all but TrustedProxies must be set.
type ObserveOptions struct {
	Log *slog.Logger
	// Registry receives the metrics of requests. Use a registry for one Observe only.
	Registry       prometheus.Registerer
	TrustedProxies []netip.Prefix
	// Panic writes the 500 problem for a handler that panicked before its response began.
	Panic func(http.ResponseWriter, *http.Request)
	// Plain writes the 403 problem for a request that crossed a network without TLS.
	Plain func(http.ResponseWriter, *http.Request)
	// Unread writes the problem for a request that net/http refuses with a status.
	Unread func(w http.ResponseWriter, r *http.Request, status int)
}

// Header values of every response. Requests share them: net/http only reads them, and a
// handler that sets a header replaces the slice.
var (
	noSniff        = []string{"nosniff"}
	noReferrer     = []string{"no-referrer"}
	denyFrames     = []string{"DENY"}
	contentPolicy  = []string{"default-src 'none'; frame-ancestors 'none'"}
	strictSecurity = []string{"max-age=31536000"}
	closing        = []string{"close"}
)

// Observer is the handler of all requests, wrapped by Observe.
type Observer struct {
	next    http.Handler
	options ObserveOptions
	proxies proxies
	metrics *metrics
}

// observed is what a request needs here, in one allocation.
type observed struct {
	exchange Exchange
	recorder recorder
	start    time.Time
	secure   bool // the client used TLS
	chunked  bool // the length of its body stands in the body
	id       string
}

// Observe wraps all handlers of a server. For each request it makes the Exchange, sets the
// correlation id and the security headers (a handler may set others), and turns a panic
// into a 500. After a body in chunks it ends the connection. It refuses a request that a
// trusted proxy does not say it received by TLS, or that reached this server from another
// machine without TLS and without a proxy. At the end it writes one log event and counts the
// request. The log has method, route, status, duration, bytes, correlation ids, problem, and
// why credentials were refused. It has nothing else that the client sent, nor who the client
// is.
func Observe(next http.Handler, options ObserveOptions) *Observer {
	return &Observer{
		next:    next,
		options: options,
		proxies: options.TrustedProxies,
		metrics: newMetrics(options.Registry),
	}
}

// ServeHTTP serves a request.
func (o *Observer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := &observed{start: time.Now(), recorder: recorder{ResponseWriter: w}}
	seen.exchange.CorrelationID = correlationID(r.Header)
	seen.id = seen.exchange.CorrelationID.String()
	addr, relayed := o.proxies.client(r)
	seen.exchange.Address = addr
	https, plain := false, false
	switch {
	case relayed:
		https = forwardedHTTPS(r.Header)
		plain = !https
	case len(o.proxies) > 0 && r.TLS == nil:
		plain = !addr.IsLoopback() // it should have come through a proxy
	}
	seen.secure = r.TLS != nil || https
	seen.chunked = len(r.TransferEncoding) > 0
	seen.headers(w.Header())

	r = r.WithContext(WithExchange(r.Context(), &seen.exchange))
	o.metrics.inFlight.Inc()
	defer o.finish(seen, r)
	if plain {
		o.options.Plain(&seen.recorder, r)
		return
	}
	o.next.ServeHTTP(&seen.recorder, r)
}

func (s *observed) headers(h http.Header) {
	h["X-Correlation-Id"] = []string{s.id}
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = noReferrer
	h["X-Frame-Options"] = denyFrames
	h["Content-Security-Policy"] = contentPolicy
	if s.secure {
		h["Strict-Transport-Security"] = strictSecurity
	}
	if s.chunked {
		// It may have had a length too, which net/http drops: whoever believes that one would
		// take another request on this connection for a part of the body (RFC 9112, 6.1).
		h["Connection"] = closing
	}
}

// finish ends a request; it is deferred, so that a panic ends here too.
func (o *Observer) finish(s *observed, r *http.Request) {
	o.metrics.inFlight.Dec()
	aborted := false
	if value := recover(); value != nil {
		aborted = o.recovered(value, s, r)
	}
	status := s.recorder.status
	if status == 0 && !aborted {
		status = http.StatusOK // net/http sends this if a handler wrote nothing
	}
	o.record(s, r, status, aborted)
	if aborted {
		panic(http.ErrAbortHandler)
	}
}

// recovered handles a panic. It returns whether to cut the connection: because the handler
// asked for it, or because part of a response has been sent.
func (o *Observer) recovered(value any, s *observed, r *http.Request) (abort bool) {
	if value == http.ErrAbortHandler { //nolint:errorlint // net/http compares so too
		return true
	}
	// The value may contain data, so log only its type.
	o.options.Log.LogAttrs(r.Context(), slog.LevelError, "panic",
		slog.String("type", fmt.Sprintf("%T", value)),
		slog.String("correlation_id", s.id),
		slog.String("stack", stack()))
	if s.recorder.status != 0 {
		return true
	}
	h := s.recorder.Header()
	clear(h) // the ETag or length of the abandoned response
	s.headers(h)
	o.options.Panic(&s.recorder, r)
	return false
}

func (o *Observer) record(s *observed, r *http.Request, status int, aborted bool) {
	took := time.Since(s.start)
	method, route := methodLabel(r.Method), routeLabel(s.exchange.Route)
	o.metrics.observe(series{route: route, method: method, status: status}, took)

	level := slog.LevelInfo
	if status >= 500 && r.Method != "" { // what could not be read is no fault of ours
		level = slog.LevelError
	}
	var fields [10]slog.Attr
	attrs := append(fields[:0],
		slog.String("method", method),
		slog.String("route", route),
		slog.Int("status", status),
		slog.Int64("duration_us", took.Microseconds()),
		slog.Int64("bytes", s.recorder.bytes),
		slog.String("correlation_id", s.id))
	if s.exchange.Echoed != "" {
		attrs = append(attrs, slog.String("caller_correlation_id", s.exchange.Echoed))
	}
	if s.exchange.Problem != "" {
		attrs = append(attrs, slog.String("problem", s.exchange.Problem))
	}
	if s.exchange.Reason != "" {
		attrs = append(attrs, slog.String("reason", s.exchange.Reason))
	}
	if aborted {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	o.options.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// stack returns the functions and lines of the panicking goroutine. Unlike debug.Stack, it
// has no arguments.
func stack() string {
	var counters [64]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(3, counters[:])])
	var b strings.Builder
	for {
		frame, more := frames.Next()
		b.WriteString(frame.Function + " " + frame.File + ":" + strconv.Itoa(frame.Line) + "\n")
		if !more {
			return b.String()
		}
	}
}

// recorder records a response's status and size.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	// Of the 1xx statuses only 101 is a response; the others come before one.
	if w.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap is for http.ResponseController. FlushError exists because a flush before anything
// is written sends the header.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// FlushError flushes; after that the status cannot change.
func (w *recorder) FlushError() error {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

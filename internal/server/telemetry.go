package server

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// NewRegistry makes a registry with the metrics of the Go runtime and of the
// process.
func NewRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// telemetryHandler serves metrics and profiles. The command line is left out:
// a heap profile is asked for more often than what an operator typed.
func telemetryHandler(metrics prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}

const (
	handshakeError = "http: TLS handshake error"
	acceptError    = "http: Accept error"
)

// serverMessages are the beginnings of what net/http logs. What follows may be
// a client's address, a panic's value or a piece of a request.
var serverMessages = []string{
	handshakeError,
	"http: panic serving",
	"http: superfluous response.WriteHeader call",
	"http: URL query contains semicolon",
	"http2:",
}

// errorLog sends what an http.Server logs to slog, without remote data.
func errorLog(to *slog.Logger) *log.Logger { return log.New(scrubber{to}, "", 0) }

type scrubber struct{ to *slog.Logger }

func (s scrubber) Write(line []byte) (int, error) {
	event, level := "other", slog.LevelWarn
	for _, known := range serverMessages {
		if bytes.HasPrefix(line, []byte(known)) {
			event = known
			break
		}
	}
	switch {
	case event == handshakeError:
		level = slog.LevelDebug // every port scan makes one
	case bytes.HasPrefix(line, []byte(acceptError)):
		event = string(bytes.TrimSpace(line)) // says only what this machine lacks
	}
	s.to.LogAttrs(context.Background(), level, "http server", slog.String("event", event))
	return len(line), nil
}

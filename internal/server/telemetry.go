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

// telemetryHandler serves metrics and profiles. It leaves out the command line: people
// often share heap profiles, and should not share what an operator typed with them.
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

// serverMessages are the beginnings of net/http's log messages. What follows them may be a
// client's address, a panic's value or a part of a request.
var serverMessages = []string{
	handshakeError,
	"http: panic serving",
	"http: superfluous response.WriteHeader call",
	"http: URL query contains semicolon",
	"http2:",
	"Unsolicited response received on idle HTTP channel",
}

// errorLog passes the messages of an http.Server to slog, without data from clients.
func errorLog(to *slog.Logger) *log.Logger { return log.New(scrubber{to, "http server"}, "", 0) }

// TakeStandardLog passes on, likewise, what libraries print with the standard log package.
func TakeStandardLog(to *slog.Logger) {
	log.SetFlags(0)
	log.SetOutput(scrubber{to, "library"})
}

type scrubber struct {
	to   *slog.Logger
	from string
}

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
		level = slog.LevelDebug // every port scan causes one
	case bytes.HasPrefix(line, []byte(acceptError)):
		event = string(bytes.TrimSpace(line)) // only says what this machine lacks
	}
	s.to.LogAttrs(context.Background(), level, s.from, slog.String("event", event))
	return len(line), nil
}

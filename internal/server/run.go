package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Limits on one connection.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 45 * time.Second // /events waits for up to 30 s
	idleTimeout       = 120 * time.Second
	maxHeader         = 32 << 10 // bytes; a token has up to half of it
)

// Options are what Run serves, and where.
type Options struct {
	Log     *slog.Logger
	Handler http.Handler
	// Unread answers a request that net/http refuses with a status and shows to no handler; if
	// nil, it is answered in plain text.
	Unread func(status int) []byte
	// Listener is for the API and pages. Run closes it.
	Listener net.Listener
	// CertFile and KeyFile enable TLS. Set both or neither.
	CertFile, KeyFile string
	// Telemetry is a loopback listener for /metrics and /debug/pprof, or nil. Run closes
	// it.
	Telemetry net.Listener
	// Metrics are the metrics that /metrics shows.
	Metrics prometheus.Gatherer
	// Connections is the most connections of the API and pages; 0 means half of the files that
	// the process may open, up to 4,096.
	Connections int
	// ShutdownTimeout is how long requests in progress have to finish.
	ShutdownTimeout time.Duration
}

type drainingKey struct{}

// Draining returns a channel that closes when the server of this request begins to shut
// down. A request that is only waiting should then end. If the context is not a request's,
// the channel is nil, which blocks for ever.
func Draining(ctx context.Context) <-chan struct{} {
	draining, _ := ctx.Value(drainingKey{}).(chan struct{})
	return draining
}

// Run serves until ctx is done or a listener fails. It then accepts no more connections,
// lets requests in progress finish, and returns; telemetry stops last. Requests do not
// notice that ctx is done, only Draining. After ShutdownTimeout they are cancelled and cut
// off, which is an error. Errors are one line.
func Run(ctx context.Context, o Options) error {
	defer o.Listener.Close()
	if o.Telemetry != nil {
		defer o.Telemetry.Close()
		if err := onlyLoopback(o.Telemetry.Addr()); err != nil {
			return err
		}
	}
	draining := make(chan struct{})
	base, cut := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), drainingKey{}, draining))
	defer cut()

	if o.Connections == 0 {
		o.Connections = connectionLimit()
	}
	main := newServer(base, o.Handler, o.Log)
	if o.Unread != nil {
		o.Listener = unreadListener{o.Listener, o.Unread}
	}
	o.Listener = newConnections(o.Connections).limit(main, o.Listener)
	failed := make(chan error, 2) // one for each server, so that both goroutines can end
	go func() { failed <- serveMain(main, o) }()
	if o.Telemetry != nil {
		telemetry := newServer(base, telemetryHandler(o.Metrics), o.Log)
		defer telemetry.Close()
		few := newConnections(telemetryConnections).limit(telemetry, o.Telemetry)
		go func() { failed <- served("telemetry", telemetry.Serve(few)) }()
	}

	var failure error
	select {
	case failure = <-failed:
	case <-ctx.Done():
	}
	close(draining)
	timeout, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.ShutdownTimeout)
	defer cancel()
	if err := main.Shutdown(timeout); err != nil {
		cut()
		_ = main.Close() // its listener is already closed; nobody needs the errors of connections
		err = fmt.Errorf("shutdown: requests were cut off after %v", o.ShutdownTimeout)
		if failure == nil {
			failure = err
		}
	}
	return failure
}

func serveMain(s *http.Server, o Options) error {
	if o.CertFile == "" {
		return served("serve", s.Serve(o.Listener))
	}
	return served("serve", s.ServeTLS(o.Listener, o.CertFile, o.KeyFile))
}

// served returns which server failed. A closed server has not failed.
func served(name string, err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("%s: %w", name, err)
}

func newServer(base context.Context, handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:                      handler,
		DisableGeneralOptionsHandler: true, // the handler answers OPTIONS * too, with its headers
		TLSConfig:                    &tls.Config{MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout:            readHeaderTimeout,
		ReadTimeout:                  readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeader,
		ErrorLog:                     errorLog(log),
		BaseContext:                  func(net.Listener) context.Context { return base },
	}
}

func onlyLoopback(addr net.Addr) error {
	if tcp, ok := addr.(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
		return errors.New("telemetry: the listener must be on a loopback address")
	}
	return nil
}

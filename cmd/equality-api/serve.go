package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/config"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/httpapi"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/mmh"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

// headInterval is how often the access log's head is written to the program's log.
const headInterval = time.Minute

type serveCommand struct {
	config.Config `embed:""`
}

// program is a server and all its parts.
type program struct {
	settings
	storage storage
	log     *slog.Logger
	heads   *slog.Logger // writes at every log level, because heads are evidence
	metrics *prometheus.Registry
	lock    *dirLock
	keys    *sealing.Keyset
	lists   *refdata.Lists
	tokens  *identity.TokenVerifier
	store   engine
	service *service.Service
	codec   *mmh.Codec
}

// Run serves until the context is done.
func (c *serveCommand) Run(ctx context.Context, o output) (err error) {
	s, err := c.Settings()
	data := storage{DataDir: s.DataDir, Database: s.Database}
	if err := errors.Join(err, identity.CheckGroups(s.Groups), data.check()); err != nil {
		return err
	}
	calmCollector()
	p := &program{settings: s, storage: data, metrics: server.NewRegistry(),
		log:   slog.New(slog.NewJSONHandler(o.err, &slog.HandlerOptions{Level: s.LogLevel})),
		heads: slog.New(slog.NewJSONHandler(o.err, nil))}
	server.TakeStandardLog(p.log)
	// Report an address that cannot be used before anything is created.
	listener, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	telemetry, err := listenIfSet(s.TelemetryListen)
	if err != nil {
		return errors.Join(fmt.Errorf("--telemetry-listen: %w", err), listener.Close())
	}
	defer func() {
		if closing := p.close(); err == nil {
			err = closing
		}
	}()
	if err := p.open(ctx); err != nil {
		return errors.Join(err, listener.Close(), closeIfSet(telemetry))
	}
	handler, err := p.handler()
	if err != nil {
		return errors.Join(err, listener.Close(), closeIfSet(telemetry))
	}
	if err := p.welcome(ctx, o, listener.Addr()); err != nil {
		return err
	}
	p.log.LogAttrs(ctx, slog.LevelInfo, "starting", p.facts()...)
	p.log.Info("listening", "address", listener.Addr().String())
	stop := p.logHeadsRegularly()
	defer stop()
	stopRelay, err := p.startRelay(ctx)
	if err != nil {
		return errors.Join(err, listener.Close(), closeIfSet(telemetry))
	}
	defer stopRelay()
	defer p.keepIndex(ctx)()
	return server.Run(ctx, server.Options{
		Handler: handler, Unread: handler.Unread, Log: p.log, Listener: listener, CertFile: s.TLSCert, KeyFile: s.TLSKey,
		Telemetry: telemetry, Metrics: p.metrics, ShutdownTimeout: s.ShutdownTimeout,
	})
}

// serverMemory is how much memory a server should use, besides its database's.
const serverMemory = 256 << 20

// calmCollector makes the garbage collector run a quarter as often as usual. The
// heap is a few megabytes, because the database's memory is outside it, and
// collecting such a small heap at every doubling costs a tenth of the processor.
// When many large answers are made, it keeps to serverMemory.
func calmCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(serverMemory)
	}
}

func listenIfSet(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	return net.Listen("tcp", address)
}

func closeIfSet(l net.Listener) error {
	if l == nil {
		return nil
	}
	return l.Close()
}

// open creates the server's parts, in the order of their dependencies.
func (p *program) open(ctx context.Context) (err error) {
	if p.lists, err = p.referenceData(); err != nil {
		return err
	}
	rules, err := equality.NewRules(p.lists)
	if err != nil {
		return err
	}
	if p.codec, err = mmh.NewCodec(p.lists, p.MMHStrictCodes); err != nil {
		return err
	}
	if err := os.MkdirAll(p.DataDir, 0o700); err != nil {
		return fmt.Errorf("%s cannot be created: %w", p.DataDir, withoutPath(err))
	}
	if p.lock, err = p.storage.lock(); err != nil {
		return err
	}
	if p.tokens, err = p.authenticator(); err != nil {
		return err
	}
	if p.keys, err = p.keyset(); err != nil {
		return err
	}
	store, err := p.storage.open(ctx, engineOptions{
		keys: p.keys, lock: p.lock, keyRetention: p.IdempotencyRetention, eventRetention: p.EventRetention, report: p.report,
	})
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	p.store = store
	poolMetrics(p.metrics, store)
	p.service = service.New(p.store, service.Options{
		Rules: rules, Keys: p.keys, Now: time.Now, RequireIfMatch: p.RequireIfMatch, Preset: identity.Preset(p.Purposes), Report: p.report, Directory: p.directory(),
		EventRetention: p.EventRetention, KeyRetention: p.IdempotencyRetention, CopyRetention: p.CopyRetention,
	})
	return nil
}

// keyset loads the keyset, and in local mode on SQLite makes what is missing.
func (p *program) keyset() (*sealing.Keyset, error) {
	if !p.Local || p.Database != "" {
		return p.storage.dir().completeKeyset()
	}
	keys, added, err := p.storage.dir().localKeyset()
	if len(added) > 0 && err == nil {
		p.log.Info("added keys to the keyset", "keys", listed(added))
	}
	return keys, err
}

// report logs what the store tells where no caller waits for it; without an
// error it is good news.
func (p *program) report(what string, err error) {
	if err == nil {
		p.log.Info(what)
		return
	}
	p.log.Error(what, "error", err)
}

func (p *program) referenceData() (*refdata.Lists, error) {
	options := []refdata.Option{refdata.WithCouncil(p.Council)}
	if p.LocalEthnicGroups {
		options = append(options, refdata.WithLocalCodes())
	}
	return refdata.Load(options...)
}

func (p *program) authenticator() (*identity.TokenVerifier, error) {
	c := identity.Config{
		Secret: p.JWTSecret, Issuer: p.JWTIssuer, Audience: p.JWTAudience,
		RequireExpiry: p.JWTRequireExpiry, Groups: p.Groups, Preset: identity.Preset(p.Purposes),
	}
	if p.Local {
		key, err := p.storage.dir().signingKeyOrNew()
		if err != nil {
			return nil, err
		}
		c.Secret, c.Groups = key, localGroups()
	}
	return identity.NewTokenVerifier(c, time.Now)
}

func (p *program) handler() (*server.Observer, error) {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "equality_http_unauthenticated_total", Help: "Requests without a valid token, by reason.",
	}, []string{"reason"})
	p.metrics.MustRegister(refused)
	var limiter *server.Limiter
	if !p.Local {
		limiter = server.NewLimiter(server.Limits{
			Rate: p.RateLimit, Burst: p.RateBurst, Concurrent: p.MaxConcurrentPerCaller,
		}, time.Now)
	}
	way := gate.New(gate.Options{
		Service: p.service, Callers: p.tokens, Limiter: limiter, Now: time.Now,
		Unauthenticated: func(reason string) { refused.WithLabelValues(reason).Inc() },
		Origins:         p.CORSOrigins, RequirePurpose: p.RequirePurpose,
		Internal: func(ctx context.Context, err error) {
			p.log.Error("internal error", "correlation_id", server.Of(ctx).CorrelationID, "error", err)
		},
	})
	api := httpapi.New(httpapi.Options{Gate: way, UseCases: p.service, Rules: p.service.Rules, Lists: p.lists, PublicURL: p.PublicURL})
	front, err := mmh.New(mmh.Options{
		Gate: way, UseCases: p.service, Codec: p.codec, Lists: p.lists, Store: p.storage.engine(), Now: time.Now,
	})
	if err != nil {
		return nil, err
	}
	surfaces := gate.Surfaces{front, api}
	return server.Observe(surfaces, server.ObserveOptions{
		Log: p.log, Registry: p.metrics, TrustedProxies: p.TrustedProxies, Panic: surfaces.Panic, Plain: surfaces.Plain, Unread: surfaces.Unread,
	}), nil
}

// logHeadsRegularly writes the access log's heads to the program's log, whose
// copies elsewhere then prove that the access log was not cut short.
func (p *program) logHeadsRegularly() (stop func()) {
	done := make(chan struct{})
	go func() {
		ticker := time.NewTicker(headInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				p.logHeads()
			case <-done:
				return
			}
		}
	}()
	return func() { close(done) }
}

func (p *program) logHeads() {
	for _, head := range p.store.Heads() {
		p.heads.Info(audit.HeadMessage, head.LogFields(p.keys)...)
	}
}

// close closes what open opened, the store first and the lock last.
func (p *program) close() (err error) {
	if p.store != nil {
		err = p.store.Close()
		p.logHeads()
	}
	return errors.Join(err, p.lock.Close())
}

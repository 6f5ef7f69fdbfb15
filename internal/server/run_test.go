package server_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"equality-information-api/internal/server"
)

// running is a server started by Run.
type running struct {
	url, telemetry string
	log            *logBuffer
	stop           func()
	done           chan error
}

func start(t *testing.T, handler http.HandlerFunc, change ...func(*server.Options)) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	s := &running{log: &logBuffer{}, stop: cancel, done: make(chan error, 1)}
	o := server.Options{
		Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Handler: handler,
		Listener: listen(t), Telemetry: listen(t), Metrics: server.NewRegistry(), ShutdownTimeout: 5 * time.Second,
	}
	for _, f := range change {
		f(&o)
	}
	s.url, s.telemetry = "http://"+o.Listener.Addr().String(), "http://"+o.Telemetry.Addr().String()
	go func() { s.done <- server.Run(ctx, o) }()
	t.Cleanup(func() {
		cancel()
		select {
		case <-s.done:
		case <-time.After(10 * time.Second):
			t.Error("Run did not return")
		}
	})
	return s
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// end waits for Run, so that the clean-up can wait again.
func (s *running) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-s.done:
		s.done <- err
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("Run did not return")
		return nil
	}
}

type answer struct {
	status int
	body   string
	err    error
}

func get(url string) answer {
	res, err := http.Get(url) //nolint:gosec // the test's own server
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(body), err}
}

func TestRequestInProgressIsFinished(t *testing.T) {
	t.Parallel()
	begun, finish := make(chan bool), make(chan bool)
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-server.Draining(r.Context())
		<-finish
		if r.Context().Err() != nil {
			t.Error("the request was cancelled")
		}
		_, _ = io.WriteString(w, "finished")
	})
	answers := make(chan answer, 1)
	go func() { answers <- get(s.url) }()
	<-begun
	s.stop()
	for { // wait until new connections are refused
		c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			break
		}
		_ = c.Close()
		time.Sleep(time.Millisecond)
	}
	if a := get(s.telemetry + "/metrics"); a.status != 200 {
		t.Errorf("telemetry stopped before the rest: %v", a.err)
	}
	close(finish)
	if a := <-answers; a.body != "finished" {
		t.Errorf("got %+v", a)
	}
	if err := s.end(t); err != nil {
		t.Error(err)
	}
	if a := get(s.telemetry + "/metrics"); a.err == nil {
		t.Error("telemetry still runs")
	}
}

func TestLongPollEndsAtOnce(t *testing.T) {
	t.Parallel()
	begun := make(chan bool)
	s := start(t, func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		select {
		case <-server.Draining(r.Context()):
			_, _ = io.WriteString(w, "draining")
		case <-time.After(30 * time.Second):
		}
	})
	answers := make(chan answer, 1)
	go func() { answers <- get(s.url) }()
	<-begun
	from := time.Now()
	s.stop()
	if a := <-answers; a.body != "draining" {
		t.Errorf("got %+v", a)
	}
	if err := s.end(t); err != nil || time.Since(from) > 3*time.Second {
		t.Errorf("ended after %v: %v", time.Since(from), err)
	}
}

func TestShutdownTimeout(t *testing.T) {
	t.Parallel()
	begun, cancelled := make(chan bool), make(chan bool)
	s := start(t, func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		close(cancelled)
	}, func(o *server.Options) { o.ShutdownTimeout = 50 * time.Millisecond })
	go get(s.url)
	<-begun
	s.stop()
	if err := s.end(t); err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "cut off after 50ms") {
		t.Errorf("got %v", err)
	}
	<-cancelled
}

func TestSlowHeaderIsCut(t *testing.T) {
	if testing.Short() {
		t.Skip("takes five seconds")
	}
	t.Parallel()
	s := start(t, func(http.ResponseWriter, *http.Request) { t.Error("a request without an end to its header was served") })
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	from := time.Now()
	cut := make(chan bool)
	go func() {
		_, _ = io.Copy(io.Discard, c)
		close(cut)
	}()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n")
	for {
		select {
		case <-cut:
			if took := time.Since(from); took < 4*time.Second || took > 8*time.Second {
				t.Errorf("cut after %v", took)
			}
			return
		case <-time.After(200 * time.Millisecond):
			_, _ = io.WriteString(c, "X: y\r\n")
		}
	}
}

func TestLargeHeaderIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, func(http.ResponseWriter, *http.Request) {})
	for size, want := range map[int]int{31 << 10: 200, 48 << 10: 431} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Large", strings.Repeat("a", size))
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%d bytes: %d", size, res.StatusCode)
		}
	}
}

func TestTelemetry(t *testing.T) {
	t.Parallel()
	s := start(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	if a := get(s.telemetry + "/metrics"); !strings.Contains(a.body, "go_goroutines") {
		t.Errorf("got %+v", a)
	}
	if a := get(s.telemetry + "/debug/pprof/goroutine?debug=1"); !strings.Contains(a.body, "goroutine profile") {
		t.Errorf("got %+v", a)
	}
	if a := get(s.telemetry + "/debug/pprof/cmdline"); a.status != http.StatusNotFound {
		t.Errorf("the command line is served: %+v", a)
	}
	for _, path := range []string{"/metrics", "/debug/pprof/"} {
		if a := get(s.url + path); a.status != http.StatusTeapot {
			t.Errorf("%s is served on the public listener: %+v", path, a)
		}
	}
}

func TestTelemetryStaysOnLoopback(t *testing.T) {
	t.Parallel()
	everywhere, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, nil, func(o *server.Options) { o.Telemetry = everywhere })
	if err := s.end(t); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("got %v", err)
	}
}

// broken is a listener that fails.
type broken struct{ net.Listener }

func (broken) Accept() (net.Conn, error) { return nil, errors.New("out of order") }

func TestFailingListenerEndsRun(t *testing.T) {
	t.Parallel()
	s := start(t, nil, func(o *server.Options) { o.Listener = broken{o.Listener} })
	if err := s.end(t); err == nil || err.Error() != "serve: out of order" {
		t.Errorf("got %v", err)
	}
	s = start(t, nil, func(o *server.Options) { o.Telemetry = broken{o.Telemetry} })
	if err := s.end(t); err == nil || err.Error() != "telemetry: out of order" {
		t.Errorf("got %v", err)
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key, pool := certificate(t)
	s := start(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) },
		func(o *server.Options) { o.CertFile, o.KeyFile = cert, key })
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	res, err := client.Get(strings.Replace(s.url, "http:", "https:", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, _ := io.ReadAll(res.Body); string(body) != "HTTP/2.0" {
		t.Errorf("got %s", body)
	}
	// The log of a failed handshake says nothing about the client.
	c, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\n\r\n")
	_, _ = bufio.NewReader(c).ReadString('\n')
	for len(s.log.events(t, "http server")) == 0 {
		time.Sleep(time.Millisecond)
	}
	if strings.Contains(s.log.String(), "127.0.0.1") || !strings.Contains(s.log.String(), "TLS handshake error") {
		t.Errorf("logged %s", s.log)
	}
}

func TestServerLogHasNoPanicValue(t *testing.T) {
	t.Parallel()
	s := start(t, func(http.ResponseWriter, *http.Request) { panic("Marker7") }) // without Observe
	if a := get(s.url); a.err == nil {
		t.Errorf("answered %+v", a)
	}
	s.stop()
	if err := s.end(t); err != nil {
		t.Fatal(err)
	}
	if log := s.log.String(); strings.Contains(log, "Marker7") || strings.Contains(log, "127.0.0.1") || !strings.Contains(log, "http: panic serving") {
		t.Errorf("logged %s", log)
	}
}

func TestDrainingOutsideARequestBlocks(t *testing.T) {
	t.Parallel()
	select {
	case <-server.Draining(t.Context()):
		t.Error("draining")
	default:
	}
}

func certificate(t *testing.T) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	pool = x509.NewCertPool()
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool.AddCert(parsed)
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key, pool
}

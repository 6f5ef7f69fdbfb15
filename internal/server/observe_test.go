package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"equality-information-api/internal/server"
)

// logBuffer is a log that tests read while others write.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// events returns the log's events with this message.
func (b *logBuffer) events(t *testing.T, message string) []map[string]any {
	t.Helper()
	var out []map[string]any
	for line := range strings.Lines(b.String()) {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		if event["msg"] == message {
			out = append(out, event)
		}
	}
	return out
}

// bundle is a handler wrapped by Observe, and its log and metrics.
type bundle struct {
	handler  http.Handler
	log      *logBuffer
	registry *prometheus.Registry
}

func setup(handler http.HandlerFunc, trusted ...netip.Prefix) bundle {
	b := bundle{log: &logBuffer{}, registry: prometheus.NewRegistry()}
	b.handler = server.Observe(handler, server.ObserveOptions{
		Log:            slog.New(slog.NewJSONHandler(b.log, nil)),
		Registry:       b.registry,
		TrustedProxies: trusted,
		Panic:          problem(http.StatusInternalServerError, "internal"),
		Plain:          problem(http.StatusForbidden, "plain-http"),
	})
	return b
}

func problem(status int, code string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		server.Of(r.Context()).Problem = code
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"code":"`+code+`"}`)
	}
}

// ask sends a request over a real connection.
func (b bundle) ask(t *testing.T, method, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	s := httptest.NewServer(b.handler)
	defer s.Close() // waits for the handler and its log event
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	res, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

func TestCorrelationID(t *testing.T) {
	t.Parallel()
	const id = "45b919fa-22b4-11ec-9621-0242ac130002"
	for sent, want := range map[string]string{
		id:                                     id,
		strings.ToUpper(id):                    id,
		"":                                     "",
		"hello":                                "",
		"{" + id + "}":                         "",
		"urn:uuid:" + id:                       "",
		strings.ReplaceAll(id, "-", ""):        "",
		"45b919fa-22b4-11ec-9621-0242ac13000g": "",
		"45b919fa022b4-11ec-9621-0242ac130002": "",
		id + " x":                              "",
	} {
		b := setup(func(w http.ResponseWriter, r *http.Request) {
			if got := server.Of(r.Context()).CorrelationID.String(); got != w.Header().Get("x-correlation-id") {
				t.Errorf("the exchange has %s, the header %s", got, w.Header().Get("x-correlation-id"))
			}
		})
		res, _ := b.ask(t, http.MethodGet, "/", "x-correlation-id", sent)
		got := res.Header.Get("x-correlation-id")
		if want == "" && (uuid.Validate(got) != nil || strings.EqualFold(got, id)) || want != "" && got != want {
			t.Errorf("sent %q, got %q", sent, got)
		}
		if logged := b.log.events(t, "request")[0]["correlation_id"]; logged != got {
			t.Errorf("answered %s, logged %v", got, logged)
		}
	}
}

func TestOneEventWithoutRemoteData(t *testing.T) {
	t.Parallel()
	const marker = "Marker7"
	b := setup(func(w http.ResponseWriter, r *http.Request) {
		e := server.Of(r.Context())
		e.Route, e.Problem = "/things/{id}", "not-found"
		w.Header().Set("X-Answer", marker)
		http.Error(w, marker, http.StatusNotFound)
	})
	b.ask(t, "GET", "/"+marker+"?q="+marker, "Authorization", marker, "User-Agent", marker, "x-correlation-id", marker, "Referer", marker)
	if strings.Contains(b.log.String(), marker) || strings.Contains(b.log.String(), "127.0.0.1") {
		t.Errorf("logged %s", b.log)
	}
	events := b.log.events(t, "request")
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	e := events[0]
	if e["method"] != "GET" || e["route"] != "/things/{id}" || e["status"] != 404.0 || e["bytes"] != 8.0 || e["problem"] != "not-found" {
		t.Errorf("logged %v", e)
	}
	if _, ok := e["duration_us"].(float64); !ok {
		t.Errorf("logged %v", e)
	}
}

func TestPanicIsA500(t *testing.T) {
	t.Parallel()
	const marker = "Marker7"
	type secretive struct{ value string }
	for name, value := range map[string]any{
		"string": marker, "error": errors.New(marker), "struct": secretive{marker}, "pointer": &secretive{marker},
	} {
		b := setup(func(w http.ResponseWriter, r *http.Request) {
			server.Of(r.Context()).Route = "/boom"
			w.Header().Set("ETag", `"1"`)
			w.Header().Set("Content-Length", "1")
			panic(value)
		})
		res, body := b.ask(t, http.MethodGet, "/")
		if res.StatusCode != 500 || body != `{"code":"internal"}` || res.Header.Get("ETag") != "" || res.Header.Get("X-Correlation-Id") == "" ||
			res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %s %v", name, res.StatusCode, body, res.Header)
		}
		if strings.Contains(b.log.String(), marker) {
			t.Errorf("%s: logged %s", name, b.log)
		}
		event := b.log.events(t, "panic")[0]
		if event["type"] == "" || !strings.Contains(event["stack"].(string), "TestPanicIsA500") || event["level"] != "ERROR" {
			t.Errorf("%s: logged %v", name, event)
		}
		if e := b.log.events(t, "request")[0]; e["status"] != 500.0 || e["problem"] != "internal" || e["route"] != "/boom" {
			t.Errorf("%s: logged %v", name, e)
		}
	}
}

func TestHalfAnAnswerIsCut(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]any{"panic": "x", "abort": http.ErrAbortHandler} {
		b := setup(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
			panic(value)
		})
		s := httptest.NewServer(b.handler)
		res, err := s.Client().Get(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("%s: a whole answer: %q", name, body)
		}
		_ = res.Body.Close()
		s.Close()
		if e := b.log.events(t, "request")[0]; e["aborted"] != true || e["status"] != 200.0 {
			t.Errorf("%s: logged %v", name, e)
		}
		if n := len(b.log.events(t, "panic")); name == "abort" && n != 0 || name == "panic" && n != 1 {
			t.Errorf("%s: %d panics logged", name, n)
		}
	}
}

func TestAbortBeforeAnAnswer(t *testing.T) {
	t.Parallel()
	b := setup(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s := httptest.NewServer(b.handler)
	if res, err := s.Client().Get(s.URL); err == nil {
		_ = res.Body.Close()
		t.Errorf("answered %d", res.StatusCode)
	}
	s.Close()
	for _, e := range b.log.events(t, "request") { // the client may have tried twice
		if e["aborted"] != true || e["status"] != 0.0 {
			t.Errorf("logged %v", e)
		}
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	b := setup(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" {
			w.Header().Set("Content-Security-Policy", "default-src 'self'")
		}
	})
	want := map[string]string{
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Strict-Transport-Security": "",
	}
	check := func(res *http.Response) {
		t.Helper()
		for name, value := range want {
			if got := res.Header.Get(name); got != value {
				t.Errorf("%s: %q", name, got)
			}
		}
	}
	res, _ := b.ask(t, http.MethodGet, "/")
	check(res)
	res, _ = b.ask(t, http.MethodGet, "/page")
	want["Content-Security-Policy"] = "default-src 'self'"
	check(res)

	s := httptest.NewTLSServer(b.handler)
	defer s.Close()
	res, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	want["Content-Security-Policy"], want["Strict-Transport-Security"] = "default-src 'none'; frame-ancestors 'none'", "max-age=31536000"
	check(res)
}

func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	local, ten := netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")
	for _, c := range []struct {
		name    string
		trusted []netip.Prefix
		headers []string
		address string
		status  int
		hsts    bool
	}{
		{"nobody trusted", nil, []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "http"}, "127.0.0.1", 200, false},
		{"other network trusted", []netip.Prefix{ten}, []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "https"}, "127.0.0.1", 200, false},
		{"one proxy", []netip.Prefix{local}, []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "https"}, "192.0.2.1", 200, true},
		{"no header", []netip.Prefix{local}, nil, "127.0.0.1", 403, false},
		{"no protocol", []netip.Prefix{local}, []string{"X-Forwarded-For", "192.0.2.1"}, "192.0.2.1", 403, false},
		{"an empty protocol", []netip.Prefix{local}, []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", ""}, "192.0.2.1", 403, false},
		{"another protocol", []netip.Prefix{local}, []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "spdy"}, "192.0.2.1", 403, false},
		{"https twice", []netip.Prefix{local}, []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-Proto", "https, HTTPS"}, "192.0.2.1", 200, true},
		{"client's own header", []netip.Prefix{local}, []string{"X-Forwarded-For", "10.1.1.1, 198.51.100.9, 192.0.2.1", "X-Forwarded-Proto", "https"}, "192.0.2.1", 200, true},
		{"two proxies", []netip.Prefix{local, ten}, []string{"X-Forwarded-For", "192.0.2.1, 10.1.1.1", "X-Forwarded-Proto", "https"}, "192.0.2.1", 200, true},
		{"two lines", []netip.Prefix{local, ten}, []string{"X-Forwarded-For", "192.0.2.1", "X-Forwarded-For", "10.1.1.1", "X-Forwarded-Proto", "https"}, "192.0.2.1", 200, true},
		{"only proxies", []netip.Prefix{local, ten}, []string{"X-Forwarded-For", "10.2.2.2,10.1.1.1", "X-Forwarded-Proto", "https"}, "10.2.2.2", 200, true},
		{"rubbish before", []netip.Prefix{local, ten}, []string{"X-Forwarded-For", "192.0.2.1, unknown, 10.1.1.1", "X-Forwarded-Proto", "https"}, "10.1.1.1", 200, true},
		{"port", []netip.Prefix{local}, []string{"X-Forwarded-For", "192.0.2.1:4711", "X-Forwarded-Proto", "https"}, "192.0.2.1", 200, true},
		{"ipv6", []netip.Prefix{local}, []string{"X-Forwarded-For", "[2001:db8::1]:4711", "X-Forwarded-Proto", "https"}, "2001:db8::1", 200, true},
		{"mapped", []netip.Prefix{local}, []string{"X-Forwarded-For", "::ffff:192.0.2.1", "X-Forwarded-Proto", "https"}, "192.0.2.1", 200, true},
		{"plain", []netip.Prefix{local}, []string{"X-Forwarded-Proto", "HTTP"}, "127.0.0.1", 403, false},
		{"plain somewhere", []netip.Prefix{local}, []string{"X-Forwarded-Proto", "https, http"}, "127.0.0.1", 403, false},
	} {
		var address string
		b := setup(func(_ http.ResponseWriter, r *http.Request) { address = server.Of(r.Context()).Address.String() }, c.trusted...)
		res, body := b.ask(t, http.MethodGet, "/", c.headers...)
		if res.StatusCode != c.status || (c.status == 200 && address != c.address) || (res.Header.Get("Strict-Transport-Security") != "") != c.hsts {
			t.Errorf("%s: %d, address %s, %v", c.name, res.StatusCode, address, res.Header)
		}
		if c.status == 403 && (body != `{"code":"plain-http"}` || res.Header.Get("Location") != "" || address != "") {
			t.Errorf("%s: %s", c.name, body)
		}
	}
}

// metrics returns the values of the request metrics; for histograms, the count.
func (b bundle) metrics(t *testing.T) map[string]string {
	t.Helper()
	w := httptest.NewRecorder()
	promhttp.HandlerFor(b.registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	out := make(map[string]string)
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "#") || strings.Contains(line, "_bucket{") || strings.Contains(line, "_sum{") {
			continue
		}
		space := strings.LastIndexByte(line, ' ')
		out[line[:space]] = strings.TrimSpace(line[space:])
	}
	return out
}

func TestMetricsAreBounded(t *testing.T) {
	t.Parallel()
	b := setup(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/known/") {
			server.Of(r.Context()).Route = "/known/{id}"
			return
		}
		w.WriteHeader(http.StatusNotFound)
	})
	for _, path := range []string{"/a", "/b", "/c?d", "/known/1", "/known/2"} {
		for _, method := range []string{"GET", "BREW", "get", "PROPFIND"} {
			b.ask(t, method, path)
		}
	}
	want := map[string]string{
		`equality_http_requests_in_flight`:                                              "0",
		`equality_http_requests_total{method="GET",route="/known/{id}",status="200"}`:   "2",
		`equality_http_requests_total{method="GET",route="none",status="404"}`:          "3",
		`equality_http_requests_total{method="other",route="/known/{id}",status="200"}`: "6",
		`equality_http_requests_total{method="other",route="none",status="404"}`:        "9",
		`equality_http_request_duration_seconds_count{route="/known/{id}"}`:             "8",
		`equality_http_request_duration_seconds_count{route="none"}`:                    "12",
	}
	if got := b.metrics(t); !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if strings.Contains(b.log.String(), "BREW") {
		t.Error("a made-up method is in the log")
	}
}

func TestOfWithoutExchange(t *testing.T) {
	t.Parallel()
	server.Of(t.Context()).Route = "/x" // must not panic
	e := &server.Exchange{Problem: "p"}
	if server.Of(server.WithExchange(t.Context(), e)) != e {
		t.Error("not the exchange that was put there")
	}
}

// nothing is a ResponseWriter that costs nothing, so that the benchmark measures Observe
// alone.
type nothing struct{ header http.Header }

func (n nothing) Header() http.Header         { return n.header }
func (n nothing) Write(b []byte) (int, error) { return len(b), nil }
func (n nothing) WriteHeader(int)             {}

func BenchmarkObserve(b *testing.B) {
	body := []byte(`{}`)
	handler := func(w http.ResponseWriter, r *http.Request) {
		server.Of(r.Context()).Route = "/things/{id}"
		_, _ = w.Write(body)
	}
	for name, log := range map[string]*slog.Logger{
		"without log": slog.New(slog.DiscardHandler),
		"with log":    slog.New(slog.NewJSONHandler(io.Discard, nil)),
	} {
		b.Run(name, func(b *testing.B) {
			h := server.Observe(http.HandlerFunc(handler), server.ObserveOptions{Log: log, Registry: prometheus.NewRegistry()})
			r := httptest.NewRequest(http.MethodGet, "/things/1", nil)
			w := nothing{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				clear(w.header)
				h.ServeHTTP(w, r)
			}
		})
	}
}

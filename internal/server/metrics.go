package server

import (
	"maps"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the counters of requests. Labels have few values: routes are patterns, and
// all unknown methods have one value.
type metrics struct {
	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec

	// resolved has the series seen so far. There are few, and soon all are known: adding
	// one replaces the map, and reading takes no lock.
	resolved atomic.Pointer[map[series]resolved]
	adding   sync.Mutex
}

type series struct {
	route, method string
	status        int
}

type resolved struct {
	requests prometheus.Counter
	duration prometheus.Observer
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "equality_http_requests_in_flight", Help: "Requests being served.",
		}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "equality_http_requests_total", Help: "Requests by status; 0 is a request that was cut off without a response.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "equality_http_request_duration_seconds", Help: "Time from a request's headers to the end of its response.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route"}),
	}
	m.resolved.Store(&map[series]resolved{})
	registry.MustRegister(m.inFlight, m.requests, m.duration)
	return m
}

// observe counts a request that has been answered.
func (m *metrics) observe(s series, took time.Duration) {
	r, ok := (*m.resolved.Load())[s]
	if !ok {
		r = m.add(s)
	}
	r.requests.Inc()
	r.duration.Observe(took.Seconds())
}

func (m *metrics) add(s series) resolved {
	m.adding.Lock()
	defer m.adding.Unlock()
	r := resolved{
		requests: m.requests.WithLabelValues(s.route, s.method, strconv.Itoa(s.status)),
		duration: m.duration.WithLabelValues(s.route),
	}
	next := maps.Clone(*m.resolved.Load())
	next[s] = r
	m.resolved.Store(&next)
	return r
}

// methodLabel keeps invented methods out of logs and labels.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// routeLabel replaces an empty route, which means that nothing matched.
func routeLabel(route string) string {
	if route == "" {
		return "none"
	}
	return route
}

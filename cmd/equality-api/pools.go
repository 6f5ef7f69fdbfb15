package main

import (
	"github.com/prometheus/client_golang/prometheus"

	"equality-information-api/internal/store/postgres"
)

// pools are the connections of an engine that has pools.
type pools interface{ Pools() []postgres.Pool }

// poolMetrics registers the metrics of an engine's pools, if it has any.
func poolMetrics(registry prometheus.Registerer, e engine) {
	of, ok := e.(pools)
	if !ok {
		return
	}
	registry.MustRegister(poolCollector{of})
}

// poolCollector reads the pools when somebody asks for the metrics.
type poolCollector struct{ pools }

var (
	poolInUse = poolMetric("in_use_connections", "Connections in use.")
	poolIdle  = poolMetric("idle_connections", "Connections that wait for use.")
	poolMax   = poolMetric("max_connections", "How many connections there can be.")
	poolWaits = poolMetric("waits_total", "How often none was idle, so that somebody had to wait for one.")
)

func poolMetric(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("equality_postgres_pool_"+name, help, []string{"pool"}, nil)
}

func (poolCollector) Describe(to chan<- *prometheus.Desc) {
	for _, metric := range []*prometheus.Desc{poolInUse, poolIdle, poolMax, poolWaits} {
		to <- metric
	}
}

func (c poolCollector) Collect(to chan<- prometheus.Metric) {
	for _, p := range c.Pools() {
		gauge := func(metric *prometheus.Desc, value int32) {
			to <- prometheus.MustNewConstMetric(metric, prometheus.GaugeValue, float64(value), p.Name)
		}
		gauge(poolInUse, p.InUse)
		gauge(poolIdle, p.Idle)
		gauge(poolMax, p.Max)
		to <- prometheus.MustNewConstMetric(poolWaits, prometheus.CounterValue, float64(p.Waits), p.Name)
	}
}

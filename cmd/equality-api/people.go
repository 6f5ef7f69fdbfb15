package main

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"equality-information-api/internal/config"
	"equality-information-api/internal/personapi"
	"equality-information-api/internal/service"
)

// directory returns Hackney's Person API, if the settings choose it, or nil for the store's
// directory.
func (p *program) directory() service.Directory {
	if !p.PersonAPI {
		return nil
	}
	requests := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "equality_person_api_requests_total", Help: "Requests to the Person API, by outcome.",
	}, []string{"outcome"})
	p.metrics.MustRegister(requests)
	for _, outcome := range personapi.Outcomes {
		requests.WithLabelValues(string(outcome)) // so that an alert finds a zero
	}
	return personapi.New(personapi.Options{
		URL: p.DirectoryURL, Now: time.Now, Report: p.report,
		Token:   func() ([]byte, error) { return config.ReadToken(p.DirectoryTokenFile) },
		Outcome: func(o personapi.Outcome) { requests.WithLabelValues(string(o)).Inc() },
	})
}

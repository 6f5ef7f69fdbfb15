package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"equality-information-api/internal/events"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/mmh"
	"equality-information-api/internal/relay"
	"equality-information-api/internal/service"
)

// publisher is the program itself, as the access log names it when it publishes.
var publisher = identity.Caller{Subject: "program:relay", Name: "equality-api", Kind: identity.Service}

// startRelay starts publishing changes, if there is a topic.
func (p *program) startRelay(ctx context.Context) (stop func(), err error) {
	if p.SNSTopicARN == "" {
		return func() {}, nil
	}
	topic, err := relay.NewSNS(ctx, p.SNSTopicARN, p.SNSRegion, p.SNSEndpoint)
	if err != nil {
		return nil, err
	}
	access, err := p.service.Authorise(ctx, service.Request{
		Caller: publisher.With(service.Publish.Permission()), CorrelationID: uuid.New(),
	}, service.Publish)
	if err != nil {
		return nil, err
	}
	scope := "sns names"
	if p.SNSFull {
		scope = "sns full"
	}
	feed, err := p.service.StartPublication(access, scope)
	if err != nil {
		return nil, err
	}
	published := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "equality_events_published_total", Help: "Messages that the topic accepted.",
	})
	held := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "equality_events_held", Help: "Events held until someone retries or drops one.",
	})
	var oldest atomic.Pointer[time.Time]
	lag := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "equality_events_lag_seconds", Help: "How long the oldest event has waited to be published; 0 in a process that does not publish.",
	}, func() float64 {
		at := oldest.Load()
		if at == nil || at.IsZero() {
			return 0
		}
		return max(0, time.Since(*at).Seconds())
	})
	p.metrics.MustRegister(published, held, lag)
	r := relay.New(relay.Options{
		Feed: feed, Topic: topic, Wanted: mmh.Published, Compose: p.message, Report: p.report,
		Published: published.Inc,
		Stands:    func(n int, at time.Time) { held.Set(float64(n)); oldest.Store(&at) },
	})
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { r.Run(ctx) })
	return func() { cancel(); running.Wait() }, nil
}

// message is a change as the front ends' listeners read it.
func (p *program) message(e events.Event, old *service.Shown, now service.Shown) []byte {
	return p.codec.Message(e, old, now, p.SNSFull)
}

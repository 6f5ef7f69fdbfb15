package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

var lagLine = regexp.MustCompile(`(?m)^equality_events_lag_seconds (\S+)$`)

// lag is how long the oldest event has waited, according to the metrics.
func (p *program) lag(t *testing.T) float64 {
	t.Helper()
	r, err := http.Get("http://" + p.telemetry + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	line := lagLine.FindSubmatch(text)
	if err != nil || line == nil {
		t.Fatalf("the metrics have no lag: %v", err)
	}
	seconds, err := strconv.ParseFloat(string(line[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return seconds
}

// A server that is no topic, and in the end is one: nothing counts as published before.
func TestNothingIsLostToAHostileTopic(t *testing.T) {
	t.Parallel()
	s := newTopic(t)
	hung, release := make(chan bool), make(chan bool)
	deeds := []http.HandlerFunc{
		func(w http.ResponseWriter, _ *http.Request) { // no message id
			answer(w, http.StatusOK, "<PublishResponse><PublishResult/></PublishResponse>")
		},
		func(w http.ResponseWriter, _ *http.Request) { // more than was asked for, on a connection that is kept
			connection, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer connection.Close()
			_, _ = io.WriteString(connection, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")
			time.Sleep(100 * time.Millisecond)
			_, _ = io.WriteString(connection, "HTTP/1.1 200 zebra\r\n\r\n")
		},
		func(w http.ResponseWriter, _ *http.Request) { // endless
			for {
				if _, err := io.WriteString(w, strings.Repeat("<zebra>", 1000)); err != nil {
					return
				}
			}
		},
		func(http.ResponseWriter, *http.Request) { // hangs
			hung <- true
			<-release
		},
	}
	var mu sync.Mutex
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if len(deeds) == 0 {
			mu.Unlock()
			s.ServeHTTP(w, r)
			return
		}
		deed := deeds[0]
		deeds = deeds[1:]
		mu.Unlock()
		_, _ = io.Copy(io.Discard, r.Body)
		deed(w, r)
	}))
	defer front.Close()
	p := start(t, "--sns-topic-arn", topicARN, "--sns-endpoint", front.URL)
	officer := p.token(t, "officer")
	m := p.create(t, officer, "")
	p.patch(t, officer, m, `{"disabled":"no"}`).want(t, 200)
	<-hung
	p.measured(t, "equality_events_published_total 0")
	before := p.lag(t)
	eventually(t, "the lag grows while the topic hangs", func() bool { return p.lag(t) > before+1 })
	close(release)
	s.agree(t, p)
	p.measured(t, "equality_events_published_total 2", "equality_events_lag_seconds 0")
	for line := range strings.Lines(p.log()) {
		if !json.Valid([]byte(line)) || strings.Contains(line, zebra) {
			t.Errorf("in the log stands %s", line)
		}
	}
}

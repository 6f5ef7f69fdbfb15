package personapi

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

// Outcome is how a request to the Person API ended.
type Outcome string

// The outcomes.
const (
	Found       Outcome = "found"
	Unknown     Outcome = "unknown"
	NoToken     Outcome = "no-token"    // its file cannot be read
	Refused     Outcome = "refused"     // the token
	Unreachable Outcome = "unreachable" // or too slow, or failing
	Unusable    Outcome = "unusable"    // the answer
)

// Outcomes are all outcomes.
var Outcomes = []Outcome{Found, Unknown, NoToken, Refused, Unreachable, Unusable}

// failure is an error with its outcome.
type failure struct {
	outcome Outcome
	error
}

func (f failure) Unwrap() error { return f.error }

func outcomeOf(err error) Outcome {
	var f failure
	switch {
	case err == nil:
		return Found
	case errors.As(err, &f):
		return f.outcome
	}
	return Unknown
}

// cause is an error of a request that can be logged: net/http's own can quote the URL, and
// what was received.
func cause(ctx context.Context, err error) error {
	var broken *net.OpError
	switch {
	case ctx.Err() != nil:
		return errors.New("it did not respond in time")
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return errors.New("its certificate is not trusted")
	case errors.As(err, &broken):
		return broken
	}
	return errors.New("it closed the connection, or does not speak HTTP")
}

// calm is how long a kind of failure is not reported again. Without it, answers about one
// person that cannot be used would fill the log, between those about others.
const calm = time.Minute

// state is what has been reported.
type state struct {
	sync.Mutex
	failing Outcome // "" if nothing fails
	told    map[Outcome]time.Time
}

// note counts an outcome, and reports it if it is news.
func (c *Client) note(err error) {
	outcome := outcomeOf(err)
	c.Outcome(outcome)
	c.state.Lock()
	defer c.state.Unlock()
	fails := outcome != Found && outcome != Unknown
	switch now := c.Now(); {
	case !fails && c.state.failing != "":
		c.state.failing = ""
		c.Report("the Person API works again", nil)
	case fails && c.state.failing != outcome && now.Sub(c.state.told[outcome]) >= calm:
		c.state.failing, c.state.told[outcome] = outcome, now
		c.Report("people cannot be fetched from the Person API", err)
	}
}

// Package personapi is the client of Hackney's Person API: one person at a time, within a
// time limit, and nothing of it kept. It owns the request, what counts as a failure, and
// which answers can be used.
//
// It does not own the rules of a person's entry (internal/directory), or who may see it
// (internal/service).
package personapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/singleflight"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
)

const (
	// timeout is the limit for a person, from the connection to the last byte.
	timeout = 2 * time.Second
	// maxBody and maxHeaders are how many bytes of an answer are read.
	maxBody, maxHeaders = 64 << 10, 16 << 10
	// maxConnections are in use at once; further requests wait for one, within the limit.
	maxConnections = 64
	// maxIdle connections are kept for idleTimeout.
	maxIdle, idleTimeout = 16, time.Minute
)

// Options are what a client needs.
type Options struct {
	URL   string                 // without a slash at its end
	Token func() ([]byte, error) // the service token; it is called for each request
	Now   func() time.Time
	// Outcome is called for each request that was sent, or could not be.
	Outcome func(Outcome)
	// Report is called when requests fail, and without an error when they work again.
	Report func(what string, err error)
}

// Client gets people from the Person API. Any number of goroutines may use it.
type Client struct {
	Options
	http    *http.Client
	timeout time.Duration
	flights singleflight.Group
	state   state
}

// New returns a client.
func New(o Options) *Client {
	return &Client{Options: o, timeout: timeout, http: &http.Client{
		// A redirect would send the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
			DisableCompression:     true, // a few compressed bytes can be gigabytes
			MaxResponseHeaderBytes: maxHeaders, MaxConnsPerHost: maxConnections,
			MaxIdleConnsPerHost: maxIdle, IdleConnTimeout: idleTimeout,
		},
	}, state: state{told: make(map[Outcome]time.Time)}}
}

// Person returns a person. Requests for one person at the same time are one request. Error:
// directory.ErrUnknown; with any other error the Person API has not said anything that can be
// used. None holds an id, a token, or anything from an answer.
func (c *Client) Person(ctx context.Context, id, correlationID uuid.UUID) (directory.Person, error) {
	flight := c.flights.DoChan(id.String(), func() (any, error) {
		// Others wait for it too, so it does not end with this request.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
		defer cancel()
		person, err := c.get(ctx, id, correlationID)
		c.note(err)
		return person, err
	})
	select {
	case landed := <-flight:
		return landed.Val.(directory.Person), landed.Err
	case <-ctx.Done():
		return directory.Person{}, ctx.Err()
	}
}

func (c *Client) get(ctx context.Context, id, correlationID uuid.UUID) (directory.Person, error) {
	token, err := c.Token()
	if err != nil {
		return directory.Person{}, failure{NoToken, fmt.Errorf("the file of the token: %w", err)}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/api/v1/persons/"+id.String(), nil)
	if err != nil {
		return directory.Person{}, failure{Unreachable, errors.New("its address is not a URL")}
	}
	r.Header.Set("Authorization", "Bearer "+string(token))
	r.Header.Set("Accept", "application/json")
	r.Header.Set("X-Correlation-Id", correlationID.String())
	r.Header.Set("User-Agent", "equality-api")
	response, err := c.http.Do(r)
	if err != nil {
		return directory.Person{}, failure{Unreachable, cause(ctx, err)}
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		// Read on, so that the connection can be used again.
		_, _ = io.CopyN(io.Discard, response.Body, maxBody)
		return directory.Person{}, directory.ErrUnknown
	case http.StatusUnauthorized, http.StatusForbidden:
		return directory.Person{}, failure{Refused, fmt.Errorf("it refuses the token, with status %d", response.StatusCode)}
	default:
		return directory.Person{}, failure{Unreachable, fmt.Errorf("it responded with status %d", response.StatusCode)}
	}
	if response.Header.Get("Content-Encoding") != "" {
		return directory.Person{}, failure{Unusable, errors.New("the answer is compressed, which was not asked for")}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return directory.Person{}, failure{Unreachable, cause(ctx, err)}
	case len(body) > maxBody:
		return directory.Person{}, failure{Unusable, fmt.Errorf("the answer is longer than %d bytes", maxBody)}
	}
	person, err := decode(body, id, equality.DateOf(c.Now()))
	if err != nil {
		return directory.Person{}, failure{Unusable, err}
	}
	return person, nil
}

package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// request is what to send besides method and path.
type request struct {
	token   string
	body    []byte            // sent as application/json unless headers say otherwise
	headers map[string]string // an empty value leaves the header out
	values  http.Header       // headers that are sent more than once, or empty
}

type response struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request. It validates the response and, if it is a success, the request
// against the contract. Any goroutine may call it.
func (p *program) do(t *testing.T, method, path string, o request) response {
	t.Helper()
	r, err := p.try(method, path, o)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
	}
	return r
}

// try is do for requests during which the program may die: its error comes from the
// connection or from the contract.
func (p *program) try(method, path string, o request) (response, error) {
	r, err := p.send(method, path, o)
	if err != nil {
		return response{}, err
	}
	return r, theContract().check(method, path, o, r)
}

// send sends a request and validates nothing.
func (p *program) send(method, path string, o request) (response, error) {
	sent, err := http.NewRequest(method, p.url+path, bytes.NewReader(o.body))
	if err != nil {
		return response{}, err
	}
	sent.Header = o.header()
	answered, err := p.client.Do(sent)
	if err != nil {
		return response{}, err
	}
	defer answered.Body.Close()
	body, err := io.ReadAll(answered.Body)
	return response{answered.StatusCode, answered.Header, body}, err
}

// header returns the header that the request is sent with.
func (o request) header() http.Header {
	h := make(http.Header)
	if o.body != nil {
		h.Set("Content-Type", "application/json")
	}
	if o.token != "" {
		h.Set("Authorization", "Bearer "+o.token)
	}
	for name, value := range o.headers {
		if h.Set(name, value); value == "" {
			h.Del(name)
		}
	}
	for name, values := range o.values {
		h[http.CanonicalHeaderKey(name)] = values
	}
	return h
}

// decode reads the body of a response.
func (r response) decode(t *testing.T, into any) {
	t.Helper()
	if err := json.Unmarshal(r.body, into); err != nil {
		t.Errorf("the answer (%d) is not JSON: %v\n%s", r.status, err, r.body)
	}
}

// document returns the body of a response as a JSON object.
func (r response) document(t *testing.T) map[string]any {
	t.Helper()
	var document map[string]any
	r.decode(t, &document)
	return document
}

// want checks the status of a response.
func (r response) want(t *testing.T, status int) response {
	t.Helper()
	if r.status != status {
		t.Errorf("answered %d, want %d: %s", r.status, status, r.body)
	}
	return r
}

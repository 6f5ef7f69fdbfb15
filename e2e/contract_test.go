package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/dlclark/regexp2"
	"github.com/pb33f/jsonschema/v6"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/cache"
	"github.com/pb33f/libopenapi-validator/config"
	verrors "github.com/pb33f/libopenapi-validator/errors"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

// contract is api/openapi.yaml. Any number of goroutines may use it.
type contract struct {
	text   []byte
	model  *v3.Document
	whole  validator.Validator
	noBody validator.Validator // for responses to HEAD
}

// loaded is the contract; TestMain loads it.
var loaded *contract

func theContract() *contract { return loaded }

func loadContract() (*contract, error) {
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		return nil, err
	}
	document, err := libopenapi.NewDocument(text)
	if err != nil {
		return nil, err
	}
	model, err := document.BuildV3Model()
	if err != nil {
		return nil, err
	}
	// Both share their compiled schemas, which take most of the time.
	options := []config.Option{
		config.WithFormatAssertions(), config.WithRegexEngine(ecmaScript), config.WithSchemaCache(cache.NewDefaultCache()),
	}
	return &contract{
		text:   text,
		model:  &model.Model,
		whole:  validator.NewValidatorFromV3Model(&model.Model, options...),
		noBody: validator.NewValidatorFromV3Model(&model.Model, append(options, config.WithoutResponseBodyValidation())...),
	}, nil
}

// ecmaScript reads patterns in the dialect of ECMA-262, which JSON Schema uses.
func ecmaScript(pattern string) (jsonschema.Regexp, error) {
	compiled, err := regexp2.Compile(pattern, regexp2.ECMAScript|regexp2.Unicode)
	return expression{compiled}, err
}

type expression struct{ *regexp2.Regexp }

func (e expression) MatchString(s string) bool {
	matched, err := e.Regexp.MatchString(s)
	return err == nil && matched
}

// contractPath returns a path without prefix and trailing slash, which change nothing.
func contractPath(path string) string {
	path, query, _ := strings.Cut(path, "?")
	if rest, ok := strings.CutPrefix(path, "/api/v1"); ok && strings.HasPrefix(rest, "/") {
		path = rest
	}
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	if query != "" {
		path += "?" + query
	}
	return path
}

// check validates a response and, if it is a success, the request too.
func (c *contract) check(method, path string, o request, r response) error {
	if r.status == http.StatusInternalServerError {
		return errors.New("an internal error: a bug of the program")
	}
	v := c.whole
	if method == http.MethodHead {
		method, v = http.MethodGet, c.noBody
		if len(r.body) > 0 {
			return errors.New("HEAD is answered with a body")
		}
	}
	if method == http.MethodOptions && r.status == http.StatusNoContent {
		return nil // a CORS preflight, which the Fetch standard defines
	}
	path = contractPath(path)
	switch r.status {
	case http.StatusNotFound:
		if !c.has(method, path) {
			method, path = http.MethodGet, "/docs/problems/none"
		}
	case http.StatusMethodNotAllowed:
		// The document describes it for every operation.
		for _, other := range []string{"GET", "POST", "PATCH"} {
			if c.has(other, path) {
				method = other
				break
			}
		}
	}
	sent := c.request(method, path, o)
	answered := &http.Response{StatusCode: r.status, Header: r.header, Body: io.NopCloser(bytes.NewReader(r.body)), Request: sent}
	_, errs := v.ValidateHttpResponse(sent, answered)
	if r.status/100 == 2 {
		_, more := v.ValidateHttpRequestSync(c.request(method, path, o))
		errs = append(errs, more...)
	}
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("breaks the contract: %s\nthe answer is %d %.600s", told(errs), r.status, r.body)
}

// refuses returns why the contract does not allow a request, or nil.
func (c *contract) refuses(method, path string, o request) error {
	if ok, errs := c.whole.ValidateHttpRequestSync(c.request(method, contractPath(path), o)); !ok {
		return errors.New(told(errs))
	}
	return nil
}

// request returns a request in the form that the validator reads.
func (c *contract) request(method, path string, o request) *http.Request {
	target, err := url.Parse("http://contract.example/api/v1" + path)
	if err != nil {
		target = &url.URL{Scheme: "http", Host: "contract.example", Path: "/api/v1/none"}
	}
	header := o.header()
	// In words only, the document also allows a token without its scheme, for today's
	// callers.
	if token := header.Get("Authorization"); strings.HasPrefix(token, "eyJ") {
		header.Set("Authorization", "Bearer "+token)
	}
	return &http.Request{
		Method: method, URL: target, Host: target.Host, Header: header,
		Body: io.NopCloser(bytes.NewReader(o.body)), ContentLength: int64(len(o.body)),
	}
}

// has reports whether the document describes a method of a path.
func (c *contract) has(method, path string) bool {
	path, _, _ = strings.Cut(path, "?")
	if item, ok := c.model.Paths.PathItems.Get(path); ok { // before any path with an id in its place
		_, ok = item.GetOperations().Get(strings.ToLower(method))
		return ok
	}
	for pattern, item := range c.model.Paths.PathItems.FromOldest() {
		if _, ok := item.GetOperations().Get(strings.ToLower(method)); ok && matches(pattern, path) {
			return true
		}
	}
	return false
}

func matches(pattern, path string) bool {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		slash := strings.Contains(strings.ToLower(got[i]), "%2f") // no part of a path contains it
		if want[i] != got[i] && (!strings.HasPrefix(want[i], "{") || got[i] == "" || slash) {
			return false
		}
	}
	return true
}

// told returns the validator's findings on one line.
func told(errs []*verrors.ValidationError) string {
	var lines []string
	for _, e := range errs {
		line := e.Message + ": " + e.Reason
		for _, s := range e.SchemaValidationErrors {
			line += fmt.Sprintf("; %s: %s", s.FieldPath, s.Reason)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, " | ")
}

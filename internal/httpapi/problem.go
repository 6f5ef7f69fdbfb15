package httpapi

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"equality-information-api/api"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/service"
)

// problem is an error as the contract tells it (RFC 9457).
type problem struct {
	code           string
	detail         string
	failures       *equality.InvalidError
	changedMembers []string
	retryAfter     time.Duration
}

func (p problem) Error() string { return "problem: " + p.code }

// problemDocument is the JSON form.
type problemDocument struct {
	Type           string           `json:"type"`
	Title          string           `json:"title"`
	Status         int              `json:"status"`
	Detail         string           `json:"detail,omitzero"`
	Instance       string           `json:"instance"`
	CorrelationID  uuid.UUID        `json:"correlationId"`
	Errors         []problemFailure `json:"errors,omitempty"`
	ErrorsOmitted  int              `json:"errorsOmitted,omitzero"`
	ChangedMembers []string         `json:"changedMembers,omitempty"`
}

type problemFailure struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// problem answers with a problem.
func (c *call) problem(p problem) {
	described := api.Problems[p.code]
	c.exchange.Problem = p.code
	doc := problemDocument{
		Type: described.Type(), Title: described.Title, Status: described.Status, Detail: p.detail,
		Instance: instance(c.r), CorrelationID: c.exchange.CorrelationID, ChangedMembers: p.changedMembers,
	}
	if doc.Detail == "" {
		doc.Detail = described.Description
	}
	if p.failures != nil {
		for _, f := range p.failures.Failures {
			doc.Errors = append(doc.Errors, problemFailure(f))
		}
		doc.ErrorsOmitted = p.failures.Omitted
	}
	h := c.w.Header()
	h.Set("Cache-Control", "no-store")
	switch doc.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="equality-information"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		seconds := math.Ceil(max(p.retryAfter, time.Second).Seconds())
		h.Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	body, err := json.Marshal(doc)
	if err != nil {
		body = []byte("{}")
	}
	c.write(doc.Status, "application/problem+json", body)
}

// instance is the path of a request as it was sent, in ASCII; nothing else of
// the request's target, which may have a host and a query. For a target that
// is no path it is the root.
func instance(r *http.Request) string {
	target, err := url.ParseRequestURI(r.RequestURI)
	if err != nil || !strings.HasPrefix(target.Path, "/") {
		return "/"
	}
	return target.EscapedPath()
}

// answer turns an error into the problem that tells of it. What it does not
// know is internal, and nothing of it is told.
func (a *API) answer(c *call, err error) {
	var p problem
	var invalid *equality.InvalidError
	var conflict *service.ConflictError
	var version *service.VersionError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &invalid):
		p = problem{code: api.InvalidBody, failures: invalid}
	case errors.As(err, &conflict):
		if conflict.Existing != uuid.Nil {
			c.w.Header().Set("Location", location(conflict.Existing))
		}
		p.code = api.Conflict
	case errors.As(err, &version):
		c.w.Header().Set("ETag", quoted(versionTag(version.Version)))
		p = problem{code: api.VersionMismatch, changedMembers: version.ChangedMembers}
	case errors.Is(err, service.ErrNINOForbidden):
		p = problem{code: api.Forbidden, failures: &equality.InvalidError{Failures: []equality.Failure{{
			Pointer: "/nationalInsuranceNumber", Code: "nino.forbidden",
			Message: "There is a National Insurance number, and changing one needs the permission nino:read.",
		}}}}
	case errors.Is(err, service.ErrForbidden):
		p.code = api.Forbidden
	case errors.Is(err, service.ErrNotFound):
		p.code = api.NotFound
	case errors.Is(err, service.ErrErased):
		p.code = api.Erased
	case errors.Is(err, service.ErrPreconditionRequired):
		p.code = api.PreconditionRequired
	case errors.Is(err, service.ErrKeyReused):
		p.code = api.IdempotencyKeyReused
	case errors.Is(err, service.ErrBadCursor):
		c.wrong("query.cursor", "The cursor is not one that this service gave for this question.")
		p = problem{code: api.InvalidRequest, failures: &c.invalid}
	case errors.Is(err, service.ErrCursorExpired):
		p.code = api.CursorExpired
	case errors.Is(err, service.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = problem{code: api.Unavailable, retryAfter: retryAfter}
	default:
		a.Internal(c.r.Context(), err)
		p.code = api.Internal
	}
	c.problem(p)
}

// Panic answers a request whose handler has panicked.
func (a *API) Panic(w http.ResponseWriter, r *http.Request) {
	newCall(w, r).problem(problem{code: api.Internal})
}

// Plain answers a request that reached a trusted proxy in clear.
func (a *API) Plain(w http.ResponseWriter, r *http.Request) {
	newCall(w, r).problem(problem{code: api.Forbidden, detail: "This service is called over TLS only."})
}

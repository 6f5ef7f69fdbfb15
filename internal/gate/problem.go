package gate

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
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

// RetryAfter is when to try again if the service is unavailable.
const RetryAfter = 5 * time.Second

// PlainDetail is the detail for a request sent without TLS.
const PlainDetail = "This service accepts HTTPS only."

// Problem is an error in the form of the HTTP contract (RFC 9457).
type Problem struct {
	Code           string
	Detail         string
	Failures       *equality.InvalidError
	ChangedMembers []string
	RetryAfter     time.Duration
}

func (p Problem) Error() string { return "problem: " + p.Code }

// ProblemDocument is the JSON form.
type ProblemDocument struct {
	Type           string           `json:"type"`
	Title          string           `json:"title"`
	Status         int              `json:"status"`
	Detail         string           `json:"detail,omitzero"`
	Instance       string           `json:"instance"`
	CorrelationID  uuid.UUID        `json:"correlationId"`
	Errors         []ProblemFailure `json:"errors,omitempty"`
	ErrorsOmitted  int              `json:"errorsOmitted,omitzero"`
	ChangedMembers []string         `json:"changedMembers,omitempty"`
}

// ProblemFailure is one error in a request.
type ProblemFailure struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Write sends the problem as this media type.
func (p Problem) Write(w http.ResponseWriter, r *http.Request, kind string) {
	described := api.Problems[p.Code]
	exchange := server.Of(r.Context())
	exchange.Problem = p.Code
	doc := ProblemDocument{
		Type: described.Type(), Title: described.Title, Status: described.Status, Detail: p.Detail,
		Instance: instance(r), CorrelationID: exchange.CorrelationID, ChangedMembers: p.ChangedMembers,
	}
	if doc.Detail == "" {
		doc.Detail = described.Description
	}
	if p.Failures != nil {
		for _, f := range p.Failures.Failures {
			doc.Errors = append(doc.Errors, ProblemFailure(f))
		}
		doc.ErrorsOmitted = p.Failures.Omitted
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	switch doc.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="equality-information"`)
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		seconds := math.Ceil(max(p.RetryAfter, time.Second).Seconds())
		h.Set("Retry-After", strconv.Itoa(int(seconds)))
	}
	body, err := json.Marshal(doc)
	if err != nil {
		body = []byte("{}")
	}
	Send(w, r, doc.Status, kind, body)
}

// Send sends a response with its length, without a body if the method is HEAD.
func Send(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client has gone: nobody would read an error
	}
}

// instance returns the path of a request as sent, in ASCII, without host and query. It is
// the root if the target is not a path.
func instance(r *http.Request) string {
	target, err := url.ParseRequestURI(r.RequestURI)
	if err != nil || !strings.HasPrefix(target.Path, "/") {
		return "/"
	}
	return target.EscapedPath()
}

// ProblemOf returns the problem for an error. An unknown error becomes an internal one,
// which reveals nothing.
func (g *Gate) ProblemOf(ctx context.Context, err error) Problem {
	var p Problem
	var invalid *equality.InvalidError
	var conflict *service.ConflictError
	var version *service.VersionError
	var forbidden *service.ForbiddenError
	var withheld *service.WithheldError
	var broad *service.BroadError
	var merge service.MergeConflictError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &invalid):
		p = Problem{Code: api.InvalidBody, Failures: invalid}
	case errors.As(err, &merge):
		p = Problem{Code: api.MergeConflict, Detail: string(merge)}
	case errors.Is(err, service.ErrPeopleMoved):
		p = Problem{Code: api.VersionMismatch, Detail: "One of the two people has changed since the dry run. Nothing was changed."}
	case errors.As(err, &conflict):
		p.Code = api.Conflict
	case errors.Is(err, service.ErrLastVersion):
		p = Problem{Code: api.Conflict, Detail: "The record is at the highest version that there can be. Nothing was changed."}
	case errors.As(err, &version):
		p = Problem{Code: api.VersionMismatch, ChangedMembers: version.ChangedMembers}
	case errors.Is(err, service.ErrNINOForbidden):
		p = Problem{Code: api.Forbidden, Failures: &equality.InvalidError{Failures: []equality.Failure{{
			Pointer: "/nationalInsuranceNumber", Code: "nino.forbidden",
			Message: "The record already has a National Insurance number. You need the permission nino:read to change it.",
		}}}}
	case errors.As(err, &withheld):
		p = Problem{Code: api.Forbidden, Failures: &equality.InvalidError{}}
		for _, member := range withheld.Members {
			p.Failures.Note(equality.Failure{Pointer: "/" + member, Code: "monitoring.forbidden",
				Message: "is held for equality monitoring. You need the permission monitoring:read to set it."})
		}
	case errors.As(err, &forbidden):
		p = Problem{Code: api.Forbidden, Detail: "You need the permission `" + string(forbidden.Permission) + "`."}
	case errors.Is(err, service.ErrForbidden):
		p.Code = api.Forbidden
	case errors.Is(err, service.ErrIncludeNotAvailable):
		p.Code = api.IncludeNotAvailable
	case errors.Is(err, service.ErrDirectoryReadOnly):
		p.Code = api.DirectoryReadOnly
	case errors.Is(err, service.ErrNotFound):
		p.Code = api.NotFound
	case errors.Is(err, service.ErrErased):
		p.Code = api.Erased
	case errors.Is(err, service.ErrPreconditionRequired):
		p.Code = api.PreconditionRequired
	case errors.Is(err, service.ErrKeyReused):
		p.Code = api.IdempotencyKeyReused
	case errors.As(err, &broad):
		p = Problem{Code: api.SearchTooBroad, Failures: &equality.InvalidError{Failures: []equality.Failure{{
			Pointer: "/" + broad.Add, Code: "search.add", Message: "Add this term to the search, or make it longer.",
		}}}}
	case errors.Is(err, service.ErrIndexing):
		p = Problem{Code: api.Unavailable, Detail: "People cannot be searched yet: the index is being built.", RetryAfter: RetryAfter}
	case errors.Is(err, service.ErrCursorExpired):
		p.Code = api.CursorExpired
	case errors.Is(err, service.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		p = Problem{Code: api.Unavailable, RetryAfter: RetryAfter}
	default:
		g.options.Internal(ctx, err)
		p.Code = api.Internal
	}
	return p
}

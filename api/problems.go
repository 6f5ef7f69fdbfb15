package api

import "net/http"

// ProblemPath stands before a problem's code in its type, and leads to the
// page about it.
const ProblemPath = "/docs/problems/"

// The codes of problems. They never change.
const (
	InvalidRequest       = "invalid-request"
	InvalidBody          = "invalid-body"
	Unauthenticated      = "unauthenticated"
	Forbidden            = "forbidden"
	NotFound             = "not-found"
	MethodNotAllowed     = "method-not-allowed"
	NotAcceptable        = "not-acceptable"
	Conflict             = "conflict"
	Erased               = "erased"
	CursorExpired        = "cursor-expired"
	VersionMismatch      = "version-mismatch"
	TooLarge             = "too-large"
	UnsupportedMediaType = "unsupported-media-type"
	IdempotencyKeyReused = "idempotency-key-reused"
	PreconditionRequired = "precondition-required"
	TooManyRequests      = "too-many-requests"
	Internal             = "internal"
	Unavailable          = "unavailable"
)

// Problem is a kind of error (RFC 9457). Its texts are plain text.
type Problem struct {
	Code   string
	Status int    // of HTTP
	Title  string // a few words
	// Description says what has happened. It is the detail of an occurrence
	// that has nothing more to say.
	Description string
	// Remedy says what the caller can do.
	Remedy string
}

// Type is the problem's type as it is sent.
func (p Problem) Type() string { return ProblemPath + p.Code }

// ProblemList is every kind of problem, by status and then as they are documented.
var ProblemList = []Problem{
	{
		Code: InvalidRequest, Status: http.StatusBadRequest, Title: "Invalid request",
		Description: "The id in the path, the query or a header is not as it has to be.",
		Remedy: "Correct every place that errors lists; the code of each begins with path, query or header. " +
			"Query parameters that an operation does not have are refused too. Start a list anew if its cursor is refused.",
	},
	{
		Code: InvalidBody, Status: http.StatusBadRequest, Title: "Invalid body",
		Description: "The body is not as it has to be.",
		Remedy:      "Correct every member that errors points at. Nothing was changed. Values are never repeated, so look them up in what you sent.",
	},
	{
		Code: Unauthenticated, Status: http.StatusUnauthorized, Title: "Not authenticated",
		Description: "There is no token, or it is not valid.",
		Remedy: "Send Authorization: Bearer and a token that has not expired, from the issuer this service trusts. " +
			"Why a token was refused is not told.",
	},
	{
		Code: Forbidden, Status: http.StatusForbidden, Title: "Not allowed",
		Description: "The caller lacks the permission that this needs.",
		Remedy: "Ask for a group whose role has the permission that the contract names for the operation. " +
			"Where errors points at the National Insurance number, there is one already: leave it out, or ask for nino:read.",
	},
	{
		Code: NotFound, Status: http.StatusNotFound, Title: "Not found",
		Description: "There is nothing here: no such path, or no record with this id or for the person with it.",
		Remedy:      "Check the path and the id in it. A person without a record is found by neither id nor target id: create the record first.",
	},
	{
		Code: MethodNotAllowed, Status: http.StatusMethodNotAllowed, Title: "Method not allowed",
		Description: "The path is there, but does not have this method.",
		Remedy:      "Use one of the methods in the Allow header.",
	},
	{
		Code: NotAcceptable, Status: http.StatusNotAcceptable, Title: "Not acceptable",
		Description: "The answer is JSON, which the Accept header leaves no room for.",
		Remedy:      "Send Accept: application/json, or no Accept header.",
	},
	{
		Code: Conflict, Status: http.StatusConflict, Title: "Conflict",
		Description: "The person has a record already, or the id cannot be had. Nothing was changed.",
		Remedy: "Follow Location, where it is there, and change that record with PATCH. " +
			"An id that is taken, or was that of an erased record, is never given again: choose another, or send none.",
	},
	{
		Code: Erased, Status: http.StatusGone, Title: "Erased",
		Description: "The record was erased and cannot be had back.",
		Remedy:      "Delete your own copy and any link to it. Do not try again.",
	},
	{
		Code: CursorExpired, Status: http.StatusGone, Title: "Cursor expired",
		Description: "The feed no longer goes back to this cursor, or it belongs to another feed.",
		Remedy: "Begin the feed anew without after, then build your copy anew from the list of records. " +
			"Read the feed more often than events are kept.",
	},
	{
		Code: VersionMismatch, Status: http.StatusPreconditionFailed, Title: "Version mismatch",
		Description: "The record is not at a version that If-Match names. Nothing was changed.",
		Remedy: "Read the record again, look at changedMembers to see whether your change still makes sense, " +
			"and send it with the new ETag.",
	},
	{
		Code: TooLarge, Status: http.StatusRequestEntityTooLarge, Title: "Too large",
		Description: "The body is larger than 64 KiB.",
		Remedy:      "Send only the members to change. A whole record is far smaller.",
	},
	{
		Code: UnsupportedMediaType, Status: http.StatusUnsupportedMediaType, Title: "Unsupported media type",
		Description: "The body is not of a media type that this takes.",
		Remedy: "Send Content-Type: application/json, or for PATCH application/merge-patch+json, in UTF-8 and " +
			"without Content-Encoding.",
	},
	{
		Code: IdempotencyKeyReused, Status: http.StatusUnprocessableEntity, Title: "Idempotency key reused",
		Description: "The Idempotency-Key was used before with another body. Nothing was changed.",
		Remedy:      "Make a new key for each change. For a retry send the same bytes as the first time.",
	},
	{
		Code: PreconditionRequired, Status: http.StatusPreconditionRequired, Title: "Precondition required",
		Description: "This server changes a record only for a request that says which version it changes.",
		Remedy:      "Read the record and send its ETag in If-Match.",
	},
	{
		Code: TooManyRequests, Status: http.StatusTooManyRequests, Title: "Too many requests",
		Description: "The caller has sent more requests than it may.",
		Remedy:      "Wait as many seconds as Retry-After says, and send fewer at a time.",
	},
	{
		Code: Internal, Status: http.StatusInternalServerError, Title: "Internal error",
		Description: "Something went wrong in the service.",
		Remedy: "It is not your fault. Tell the service's owners the correlationId. A change may have been made: " +
			"repeat it with the same Idempotency-Key, or read the record first.",
	},
	{
		Code: Unavailable, Status: http.StatusServiceUnavailable, Title: "Unavailable",
		Description: "The service cannot do this at present.",
		Remedy: "Wait as many seconds as Retry-After says and try again. A change may have been made: repeat it with " +
			"the same Idempotency-Key, or read the record first.",
	},
}

// Problems is every kind of problem by its code.
var Problems = func() map[string]Problem {
	byCode := make(map[string]Problem, len(ProblemList))
	for _, p := range ProblemList {
		byCode[p.Code] = p
	}
	return byCode
}()

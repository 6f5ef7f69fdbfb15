package api

import "net/http"

// ProblemPath comes before the code in a problem's type. The two together are
// the path of the page about it.
const ProblemPath = "/docs/problems/"

// The codes of problems. They never change.
const (
	InvalidRequest       = "invalid-request"
	InvalidBody          = "invalid-body"
	IncludeNotAvailable  = "include-not-available"
	DirectoryReadOnly    = "directory-read-only"
	Unauthenticated      = "unauthenticated"
	Forbidden            = "forbidden"
	NotFound             = "not-found"
	MethodNotAllowed     = "method-not-allowed"
	NotAcceptable        = "not-acceptable"
	Conflict             = "conflict"
	MergeConflict        = "merge-conflict"
	Erased               = "erased"
	CursorExpired        = "cursor-expired"
	VersionMismatch      = "version-mismatch"
	TooLarge             = "too-large"
	UnsupportedMediaType = "unsupported-media-type"
	ExpectationFailed    = "expectation-failed"
	IdempotencyKeyReused = "idempotency-key-reused"
	SearchTooBroad       = "search-too-broad"
	PreconditionRequired = "precondition-required"
	TooManyRequests      = "too-many-requests"
	HeadersTooLarge      = "headers-too-large"
	Internal             = "internal"
	NotImplemented       = "not-implemented"
	Unavailable          = "unavailable"

	HTTPVersionNotSupported = "http-version-not-supported"
)

// Problem is a kind of error (RFC 9457). Its texts hold no markup.
type Problem struct {
	Code   string
	Status int    // of HTTP
	Title  string // a few words
	// Description says what happened. It is the detail of any response
	// that has nothing more specific to say.
	Description string
	// Remedy says what the caller can do.
	Remedy string
}

// Type is the problem's type as responses give it.
func (p Problem) Type() string { return ProblemPath + p.Code }

// ProblemList is every kind of problem, by status and then as they are documented.
var ProblemList = []Problem{
	{
		Code: InvalidRequest, Status: http.StatusBadRequest, Title: "Invalid request",
		Description: "The path, the query or a header has errors. They are listed in errors.",
		Remedy: "Correct everything listed in errors. Each code there begins with path, query or header. " +
			"Query parameters that the operation does not have are refused too. If a cursor is refused, start the list again without it. " +
			"If you sent a token or a key in the URL, replace it, and send the new one in a header.",
	},
	{
		Code: InvalidBody, Status: http.StatusBadRequest, Title: "Invalid body",
		Description: "The request body has errors. They are listed in errors.",
		Remedy: "Correct every member that errors points to. Nothing was changed. " +
			"Errors never repeat the values you sent, so look them up in your request.",
	},
	{
		Code: IncludeNotAvailable, Status: http.StatusBadRequest, Title: "Include not available",
		Description: "The directory of people gives one person at a time, not those of a list.",
		Remedy:      "Leave include out of the list, and use it when you read a single record.",
	},
	{
		Code: DirectoryReadOnly, Status: http.StatusBadRequest, Title: "Directory read-only",
		Description: "The directory of people is kept elsewhere, and can only be read here. Nothing was changed.",
		Remedy: "Change or search for people in the system that keeps the directory: in Hackney, through its Person API. " +
			"Whoever runs this service chose that with the setting directory.",
	},
	{
		Code: Unauthenticated, Status: http.StatusUnauthorized, Title: "Not authenticated",
		Description: "There is no token, or the token is not valid.",
		Remedy: "Send Authorization: Bearer and a token that has not expired, from the issuer this service trusts. " +
			"For security, the response does not say why a token was refused, unless it is too large. The service's log says it.",
	},
	{
		Code: Forbidden, Status: http.StatusForbidden, Title: "Not allowed",
		Description: "You do not have the permission this needs.",
		Remedy: "Ask for a group whose role has the permission that detail names. GET /me shows which you have. " +
			"If errors points to the National Insurance number, the record already has one: leave the number out, or ask for nino:read. " +
			"If it points to other members, they are held for equality monitoring and your role may not set them: leave them out.",
	},
	{
		Code: NotFound, Status: http.StatusNotFound, Title: "Not found",
		Description: "There is nothing at this path, or there is no record or person with this id.",
		Remedy:      "Check the path and the id in it. If the person has no record yet, create one first.",
	},
	{
		Code: MethodNotAllowed, Status: http.StatusMethodNotAllowed, Title: "Method not allowed",
		Description: "This path does not support this method.",
		Remedy:      "Use one of the methods in the Allow header.",
	},
	{
		Code: NotAcceptable, Status: http.StatusNotAcceptable, Title: "Not acceptable",
		Description: "This API returns JSON, and your Accept header excludes it.",
		Remedy:      "Send Accept: application/json, or no Accept header.",
	},
	{
		Code: Conflict, Status: http.StatusConflict, Title: "Conflict",
		Description: "This person already has a record, or the id is taken. Nothing was changed.",
		Remedy: "If there is a Location header, change the record it leads to with PATCH. " +
			"The id of an existing or erased record cannot be used again: choose another id, or send none. " +
			"In PUT /persons/{id} the id is the record's targetId, never the id of another person's record. " +
			"If detail says that the record is at the highest version, it cannot be changed any more: tell whoever runs the service.",
	},
	{
		Code: MergeConflict, Status: http.StatusConflict, Title: "Merge conflict",
		Description: "The people cannot be merged as they are, or their merge cannot be undone. Nothing was changed.",
		Remedy: "Read in detail what is in the way. If a person has been merged already, GET /persons/{id} shows who the person is now: " +
			"continue with that one. A merge can be undone for 30 days, the last one first.",
	},
	{
		Code: Erased, Status: http.StatusGone, Title: "Erased",
		Description: "What had this id was erased and cannot be restored.",
		Remedy:      "Delete your own copy and any links to it. Do not try again.",
	},
	{
		Code: CursorExpired, Status: http.StatusGone, Title: "Cursor expired",
		Description: "The feed no longer goes back as far as this cursor, or the cursor is from another feed.",
		Remedy: "Read the feed again from the start, without after, then rebuild your copy from the list of records. " +
			"To avoid this, read events before they expire.",
	},
	{
		Code: VersionMismatch, Status: http.StatusPreconditionFailed, Title: "Version mismatch",
		Description: "The record does not meet the conditions in your headers. Nothing was changed.",
		Remedy: "Read the record again, check in changedMembers whether your change still makes sense, " +
			"and send it with the new ETag. For a merge, do the dry run again.",
	},
	{
		Code: TooLarge, Status: http.StatusRequestEntityTooLarge, Title: "Too large",
		Description: "The body is larger than 64 KiB.",
		Remedy:      "Send only the members to change. Even a whole record is far smaller.",
	},
	{
		Code: UnsupportedMediaType, Status: http.StatusUnsupportedMediaType, Title: "Unsupported media type",
		Description: "This operation does not accept the body's media type.",
		Remedy: "Send Content-Type: application/json (for PATCH also application/merge-patch+json), in UTF-8 and " +
			"without Content-Encoding.",
	},
	{
		Code: ExpectationFailed, Status: http.StatusExpectationFailed, Title: "Expectation failed",
		Description: "The header Expect asks for something other than 100-continue.",
		Remedy:      "Send Expect: 100-continue, or no Expect header.",
	},
	{
		Code: IdempotencyKeyReused, Status: http.StatusUnprocessableEntity, Title: "Idempotency key reused",
		Description: "This Idempotency-Key was used before with a different body or different conditions. Nothing was changed.",
		Remedy: "Use a new key for each change. To retry, send exactly the same bytes as the first time, and the same " +
			"If-Match, If-None-Match and If-Unmodified-Since.",
	},
	{
		Code: SearchTooBroad, Status: http.StatusUnprocessableEntity, Title: "Search too broad",
		Description: "Too many people fit the search equally well to show them all.",
		Remedy: "Add the term that errors points to: the whole date of birth, more of the name, or another term. " +
			"The search never leaves people out without telling you.",
	},
	{
		Code: PreconditionRequired, Status: http.StatusPreconditionRequired, Title: "Precondition required",
		Description: "This server requires If-Match on every change.",
		Remedy:      "Read the record and send its ETag in If-Match.",
	},
	{
		Code: TooManyRequests, Status: http.StatusTooManyRequests, Title: "Too many requests",
		Description: "You have sent too many requests.",
		Remedy:      "Wait for the number of seconds in Retry-After, then send fewer requests at a time.",
	},
	{
		Code: HeadersTooLarge, Status: http.StatusRequestHeaderFieldsTooLarge, Title: "Headers too large",
		Description: "The headers of the request are larger than 32 KiB.",
		Remedy:      "Send fewer or shorter headers. A token has at most 16 KiB.",
	},
	{
		Code: Internal, Status: http.StatusInternalServerError, Title: "Internal error",
		Description: "Something went wrong in the service.",
		Remedy: "This is not your fault. Give the correlationId to the service's owners. A change may have been made: " +
			"repeat it with the same Idempotency-Key, or read the record first.",
	},
	{
		Code: NotImplemented, Status: http.StatusNotImplemented, Title: "Not implemented",
		Description: "The body has a transfer encoding other than chunked.",
		Remedy:      "Send the body as it is, with its Content-Length, or with Transfer-Encoding: chunked.",
	},
	{
		Code: Unavailable, Status: http.StatusServiceUnavailable, Title: "Unavailable",
		Description: "The service cannot do this at the moment.",
		Remedy: "Wait for the number of seconds in Retry-After and try again. A change may have been made: " +
			"repeat it with the same Idempotency-Key, or read the record first.",
	},
	{
		Code: HTTPVersionNotSupported, Status: http.StatusHTTPVersionNotSupported, Title: "HTTP version not supported",
		Description: "The request is in a version of HTTP that this service does not speak.",
		Remedy:      "Use HTTP/1.1, or HTTP/2 over TLS.",
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

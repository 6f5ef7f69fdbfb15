package gate

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"equality-information-api/api"
)

// MaxBody is the largest body, in bytes.
const MaxBody = 64 << 10

const maxKey = 255 // characters of an Idempotency-Key

// ReadBody reads a body of one of the media types. The error is a Problem: 415, 413, or 400
// for a header that says twice what the body is, and for a body that ends early.
func ReadBody(w http.ResponseWriter, r *http.Request, types []string) ([]byte, error) {
	kind, err := single(r.Header, "Content-Type")
	if err != nil {
		return nil, err
	}
	encoding, err := single(r.Header, "Content-Encoding")
	if err != nil {
		return nil, err
	}
	if !isUTF8(kind, types) || encoding != "" && !strings.EqualFold(encoding, "identity") {
		return nil, Problem{Code: api.UnsupportedMediaType}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		w.Header().Set("Connection", "close") // otherwise the rest of the body would have to be read
		return nil, Problem{Code: api.TooLarge}
	}
	if err != nil {
		return nil, Problem{Code: api.InvalidRequest, Detail: "The body ended before it was complete."}
	}
	return body, nil
}

// isUTF8 reports whether a Content-Type is one of the media types, in UTF-8. Many callers
// write utf8, which is no name of it.
func isUTF8(contentType string, types []string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	charset := strings.ToLower(params["charset"])
	return err == nil && slices.Contains(types, kind) && slices.Contains([]string{"", "utf-8", "utf8"}, charset)
}

// Purposes are the values of X-Access-Purpose.
var Purposes = []string{"service-delivery", "monitoring", "rights-request", "support"}

// CheckPurpose returns what is wrong with X-Access-Purpose as a sentence, or "".
func (g *Gate) CheckPurpose(h http.Header) string {
	switch sent := h.Values("X-Access-Purpose"); {
	case len(sent) == 0 && g.options.RequirePurpose:
		return "The header X-Access-Purpose is required: one of " + strings.Join(Purposes, ", ") + "."
	case len(sent) > 1:
		return "The header X-Access-Purpose must not appear more than once."
	case len(sent) > 0 && !slices.Contains(Purposes, sent[0]):
		return "The header X-Access-Purpose must be one of " + strings.Join(Purposes, ", ") + "."
	}
	return ""
}

// IdempotencyKey returns the key that makes a retry safe; empty if none was sent. ok is
// false if it is malformed.
func IdempotencyKey(h http.Header) (key string, ok bool) {
	values := h.Values("Idempotency-Key")
	if len(values) == 0 {
		return "", true
	}
	key = values[0]
	printable := strings.IndexFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) < 0
	return key, len(values) == 1 && key != "" && len(key) <= maxKey && printable
}

// WrongKey is the message for a malformed Idempotency-Key.
const WrongKey = "The header Idempotency-Key must appear once and have 1 to 255 printable ASCII characters."

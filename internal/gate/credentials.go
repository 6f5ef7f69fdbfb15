package gate

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"equality-information-api/api"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
)

// inURL are the names of query parameters in which callers of other services send
// credentials, in lower case.
var inURL = []string{"access_token", "token", "api_key", "apikey", "x-api-key", "key"}

// keyPrefix begins every API key.
const keyPrefix = "eqk_"

// credentials returns the credentials of a request. The error is a Problem (400): they are
// in the URL, which proxies and browsers keep, or there is more than one.
func credentials(r *http.Request) (c identity.Credentials, err error) {
	if credentialInURL(r.URL) {
		return c, wrongHeader("query.credentials", "Send credentials in the header Authorization, never in a URL. "+
			"If this was a real token or key, replace it: addresses are kept in logs.")
	}
	c.Authorization, err = single(r.Header, "Authorization")
	return c, err
}

func credentialInURL(u *url.URL) bool {
	if u.User != nil {
		return true
	}
	for pair := range strings.FieldsFuncSeq(u.RawQuery, func(r rune) bool { return r == '&' || r == ';' }) {
		name, value, _ := strings.Cut(pair, "=")
		if slices.Contains(inURL, strings.ToLower(unescaped(name))) || strings.HasPrefix(unescaped(value), keyPrefix) {
			return true
		}
	}
	return false
}

// unescaped returns a part of a query, as sent if it is malformed.
func unescaped(s string) string {
	if text, err := url.QueryUnescape(s); err == nil {
		return text
	}
	return s
}

// single returns the value of a header that may appear once only: of several values, a
// proxy and this service could use different ones. The error is a Problem (400).
func single(h http.Header, name string) (string, error) {
	values := h[name]
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	}
	return "", wrongHeader("header."+strings.ToLower(name), "The header "+name+" must not appear more than once.")
}

func wrongHeader(code, message string) error {
	return Problem{Code: api.InvalidRequest, Failures: &equality.InvalidError{Failures: []equality.Failure{{Code: code, Message: message}}}}
}

package mmh

import (
	"cmp"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"equality-information-api/api"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/etag"
	"equality-information-api/internal/gate"
	"equality-information-api/internal/server"
	"equality-information-api/internal/service"
)

const contentType = "application/json; charset=utf-8"

// wrong notes what is wrong with a part of the request that is not the body.
func (c *call) wrong(name, code, message string) {
	c.invalid.Note(equality.Failure{Pointer: "/" + name, Code: code, Message: message})
}

// checked ends the checks of path, query and headers.
func (c *call) checked() error {
	if len(c.invalid.Failures) > 0 {
		return &c.invalid
	}
	return nil
}

// answer turns an error into this contract's response: a text that the clients
// know, their envelope for errors in the request, or a problem.
func (a *API) answer(c *call, err error) {
	p := a.gate.ProblemOf(c.r.Context(), err)
	var moved *service.VersionError
	var invalid *equality.InvalidError
	switch {
	case errors.Is(err, service.ErrNotFound), errors.Is(err, service.ErrErased):
		c.text(http.StatusNotFound, p.Code, c.named.String())
	case errors.As(err, &moved):
		c.text(http.StatusConflict, p.Code, staleMessage(version(c.r.Header.Values("If-Match")).Single(), moved.Version))
	case errors.Is(err, service.ErrLastVersion):
		c.text(http.StatusConflict, p.Code, p.Detail)
	case p.Code == api.Conflict:
		c.text(http.StatusConflict, p.Code, "The person already has a record, or the id is taken.")
	case errors.As(err, &invalid):
		c.envelope(p.Code, invalid)
	case p.Code == api.InvalidRequest && p.Failures != nil:
		c.envelope(p.Code, p.Failures)
	default:
		a.Problem(c.w, c.r, p)
	}
}

// staleMessage is the text that tells the clients that someone else changed the
// record first.
func staleMessage(supplied *int64, current int64) string {
	number := "{null}"
	if supplied != nil {
		number = etag.Version(*supplied)
	}
	return "The version number supplied (" + number + ") does not match the current value on the entity (" + etag.Version(current) + ")."
}

// text responds with a JSON string.
func (c *call) text(status int, code, text string) {
	body, _ := jsontext.AppendQuote(nil, text)
	c.refuse(status, code, body)
}

func (c *call) refuse(status int, code string, body []byte) {
	server.Of(c.r.Context()).Problem = code
	c.w.Header().Set("Cache-Control", "no-store")
	gate.Send(c.w, c.r, status, contentType, body)
}

// envelope responds with the errors in a request, by key and in the order found.
// A broken rule is JSON in a string, an error in form a sentence.
func (c *call) envelope(code string, invalid *equality.InvalidError) {
	var keys []string
	messages := make(map[string][]string)
	for _, f := range invalid.Failures {
		if !isForm(f.Code) {
			f.Pointer = bodyPointer(f.Pointer)
		}
		k := key(f.Pointer)
		if messages[k] == nil {
			keys = append(keys, k)
		}
		messages[k] = append(messages[k], message(f))
	}
	if invalid.Omitted > 0 {
		keys = append(keys, "$")
		messages["$"] = append(messages["$"], "There are "+strconv.Itoa(invalid.Omitted)+" more.")
	}
	e := encoder{}
	e.begin()
	e.text("type", "https://tools.ietf.org/html/rfc7231#section-6.5.1")
	e.text("title", "One or more validation errors occurred.")
	e.name("status")
	e.out = append(e.out, "400"...)
	e.name("errors")
	e.begin()
	for _, k := range keys {
		list(&e, k, messages[k], e.quote)
	}
	e.end()
	e.text("traceId", server.Of(c.r.Context()).CorrelationID.String())
	e.end()
	c.refuse(http.StatusBadRequest, code, e.out)
}

// message returns a failure in the clients' form.
func message(f equality.Failure) string {
	if isForm(f.Code) {
		return f.Message
	}
	text := f.Message
	if meaning := equality.Meaning(f.Code); meaning != "" && strings.HasPrefix(text, meaning) { // its subject is the place
		text = cmp.Or(words(lastName(f.Pointer)), "The record") + " " + text + "."
	}
	e := encoder{}
	e.begin()
	e.text("errorCode", f.Code)
	e.text("errorMessage", text)
	e.name("customState")
	e.null()
	e.end()
	return string(e.out)
}

// isForm says whether a failure is an error in form, not a broken rule.
func isForm(code string) bool {
	for _, prefix := range []string{"json.", "type.", "header.", "query.", "path."} {
		if strings.HasPrefix(code, prefix) {
			return true
		}
	}
	return code == equality.IDForm
}

// bodyPointer turns a pointer into a record into one into this contract's body.
func bodyPointer(pointer string) string {
	for _, object := range []string{"/economicSituation", "/homeSituation"} {
		if rest, ok := strings.CutPrefix(pointer, object); ok && !strings.HasPrefix(rest, "/") { // its code, or its text
			return object + object + "Value" + rest
		}
	}
	return pointer
}

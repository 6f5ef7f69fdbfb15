package httpapi

import (
	"net/http"
	"strings"

	"equality-information-api/internal/etag"
	"equality-information-api/internal/service"
)

const ifUnmodifiedSince = "If-Unmodified-Since"

// conditions returns the conditions of a write. A date that is none is ignored, as RFC 9110
// (13.1.4) demands.
func (c *call) conditions() (s service.Conditions) {
	if list, sent := c.condition("If-Match"); sent {
		s.IfMatch = &list
	}
	if list, sent := c.condition("If-None-Match"); sent {
		s.IfNoneMatch = &list
	}
	switch dates := c.r.Header.Values(ifUnmodifiedSince); len(dates) {
	case 0:
	case 1:
		s.IfUnmodifiedSince, _ = http.ParseTime(dates[0])
	default:
		c.wrong("header.if-unmodified-since", "The header If-Unmodified-Since must not appear more than once.")
	}
	for _, name := range []string{"If-Match", "If-None-Match", ifUnmodifiedSince} {
		if values := c.r.Header.Values(name); len(values) > 0 {
			s.Sent = append(append(s.Sent, name), values...)
		}
	}
	return s
}

// condition returns a conditional header of the request; present is false if none was sent.
func (c *call) condition(name string) (list etag.List, present bool) {
	values := c.r.Header.Values(name)
	if len(values) == 0 {
		return etag.List{}, false
	}
	list, ok := etag.Parse(values)
	if !ok {
		c.wrong("header."+strings.ToLower(name), "The header "+name+` must be *, or one or more ETags in quotes, such as "3".`)
	}
	return list, true
}

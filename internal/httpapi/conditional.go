package httpapi

import (
	"strings"

	"equality-information-api/internal/etag"
)

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

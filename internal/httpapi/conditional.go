package httpapi

import (
	"strconv"
	"strings"
)

// etags is a list of entity tags of If-Match or If-None-Match (RFC 9110, 8.8.3 and 13.1).
type etags struct {
	any  bool // *
	tags []etag
}

type etag struct {
	weak   bool
	opaque string
}

// parseETags reads the values of a conditional header. It is false for what is
// malformed or empty.
func parseETags(values []string) (etags, bool) {
	var list etags
	s := strings.Trim(strings.Join(values, ","), " \t")
	if s == "*" {
		return etags{any: true}, true
	}
	for {
		s = strings.TrimLeft(s, " \t")
		tag := etag{}
		s, tag.weak = strings.CutPrefix(s, "W/")
		if !strings.HasPrefix(s, `"`) {
			return etags{}, false
		}
		end := strings.IndexByte(s[1:], '"') + 1
		if end == 0 {
			return etags{}, false
		}
		tag.opaque = s[1:end]
		if strings.ContainsFunc(tag.opaque, func(r rune) bool { return r < '!' || r == 0x7f }) {
			return etags{}, false
		}
		list.tags = append(list.tags, tag)
		s = strings.TrimLeft(s[end+1:], " \t")
		if s == "" {
			return list, true
		}
		if s[0] != ',' {
			return etags{}, false
		}
		s = s[1:]
	}
}

// strong says whether the list matches by strong comparison, as If-Match does.
func (l etags) strong(opaque string) bool {
	if l.any {
		return true
	}
	for _, tag := range l.tags {
		if !tag.weak && tag.opaque == opaque {
			return true
		}
	}
	return false
}

// weak says whether the list matches by weak comparison, as If-None-Match does.
func (l etags) weak(opaque string) bool {
	if l.any {
		return true
	}
	for _, tag := range l.tags {
		if tag.opaque == opaque {
			return true
		}
	}
	return false
}

// single is the version that the list names, where it names just one.
func (l etags) single() *int64 {
	if len(l.tags) != 1 || l.tags[0].weak {
		return nil
	}
	version, err := strconv.ParseInt(l.tags[0].opaque, 10, 64)
	if err != nil || version < 0 || versionTag(version) != l.tags[0].opaque {
		return nil
	}
	return &version
}

// versionTag is the opaque part of a record's ETag.
func versionTag(version int64) string { return strconv.FormatInt(version, 10) }

// quoted is an ETag as it is written.
func quoted(opaque string) string { return `"` + opaque + `"` }

// condition is a conditional header of the request; present is false where none was sent.
func (c *call) condition(name string) (list etags, present bool) {
	values := c.r.Header.Values(name)
	if len(values) == 0 {
		return etags{}, false
	}
	list, ok := parseETags(values)
	if !ok {
		c.wrong("header."+strings.ToLower(name), "The header "+name+` must be *, or one or more ETags in quotes, such as "3".`)
	}
	return list, true
}

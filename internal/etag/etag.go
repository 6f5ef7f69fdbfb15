// Package etag owns entity tags: how to read conditional headers (RFC 9110, 8.8.3
// and 13.1), how tags compare, and the tag for a record's version. It does not
// own the response to a condition that fails.
package etag

import (
	"strconv"
	"strings"
)

// List is the entity tags of an If-Match or If-None-Match.
type List struct {
	Any  bool // *
	Tags []Tag
}

// Tag is one of them, without its quotes.
type Tag struct {
	Weak   bool
	Opaque string
}

// Parse reads the values of a conditional header. It returns false if they are
// malformed or empty.
func Parse(values []string) (List, bool) {
	var list List
	s := strings.Trim(strings.Join(values, ","), " \t")
	if s == "*" {
		return List{Any: true}, true
	}
	for {
		s = strings.TrimLeft(s, " \t")
		tag := Tag{}
		s, tag.Weak = strings.CutPrefix(s, "W/")
		if !strings.HasPrefix(s, `"`) {
			return List{}, false
		}
		end := strings.IndexByte(s[1:], '"') + 1
		if end == 0 {
			return List{}, false
		}
		tag.Opaque = s[1:end]
		if strings.ContainsFunc(tag.Opaque, func(r rune) bool { return r < '!' || r == 0x7f }) {
			return List{}, false
		}
		list.Tags = append(list.Tags, tag)
		s = strings.TrimLeft(s[end+1:], " \t")
		if s == "" {
			return list, true
		}
		if s[0] != ',' {
			return List{}, false
		}
		s = s[1:]
	}
}

// Strong says whether the list matches by strong comparison, for If-Match.
func (l List) Strong(opaque string) bool {
	if l.Any {
		return true
	}
	for _, tag := range l.Tags {
		if !tag.Weak && tag.Opaque == opaque {
			return true
		}
	}
	return false
}

// Weak says whether the list matches by weak comparison, for If-None-Match.
func (l List) Weak(opaque string) bool {
	if l.Any {
		return true
	}
	for _, tag := range l.Tags {
		if tag.Opaque == opaque {
			return true
		}
	}
	return false
}

// Single is the version that the list names, where it names just one.
func (l *List) Single() *int64 {
	if l == nil || len(l.Tags) != 1 || l.Tags[0].Weak {
		return nil
	}
	version, err := strconv.ParseInt(l.Tags[0].Opaque, 10, 64)
	if err != nil || version < 0 || Version(version) != l.Tags[0].Opaque {
		return nil
	}
	return &version
}

// Version returns the opaque part of a record's ETag.
func Version(version int64) string { return strconv.FormatInt(version, 10) }

// Quoted returns an ETag as headers contain it.
func Quoted(opaque string) string { return `"` + opaque + `"` }

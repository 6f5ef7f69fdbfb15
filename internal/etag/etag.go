// Package etag owns entity tags: how to read conditional headers (RFC 9110, 8.8.3
// and 13.1), how tags compare, and the tag for a record's version. It does not
// own the response to a condition that fails.
//
// Our tags name versions, so a weak tag, or one that a proxy has marked with its content
// coding, names the same version as before: all comparisons are alike.
package etag

import (
	"slices"
	"strconv"
	"strings"
)

// List is the entity tags of an If-Match or If-None-Match.
type List struct {
	Any  bool     // *
	Tags []string // without their quotes, W/ and content coding
}

// codings are the suffixes that proxies append to the tags of what they compress.
var codings = []string{"-gzip", "-br", "-zstd", "-deflate"}

// Parse reads the values of a conditional header. It returns false if they are malformed or
// name no tag; empty elements of a list are passed over (RFC 9110, 5.6.1).
func Parse(values []string) (List, bool) {
	var list List
	// With a blank, which no tag contains: half a tag in each of two headers makes none.
	s := strings.Trim(strings.Join(values, ", "), " \t")
	if s == "*" {
		return List{Any: true}, true
	}
	for {
		s = strings.TrimLeft(s, " \t,")
		if s == "" {
			return list, len(list.Tags) > 0
		}
		s = strings.TrimPrefix(s, "W/")
		if !strings.HasPrefix(s, `"`) {
			return List{}, false
		}
		end := strings.IndexByte(s[1:], '"') + 1
		if end == 0 {
			return List{}, false
		}
		opaque := s[1:end]
		if strings.ContainsFunc(opaque, func(r rune) bool { return r < '!' || r == 0x7f }) {
			return List{}, false
		}
		list.Tags = append(list.Tags, uncoded(opaque))
		s = strings.TrimLeft(s[end+1:], " \t")
		if s != "" && s[0] != ',' {
			return List{}, false
		}
	}
}

// uncoded returns a tag without the codings that proxies have appended.
func uncoded(opaque string) string {
	for i := 0; i < len(codings); i++ {
		if rest, ok := strings.CutSuffix(opaque, codings[i]); ok {
			opaque, i = rest, -1
		}
	}
	return opaque
}

// Has reports whether the list has a tag.
func (l List) Has(opaque string) bool { return l.Any || slices.Contains(l.Tags, opaque) }

// Single is the version that the list names, where it names just one.
func (l *List) Single() *int64 {
	if l == nil || len(l.Tags) != 1 {
		return nil
	}
	version, err := strconv.ParseInt(l.Tags[0], 10, 64)
	if err != nil || version < 0 || Version(version) != l.Tags[0] {
		return nil
	}
	return &version
}

// Version returns the opaque part of a record's ETag.
func Version(version int64) string { return strconv.FormatInt(version, 10) }

// Quoted returns an ETag as headers contain it.
func Quoted(opaque string) string { return `"` + opaque + `"` }

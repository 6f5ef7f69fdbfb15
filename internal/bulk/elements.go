package bulk

import (
	"fmt"
	"io"
)

// nested is where a framer is in a JSON document.
type nested int

const (
	outside    nested = iota
	inMembers         // of an object that has the array Items
	inElements        // of the array
)

// element returns the next object of a JSON document.
func (f *framer) element() (frame, error) {
	for {
		c, err := f.peek()
		switch {
		case err == io.EOF && f.inside == outside:
			return frame{}, io.EOF
		case err == io.EOF:
			return frame{}, f.broken()
		case err != nil:
			return frame{}, err
		case c == '{' && (f.inside == inElements || f.shape == inSequence):
			return f.object()
		case c == '{' && f.shape == inScan && f.inside == outside:
			f.inside = inMembers
		case c == '}' && f.inside == inMembers:
			f.inside = outside
		case c == '[' && f.shape == inArray && f.inside == outside:
			f.inside = inElements
		case c == ']' && f.inside == inElements:
			if f.inside = outside; f.shape == inScan {
				f.inside = inMembers
			}
		case c == '"' && f.inside == inMembers:
			if fr, err := f.member(); err != nil || fr.rule != "" {
				return fr, err
			}
			continue
		case c == ',' && f.inside != outside:
		default:
			return frame{}, f.broken()
		}
		f.take(1, 0)
	}
}

// peek passes over white space, and returns the byte behind it without reading it.
func (f *framer) peek() (byte, error) {
	if f.offset == 0 {
		if err := f.dropMark(); err != nil {
			return 0, err
		}
	}
	for {
		for i, c := range f.buf[f.start:f.end] {
			switch c {
			case ' ', '\t', '\r':
			case '\n':
				f.line++
			default:
				f.take(i, 0)
				return c, nil
			}
		}
		if f.take(f.end-f.start, 0); f.eof {
			return 0, io.EOF
		}
		if err := f.fill(); err != nil {
			return 0, err
		}
	}
}

// object returns an object.
func (f *framer) object() (frame, error) {
	at := f.line
	text, whole, err := f.value(f.max)
	switch {
	case err != nil:
		return frame{}, err
	case !whole:
		return frame{line: at, rule: LineLength}, nil
	}
	return frame{text: text, line: at}, nil
}

// morePages are the members that say where the next page of a scan begins.
var morePages = map[string]string{`"LastEvaluatedKey"`: "/LastEvaluatedKey", `"NextToken"`: "/NextToken"}

// member reads the name of a member and goes into its value, if that is the array
// Items, or passes over it. The frame has a rule if the scan has another page.
func (f *framer) member() (frame, error) {
	at := f.line
	text, _, err := f.value(len(`"LastEvaluatedKey"`))
	if err != nil {
		return frame{}, err
	}
	name := string(text)
	c, err := f.peek()
	if err == nil && c == ':' {
		f.take(1, 0)
		c, err = f.peek()
	} else if err == nil {
		return frame{}, f.broken()
	}
	switch {
	case err == io.EOF:
		return frame{}, f.broken()
	case err != nil:
		return frame{}, err
	case c == '[' && name == `"Items"`:
		f.take(1, 0)
		f.inside = inElements
		return frame{}, nil
	}
	value, _, err := f.value(len("null"))
	if pointer := morePages[name]; err == nil && pointer != "" && string(value) != "null" {
		return frame{line: at, rule: MorePages, pointer: pointer}, nil
	}
	return frame{}, err
}

// value reads the next JSON value. It is whole, and valid until the next call, if
// it has at most limit bytes; whatever is longer is passed over.
func (f *framer) value(limit int) (text []byte, whole bool, err error) {
	var v extent
	i, ends := 0, int64(0)
	whole = true
	for {
		data := f.buf[f.start:f.end]
		for ; i < len(data); i++ {
			last, before := v.next(data[i])
			if before {
				return f.take(i, ends), whole && i <= limit, nil
			}
			if data[i] == '\n' {
				ends++
			}
			if last {
				return f.take(i+1, ends), whole && i < limit, nil
			}
		}
		if f.eof {
			return nil, false, f.broken()
		}
		if i > limit {
			f.take(i, ends)
			whole, i, ends = false, 0, 0
		}
		if err := f.fill(); err != nil {
			return nil, false, err
		}
	}
}

// extent finds the end of a JSON value, byte by byte. It does not check the value.
type extent struct {
	depth         int
	text, escaped bool
	scalar        bool // it is a number, true, false or null
}

// next says whether the value ends with this byte, or before it.
func (v *extent) next(c byte) (ends, before bool) {
	switch {
	case v.escaped:
		v.escaped = false
	case v.text && c == '\\':
		v.escaped = true
	case c == '"':
		v.text = !v.text
		return !v.text && v.depth == 0, false
	case v.text:
	case v.scalar || v.depth == 0 && c != '{' && c != '[':
		ends = v.scalar && (c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\r' || c == '\n')
		v.scalar = true
		return ends, ends
	case c == '{' || c == '[':
		v.depth++
	case c == '}' || c == ']':
		v.depth--
		return v.depth == 0, false
	}
	return false, false
}

// broken is the error of a document that is not JSON, or cut off.
func (f *framer) broken() error {
	return fmt.Errorf("line %d: the JSON is broken or cut off here", f.line)
}

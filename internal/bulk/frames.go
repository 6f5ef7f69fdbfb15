package bulk

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"unicode"
)

// The longest line of JSON and row of CSV, in bytes including the line ending.
const (
	maxLine = 1 << 20
	maxRow  = 64 << 10
)

// readAhead is how much is read at once beyond the longest frame.
const readAhead = 64 << 10

// A frame is one line or row. Its text is valid until the next one is read.
type frame struct {
	text []byte // without the line ending
	line int64  // where it begins, counted from 1
	rule string // the rule it breaks, if it cannot be decoded
	// pointer is where the rule is broken if the frame is no record, but something that is to
	// be known about the file.
	pointer string
}

// shape is how the records lie in a file.
type shape int

const (
	inLines    shape = iota
	inRows           // of CSV, whose quoted cells can hold line endings
	inSequence       // JSON objects, each over several lines
	inArray          // one JSON array of objects
	inScan           // as aws dynamodb scan prints them: objects in the array Items of an object
)

// framer cuts a stream into its records. It uses a fixed amount of memory: it
// skips whatever is too long while reading it.
type framer struct {
	r          io.Reader
	shape      shape
	max        int
	buf        []byte
	start, end int // the part of buf that is read but not returned yet
	eof        bool
	offset     int64 // of the next frame
	line       int64
	empty      int64  // rows that were passed over
	inside     nested // where in a JSON document the next frame is
}

// newFramer cuts r, which begins at this offset and line of the whole stream.
func newFramer(r io.Reader, s shape, offset, line int64) *framer {
	f := &framer{r: r, shape: s, max: maxLine, offset: offset, line: line}
	if s == inRows {
		f.max = maxRow
	}
	f.buf = make([]byte, f.max+readAhead)
	return f
}

// fill reads more into the buffer. There is room, because a frame never fills it.
func (f *framer) fill() error {
	if f.start > 0 {
		f.end = copy(f.buf, f.buf[f.start:f.end])
		f.start = 0
	}
	n, err := io.ReadAtLeast(f.r, f.buf[f.end:], 1)
	f.end += n
	if err == io.EOF {
		f.eof = true
		return nil
	}
	return err
}

// head returns the beginning of the stream without reading it, and says whether it
// is the whole stream.
func (f *framer) head() (head []byte, whole bool, err error) {
	for f.end-f.start < headLength && !f.eof {
		if err := f.fill(); err != nil {
			return nil, false, err
		}
	}
	return f.buf[f.start:f.end], f.eof, nil
}

// take returns the next n bytes, which hold this many line endings.
func (f *framer) take(n int, lines int64) []byte {
	text := f.buf[f.start : f.start+n]
	f.start += n
	f.offset += int64(n)
	f.line += lines
	return text
}

// next returns the next frame that is not blank, and io.EOF at the end.
func (f *framer) next() (frame, error) {
	if f.shape > inRows {
		return f.element()
	}
	for {
		fr, err := f.any()
		if err != nil || fr.rule != "" || !f.blank(fr.text) {
			return fr, err
		}
		if f.shape == inRows {
			f.empty++
		}
	}
}

// blank says whether a line has nothing but white space, or a row nothing but
// empty cells, as spreadsheets leave them where rows were deleted.
func (f *framer) blank(text []byte) bool {
	if f.shape == inLines {
		return len(bytes.Trim(text, " \t\r\n")) == 0
	}
	return len(bytes.TrimFunc(text, func(r rune) bool { return r == ',' || r == '"' || isBlank(r) })) == 0 &&
		!slices.ContainsFunc(cells(text), func(cell string) bool { return strings.TrimFunc(cell, isBlank) != "" })
}

// isBlank says whether a character shows nothing. A byte order mark is left where
// files were joined.
func isBlank(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' }

func (f *framer) any() (frame, error) {
	for {
		if f.offset == 0 {
			if err := f.dropMark(); err != nil {
				return frame{}, err
			}
		}
		data := f.buf[f.start:f.end]
		if len(data) == 0 && f.eof {
			return frame{}, io.EOF
		}
		n, lines, state := f.cut(data)
		if len(data) > f.max && (state == unfinished || n > f.max) {
			if state = tooLong; f.shape == inRows && bytes.IndexByte(data[:f.max], '\n') >= 0 {
				state = malformed // its first line alone is not too long
			}
		}
		at := f.line
		switch {
		case state == unfinished && !f.eof:
			if err := f.fill(); err != nil {
				return frame{}, err
			}
		case state == unfinished:
			return f.rest(at, data)
		case state == whole:
			return frame{text: trimEnd(f.take(n, lines)), line: at}, nil
		default:
			rule := LineLength
			if state == malformed {
				rule = RowQuotes
			}
			return frame{line: at, rule: rule}, f.skipLine()
		}
	}
}

// dropMark skips a byte order mark at the beginning.
func (f *framer) dropMark() error {
	for f.end-f.start < len(byteOrderMark) && !f.eof {
		if err := f.fill(); err != nil {
			return err
		}
	}
	if bytes.HasPrefix(f.buf[f.start:f.end], []byte(byteOrderMark)) {
		f.take(len(byteOrderMark), 0)
	}
	return nil
}

const byteOrderMark = "\ufeff"

// rest returns what follows the last line ending. A quote still open there is
// never closed.
func (f *framer) rest(at int64, data []byte) (frame, error) {
	if f.shape == inRows && openQuote(data) {
		return frame{line: at, rule: RowQuotes}, f.skipLine()
	}
	return frame{text: trimEnd(f.take(len(data), 0)), line: at}, nil
}

// skipLine skips the rest of the line, not of the row, because the next line may
// be valid.
func (f *framer) skipLine() error {
	for {
		data := f.buf[f.start:f.end]
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			f.take(i+1, 1)
			return nil
		}
		f.take(len(data), 0)
		if f.eof {
			return nil
		}
		if err := f.fill(); err != nil {
			return err
		}
	}
}

func trimEnd(text []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
}

// The states of a frame that is being cut.
type state int

const (
	unfinished state = iota // its end is not in the buffer yet
	whole
	malformed
	tooLong
)

// cut finds the end of the first frame in data, including its line ending.
func (f *framer) cut(data []byte) (n int, lines int64, s state) {
	if f.shape == inLines {
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			return i + 1, 1, whole
		}
		return 0, 0, unfinished
	}
	return cutRow(data)
}

// cutRow finds the end of a row of CSV: the first line ending outside quotes.
func cutRow(data []byte) (n int, lines int64, s state) {
	for n < len(data) {
		if data[n] != '"' {
			i := bytes.IndexAny(data[n:], ",\n\"")
			if i < 0 {
				return 0, 0, unfinished
			}
			n += i
			switch data[n] {
			case '"':
				return 0, 0, malformed
			case '\n':
				return n + 1, lines + 1, whole
			}
			n++
			continue
		}
		closed := false
		for n++; n < len(data); n++ {
			if data[n] == '\n' {
				lines++
			}
			if data[n] != '"' {
				continue
			}
			if n+1 < len(data) && data[n+1] == '"' {
				n++
				continue
			}
			closed = true
			n++
			break
		}
		rest := data[n:]
		switch {
		case !closed, len(rest) == 0, len(rest) == 1 && rest[0] == '\r':
			return 0, 0, unfinished
		case rest[0] == ',':
			n++
		case rest[0] == '\n':
			return n + 1, lines + 1, whole
		case rest[0] == '\r' && rest[1] == '\n':
			return n + 2, lines + 1, whole
		default:
			return 0, 0, malformed
		}
	}
	return 0, 0, unfinished
}

// openQuote says whether the last row of a file, which has no line ending, ends
// inside quotes or has malformed quotes.
func openQuote(row []byte) bool {
	_, _, s := cutRow(append(bytes.Clone(trimEnd(row)), '\n'))
	return s != whole
}

// cells splits a whole row. After a comma at the end comes an empty cell.
func cells(row []byte) (cells []string) {
	for {
		var cell []byte
		if len(row) > 0 && row[0] == '"' {
			i := 1
			for ; row[i] != '"' || i+1 < len(row) && row[i+1] == '"'; i++ {
				cell = append(cell, row[i])
				if row[i] == '"' {
					i++
				}
			}
			row = row[i+1:]
		} else {
			i := bytes.IndexByte(row, ',')
			if i < 0 {
				i = len(row)
			}
			cell, row = row[:i], row[i:]
		}
		cells = append(cells, string(cell))
		if len(row) == 0 {
			return cells
		}
		row = row[1:]
	}
}

package bulk

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// told is a frame in the form that tests compare.
type told struct {
	Text string
	Line int64
	Rule string
}

// framesOf cuts a text into frames, and checks that the last offset is its length.
func framesOf(t testing.TB, r io.Reader, s shape, size int) (all []told) {
	t.Helper()
	f := newFramer(r, s, 0, 1)
	for {
		fr, err := f.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, told{string(fr.text), fr.line, fr.rule})
	}
	if f.offset != int64(size) {
		t.Errorf("the offset at the end is %d of %d", f.offset, size)
	}
	return all
}

func TestLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxLine-1)
	for name, test := range map[string]struct {
		text string
		want []told
	}{
		"nothing":                {"", nil},
		"blank lines":            {"\n \r\n\t\n", nil},
		"all kinds of line ends": {"a\nb\r\nc", []told{{"a", 1, ""}, {"b", 2, ""}, {"c", 3, ""}}},
		"lines are counted":      {"\n\na\n\nb\n", []told{{"a", 3, ""}, {"b", 5, ""}}},
		"a byte order mark":      {"\ufeffa\n\ufeffb", []told{{"a", 1, ""}, {"\ufeffb", 2, ""}}},
		"quotes mean nothing":    {"\"a\nb\"\n", []told{{`"a`, 1, ""}, {`b"`, 2, ""}}},
		"the longest line":       {long + "\nb", []told{{long, 1, ""}, {"b", 2, ""}}},
		"a line that is longer":  {"a\n" + long + "x\nb", []told{{"a", 1, ""}, {"", 2, LineLength}, {"b", 3, ""}}},
		"longer by far":          {long + long + long + "\nb\n" + long + long, []told{{"", 1, LineLength}, {"b", 2, ""}, {"", 3, LineLength}}},
		"longer, the last one":   {"a\n" + long + "xx", []told{{"a", 1, ""}, {"", 2, LineLength}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []io.Reader{strings.NewReader(test.text), iotest.HalfReader(strings.NewReader(test.text))} {
				if d := cmp.Diff(test.want, framesOf(t, r, inLines, len(test.text))); d != "" {
					t.Error(d)
				}
			}
			if len(test.text) < 1000 {
				got := framesOf(t, iotest.OneByteReader(strings.NewReader(test.text)), inLines, len(test.text))
				if d := cmp.Diff(test.want, got); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func TestRows(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxRow)
	for name, test := range map[string]struct {
		text string
		want []told
	}{
		"plain":                      {"a,b\r\nc,d\n", []told{{"a,b", 1, ""}, {"c,d", 2, ""}}},
		"line ends in quotes":        {"a,\"b\r\n\n\"\nc", []told{{"a,\"b\r\n\n\"", 1, ""}, {"c", 4, ""}}},
		"quotes in quotes":           {"\"a\"\",\n\"\"\",b\nc", []told{{"\"a\"\",\n\"\"\",b", 1, ""}, {"c", 3, ""}}},
		"a quote inside a cell":      {"a\"b,c\nd", []told{{"", 1, RowQuotes}, {"d", 2, ""}}},
		"text behind a quote":        {"\"a\"b,c\nd", []told{{"", 1, RowQuotes}, {"d", 2, ""}}},
		"a quote not closed":         {"a,\"b\nc,d\ne,f\n", []told{{"", 1, RowQuotes}, {"c,d", 2, ""}, {"e,f", 3, ""}}},
		"closed by the next row's":   {"a,\"b\nc,\"d\",e\nf\n", []told{{"", 1, RowQuotes}, {`c,"d",e`, 2, ""}, {"f", 3, ""}}},
		"not closed in the last":     {"a\n\"b", []told{{"a", 1, ""}, {"", 2, RowQuotes}}},
		"the last without line end":  {"a\n\"b\"", []told{{"a", 1, ""}, {`"b"`, 2, ""}}},
		"a return behind a quote":    {"\"a\"\rb\nc", []told{{"", 1, RowQuotes}, {"c", 2, ""}}},
		"the last with a return":     {"\"a\"\r", []told{{`"a"`, 1, ""}}},
		"a row that is too long":     {long + "x\nb", []told{{"", 1, LineLength}, {"b", 2, ""}}},
		"not closed for a long time": {"\"a\n" + strings.Repeat("b\n", maxRow), append([]told{{"", 1, RowQuotes}}, repeated(maxRow)...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, r := range []io.Reader{strings.NewReader(test.text), iotest.HalfReader(strings.NewReader(test.text))} {
				if d := cmp.Diff(test.want, framesOf(t, r, inRows, len(test.text))); d != "" {
					t.Error(d)
				}
			}
		})
	}
}

func repeated(n int) (rows []told) {
	for i := range n {
		rows = append(rows, told{"b", int64(i + 2), ""})
	}
	return rows
}

// What a spreadsheet leaves of rows that were deleted is passed over and counted.
func TestEmptyRowsArePassedOver(t *testing.T) {
	t.Parallel()
	for text, empty := range map[string]int64{
		",,,,": 1, " , \t,\r": 1, "\"\",\"\"": 1, "\"\n\",": 1, "\ufeff": 1, "\ufeff,\u00a0": 1, "\n\n": 3, "\" \"": 1,
		",',": 0, "\"\"\"\"": 0, ",;": 0, ",0": 0,
	} {
		f := newFramer(strings.NewReader("a,b\n"+text+"\nc,d\n"), inRows, 0, 1)
		var got []string
		for {
			fr, err := f.next()
			if err != nil {
				break
			}
			got = append(got, string(fr.text))
		}
		if f.empty != empty || len(got) != 3-int(min(empty, 1)) || got[len(got)-1] != "c,d" {
			t.Errorf("%q: %d empty, %q", text, f.empty, got)
		}
	}
}

// Skipping a line takes the same memory, however long it is.
func TestAVeryLongLineIsPassedOver(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	for _, s := range []shape{inLines, inRows} {
		f := newFramer(io.MultiReader(io.LimitReader(zeros{}, size), strings.NewReader("\nb\n")), s, 0, 1)
		if first, err := f.next(); err != nil || first.rule != LineLength {
			t.Errorf("%+v, %v", first, err)
		}
		if second, err := f.next(); err != nil || string(second.text) != "b" || second.line != 2 {
			t.Errorf("%+v, %v", second, err)
		}
		if len(f.buf) > maxLine+readAhead {
			t.Errorf("the buffer has %d bytes", len(f.buf))
		}
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// If encoding/csv can read a text, the result is the same; and for any text every
// line is accounted for.
func FuzzRows(f *testing.F) {
	for _, seed := range []string{"a,b\nc,d\n", "\"a\"\"b\",\n\",\r\n\"", "\"a\nb\",c", "a\"b\n\"c\"d\n", "\"\",\"\"\r\n,\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var got [][]string
		wrong := false
		frames := framesOf(t, strings.NewReader(text), inRows, len(text))
		for _, fr := range frames {
			if fr.Rule != "" {
				wrong = true
				continue
			}
			got = append(got, cells([]byte(fr.Text)))
		}
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = -1
		want, err := r.ReadAll()
		// encoding/csv keeps rows of spaces and byte order marks, and drops returns inside quotes.
		if err != nil || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && isBlank(r) }) {
			return
		}
		want = slices.DeleteFunc(want, func(row []string) bool { return strings.Trim(strings.Join(row, ""), "\n") == "" })
		if wrong {
			t.Fatalf("rows are wrong that encoding/csv reads: %q", want)
		}
		if d := cmp.Diff(want, got, same); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nb\r\n\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got := framesOf(t, bytes.NewReader(text), inLines, len(text))
		var want []string
		for line := range bytes.Lines(bytes.TrimPrefix(text, []byte(byteOrderMark))) {
			if len(bytes.Trim(line, " \t\r\n")) > 0 {
				want = append(want, string(trimEnd(line)))
			}
		}
		if !slices.EqualFunc(got, want, func(a told, b string) bool { return a.Text == b && a.Rule == "" }) {
			t.Fatalf("%+v, want %q", got, want)
		}
	})
}

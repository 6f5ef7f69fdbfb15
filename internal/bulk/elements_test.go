package bulk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// elementsOf cuts a document into its elements, and says whether it ended well.
func elementsOf(t testing.TB, r io.Reader, s shape) (all []told, whole bool) {
	t.Helper()
	f := newFramer(r, s, 0, 1)
	for {
		fr, err := f.next()
		if errors.Is(err, io.EOF) {
			return all, true
		}
		if err != nil {
			return all, false
		}
		all = append(all, told{string(fr.text), fr.line, fr.rule})
	}
}

func TestElements(t *testing.T) {
	t.Parallel()
	long := `{"a":"` + strings.Repeat("x", maxLine) + `"}`
	a, b := `{"a":"}]\"{"}`, "{\n\"b\":[{}]\n}"
	for name, test := range map[string]struct {
		shape shape
		text  string
		want  []told
		whole bool
	}{
		"a scan":                 {inScan, "\ufeff{\n\"Items\": [\n" + a + ",\n" + b + "\n], \"Count\": 2}\n", []told{{a, 3, ""}, {b, 4, ""}}, true},
		"items at the end":       {inScan, `{"Count":2,"x":[{"Items":[]}],"y":"Items","z":null,"Items":[` + a + `]}`, []told{{a, 1, ""}}, true},
		"several scans":          {inScan, `{"Items":[` + a + `]}` + "\n" + `{"Items":[{}],"Count":1}`, []told{{a, 1, ""}, {"{}", 2, ""}}, true},
		"another page":           {inScan, `{"LastEvaluatedKey":{"k":{"S":"x"}},"Items":[` + a + `],` + "\n" + `"NextToken": "eyJ"}`, []told{{"", 1, MorePages}, {a, 1, ""}, {"", 2, MorePages}}, true},
		"no other page":          {inScan, `{"LastEvaluatedKey":null,"Items":[` + a + `],"NextToken": null}`, []told{{a, 1, ""}}, true},
		"a scan of nothing":      {inScan, `{"Items":[],"Count":0}`, nil, true},
		"a scan that is cut off": {inScan, `{"Items":[` + a + `,`, []told{{a, 1, ""}}, false},
		"cut off in an element":  {inScan, `{"Items":[` + a + `,{"b":`, []told{{a, 1, ""}}, false},
		"cut off behind them":    {inScan, `{"Items":[` + a + `]`, []told{{a, 1, ""}}, false},
		"a value is no object":   {inScan, `{"Items":[` + a + `,7]}`, []told{{a, 1, ""}}, false},
		"an array":               {inArray, "[" + a + "\n,\n\n" + b + "]", []told{{a, 1, ""}, {b, 4, ""}}, true},
		"an array not closed":    {inArray, "[" + a, []told{{a, 1, ""}}, false},
		"objects":                {inSequence, b + "\n" + a + b, []told{{b, 1, ""}, {a, 4, ""}, {b, 4, ""}}, true},
		"an object cut off":      {inSequence, b + "{", []told{{b, 1, ""}}, false},
		"words":                  {inSequence, b + " zebra", []told{{b, 1, ""}}, false},
		"an element too long":    {inArray, "[" + long + ",\n" + a + "]", []told{{"", 1, LineLength}, {a, 2, ""}}, true},
		"a long one passed over": {inScan, `{"x":` + long + `,"Items":[` + a + `]}`, []told{{a, 1, ""}}, true},
	} {
		for _, r := range []io.Reader{strings.NewReader(test.text), iotest.HalfReader(strings.NewReader(test.text)), iotest.OneByteReader(strings.NewReader(test.text))} {
			got, whole := elementsOf(t, r, test.shape)
			if d := cmp.Diff(test.want, got); d != "" || whole != test.whole {
				t.Errorf("%s: whole: %v: %s", name, whole, d)
			}
		}
	}
}

// Passing over an endless element takes the same memory.
func TestAVeryLongElementIsPassedOver(t *testing.T) {
	t.Parallel()
	f := newFramer(io.MultiReader(strings.NewReader(`{"Items":[{"a":"`), io.LimitReader(letters{}, 64<<20), strings.NewReader(`"},{}]}`)), inScan, 0, 1)
	if first, err := f.next(); err != nil || first.rule != LineLength {
		t.Errorf("%+v, %v", first, err)
	}
	if second, err := f.next(); err != nil || string(second.text) != "{}" || len(f.buf) > maxLine+readAhead {
		t.Errorf("%+v, %v, %d bytes", second, err, len(f.buf))
	}
}

type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// What a file is is said once, or it is read as what it is.
func TestAFileIsWhatItIs(t *testing.T) {
	t.Parallel()
	typed := `{"targetId":{"S":"` + target + `"}}`
	plain := `{"targetId":"` + target + `"}`
	for _, test := range []struct {
		format, text string
		want         shape
		told         string // part of the error
	}{
		{FormatNDJSON, plain + "\n" + plain, inLines, ""},
		{FormatNDJSON, "", inLines, ""},
		{FormatNDJSON, "zebra\n" + plain, inLines, ""},
		{FormatNDJSON, "\x00\x01zebra\n", inLines, ""},
		{FormatNDJSON, `{"targetId":` + "\n" + plain, inLines, ""},
		{FormatNDJSON, "{\n" + plain[1:], inSequence, ""},
		{FormatNDJSON, "[\n" + plain + "]", inArray, ""},
		{FormatNDJSON, "[1]\n" + plain, inLines, ""},
		{FormatNDJSON, typed, 0, "--format dynamodb-json"},
		{FormatNDJSON, `{"Item":` + typed + `}`, 0, "--format dynamodb-json"},
		{FormatNDJSON, `{"Items":[` + typed, 0, "--format dynamodb-json"},
		{FormatNDJSON, "targetId,disabled\n", 0, "--format csv"},
		{FormatDynamoDB, typed + "\n" + typed, inLines, ""},
		{FormatDynamoDB, "\ufeff{\n  \"Items\": [\n" + typed, inScan, ""},
		{FormatDynamoDB, `{"Count":1,"Items":[` + typed + `]}`, inScan, ""},
		{FormatDynamoDB, "[" + typed + "]", inArray, ""},
		{FormatDynamoDB, "{\"Item\":\n" + typed + "}", inSequence, ""},
		{FormatDynamoDB, "{\n\"x\":\"" + strings.Repeat("x", 2*headLength), inSequence, ""},
		{FormatDynamoDB, plain, 0, "--format ndjson"},
		{FormatDynamoDB, "targetId;disabled\n", 0, "--format csv"},
		{FormatCSV, "targetId,disabled\n", inRows, ""},
		{FormatCSV, plain, 0, "the file is JSON"},
		{FormatCSV, "[" + plain, 0, "the file is JSON"},
		{FormatCSV, "PK\x03\x04", 0, "Excel"},
		{FormatCSV, "\xd0\xcf\x11\xe0", 0, "Excel"},
		{FormatCSV, "\xff\xfet\x00", 0, "UTF-16"},
		{FormatCSV, "t\x00a\x00r\x00", 0, "UTF-16"},
		{FormatCSV, "\x00t\x00a", 0, "UTF-16"},
		{FormatNDJSON, "\x1f\x8b", 0, "gzip"},
		{FormatNDJSON, "age-encryption.org/v1", 0, "age"},
		{FormatDynamoDB, "\xe0\x01\x00\xea", 0, "Ion"},
		{FormatDynamoDB, "PAR1", 0, "Parquet"},
	} {
		head := test.text[:min(len(test.text), headLength)]
		got, err := shapeOf(test.format, []byte(head), len(head) == len(test.text))
		if (err == nil) != (test.told == "") || err != nil && !strings.Contains(err.Error(), test.told) || err == nil && got != test.want {
			t.Errorf("%s %.40q: %v, %v", test.format, test.text, got, err)
		}
	}
}

// If encoding/json reads a scan, its items are those, and nothing panics.
func FuzzScan(f *testing.F) {
	f.Add(`{"Items":[{"a":{"S":"x"}},{}],"Count":2}`)
	f.Add("{\"Count\": 1,\n\"LastEvaluatedKey\":{\"Items\":[{}]},\"Items\" : [ {\"a\":\"]}\\\"\"} ] }")
	f.Add(`[{"a":1},{}]`)
	f.Fuzz(func(t *testing.T, text string) {
		for s := inSequence; s <= inScan; s++ {
			elementsOf(t, strings.NewReader(text), s)
		}
		for _, format := range []string{FormatNDJSON, FormatDynamoDB, FormatCSV} {
			_, _ = shapeOf(format, []byte(text), true)
		}
		var doc map[string]json.RawMessage
		var items []json.RawMessage
		if json.Unmarshal([]byte(text), &doc) != nil || json.Unmarshal(doc["Items"], &items) != nil || strings.Count(text, "Items") != 1 ||
			strings.Contains(text, byteOrderMark) {
			return
		}
		got, whole := elementsOf(t, strings.NewReader(text), inScan)
		var want []string
		for _, item := range items {
			if item[0] != '{' {
				return
			}
			want = append(want, string(item))
		}
		if !whole || fmt.Sprint(len(got), textsOf(got)) != fmt.Sprint(len(want), want) {
			t.Fatalf("%q, want %q", textsOf(got), want)
		}
	})
}

func textsOf(all []told) (texts []string) {
	for _, one := range all {
		texts = append(texts, string(bytes.TrimSpace([]byte(one.Text))))
	}
	return texts
}

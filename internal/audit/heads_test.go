package audit

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// programLog writes heads as the program does, among other lines.
func programLog(heads ...Head) string {
	var b bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&b, nil))
	log.Info("request", "path", "/x", "lane", "none", "seq", []int{1})
	for _, h := range heads {
		log.Info(HeadMessage, h.LogFields(testKeys())...)
		log.Error("something else", "hash", "no hash")
		b.WriteString("not JSON\n\n{\"msg\":\n" + `{"msg":"audit heads","lane":1}` + "\n")
	}
	return b.String()
}

func TestHeadsAreReadBackFromTheProgramsLog(t *testing.T) {
	t.Parallel()
	log := chained(testKeys(), 3, Entry{}, Entry{}, Entry{})
	want := []Head{headAt(log, 0), headAt(log, 2), headAt(log, 1), {Lane: 7}}
	text := programLog(want...)
	for name, text := range map[string]string{
		"as it is":            text,
		"with CRLF":           strings.ReplaceAll(text, "\n", "\r\n"),
		"without a last line": strings.TrimSuffix(text, "\n"),
	} {
		got, err := ReadHeads(strings.NewReader(text), testKeys())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	none, err := ReadHeads(strings.NewReader(programLog()), testKeys())
	if err != nil || len(none) != 0 {
		t.Errorf("of a log without heads: %v, %v", none, err)
	}
}

func TestAForgedHeadIsRefusedWithItsLine(t *testing.T) {
	t.Parallel()
	log := chained(testKeys(), 0, Entry{}, Entry{})
	text := programLog(headAt(log, 0), headAt(log, 1))
	lines := strings.Split(text, "\n")
	number := 0
	for i, line := range lines {
		if strings.Contains(line, `"seq":2,`) {
			number = i + 1
		}
	}
	signature := headAt(log, 1).Signature(testKeys())
	for name, forge := range map[string][2]string{
		"lane":                {`"lane":0`, `"lane":1`},
		"place":               {`"seq":2,`, `"seq":3,`},
		"hash":                {fmt.Sprintf("%x", log[1].Hash), fmt.Sprintf("%x", log[0].Hash)},
		"shortened hash":      {fmt.Sprintf("%x", log[1].Hash), fmt.Sprintf("%x", log[1].Hash[:31])},
		"lengthened hash":     {fmt.Sprintf("%x", log[1].Hash), fmt.Sprintf("%x00", log[1].Hash)},
		"hash of other signs": {fmt.Sprintf("%x", log[1].Hash), "zz"},
		"signature":           {fmt.Sprintf("%x", signature), fmt.Sprintf("%x", headAt(log, 0).Signature(testKeys()))},
		"no signature":        {fmt.Sprintf("%x", signature), ""},
	} {
		line := strings.Replace(lines[number-1], forge[0], forge[1], 1)
		if line == lines[number-1] {
			t.Fatalf("%s: nothing was forged", name)
		}
		forged := slices.Clone(lines)
		forged[number-1] = line
		_, err := ReadHeads(strings.NewReader(strings.Join(forged, "\n")), testKeys())
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("line %d:", number)) {
			t.Errorf("%s: error %v, of line %d", name, err, number)
		}
	}
	if _, err := ReadHeads(strings.NewReader(text), newKeys()); err == nil {
		t.Error("heads of another keyset were taken")
	}
	if _, err := ReadHeads(failing{}, testKeys()); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

// failing cannot be read.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("a secret path") }

// No line makes a head that was not signed.
func FuzzReadHeads(f *testing.F) {
	keys := testKeys()
	signed := headAt(chained(keys, 3, Entry{}, Entry{}), 1)
	good := programLog(signed)
	for _, text := range []string{"", good, strings.ReplaceAll(good, `"lane":3`, `"lane":4`), `{"msg":"audit head"}`, `{"msg":"audit head","seq":1e99,"hash":"zz"}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		heads, err := ReadHeads(strings.NewReader(text), keys)
		if err != nil {
			return
		}
		for _, h := range heads {
			if h != signed {
				t.Errorf("a head that was never signed: %+v", h)
			}
		}
	})
}

// The packed lists of entries stand in the database. One that is read is packed as it was.
func FuzzTouched(f *testing.F) {
	f.Add([]byte(nil))
	f.Add([]byte(Touched(nil).AppendID(uuid.New()).AppendID(uuid.New())))
	f.Add([]byte(Touched(nil).AppendVersion(uuid.New(), -1, [HashSize]byte{1})))
	f.Fuzz(func(t *testing.T, packed []byte) {
		items, err := Touched(packed).Items()
		if err != nil {
			return
		}
		var again Touched
		for _, item := range items {
			if item.Document == nil {
				again = again.AppendID(item.ID)
			} else {
				again = again.AppendVersion(item.ID, item.Version, [HashSize]byte(item.Document))
			}
		}
		if !bytes.Equal(again, packed) {
			t.Errorf("%x became %x", packed, again)
		}
	})
}

package sealing_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/sealing"
)

var allMACKeys = []sealing.MACKey{
	sealing.MACAudit, sealing.MACNINO, sealing.MACPersonSearch,
	sealing.MACIdempotency, sealing.MACAddress, sealing.MACPseudonym,
	sealing.MACTombstone, sealing.MACAPIKey, sealing.MACRecordKey,
}

func TestMACTellsListsOfFieldsApart(t *testing.T) {
	t.Parallel()
	keys := generate(t)
	lists := [][]string{
		{}, {""}, {"", ""}, {"abc"}, {"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}, {"c", "ab"},
		{"\x00\x00\x00\x00\x00\x00\x00\x00"},
	}
	seen := map[[32]byte][]string{}
	for _, list := range lists {
		var fields [][]byte
		for _, f := range list {
			fields = append(fields, []byte(f))
		}
		sum := keys.MAC(sealing.MACAudit, fields...)
		if other, ok := seen[sum]; ok {
			t.Errorf("%q and %q have the same MAC", list, other)
		}
		seen[sum] = list
		if keys.MAC(sealing.MACAudit, fields...) != sum {
			t.Errorf("the MAC of %q is not stable", list)
		}
	}
}

func TestMACDiffersByKeyAndKeyset(t *testing.T) {
	t.Parallel()
	seen := map[[32]byte]bool{}
	for _, keys := range []*sealing.Keyset{generate(t), generate(t)} {
		for _, key := range allMACKeys {
			seen[keys.MAC(key, []byte("field"))] = true
		}
	}
	if want := 2 * len(allMACKeys); len(seen) != want {
		t.Errorf("%d different MACs, want %d", len(seen), want)
	}
}

// Other programs can verify this format: HMAC-SHA-256 over each field with its length in 8
// bytes before it.
func TestMACIsHMACSHA256OfLengthPrefixedFields(t *testing.T) {
	t.Parallel()
	keys, content := saved(t)
	want := hmac.New(sha256.New, hmacKey(t, content, "nino"))
	want.Write([]byte("\x00\x00\x00\x00\x00\x00\x00\x02ab\x00\x00\x00\x00\x00\x00\x00\x01c"))
	got := keys.MAC(sealing.MACNINO, []byte("ab"), []byte("c"))
	if !bytes.Equal(got[:], want.Sum(nil)) {
		t.Errorf("MAC %x, want %x", got, want.Sum(nil))
	}
}

// hmacKey extracts the bytes of a key from a keyset file: Tink's HmacKey message ends with
// its field 3, the 32 bytes.
func hmacKey(t *testing.T, content []byte, name string) []byte {
	t.Helper()
	var f struct {
		MACs map[string]struct {
			Key []struct {
				KeyData struct {
					Value []byte `json:"value"`
				} `json:"keyData"`
			} `json:"key"`
		} `json:"macs"`
	}
	if err := json.Unmarshal(content, &f); err != nil {
		t.Fatal(err)
	}
	value := f.MACs[name].Key[0].KeyData.Value
	return value[len(value)-32:]
}

func TestCursorOpensOnlyWithItsAssociatedData(t *testing.T) {
	t.Parallel()
	keys, other := generate(t), generate(t)
	rapid.Check(t, func(t *rapid.T) {
		plaintext := rapid.SliceOf(rapid.Byte()).Draw(t, "plaintext")
		associated := rapid.SliceOf(rapid.Byte()).Draw(t, "associated")
		token := keys.SealCursor(plaintext, associated)

		if strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			t.Fatalf("%q is not safe in a URL", token)
		}
		opened, err := keys.OpenCursor(token, associated)
		if err != nil || !bytes.Equal(opened, plaintext) {
			t.Fatalf("opened %q, %v; want %q", opened, err, plaintext)
		}
		_, err = keys.OpenCursor(token, append(bytes.Clone(associated), 'x'))
		refused(t, "other associated data", err)
		_, err = other.OpenCursor(token, associated)
		refused(t, "another keyset", err)
		if keys.SealCursor(plaintext, associated) == token {
			t.Fatal("sealing twice gave the same token")
		}
	})
}

func TestAlteredCursorIsRefused(t *testing.T) {
	t.Parallel()
	keys := generate(t)
	token := keys.SealCursor([]byte(`{"after":7}`), nil)
	for i := range token {
		for _, c := range "A_9=!\n" {
			if byte(c) == token[i] {
				continue
			}
			_, err := keys.OpenCursor(token[:i]+string(c)+token[i+1:], nil)
			refused(t, "altered", err)
		}
		_, err := keys.OpenCursor(token[:i], nil)
		refused(t, "truncated", err)
		_, err = keys.OpenCursor(token[:i]+"\n"+token[i:], nil)
		refused(t, "broken into lines", err)
	}
}

func TestCursorHasOneSpelling(t *testing.T) {
	t.Parallel()
	keys := generate(t)
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for length := range 3 { // the last character has 0, 2 or 4 unused bits
		token := keys.SealCursor(make([]byte, length), nil)
		last := len(token) - 1
		for _, c := range alphabet {
			if byte(c) != token[last] {
				_, err := keys.OpenCursor(token[:last]+string(c), nil)
				refused(t, "another spelling", err)
			}
		}
	}
}

func TestCheckValueKnowsItsKeyset(t *testing.T) {
	t.Parallel()
	keys, record := generate(t), uuid.New()
	value := keys.CheckValue()
	if err := keys.VerifyCheckValue(value); err != nil {
		t.Error(err)
	}
	_, wrapped := newDataKey(t, keys, recordOwner(record))
	for what, bad := range map[string][]byte{
		"foreign":       generate(t).CheckValue(),
		"missing":       nil,
		"cut short":     value[:len(value)-1],
		"a wrapped key": wrapped,
	} {
		if err := keys.VerifyCheckValue(bad); err != sealing.ErrWrongKeyset { //nolint:errorlint // exactly this
			t.Errorf("%s: %v, want ErrWrongKeyset", what, err)
		}
	}
}

func TestPrintingShowsNoKey(t *testing.T) {
	t.Parallel()
	keys := generate(t)
	d, _ := newDataKey(t, keys, recordOwner(uuid.New()))
	nested := struct {
		Keys  *sealing.Keyset
		Value sealing.Keyset
		Data  *sealing.DataKey
	}{keys, *keys, d}

	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{keys, *keys, d, *d} {
			if got := fmt.Sprintf(verb, v); !strings.HasPrefix(got, "sealing.") || !strings.HasSuffix(got, "(redacted)") {
				t.Errorf("%s shows %q", verb, got)
			}
			if got := v.(fmt.Stringer).String(); !strings.HasSuffix(got, "(redacted)") {
				t.Errorf("String shows %q", got)
			}
		}
		// The same if they are fields.
		if got := fmt.Sprintf(verb, nested); strings.Count(got, "(redacted)") != 3 {
			t.Errorf("%s of a struct shows %q", verb, got)
		}
	}

	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, nil))
	logger.Info("", "keys", keys, "data", d)
	if got := log.String(); !strings.Contains(got, `"keys":"sealing.Keyset(redacted)","data":"sealing.DataKey(redacted)"`) {
		t.Errorf("slog shows %s", got)
	}
	if got, err := json.Marshal([]any{keys, d}); err != nil || string(got) != "[{},{}]" {
		t.Errorf("JSON shows %s, %v", got, err)
	}
}

func FuzzOpenCursor(f *testing.F) {
	keys := generate(f)
	f.Add("", []byte(nil))
	f.Add("====", []byte("x"))
	f.Add(generate(f).SealCursor([]byte("c"), nil), []byte(nil))
	f.Add(base64.RawURLEncoding.EncodeToString(keys.CheckValue()), []byte(nil))
	f.Fuzz(func(t *testing.T, token string, associated []byte) {
		_, err := keys.OpenCursor(token, associated)
		refused(t, "a forgery", err)
	})
}

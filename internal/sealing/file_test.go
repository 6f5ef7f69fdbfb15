package sealing_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"filippo.io/age"
	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// saved returns a keyset and the content of its file.
func saved(t *testing.T) (*sealing.Keyset, []byte) {
	t.Helper()
	keys, path := generate(t), filepath.Join(t.TempDir(), "keyset.json")
	if err := keys.Save(path); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return keys, content
}

// sameKeys checks that b opens what a sealed, and makes the same hashes.
func sameKeys(t *testing.T, a, b *sealing.Keyset) {
	t.Helper()
	record := uuid.New()
	writer, wrapped := newDataKey(t, a, recordOwner(record))
	reader, err := b.OpenDataKey(recordOwner(record), wrapped)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Open(version(1), writer.Seal(version(1), []byte(`{}`))); err != nil {
		t.Error(err)
	}
	if _, err := b.OpenCursor(a.SealCursor([]byte("c"), nil), nil); err != nil {
		t.Error(err)
	}
	for _, key := range allMACKeys {
		if a.MAC(key) != b.MAC(key) {
			t.Errorf("MAC key %s differs", key)
		}
	}
	if err := b.VerifyCheckValue(a.CheckValue()); err != nil {
		t.Error(err)
	}
}

func TestSavedKeysetLoads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "keyset.json")
	keys := generate(t)
	if err := keys.Save(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
	}
	loaded, err := sealing.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	sameKeys(t, keys, loaded)

	again := filepath.Join(dir, "again.json")
	if err := loaded.Save(again); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(canonical(t, path), canonical(t, again)) {
		t.Error("saving what was loaded gives another file")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("%d files left in the directory, %v; want 2", len(entries), err)
	}
}

// canonical returns the file's JSON in one fixed spelling.
func canonical(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(content, &v); err != nil {
		t.Fatal(err)
	}
	content, err = json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestSaveNeverOverwrites(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "keyset.json")
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := generate(t).Save(path)
	if !errors.Is(err, fs.ErrExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want ErrExist with the path", err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "precious" {
		t.Errorf("the file now holds %q, %v", content, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%d files left in the directory, %v; want 1", len(entries), err)
	}
	if err := generate(t).Save(filepath.Join(dir, "no", "keyset.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no such directory: %v, want ErrNotExist", err)
	}
}

func TestLoadRefusesFileOpenToOthers(t *testing.T) {
	t.Parallel()
	keys := generate(t)
	path := filepath.Join(t.TempDir(), "keyset.json")
	if err := keys.Save(path); err != nil {
		t.Fatal(err)
	}
	for bits := range fs.FileMode(0o100) {
		if err := os.Chmod(path, 0o600|bits); err != nil {
			t.Fatal(err)
		}
		_, err := sealing.Load(path)
		if bits == 0 && err != nil {
			t.Error(err)
		}
		if bits != 0 && (err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "0600")) {
			t.Errorf("mode %04o: error %v, want a refusal with path and rule", 0o600|bits, err)
		}
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := sealing.Load(path); err != nil {
		t.Errorf("read-only: %v", err)
	}
}

func TestLoadTakesOnlyRegularFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, pipe, os.DevNull} {
		if _, err := sealing.Load(path); err == nil || !strings.Contains(err.Error(), path+" is not a regular file") {
			t.Errorf("%s: error %v", path, err)
		}
	}

	path := filepath.Join(dir, "keyset.json")
	if _, err := sealing.Load(path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("no file: %v, want ErrNotExist with the path", err)
	}
	if err := generate(t).Save(path); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if _, err := sealing.Load(link); err != nil {
		t.Errorf("a link to a keyset: %v", err)
	}
}

func TestLoadRefusesDamagedFileWithoutShowingIt(t *testing.T) {
	t.Parallel()
	_, content := saved(t)
	edit := func(change func(map[string]any)) []byte {
		var f map[string]any
		if err := json.Unmarshal(content, &f); err != nil {
			t.Fatal(err)
		}
		change(f)
		edited, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		return edited
	}
	const marker = "marker"
	for what, damaged := range map[string][]byte{
		"empty":             {},
		"not JSON":          []byte(marker),
		"a JSON string":     []byte(`"` + marker + `"`),
		"cut short":         content[:len(content)/2],
		"two keysets":       append(bytes.Clone(content), content...),
		"too large":         append(bytes.Clone(content), bytes.Repeat([]byte(" "), 1<<20)...),
		"another format":    edit(func(f map[string]any) { f["format"] = 2 }),
		"text for a time":   edit(func(f map[string]any) { f["created"] = marker }),
		"text for a key":    edit(func(f map[string]any) { f["kek"] = marker }),
		"no KEK":            edit(func(f map[string]any) { delete(f, "kek") }),
		"no cursor key":     edit(func(f map[string]any) { delete(f, "cursor") }),
		"cursor key as KEK": edit(func(f map[string]any) { f["kek"] = f["cursor"] }),
		"KEK as cursor key": edit(func(f map[string]any) { f["cursor"] = f["kek"] }),
		"no MAC key": edit(func(f map[string]any) {
			delete(f["macs"].(map[string]any), "nino")
		}),
		"MAC key of another name": edit(func(f map[string]any) {
			macs := f["macs"].(map[string]any)
			macs[marker] = macs["nino"]
			delete(macs, "nino")
		}),
		"KEK as MAC key":          edit(func(f map[string]any) { f["macs"].(map[string]any)["nino"] = f["kek"] }),
		"KEK as an added key":     edit(func(f map[string]any) { f["added"].(map[string]any)["tombstone"] = f["kek"] }),
		"text for the added keys": edit(func(f map[string]any) { f["added"] = marker }),
		"null for an added key":   edit(func(f map[string]any) { f["added"].(map[string]any)["api-key"] = nil }),
		"empty key":               edit(func(f map[string]any) { f["kek"] = map[string]any{"primaryKeyId": 1, "key": []any{}} }),
		"key with marker": edit(func(f map[string]any) {
			f["kek"].(map[string]any)["key"].([]any)[0].(map[string]any)["keyData"] = marker
		}),
	} {
		path := filepath.Join(t.TempDir(), "keyset.json")
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := sealing.Load(path)
		if err == nil {
			t.Errorf("%s: loaded", what)
			continue
		}
		text := err.Error()
		if !strings.Contains(text, path) || strings.Contains(text, "\n") || strings.Contains(text, marker) {
			t.Errorf("%s: error %q, want one line with the path and nothing of the content", what, text)
		}
	}
}

func TestErrorsHoldNoPartOfKeys(t *testing.T) {
	t.Parallel()
	_, content := saved(t)
	path := filepath.Join(t.TempDir(), "keyset.json")
	var secrets string
	for _, value := range regexp.MustCompile(`"value":"([^"]+)"`).FindAllSubmatch(content, -1) {
		secrets += string(value[1]) + "\n"
	}
	if len(secrets) < 8*40 {
		t.Fatalf("%d bytes of keys found in the file", len(secrets))
	}
	for i := 0; i < len(content); i += 7 {
		damaged := bytes.Clone(content)
		damaged[i] = '"'
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := sealing.Load(path)
		if err == nil {
			continue // it was a quotation mark already
		}
		text := err.Error()
		for j := range len(text) - 8 {
			if strings.Contains(secrets, text[j:j+8]) {
				t.Fatalf("error shows a part of a key: %s", text)
			}
		}
	}
}

func TestExportedKeysetDecryptsToKeysetFile(t *testing.T) {
	t.Parallel()
	keys := generate(t)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	var exported bytes.Buffer
	if err := keys.Export(&exported, identity.Recipient().String()); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(exported.Bytes(), []byte(`"kek"`)) {
		t.Error("the export is in clear")
	}

	decrypted, err := age.Decrypt(&exported, identity)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(decrypted)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keyset.json")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	loaded, err := sealing.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	sameKeys(t, keys, loaded)
}

func TestExportTakesOneRecipientOnly(t *testing.T) {
	t.Parallel()
	keys := generate(t)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	recipient := identity.Recipient().String()
	for _, bad := range []string{"", "age1", recipient[:40], recipient + "\n" + recipient, "someone@example.org", identity.String()} {
		var out bytes.Buffer
		err := keys.Export(&out, bad)
		if err == nil || !strings.Contains(err.Error(), "not an age recipient") {
			t.Errorf("recipient %q: error %v", bad, err)
			continue
		}
		if strings.Contains(err.Error(), "AGE-SECRET-KEY-1") {
			t.Errorf("the error shows the secret key: %v", err)
		}
		if out.Len() != 0 {
			t.Errorf("recipient %q: %d bytes written", bad, out.Len())
		}
	}
	if err := keys.Export(failingWriter{}, recipient); !errors.Is(err, errDiskFull) {
		t.Errorf("failing writer: %v", err)
	}
}

var errDiskFull = errors.New("disk full")

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errDiskFull }

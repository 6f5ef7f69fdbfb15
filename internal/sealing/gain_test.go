package sealing_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// edited writes the JSON of a keyset file after change has edited it.
func edited(t *testing.T, path string, change func(file map[string]any)) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	change(file)
	if content, err = json.Marshal(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, path string) *sealing.Keyset {
	t.Helper()
	keys, err := sealing.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestFileOfAnEarlierProgramGainsItsMissingKeys(t *testing.T) {
	t.Parallel()
	path, keys := early(t)
	if got := fmt.Sprint(keys.Missing()); got != "[tombstone api-key record-key]" {
		t.Errorf("missing are %s", got)
	}
	all := complete(t, keys)
	if err := all.Replace(path); err != nil {
		t.Fatal(err)
	}
	loaded := load(t, path)
	if len(all.Missing()) > 0 || len(loaded.Missing()) > 0 || len(keys.Missing()) != 3 {
		t.Errorf("missing: %v, saved %v; the first still lacks %v", all.Missing(), loaded.Missing(), keys.Missing())
	}
	sameKeys(t, all, loaded)
	// What was sealed before opens now, and the other way round.
	owner := recordOwner(uuid.New())
	_, wrapped := newDataKey(t, keys, owner)
	if _, err := loaded.OpenDataKey(owner, wrapped); err != nil {
		t.Error(err)
	}
	if err := loaded.VerifyCheckValue(keys.CheckValue()); err != nil {
		t.Errorf("the earlier check value: %v", err)
	}

	// Again: the same keys.
	before := canonical(t, path)
	if err := complete(t, loaded).Replace(path); err != nil || !bytes.Equal(before, canonical(t, path)) {
		t.Errorf("completing twice changed the file: %v", err)
	}
	// In a separate copy: the same keys.
	_, copied := early(t)
	sameKeys(t, all, complete(t, copied))
}

// An earlier program requires the first six keys in macs, and no others.
func TestAddedKeysStandApart(t *testing.T) {
	t.Parallel()
	_, content := saved(t)
	var file struct{ MACs, Added map[string]any }
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.MACs) != 6 || len(file.Added) != 3 || file.MACs["audit"] == nil || file.Added["tombstone"] == nil {
		t.Errorf("%d and %d keys", len(file.MACs), len(file.Added))
	}
}

func TestMACUnderAMissingKeyPanics(t *testing.T) {
	t.Parallel()
	_, keys := early(t)
	defer func() {
		if r := recover(); r != "sealing: the keyset lacks the key tombstone" {
			t.Errorf("recovered %v", r)
		}
	}()
	keys.MAC(sealing.MACTombstone)
}

// A key that only a later program knows is kept for that program.
func TestUnknownKeyIsKept(t *testing.T) {
	t.Parallel()
	path, _ := early(t)
	const later = `{"of":"a later program"}`
	edited(t, path, func(file map[string]any) { file["added"] = map[string]any{"later": json.RawMessage(later)} })
	if err := complete(t, load(t, path)).Replace(path); err != nil {
		t.Fatal(err)
	}
	var file struct{ Added map[string]json.RawMessage }
	if err := json.Unmarshal(canonical(t, path), &file); err != nil || len(file.Added) != 4 || string(file.Added["later"]) != later {
		t.Errorf("the file has %d added keys, %v", len(file.Added), err)
	}
}

// A keyset may have more keys than a check value covers, but not fewer, and no different
// ones.
func TestCheckValueAndTheKeysThatItCovers(t *testing.T) {
	t.Parallel()
	path, keys := early(t)
	all := complete(t, keys)
	older, newer := keys.CheckValue(), all.CheckValue()
	if err := all.Replace(path); err != nil {
		t.Fatal(err)
	}
	exchanged := filepath.Join(t.TempDir(), "keyset.json")
	if err := generate(t).Save(exchanged); err != nil {
		t.Fatal(err)
	}
	var other struct{ Added map[string]any }
	if err := json.Unmarshal(canonical(t, exchanged), &other); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what                     string
		change                   func(added map[string]any)
		passesOlder, passesNewer bool
	}{
		{"all", func(map[string]any) {}, true, true},
		{"a later one more", func(added map[string]any) { added["later"] = 1 }, true, true},
		{"lost the last", func(added map[string]any) { delete(added, "record-key") }, true, false},
		{"lost one in between", func(added map[string]any) { delete(added, "tombstone") }, true, false},
		{"exchanged one", func(added map[string]any) { added["api-key"] = other.Added["api-key"] }, true, false},
		{"two have changed places", func(added map[string]any) {
			added["api-key"], added["record-key"] = added["record-key"], added["api-key"]
		}, true, false},
	} {
		changed := filepath.Join(t.TempDir(), "keyset.json")
		if err := all.Save(changed); err != nil {
			t.Fatal(err)
		}
		edited(t, changed, func(file map[string]any) { c.change(file["added"].(map[string]any)) })
		k := load(t, changed)
		if err := k.VerifyCheckValue(older); (err == nil) != c.passesOlder {
			t.Errorf("%s: the check value of six keys gives %v", c.what, err)
		}
		if err := k.VerifyCheckValue(newer); (err == nil) != c.passesNewer {
			t.Errorf("%s: the check value of all keys gives %v", c.what, err)
		}
	}
	if err := keys.VerifyCheckValue(newer); err == nil {
		t.Error("a keyset that lacks covered keys passes")
	}
	// None of the first keys may be lost or made again.
	edited(t, path, func(file map[string]any) { delete(file["macs"].(map[string]any), "nino") })
	if _, err := sealing.Load(path); err == nil {
		t.Error("a file without one of the first keys loads")
	}
}

func TestReplaceKeepsModeAndLink(t *testing.T) {
	t.Parallel()
	path, keys := early(t)
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if err := complete(t, keys).Replace(link); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != path {
		t.Errorf("the link leads to %s, %v", to, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o400 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if missing := load(t, link).Missing(); len(missing) > 0 {
		t.Errorf("missing %v", missing)
	}
	if os.Getuid() == 0 { // root adds keys to a file of the server's user
		if err := os.Chown(path, 1234, 2345); err != nil {
			t.Fatal(err)
		}
		if err := keys.Replace(path); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if owner := info.Sys().(*syscall.Stat_t); owner.Uid != 1234 || owner.Gid != 2345 {
			t.Errorf("owner %d, group %d", owner.Uid, owner.Gid)
		}
	}
	if err := keys.Replace(filepath.Join(filepath.Dir(path), "none")); err == nil {
		t.Error("a file that is not there is replaced")
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("%d files in the directory, %v; want 1", len(entries), err)
	}
}

// If the environment has fullDisk, the test binary replaces the keyset at that path with
// room for only half of it.
const fullDisk = "SEALING_TEST_FULL_DISK"

func TestReplaceOnAFullDiskLeavesTheFile(t *testing.T) {
	if path := os.Getenv(fullDisk); path != "" {
		keys := complete(t, load(t, path))
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1024, Max: 1024}); err != nil {
			t.Fatal(err)
		}
		if err := keys.Replace(path); err == nil || !strings.Contains(err.Error(), "file too large") {
			os.Exit(1)
		}
		os.Exit(0)
	}
	t.Parallel()
	path, _ := early(t)
	before := canonical(t, path)
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), fullDisk+"="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !bytes.Equal(before, canonical(t, path)) {
		t.Error("the file has changed")
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("%d files in the directory, %v; want 1", len(entries), err)
	}
}

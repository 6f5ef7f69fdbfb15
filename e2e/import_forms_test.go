package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"filippo.io/age/armor"
	"github.com/google/uuid"
)

// scanOf is the output of a scan of the earlier service's table.
func scanOf(items ...string) string {
	return "{\n    \"Items\": [\n" + strings.Join(items, ",\n") + "\n    ],\n    \"Count\": 1,\n    \"ScannedCount\": 1,\n    \"ConsumedCapacity\": null\n}\n"
}

func itemOf(target, members string) string {
	return `{"targetId":{"S":"` + target + `"},"id":{"S":"` + target + `"}` + members + `}`
}

// A table is imported as an export, bare items, a scan or an array.
func TestEveryFormOfATableIsImported(t *testing.T) {
	t.Parallel()
	a, b := uuid.NewString(), uuid.NewString()
	first, second := itemOf(a, `,"nationality":{"S":"british"},"legacyBlob":{"B":"AAEC"}`), itemOf(b, `,"disabled":{"S":"no"}`)
	broad := strings.ReplaceAll(first, ",", ",\n        ")
	for name, text := range map[string]string{
		"an export":              `{"Item":` + first + "}\n" + `{"Item":` + second + "}\n",
		"bare items":             first + "\n" + second + "\n",
		"a scan":                 scanOf(broad, second),
		"a scan on one line":     `{"Count":2,"Items":[` + first + "," + second + "]}",
		"two scans":              scanOf(broad) + scanOf(second),
		"an array":               "[" + broad + ",\n" + second + "]",
		"items on several lines": broad + "\n" + strings.ReplaceAll(second, ",", ",\r\n"),
	} {
		dir := newDir(t)
		out, _ := imported(t, dir, 0, "--format", "dynamodb-json", write(t, "table", "\ufeff"+text))
		if !strings.HasSuffix(out, "2 records: 2 imported, 0 unchanged, 0 rejected\n") {
			t.Errorf("%s: %s", name, out)
		}
		if text := exported(t, dir); !strings.Contains(text, `"nationality":"british"`) || !strings.Contains(text, `"disabled":false`) {
			t.Errorf("%s: %s", name, text)
		}
		sound(t, dir)
	}
	// A page of a scan is imported, and says that it is not the whole table.
	dir := newDir(t)
	page := strings.Replace(scanOf(first, second), `"ScannedCount"`, `"LastEvaluatedKey": {"targetId": {"S": "`+b+`"}}, "ScannedCount"`, 1)
	out, _ := imported(t, dir, 0, "--format", "dynamodb-json", write(t, "page", page))
	if !strings.Contains(out, "2 records: 2 imported, 0 unchanged, 0 rejected\n") || !strings.Contains(out, "1  import.more-pages: ") || strings.Contains(out, b) {
		t.Error(out)
	}
	// A scan that was cut off ends with an error, after what is there.
	dir = newDir(t)
	whole := scanOf(first, second)
	_, errs := imported(t, dir, 2, "--format", "dynamodb-json", write(t, "cut", whole[:len(whole)-200]))
	if !strings.Contains(errs, "broken or cut off") || strings.Contains(errs, a) {
		t.Error(errs)
	}
}

// A scan takes the same memory, however many items it has.
func TestAScanIsImportedInBoundedMemory(t *testing.T) {
	t.Parallel()
	var items []string
	for i := range 60_000 {
		items = append(items, itemOf(personID("target", i).String(), `,"gender":{"M":{"genderValue":{"S":"o"},"genderValueIfOther":{"S":"`+strings.Repeat("x", 200)+`"}}}`))
	}
	inBoundedMemory(t, "--format", "dynamodb-json", write(t, "scan.json", scanOf(items...)))
}

// What a file is is said once, and nothing is imported.
func TestWhatAFileIsIsSaidOnce(t *testing.T) {
	t.Parallel()
	dir, identity := newDir(t), newIdentity(t)
	item := itemOf(uuid.NewString(), "")
	rows := "targetId,disabled\n" + strings.Repeat(uuid.NewString()+",yes\n", 3)
	for told, c := range map[string]struct{ format, text string }{
		"Excel":                  {"csv", "PK\x03\x04" + strings.Repeat("zebra\n", 9)},
		"UTF-16":                 {"csv", "\xff\xfe" + strings.Join(strings.Split(rows, ""), "\x00")},
		"--identity":             {"ndjson", encrypted(t, identity, one(uuid.NewString()))},
		"--format dynamodb-json": {"ndjson", strings.Repeat(`{"Item":`+item+"}\n", 3)},
		"DynamoDB's JSON":        {"ndjson", scanOf(item, item)},
		"--format ndjson":        {"dynamodb-json", strings.Repeat(one(uuid.NewString()), 3)},
		"--format csv":           {"ndjson", rows},
		"is JSON":                {"csv", scanOf(item)},
		"separated by ;":         {"csv", strings.ReplaceAll(rows, ",", ";")},
	} {
		out, errs, status := runCommand(t, append([]string{"import", "--rejects-dir", t.TempDir(), "--format", c.format, write(t, "file", c.text)}, at(dir)...)...)
		if status != 2 || out != "" || strings.Count(errs, "\n") != 1 || !strings.Contains(errs, told) {
			t.Errorf("%s: status %d: %s%s", told, status, out, errs)
		}
	}
	if out := exported(t, dir); out != "" {
		t.Errorf("something was imported: %s", out)
	}
}

// encrypted returns a text that only the identity opens.
func encrypted(t *testing.T, identity *age.X25519Identity, text string) string {
	t.Helper()
	var out bytes.Buffer
	w, err := age.Encrypt(&out, identity.Recipient())
	if err == nil {
		_, err = w.Write([]byte(text))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// An encrypted export is imported as it is, armored or compressed too.
func TestAnEncryptedFileIsImported(t *testing.T) {
	t.Parallel()
	identity := newIdentity(t)
	key := write(t, "identity", identity.String()+"\n")
	if err := os.Chmod(key, 0o600); err != nil {
		t.Fatal(err)
	}
	from := newDir(t)
	imported(t, from, 0, write(t, "people.ndjson", people(300, `,"disabled":true`)))
	file := filepath.Join(t.TempDir(), "all.age")
	if _, errs, status := runCommand(t, append([]string{"export", "--encrypt-to", identity.Recipient().String(), "--output", file}, at(from)...)...); status != 0 {
		t.Fatal(errs)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	w := armor.NewWriter(&text)
	if _, err := w.Write(content); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{
		"as exported":              file,
		"armored":                  write(t, "armored", text.String()),
		"compressed after":         write(t, "after", string(compressed(t, string(content)))),
		"compressed before":        write(t, "before", encrypted(t, identity, string(compressed(t, people(300, `,"disabled":true`))))),
		"not encrypted, but asked": write(t, "plain", people(300, `,"disabled":true`)),
	} {
		dir := newDir(t)
		imported(t, dir, 0, "--identity", key, file)
		out, _ := imported(t, dir, 0, "--identity", key, "--resume", file)
		if exported(t, dir) != exported(t, from) || !strings.Contains(out, "300 imported") {
			t.Errorf("%s: %s", name, out)
		}
	}
	other := write(t, "other", newIdentity(t).String())
	if err := os.Chmod(other, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"--identity", other, file}, {"--identity", filepath.Join(t.TempDir(), "none"), file}, {"--identity", "", file}, {"--map", "", "--format", "csv", file}, {"--rejects-dir", "", file}} {
		if _, errs, status := runCommand(t, append([]string{"import", "--dry-run", "--data-dir", t.TempDir()}, args...)...); status != 2 || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: status %d: %s", args[:2], status, errs)
		}
	}
}

// A pipe is imported, and cannot be resumed.
func TestStandardInputIsImported(t *testing.T) {
	t.Parallel()
	dir, rejects := newDir(t), t.TempDir()
	cmd := command(append([]string{"import", "--rejects-dir", rejects, "-"}, at(dir)...)...)
	cmd.Stdin = strings.NewReader(people(300, "") + "zebra\n")
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != 1 || !strings.HasPrefix(string(out), "-: 301 records: 300 imported, 0 unchanged, 1 rejected\n") {
		t.Errorf("%v: %s", err, out)
	}
	same(t, rejectsOf(t, filepath.Join(rejects, "stdin")), []string{"301  json.syntax"})
	again := command(append([]string{"import", "--format", "dynamodb-json", "--rejects-dir", t.TempDir(), "-"}, at(dir)...)...)
	again.Stdin = bytes.NewReader(compressed(t, scanOf(itemOf(uuid.NewString(), ""))))
	if out, err := again.Output(); err != nil || string(out) != "-: 1 records: 1 imported, 0 unchanged, 0 rejected\n" {
		t.Errorf("%v: %s", err, out)
	}
	sound(t, dir)
	if n := strings.Count(exported(t, dir), "\n"); n != 301 {
		t.Errorf("%d records", n)
	}
	for _, args := range [][]string{{"--resume", "-"}, {"-", "-"}} {
		if _, errs, status := runCommand(t, append([]string{"import", "--dry-run", "--data-dir", t.TempDir()}, args...)...); status != 2 || !strings.Contains(errs, "standard input (-)") {
			t.Errorf("%v: status %d: %s", args, status, errs)
		}
	}
}

// A command that waits for a silent pipe ends when it is stopped.
func TestASilentPipeIsInterrupted(t *testing.T) {
	t.Parallel()
	cmd := command("import", "--dry-run", "--data-dir", t.TempDir(), "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: when it is written, the command is reading.
	if _, err := fmt.Fprint(in, people(5000, "")); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if cmd.ProcessState.ExitCode() != 2 || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("status %d: %s", cmd.ProcessState.ExitCode(), errs.String())
	}
}

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"filippo.io/age"
)

var (
	// Every fenced block of a document with its heading and language: sh for commands, none for
	// what they print.
	fenced = regexp.MustCompile("(?m)^##+ (.*)$|(?s)```(\\w*)\n(.*?)```")
	// What differs from one run to the next: times, ids that the server makes, the day by which
	// copies are gone, cursors.
	varies = regexp.MustCompile(`\d{4}-\d\d-\d\dT[\d:.]+Z|(?i)(correlation-?id"?: ?"?)[\da-f-]{36}|[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f-]{17}|("completeBy":)"[\d-]+"`)
	cursor = regexp.MustCompile(`[\w-]{8,}…`)
	// A header, or the first line of a response. The README leaves headers out between them.
	header = regexp.MustCompile(`(?m)^(HTTP/1\.1 .*|[A-Z][\w-]*: .*)$`)
	breaks = regexp.MustCompile(`\s*\n\s*`)
)

// The tour is what a new user tries first: its commands are run as they stand in the README, one
// after the other, and print what it shows.
func TestTourOfTheREADMEIsWhatHappens(t *testing.T) {
	t.Parallel()
	curlWithJSON(t)
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, "--demo-people", "300")
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := tourFolder(t, p)
	run := func(heading, commands string) (printed string, done bool) {
		commands = strings.ReplaceAll(commands, "age1…", identity.Recipient().String())
		if strings.Contains(commands, "…") {
			t.Fatalf("%s: this cannot be run:\n%s", heading, commands)
		}
		cmd := exec.Command("bash", "-c", strings.ReplaceAll(commands, "http://127.0.0.1:8080", p.url))
		cmd.Dir, cmd.Env = dir, append(command().Env, "CURL_HOME="+dir, "no_proxy=*")
		out, err := cmd.CombinedOutput()
		if _, ended := err.(*exec.ExitError); err != nil && !ended {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(out), "\r", ""), err == nil
	}

	heading, setting, commands, printed, ran := "", "", "", "", 0
	for _, block := range fenced.FindAllStringSubmatch(string(readme), -1) {
		switch language, text := block[2], block[3]; {
		case block[1] != "":
			heading, printed = block[1], ""
			if heading == "Import and export" {
				p.stop(t) // as the section says
			}
		case heading == "Clients": // the tests of the clients run these
		case language == "sh" && setting == "":
			setting = text // the address and the token, for all that follow
		case language == "sh":
			commands = text
			var done bool
			printed, done = run(heading, setting+commands)
			ran++
			if !done && !strings.Contains(printed, " were rejected") ||
				heading == "Read, by either id" && strings.Count(printed, `{"id":"45b919fa-`) != 2 {
				t.Errorf("%s: these commands print %q:\n%s", heading, printed, commands)
			}
			if heading == "Create" {
				if again, _ := run(heading, setting+commands); !strings.HasPrefix(again, "HTTP/1.1 409 ") || !strings.Contains(again, "\nLocation: /api/v1/equality-information/45b919fa-") {
					t.Errorf("creating the record again gives:\n%s", again)
				}
			}
		case language == "" && printed != "":
			if missing := notShown(text, printed); missing != "" {
				t.Errorf("%s: the README shows %q, but these commands print something else there:\n%s\n%s", heading, missing, commands, printed)
			}
		}
	}
	if ran < 17 {
		t.Errorf("the README's tour has %d blocks of commands", ran)
	}
}

// notShown returns the first part of what a document shows, between what it leaves out, that a
// command has not printed in this order.
func notShown(shown, printed string) string {
	printed = steady(printed)
	for part := range strings.SplitSeq(cursor.ReplaceAllString(header.ReplaceAllString(shown, "…$1…"), "…"), "…") {
		part = steady(part)
		_, rest, found := strings.Cut(printed, part)
		if !found {
			return part
		}
		printed = rest
	}
	return ""
}

func steady(text string) string {
	return varies.ReplaceAllString(breaks.ReplaceAllString(text, ""), "$1$2*")
}

// tourFolder is the clone of a new user who has run "make run".
func tourFolder(t *testing.T, p *program) string {
	t.Helper()
	dir := t.TempDir()
	links := map[string]string{"bin/equality-api": binary, "examples": absolute(t, "../examples"), "data": p.dir}
	err := os.Mkdir(filepath.Join(dir, "bin"), 0o700)
	for name, of := range links {
		if err == nil {
			err = os.Symlink(of, filepath.Join(dir, name))
		}
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, ".curlrc"), []byte("silent\nshow-error\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// curlWithJSON ends a test on a machine whose curl lacks --json.
func curlWithJSON(t *testing.T) {
	t.Helper()
	out, err := exec.Command("curl", "--version").Output()
	var major, minor int
	if _, scanned := fmt.Sscanf(string(out), "curl %d.%d", &major, &minor); err != nil || scanned != nil || major*100+minor < 782 {
		unable(t, "there is no curl 7.82 or newer")
	}
}

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	// What code from oapi-codegen imports; go.mod keeps it for the client that a test builds.
	_ "github.com/oapi-codegen/nullable"
	_ "github.com/oapi-codegen/runtime"
)

// What the clients of both languages print if every call has gone as it should. They stand
// in testdata/clients.
const clientSays = "created 0, read true and british, found with Ada, patched preferNotToSay without nationality, listed 1, refused disabled\n"

func TestGoClientGeneratedFromTheContractMakesCalls(t *testing.T) {
	t.Parallel()
	dir := generateClient(t, "go tool oapi-codegen")
	inFolder(t, dir, "go", "build", "-o", "client", ".")
	callsMade(t, filepath.Join(dir, "client"))
}

func TestTypeScriptClientGeneratedFromTheContractMakesCalls(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"node", "npx"} {
		if _, err := exec.LookPath(program); err != nil {
			unable(t, "there is no "+program)
		}
	}
	if _, err := os.Stat("node_modules/openapi-typescript"); err != nil {
		unable(t, "openapi-typescript is not installed: make e2e/node_modules")
	}
	dir := generateClient(t, "npx openapi-typescript")
	inFolder(t, dir, "npx", "tsc", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022", "--module", "nodenext", "main.mts")
	callsMade(t, "node", filepath.Join(dir, "main.mjs"))
}

// readmeCommands are the README's commands that generate clients.
var readmeCommands = regexp.MustCompile("(?s)\n## Clients\n.*?\n```sh\n(.*?)```\n")

// generateClient runs the commands of the README that fetch the contract and generate the
// client of one language, and returns a new folder with that and with our use of it.
func generateClient(t *testing.T, generator string) (dir string) {
	t.Helper()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	found := readmeCommands.FindSubmatch(readme)
	if found == nil {
		t.Fatal("the README does not say how to generate a client")
	}
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/clients")); err != nil {
		t.Fatal(err)
	}
	// The tools of both languages are those of this module, and are fetched from nowhere.
	for _, file := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(file)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, file), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	here := filepath.Dir(absolute(t, "."))
	inFolder(t, dir, "go", "mod", "edit", "-module", "client", "-replace", "equality-information-api="+here)
	for name, of := range map[string]string{
		"bin/equality-api": binary, "examples": filepath.Join(here, "examples"), "node_modules": filepath.Join(here, "e2e", "node_modules"),
	} {
		link := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(of, link); err != nil {
			t.Fatal(err)
		}
	}
	ran := 0
	for line := range strings.Lines(string(found[1])) {
		if strings.HasPrefix(line, "bin/equality-api ") || strings.HasPrefix(line, generator+" ") {
			inFolder(t, dir, "sh", "-c", line)
			ran++
		}
	}
	if ran != 2 {
		t.Fatalf("%d commands of the README get the contract or run %s, want 2:\n%s", ran, generator, found[1])
	}
	return dir
}

// callsMade runs a client with the address of a new server, and a token for it.
func callsMade(t *testing.T, client ...string) {
	t.Helper()
	p := start(t)
	cmd := exec.Command(client[0], append(client[1:], p.url+"/api/v1", p.token(t, "service", "governance"))...)
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != clientSays {
		t.Errorf("the client says %q (%v), want %q", out, err, clientSays)
	}
}

// inFolder runs a command to its end. It must succeed.
func inFolder(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out))
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

package e2e

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A release runs on any machine: it needs no library, holds nothing for a debugger, nothing
// of the machine it was built on, and its version. .ci/release compares two of them.
func TestARelease(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "equality-api")
	build := exec.Command("make", "-C", "..", "release", "VERSION=v9.8.7", "RELEASE="+path)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := exec.Command(path, "--version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "equality-api v9.8.7, contract ") {
		t.Errorf("%v: %s", err, out)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, ours := range []string{root + "/", os.Getenv("HOME") + "/go/"} {
		if bytes.Contains(program, []byte(ours)) {
			t.Errorf("it holds the path %s", ours)
		}
	}
	info, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	set := make(map[string]string)
	for _, s := range info.Settings {
		set[s.Key] = s.Value
	}
	if set["CGO_ENABLED"] != "0" || set["-trimpath"] != "true" {
		t.Errorf("built with %v", set)
	}
	if runtime.GOOS != "linux" {
		return // another form of program
	}
	form, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range form.Progs {
		if part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC {
			t.Errorf("it is not static: %v", part.Type)
		}
	}
	for _, section := range form.Sections {
		if section.Type == elf.SHT_SYMTAB || strings.HasPrefix(section.Name, ".debug") || strings.HasPrefix(section.Name, ".zdebug") {
			t.Errorf("it is not stripped: %s", section.Name)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// shared is a buffer that one goroutine writes and another reads.
type shared struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// running is a server in this process.
type running struct {
	address  string
	out, err *shared
	cancel   context.CancelFunc
	status   chan int
}

// serving starts a local server on a free port.
func serving(t *testing.T, dir string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &running{out: new(shared), err: new(shared), cancel: cancel, status: make(chan int, 1)}
	args = append([]string{"serve", "--listen=127.0.0.1:0", "--telemetry-listen=none", "--data-dir", dir}, args...)
	go func() { s.status <- run(ctx, args, output{s.out, s.err}) }()
	t.Cleanup(cancel)
	listening := regexp.MustCompile(`"msg":"listening","address":"([^"]+)"`)
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if m := listening.FindStringSubmatch(s.err.String()); m != nil {
			s.address = m[1]
			return s
		}
		select {
		case status := <-s.status:
			t.Fatalf("the server ended with status %d: %s", status, s.err)
		default:
		}
	}
	t.Fatalf("the server does not listen: %s", s.err)
	return nil
}

// stop stops the server, which must end without an error.
func (s *running) stop(t *testing.T) {
	t.Helper()
	s.cancel()
	select {
	case status := <-s.status:
		if status != 0 {
			t.Errorf("status %d: %s", status, s.err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("the server does not stop")
	}
	if _, err := net.DialTimeout("tcp", s.address, time.Second); err == nil {
		t.Error("the port is still open")
	}
}

// get sends a GET and returns the response's status and body.
func get(t *testing.T, url, authorization string) (int, map[string]any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", authorization)
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var doc map[string]any
	if err := json.NewDecoder(answer.Body).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, doc
}

// curl does what a shell would do with the printed lines.
func (s *running) curl(t *testing.T) {
	t.Helper()
	m := regexp.MustCompile(`(?m)^TOKEN=(\S+)\ncurl -H "Authorization: Bearer \$TOKEN" "(http://\S+)"$`).FindStringSubmatch(s.out.String())
	if m == nil {
		t.Fatalf("no token and request in:\n%s", s.out)
	}
	if want := os.Args[0] + " token --data-dir "; !strings.Contains(s.out.String(), want) {
		t.Errorf("the program is not named as it was called, %q:\n%s", want, s.out)
	}
	status, record := get(t, m[2], "Bearer "+m[1])
	if person, _ := record["person"].(map[string]any); status != 200 || person["displayName"] == nil || !strings.HasSuffix(m[2], record["targetId"].(string)+"?include=person") {
		t.Errorf("%s: %d %v", m[2], status, record)
	}
}

// records counts the records.
func (s *running) records(t *testing.T, dir string) int {
	t.Helper()
	token := strings.TrimSpace(succeeds(t, "token", "--data-dir", dir, "--role", "support"))
	status, page := get(t, "http://"+s.address+"/equality-information?limit=1000", token)
	if status != 200 {
		t.Fatal(status, page)
	}
	return len(page["equalityInformation"].([]any))
}

func TestWelcomesRequestWorks(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	for _, c := range []struct {
		name  string
		args  []string
		want  int // records
		curls bool
	}{
		{"a new database", []string{"--demo-people=3"}, 3, true},
		{"the same again", []string{"--demo-people=3"}, 3, true},
		{"more, as after a start that was broken off", []string{"--demo-people=12"}, 12, true},
		{"fewer", []string{"--demo-people=1"}, 12, true},
		{"none", nil, 12, false},
	} {
		s := serving(t, dir, c.args...)
		if c.curls {
			s.curl(t)
		} else if s.out.String() != "" {
			t.Errorf("%s: printed %q", c.name, s.out)
		}
		if n := s.records(t, dir); n != c.want {
			t.Errorf("%s: %d records, want %d", c.name, n, c.want)
		}
		s.stop(t)
	}
	if out := succeeds(t, "audit", "verify", "--data-dir", dir, "--records"); !strings.Contains(out, "24 changes") {
		t.Errorf("12 people, 11 of them in the directory, and of 2 who were asked again 1 gave another answer: %s", out)
	}
}

func TestDemoPeopleComeToADatabaseThatHasNone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	serving(t, dir).stop(t)
	s := serving(t, dir, "--demo-people=1")
	s.curl(t)
	s.stop(t)
}

func TestEverythingInTheDataDirectoryIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := serving(t, dir, "--demo-people=2")
	files := modes(t, dir)
	for _, want := range []string{"equality.db", "equality.db-wal", "equality.db-shm", "keyset.json", "token.key", "lock"} {
		if !slices.Contains(files, want) {
			t.Errorf("%s is not among %v", want, files)
		}
	}
	s.stop(t)
	modes(t, dir)
}

func TestDirectoryIsLockedWhileAServerRuns(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := serving(t, dir)
	for _, args := range [][]string{
		{"serve", "--listen=127.0.0.1:0", "--telemetry-listen=none"}, {"migrate"}, {"keys", "init"},
		{"export"}, {"import", "main.go"}, {"events", "retry"},
	} {
		fails(t, []string{"in use by another equality-api"}, append(args, "--data-dir", dir)...)
	}
	succeeds(t, "token", "--data-dir", dir, "--role", "officer")
	succeeds(t, "audit", "verify", "--data-dir", dir)
	s.stop(t)
	serving(t, dir).stop(t)
}

func TestAddressInUseIsToldBeforeAnythingIsMade(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dir := filepath.Join(t.TempDir(), "data")
	taken := listener.Addr().String()
	fails(t, []string{"--listen"}, "serve", "--telemetry-listen=none", "--data-dir", dir, "--listen", taken)
	fails(t, []string{"--telemetry-listen"}, "serve", "--telemetry-listen", taken, "--data-dir", dir, "--listen=127.0.0.1:0")
	if matches, _ := filepath.Glob(dir); matches != nil {
		t.Error("the directory was made")
	}
}

func TestLogIsJSONAndHoldsTheLastHead(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s := serving(t, dir, "--demo-people=1")
	s.curl(t)
	s.stop(t)
	heads := 0
	for line := range strings.Lines(s.err.String()) {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if event["msg"] == "audit head" {
			heads++
		}
	}
	if heads == 0 {
		t.Errorf("no head in:\n%s", s.err)
	}
}

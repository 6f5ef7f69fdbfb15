package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"equality-information-api/internal/store/pgtest"
)

// How long the program may take to begin and to end.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 40 * time.Second
)

// binary is the program under test; TestMain builds it.
var binary string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "equality-api-e2e-")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "equality-api")
	args := []string{"build", "-o", binary}
	if raceEnabled {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "./cmd/equality-api")...)
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return failed(fmt.Errorf("build the program: %w\n%s", err, out))
	}
	if loaded, err = loadContract(); err != nil {
		return failed(fmt.Errorf("load the contract: %w", err))
	}
	return pgtest.Main(m)
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// program is a server that runs: the real binary, in a directory of its own.
type program struct {
	url       string // http://host:port
	telemetry string // host:port of metrics and profiles
	dir       string
	cmd       *exec.Cmd

	flags   []string
	client  *http.Client
	stderr  logWriter
	stdout  logWriter
	done    chan struct{} // closed when the process has ended
	stopped bool          // the test has ended the process itself
	tokens  sync.Map      // by what was asked for
}

// start runs a server in a new directory, and stops it when the test ends.
func start(t *testing.T, flags ...string) *program {
	t.Helper()
	return startIn(t, home(t), flags...)
}

// startIn runs a server in a directory that may hold data already.
func startIn(t *testing.T, dir string, flags ...string) *program {
	t.Helper()
	p := &program{dir: dir, flags: flags, telemetry: freeAddress(t), done: make(chan struct{})}
	listening := make(chan string, 1)
	p.stderr.listening = listening
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--telemetry-listen", p.telemetry}, at(dir)...)
	p.cmd = command(append(args, flags...)...)
	p.cmd.Stderr, p.cmd.Stdout = &p.stderr, &p.stdout
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait() // the status is in ProcessState
		close(p.done)
	}()
	t.Cleanup(func() {
		if !p.stopped {
			if status := p.stop(t); status != 0 {
				t.Errorf("the program ended with status %d\n%s", status, p.log())
			}
		}
		p.client.CloseIdleConnections()
		if strings.Contains(p.log(), "DATA RACE") {
			t.Errorf("the program has a data race:\n%s", p.log())
		}
	})
	p.client = newClient()
	select {
	case address := <-listening:
		p.url = "http://" + address
	case <-p.done:
		p.stopped = true
		t.Fatalf("the program ended with status %d before it listened\n%s", p.cmd.ProcessState.ExitCode(), p.log())
	case <-time.After(startTimeout):
		t.Fatalf("the program does not listen after %v\n%s", startTimeout, p.log())
	}
	return p
}

// newClient is a client that follows no redirect: there should be none.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       time.Minute,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// command is a run of the binary, free of the settings of whoever runs the
// tests. What it knows of AWS are invented credentials.
func command(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "EQUALITY_API_") || strings.HasPrefix(v, "GORACE=") || strings.HasPrefix(v, "AWS_")
	}), "AWS_ACCESS_KEY_ID=invented", "AWS_SECRET_ACCESS_KEY=invented", "AWS_EC2_METADATA_DISABLED=true", "GORACE=exitcode=66 halt_on_error=1 atexit_sleep_ms=0")
	return cmd
}

// kill ends the program as a power cut would.
func (p *program) kill(t *testing.T) {
	t.Helper()
	p.stopped = true
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	p.wait(t)
}

// stop asks the program to end, waits until it has, and returns its exit status.
func (p *program) stop(t *testing.T) int {
	t.Helper()
	p.stopped = true
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	p.wait(t)
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) wait(t *testing.T) {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(stopTimeout):
		_ = p.cmd.Process.Kill()
		t.Fatalf("the program has not ended after %v\n%s", stopTimeout, p.log())
	}
}

// restart runs a stopped program again, with the same directory and flags.
func (p *program) restart(t *testing.T) *program {
	t.Helper()
	return startIn(t, p.dir, p.flags...)
}

// log is what the program has written to stderr so far.
func (p *program) log() string { return p.stderr.String() }

// logged waits until the log has a text: a request's line is written after its answer.
func (p *program) logged(t *testing.T, text string) string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if log := p.log(); strings.Contains(log, text) {
			return log
		}
	}
	t.Errorf("the log does not have %s", text)
	return p.log()
}

// run runs another command of the binary.
func (p *program) run(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return runCommand(t, args...)
}

func runCommand(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := command(args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// token is a token of a caller with these roles.
func (p *program) token(t *testing.T, roles ...string) string {
	t.Helper()
	return p.tokenOf(t, strings.Join(roles, ".")+"@council.example", roles...)
}

// tokenOf is a token of a caller with this e-mail address, which is its subject.
func (p *program) tokenOf(t *testing.T, email string, roles ...string) string {
	t.Helper()
	args := []string{"token", "--data-dir", p.dir, "--email", email}
	for _, role := range roles {
		args = append(args, "--role", role)
	}
	asked := strings.Join(args, " ")
	if token, ok := p.tokens.Load(asked); ok {
		return token.(string)
	}
	out, errs, status := p.run(t, args...)
	if status != 0 {
		t.Fatalf("equality-api token: status %d: %s", status, errs)
	}
	token := strings.TrimSpace(out)
	p.tokens.Store(asked, token)
	return token
}

// ports are handed out below those the system takes for outgoing connections,
// so that none is taken between its choice and its use.
var ports = struct {
	sync.Mutex
	next int
}{next: 15000 + os.Getpid()%10000}

// freeAddress is a loopback address that nothing listens on. The program tells
// the one it takes for the API, but not for telemetry.
func freeAddress(t *testing.T) string {
	t.Helper()
	ports.Lock()
	defer ports.Unlock()
	for range 1000 {
		ports.next++
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", ports.next))
		if err != nil {
			continue
		}
		address := l.Addr().String()
		_ = l.Close()
		return address
	}
	t.Fatal("there is no free port")
	return ""
}

// logWriter keeps what the program writes and tells the address it listens on.
type logWriter struct {
	mu        sync.Mutex
	text      bytes.Buffer
	seen      int
	listening chan string
}

func (w *logWriter) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(b)
	for w.listening != nil {
		line, _, ok := bytes.Cut(w.text.Bytes()[w.seen:], []byte("\n"))
		if !ok {
			break
		}
		w.seen += len(line) + 1
		var entry struct{ Msg, Address string }
		if json.Unmarshal(line, &entry) == nil && entry.Msg == "listening" {
			w.listening <- entry.Address
			w.listening = nil
		}
	}
	return len(b), nil
}

func (w *logWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

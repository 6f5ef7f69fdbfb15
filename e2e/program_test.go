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

// How long the program may take to start and to stop.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 40 * time.Second
)

// buildFlags are flags of go build for the program under test.
func buildFlags() []string { return strings.Fields(os.Getenv("EQUALITY_TEST_BUILD")) }

// underRace says whether the program under test is built with the race detector.
// The tests themselves need none, and would spend most of their time in it.
func underRace() bool { return slices.Contains(buildFlags(), "-race") }

// binary is the program under test; TestMain builds it.
var binary string

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "equality-api-e2e-")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	if binary, err = build(dir, buildFlags()); err != nil {
		return failed(err)
	}
	if loaded, err = loadContract(); err != nil {
		return failed(fmt.Errorf("load the contract: %w", err))
	}
	status := pgtest.Main(m)
	if err := stopShared(); err != nil {
		return max(status, failed(err))
	}
	return status
}

// build builds the program in bin, where go need not link again if nothing has changed, and
// copies it into dir: a later build must not change the program of a running test.
func build(dir string, flags []string) (path string, err error) {
	name := "equality-api"
	if slices.Contains(flags, "-race") {
		name = "equality-api-race"
	}
	built := filepath.Join("bin", name)
	cmd := exec.Command("go", append(append([]string{"build"}, flags...), "-o", built, "./cmd/equality-api")...)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	program, err := os.ReadFile(filepath.Join("..", built))
	if err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	return path, os.WriteFile(path, program, 0o700)
}

func failed(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// program is a running server: the real binary, in its own directory.
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
	stopped bool          // the process has been told to end
}

// start runs a server in a new directory, and stops it when the test ends.
func start(t *testing.T, flags ...string) *program {
	t.Helper()
	return startIn(t, home(t), flags...)
}

// startIn runs a server in a directory that may already hold data, and stops it when the
// test ends.
func startIn(t *testing.T, dir string, flags ...string) *program {
	t.Helper()
	p, err := launch(dir, flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.end(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// launch runs a server in a directory. The caller must end it.
func launch(dir string, flags ...string) (*program, error) { return launchAs(command, dir, flags...) }

// launchAs is launch with the command that runs the binary.
func launchAs(command func(args ...string) *exec.Cmd, dir string, flags ...string) (*program, error) {
	telemetry, err := freeAddress()
	if err != nil {
		return nil, err
	}
	p := &program{dir: dir, flags: flags, telemetry: telemetry, client: newClient(), done: make(chan struct{})}
	listening := make(chan string, 1)
	p.stderr.listening = listening
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--telemetry-listen", p.telemetry}, at(dir)...)
	p.cmd = command(append(args, flags...)...)
	p.cmd.Stderr, p.cmd.Stdout = &p.stderr, &p.stdout
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // the status is in ProcessState
		close(p.done)
	}()
	select {
	case address := <-listening:
		p.url = "http://" + address
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("the program ended with status %d before it listened\n%s", p.cmd.ProcessState.ExitCode(), p.log())
	case <-time.After(startTimeout):
		return nil, errors.Join(fmt.Errorf("the program does not listen after %v", startTimeout), p.end())
	}
}

// end stops a server that is still running. Its error says what went wrong at its end, and
// whether it had a data race.
func (p *program) end() error {
	defer p.client.CloseIdleConnections()
	var wrong error
	if !p.stopped {
		if err := p.terminate(); err != nil {
			return err
		}
		if status := p.cmd.ProcessState.ExitCode(); status != 0 {
			wrong = fmt.Errorf("the program ended with status %d\n%s", status, p.log())
		}
	}
	if log := p.log(); strings.Contains(log, "DATA RACE") {
		wrong = fmt.Errorf("the program has a data race:\n%s", log)
	}
	return wrong
}

// newClient returns a client that does not follow redirects: there should be none.
func newClient() *http.Client {
	return &http.Client{
		Timeout:       time.Minute,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// command is a run of the binary, without the environment of whoever runs the tests. Its
// AWS credentials are invented.
func command(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "EQUALITY_API_") || strings.HasPrefix(v, "GORACE=") || strings.HasPrefix(v, "AWS_")
	}), "AWS_ACCESS_KEY_ID=invented", "AWS_SECRET_ACCESS_KEY=invented", "AWS_EC2_METADATA_DISABLED=true", "GORACE=exitcode=66 halt_on_error=1 atexit_sleep_ms=0")
	return cmd
}

// kill ends the program like a power cut.
func (p *program) kill(t *testing.T) {
	t.Helper()
	if err := p.endBy(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// stop asks the program to end, waits until it has, and returns its exit status.
func (p *program) stop(t *testing.T) int {
	t.Helper()
	if err := p.terminate(); err != nil {
		t.Fatal(err)
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *program) terminate() error { return p.endBy(syscall.SIGTERM) }

// endBy sends a signal and waits until the program has ended.
func (p *program) endBy(signal syscall.Signal) error {
	p.stopped = true
	if err := p.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopTimeout):
		_ = p.cmd.Process.Kill()
		return fmt.Errorf("the program has not ended after %v\n%s", stopTimeout, p.log())
	}
}

// restart runs a stopped program again, with the same directory and flags.
func (p *program) restart(t *testing.T) *program {
	t.Helper()
	return startIn(t, p.dir, p.flags...)
}

// log returns what the program has written to stderr so far.
func (p *program) log() string { return p.stderr.String() }

// logged waits until the log contains a text: a request's line is written after its
// response.
func (p *program) logged(t *testing.T, text string) string {
	t.Helper()
	eventually(t, "the log has "+text, func() bool { return strings.Contains(p.log(), text) })
	return p.log()
}

// eventually waits until something holds, and fails the test if it never does.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(startTimeout); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Errorf("not after %v: %s", startTimeout, what)
			return
		}
	}
}

// runCommand runs another command of the binary to its end.
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

// token returns the token of a caller with these roles.
func (p *program) token(t *testing.T, roles ...string) string {
	t.Helper()
	return p.tokenOf(t, strings.Join(roles, ".")+"@council.example", roles...)
}

// tokenOf returns the token of a caller with this e-mail address, which is its subject,
// like "equality-api token".
func (p *program) tokenOf(t *testing.T, email string, roles ...string) string {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(p.dir, "token.key"))
	if err != nil {
		t.Fatal(err)
	}
	return signed(t, string(key), email, 12*time.Hour, roles...)
}

// ports are below those that the system uses for outgoing connections, so that none is
// taken before it is used.
var ports = struct {
	sync.Mutex
	next int
}{next: 15000 + os.Getpid()%10000}

// freeAddress returns a loopback address that nothing listens on. The program prints its
// address for the API, but not for telemetry.
func freeAddress() (string, error) {
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
		return address, nil
	}
	return "", errors.New("there is no free port")
}

// logWriter keeps the program's output and reports the address it listens on.
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

// health waits until a path about health has this status: the store is asked once a second.
func (p *program) health(t *testing.T, path string, status int) response {
	t.Helper()
	for end := time.Now().Add(3 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if r := p.do(t, "GET", path, request{}); r.status == status || time.Now().After(end) {
			return r.want(t, status)
		}
	}
}

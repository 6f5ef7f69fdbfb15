package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// unable ends a test that this machine cannot run. With CI=true the test fails.
func unable(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("CI must be able to run this: %s", why)
	}
	t.Skip(why)
}

// strace follows the program's system calls until stop, which returns what it saw.
func strace(t *testing.T, p *program, args ...string) (stop func() string) {
	t.Helper()
	path, err := exec.LookPath("strace")
	if err != nil {
		unable(t, "there is no strace")
	}
	output := filepath.Join(t.TempDir(), "strace")
	cmd := exec.Command(path, append([]string{"-f", "-y", "-s", "64", "-o", output, "-p", strconv.Itoa(p.cmd.Process.Pid)}, args...)...)
	said := &attachment{attached: make(chan struct{})}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	stop = sync.OnceValue(func() string {
		_ = cmd.Process.Signal(os.Interrupt) // it detaches, and writes its output
		select {
		case <-ended:
		case <-time.After(startTimeout):
			_ = cmd.Process.Kill()
			t.Error("strace does not end")
		}
		text, err := os.ReadFile(output)
		if err != nil {
			t.Error(err)
		}
		return string(text)
	})
	t.Cleanup(func() { stop() })
	select {
	case <-said.attached:
	case <-ended:
		unable(t, "strace cannot attach: "+said.String())
	case <-time.After(startTimeout):
		t.Fatalf("strace does not attach: %s", said)
	}
	return stop
}

// attachment is the output of strace, and when it has attached.
type attachment struct {
	mu       sync.Mutex
	text     bytes.Buffer
	once     sync.Once
	attached chan struct{}
}

func (a *attachment) Write(b []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.text.Write(b)
	if bytes.Contains(a.text.Bytes(), []byte(" attached")) {
		a.once.Do(func() { close(a.attached) })
	}
	return len(b), nil
}

func (a *attachment) String() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.text.String()
}

// systemCall is a system call on a file, with the lines of strace's output where it began
// and ended.
type systemCall struct {
	begin, end int
	name       string
	file       string // path, or socket:[number]
	arguments  string
	result     int // -1 for every error
}

var (
	callForm     = regexp.MustCompile(`^(\d+) +(\w+)\(\d+<([^>]*)>(.*)$`)
	resumedForm  = regexp.MustCompile(`^(\d+) +<\.\.\. (\w+) resumed>(.*)$`)
	resultForm   = regexp.MustCompile(`\) += (-?\d+)[^=]*$`)
	unfinishedIn = " <unfinished ...>"
)

// systemCalls reads strace's output, in the order in which the calls began. A call that
// another thread's call interrupts is there in two pieces.
func systemCalls(output string) (calls []*systemCall) {
	open := make(map[string]*systemCall) // by thread
	for i, line := range strings.Split(output, "\n") {
		var c *systemCall
		var rest string
		if m := callForm.FindStringSubmatch(line); m != nil {
			c = &systemCall{begin: i, name: m[2], file: m[3]}
			calls = append(calls, c)
			if begun, ok := strings.CutSuffix(m[4], unfinishedIn); ok {
				c.arguments, c.end, c.result = begun, len(output), -1
				open[m[1]] = c
				continue
			}
			rest = m[4]
		} else if m := resumedForm.FindStringSubmatch(line); m != nil && open[m[1]] != nil && open[m[1]].name == m[2] {
			c, rest = open[m[1]], m[3]
			delete(open, m[1])
		} else {
			continue
		}
		c.arguments, c.end, c.result = c.arguments+rest, i, -1
		if m := resultForm.FindStringSubmatch(rest); m != nil {
			c.result, _ = strconv.Atoi(m[1])
		}
	}
	return calls
}

func TestSystemCalls(t *testing.T) {
	t.Parallel()
	calls := systemCalls(`10  read(16<socket:[59]>,  <unfinished ...>
11  pwrite64(12</var/d/equality.db-wal>, "\0 = 7", 24, 103032) = 24
10  <... read resumed>"POST /equality"..., 4096) = 587
12  --- SIGURG {si_signo=SIGURG, si_code=SI_TKILL, si_pid=1, si_uid=0} ---
11  fsync(12</var/d/equality.db-wal> <unfinished ...>
10  read(16<socket:[59]>, 0x2ba0, 4096) = -1 EAGAIN (Resource temporarily unavailable)
11  <... fsync resumed>) = 0 (DELAYED)
10  write(16<socket:[59]>, "HTTP/1.1 200 OK\r\n"..., 564 <unfinished ...>
`)
	want := []systemCall{
		{0, 2, "read", "socket:[59]", `, "POST /equality"..., 4096) = 587`, 587},
		{1, 1, "pwrite64", "/var/d/equality.db-wal", `, "\0 = 7", 24, 103032) = 24`, 24},
		{4, 6, "fsync", "/var/d/equality.db-wal", `) = 0 (DELAYED)`, 0},
		{5, 5, "read", "socket:[59]", `, 0x2ba0, 4096) = -1 EAGAIN (Resource temporarily unavailable)`, -1},
	}
	if len(calls) != 5 || calls[4].name != "write" || calls[4].begin != 7 || calls[4].result != -1 {
		t.Fatalf("%d calls", len(calls))
	}
	for i, w := range want {
		got := *calls[i]
		got.arguments = strings.Replace(got.arguments, ",  \"", ", \"", 1)
		if got != w {
			t.Errorf("call %d: got %+v, want %+v", i, got, w)
		}
	}
}

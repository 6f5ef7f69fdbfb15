package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
)

// process is a server in a process of its own.
type process struct {
	command *exec.Cmd
	url     string
	token   string
	logged  *os.File
}

// startServer starts the program on a data directory. Its log goes to a file, as it would in service.
func startServer(program, dir string, flags ...string) (*process, error) {
	logged, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	p := &process{logged: logged, command: exec.Command(program, append([]string{"serve", "--data-dir", dir,
		"--listen", "127.0.0.1:0", "--telemetry-listen", "127.0.0.1:0"}, flags...)...)}
	p.command.Stderr = logged
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	if p.url, err = listening(logged.Name()); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	token, err := exec.Command(program, "token", "--data-dir", dir, "--role", "officer,service,governance").Output()
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.token = "Bearer " + strings.TrimSpace(string(token))
	return p, nil
}

// run runs a command to its end.
func run(program string, args ...string) error {
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(append([]string{filepath.Base(program)}, args...), " "), err, out)
	}
	return nil
}

// listening waits for the log line that tells the address.
func listening(path string) (string, error) {
	var text []byte
	for range 300 {
		var err error
		if text, err = os.ReadFile(path); err != nil {
			return "", err
		}
		for line := range bytes.Lines(text) {
			var event struct{ Msg, Address string }
			if json.Unmarshal(line, &event) == nil && event.Msg == "listening" {
				return "http://" + event.Address, nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	return "", fmt.Errorf("the server did not start:\n%s", text)
}

func (p *process) stop() error {
	err := p.command.Process.Signal(syscall.SIGTERM)
	_, waiting := p.command.Process.Wait()
	if p.logged != nil {
		err = errors.Join(err, p.logged.Close())
	}
	return errors.Join(err, waiting)
}

// memory is the process's resident memory in bytes.
func (p *process) memory() (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
			return kilobytes << 10, err
		}
	}
	return 0, errors.New("the process does not tell its memory")
}

// requests does the operation over HTTP.
func (p *process) requests(op operation, people []uuid.UUID) work {
	return func(_ int, random *rand.Rand) error {
		r := op.request(people, random)
		return send(r.method, p.url+r.path, p.token, r.body, r.want)
	}
}

// request is what is sent once, and the status of its answer.
type request struct {
	method, path string
	body         []byte
	want         int
}

const recordsPath = "/api/v1/equality-information"

// request is an operation on one of the people.
func (op operation) request(people []uuid.UUID, random *rand.Rand) request {
	person := recordsPath + "/" + people[random.IntN(len(people))].String()
	switch op {
	case post:
		return request{string(op), recordsPath, body(uuid.New(), random), http.StatusCreated}
	case patch:
		return request{string(op), person, change(random), http.StatusOK}
	}
	return request{string(op), person, nil, http.StatusOK}
}

const bareCommand, blindCommand = "bare", "blind"

// startBare starts this program again as the bare server.
func startBare(blind bool) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{command: exec.Command(self, map[bool]string{false: bareCommand, true: blindCommand}[blind]), token: "Bearer none"}
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	p.url = "http://" + strings.TrimSpace(address)
	return p, err
}

// serveBare is the bare server: net/http, which parses what it is sent and
// answers with the status, headers and bytes of the real one, for a POST the
// record that was sent. It checks, keeps and logs nothing. A blind one does
// not even parse, and answers always the same.
func serveBare(blind bool) {
	person := uuid.New()
	var known equality.Record
	if err := json.Unmarshal(body(person, rand.New(rand.NewPCG(1, 1))), &known); err != nil {
		panic(err)
	}
	known.ID = person
	stored, err := json.Marshal(known)
	if err != nil {
		panic(err)
	}
	handler := func(w http.ResponseWriter, r *http.Request) {
		answer := stored
		sent, err := io.ReadAll(r.Body)
		if err == nil && len(sent) > 0 && !blind {
			record := equality.Record{}
			err = json.Unmarshal(sent, &record)
			if r.Method == http.MethodPost && err == nil {
				record.ID = record.TargetID
				answer, err = json.Marshal(record)
			}
		}
		if err != nil {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(answer)))
		h.Set("Cache-Control", "no-store")
		h.Set("Etag", `"0"`)
		h.Set("Last-Modified", "Mon, 23 Nov 2026 19:37:28 GMT")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("X-Correlation-Id", "011f5663-1975-4e86-8717-cdd36e92e40c")
		if r.Method == http.MethodPost {
			h.Set("Location", "/api/v1/equality-information/"+person.String())
			w.WriteHeader(http.StatusCreated)
		}
		_, _ = w.Write(answer)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	if err := http.Serve(listener, http.HandlerFunc(handler)); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

// targets are what is measured, in the order of a round. A front end creates
// rarely: that is left out.
func targets(op operation, whole, bare *process, front *front, store *alone) iter.Seq2[string, func(operation, []uuid.UUID) work] {
	return func(yield func(string, func(operation, []uuid.UUID) work) bool) {
		_ = yield("bare", bare.requests) && yield("server", whole.requests) &&
			(op == post || yield(frontTarget, front.requests)) && yield("store", store.requests)
	}
}

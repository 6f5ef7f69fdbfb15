package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/postgres"
	"equality-information-api/internal/store/sqlite"
)

// memoryBound is the most memory that the program may take, whatever is stored and however
// many callers ask for it, in kilobytes.
const memoryBound = 384 << 10

// atOnce is how many callers ask at the same time.
const atOnce = 64

// longest is the longest value that earlier versions of the program stored.
var longest = strings.Repeat("z", 65_000)

// largest is a record as large as earlier versions of the program stored through the front
// ends' contract.
func largest(id uuid.UUID) equality.Record {
	text := equality.NewText(longest)
	return equality.Record{
		ID: id, TargetID: id, AgeGroup: longest, Nationality: longest, ArmedForces: longest, EconomicSituation: longest, HomeSituation: longest,
		Gender: equality.Gender{Value: longest, ValueIfOther: text}, Ethnicity: equality.Ethnicity{Value: longest, ValueIfOther: text},
		ReligionOrBelief: equality.ReligionOrBelief{Value: longest, ValueIfOther: text}, CommunicationRequirements: []string{longest},
		NationalInsuranceNumber: "QQ123456C", NINOAsSent: "QQ123456C" + longest,
	}
}

// writable is an engine's store.
type writable interface {
	Write(ctx context.Context, cmd store.Command, decide func(store.Opened) (store.Decision, error)) (store.Opened, error)
	Close() error
}

// openStore opens the store of a stopped server.
func openStore(t *testing.T, dir string) writable {
	t.Helper()
	keys, err := sealing.Load(filepath.Join(dir, "keyset.json"))
	if err != nil {
		t.Fatal(err)
	}
	report := func(what string, err error) { t.Errorf("%s: %v", what, err) }
	var s writable
	if dsn := dsnOf(dir); dsn != "" {
		s, err = postgres.Open(t.Context(), postgres.Options{DSN: dsn, Keys: keys, Now: time.Now, KeyRetention: time.Hour, EventRetention: time.Hour, Report: report})
	} else {
		s, err = sqlite.Open(t.Context(), sqlite.Options{Dir: dir, Keys: keys, Now: time.Now, KeyRetention: time.Hour, EventRetention: time.Hour, Report: report})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plantLargest stores records as large as there can be: many, half of which are shown as they
// are stored, and one with many versions, whose id it returns.
func plantLargest(t *testing.T, dir string, records, versions int) (id uuid.UUID) {
	t.Helper()
	s := openStore(t, dir)
	put := func(cmd store.Command, r equality.Record, verbatim bool) {
		t.Helper()
		_, err := s.Write(t.Context(), cmd, func(c store.Opened) (store.Decision, error) {
			action, event := "change", events.Updated
			if cmd.Target != uuid.Nil {
				action, event = audit.ActionCreate, events.Created
			}
			return store.Decision{
				Effects: []store.Effect{store.PutRecord{Found: c, Record: r, Verbatim: verbatim, Provenance: store.Provenance{Subject: "a test", Reason: "update", Members: r.Members()}, Event: event}},
				Entry:   audit.Entry{ID: uuid.New(), At: time.Now().UTC(), Subject: "a test", Action: action, Outcome: audit.Done, Status: 200},
				Outcome: store.Outcome{Status: 200},
			}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for i := range records {
		id = uuid.New()
		put(store.Command{ID: id, Target: id, EventID: uuid.New()}, largest(id), i%2 == 0)
	}
	for range versions {
		put(store.Command{ID: id, EventID: uuid.New()}, largest(id), false)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return id
}

// peak is the most memory that a running process has taken so far, in kilobytes.
func peak(t *testing.T, pid int) int64 {
	t.Helper()
	kilobytes, ok := peakOf(pid)
	if !ok {
		t.Fatal("the system does not say how much memory the program has taken")
	}
	return kilobytes
}

func peakOf(pid int) (kilobytes int64, ok bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(status)) {
		if value, is := strings.CutPrefix(line, "VmHWM:"); is {
			kilobytes, err = strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kilobytes, err == nil
		}
	}
	return 0, false // it has ended
}

// runMeasured runs a command, and says how much memory it took at most, in kilobytes. What the
// system says of a process that has ended will not do: that counts what the test itself had
// taken when it started the process.
func runMeasured(cmd *exec.Cmd) (kilobytes int64, err error) {
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			return kilobytes, err
		case <-time.After(5 * time.Millisecond):
			if most, ok := peakOf(cmd.Process.Pid); ok {
				kilobytes = most
			}
		}
	}
}

// within checks that a process took no more memory than the bound. The race detector takes
// several times as much.
func within(t *testing.T, who string, kilobytes int64) {
	t.Helper()
	bound := int64(memoryBound)
	if underRace() {
		bound *= 6
	}
	if kilobytes > bound {
		t.Errorf("%s took %d MB", who, kilobytes>>10)
	}
	t.Logf("%s took %d MB of %d", who, kilobytes>>10, bound>>10)
}

// drain asks for something, reads the response to its end, and returns an error unless it is a
// large 200. Where that takes long, a caller may be told to ask later.
func (p *program) drain(client *http.Client, path, token string) error {
	r, err := http.NewRequest("GET", p.url+path, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	for {
		got, err := client.Do(r)
		if err != nil {
			return err
		}
		n, err := io.Copy(io.Discard, got.Body)
		_ = got.Body.Close() // it has been read
		if (long() || underRace()) && got.StatusCode == 503 {
			time.Sleep(time.Second)
			continue
		}
		if err == nil && (got.StatusCode != 200 || n < 1000) {
			err = fmt.Errorf("GET %s: %d, %d bytes", path, got.StatusCode, n)
		}
		return err
	}
}

// Histories, lists and exports of the largest records that there can be, asked for by many at
// once, are all answered, and take no more memory than the program may have.
func TestManyLargeAnswersLiveInBoundedMemory(t *testing.T) {
	records, versions, exports := 24, 16, 2
	switch {
	case long():
		records, versions, exports = 400, 300, atOnce
	case underRace(): // which is many times slower
		records, versions = 10, 6
	}
	p := start(t)
	p.stop(t)
	id := plantLargest(t, p.dir, records, versions)
	p = p.restart(t)
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 3 * atOnce}}
	defer client.CloseIdleConnections()
	var asking sync.WaitGroup
	for path, token := range map[string]string{
		"/equality-information/" + id.String() + "/history": p.token(t, "officer"),
		"/equality-information?limit=1000":                  p.token(t, "governance"),
		"/events?limit=1000":                                p.token(t, "service"),
	} {
		for range atOnce {
			asking.Go(func() {
				if err := p.drain(client, path, token); err != nil {
					t.Error(err)
				}
			})
		}
	}
	asking.Wait()
	within(t, "the server", peak(t, p.cmd.Process.Pid))
	p.stop(t)

	run := func(name string, args ...string) {
		cmd := command(append(args, at(p.dir)...)...)
		// An import may reject records of such a size, which is status 1.
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		used, err := runMeasured(cmd)
		if err != nil && !(args[0] == "import" && cmd.ProcessState.ExitCode() == 1) {
			t.Errorf("%s: %v: %s", name, err, out.Bytes())
			return
		}
		within(t, name, used)
	}
	if dsnOf(p.dir) == "" {
		exports = 1 // because an export locks the directory
	}
	all := make(chan string, exports)
	for range exports {
		file := filepath.Join(t.TempDir(), "all.ndjson")
		asking.Go(func() { run("an export", "export", "--output", file); all <- file })
	}
	asking.Wait()
	file := <-all
	run("an import of what is there", "import", "--rejects-dir", filepath.Dir(file), file)
	run("audit verify", "audit", "verify", "--records")
}

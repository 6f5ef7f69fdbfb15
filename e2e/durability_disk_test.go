package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
)

const fullDisk = "a full disk"

// retries are how often a request may still succeed. If every write fails, the number is 0.
// On a full disk a single entry may fit in the write-ahead log when that has just been
// restarted; the request then rightly succeeds.
func retries(how string) int {
	if how == fullDisk {
		return 100
	}
	return 0
}

// TestFullDisk fills the disk of a running server, and then makes room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := smallDisk(t)
	if dir == "" {
		return
	}
	u := underTest(t, dir)
	filler := filepath.Join(dir, "filler")
	u.fails(t, fullDisk, func() { fillUp(t, filler) }, func() { removeFile(t, filler) })
	u.finish(t)
}

// TestFailingDisk makes the disk fail in other ways, one after the other: calls on the
// database's files, and on no others, return an error.
func TestFailingDisk(t *testing.T) {
	t.Parallel()
	u := underTest(t, t.TempDir())
	for _, failure := range []string{
		"pwrite64,write,ftruncate:error=EROFS",
		"pwrite64,write:error=ENOSPC",
		"pwrite64,write:error=EIO",
		"fsync,fdatasync:error=EIO",
	} {
		var stop func() string
		u.fails(t, failure, func() {
			stop = strace(t, u.program, "-e", "trace=pwrite64,write,ftruncate,fsync,fdatasync", "-e", "inject="+failure,
				"-P", filepath.Join(u.dir, "equality.db"), "-P", filepath.Join(u.dir, "equality.db-wal"))
		}, func() {
			if seen := stop(); !strings.Contains(seen, "(INJECTED)") || strings.Contains(seen, "socket:") {
				t.Errorf("strace has made no call fail, or one on a socket:\n%.2000s", seen)
			}
		})
	}
	u.finish(t)
}

// sufferer is a server with a failing disk.
type sufferer struct {
	*program
	kept                         ledger
	officer, governance, service string
	target                       string
}

func underTest(t *testing.T, dir string) *sufferer {
	t.Helper()
	p := startIn(t, dir)
	u := &sufferer{program: p, officer: p.token(t, "officer"), governance: p.token(t, "governance"), service: p.token(t, "service")}
	var err error
	if u.target, err = u.kept.create(p, u.officer); err == nil {
		err = u.kept.change(p, u.officer, u.target)
	}
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// fails makes the disk fail during constant writes, and then recover. The server tells
// everybody who asks for personal data, serves everything else, and recovers once the disk
// does.
func (u *sufferer) fails(t *testing.T, how string, begin, end func()) {
	t.Helper()
	done := make(chan struct{})
	var writer sync.WaitGroup
	writer.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			_, err := u.kept.create(u.program, u.officer)
			if err != nil && !errors.Is(err, refusal(503)) {
				t.Errorf("%s: a write: %v", how, err)
				return
			}
		}
	})
	begin()
	u.until(t, how, 503)
	u.checkFailing(t, how)
	end()
	u.until(t, how+", repaired", 200)
	u.checkOpen(t, how, 200)
	if err := u.kept.change(u.program, u.officer, u.target); err != nil {
		t.Errorf("%s, repaired: a write: %v", how, err)
	}
	close(done)
	writer.Wait()
	u.kept.check(t, u.program, u.officer)
	u.kept.checkAudit(t, u.dir)
}

// until reads a record until the response has this status.
func (u *sufferer) until(t *testing.T, how string, status int) {
	t.Helper()
	for deadline := time.Now().Add(startTimeout); ; {
		r := u.do(t, "GET", "/equality-information/"+u.target, request{token: u.officer})
		if r.status == status {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: a read is answered %d, want %d: %s", how, r.status, status, r.body)
		}
	}
}

// checkFailing calls every operation while the disk fails.
func (u *sufferer) checkFailing(t *testing.T, how string) {
	t.Helper()
	path, planted := "/equality-information/"+u.target, stem+" while the disk fails"
	text := []byte(`{"homeSituation": "other", "homeSituationIfOther": "` + planted + `"}`)
	for _, r := range []struct {
		method, path, token string
		body                []byte
		headers             map[string]string
	}{
		{"GET", path, u.officer, nil, nil},
		{"HEAD", path, u.officer, nil, nil},
		{"GET", path, u.officer, nil, map[string]string{"If-None-Match": "*"}},
		{"GET", "/equality-information?targetId=" + u.target, u.officer, nil, nil},
		{"GET", "/equality-information/" + uuid.NewString(), u.officer, nil, nil},
		{"GET", path + "/history", u.officer, nil, nil},
		{"GET", path + "/history/0", u.officer, nil, nil},
		{"GET", "/equality-information", u.governance, nil, nil},
		{"GET", "/events", u.service, nil, nil},
		{"GET", "/equality-information", u.service, nil, nil}, // which is refused
		{"POST", "/equality-information", u.officer, []byte(`{"targetId": "` + uuid.NewString() + `"}`), nil},
		{"POST", "/equality-information", u.officer, []byte(`{"targetId": "` + u.target + `"}`), nil},
		{"POST", "/equality-information", u.officer, []byte(`{"targetId": "` + uuid.NewString() + `"}`), map[string]string{"Idempotency-Key": planted}},
		{"PATCH", path, u.officer, text, nil},
		{"PATCH", path, u.officer, text, map[string]string{"If-Match": `"1000000"`}},
		{"PATCH", path, u.officer, []byte(`{}`), nil},
	} {
		ask := func() response {
			return u.do(t, r.method, r.path, request{token: r.token, body: r.body, headers: r.headers})
		}
		got := ask()
		writes := r.body != nil && string(r.body) != "{}" && got.status < 400
		for try := 0; got.status != 503 && !writes && try < retries(how); try++ {
			got = ask()
		}
		if got.status != 503 || got.header.Get("Retry-After") == "" || got.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s %s %v: answered %d %v, want 503 with Retry-After", how, r.method, r.path, r.headers, got.status, got.header)
		}
		if strings.Contains(string(got.body), stem) || got.header.Get("ETag") != "" {
			t.Errorf("%s: %s %s: %v %s", how, r.method, r.path, got.header, got.body)
		}
	}
	u.checkOpen(t, how, 503)
	if strings.Contains(u.log(), stem) {
		t.Errorf("%s: the log repeats what was sent", how)
	}
}

// checkOpen calls the operations that do not need the disk.
func (u *sufferer) checkOpen(t *testing.T, how string, ready int) {
	t.Helper()
	for _, path := range []string{"/livez", "/openapi.yaml", "/openapi.json", "/docs", "/docs/problems/unavailable"} {
		u.do(t, "GET", path, request{}).want(t, 200)
	}
	for _, path := range []string{"/reference-data", "/reference-data/gender"} {
		u.do(t, "GET", path, request{token: u.officer}).want(t, 200)
	}
	for _, path := range []string{"/readyz", "/healthcheck/ping"} {
		u.health(t, path, ready)
	}
}

// finish stops the server and checks that nothing is lost.
func (u *sufferer) finish(t *testing.T) {
	t.Helper()
	u.kept.checkFeed(t, u.program, u.service)
	if status := u.stop(t); status != 0 {
		t.Errorf("stopped with status %d", status)
	}
	u.kept.checkAudit(t, u.dir, u.log())
	p := u.restart(t)
	u.kept.check(t, p, u.officer)
	u.kept.checkFeed(t, p, u.service)
	if status := p.stop(t); status != 0 { // before the disk is unmounted
		t.Errorf("stopped with status %d", status)
	}
}

// fillUp writes a file until not one more byte fits.
func fillUp(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 16; size > 0; {
		if _, err = f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if err := errors.Join(err, f.Close()); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk is not full, but: %v", err)
	}
}

const inNamespace = "EQUALITY_E2E_NAMESPACE"

// smallDisk mounts a disk of a few dozen megabytes. Without the right to mount, it runs the test
// again in its own namespace and returns no directory: the test has then run there.
func smallDisk(t *testing.T) string {
	t.Helper()
	return mounted(t, "-t", "tmpfs", "-o", "size=64m,mode=0700", "equality-e2e")
}

// mounted mounts something for a test and returns where. If that needs a namespace of its own,
// the whole test runs again there, and mounted returns "".
func mounted(t *testing.T, args ...string) string {
	t.Helper()
	dir := t.TempDir()
	out, err := exec.Command("mount", append(args, dir)...).CombinedOutput()
	if err == nil {
		t.Cleanup(func() {
			if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
				t.Errorf("umount: %v: %s", err, out)
			}
		})
		return dir
	}
	if os.Getenv(inNamespace) != "" || exec.Command("unshare", "--user", "--map-root-user", "--mount", "true").Run() != nil {
		unable(t, "nothing can be mounted: "+string(out))
	}
	again := exec.Command("unshare", "--user", "--map-root-user", "--mount", os.Args[0], "-test.run=^"+t.Name()+"$")
	again.Env = append(os.Environ(), inNamespace+"=1")
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("in a namespace of its own: %v\n%s", err, out)
	}
	return ""
}

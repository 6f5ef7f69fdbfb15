package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// syncTrace makes strace show the calls that read a request, make the database durable, and
// write a response. A sync is slowed down, as on a disk, so that it shows if anybody does
// not wait for it.
var syncTrace = []string{
	"-e", "trace=read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,fsync,fdatasync",
	"-e", "inject=fsync,fdatasync:delay_enter=4000",
}

// tracedAnswer is the system calls of a request.
type tracedAnswer struct {
	socket         string
	arrived        int // the line where its first byte had been read
	begun          int // the line where the response's first byte is written
	status         string
	syncs          int // syncs of the database that were begun and ended in between
	firstArguments string
}

// tracedAnswers finds every request and what was made durable for it, and counts the syncs.
func tracedAnswers(t *testing.T, calls []*systemCall, wal string) (all []*tracedAnswer, syncs int) {
	t.Helper()
	waiting := make(map[string]*tracedAnswer) // by socket
	for _, c := range calls {
		switch {
		case !strings.HasPrefix(c.file, "socket:") && !strings.HasPrefix(c.file, "TCP:"):
		case c.name[0] == 'r' && c.result > 0 && waiting[c.file] == nil:
			waiting[c.file] = &tracedAnswer{socket: c.file, arrived: c.end, firstArguments: c.arguments}
		case c.name[0] == 'r':
		case waiting[c.file] != nil:
			_, status, ok := strings.Cut(c.arguments, `"HTTP/1.1 `)
			if !ok {
				t.Errorf("an answer begins with %s", c.arguments)
				continue
			}
			waiting[c.file].begun, waiting[c.file].status = c.begin, status[:3]
			all = append(all, waiting[c.file])
			delete(waiting, c.file)
		}
	}
	for _, c := range calls {
		if c.name != "fsync" && c.name != "fdatasync" || c.file != wal || c.result != 0 {
			continue
		}
		syncs++
		for _, a := range all {
			if a.arrived < c.begin && c.end < a.begun {
				a.syncs++
			}
		}
	}
	return all, syncs
}

// TestDurableBeforeAnswered watches the server's system calls: no response about personal
// data is sent before the database has been synced since the request arrived. This applies
// to changes and to reads, whose entry must be durable.
func TestDurableBeforeAnswered(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer, governance, service := p.token(t, "officer"), p.token(t, "governance"), p.token(t, "service")
	var l ledger
	target, err := l.create(p, officer)
	if err != nil {
		t.Fatal(err)
	}
	path := "/equality-information/" + target
	stop := strace(t, p, syncTrace...)
	const times = 8
	requests := 0
	for range times {
		if _, err := l.create(p, officer); err != nil {
			t.Error(err)
		}
		if err := l.change(p, officer, target); err != nil {
			t.Error(err)
		}
		requests += 2
		for _, r := range []struct {
			method, path, token, ifNoneMatch string
			status                           int
		}{
			{"GET", path, officer, "", 200},
			{"HEAD", path, officer, "", 200},
			{"GET", path, officer, "*", 304},
			{"GET", "/equality-information?targetId=" + target, officer, "", 200},
			{"GET", path + "/history", officer, "", 200},
			{"GET", path + "/history/0", officer, "", 200},
			{"GET", "/equality-information", governance, "", 200},
			{"GET", "/events?limit=3", service, "", 200},
			{"GET", "/equality-information/00000000-0000-4000-8000-000000000000", officer, "", 404},
		} {
			headers := map[string]string{"If-None-Match": r.ifNoneMatch}
			got, err := p.send(r.method, r.path, request{token: r.token, headers: headers})
			if err != nil {
				t.Fatal(err)
			}
			got.want(t, r.status)
			requests++
		}
	}
	output := stop()
	all, syncs := tracedAnswers(t, systemCalls(output), filepath.Join(p.dir, "equality.db-wal"))
	if len(all) != requests {
		t.Fatalf("strace shows %d answers, want %d\n%.2000s", len(all), requests, output)
	}
	for i, a := range all {
		if a.syncs == 0 {
			t.Errorf("answer %d of %d, a %s on %s, is written in line %d without a sync since the request%s in line %d",
				i, len(all), a.status, a.socket, a.begun, a.firstArguments, a.arrived)
		}
	}
	t.Logf("%d requests one after the other, %d syncs", requests, syncs)
}

// TestReadsShareSyncs counts the syncs of reads that arrive together.
func TestReadsShareSyncs(t *testing.T) {
	t.Parallel()
	p := start(t)
	officer := p.token(t, "officer")
	var l ledger
	target, err := l.create(p, officer)
	if err != nil {
		t.Fatal(err)
	}
	stop := strace(t, p, syncTrace...)
	const callers, each = 64, 4
	var group sync.WaitGroup
	for range callers {
		group.Go(func() {
			for range each {
				r, err := p.send("GET", "/equality-information/"+target, request{token: officer})
				if err == nil && r.status != 200 {
					err = fmt.Errorf("answered %d", r.status)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	all, syncs := tracedAnswers(t, systemCalls(stop()), filepath.Join(p.dir, "equality.db-wal"))
	if len(all) != callers*each {
		t.Fatalf("strace shows %d answers, want %d", len(all), callers*each)
	}
	for _, a := range all {
		if a.syncs == 0 {
			t.Errorf("a %s on %s is written in line %d without a sync since the request in line %d", a.status, a.socket, a.begun, a.arrived)
		}
	}
	if syncs > len(all)/4 {
		t.Errorf("%d reads of %d callers cost %d syncs, want them shared", len(all), callers, syncs)
	}
	t.Logf("%d reads of %d callers, %d syncs", len(all), callers, syncs)
}

package personapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/personapi"
)

func TestRequest(t *testing.T) {
	t.Parallel()
	correlation := uuid.New()
	b := setup(t, func(w http.ResponseWriter, r *http.Request) {
		want := http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + token},
			"User-Agent": {"equality-api"}, "X-Correlation-Id": {correlation.String()}}
		if r.Method != http.MethodGet || r.RequestURI != "/api/v1/persons/"+asked.String() || fmt.Sprint(r.Header) != fmt.Sprint(want) {
			t.Errorf("%s %s %v", r.Method, r.RequestURI, r.Header)
		}
		says(200, whole)(w, r)
	})
	p, err := b.Person(t.Context(), asked, correlation)
	if err != nil || p.Surname != "Okonkwo-Łuk" {
		t.Errorf("%v", err)
	}
	if outcomes, reports := b.told(); fmt.Sprint(outcomes) != "[found]" || reports != nil {
		t.Errorf("%v %v", outcomes, reports)
	}
}

// Whatever else the Person API does, nothing of it is passed on or followed, and what the
// log says quotes neither it, nor the person, nor the token.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		elsewhere.Add(1)
		says(200, whole)(w, r)
	}))
	defer other.Close()
	redirect := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", other.URL+r.URL.Path)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, whole)
		}
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = io.WriteString(z, whole[:len(whole)-1]+strings.Repeat(" ", 10<<20)+"}")
	_ = z.Close()
	header := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	type answer struct {
		says    string
		outcome personapi.Outcome
		http.HandlerFunc
	}
	answers := map[string]answer{
		"204":                     {"status 204", personapi.Unreachable, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }},
		"206":                     {"status 206", personapi.Unreachable, says(206, whole)},
		"400":                     {"status 400", personapi.Unreachable, says(400, secret)},
		"401":                     {"refuses the token, with status 401", personapi.Refused, says(401, secret)},
		"403":                     {"refuses the token, with status 403", personapi.Refused, says(403, secret)},
		"410":                     {"status 410", personapi.Unreachable, says(410, whole)},
		"429":                     {"status 429", personapi.Unreachable, says(429, secret)},
		"500":                     {"status 500", personapi.Unreachable, says(500, whole)},
		"503":                     {"status 503", personapi.Unreachable, says(503, secret)},
		"a status that is none":   {"does not speak HTTP", personapi.Unreachable, raw("HTTP/1.1 20x OK\r\n\r\n" + whole)},
		"a redirect, 301":         {"status 301", personapi.Unreachable, redirect(301)},
		"a redirect, 302":         {"status 302", personapi.Unreachable, redirect(302)},
		"a redirect, 307":         {"status 307", personapi.Unreachable, redirect(307)},
		"a redirect, 308":         {"status 308", personapi.Unreachable, redirect(308)},
		"10 MB":                   {"longer than 65536", personapi.Unusable, says(200, whole[:len(whole)-1]+strings.Repeat(" ", 10<<20)+"}")},
		"a byte too many":         {"longer than 65536", personapi.Unusable, says(200, whole+strings.Repeat(" ", personapi.MaxBody-len(whole)+1))},
		"a compressed answer":     {"compressed", personapi.Unusable, compressed(bomb.String())},
		"a closed connection":     {"closed the connection", personapi.Unreachable, raw("")},
		"not HTTP":                {"does not speak HTTP", personapi.Unreachable, raw(secret + "\r\n\r\n")},
		"half a header":           {"closed the connection", personapi.Unreachable, raw(header + secret)},
		"endless headers":         {"", personapi.Unreachable, raw(header + strings.Repeat("A: "+secret+"\r\n", 10_000) + "\r\n" + whole)},
		"less than it announced":  {"closed the connection", personapi.Unreachable, raw(header + "Content-Length: 999\r\n\r\n" + whole)},
		"chunks without an end":   {"closed the connection", personapi.Unreachable, raw(header + "Transfer-Encoding: chunked\r\n\r\n10\r\n" + whole[:16] + "\r\n")},
		"two lengths":             {"does not speak HTTP", personapi.Unreachable, raw(header + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + whole)},
		"HTTP/1.0, cut short":     {"not JSON", personapi.Unusable, raw("HTTP/1.0 200 OK\r\n\r\n" + whole[:300])},
		"a page for signing in":   {"not JSON", personapi.Unusable, says(200, "<!doctype html>"+secret)},
		"somebody else, with 200": {"about another person", personapi.Unusable, says(200, unusable["another's id"])},
	}
	for name, c := range answers {
		b := setup(t, c.HandlerFunc)
		p, err := b.Person(t.Context(), asked, uuid.New())
		outcomes, reports := b.told()
		if err == nil || errors.Is(err, directory.ErrUnknown) || p != (directory.Person{}) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if fmt.Sprint(outcomes) != fmt.Sprint([]personapi.Outcome{c.outcome}) || len(reports) != 1 {
			t.Errorf("%s: %v %v", name, outcomes, reports)
		}
		for _, part := range []string{secret, "Okonkwo", "1985", asked.String(), "59b092d6", token} {
			if strings.Contains(fmt.Sprint(err, reports), part) {
				t.Errorf("%s: the error quotes %q: %v", name, part, err)
			}
		}
	}
	if n := elsewhere.Load(); n > 0 {
		t.Errorf("%d requests were sent elsewhere", n)
	}
}

func compressed(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") != "" {
			panic("compression was asked for")
		}
		w.Header().Set("Content-Encoding", "gzip")
		says(200, body)(w, r)
	}
}

func TestUnusualAnswersThatAreFine(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.HandlerFunc{
		"HTTP/1.0":            raw("HTTP/1.0 200 OK\r\n\r\n" + whole),
		"as long as can be":   says(200, whole+strings.Repeat(" ", personapi.MaxBody-len(whole))),
		"no media type":       raw("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + whole),
		"an id in upper case": says(200, strings.Replace(whole, asked.String(), strings.ToUpper(asked.String()), 1)),
	} {
		if p, err := setup(t, h).Person(t.Context(), asked, uuid.New()); err != nil || p.ID != asked {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	b := setup(t, says(404, `"`+asked.String()+`"`))
	p, err := b.Person(t.Context(), asked, uuid.New())
	if !errors.Is(err, directory.ErrUnknown) || p != (directory.Person{}) {
		t.Errorf("%v", err)
	}
	if outcomes, reports := b.told(); fmt.Sprint(outcomes) != "[unknown]" || reports != nil {
		t.Errorf("%v %v", outcomes, reports)
	}
}

// The limit is for all of a request: a server that always says a little more gains nothing.
func TestTimeLimit(t *testing.T) {
	t.Parallel()
	slow := map[string]http.HandlerFunc{
		"never answers": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"hangs after its headers": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(200)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
		"hangs after a 404": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(404)
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		},
		"a byte now and then": func(w http.ResponseWriter, r *http.Request) {
			for i := 0; r.Context().Err() == nil; i++ {
				_, _ = io.WriteString(w, whole[i:i+1])
				_ = http.NewResponseController(w).Flush()
				time.Sleep(20 * time.Millisecond)
			}
		},
	}
	for name, h := range slow {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, h)
			b.SetTimeout(time.Second)
			began := time.Now()
			_, err := b.Person(t.Context(), asked, uuid.New())
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			if unknown := errors.Is(err, directory.ErrUnknown); err == nil || unknown != strings.Contains(name, "404") {
				t.Error(err)
			}
			if _, reports := b.told(); !strings.Contains(name, "404") && !strings.Contains(fmt.Sprint(reports), "did not respond in time") {
				t.Error(reports)
			}
		})
	}
}

func TestDown(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	server.Close()
	_, err := clientOf(server.URL).Person(t.Context(), asked, uuid.New())
	if err == nil || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), asked.String()) {
		t.Error(err)
	}
}

// The token is not sent to a server that only pretends to be the Person API.
func TestCertificateIsChecked(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(says(200, whole))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	if _, err := clientOf(server.URL).Person(t.Context(), asked, uuid.New()); err == nil || err.Error() != "its certificate is not trusted" {
		t.Error(err)
	}
}

// Many who ask for one person at the same time are one request, whoever of them leaves.
func TestSingleFlight(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	arrived, answer := make(chan struct{}), make(chan struct{})
	b := setup(t, func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			close(arrived)
		}
		<-answer
		says(200, strings.Replace(whole, asked.String(), r.RequestURI[len("/api/v1/persons/"):], 1))(w, r)
	})
	first, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := b.Person(first, asked, uuid.New())
		left <- err
	}()
	<-arrived
	var others sync.WaitGroup
	for range 10 {
		others.Go(func() {
			if p, err := b.Person(t.Context(), asked, uuid.New()); err != nil || p.ID != asked {
				t.Errorf("%v", err)
			}
		})
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("whoever left got %v", err)
	}
	time.Sleep(50 * time.Millisecond) // the others have asked
	close(answer)
	others.Wait()
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests for one person", n)
	}
	// Nothing is kept: who asks later asks again; and another person is another request.
	another := uuid.New()
	for _, id := range []uuid.UUID{asked, another} {
		if p, err := b.Person(t.Context(), id, uuid.New()); err != nil || p.ID != id {
			t.Errorf("%v", err)
		}
	}
	if n := requests.Load(); n != 3 {
		t.Errorf("%d requests", n)
	}
}

// Connections are used again, also after a person who is unknown, and are few however many
// requests wait.
func TestConnections(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var opened, requests, served, most int
	counted := func(f func()) { mu.Lock(); defer mu.Unlock(); f() }
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var unknown bool
		counted(func() { requests++; served++; most = max(most, served); unknown = requests%2 == 0 })
		time.Sleep(time.Millisecond)
		counted(func() { served-- }) // before the client has the answer
		if unknown {
			says(404, `"unknown"`)(w, r)
			return
		}
		says(200, strings.Replace(whole, asked.String(), r.RequestURI[len("/api/v1/persons/"):], 1))(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			counted(func() { opened++ })
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	b := clientOf(server.URL)
	ask := func() {
		if _, err := b.Person(t.Context(), uuid.New(), uuid.New()); err != nil && !errors.Is(err, directory.ErrUnknown) {
			t.Error(err)
		}
	}
	for range 20 {
		ask()
	}
	counted(func() {
		if opened != 1 {
			t.Errorf("%d connections for requests one after another", opened)
		}
	})
	var all sync.WaitGroup
	for range 3 * personapi.MaxConnections {
		all.Go(ask)
	}
	all.Wait()
	if most > personapi.MaxConnections || most < 2 {
		t.Errorf("%d requests at once", most)
	}
}

// A kind of failure is one line in the log until it is over, and at most one a minute.
func TestReports(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	b := setup(t, func(w http.ResponseWriter, r *http.Request) { says(int(status.Load()), whole)(w, r) })
	for _, c := range []struct {
		status int64
		later  time.Duration
		says   string
	}{
		{200, 0, ""},
		{500, 0, "people cannot be fetched from the Person API: it responded with status 500"},
		{500, time.Hour, ""},
		{401, 0, "people cannot be fetched from the Person API: it refuses the token, with status 401"},
		{500, 0, "people cannot be fetched from the Person API: it responded with status 500"},
		{404, 0, "the Person API works again: <nil>"},
		{200, 0, ""},
		{500, 0, ""},
		{200, 0, ""},
		{500, personapi.Calm, "people cannot be fetched from the Person API: it responded with status 500"},
		{200, 0, "the Person API works again: <nil>"},
	} {
		status.Store(c.status)
		b.later(c.later)
		_, _ = b.Person(t.Context(), asked, uuid.New())
		if _, reports := b.told(); strings.Join(reports, "; ") != c.says {
			t.Errorf("status %d: %q, not %q", c.status, reports, c.says)
		}
	}
}

// A token that cannot be read is no request, and a new one counts from the next request on.
func TestToken(t *testing.T) {
	t.Parallel()
	var got atomic.Value
	b := setup(t, func(w http.ResponseWriter, r *http.Request) {
		got.Store(r.Header.Get("Authorization"))
		says(200, whole)(w, r)
	})
	var tokens = []string{"", "second"}
	b.Token = func() ([]byte, error) {
		if tokens[0] == "" {
			return nil, errors.New("no such file or directory")
		}
		return []byte(tokens[0]), nil
	}
	if _, err := b.Person(t.Context(), asked, uuid.New()); err == nil || got.Load() != nil {
		t.Errorf("%v, %v was sent", err, got.Load())
	}
	outcomes, reports := b.told()
	if fmt.Sprint(outcomes) != "[no-token]" || !strings.Contains(fmt.Sprint(reports), "the file of the token: no such file") {
		t.Errorf("%v %v", outcomes, reports)
	}
	tokens = tokens[1:]
	if _, err := b.Person(t.Context(), asked, uuid.New()); err != nil || got.Load() != "Bearer second" {
		t.Errorf("%v, %v was sent", err, got.Load())
	}
}

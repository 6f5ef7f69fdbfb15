package relay_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/relay"
)

const taken = "<PublishResponse><PublishResult><MessageId>%s</MessageId></PublishResult></PublishResponse>"

// say writes text, and lets the rest of a handler wait until the client has it.
func say(w http.ResponseWriter, text string) {
	_, _ = io.WriteString(w, text)
	_ = http.NewResponseController(w).Flush()
}

// raw takes the connection over, writes text, and closes it.
func raw(w http.ResponseWriter, text string) {
	connection, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = io.WriteString(connection, text)
	_ = connection.Close()
}

// Whatever else a topic responds, the message is not published, and is sent again; nothing
// of the response is kept, printed or followed.
func TestHostileTopic(t *testing.T) {
	credentials(t)
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		fmt.Fprintf(w, taken, "1")
	}))
	defer other.Close()
	var sent atomic.Int64
	endless := func(w http.ResponseWriter, piece string, pause time.Duration) {
		for {
			n, err := io.WriteString(w, piece)
			sent.Add(int64(n))
			if err != nil || http.NewResponseController(w).Flush() != nil {
				return
			}
			time.Sleep(pause)
		}
	}
	redirect := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", other.URL)
			w.WriteHeader(status)
		}
	}
	says := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { say(w, text) }
	}
	half := fmt.Sprintf(taken, "1")[:60]
	// The SDK can close a request before Go's client has noticed that it is sent, and so ends
	// a response that begins and goes on: such an error is one of several.
	responses := map[string]struct {
		says string
		http.HandlerFunc
	}{
		"no id":                 {"no message id", says("<PublishResponse><PublishResult/></PublishResponse>")},
		"an empty id":           {"no message id", says(fmt.Sprintf(taken, ""))},
		"a blank id":            {"no message id", says(fmt.Sprintf(taken, "  "))},
		"an id of another form": {"no message id", says(fmt.Sprintf(taken, strings.Repeat("a", 101)))},
		"nothing":               {"", says("")},
		"not XML":               {"", says(`{"MessageId":"` + secret + `"}`)},
		"other XML":             {"", says("<" + secret + "/>")},
		"broken XML":            {"", says("<PublishResponse><" + secret + "></a>")},
		"half a response":       {"", says(half)},
		"a redirect, 307":       {"307", redirect(http.StatusTemporaryRedirect)},
		"a redirect, 308":       {"308", redirect(http.StatusPermanentRedirect)},
		"a redirect, 302":       {"302", redirect(http.StatusFound)},
		"status 204":            {"", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }},
		"a closed connection":   {"", func(w http.ResponseWriter, _ *http.Request) { raw(w, "") }},
		"not HTTP":              {"", func(w http.ResponseWriter, _ *http.Request) { raw(w, secret+"\r\n\r\n") }},
		"less than it announced": {"", func(w http.ResponseWriter, _ *http.Request) {
			raw(w, "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"+half)
		}},
		"an endless response": {"", func(w http.ResponseWriter, _ *http.Request) { endless(w, strings.Repeat("<a>", 10_000), 0) }},
		"an endless error": {"", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			endless(w, strings.Repeat("<a/>", 10_000), 0)
		}},
		"endless headers": {"", func(w http.ResponseWriter, _ *http.Request) {
			raw(w, "HTTP/1.1 200 OK\r\n"+strings.Repeat("A: "+secret+"\r\n", 100_000)+"\r\n")
		}},
		"a slow response": {"", func(w http.ResponseWriter, _ *http.Request) { endless(w, "<a>", 50*time.Millisecond) }},
		"no response":     {"in time", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	}
	printed := capture(t)
	for name, c := range responses {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			c.HandlerFunc(w, r)
		}))
		s, err := relay.NewSNS(t.Context(), arn, "eu-west-2", server.URL)
		ok(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		if strings.HasPrefix(name, "endless") || strings.HasPrefix(name, "an endless") {
			ctx, cancel = context.WithTimeout(t.Context(), 20*time.Second)
		}
		sent.Store(0)
		m := relay.Message{Group: uuid.New(), ID: uuid.New(), Body: []byte(`{"a":"` + secret + `"}`)}
		err = s.Publish(ctx, m)
		cancel()
		if err == nil || errors.As(err, new(*relay.Refusal)) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		for _, part := range []string{secret, m.Group.String(), "MessageId", "<"} {
			if err != nil && strings.Contains(err.Error(), part) {
				t.Errorf("%s: the error repeats a message or a response: %v", name, err)
			}
		}
		server.CloseClientConnections()
		server.Close()
		if n := sent.Load(); n > 16<<20 { // beyond what is read, only the buffers of sockets
			t.Errorf("%s: %d bytes were taken", name, n)
		}
	}
	if n := elsewhere.Load(); n > 0 {
		t.Errorf("%d messages were sent elsewhere", n)
	}
	if text := printed(); text != "" {
		t.Errorf("printed was %s", text)
	}
}

// capture returns what is printed on standard error meanwhile.
func capture(t *testing.T) func() string {
	t.Helper()
	before := os.Stderr
	file, err := os.CreateTemp(t.TempDir(), "stderr")
	ok(t, err)
	os.Stderr = file
	return func() string {
		os.Stderr = before
		text, err := os.ReadFile(file.Name())
		ok(t, errors.Join(err, file.Close()))
		return string(text)
	}
}

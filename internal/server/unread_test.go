package server

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestOwnAnswersAreRecognised(t *testing.T) {
	t.Parallel()
	const headers = "\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"
	for text, want := range map[string]int{
		"HTTP/1.1 400 Bad Request" + headers + "400 Bad Request":                                                             400,
		"HTTP/1.1 400 Bad Request: missing required Host header" + headers + "400 Bad Request: missing required Host header": 400,
		"HTTP/1.1 431 Request Header Fields Too Large" + headers + "431 Request Header Fields Too Large":                     431,
		"HTTP/1.1 501 Not Implemented" + headers + "Unsupported transfer encoding":                                           501,
		"HTTP/1.1 505 HTTP Version Not Supported" + headers:                                                                  505,
		"HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nDate: x\r\n\r\n":                                            417,
		"HTTP/1.0 417 Expectation Failed\r\nConnection: close\r\nDate: x\r\n\r\n":                                            417,
		"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n":                                  400,

		"HTTP/1.1 400 Bad Request\r\nCache-Control: no-store\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n": 0,
		"HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nDate: x\r\n\r\n":                                       0,
		// What a caller has stored, in a later write of a long body.
		"HTTP/1.1 417":                    0,
		"HTTP/1.1 417 Expectation Failed": 0,
		`HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nDate: x`: 0,
		"HTTP/1.1 200 OK" + headers:                                       0,
		"HTTP/1.1 100 Continue\r\n\r\n":                                   0,
		"":                                                                0, "HTTP/": 0, "HTTP/1.1 4": 0, "HTTP/1.1 4xx No" + headers: 0, "HTTP/1.1 400 Bad Request": 0, "{\"a\":\"HTTP/1.1 400 x\"}": 0,
	} {
		if status, own := ownAnswer([]byte(text)); own != (want > 0) || own && status != want {
			t.Errorf("%.50q: %d %t", text, status, own)
		}
	}
}

// The answer is whole: net/http's client reads it.
func TestAnswerToAnUnreadRequest(t *testing.T) {
	t.Parallel()
	o := &Observer{options: ObserveOptions{
		Log: slog.New(slog.DiscardHandler), Unread: func(w http.ResponseWriter, _ *http.Request, status int) {
			w.Header().Set("Content-Length", "2")
			w.WriteHeader(status)
			_, _ = w.Write([]byte("{}"))
		},
	}, metrics: newMetrics(NewRegistry())}
	text := string(o.Unread(431))
	for _, part := range []string{"HTTP/1.1 431 Request Header Fields Too Large\r\n", "\r\nContent-Length: 2\r\n", "\r\nConnection: close\r\n", "\r\nX-Correlation-Id: ", "\r\nDate: ", "\r\n\r\n{}"} {
		if strings.Count(text, part) != 1 {
			t.Errorf("%q is not there once: %s", part, text)
		}
	}
}

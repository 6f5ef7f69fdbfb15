package relay_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/relay"
)

// secret is in the message, and must be in no error.
const secret = "s3cret-Marker"

const arn = "arn:aws:sns:eu-west-2:000000000000:equality.fifo"

// credentials are invented. They are environment variables, so tests that need them do not
// run in parallel.
func credentials(t interface{ Setenv(key, value string) }) {
	t.Setenv("AWS_ACCESS_KEY_ID", "invented")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "invented")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}

func TestWhatSNSAnswers(t *testing.T) {
	credentials(t)
	var sent url.Values
	var status int
	var body string
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		text, _ := io.ReadAll(r.Body)
		sent, _ = url.ParseQuery(string(text))
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	defer server.Close()
	s, err := relay.NewSNS(t.Context(), arn, "eu-west-2", server.URL)
	ok(t, err)
	m := relay.Message{Group: uuid.New(), ID: uuid.New(), Body: []byte(`{"a":"` + secret + `"}`)}
	failure := func(code string) string {
		return "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" + secret + m.Group.String() + "</Message></Error></ErrorResponse>"
	}
	for _, c := range []struct {
		status  int
		body    string
		refused string
		says    string
	}{
		{200, "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>", "", ""},
		{400, failure("InvalidParameter"), "InvalidParameter", ""},
		{400, failure("ParameterValueInvalid"), "ParameterValueInvalid", ""},
		{400, failure("ValidationException"), "ValidationException", ""},
		{413, secret, "too-large", ""},
		{400, failure("Throttling"), "", "400 Throttling"},
		{429, failure("ThrottledException"), "", "429"},
		{403, failure("AuthorizationError"), "", "403 AuthorizationError"},
		{403, failure("InvalidClientTokenId"), "", "403 InvalidClientTokenId"},
		{404, failure("NotFound"), "", "404 NotFound"},
		{400, failure("KMSDisabled"), "", "400 KMSDisabled"},
		{500, failure("InternalError"), "", "500"},
		{503, "<html>" + secret, "", "503"},
		{500, failure("InvalidParameter"), "", "500"},
		{400, failure(secret + " " + secret), "", "400"},
	} {
		status, body, calls = c.status, c.body, 0
		err := s.Publish(t.Context(), m)
		var refusal *relay.Refusal
		switch {
		case c.refused != "":
			if !errors.As(err, &refusal) || refusal.Code != c.refused {
				t.Errorf("%d %s: %v", c.status, c.refused, err)
			}
		case c.says == "":
			ok(t, err)
		case err == nil || errors.As(err, &refusal) || !strings.Contains(err.Error(), c.says):
			t.Errorf("%d: %v, want %s", c.status, err, c.says)
		}
		if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), m.Group.String())) {
			t.Errorf("%d: the error repeats what was sent: %v", c.status, err)
		}
		if calls != 1 {
			t.Errorf("%d: it was sent %d times", c.status, calls)
		}
	}
	for name, want := range map[string]string{"Action": "Publish", "TopicArn": arn, "Message": string(m.Body),
		"MessageGroupId": m.Group.String(), "MessageDeduplicationId": m.ID.String()} {
		if got := sent.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	server.Close()
	if err := s.Publish(t.Context(), m); err == nil || errors.As(err, new(*relay.Refusal)) || strings.Contains(err.Error(), secret) {
		t.Errorf("where nothing listens: %v", err)
	}
}

// FuzzSNSResponse checks that nothing of a response is in an error, and that only a message
// id says that a message is published.
func FuzzSNSResponse(f *testing.F) {
	credentials(f)
	var status int
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	f.Cleanup(server.Close)
	s, err := relay.NewSNS(f.Context(), arn, "eu-west-2", server.URL)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(200, "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>")
	f.Add(400, "<ErrorResponse><Error><Code>InvalidParameter</Code><Message>x</Message></Error></ErrorResponse>")
	f.Add(200, "<a><MessageId>")
	f.Add(503, "")
	m := relay.Message{Group: uuid.New(), ID: uuid.New(), Body: []byte("{}")}
	f.Fuzz(func(t *testing.T, code int, text string) {
		status, body = 200+(code%400+400)%400, text+"<Message>"+secret+"</Message>"
		err := s.Publish(t.Context(), m)
		if err == nil && (status/100 != 2 || !strings.Contains(text, "MessageId")) {
			t.Errorf("%d %q counts as published", status, text)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%d %q: %v", status, text, err)
		}
	})
}

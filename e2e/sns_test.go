package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

const topicARN = "arn:aws:sns:eu-west-2:000000000000:equality.fifo"

// topic is a FIFO topic of SNS as publishers see it: Publish of the query API, and the
// window in which it accepts a message only once.
type topic struct {
	address string
	server  *http.Server

	mu      sync.Mutex
	taken   []published
	seen    map[string]string // group by deduplication id
	again   int               // messages sent again
	refused func(published) bool
}

// published is a message sent to the topic.
type published struct {
	Group, Deduplication, Text string
	message
}

// message is what listeners read.
type message struct {
	ID, EventType, SourceDomain, SourceSystem, Version, CorrelationID, EntityID string
	DateTime                                                                    time.Time
	User                                                                        struct{ Name, Email string }
	EventData                                                                   struct{ OldData, NewData map[string]any }
}

// newTopic returns a topic with its own address.
func newTopic(t *testing.T) *topic {
	t.Helper()
	address, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	s := &topic{address: address, seen: make(map[string]string)}
	s.up(t)
	t.Cleanup(func() { s.down(t) })
	return s
}

// flags are what a server needs to publish to the topic.
func (s *topic) flags(more ...string) []string {
	return append([]string{"--sns-topic-arn", topicARN, "--sns-endpoint", "http://" + s.address}, more...)
}

// up makes the topic answer, down makes nothing listen any more.
func (s *topic) up(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func(server *http.Server) {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("the topic ended: %v", err)
		}
	}(s.server)
}

func (s *topic) down(t *testing.T) {
	t.Helper()
	if err := s.server.Close(); err != nil {
		t.Error(err)
	}
}

func (s *topic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, err := url.ParseQuery(string(body))
	m := published{Group: form.Get("MessageGroupId"), Deduplication: form.Get("MessageDeduplicationId"), Text: form.Get("Message")}
	if err == nil {
		err = json.Unmarshal([]byte(m.Text), &m.message)
	}
	if err != nil || form.Get("Action") != "Publish" || form.Get("TopicArn") != topicARN || m.Group == "" || m.Deduplication == "" ||
		!strings.Contains(r.Header.Get("Authorization"), "/eu-west-2/sns/aws4_request") {
		answer(w, http.StatusForbidden, `<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>not as it should be</Message></Error></ErrorResponse>`)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.refused != nil && s.refused(m):
		answer(w, http.StatusBadRequest, `<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>`+m.Group+`</Message></Error></ErrorResponse>`)
		return
	case s.seen[m.Deduplication] != "":
		s.again++
	default:
		s.seen[m.Deduplication] = m.Group
		s.taken = append(s.taken, m)
	}
	answer(w, http.StatusOK, `<PublishResponse><PublishResult><MessageId>`+m.Deduplication+`</MessageId></PublishResult></PublishResponse>`)
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// refuse makes the topic refuse what the function says; nil means nothing.
func (s *topic) refuse(what func(published) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = what
}

// messages waits until the topic has this many, and a moment for more.
func (s *topic) messages(t *testing.T, n int) []published {
	t.Helper()
	have := func() []published {
		s.mu.Lock()
		defer s.mu.Unlock()
		return append([]published(nil), s.taken...)
	}
	for end := time.Now().Add(60 * time.Second); len(have()) < n; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the topic has %d messages, want %d", len(have()), n)
		}
	}
	time.Sleep(100 * time.Millisecond)
	all := have()
	if len(all) != n {
		t.Errorf("the topic has %d messages, want %d", len(all), n)
	}
	return all
}

// agree compares the topic with the feed: each change once, each person's in order.
func (s *topic) agree(t *testing.T, p *program) {
	t.Helper()
	byPerson := make(map[string][]string)
	count := 0
	for _, e := range p.allEvents(t, "1000") {
		if strings.HasSuffix(e.Type, ".created") || strings.HasSuffix(e.Type, ".updated") {
			byPerson[e.Subject] = append(byPerson[e.Subject], e.ID)
			count++
		}
	}
	got := make(map[string][]string)
	for _, m := range s.messages(t, count) {
		if m.Group != m.EntityID || m.Deduplication != m.ID {
			t.Errorf("group %s, deduplication %s of %s", m.Group, m.Deduplication, m.Text)
		}
		got[m.Group] = append(got[m.Group], m.ID)
	}
	same(t, got, byPerson)
}

func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	s := newTopic(t)
	p := start(t, s.flags("--cors-origins", "https://front.example")...)
	officer := p.tokenOf(t, "a.officer@council.example", "officer")
	a := p.create(t, officer, `"gender":{"genderValue":"f"},"disabled":true,"armedForces":"aServingMemberOfTheArmedForces"`)
	p.patch(t, officer, a, `{"nationality":"british","economicSituation":"other","economicSituationIfOther":"a zebra"}`).want(t, 200)
	p.patch(t, officer, a, `{"nationality":"british"}`).want(t, 200) // changes nothing
	p.patch(t, officer, a, `{"nationality":"nonesuch"}`).want(t, 400)
	f := frontend{p, officer}
	f.ask(t, "PATCH", "/equality-information/"+a.id, `{"economicSituation":{"economicSituationValue":"other","economicSituationValueIfOther":"two zebras"}}`, `"1"`).want(t, 200)

	all := s.messages(t, 3)
	first, second, third := all[0], all[1], all[2]
	if first.EventType != "EqualityInformationCreatedEvent" || first.EntityID != a.target || len(first.EventData.NewData) != 18 || first.EventData.OldData != nil ||
		first.SourceDomain != "EqualityInformation" || first.SourceSystem != "EqualityInformationAPI" || first.message.Version != "v1" ||
		first.User.Email != "a.officer@council.example" || time.Since(first.DateTime) > time.Minute || !strings.Contains(first.Text, `Z","user"`) {
		t.Errorf("created: %s", first.Text)
	}
	if second.EventType != "EqualityInformationUpdatedEvent" {
		t.Errorf("updated: %s", second.Text)
	}
	same(t, second.EventData.NewData, map[string]any{"nationality": nil, "economicSituation": nil})
	same(t, third.EventData.OldData, map[string]any{"economicSituation": nil})
	for _, m := range all {
		if strings.Contains(m.Text, zebra) || strings.Contains(m.Text, "british") || strings.Contains(m.Text, "ArmedForces\"") && strings.Contains(m.Text, "erving") {
			t.Errorf("a value has left: %s", m.Text)
		}
	}
	s.agree(t, p)
	p.measured(t, "equality_events_published_total 3", "equality_events_held 0", "equality_events_lag_seconds 0")
	if strings.Contains(p.log(), a.target) {
		t.Error("the log has a person's id")
	}
	if out, errs, status := runCommand(t, "audit", "verify", "--records", "--data-dir", p.dir); status != 0 {
		t.Errorf("the access log failed verification: %s %s", out, errs)
	}
}

func TestValuesAreToldWhereTheyAreToBe(t *testing.T) {
	t.Parallel()
	s := newTopic(t)
	p := start(t, s.flags("--sns-payload", "full")...)
	officer := p.token(t, "officer")
	a := p.create(t, officer, `"armedForces":"aServingMemberOfTheArmedForces"`)
	p.patch(t, officer, a, `{"armedForces":null,"disabled":"preferNotToSay"}`).want(t, 200)
	all := s.messages(t, 2)
	if got := all[0].EventData.NewData["armedForces"]; got != "servingMemberOfTheArmedForces" {
		t.Errorf("armedForces is %v", got)
	}
	same(t, all[1].EventData.OldData, map[string]any{"armedForces": "servingMemberOfTheArmedForces", "disabled": nil})
	same(t, all[1].EventData.NewData, map[string]any{"armedForces": nil, "disabled": "preferNotToSay"})
}

// The topic disappears and comes back, and the server is killed meanwhile.
func TestNothingIsLostWithoutATopic(t *testing.T) {
	t.Parallel()
	s := newTopic(t)
	p := start(t, s.flags()...)
	officer := p.token(t, "officer")
	a, b := p.create(t, officer, ""), p.create(t, officer, "")
	s.messages(t, 2)
	s.down(t)
	p.patch(t, officer, a, `{"disabled":"no"}`).want(t, 200)
	p.logged(t, "publishing events failed")
	p.patch(t, officer, b, `{"disabled":"no"}`).want(t, 200)
	p.patch(t, officer, a, `{"disabled":"yes"}`).want(t, 200)
	p.kill(t)
	p = p.restart(t)
	p.logged(t, "publishing events failed")
	s.up(t)
	s.messages(t, 5)
	p.logged(t, "publishing events works again")
	s.agree(t, p)
	if s.again > 0 {
		t.Errorf("%d messages were sent again", s.again)
	}
}

// The server is killed again and again while it writes and publishes.
func TestNothingIsLostByKilling(t *testing.T) {
	t.Parallel()
	s := newTopic(t)
	p := start(t, s.flags()...)
	officer := p.token(t, "officer")
	var people []made
	for range 5 {
		people = append(people, p.create(t, officer, ""))
	}
	for range 4 {
		for n := range 10 {
			for _, m := range people {
				p.patch(t, officer, m, fmt.Sprintf(`{"disabled":%t}`, n%2 == 0)).want(t, 200)
			}
		}
		p.kill(t)
		p = p.restart(t)
	}
	s.agree(t, p)
	t.Logf("%d messages were sent again", s.again)
}

func TestARefusedMessageHoldsThatPersonsAlone(t *testing.T) {
	t.Parallel()
	s := newTopic(t)
	p := start(t, s.flags()...)
	officer := p.token(t, "officer")
	a, b, c := p.create(t, officer, ""), p.create(t, officer, ""), p.create(t, officer, "")
	s.messages(t, 3)
	s.refuse(func(m published) bool {
		return m.EntityID != b.target && m.EventType == "EqualityInformationUpdatedEvent" && m.EventData.NewData["disabled"] == nil && m.has("disabled")
	})
	p.patch(t, officer, a, `{"disabled":"no"}`).want(t, 200)
	p.patch(t, officer, c, `{"disabled":"no"}`).want(t, 200)
	p.patch(t, officer, a, `{"nationality":"british"}`).want(t, 200)
	p.patch(t, officer, c, `{"nationality":"british"}`).want(t, 200)
	p.patch(t, officer, b, `{"disabled":"no"}`).want(t, 200)
	p.patch(t, officer, b, `{"nationality":"british"}`).want(t, 200)
	for i, m := range s.messages(t, 5) {
		if i >= 3 && m.EntityID != b.target {
			t.Errorf("told of another: %s", m.Text)
		}
	}
	log := p.logged(t, "the topic refused an event")
	if strings.Contains(log, a.target) || strings.Contains(log, c.target) {
		t.Error("the log has a person's id")
	}
	p.held(t, 4, "InvalidParameter", "InvalidParameter", "waits behind", "waits behind")
	p.measured(t, "equality_events_held 4")
	// Held events stay held, also after a restart, and that person's later ones wait with
	// them.
	p = p.restart2(t)
	p.patch(t, officer, a, `{"nationality":"irish"}`).want(t, 200)
	lines := p.held(t, 5, "InvalidParameter", "InvalidParameter", "waits behind", "waits behind", "waits behind")
	s.messages(t, 5)

	// One is dropped, and that person's later one is published; the other is tried without
	// success.
	if _, errs, status := runCommand(t, "events", "drop", "--data-dir", p.dir, idOf(lines[1])); status != 2 || !strings.Contains(errs, "in use") {
		t.Errorf("dropped beside a server: %d %s", status, errs)
	}
	if status := p.stop(t); status != 0 {
		t.Fatal(status)
	}
	for _, args := range [][]string{{"drop", idOf(lines[1])}, {"retry"}} {
		if _, errs, status := runCommand(t, append([]string{"events"}, append(args, "--data-dir", p.dir)...)...); status != 0 {
			t.Fatalf("events %v: %d %s", args, status, errs)
		}
	}
	if _, errs, status := runCommand(t, "events", "drop", idOf(lines[1]), "--data-dir", p.dir); status != 2 || !strings.Contains(errs, "no such event") {
		t.Errorf("dropped twice: %d %s", status, errs)
	}
	p = p.restart(t)
	all := s.messages(t, 6)
	if last := all[5]; last.EntityID != c.target || last.EventData.NewData["nationality"] != nil || !last.has("nationality") {
		t.Errorf("behind what was dropped comes %s", last.Text)
	}
	p.logged(t, "the topic refused an event")
	p.held(t, 3, "InvalidParameter", "waits behind", "waits behind")

	// The cause is gone: held events are published in order.
	s.refuse(nil)
	p.stop(t)
	if _, errs, status := runCommand(t, "events", "retry", "--data-dir", p.dir); status != 0 {
		t.Fatal(errs)
	}
	p = p.restart(t)
	var order []string
	for _, m := range s.messages(t, 9)[6:] {
		if m.EntityID != a.target {
			t.Errorf("told of another: %s", m.Text)
		}
		for name := range m.EventData.NewData {
			order = append(order, name)
		}
	}
	same(t, order, []string{"disabled", "nationality", "nationality"})
	p.held(t, 0)
	if out, errs, status := runCommand(t, "audit", "verify", "--records", "--data-dir", p.dir); status != 0 {
		t.Errorf("the access log failed verification: %s %s", out, errs)
	}
}

// measured waits until the metrics have these lines; the gauges follow the relay.
func (p *program) measured(t *testing.T, lines ...string) {
	t.Helper()
	var text []byte
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		r, err := http.Get("http://" + p.telemetry + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		text, err = io.ReadAll(r.Body)
		_ = r.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		missing := slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return strings.Contains(string(text), "\n"+line+"\n") })
		if len(missing) == 0 {
			return
		}
	}
	t.Errorf("the metrics do not have %v", lines)
}

func (m published) has(name string) bool {
	_, ok := m.EventData.NewData[name]
	return ok
}

// held waits until this many events are held and compares the lines, in any order of
// people.
func (p *program) held(t *testing.T, n int, says ...string) []string {
	t.Helper()
	var out, errs string
	var lines []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		var status int
		if out, errs, status = runCommand(t, append([]string{"events", "held"}, p.data()...)...); status != 0 {
			t.Fatal(errs)
		}
		lines = strings.FieldsFunc(out, func(r rune) bool { return r == '\n' })
		if len(lines) == n && strings.HasPrefix(errs, fmt.Sprint(n, " events are held")) && !strings.Contains(out, "about to be") {
			for i, line := range lines {
				if !strings.Contains(line, says[i]) {
					t.Errorf("line %q, want %q", line, says[i])
				}
			}
			return lines
		}
	}
	t.Fatalf("held are\n%s%s, want %d", out, errs, n)
	return nil
}

// data are the flags of a command on the server's data.
func (p *program) data() []string {
	flags := []string{"--data-dir", p.dir}
	if i := slices.Index(p.flags, "--database"); i >= 0 {
		flags = append(flags, p.flags[i:i+2]...)
	}
	return flags
}

// idOf returns the id of the event in a line.
func idOf(line string) string { return strings.Fields(line)[1] }

// Imported records are published if they have events of their own, at the version they were
// imported with. The event of a completed import is not published.
func TestOtherEventsAreNotTold(t *testing.T) {
	t.Parallel()
	s := newTopic(t)
	p := start(t, s.flags()...)
	if status := p.stop(t); status != 0 {
		t.Fatal(status)
	}
	silent, told := uuid.NewString(), uuid.NewString()
	for target, flags := range map[string][]string{silent: {"--no-events"}, told: nil} {
		file := write(t, "people.ndjson", fmt.Sprintf(`{"targetId":%[1]q,"version":7,"record":{"targetId":%[1]q,"disabled":true}}`, target)+"\n")
		args := append([]string{"import", "--data-dir", p.dir, "--rejects-dir", t.TempDir(), file}, flags...)
		if _, errs, status := runCommand(t, args...); status != 0 {
			t.Fatal(errs)
		}
	}
	p = p.restart(t)
	if m := s.messages(t, 1)[0]; m.EntityID != told || m.EventType != "EqualityInformationCreatedEvent" || m.User.Email != "" {
		t.Errorf("told is %s", m.Text)
	}
	if got := p.changes(t); got != 2 {
		t.Errorf("the feed has %d events, want those of both imports", got)
	}
	s.agree(t, p)
}

package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// stem is in every marker, so that one search finds what is left of any.
const stem = "qzxplanted"

// plantedNINO is a National Insurance number with a prefix that is never issued.
const plantedNINO = "QQ739518C"

var ninoForm = regexp.MustCompile(`QQ ?73 ?95 ?18 ?C|(^|[^0-9.])739518([^0-9]|$)`)

// ninoIn finds the number in a text. The expression is too slow for a database's files, so
// it only looks where one of its beginnings occurs.
func ninoIn(text []byte) []byte {
	for _, beginning := range []string{"QQ73", "QQ 73", "739518"} {
		if bytes.Contains(text, []byte(beginning)) {
			return ninoForm.Find(text)
		}
	}
	return nil
}

// plant makes a marker, different for each place. One with spaces is no name that may be
// repeated.
func plant(place string) string { return stem + " in " + place }

// planted is a server with a marker in everything sent to it.
type planted struct {
	*program
	t *testing.T
	// secret is what must not be found anywhere, besides markers: tokens, codes, dates.
	secret []string
	files  string // the directory of the database's files, if it is not the program's
}

// hit sends a request with markers in known and unknown headers, and checks the status. The
// response must not repeat any marker, except the path in a problem's instance, and a
// record to those who asked for it.
func (p *planted) hit(method, path string, want int, o request) response {
	p.t.Helper()
	headers := map[string]string{
		"User-Agent": plant("User-Agent"), "Referer": "https://" + stem + ".example/", "Cookie": "session=" + stem,
		"X-Correlation-Id": plant("x-correlation-id"), "X-Forwarded-For": stem, "X-Planted": plant("X-Planted"),
		"Origin": "https://" + stem + ".example", "Accept-Language": stem, "Traceparent": stem, "X-Api-Key": stem,
	}
	for name, value := range o.headers {
		headers[name] = value
	}
	o.headers = headers
	r, err := p.send(method, path, o)
	if err != nil {
		p.t.Errorf("%s %s: %v", method, path, err)
		return r
	}
	if r.status != want {
		p.t.Errorf("%s %s: answered %d, want %d: %s", method, path, r.status, want, r.body)
	}
	where := fmt.Sprintf("the answer %d to %s %s", r.status, method, path)
	for name, values := range r.header {
		p.clean(where+", header "+name, []byte(strings.Join(values, "\n")))
	}
	if r.status >= 400 {
		p.clean(where, withoutInstance(r.body))
	}
	return r
}

// silent is hit for a response that contains no record.
func (p *planted) silent(method, path string, o request) response {
	p.t.Helper()
	r := p.hit(method, path, 200, o)
	p.clean("the answer to "+method+" "+path, r.body)
	return r
}

// clean checks that no marker is found anywhere.
func (p *planted) clean(where string, text []byte) {
	p.t.Helper()
	lower := bytes.ToLower(text)
	if at := bytes.Index(lower, []byte(stem)); at >= 0 {
		p.t.Errorf("%s: has a marker: …%q…", where, text[max(0, at-60):min(len(text), at+60)])
	}
	if m := ninoIn(text); m != nil {
		p.t.Errorf("%s: has the National Insurance number: %q", where, m)
	}
	for _, secret := range p.secret {
		if at := bytes.Index(text, []byte(secret)); at >= 0 {
			p.t.Errorf("%s: has %q: …%q…", where, secret, text[max(0, at-60):min(len(text), at+60)])
		}
	}
}

// cleanOutput searches everything the program writes except its responses.
func (p *planted) cleanOutput() {
	p.t.Helper()
	p.clean("stderr", []byte(p.log()))
	p.clean("stdout", []byte(p.stdout.String()))
	if strings.Contains(p.log(), "@council.example") {
		p.t.Error("stderr has a caller's e-mail address")
	}
}

// cleanMetrics searches the telemetry listener.
func (p *planted) cleanMetrics() {
	p.t.Helper()
	answered, err := http.Get("http://" + p.telemetry + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer answered.Body.Close()
	text, err := io.ReadAll(answered.Body)
	if err != nil || !bytes.Contains(text, []byte("equality_http_requests_total{")) {
		p.t.Fatalf("no metrics: %v\n%.500s", err, text)
	}
	p.clean("/metrics", text)
	if bytes.Contains(text, []byte("@council.example")) {
		p.t.Error("/metrics has a caller's e-mail address")
	}
}

// cleanFiles searches the bytes of every file of the database.
func (p *planted) cleanFiles(when string) {
	p.t.Helper()
	dir := p.files
	if dir == "" {
		dir = p.dir
	}
	files := os.DirFS(dir)
	seen := 0
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		p.clean(when+", "+path, content)
		seen += len(content)
		return err
	})
	if err != nil || seen < 50_000 {
		p.t.Errorf("%s: %d bytes in files, and %v", when, seen, err)
	}
}

// raw sends what no client would, and reads the whole response.
func (p *planted) raw(text, want string) {
	p.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startTimeout)); err != nil {
		p.t.Fatal(err)
	}
	if _, err := io.WriteString(conn, text); err != nil {
		p.t.Fatal(err)
	}
	first, err := bufio.NewReader(conn).ReadString('\n')
	if !strings.HasPrefix(first, want) {
		p.t.Errorf("%.40q is answered %q (%v), want %s", text, first, err, want)
	}
	rest, _ := io.ReadAll(conn) // a cut connection is also an end
	p.clean("the answer to a malformed request", append([]byte(first), rest...))
}

// withoutInstance returns a problem without the path that it repeats.
func withoutInstance(body []byte) []byte {
	var problem map[string]json.RawMessage
	if json.Unmarshal(body, &problem) != nil {
		return body
	}
	delete(problem, "instance")
	text, err := json.Marshal(problem)
	if err != nil {
		return body
	}
	return text
}

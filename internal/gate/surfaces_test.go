package gate

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// surface owns the paths below its name, and answers with its name.
type surface string

func (s surface) Owns(path string) bool { return strings.HasPrefix(path, string(s)) }

func (s surface) ServeHTTP(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(s)) }

func (s surface) Problem(w http.ResponseWriter, _ *http.Request, p Problem) {
	_, _ = w.Write([]byte(string(s) + " " + p.Code))
}

func TestSurfaceOfAPathAnswersEverything(t *testing.T) {
	t.Parallel()
	surfaces := Surfaces{surface("/a"), surface("/b"), surface("/c")}
	for path, owner := range map[string]string{"/a/x": "/a", "/b": "/b", "/c": "/c", "/other": "/c", "*": "/c"} {
		for want, answer := range map[string]http.HandlerFunc{
			owner: surfaces.ServeHTTP, owner + " internal": surfaces.Panic, owner + " forbidden": surfaces.Plain,
		} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.URL.Path = path
			if answer(w, r); w.Body.String() != want {
				t.Errorf("%s is answered by %q, want %q", path, w.Body, want)
			}
		}
	}
}

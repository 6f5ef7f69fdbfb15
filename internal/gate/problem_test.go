package gate

import (
	"net/http"
	"testing"
)

func TestInstanceIsThePathAlone(t *testing.T) {
	t.Parallel()
	for uri, want := range map[string]string{
		"/a/b?c=d": "/a/b", "/": "/", "/a//b/": "/a//b/", "/a%20b": "/a%20b", "http://host.example/a?b": "/a",
		"http://host.example": "/", "*": "/", "/\xff": "/%FF", "/é": "/%C3%A9", `/a"b`: "/a%22b", "": "/", "host:1": "/",
	} {
		if got := instance(&http.Request{RequestURI: uri}); got != want {
			t.Errorf("%q: %q, want %q", uri, got, want)
		}
	}
}

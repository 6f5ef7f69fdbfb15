package server

import (
	"log/slog"
	"net/http"
	"testing"
	"time"
)

// Waiting for these three limits would take too long; another test waits for the fourth.
func TestTimeoutsAreSet(t *testing.T) {
	t.Parallel()
	s := newServer(t.Context(), http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if s.ReadHeaderTimeout != 5*time.Second || s.ReadTimeout != 15*time.Second || s.WriteTimeout != 45*time.Second || s.IdleTimeout != 2*time.Minute {
		t.Errorf("got %v %v %v %v", s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout, s.IdleTimeout)
	}
	if s.MaxHeaderBytes != 32<<10 {
		t.Errorf("headers up to %d bytes", s.MaxHeaderBytes)
	}
}

package gate

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"equality-information-api/api"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/service"
)

// named finds every caller by the name in the header Authorization.
type named struct{}

func (named) Authenticate(_ context.Context, c identity.Credentials) (identity.Caller, error) {
	caller := identity.Caller{Subject: c.Authorization, Kind: identity.Person}
	if c.Authorization == "reader" {
		caller = caller.With(identity.EqualityRead)
	}
	return caller, nil
}

// slow enters refusals when the test says so.
type slow struct{ enter chan struct{} }

func (s slow) Authorise(_ context.Context, r service.Request, action service.Action, _ ...identity.Permission) (service.Access, error) {
	if r.Caller.May(action.Permission()) {
		return service.Access{}, nil
	}
	<-s.enter
	return service.Access{}, &service.ForbiddenError{Permission: action.Permission()}
}

func TestRefusalsThatWaitForTheAccessLogAreLimitedForEachCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		enter := make(chan struct{})
		g := New(Options{Callers: named{}, Service: slow{enter}, Now: time.Now})
		admit := func(who string) error {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Authorization", who)
			_, release, err := g.Admit(r, service.Operation{Action: service.Read}, uuid.Nil)
			release()
			return err
		}
		answered := make(chan error, 2*maxRefusals)
		for range maxRefusals {
			go func() { answered <- admit("flood") }()
		}
		synctest.Wait()
		var p Problem
		if err := admit("flood"); !errors.As(err, &p) || p.Code != api.TooManyRequests || p.RetryAfter <= 0 {
			t.Errorf("one more is answered %v", err)
		}
		go func() { answered <- admit("somebody else") }()
		if err := admit("reader"); err != nil {
			t.Errorf("a caller with the permission is answered %v", err)
		}
		synctest.Wait()
		if len(answered) != 0 {
			t.Error("a refusal was answered before it was entered")
		}
		close(enter)
		for range maxRefusals + 1 {
			if err := <-answered; !errors.Is(err, service.ErrForbidden) {
				t.Errorf("a refusal is answered %v", err)
			}
		}
		if err := admit("flood"); !errors.Is(err, service.ErrForbidden) {
			t.Errorf("after the flood: %v", err)
		}
	})
}

func TestLargeAnswersWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := New(Options{})
		turn := func() *Turn {
			t.Helper()
			got, err := g.Turn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		var making []*Turn
		for range answersBytes / makingBytes {
			making = append(making, turn())
		}
		waited := make(chan error, 1)
		wait := func(ctx context.Context) {
			got, err := g.Turn(ctx)
			if err == nil {
				got.End()
			}
			waited <- err
		}
		go wait(t.Context())
		synctest.Wait()
		if len(waited) != 0 {
			t.Fatal("there are more at once than there is memory for")
		}
		making[0].Made(1000) // a slow client reads it
		making[1].Made(1000)
		if err := <-waited; err != nil {
			t.Errorf("one has been made, and the next is told %v", err)
		}
		making[0].Made(makingBytes) // it does not grow again
		turn().End()

		last := turn()
		begun := time.Now()
		go wait(t.Context())
		var p Problem
		if err := <-waited; !errors.As(err, &p) || p.Code != api.Unavailable || p.RetryAfter <= 0 {
			t.Errorf("one that waited for long is told %v", err)
		}
		if took := time.Since(begun); took != turnPatience {
			t.Errorf("it waited for %v", took)
		}
		ctx, leave := context.WithCancel(t.Context())
		go wait(ctx)
		leave()
		if err := <-waited; err == nil {
			t.Error("a client that has gone got a turn")
		}
		for _, m := range append(making, last) {
			m.End()
			m.End()
		}
		for range answersBytes / makingBytes {
			turn()
		}
	})
}

package service

import (
	"context"
	"errors"
	"sync"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// once performs a write at most once for its idempotency key. A retry gets the remembered
// outcome, as the caller's permissions now allow; a retry that arrives during the first
// request waits for it.
func (s *Service) once(ctx context.Context, a Access, w Write, write func(*store.Key) (Shown, error)) (Shown, error) {
	if w.Key == "" {
		return write(nil)
	}
	caller := a.request.Caller
	key := store.Key{
		Key: s.Keys.MAC(sealing.MACIdempotency, []byte(caller.Kind), []byte(caller.Subject), []byte(w.Operation),
			[]byte(w.Key)),
		Body: s.Keys.MAC(sealing.MACIdempotency, w.bound()...),
	}
	release, err := s.flights.acquire(ctx, key.Key)
	if err != nil {
		return Shown{}, err
	}
	defer release()
	// Another process may use the key between our look-up and our write. The write is then
	// refused, and the second look-up finds its outcome.
	for range 2 {
		earlier, found, err := s.records.Remembered(ctx, key.Key)
		if err != nil {
			return Shown{}, foreign(err)
		}
		if found {
			if earlier.Body != key.Body {
				return Shown{}, ErrKeyReused
			}
			return s.replay(ctx, a, w, earlier.Outcome)
		}
		written, err := write(&key)
		if !errors.Is(err, store.ErrKeyTaken) {
			return written, err
		}
	}
	return Shown{}, ErrUnavailable
}

// bound is what an idempotency key is bound to: the body, and the conditions only where
// there are any, so that outcomes of earlier programs stay known.
func (w Write) bound() [][]byte {
	fields := [][]byte{[]byte("body"), w.Body}
	for _, text := range w.Sent {
		fields = append(fields, []byte(text))
	}
	return fields
}

// replay answers from a remembered outcome. It reads the written version again.
func (s *Service) replay(ctx context.Context, a Access, w Write, o store.Outcome) (Shown, error) {
	current, versions, err := s.records.History(ctx, o.Record, o.Version, 1)
	if err != nil {
		return Shown{}, foreign(err)
	}
	// A later record of the person may have come in place of an erased one.
	there := len(versions) > 0 && versions[0].Version == o.Version && current.ID == o.Record
	entry := about(s.entry(a, w.ID, audit.Replayed, o.Status), o.Record, o.Version)
	if o.Problem == "" && !there {
		entry.Status = 410
	}
	if err := s.log.Append(ctx, entry); err != nil {
		return Shown{}, foreign(err)
	}
	replayed := Shown{Replayed: true}
	switch o.Problem {
	case "":
		if !there {
			return replayed, ErrErased
		}
		replayed, err = s.show(a, versions[0], o.Version != current.Version)
		replayed.Replayed, replayed.Created = true, o.Status == 201
		return replayed, err
	case problemNotFound:
		return replayed, ErrNotFound
	case problemErased:
		return replayed, ErrErased
	case problemVersion:
		if o.Record == uuid.Nil {
			o.Version = noVersion
		}
		return replayed, &VersionError{Version: o.Version}
	}
	return replayed, a.conflict(o.Record)
}

// The refusals that an idempotency key remembers.
const (
	problemNotFound = "not-found"
	problemErased   = "erased"
	problemVersion  = "version-mismatch"
	problemConflict = "conflict"
)

// flights lets only one request run at a time for each idempotency key.
type flights struct {
	mu      sync.Mutex
	running map[[32]byte]chan struct{}
}

// acquire waits until no other request is running for the key.
func (f *flights) acquire(ctx context.Context, key [32]byte) (release func(), err error) {
	for {
		f.mu.Lock()
		other, busy := f.running[key]
		if !busy {
			done := make(chan struct{})
			f.running[key] = done
			f.mu.Unlock()
			return func() {
				f.mu.Lock()
				delete(f.running, key)
				f.mu.Unlock()
				close(done)
			}, nil
		}
		f.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

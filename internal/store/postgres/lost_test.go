package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/store"
)

// line is a network between a store and its server. It can be cut so that
// the store sees it and the server does not.
type line struct {
	net.Listener
	mu      sync.Mutex
	clients []net.Conn
}

// cuttable gives a database by way of a line.
func cuttable(t *testing.T, d database) (database, *line) {
	t.Helper()
	dsn, err := url.Parse(d.app)
	ok(t, err)
	server := dsn.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	l := &line{Listener: listener}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			l.mu.Lock()
			l.clients = append(l.clients, client)
			l.mu.Unlock()
			go l.carry(client, server)
		}
	}()
	dsn.Host = listener.Addr().String()
	d.app = dsn.String()
	return d, l
}

// cancelRequest is what a client sends, on a connection of its own, when it
// has given up (PostgreSQL documentation, message formats).
const cancelRequest = 80877102

func (l *line) carry(client net.Conn, server string) {
	conn, err := net.Dial("tcp", server)
	if err != nil {
		_ = client.Close()
		return
	}
	go func() {
		head := make([]byte, 8)
		if _, err := io.ReadFull(client, head); err != nil || binary.BigEndian.Uint32(head[4:]) == cancelRequest {
			_ = client.Close()
			return // nor does it hear that nobody waits
		}
		_, _ = conn.Write(head)
		_, _ = io.Copy(conn, client)
	}()
	_, _ = io.Copy(client, conn)
	_, _ = io.Copy(io.Discard, conn) // the server is not told that nobody listens
	_ = conn.Close()
	_ = client.Close()
}

// cut ends the connections there are, as their client sees it.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, client := range l.clients {
		_ = client.Close()
	}
	l.clients = nil
}

// A write whose connection is lost while the server works on it, and goes on
// with it, is done once, and is told that it was done.
func TestWriteThatGoesOnWithoutItsConnection(t *testing.T) {
	t.Parallel()
	plain := newDatabase(t)
	d, line := cuttable(t, plain)
	s := newStore(t, d)
	write := func(id uuid.UUID, version int64) error {
		cmd, want := store.Command{ID: id, EventID: uuid.New()}, store.Present
		if version == 0 {
			cmd.Target, want = id, store.Absent
		}
		_, err := s.Write(t.Context(), cmd, func(c store.Current) (store.Decision, error) {
			if c.State != want || want == store.Present && c.Version.Version != version-1 {
				return store.Decision{}, errors.New("it is decided once more, on what it has written itself")
			}
			next := equality.Record{ID: id, TargetID: id, HomeSituation: uuid.NewString()}
			return store.Decision{Next: &next, Event: "test", Entry: audit.Entry{ID: uuid.New()}}, nil
		})
		return err
	}
	ok(t, write(uuid.New(), 0)) // whose statements are prepared then
	id := uuid.New()
	for version := range int64(3) {
		var written error
		plain.query(t, func(ctx context.Context, conn *pgx.Conn) error {
			tx, err := conn.Begin(ctx)
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE"); err != nil {
				return err
			}
			done := make(chan struct{})
			go func() { written = write(id, version); close(done) }()
			plain.waiting(t, 1)
			line.cut()
			plain.waiting(t, 2) // it is sent again, and waits for itself
			if err := tx.Commit(ctx); err != nil {
				return err
			}
			<-done
			return nil
		})
		if written != nil {
			t.Errorf("version %d: %v", version, written)
		}
	}
	found, err := s.findBy(t.Context(), id)
	ok(t, err)
	if found.Version.Version != 2 {
		t.Errorf("the record is at version %d, want 2", found.Version.Version)
	}
}

// waiting waits until as many sessions wait for a lock.
func (d database) waiting(t *testing.T, n int) {
	t.Helper()
	d.query(t, func(ctx context.Context, conn *pgx.Conn) error {
		for end := time.Now().Add(4 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			var found int
			err := conn.QueryRow(ctx, `SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)
				WHERE NOT granted AND datname = current_database()`).Scan(&found)
			if err != nil || found >= n {
				return err
			}
			if time.Now().After(end) {
				return fmt.Errorf("%d sessions wait, want %d", found, n)
			}
		}
	})
}

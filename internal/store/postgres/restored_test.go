package postgres

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
	"equality-information-api/internal/store/queries"
	"equality-information-api/internal/store/storetest"
)

// putBack is a database restored with PostgreSQL's own tools.
type putBack struct {
	database
	t    *testing.T
	keys *sealing.Keyset
}

func newPutBack(t *testing.T) putBack {
	t.Helper()
	keys, err := sealing.Generate()
	ok(t, err)
	return putBack{newDatabase(t), t, keys}
}

func (p putBack) open() *Store {
	p.t.Helper()
	return p.Open(p.t, storetest.Options{Keys: p.keys, Now: time.Now, KeyRetention: time.Hour, EventRetention: time.Hour,
		Report: func(what string, err error) { p.t.Errorf("%s: %v", what, err) }}).(*Store)
}

func (p putBack) finish() (Finished, error) {
	return FinishRestore(p.t.Context(), FinishOptions{DSN: p.owner, Keys: p.keys, Now: time.Now(),
		Entry: audit.Entry{Subject: "operator:test", CorrelationID: uuid.New()}})
}

// finishAlone finishes when the sessions that have been closed are gone: the server takes a moment.
func (p putBack) finishAlone() (Finished, error) {
	p.t.Helper()
	eventually(p.t, func() bool {
		return value[int](p.t, p.database, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE $1", applicationName+"%") == 0
	})
	return p.finish()
}

func entryOf(action string) audit.Entry {
	return audit.Entry{ID: uuid.New(), At: time.Now().UTC(), Subject: "officer-1", Action: action, Outcome: audit.Done}
}

// create creates a record and changes it a number of times.
func (p putBack) create(s *Store, changes int) uuid.UUID {
	p.t.Helper()
	r := equality.Record{ID: uuid.New(), TargetID: uuid.New(), NationalInsuranceNumber: "QQ123456C"}
	cmd := store.Command{ID: r.ID, Target: r.TargetID, EventID: uuid.New()}
	for i := range changes + 1 {
		_, err := s.Write(p.t.Context(), cmd, func(c store.Opened) (store.Decision, error) {
			e := entryOf([]string{audit.ActionCreate, "change"}[min(i, 1)])
			return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: r, Event: eventOf(e)}}, Entry: e}, nil
		})
		ok(p.t, err)
		cmd = store.Command{ID: r.ID, EventID: uuid.New()}
	}
	return r.ID
}

// load imports records.
func (p putBack) load(s *Store, n int) (ids []uuid.UUID) {
	p.t.Helper()
	l := store.Load{Entry: entryOf(audit.ActionImport), Event: events.Created}
	for range n {
		r := equality.Record{ID: uuid.New(), TargetID: uuid.New()}
		a, err := store.NewArrival(p.keys, store.Opened{ID: r.ID, Target: r.TargetID, Record: r}, uuid.Nil)
		ok(p.t, err)
		l.Arrivals, ids = append(l.Arrivals, a), append(ids, r.ID)
	}
	_, err := s.Load(p.t.Context(), l)
	ok(p.t, err)
	return ids
}

// rows counts the rows of every table.
func (p putBack) rows() map[string]int64 {
	p.t.Helper()
	counts := make(map[string]int64)
	p.query(p.t, func(ctx context.Context, conn *pgx.Conn) error {
		for _, table := range []string{"record", "history", "identifier", "data_key", "nino_index", "audit", "outbox", "tombstone", "document", "document_history", "owner_key", "meta"} {
			var n int64
			if err := conn.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil {
				return err
			}
			counts[table] = n
		}
		return nil
	})
	return counts
}

const destroyKey = `DELETE FROM data_key WHERE record = (SELECT number FROM record WHERE id = $1)`

// bury adds the tombstone of a record that was erased after the backup.
func (p putBack) bury(id uuid.UUID) {
	p.t.Helper()
	p.buryAt(id, time.Now().Truncate(time.Microsecond))
}

func (p putBack) buryAt(id uuid.UUID, at time.Time) {
	p.t.Helper()
	p.query(p.t, func(ctx context.Context, conn *pgx.Conn) error {
		grave := store.Tombstone{Kind: sealing.OwnerRecord, ID: id, At: at, Reason: "unlawful", By: "test"}
		err := conn.QueryRow(ctx, "SELECT target, version FROM record WHERE id = $1", id[:]).Scan((*[16]byte)(&grave.Target), &grave.Version)
		if err != nil {
			return err
		}
		mac := store.TombstoneMAC(p.keys, grave)
		_, err = conn.Exec(ctx, "INSERT INTO tombstone (id, target, version, at, reason, by, mac) VALUES ($1, $2, $3, $4, $5, $6, $7)",
			id[:], grave.Target[:], grave.Version, at.UnixMicro(), grave.Reason, grave.By, mac[:])
		return err
	})
}

func TestFinishRestore(t *testing.T) {
	t.Parallel()
	p := newPutBack(t)
	s := p.open()
	kept, gone, withKey := p.create(s, 1), p.create(s, 2), p.create(s, 0)
	imported := p.load(s, 2)
	epoch, err := epochOf(t.Context(), s)
	ok(t, err)
	ok(t, s.Close())
	for _, id := range []uuid.UUID{gone, imported[0]} {
		p.bury(id)
		p.exec(t, destroyKey)(id[:])
	}
	p.bury(withKey) // as after a point-in-time recovery, which brings keys back
	p.exec(t, `INSERT INTO data_key (record, wrapped) SELECT max(number) + n, '\x00' FROM record, generate_series(1, 3) n GROUP BY n`)()
	before := p.rows()

	f, err := p.finishAlone()
	ok(t, err)
	if f.Records != 2 || f.Erased != (store.Gone{Records: 3}) || f.Astray != 3 || !f.Report.OK() {
		t.Errorf("finished: %+v", f)
	}
	after := p.rows()
	for table, less := range map[string]int64{"record": 3, "history": 2, "identifier": 6, "data_key": 4, "nino_index": 2, "audit": -4} {
		if after[table] != before[table]-less {
			t.Errorf("%s has %d rows of %d, want %d fewer", table, after[table], before[table], less)
		}
	}
	told := make(map[uuid.UUID]bool)
	p.Log(t, p.keys, func(log audit.Log) {
		ok(t, log.Entries(t.Context(), func(l audit.Logged) error {
			if l.Entry.Action == audit.ActionErase {
				told[l.Entry.Record] = true
				if l.Entry.Subject != "operator:test" || l.Entry.Outcome != audit.Done {
					t.Errorf("entered %+v", l.Entry)
				}
			}
			return nil
		}))
	})
	if want := map[uuid.UUID]bool{gone: true, withKey: true, imported[0]: true}; !maps.Equal(told, want) {
		t.Errorf("entered %v, want %v", told, want)
	}

	again, err := p.finishAlone()
	ok(t, err)
	if again.Records != 2 || again.Erased != (store.Gone{}) || again.Astray != 0 || !again.Report.OK() {
		t.Errorf("finished again: %+v", again)
	}
	s = p.open()
	defer func() { ok(t, s.Close()) }()
	for id, want := range map[uuid.UUID]store.State{
		kept: store.Present, imported[1]: store.Present, gone: store.Erased, withKey: store.Erased, imported[0]: store.Erased,
	} {
		found, err := s.Find(t.Context(), id)
		if err != nil || found.State != want {
			t.Errorf("a record is %v, want %v: %v", found.State, want, err)
		}
	}
	if now, err := epochOf(t.Context(), s); err != nil || now == epoch {
		t.Errorf("the feed is the old one: %v", err)
	}
}

// putPerson writes versions of a person's entry in the directory.
func (p putBack) putPerson(s *Store, id uuid.UUID, versions int) {
	p.t.Helper()
	for range versions {
		_, err := s.Write(p.t.Context(), store.PersonEntry(id).Command(), func(c store.Opened) (store.Decision, error) {
			return store.Decision{Effects: []store.Effect{store.PutDocument{Found: c.Document, Content: []byte("{}")}}, Entry: entryOf("put")}, nil
		})
		ok(p.t, err)
	}
}

// buryPerson adds the tombstone of an entry that was erased after the backup.
func (p putBack) buryPerson(id uuid.UUID, version int64) {
	p.t.Helper()
	at := time.Now().Truncate(time.Microsecond)
	grave := store.Tombstone{Kind: sealing.OwnerPerson, ID: id, Target: id, Version: version, At: at, Reason: "unlawful", By: "test"}
	mac := store.TombstoneMAC(p.keys, grave)
	p.exec(p.t, "INSERT INTO tombstone (kind, id, target, version, at, reason, by, mac) VALUES (2, $1, $1, $2, $3, $4, $5, $6)")(
		id[:], version, at.UnixMicro(), grave.Reason, grave.By, mac[:])
}

func TestFinishRestoreFollowsErasuresOfPeople(t *testing.T) {
	t.Parallel()
	p := newPutBack(t)
	s := p.open()
	kept, gone, withKey, later := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	for _, id := range []uuid.UUID{kept, gone, withKey} {
		p.putPerson(s, id, 2)
	}
	p.create(s, 0)
	ok(t, s.Close())
	const destroyed = `DELETE FROM owner_key WHERE owner = $1`
	p.exec(t, destroyed)(kept[:])
	if _, err := p.finishAlone(); !errors.Is(err, ErrKeysMissing) {
		t.Errorf("an entry has lost its key: %v", err)
	}
	s = p.open()
	kept = uuid.New()
	p.putPerson(s, kept, 1)
	ok(t, s.Close())
	p.exec(t, "DELETE FROM document WHERE owner NOT IN (SELECT owner FROM owner_key)", "DELETE FROM document_history WHERE owner NOT IN (SELECT owner FROM owner_key)")()
	p.buryPerson(gone, 1)
	p.exec(t, destroyed)(gone[:])
	p.buryPerson(withKey, 4) // changed further before it was erased, and its key is back
	p.buryPerson(later, 0)
	p.exec(t, `INSERT INTO owner_key (kind, owner, wrapped) SELECT 2, gen_random_uuid(), '\x00' FROM generate_series(1, 3)`)() // of people who came later
	before := p.rows()

	f, err := p.finishAlone()
	ok(t, err)
	if f.Erased != (store.Gone{People: 2}) || f.Astray != 3 {
		t.Errorf("finished: %+v", f)
	}
	after := p.rows()
	for table, less := range map[string]int64{"document": 2, "document_history": 2, "owner_key": 4, "audit": -4, "record": 0, "tombstone": 0} {
		if after[table] != before[table]-less {
			t.Errorf("%s has %d rows of %d, want %d fewer", table, after[table], before[table], less)
		}
	}
	if again, err := p.finishAlone(); err != nil || again.Erased != (store.Gone{}) || again.Astray != 0 {
		t.Errorf("finished again: %+v, %v", again, err)
	}
	s = p.open()
	defer func() { ok(t, s.Close()) }()
	for id, want := range map[uuid.UUID]store.Document{
		kept: {State: store.Present}, gone: {State: store.Erased, Version: 1}, withKey: {State: store.Erased, Version: 4}, later: {State: store.Erased},
	} {
		o, err := s.FindDocument(t.Context(), store.PersonEntry(id))
		if d := o.Document; err != nil || d.State != want.State || d.Version != want.Version {
			t.Errorf("an entry is %v at version %d, want %+v: %v", d.State, d.Version, want, err)
		}
	}
}

// A refusal leaves every table and the feed as they were.
func TestFinishRestoreRefuses(t *testing.T) {
	t.Parallel()
	p := newPutBack(t)
	refuses := func(why error, says string) {
		t.Helper()
		before := p.rows()
		_, err := p.finish()
		if !errors.Is(err, why) || errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %v", err, why)
		}
		if after := p.rows(); !maps.Equal(before, after) {
			t.Errorf("%v has changed %v to %v", why, before, after)
		}
	}
	refuses(ErrNotRestored, "no check value")
	s := p.open()
	epoch, err := epochOf(t.Context(), s)
	ok(t, err)
	refuses(ErrInUse, "stop every one") // a server that has written nothing
	id := p.create(s, 0)
	refuses(ErrInUse, "stop every one")
	ok(t, s.Close())

	// A server that names its sessions differently, but has a lane.
	named := p
	named.app += "&application_name=another"
	s = named.open()
	ok(t, s.Append(t.Context(), entryOf("read")))
	refuses(ErrInUse, "stop every one")
	ok(t, s.Close())

	p.exec(t, destroyKey)(id[:])
	p.exec(t, `INSERT INTO data_key (record, wrapped) SELECT max(number) + 1, '\x00' FROM record`)()
	refuses(ErrKeysMissing, "1 records or people have neither a key nor a tombstone")

	kept := p.open()
	forged, replayed := p.create(kept, 1), p.create(kept, 1)
	ok(t, kept.Close())
	p.exec(t, "DELETE FROM record WHERE id = $1")(id[:])
	p.buryAt(replayed, time.Now().AddDate(0, 0, -1).Truncate(time.Microsecond)) // of a copy in which it was erased
	refuses(store.ErrNoErasure, replayed.String())
	p.exec(t, "DELETE FROM tombstone")()
	p.exec(t, "INSERT INTO tombstone (id, version, at, reason, by) SELECT id, version, modified + 1000000, '', '' FROM record WHERE id = $1")(forged[:])
	refuses(store.ErrForged, forged.String())
	p.exec(t, "DELETE FROM tombstone")()

	own := p.keys
	p.keys, err = sealing.Generate()
	ok(t, err)
	refuses(sealing.ErrWrongKeyset, "")
	p.keys = own
	s = p.open()
	defer func() { ok(t, s.Close()) }()
	if now, err := epochOf(t.Context(), s); err != nil || now != epoch {
		t.Errorf("the feed is another: %v", err)
	}
}

// A server that starts in the middle sees the new feed.
func TestAServerWaitsUntilARestoreIsFinished(t *testing.T) {
	t.Parallel()
	p := newPutBack(t)
	ok(t, p.open().Close())
	p.query(t, func(ctx context.Context, conn *pgx.Conn) error {
		tx, err := conn.Begin(ctx)
		ok(t, err)
		_, err = tx.Exec(ctx, queries.PostgresRestoreAlone.SQL)
		ok(t, err)
		epoch := uuid.New()
		_, err = tx.Exec(ctx, queries.MetaWrite.SQL, store.MetaEpoch, epoch[:])
		ok(t, err)
		opened := make(chan *Store, 1)
		go func() { opened <- p.open() }()
		select {
		case <-opened:
			t.Error("a server has started")
		case <-time.After(100 * time.Millisecond): // less than a statement waits for a lock
		}
		ok(t, tx.Commit(ctx))
		s := <-opened
		if now, err := epochOf(ctx, s); err != nil || now != epoch {
			t.Errorf("the feed is the old one: %v", err)
		}
		return s.Close()
	})
}

// A server that continues after its database was restored appends to the restored log, not
// to the entry that it remembers.
func TestALaneAppendsToWhatIsThere(t *testing.T) {
	t.Parallel()
	p := newPutBack(t)
	s := p.open()
	defer func() { ok(t, s.Close()) }()
	id := p.create(s, 0)
	trace := func(n int) {
		for range n {
			ok(t, s.Append(t.Context(), entryOf("read")))
		}
	}
	verified := func(entries int64) {
		t.Helper()
		p.Log(t, p.keys, func(log audit.Log) {
			report, err := audit.Verify(t.Context(), p.keys, log, nil)
			ok(t, err)
			ok(t, audit.VerifyRecords(t.Context(), log, report))
			if !report.OK() || report.Entries != entries {
				t.Errorf("%d entries, want %d: %v", report.Entries, entries, report.Findings)
			}
		})
	}
	trace(4)
	verified(5)
	p.exec(t, "DELETE FROM audit WHERE seq > 1")()
	trace(1)
	verified(2)
	p.load(s, 1) // in a transaction of its own
	p.create(s, 1)
	verified(5)
	_, err := s.Load(t.Context(), store.Load{Entry: entryOf(audit.ActionImport), Mark: "test",
		Position: func([]store.Landing) ([]byte, error) { return nil, nil }})
	ok(t, err)
	epoch := uuid.New()
	p.exec(t, "UPDATE meta SET value = $1 WHERE name = '"+store.MetaEpoch+"'")(epoch[:])
	p.exec(t, "DELETE FROM audit WHERE seq > 3 OR seq > 1 AND action = 'import'", "UPDATE record SET version = 0, sealed = h.sealed, modified = h.modified FROM history h WHERE h.record = number", "DELETE FROM history", "DELETE FROM outbox WHERE version > 0")()
	p.load(s, 1)
	trace(1)
	verified(6)
	if now, err := epochOf(t.Context(), s); err != nil || now != epoch {
		t.Errorf("the feed is the old one: %v", err)
	}
	found, err := s.Find(t.Context(), id)
	if err != nil || found.State != store.Present {
		t.Errorf("a record is %v: %v", found.State, err)
	}
}

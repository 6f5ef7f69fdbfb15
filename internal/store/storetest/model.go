package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// model is the contract in its plainest form: one map for the id space, one list for the
// tombstones.
type model struct {
	leads   map[uuid.UUID]*kept // a record by its id and by its target's
	erased  []store.Opened      // as they are read
	events  []events.Event      // without their positions
	entries int
}

// kept is a record's versions, oldest first.
type kept struct {
	id, target uuid.UUID
	versions   []store.Opened
}

func (k *kept) current() store.Opened {
	return k.versions[len(k.versions)-1]
}

// lookUp returns what an id leads to: a live record by its id or its target, then a
// tombstone.
func (m *model) lookUp(id uuid.UUID) store.Opened { return m.inTheWay(id, id) }

// inTheWay returns the basis of a create's decision.
func (m *model) inTheWay(id, target uuid.UUID) (found store.Opened) {
	for _, live := range []uuid.UUID{target, id} {
		if k := m.leads[live]; k != nil {
			return k.current()
		}
	}
	for _, c := range m.erased {
		if c.ID == id {
			return c
		}
		if c.Target == target && (found.State == store.Absent || c.Version > found.Version) {
			found = c
		}
	}
	return found
}

// erase is what an erasure does.
func (m *model) erase(k *kept, c store.Opened, event uuid.UUID) {
	delete(m.leads, k.id)
	delete(m.leads, k.target)
	m.erased = append(m.erased, gone(c))
	for i := range m.events {
		if m.events[i].Record == k.id {
			m.events[i].Members = nil
		}
	}
	m.events = append(m.events, events.Event{ID: event, At: c.Modified, Type: erased, Record: c.ID, Target: c.Target, Version: c.Version})
}

func (m *model) wrote(cmd store.Command, c store.Opened, event string) {
	k := m.leads[c.ID]
	if k == nil {
		k = &kept{id: c.ID, target: c.Target}
		m.leads[c.ID], m.leads[c.Target] = k, k
	}
	k.versions = append(k.versions, bare(c))
	m.events = append(m.events, events.Event{ID: cmd.EventID, At: c.Modified, Type: event, Record: c.ID, Target: c.Target,
		Version: c.Version, Members: c.Provenance.Members})
}

// testModel makes random writes with few ids, so that they conflict. It compares each
// result, and in the end everything stored, with the model.
func testModel(t *testing.T, create func(t *testing.T) Database) {
	db := create(t)
	rapid.Check(t, func(rt *rapid.T) {
		db.Clear(t)
		f := newFixture(t, db)
		defer f.end()
		m := &model{leads: map[uuid.UUID]*kept{}}
		ids := make([]uuid.UUID, 5)
		for i := range ids {
			ids[i] = uuid.New()
		}
		for range rapid.IntRange(5, 20).Draw(rt, "steps") {
			m.step(rt, f, rapid.SampledFrom(ids), &ids)
			m.entries++
		}
		m.compare(rt, f, ids)
		if got := len(f.entries()); got != m.entries {
			rt.Fatalf("%d entries, not %d", got, m.entries)
		}
	})
}

func (m *model) step(rt *rapid.T, f *fixture, some *rapid.Generator[uuid.UUID], ids *[]uuid.UUID) {
	id, target := some.Draw(rt, "id"), some.Draw(rt, "target")
	code := rapid.SampledFrom([]string{"18-24", "25-34"}).Draw(rt, "age group")
	switch rapid.SampledFrom([]string{"create", "create without an id", "change", "change", "refuse", "erase", "reopen"}).Draw(rt, "step") {
	case "create":
		m.create(rt, f, equality.Record{ID: id, TargetID: target, AgeGroup: code}, uuid.Nil)
	case "create without an id":
		spare := uuid.New()
		*ids = append(*ids, spare)
		m.create(rt, f, equality.Record{ID: target, TargetID: target, AgeGroup: code}, spare)
	case "change":
		was := m.lookUp(id)
		cmd := changeOf(id)
		c, err := f.Write(f.t.Context(), cmd, f.changes(ageGroup(code)))
		switch {
		case was.State != store.Present:
			expect(rt, err, errMissing, c, was)
		case was.Record.AgeGroup == code:
			expect(rt, err, nil, c, was)
		default:
			want := was
			want.Version++
			want.Modified, want.Record.AgeGroup = c.Modified, code
			want.Provenance.Members = []string{"ageGroup"}
			expect(rt, err, nil, c, want)
			if !c.Modified.After(was.Modified) {
				rt.Fatalf("modified %v is not after %v", c.Modified, was.Modified)
			}
			m.wrote(cmd, c, updated)
		}
	case "refuse":
		c, err := f.Write(f.t.Context(), changeOf(id), func(c store.Opened) (store.Decision, error) {
			return f.refusal(c, 400, ""), errRefused
		})
		expect(rt, err, errRefused, c, m.lookUp(id))
	case "erase":
		if k := m.leads[id]; k != nil {
			cmd := changeOf(id)
			c, err := f.Write(f.t.Context(), cmd, f.erases)
			ok(f.t, "erase", err)
			m.erase(k, c, cmd.EventID)
			m.entries++
		}
		m.entries--
	case "reopen":
		f.reopen()
		m.entries--
	}
}

// create creates a record. If no id was chosen and the person's record was erased before,
// spare is its id.
func (m *model) create(rt *rapid.T, f *fixture, r equality.Record, spare uuid.UUID) {
	inTheWay := m.inTheWay(r.ID, r.TargetID)
	cmd := createOf(r)
	c, err := f.Write(f.t.Context(), cmd, func(c store.Opened) (store.Decision, error) {
		if c.State == store.Erased && spare != uuid.Nil {
			again := r
			again.ID = spare
			return f.writes(c, again, created, again.Members()), nil
		}
		return f.creates(r)(c)
	})
	if inTheWay.State == store.Present || inTheWay.State == store.Erased && spare == uuid.Nil {
		expect(rt, err, errConflict, c, inTheWay)
		return
	}
	want := store.Opened{State: store.Present, ID: r.ID, Target: r.TargetID, Modified: c.Modified,
		Record: r, Provenance: store.Provenance{Subject: "officer-1", Name: "Invented Officer", Reason: "update", Members: r.Members()},
		Verbatim: verbatim(r)}
	if inTheWay.State == store.Erased {
		want.ID, want.Record.ID = spare, spare
	}
	for _, c := range m.erased {
		if c.Target == r.TargetID {
			want.Version = max(want.Version, c.Version+1)
		}
	}
	expect(rt, err, nil, c, want)
	m.wrote(cmd, c, created)
}

func expect(rt *rapid.T, err, want error, c, current store.Opened) {
	if !errors.Is(err, want) {
		rt.Fatalf("error %v, not %v", err, want)
	}
	differ(rt, "given back", bare(c), bare(current))
}

func differ(rt *rapid.T, what string, got, want any) {
	if diff := diffOf(want, got); diff != "" {
		rt.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

// compare reads everything and counts the entries.
func (m *model) compare(rt *rapid.T, f *fixture, ids []uuid.UUID) {
	for _, id := range ids {
		differ(rt, "read", f.read(id), m.lookUp(id))
	}
	m.entries += len(ids)
	records := map[uuid.UUID]*kept{}
	for _, k := range m.leads {
		records[k.id] = k
	}
	var all []store.Opened
	for _, k := range records {
		all = append(all, k.current())
	}
	slices.SortFunc(all, byID)
	var want []store.Opened
	for _, v := range all {
		versions := slices.Clone(records[v.ID].versions)
		slices.Reverse(versions)
		want = append(want, versions...)
	}
	differ(rt, "records", f.all(), want)
	events := f.events()
	for i := range events {
		events[i].Position, events[i].CorrelationID = 0, uuid.Nil
	}
	differ(rt, "events", events, m.events)
}

package audit

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// VerifyRecords checks that the stored versions are exactly those that the log says were
// written, at their times, and that each opens: that no row was altered, exchanged, rolled
// back, added or removed. It then checks what is stored beside them. It adds to the report
// of Verify: an erasure counts only if the log has an entry for it. It needs a few hundred
// bytes of memory for each version in the log, and opens one document at a time.
func VerifyRecords(ctx context.Context, log Log, report *Report) error {
	c := comparison{report: report, told: make(map[kind]map[versionID]*account), imported: report.imported,
		seed: maphash.MakeSeed(), loads: make(map[uuid.UUID]bool), links: make(map[uuid.UUID][]*account)}
	if err := log.Written(ctx, c.tell); err != nil {
		return err
	}
	for _, erased := range report.erased {
		if !erased.begun {
			c.imported--
		}
	}
	slices.Sort(report.imports)
	err := log.Tombstones(ctx, func(t Tombstone) error {
		g := graveOf(t.Object, t.ID, t.Version)
		switch erased := report.erased[g]; {
		case !t.Genuine:
			report.find("%v: its tombstone was not written with this keyset", g)
		case erased == nil:
			report.find("%v has a tombstone, but the log has no entry for its erasure", g)
			report.erased[g] = &erasure{begun: true, tombstone: true} // one finding is enough
			if g.kind == sealing.OwnerRecord {
				report.last[g.owner] = t.Version
			}
		default:
			erased.tombstone = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := log.Stored(ctx, c.compare); err != nil {
		return err
	}
	c.end()
	if err := log.Events(ctx, c.event); err != nil {
		return err
	}
	if err := log.Remembered(ctx, c.remembered); err != nil {
		return err
	}
	return log.Amiss(ctx, func(finding string) error {
		report.find("%s", finding)
		return nil
	})
}

// comparison compares the versions in the log with the stored ones.
type comparison struct {
	report   *Report
	told     map[kind]map[versionID]*account
	loads    map[uuid.UUID]bool       // correlation ids of imports
	links    map[uuid.UUID][]*account // of people
	seed     maphash.Seed
	imported int64 // stored versions of earlier imports, of which the log has only the number
	stored   int64
	untold   int64 // stored versions without an entry
}

// kind is a kind of object, with the name if an owner has several.
type kind struct {
	object Object
	name   string
}

// versionID identifies a version of an object.
type versionID struct {
	id      uuid.UUID
	version int64
}

// account is what the log says about a version.
type account struct {
	document [HashSize]byte
	lane     int
	seq      int64
	at       int64     // when it was written, or shortly before, in microseconds
	exact    bool      // at is the time itself
	created  bool      // it is the first of its object
	listed   bool      // with others, so that the entry does not say which members it has
	request  uuid.UUID // the correlation id
	members  uint64    // their names, in few bytes; of a listed version, those that it has
	stored   bool
	event    bool // there is one
	merges   bool // two people became one by it, or two again
	merge    Merge
}

// nearly is how far the time of a version can be from that of its entry, before format 4.
const nearly = int64(5 * time.Minute / time.Microsecond)

// timely reports whether what an entry tells of may have this time.
func timely(at time.Time, entered int64, exact bool) bool {
	if exact {
		return at.UnixMicro() == entered
	}
	return near(at.UnixMicro(), entered)
}

func near(a, b int64) bool { return a > b-nearly && a < b+nearly }

// tell notes the versions in an entry.
func (c *comparison) tell(l Logged) error {
	e := &l.Entry
	k := kind{e.Object, e.ObjectName}
	if l.Format < formatPacked {
		k.object = ObjectRecord // the only kind at the time
	}
	one := account{lane: l.Lane, seq: l.Seq, at: e.At.UnixMicro(), exact: l.Format >= Format, created: e.Action == ActionCreate,
		request: e.CorrelationID, members: c.names(e.Members), merges: e.Action == ActionMerge || e.Action == ActionUnmerge}
	if len(e.Document) > 0 {
		c.tellOne(k, versionID{e.Record, e.Version}, e.Document, one)
		if erased := c.report.erased[graveOf(ObjectRecord, e.Record, 0)]; erased != nil && (e.Action == ActionCreate || one.merges) && k.object == ObjectRecord {
			erased.begun = true
		}
	}
	items, err := e.Touched.Items()
	if err != nil {
		c.report.find("lane %d: entry %d: %v", l.Lane, l.Seq, err)
	}
	if e.Action == ActionImport {
		c.loads[e.CorrelationID] = true
	}
	one.listed, one.created = true, true
	for _, item := range items {
		if item.Document == nil {
			break // these were only shown
		}
		c.tellOne(k, versionID{item.ID, item.Version}, item.Document, one)
		if erased := c.report.erased[graveOf(ObjectRecord, item.ID, 0)]; erased != nil && k.object == ObjectRecord {
			erased.begun = true
		}
		one.at++ // each a microsecond after the one before it
	}
	return nil
}

func (c *comparison) tellOne(k kind, at versionID, document []byte, a account) {
	c.report.Changes++
	told := c.told[k]
	if told == nil {
		told = make(map[versionID]*account)
		c.told[k] = told
	}
	if first := told[at]; first != nil {
		c.report.find("%s was written twice, by entry %d of lane %d and entry %d of lane %d", k.version(at), first.seq, first.lane, a.seq, a.lane)
		return
	}
	copy(a.document[:], document)
	told[at] = &a
	if k.object == ObjectLink {
		c.links[at.id] = append(c.links[at.id], &a)
	}
}

// compare checks a stored version.
func (c *comparison) compare(s Stored) error {
	c.stored++
	k, at := kind{s.Object, s.Name}, versionID{s.ID, s.Version}
	if s.Misplaced {
		c.report.find("%s is stored in the wrong place", k.version(at))
		return nil
	}
	a := c.told[k][at]
	if a == nil {
		c.untold++
		c.imports(s, k.version(at))
		return nil
	}
	switch {
	case a.stored:
		c.report.find("%s is stored twice", k.version(at))
	case a.document != s.Document:
		c.report.find("%s is not what entry %d of lane %d wrote", k.version(at), a.seq, a.lane)
	case c.report.gone(k, at):
		c.report.find("%s is stored, but the log says it was erased", k.version(at))
	case s.Closed:
		c.report.find("%s: its row does not hold its document", k.version(at))
	case s.Lost:
		c.report.find("%s %v: its ids do not point to it", k.object, s.ID)
	case !timely(s.Modified, a.at, a.exact):
		c.report.find("%s: its time is not the one in entry %d of lane %d", k.version(at), a.seq, a.lane)
	}
	a.stored, a.merge = true, s.Merge
	if a.listed {
		a.members = c.names(s.Members)
	}
	return nil
}

// imports checks a stored version without an entry of its own: it can only be the first of a
// record that was imported before format 3, when the log had no more than a number.
func (c *comparison) imports(s Stored, version string) {
	i, _ := slices.BinarySearch(c.report.imports, s.Modified.UnixMicro()-nearly)
	switch {
	case c.imported == 0 || s.Later || s.Object != ObjectRecord:
		c.report.find("%s is stored, but the log has no entry for it", version)
	case s.Closed:
		c.report.find("%s: its row does not hold its document", version)
	case s.Lost:
		c.report.find("record %v: its ids do not point to it", s.ID)
	case i == len(c.report.imports) || !near(c.report.imports[i], s.Modified.UnixMicro()):
		c.report.find("%s: the log has no import at its time", version)
	}
}

// end finds versions that are not stored, and versions that nobody wrote.
func (c *comparison) end() {
	type missing struct {
		kind
		versionID
		*account
	}
	var all []missing
	for k, told := range c.told {
		for at, a := range told {
			if !a.stored && !c.report.gone(k, at) {
				all = append(all, missing{k, at, a})
			}
		}
	}
	slices.SortFunc(all, func(a, b missing) int {
		return cmp.Or(cmp.Compare(a.lane, b.lane), cmp.Compare(a.seq, b.seq), slices.Compare(a.id[:], b.id[:]))
	})
	for _, m := range all {
		c.report.find("%s, written by entry %d of lane %d, is missing", m.kind.version(m.versionID), m.seq, m.lane)
	}
	graves := slices.SortedFunc(maps.Keys(c.report.erased), func(a, b grave) int {
		return cmp.Or(slices.Compare(a.id[:], b.id[:]), cmp.Compare(a.kind, b.kind), cmp.Compare(a.version, b.version))
	})
	for _, g := range graves {
		if !c.report.erased[g].tombstone {
			c.report.find("%v was erased, but its tombstone is missing", g)
		}
	}
	if c.imported != 0 && c.untold != c.imported {
		c.report.find("%d versions are stored, but the log has entries for %d", c.stored, c.stored-c.untold+c.imported)
	}
}

// gone reports whether a version went with its owner: every version of an erased record and of
// what belongs to it; of an erased person, those up to the last.
func (r *Report) gone(k kind, at versionID) bool {
	of := owner{k.object.ownerKind(), at.id}
	last, erased := r.last[of]
	return erased && (of.kind == sealing.OwnerRecord || at.version <= last)
}

// version describes a version in a finding.
func (k kind) version(at versionID) string {
	if k.name != "" {
		return fmt.Sprintf("%s %v (%s): version %d", k.object, at.id, k.name, at.version)
	}
	return fmt.Sprintf("%s %v: version %d", k.object, at.id, at.version)
}

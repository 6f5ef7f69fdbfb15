package audit

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"equality-information-api/internal/sealing"
)

// Stored is a stored version of an object.
type Stored struct {
	Object   Object
	Name     string // of the object, if its owner has several of the kind
	ID       uuid.UUID
	Version  int64
	Document [HashSize]byte // SHA-256 of the sealed document
	// Misplaced means that the version cannot be in the table where it is stored.
	Misplaced bool
}

// VerifyRecords checks that the stored versions are exactly those that the log says were
// written: that no row was exchanged, rolled back, added or removed. It adds to the report
// of Verify: an erasure counts only if the log has an entry for it. It needs a few hundred
// bytes of memory for each version in the log.
func VerifyRecords(ctx context.Context, log Log, report *Report) error {
	c := comparison{report: report, told: make(map[kind]map[versionID]*account), imported: report.imported}
	if err := log.Written(ctx, c.tell); err != nil {
		return err
	}
	for _, erased := range report.erased {
		if !erased.begun {
			c.imported--
		}
	}
	err := log.Tombstones(ctx, func(id uuid.UUID, genuine bool) error {
		switch erased := report.erased[id]; {
		case !genuine:
			report.find("record %v: its tombstone was not written with this keyset", id)
		case erased == nil:
			report.find("record %v has a tombstone, but the log has no entry for its erasure", id)
			report.erased[id] = &erasure{begun: true, tombstone: true} // one finding is enough
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
	return log.Misplaced(ctx, func(finding string) error {
		report.find("%s", finding)
		return nil
	})
}

// comparison compares the versions in the log with the stored ones.
type comparison struct {
	report   *Report
	told     map[kind]map[versionID]*account
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
	stored   bool
}

// tell notes the versions in an entry.
func (c *comparison) tell(l Logged) error {
	e := &l.Entry
	k := kind{e.Object, e.ObjectName}
	if l.Format < Format {
		k.object = ObjectRecord // the only kind at the time
	}
	if len(e.Document) > 0 {
		c.tellOne(l, k, versionID{e.Record, e.Version}, e.Document)
		if erased := c.report.erased[e.Record]; erased != nil && e.Action == ActionCreate && k.object == ObjectRecord {
			erased.begun = true
		}
	}
	items, err := e.Touched.Items()
	if err != nil {
		c.report.find("lane %d: entry %d: %v", l.Lane, l.Seq, err)
	}
	for _, item := range items {
		if item.Document == nil {
			break // these were only shown
		}
		at := versionID{item.ID, item.Version}
		c.tellOne(l, k, at, item.Document)
		if erased := c.report.erased[item.ID]; erased != nil && k.object == ObjectRecord {
			erased.begun = true
		}
	}
	return nil
}

func (c *comparison) tellOne(l Logged, k kind, at versionID, document []byte) {
	c.report.Changes++
	told := c.told[k]
	if told == nil {
		told = make(map[versionID]*account)
		c.told[k] = told
	}
	if first := told[at]; first != nil {
		c.report.find("%s was written twice, by entry %d of lane %d and entry %d of lane %d", k.version(at), first.seq, first.lane, l.Seq, l.Lane)
		return
	}
	a := &account{lane: l.Lane, seq: l.Seq}
	copy(a.document[:], document)
	told[at] = a
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
	switch {
	case a == nil:
		c.untold++
		if c.imported == 0 {
			c.report.find("%s is stored, but the log has no entry for it", k.version(at))
		}
		return nil
	case a.stored:
		c.report.find("%s is stored twice", k.version(at))
	case a.document != s.Document:
		c.report.find("%s is not what entry %d of lane %d wrote", k.version(at), a.seq, a.lane)
	case k.erased(c.report, s.ID) != nil:
		c.report.find("%s is stored, but the log says it was erased", k.version(at))
	}
	a.stored = true
	return nil
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
			if erased := k.erased(c.report, at.id); !a.stored && (erased == nil || !erased.tombstone) {
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
	if c.imported != 0 && c.untold != c.imported {
		c.report.find("%d versions are stored, but the log has entries for %d", c.stored, c.stored-c.untold+c.imported)
	}
}

// erased is what is known of the erasure that an object of the kind went with: its owner's,
// if that is a record.
func (k kind) erased(r *Report, owner uuid.UUID) *erasure {
	for _, of := range sealing.Kinds() {
		if of.String() == string(k.object) && of.Owner() == sealing.OwnerRecord {
			return r.erased[owner]
		}
	}
	return nil
}

// version describes a version in a finding.
func (k kind) version(at versionID) string {
	if k.name != "" {
		return fmt.Sprintf("%s %v (%s): version %d", k.object, at.id, k.name, at.version)
	}
	return fmt.Sprintf("%s %v: version %d", k.object, at.id, at.version)
}

package audit

import (
	"hash/maphash"

	"github.com/google/uuid"
)

// names are names of members, in few bytes.
func (c *comparison) names(members []string) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, name := range members {
		_, _ = h.WriteString(name)
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

// event checks an event against the entry of what it tells. Nothing shows that an event is
// missing: not every change raises one, and old ones are dropped.
func (c *comparison) event(e Event) error {
	if e.Object == "" {
		if e.Strange || e.Kind != EventImported && e.Kind != EventOther || !c.loads[e.CorrelationID] {
			c.report.find("an event is about no record, and the log has no import for it")
		}
		return nil
	}
	k, at := kind{object: e.Object}, versionID{e.Record, e.Version}
	a, erased := c.told[k][at], c.report.erased[graveOf(e.Object, e.Record, e.Version)]
	var right bool
	switch {
	case e.Strange:
	case e.Object == ObjectLink:
		right = c.merged(e)
	case e.Object == ObjectPerson && e.Kind == EventErased:
		right = erased != nil && erased.tells(e)
	case e.Object == ObjectPerson:
		right = a != nil && !a.event && a.request == e.CorrelationID && timely(e.At, a.at, a.exact) &&
			(a.merges || c.first(k, at) == (e.Kind == EventCreated))
		if a != nil {
			a.event = true
		}
	case e.Kind == EventImported || erased != nil && len(e.Members) > 0: // an erasure empties them
	case erased != nil && (e.Kind == EventErased || e.Kind == EventOther && e.At.UnixMicro() == erased.at):
		right = erased.tells(e)
	case a == nil: // perhaps of an import before format 3
		right = c.report.imported > 0 && e.Kind != EventUpdated
	default:
		// What earlier programs read from an imported record may be told differently now.
		named := erased != nil || a.listed && !a.exact || a.members == c.names(e.Members)
		right = !a.event && named && a.request == e.CorrelationID && timely(e.At, a.at, a.exact) && a.tells(e.Kind)
		a.event = true
	}
	if !right {
		c.report.find("the event of %s does not tell what the log does", k.version(at))
	}
	return nil
}

// tells reports whether an event tells of the erasure, which one event does.
func (e *erasure) tells(of Event) bool {
	right := !e.event && of.Version == e.version && of.CorrelationID == e.correlation && timely(of.At, e.at, e.exact)
	e.event = true
	return right
}

// merged reports whether a version of the person's link tells of an event of a merge. What it
// says is no longer known once it has been erased.
func (c *comparison) merged(e Event) bool {
	for _, a := range c.links[e.Record] {
		if !a.event && a.request == e.CorrelationID && timely(e.At, a.at, a.exact) && (a.merge == e.Merge || !a.stored) {
			a.event = true
			return true
		}
	}
	return false
}

// first reports whether a version is the first of an entry, or the first after an erasure.
func (c *comparison) first(k kind, at versionID) bool {
	before := versionID{at.id, at.version - 1}
	return c.told[k][before] == nil || c.report.erased[graveOf(k.object, before.id, before.version)] != nil
}

// tells reports whether an event of this kind tells of the version. Earlier programs had
// others in their tests.
func (a *account) tells(kind EventKind) bool {
	if a.merges {
		return kind == EventCreated || kind == EventUpdated
	}
	switch kind {
	case EventCreated:
		return a.created
	case EventUpdated:
		return !a.created
	}
	return kind == EventOther && !a.exact
}

// remembered checks the remembered outcome of a write: a version that it names was written.
func (c *comparison) remembered(r Remembered) error {
	at := versionID{r.Record, r.Version}
	written := r.Record == uuid.Nil && r.Version == 0 || c.report.erased[graveOf(ObjectRecord, r.Record, 0)] != nil || c.report.imported > 0
	for _, told := range c.told {
		written = written || told[at] != nil
	}
	if r.Strange || !written || r.At.UnixMicro() > c.report.newest+nearly {
		c.report.find("the outcome of a write is remembered, but the log does not tell of that write")
	}
	return nil
}

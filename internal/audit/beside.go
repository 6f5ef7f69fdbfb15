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
	a, erased := c.told[k][at], k.erased(c.report, e.Record)
	var right bool
	switch {
	case e.Object == ObjectPerson:
		right = a != nil && !e.Strange && !a.event && a.request == e.CorrelationID && timely(e.At, a.at, a.exact) && c.first(k, at) == (e.Kind == EventCreated)
		if a != nil {
			a.event = true
		}
	case e.Strange || e.Kind == EventImported || erased != nil && len(e.Members) > 0: // an erasure empties them
	case erased != nil && (e.Kind == EventErased || e.Kind == EventOther && e.At.UnixMicro() == erased.at):
		right = !erased.event && e.Version == erased.version && e.CorrelationID == erased.correlation && timely(e.At, erased.at, erased.exact)
		erased.event = true
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

// first reports whether a version is the first of its object.
func (c *comparison) first(k kind, at versionID) bool {
	return c.told[k][versionID{at.id, at.version - 1}] == nil
}

// tells reports whether an event of this kind tells of the version. Earlier programs had
// others in their tests.
func (a *account) tells(kind EventKind) bool {
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
	written := r.Record == uuid.Nil && r.Version == 0 || c.report.erased[r.Record] != nil || c.report.imported > 0
	for _, told := range c.told {
		written = written || told[at] != nil
	}
	if r.Strange || !written || r.At.UnixMicro() > c.report.last+nearly {
		c.report.find("the outcome of a write is remembered, but the log does not tell of that write")
	}
	return nil
}

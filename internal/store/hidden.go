package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/store/queries"
)

// links are the current links of people.
type links map[uuid.UUID]Link

// add adds a version of a link, and returns what it tells of: of no merge, if it cannot be read.
func (l links) add(d Document) audit.Merge {
	link := Link{document: d}
	_ = link.decode()
	if known, ok := l[d.Owner]; !ok || known.document.Version < d.Version {
		l[d.Owner] = link
	}
	if link.Into != uuid.Nil {
		return audit.Merge{Away: true, Other: link.Into}
	}
	return audit.Merge{Other: link.OutOf}
}

// What verify-hidden says of a person.
const (
	personHidden = iota // the record, the id without one, or the entry
	linkInForce
	personOpen  // although the link is in force: the record or the entry
	otherHidden // a document that no merge hides
)

// hidden finds people who are hidden behind a merge that no link tells of, and those whom one
// does not hide. Whoever can write to the database could make somebody disappear, or appear
// twice.
func (l *Log) hidden(ctx context.Context) (findings []string, err error) {
	away := make(map[uuid.UUID]bool)
	err = l.each(ctx, queries.VerifyHidden, func(rows *sql.Rows) error {
		var person uuid.UUID
		var what int
		if err := rows.Scan((*loggedID)(&person), &what); err != nil {
			return err
		}
		link := l.links[person]
		switch {
		case what == linkInForce:
			away[person] = true
			fallthrough
		case what == personHidden:
			if link.Into == uuid.Nil {
				findings = append(findings, fmt.Sprintf("person %v is hidden as if merged into another, but no link says so", person))
			}
		case what == otherHidden:
			findings = append(findings, fmt.Sprintf("a document of %v is hidden, which no merge does", person))
		case what == personOpen:
			findings = append(findings, fmt.Sprintf("person %v was merged into another, but is not hidden", person))
		}
		return nil
	})
	for person, link := range l.links {
		if link.Into == uuid.Nil {
			continue
		}
		if !away[person] {
			findings = append(findings, fmt.Sprintf("the link of person %v is in force, but its row says otherwise", person))
		}
		// One whose link went with an erasure, which the log tells of, says nothing. Those merged
		// into a person are erased too, but a restore may bring back a merge that was undone before.
		survivor, linked := l.links[link.Into]
		if _, named := survivor.Of(person); linked && !named {
			findings = append(findings, fmt.Sprintf("person %v was merged into another whose link does not say so", person))
		}
	}
	return findings, err
}

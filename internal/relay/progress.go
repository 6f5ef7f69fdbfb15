package relay

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// maxHeld is how many events can be held. More than that cannot be about single
// messages: publishing then stops until someone has looked.
const maxHeld = 1000

var errFull = errors.New("too many events are held: see equality-api events held")

// ErrNotHeld means that the event is not held.
var ErrNotHeld = errors.New("no such event is held")

// behind is the cause for an event that only waits for an earlier one of the same person.
const behind = "behind"

// Progress is how far publishing has got: everything up to a position in the
// feed is published, except the held events.
type Progress struct {
	Position int64  `json:"position"`
	Held     []Held `json:"held,omitempty"` // in the order of the feed
}

// Held is an event that waits for someone to decide, or for an earlier event.
type Held struct {
	Position int64     `json:"position"`
	Event    uuid.UUID `json:"event"`
	Target   uuid.UUID `json:"target"`
	Why      string    `json:"why"`             // the topic's code, unreadable or behind
	Again    bool      `json:"again,omitempty"` // someone has asked for a retry
}

// Behind says whether an event only waits for an earlier one of the same person.
func (h Held) Behind() bool { return h.Why == behind }

// holds says whether events of the person are held.
func (p *Progress) holds(target uuid.UUID) bool {
	return slices.ContainsFunc(p.Held, func(h Held) bool { return h.Target == target })
}

// due is the first held event that can be published now: the first of its
// person, unless it was refused and nobody has asked for a retry.
func (p *Progress) due() *Held {
	seen := make(map[uuid.UUID]bool)
	for i, h := range p.Held {
		if !seen[h.Target] && (h.Behind() || h.Again) {
			return &p.Held[i]
		}
		seen[h.Target] = true
	}
	return nil
}

// hold adds events that are not held yet.
func (p *Progress) hold(held ...Held) {
	for _, h := range held {
		if p.find(h.Event) < 0 {
			p.Held = append(p.Held, h)
		}
	}
	slices.SortFunc(p.Held, func(a, b Held) int { return int(a.Position - b.Position) })
}

// endRetry ends the retry of an event: it is removed, or refused again.
func (p *Progress) endRetry(event uuid.UUID, why string) {
	i := p.find(event)
	switch {
	case i < 0: // someone has dropped it meanwhile
	case why == "":
		p.Held = slices.Delete(p.Held, i, i+1)
	default:
		p.Held[i].Why, p.Held[i].Again = why, false
	}
}

// Retry marks every refused event for a retry, and returns how many there are.
func (p *Progress) Retry() (refused int) {
	for i := range p.Held {
		if !p.Held[i].Behind() {
			p.Held[i].Again = true
			refused++
		}
	}
	return refused
}

// Find returns a held event. Error: ErrNotHeld.
func (p *Progress) Find(event uuid.UUID) (Held, error) {
	i := p.find(event)
	if i < 0 {
		return Held{}, ErrNotHeld
	}
	return p.Held[i], nil
}

// Drop removes an event, which is then never published; the person's later
// events are. Error: ErrNotHeld.
func (p *Progress) Drop(event uuid.UUID) error {
	if p.find(event) < 0 {
		return ErrNotHeld
	}
	p.endRetry(event, "")
	return nil
}

func (p *Progress) find(event uuid.UUID) int {
	return slices.IndexFunc(p.Held, func(h Held) bool { return h.Event == event })
}

// Keeper stores the encoded progress.
type Keeper interface {
	Progress(ctx context.Context) ([]byte, error)
	// SwapProgress stores now, if what is stored is still was.
	SwapProgress(ctx context.Context, was, now []byte) (moved bool, err error)
}

// Load returns the stored progress.
func Load(ctx context.Context, k Keeper) (Progress, error) {
	kept, err := k.Progress(ctx)
	if err != nil {
		return Progress{}, err
	}
	return Parse(kept)
}

// Parse reads a stored progress; nil is the start of the feed.
func Parse(kept []byte) (p Progress, err error) {
	if kept != nil && json.Unmarshal(kept, &p) != nil {
		err = errors.New("the stored publishing position cannot be read")
	}
	return p, err
}

// Update changes the stored progress and returns it. Others can change it at
// the same time: change may then run again. An error from change changes
// nothing.
func Update(ctx context.Context, k Keeper, change func(*Progress) error) (Progress, error) {
	for {
		was, err := k.Progress(ctx)
		if err != nil {
			return Progress{}, err
		}
		p, err := Parse(was)
		if err == nil {
			err = change(&p)
		}
		if err != nil {
			return Progress{}, err
		}
		now, err := json.Marshal(p)
		if err != nil {
			return Progress{}, err
		}
		moved, err := k.SwapProgress(ctx, was, now)
		if moved || err != nil {
			return p, err
		}
	}
}

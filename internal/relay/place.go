package relay

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// maxHeld is how many events may be held. More than that is not about single
// messages: then nothing goes on until somebody has looked.
const maxHeld = 1000

var errFull = errors.New("too many events are held: see equality-api events held")

// ErrNotHeld is an event that is not held.
var ErrNotHeld = errors.New("no such event is held")

// behind is why an event is held that could be published but for an earlier one of the same person.
const behind = "behind"

// Place is how far publishing has come: up to a position of the feed
// everything is published but what is held.
type Place struct {
	Position int64  `json:"position"`
	Held     []Held `json:"held,omitempty"` // in the order of the feed
}

// Held is an event that waits for somebody to decide, or for one before it.
type Held struct {
	Position int64     `json:"position"`
	Event    uuid.UUID `json:"event"`
	Target   uuid.UUID `json:"target"`
	Why      string    `json:"why"` // the topic's code, or behind
	Again    bool      `json:"again,omitempty"`
}

// Behind says whether an event is held only for an earlier one of the person.
func (h Held) Behind() bool { return h.Why == behind }

// holds says whether a person's events are held.
func (p *Place) holds(target uuid.UUID) bool {
	return slices.ContainsFunc(p.Held, func(h Held) bool { return h.Target == target })
}

// due is the first held event that may be published: the first of its person,
// unless it was refused and nobody has asked for another try.
func (p *Place) due() *Held {
	seen := make(map[uuid.UUID]bool)
	for i, h := range p.Held {
		if !seen[h.Target] && (h.Behind() || h.Again) {
			return &p.Held[i]
		}
		seen[h.Target] = true
	}
	return nil
}

// hold adds events that are not there yet.
func (p *Place) hold(held ...Held) {
	for _, h := range held {
		if p.find(h.Event) < 0 {
			p.Held = append(p.Held, h)
		}
	}
	slices.SortFunc(p.Held, func(a, b Held) int { return int(a.Position - b.Position) })
}

// settle ends another try of an event: it is gone, or refused once more.
func (p *Place) settle(event uuid.UUID, why string) {
	i := p.find(event)
	switch {
	case i < 0: // dropped by hand meanwhile
	case why == "":
		p.Held = slices.Delete(p.Held, i, i+1)
	default:
		p.Held[i].Why, p.Held[i].Again = why, false
	}
}

// Retry has every held event tried again, and says how many were refused before.
func (p *Place) Retry() (refused int) {
	for i := range p.Held {
		if !p.Held[i].Behind() {
			p.Held[i].Again = true
			refused++
		}
	}
	return refused
}

// Find gives a held event. Error: ErrNotHeld.
func (p *Place) Find(event uuid.UUID) (Held, error) {
	i := p.find(event)
	if i < 0 {
		return Held{}, ErrNotHeld
	}
	return p.Held[i], nil
}

// Drop gives an event up: it is never published, and the person's later ones
// are. Error: ErrNotHeld.
func (p *Place) Drop(event uuid.UUID) error {
	if p.find(event) < 0 {
		return ErrNotHeld
	}
	p.settle(event, "")
	return nil
}

func (p *Place) find(event uuid.UUID) int {
	return slices.IndexFunc(p.Held, func(h Held) bool { return h.Event == event })
}

// Keeper keeps the place.
type Keeper interface {
	Place(ctx context.Context) ([]byte, error)
	// MovePlace keeps it, unless it is another than it was.
	MovePlace(ctx context.Context, was, now []byte) (moved bool, err error)
}

// Load gives the place.
func Load(ctx context.Context, k Keeper) (Place, error) {
	kept, err := k.Place(ctx)
	if err != nil {
		return Place{}, err
	}
	return Parse(kept)
}

// Parse reads a place as it is kept; nil is the beginning.
func Parse(kept []byte) (p Place, err error) {
	if kept != nil && json.Unmarshal(kept, &p) != nil {
		err = errors.New("the stored publishing position cannot be read")
	}
	return p, err
}

// Update changes the place as it then is, also beside others who do, and gives
// it. An error of change changes nothing.
func Update(ctx context.Context, k Keeper, change func(*Place) error) (Place, error) {
	for {
		was, err := k.Place(ctx)
		if err != nil {
			return Place{}, err
		}
		p, err := Parse(was)
		if err == nil {
			err = change(&p)
		}
		if err != nil {
			return Place{}, err
		}
		now, err := json.Marshal(p)
		if err != nil {
			return Place{}, err
		}
		moved, err := k.MovePlace(ctx, was, now)
		if moved || err != nil {
			return p, err
		}
	}
}

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"

	"github.com/google/uuid"
)

// frontTarget is what the front-end contract is called in the report.
const frontTarget = "mmh"

const frontPath = "/mmh/api/v1/equality-information"

// front is the same server, asked as today's front ends do. It has people of
// its own: each change names the version it is of.
type front struct {
	*process
	people []frontPerson
}

type frontPerson struct {
	sync.Mutex
	id      uuid.UUID
	version int
}

func newFront(whole *process, people []uuid.UUID) *front {
	f := &front{process: whole, people: make([]frontPerson, len(people))}
	for i, id := range people {
		f.people[i].id = id
	}
	return f
}

// requests does a GET or a PATCH; nobody else changes the person meanwhile.
func (f *front) requests(op operation, _ []uuid.UUID) work {
	base := f.url + frontPath
	return func(_ int, random *rand.Rand) error {
		p := &f.people[random.IntN(len(f.people))]
		if op == get {
			return send("GET", base+"?targetId="+p.id.String(), f.token, nil, http.StatusOK)
		}
		for !p.TryLock() {
			p = &f.people[random.IntN(len(f.people))]
		}
		defer p.Unlock()
		err := send("PATCH", base+"/"+p.id.String(), f.token, frontChange(random), http.StatusOK, "If-Match", fmt.Sprintf(`"%d"`, p.version))
		if err != nil {
			return err
		}
		p.version++
		return nil
	}
}

// frontChange is a change of the same member as change makes.
func frontChange(random *rand.Rand) []byte {
	return fmt.Appendf(nil, `{"economicSituation":{"economicSituationValue":"other","economicSituationValueIfOther":"%08x"}}`, random.Uint32())
}

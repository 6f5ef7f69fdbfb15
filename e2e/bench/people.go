package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/refdata"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store/sqlite"
)

type operation string

const (
	get   operation = "GET"
	post  operation = "POST"
	patch operation = "PATCH"
)

var operations = []operation{get, post, patch}

// body is a record with most members, for a person, as services send it: its
// own id is the server's to choose.
func body(target uuid.UUID, random *rand.Rand) []byte {
	return fmt.Appendf(nil, `{"targetId":"%v","gender":{"genderValue":"f","genderValueIfOther":"",`+
		`"genderDifferentToBirthSex":false},"nationality":"british","ethnicity":{"ethnicGroupValue":"white",`+
		`"ethnicGroupValueIfOther":""},"religionOrBelief":{"religionOrBeliefValue":"christian","religionOrBeliefValueIfOther":""},`+
		`"sexualOrientation":{"sexualOrientationValue":"heterosexual","sexualOrientationValueIfOther":""},`+
		`"marriageOrCivilPartnership":{"married":true,"civilPartnership":false},"pregnancyOrMaternity":[{"pregnancyDate":"2024-01-04"}],`+
		`"nationalInsuranceNumber":"QQ%06dA","languages":[{"language":"french","isPrimary":false},{"language":"english","isPrimary":true}],`+
		`"caringResponsibilities":{"provideUnpaidCare":true,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"},"disabled":true,`+
		`"communicationRequirements":["signLanguage","interpreterNeeded","largePrint"],"economicSituation":"employedFullTime",`+
		`"homeSituation":"temporaryAccommodationPlacedByHackneyCouncil","armedForces":"aServingMemberOfTheArmedForces"}`,
		target, random.IntN(1e6))
}

// change is a patch that changes the record nearly every time.
func change(random *rand.Rand) []byte {
	text := [8]byte{}
	for i := range text {
		text[i] = 'a' + byte(random.IntN(26))
	}
	return fmt.Appendf(nil, `{"economicSituation":"other","economicSituationIfOther":"%s"}`, text)
}

// alone is the use cases on a store, without a server.
type alone struct {
	store   *sqlite.Store
	service *service.Service
	access  map[operation]service.Access
}

// openStore opens a store of its own with the people in it.
func openStore(ctx context.Context, dir string, people []uuid.UUID) (*alone, error) {
	a, err := open(ctx, dir)
	if err != nil {
		return nil, err
	}
	return a, a.create(ctx, people)
}

func open(ctx context.Context, dir string) (*alone, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "keyset.json")
	keys, err := sealing.Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		if keys, err = sealing.Generate(); err == nil {
			err = keys.Save(path)
		}
	}
	if err != nil {
		return nil, err
	}
	lists, err := refdata.Load()
	if err != nil {
		return nil, err
	}
	rules, err := equality.NewRules(lists)
	if err != nil {
		return nil, err
	}
	a := &alone{access: make(map[operation]service.Access)}
	a.store, err = sqlite.Open(ctx, sqlite.Options{
		Dir: dir, Keys: keys, Now: time.Now, KeyRetention: 24 * time.Hour, EventRetention: 2160 * time.Hour,
		Report: func(what string, err error) { fmt.Fprintln(os.Stderr, what, err) },
	})
	if err != nil {
		return nil, err
	}
	a.service = service.New(a.store, service.Options{Rules: rules, Keys: keys, Now: time.Now})
	caller := identity.Caller{Subject: "bench", Kind: identity.Service}.With(identity.EqualityRead, identity.EqualityWrite, identity.NINORead)
	for op, action := range map[operation]service.Action{get: service.Read, post: service.Create, patch: service.Change} {
		if a.access[op], err = a.service.Authorise(ctx, service.Request{Caller: caller, CorrelationID: uuid.New()}, action); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *alone) close() error { return a.store.Close() }

// fill makes a data directory with n people and closes it.
func fill(ctx context.Context, dir string, n int) ([]uuid.UUID, error) {
	a, err := open(ctx, dir)
	if err != nil {
		return nil, err
	}
	people := make([]uuid.UUID, n)
	for i := range people {
		people[i] = uuid.New()
	}
	return people, errors.Join(a.create(ctx, people), a.close())
}

// create creates a record for each person, many at a time.
func (a *alone) create(ctx context.Context, people []uuid.UUID) error {
	const workers = 64
	errs := make([]error, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(w)))
			for i := w; i < len(people) && errs[w] == nil; i += workers {
				_, errs[w] = a.service.CreateRecord(ctx, a.access[post],
					service.Write{Body: body(people[i], random), Reason: "update"})
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// requests does the operation on the store, use case included.
func (a *alone) requests(op operation, people []uuid.UUID) work {
	ctx := context.Background()
	return func(_ int, random *rand.Rand) error {
		person := people[random.IntN(len(people))]
		var err error
		switch op {
		case get:
			_, err = a.service.Read(ctx, a.access[get], service.Lookup{ID: person})
		case post:
			_, err = a.service.CreateRecord(ctx, a.access[post],
				service.Write{Body: body(uuid.New(), random), Reason: "update"})
		case patch:
			_, err = a.service.ChangeRecord(ctx, a.access[patch], service.Write{ID: person, Body: change(random), Reason: "update"})
		}
		return err
	}
}

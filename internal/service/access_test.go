package service

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"equality-information-api/internal/audit"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/sealing"
)

// actions are the actions of all operations that the service performs.
var actions = func() (all []Action) {
	for _, op := range Operations {
		for _, action := range append(slices.Collect(maps.Values(op.When)), op.Action) {
			if action.permission != "" && !slices.Contains(all, action) {
				all = append(all, action)
			}
		}
	}
	return all
}()

// everythingBut is a caller with all permissions except one.
func everythingBut(missing identity.Permission) identity.Caller {
	c := identity.Caller{Subject: "nearly everybody", Name: "Nearly Everybody", Kind: identity.Service}
	every := []identity.Permission{identity.EqualityImport, identity.EqualityExport, identity.EventsPublish} // no role has these
	for _, permissions := range identity.Roles() {
		every = append(every, permissions...)
	}
	for _, p := range every {
		if p != missing {
			c = c.With(p)
		}
	}
	return c
}

func TestActionNeedsItsPermissionAndNoOther(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, action := range actions {
		if _, err := b.Authorise(t.Context(), Request{Caller: with(action.permission)}, action); err != nil {
			t.Errorf("%s with %s alone: %v", action.name, action.permission, err)
		}
		if _, err := b.Authorise(t.Context(), Request{Caller: everythingBut(action.permission)}, action); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s without %s: %v", action.name, action.permission, err)
		}
		if _, err := b.Authorise(t.Context(), Request{}, action); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s by nobody: %v", action.name, err)
		}
	}
}

func TestRefusalStandsInTheAccessLog(t *testing.T) {
	t.Parallel()
	for _, action := range actions {
		t.Run(action.name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			r := Request{
				Caller: everythingBut(action.permission), CorrelationID: uuid.New(), Purpose: "support",
				Address: netip.MustParseAddr("192.0.2.7"), Target: uuid.New(),
			}
			if _, err := b.Authorise(t.Context(), r, action); !errors.Is(err, ErrForbidden) {
				t.Fatal(err)
			}
			got := b.last(t)
			address := r.Address.As16()
			hash := b.Keys.MAC(sealing.MACAddress, address[:])
			want := audit.Entry{
				ID: got.ID, At: start, Subject: r.Caller.Subject, Name: r.Caller.Name, Kind: "service",
				Permission: string(action.permission), Purpose: "support", Action: action.name, Target: r.Target,
				Outcome: audit.Refused, Status: 403, CorrelationID: r.CorrelationID, Address: hash[:],
			}
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestARefusalIsEnteredWhetherItsCallerWaitsOrNot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for range 50 {
		if _, err := b.Authorise(gone, Request{Caller: support}, Change); !errors.Is(err, ErrForbidden) {
			t.Fatal(err)
		}
	}
	if n := len(b.log(t)); n != 50 {
		t.Errorf("%d entries for 50 refusals", n)
	}
}

func TestAPageOfEventsEntersARecordOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one := b.create(t, "")
	two := b.create(t, "")
	b.change(t, one.ID, `{"disabled":true}`)
	b.change(t, one.ID, `{"disabled":false}`)
	b.change(t, two.ID, `{"disabled":true}`)
	feed, err := b.ReadFeed(t.Context(), b.as(t, support, ReadEvents), "", 10)
	if err != nil || len(feed.Events) != 5 {
		t.Fatal(feed, err)
	}
	if got, want := b.last(t).Touched, (audit.Touched{}).AppendID(one.ID).AppendID(two.ID); !slices.Equal(got, want) {
		t.Errorf("the entry names %v, want %v", got, want)
	}
}

func TestAnEntryNamesTheCallersRolesAndTheKindOfObject(t *testing.T) {
	t.Parallel()
	b := setup(t)
	record := b.create(t, "")
	both := officer.WithRoles("governance")
	check := func(what string, roles []string, object audit.Object, touched audit.Touched) {
		t.Helper()
		e := b.last(t)
		if !slices.Equal(e.Roles, roles) || e.Object != object || !slices.Equal(e.Touched, touched) {
			t.Errorf("%s: the entry is %+v", what, e)
		}
	}
	check("create", []string{"officer"}, audit.ObjectRecord, nil)
	_, _ = b.Read(t.Context(), b.as(t, both, Read), Lookup{ID: record.ID})
	check("read", []string{"governance", "officer"}, audit.ObjectRecord, nil)
	_, _ = b.Read(t.Context(), b.as(t, with(identity.EqualityRead), Read), Lookup{ID: uuid.New()})
	check("nothing read, without a role", nil, "", nil)
	_, _ = b.ListRecords(t.Context(), b.as(t, governance, List), ListQuery{Limit: 10})
	check("list", []string{"governance"}, audit.ObjectRecord, audit.Touched{}.AppendID(record.ID))
	_, _ = b.ReadFeed(t.Context(), b.as(t, support, ReadEvents), "", 10)
	check("feed", []string{"support"}, audit.ObjectRecord, audit.Touched{}.AppendID(record.ID))
	b.erase(t, record.ID)
	_, _ = b.ListRecords(t.Context(), b.as(t, governance, List), ListQuery{Limit: 10})
	check("an empty list", []string{"governance"}, "", nil)
}

// A useCase is a method of the service that takes an Access, called with zero
// values besides it.
type useCase struct {
	name string
	call func(Access) error
}

// useCases are all there are: a new one needs no line here.
func useCases(t *testing.T, b *bench) (all []useCase) {
	service := reflect.ValueOf(b.Service)
	for i := range service.NumMethod() {
		method := service.Method(i)
		args, at := make([]reflect.Value, method.Type().NumIn()), -1
		for i := range args {
			switch in := method.Type().In(i); {
			case in == reflect.TypeFor[Access]():
				at = i
			case in == reflect.TypeFor[context.Context]():
				args[i] = reflect.ValueOf(t.Context())
			default:
				args[i] = reflect.Zero(in)
			}
		}
		if at < 0 {
			continue
		}
		all = append(all, useCase{service.Type().Method(i).Name, func(a Access) error {
			args := slices.Clone(args)
			args[at] = reflect.ValueOf(a)
			results := method.Call(args)
			err, _ := results[len(results)-1].Interface().(error)
			return err
		}})
	}
	return all
}

// A handler that is wired to the wrong action, or to none, must not get
// anywhere: a use case takes the access to one action, and each action has one.
func TestUseCaseTakesNoAccessOfAnotherAction(t *testing.T) {
	t.Parallel()
	b := setup(t) // with no record, so that nothing is asked of what is given as nil
	all := everythingBut("")
	taken := make(map[Action]bool)
	for _, c := range useCases(t, b) {
		before := len(b.log(t))
		if err := c.call(Access{}); !errors.Is(err, ErrForbidden) {
			t.Errorf("%s with no access: %v", c.name, err)
		}
		if got := b.log(t)[before:]; len(got) != 0 {
			t.Errorf("%s did something with no access: %+v", c.name, got)
		}
		var takes []Action
		for _, action := range actions {
			before := len(b.log(t))
			if err := c.call(b.as(t, all, action)); !errors.Is(err, ErrForbidden) {
				takes, taken[action] = append(takes, action), true
			} else if got := b.log(t)[before:]; len(got) != 0 {
				t.Errorf("%s did something with the access to %s: %+v", c.name, action.name, got)
			}
		}
		if want := map[string]int{"StartPublication": 2}[c.name]; len(takes) != max(want, 1) {
			t.Errorf("%s takes the access to %v", c.name, takes)
		}
	}
	for _, action := range actions {
		if !taken[action] {
			t.Errorf("no use case takes the access to %s", action.name)
		}
	}
}

func TestStartPublication(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, action := range actions {
		_, err := b.StartPublication(b.as(t, everythingBut(""), action), "test")
		if allowed := action == Publish || action == DropEvent; (err == nil) != allowed || !allowed && !errors.Is(err, ErrForbidden) {
			t.Errorf("%s: %v", action.name, err)
		}
	}
}

func TestNationalInsuranceNumberIsShownWithItsPermissionOnly(t *testing.T) {
	t.Parallel()
	const nino = "QQ123456C"
	b := setup(t)
	record := b.create(t, `,"nationalInsuranceNumber":"`+nino+`"`)
	b.change(t, record.ID, `{"disabled":true}`)
	ctx := t.Context()
	for _, c := range []struct {
		name   string
		caller identity.Caller
		want   string
	}{
		{"with nino:read", everythingBut(""), nino},
		{"without", everythingBut(identity.NINORead), ""},
	} {
		shown := map[string]func() (equality.Record, error){
			"read": func() (equality.Record, error) {
				v, err := b.Read(ctx, b.as(t, c.caller, Read), Lookup{ID: record.ID})
				if err != nil {
					return equality.Record{}, err
				}
				return v.record()
			},
			"list": func() (equality.Record, error) {
				l, err := b.ListRecords(ctx, b.as(t, c.caller, List), ListQuery{Limit: 1})
				if err != nil {
					return equality.Record{}, err
				}
				return l.Items[0].record()
			},
			"earlier version": func() (equality.Record, error) {
				v, err := b.Version(ctx, b.as(t, c.caller, ReadHistory), record.ID, 0)
				return v.Record, err
			},
			"current version": func() (equality.Record, error) {
				v, err := b.Version(ctx, b.as(t, c.caller, ReadHistory), record.ID, 1)
				return v.Record, err
			},
			"change of nothing": func() (equality.Record, error) {
				w, err := b.ChangeRecord(ctx, b.as(t, c.caller, Change), Write{ID: record.ID, Body: []byte(`{}`), Reason: ChangeReasons[0]})
				return w.Record, err
			},
		}
		for name, show := range shown {
			got, err := show()
			if err != nil || got.NationalInsuranceNumber != c.want {
				t.Errorf("%s, %s: %q, %v", name, c.name, got.NationalInsuranceNumber, err)
			}
		}
	}
	created, err := b.CreateRecord(ctx, b.as(t, writer, Create),
		Write{Body: body(uuid.New(), `,"nationalInsuranceNumber":"QQ654321A"`), Reason: ChangeReasons[0]})
	if err != nil || created.Record.NationalInsuranceNumber != "" {
		t.Errorf("create: %q, %v", created.Record.NationalInsuranceNumber, err)
	}
	if got := b.read(t, created.ID).Record.NationalInsuranceNumber; got != "QQ654321A" {
		t.Errorf("what was hidden from its writer was not stored: %q", got)
	}
}

func TestEarlierGenderNeedsRightsRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(t, `,"gender":{"genderValue":"m"},"disabled":true`).ID
	b.change(t, id, `{"gender":{"genderValue":"f"}}`)
	b.change(t, id, `{"disabled":false}`)
	for _, c := range []struct {
		name   string
		caller identity.Caller
		want   []string // gender in version 0, 1, 2
	}{
		{"officer", officer, []string{"", "", "f"}},
		{"governance", governance, []string{"m", "f", "f"}},
	} {
		for version, want := range c.want {
			v, err := b.Version(t.Context(), b.as(t, c.caller, ReadHistory), id, int64(version))
			if err != nil || v.Record.Gender.Value != want || v.Record.Disabled == equality.NotAsked {
				t.Errorf("%s, version %d: %+v, %v", c.name, version, v.Record.Gender, err)
			}
		}
	}
}

func TestCallersWithoutTheRecordAreToldNamesOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.create(t, `,"gender":{"genderValue":"m"},"nationality":"british"`).ID
	want := []string{"nationality", equality.Sensitive}

	l, err := b.ListRecords(t.Context(), b.as(t, support, List), ListQuery{Limit: 10})
	if err != nil || len(l.Items) != 1 {
		t.Fatal(l, err)
	}
	if d := cmp.Diff(want, l.Items[0].Members); d != "" || l.Items[0].Readable || !onlyIDs(t, l.Items[0].Shown) {
		t.Errorf("list: %s %+v", d, l.Items[0])
	}
	versions, err := b.Versions(t.Context(), b.as(t, with(identity.HistoryRead), ReadHistory), id)
	if err != nil || !cmp.Equal(want, versions[0].Members) {
		t.Errorf("history: %v, %v", versions, err)
	}
	versions, err = b.Versions(t.Context(), b.as(t, officer, ReadHistory), id)
	if err != nil || !cmp.Equal([]string{"gender", "nationality"}, versions[0].Members) {
		t.Errorf("history for a reader: %v, %v", versions, err)
	}
	if got := b.feed(t)[0].Members; !cmp.Equal(want, got) {
		t.Errorf("feed: %v", got)
	}
	for _, e := range b.log(t) {
		if e.Action == Create.name && !cmp.Equal(want, e.Members) {
			t.Errorf("access log: %v", e.Members)
		}
	}
}

func TestConflictHidesTheExistingIdFromThoseWhoMayNotRead(t *testing.T) {
	t.Parallel()
	b := setup(t)
	record := b.create(t, "")
	for _, c := range []struct {
		name   string
		caller identity.Caller
		write  Write
		want   uuid.UUID
	}{
		{"person, reader", officer, Write{Body: body(record.Target, "")}, record.ID},
		{"person, not a reader", writer, Write{Body: body(record.Target, "")}, uuid.Nil},
		{"id, reader", officer, Write{ID: record.ID, Body: body(uuid.New(), "")}, record.ID},
		{"id, not a reader", writer, Write{ID: record.ID, Body: body(uuid.New(), "")}, uuid.Nil},
		{"id that is somebody's target", officer, Write{ID: record.Target, Body: body(uuid.New(), "")}, record.ID},
		{"target that is a record's id", officer, Write{Body: body(record.ID, "")}, record.ID},
	} {
		c.write.Reason = ChangeReasons[0]
		_, err := b.CreateRecord(t.Context(), b.as(t, c.caller, Create), c.write)
		if got := asError[*ConflictError](t, err).Existing; got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if e := b.last(t); e.Status != 409 || e.Outcome != audit.Refused || e.Record != record.ID {
			t.Errorf("%s: the access log says %+v", c.name, e)
		}
	}
	if n := len(b.feed(t)); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

func TestIdOfAnErasedRecordIsNotGivenAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	first, err := b.CreateRecord(ctx, b.as(t, officer, Create), Write{Body: body(uuid.New(), ""), Reason: ChangeReasons[0]})
	if err != nil || first.ID != first.Target {
		t.Fatal(first, err)
	}
	b.change(t, first.ID, `{"disabled":true}`)
	b.erase(t, first.ID)
	if _, err := b.Read(ctx, b.as(t, officer, Read), Lookup{ID: first.ID}); !errors.Is(err, ErrErased) {
		t.Errorf("read: %v", err)
	}
	if _, err := b.Versions(ctx, b.as(t, officer, ReadHistory), first.ID); !errors.Is(err, ErrErased) {
		t.Errorf("history: %v", err)
	}
	_, err = b.CreateRecord(ctx, b.as(t, officer, Create), Write{ID: first.ID, Body: body(uuid.New(), ""), Reason: ChangeReasons[0]})
	if got := asError[*ConflictError](t, err).Existing; got != uuid.Nil {
		t.Errorf("there is a record in the way: %s", got)
	}
	again, err := b.CreateRecord(ctx, b.as(t, officer, Create), Write{Body: body(first.Target, ""), Reason: ChangeReasons[0]})
	if err != nil || again.ID == first.ID || again.Target != first.Target || again.Version != 2 {
		t.Errorf("created again: %+v, %v", again, err)
	}
}

package service

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/identity"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

var merger = inRole("governance").With(identity.NINORead, identity.EqualityWrite, identity.PersonWrite)

// somebody is a new person with a record and an entry of these members, or without.
func (b *bench) somebody(t *testing.T, record, entry string) uuid.UUID {
	t.Helper()
	id := uuid.New()
	if record != "" {
		body := []byte(`{"targetId":"` + id.String() + `",` + record + `}`)
		if _, err := b.CreateRecord(t.Context(), b.as(t, merger, Create), Write{ID: uuid.New(), Body: body, Reason: "update"}); err != nil {
			t.Fatal(err)
		}
	}
	if entry != "" {
		if _, err := b.PutPerson(t.Context(), b.as(t, merger, WritePerson), PersonWrite{ID: id, Body: []byte(`{` + entry + `}`)}); err != nil {
			t.Fatal(err)
		}
	}
	return id
}

// merged merges a person into another, whose values stay or go.
func (b *bench) merged(t *testing.T, from, into uuid.UUID, side string) error {
	t.Helper()
	tried, err := b.MergePeople(t.Context(), b.as(t, merger, Merge), from, []byte(`{"into":"`+into.String()+`","dryRun":true}`))
	if err != nil {
		return err
	}
	var choices []string
	for _, d := range tried.Differences {
		choices = append(choices, `"`+d.Member+`":"`+side+`"`)
	}
	_, err = b.MergePeople(t.Context(), b.as(t, merger, Merge), from, fmt.Appendf(nil, `{"into":%q,"versions":{"from":%q,"into":%q},"choices":{%s}}`,
		into, tried.FromVersion, tried.IntoVersion, strings.Join(choices, ",")))
	return err
}

// seenOf is all that is shown of a person, but for versions.
func (b *bench) seenOf(t *testing.T, id uuid.UUID) (seen string) {
	t.Helper()
	record, err := b.Read(t.Context(), b.as(t, merger, Read), Lookup{ID: id})
	if err != nil && !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	entry, err := b.FindPerson(t.Context(), b.as(t, merger, ReadPerson), Lookup{ID: id})
	if err != nil && !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	return string(record.Text) + string(entry.Encode())
}

// Whatever two people have, and whoever's values stay, taking a merge back leaves both as they
// were.
func TestTwoPeopleAreAsBeforeAfterAMerge(t *testing.T) {
	t.Parallel()
	b := setup(t)
	records := []string{"", `"nationality":"irish","disabled":true,"economicSituation":"other","economicSituationIfOther":"a","nationalInsuranceNumber":"QQ123456C"`}
	others := []string{"", `"nationality":"british","ageGroup":"underSixteen","economicSituation":"other","economicSituationIfOther":"b"`}
	for n := range 16 {
		for _, side := range []string{"from", "into"} {
			from := b.somebody(t, records[n&1], []string{"", `"surname":"Okafor","dateOfBirth":"1987-04-09"`}[n>>1&1])
			into := b.somebody(t, others[n>>2&1], []string{"", `"surname":"Okafor-Bell","title":"Ms"`}[n>>3&1])
			if err := b.merged(t, from, into, side); n>>2 == 0 {
				if !errors.Is(err, ErrNotFound) {
					t.Errorf("into nobody: %v", err)
				}
				continue
			} else if err != nil {
				t.Fatalf("%b, %s: %v", n, side, err)
			}
			one := b.seenOf(t, into)
			if got := b.seenOf(t, from); got != one {
				t.Errorf("%b, %s: %s is not %s", n, side, got, one)
			}
			if n == 15 && strings.Contains(one, "irish") != (side == "from") || n == 15 && !strings.Contains(one, `"disabled":true`) {
				t.Errorf("%s: %s", side, one)
			}
			done, err := b.UnmergePerson(t.Context(), b.as(t, merger, Unmerge), from)
			if err != nil || len(done.Kept) > 0 || done.From != into {
				t.Fatalf("%b, %s: %+v, %v", n, side, done, err)
			}
			if seen := b.seenOf(t, from); n&1 != 0 && !strings.Contains(seen, "irish") || strings.Contains(seen, "british") || strings.Contains(seen, "Bell") {
				t.Errorf("%b, %s: the person is %s", n, side, seen)
			}
			if seen := b.seenOf(t, into); n&4 != 0 && !strings.Contains(seen, "british") || strings.Contains(seen, "irish") || strings.Contains(seen, "QQ123456C") || strings.Contains(seen, "1987") {
				t.Errorf("%b, %s: the survivor is %s", n, side, seen)
			}
		}
	}
}

func TestAMergeIsTakenBackWithinThirtyDays(t *testing.T) {
	t.Parallel()
	b := setup(t)
	from, into := b.somebody(t, `"nationality":"irish"`, ""), b.somebody(t, `"disabled":true`, "")
	if err := b.merged(t, from, into, "from"); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(UnmergeWithin + time.Second)
	if _, err := b.UnmergePerson(t.Context(), b.as(t, merger, Unmerge), from); !errors.Is(err, tooLate) {
		t.Errorf("after the last moment: %v", err)
	}
	if seen := b.seenOf(t, from); seen != b.seenOf(t, into) {
		t.Errorf("something has changed: %s", seen)
	}
	b.clock.advance(-time.Second)
	if _, err := b.UnmergePerson(t.Context(), b.as(t, merger, Unmerge), from); err != nil {
		t.Errorf("at the last moment: %v", err)
	}
}

// What two people chose together may not go together.
func TestNobodyDiesBeforeBirthByAMerge(t *testing.T) {
	t.Parallel()
	b := setup(t)
	from, into := b.somebody(t, "", `"dateOfDeath":"1990-01-01"`), b.somebody(t, "", `"dateOfBirth":"1991-01-01"`)
	var invalid *equality.InvalidError
	if err := b.merged(t, from, into, "from"); !errors.As(err, &invalid) || invalid.Failures[0].Code != equality.DateBeforeBirth {
		t.Errorf("merged: %v", err)
	}
}

// The log says whose record and whose entry a dry run has shown, and to whom nothing was shown.
func TestTheLogSaysWhatADryRunShows(t *testing.T) {
	t.Parallel()
	b := setup(t)
	from, into := b.somebody(t, "", `"surname":"Okafor"`), b.somebody(t, `"disabled":true`, `"surname":"Bell"`)
	nobody := uuid.New()
	try := func(caller identity.Caller, from, into uuid.UUID) (told []string) {
		seen := len(b.log(t))
		_, _ = b.MergePeople(t.Context(), b.as(t, caller, Merge), from, []byte(`{"into":"`+into.String()+`","dryRun":true}`))
		for _, e := range b.log(t)[seen:] {
			told = append(told, strings.TrimSpace(fmt.Sprintln(e.Outcome, e.Object, e.Target == from, e.Scope)))
		}
		return told
	}
	for _, c := range []struct {
		name   string
		caller identity.Caller
		into   uuid.UUID
		want   []string
	}{
		{"both", merger, into, []string{"done person true", "done record false include=person"}},
		{"without names", with(identity.PersonMerge, identity.EqualityRead), into, []string{"done person true", "done record false"}},
		{"nobody else", merger, nobody, []string{"not-found person true", "not-found  false"}},
		{"oneself", merger, from, []string{"refused person true", "refused person true"}},
	} {
		if told := try(c.caller, from, c.into); !slices.Equal(told, c.want) {
			t.Errorf("%s: %q", c.name, told)
		}
	}
	if told := try(merger, nobody, uuid.New()); !slices.Equal(told, []string{"not-found  true", "not-found  false"}) {
		t.Errorf("nobody: %q", told)
	}
}

func FuzzDecodeMerging(f *testing.F) {
	keys, err := sealing.Generate()
	if err != nil {
		f.Fatal(err)
	}
	from, into := uuid.UUID{1}, uuid.UUID{2}
	token := func(id uuid.UUID) string { return personVersions{3, noneStored}.seal(keys, id) }
	for _, body := range []string{
		``, `{}`, `null`, `{"into":"` + into.String() + `","dryRun":true}`, `{"into":null,"versions":null,"choices":null,"dryRun":null}`,
		`{"into":"` + into.String() + `","versions":{"from":"` + token(from) + `","into":"` + token(into) + `"},"choices":{"gender":"from","surname":"into"}}`,
		`{"into":"` + into.String() + `","versions":{"from":"` + token(into) + `","into":""},"choices":{"gender":"xMARKx","xMARKx":"from"}}`,
		`{"dryRun":1,"into":[],"versions":[],"choices":[]}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		m, versions, err := decodeMerging(keys, body, from)
		if err != nil {
			var invalid *equality.InvalidError
			if !errors.As(err, &invalid) || len(invalid.Failures) == 0 {
				t.Fatalf("not a usable error: %v", err)
			}
			for _, failure := range invalid.Failures {
				if failure.Message == "" || strings.Contains(failure.Pointer+failure.Message, "MARK!") {
					t.Errorf("%+v", failure)
				}
			}
			return
		}
		if !jsontext.Value(body).IsValid() || m.into == uuid.Nil || m.versions == nil && !m.dryRun {
			t.Errorf("accepted: %+v", m)
		}
		if m.versions != nil && m.into != from && m.versions.from == m.versions.into {
			t.Error("one person's versions are taken for another's")
		}
		if m.choices != nil {
			for member, side := range m.choices.of {
				if !slices.Contains(mergeMembers, member) || side != ofFrom && side != ofInto {
					t.Errorf("a choice of %d", side)
				}
			}
		}
		_ = versions
		_ = pair{from: store.Person{ID: from}, into: store.Person{ID: m.into}}.chosen(m.choices)
	})
}

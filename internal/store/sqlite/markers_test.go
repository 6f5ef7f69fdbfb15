package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/store"
)

// marked is an invented person's record with a marker in every member that can hold one.
// Each round has its own markers.
func marked(r equality.Record, round int) (equality.Record, []string) {
	var markers []string
	mark := func(member string) string {
		m := fmt.Sprintf("Zz%d-%s-marker", round, member)
		markers = append(markers, m)
		return m
	}
	text := func(member string) equality.Text { return equality.NewText(mark(member)) }
	r.AgeGroup = mark("age")
	r.Gender = equality.Gender{Value: mark("gender"), ValueIfOther: text("gender-text"), DifferentToBirthSex: equality.PreferNotToSay}
	r.Nationality = mark("nationality")
	r.Ethnicity = equality.Ethnicity{Value: mark("ethnicity"), ValueIfOther: text("ethnicity-text")}
	r.ReligionOrBelief = equality.ReligionOrBelief{Value: mark("religion"), ValueIfOther: text("religion-text")}
	r.SexualOrientation = equality.SexualOrientation{Value: mark("orientation"), ValueIfOther: text("orientation-text")}
	r.PregnancyOrMaternity = []equality.Pregnancy{equality.NewPregnancy(equality.NewDate(1901+round, 2, 3))}
	markers = append(markers, fmt.Sprintf("%d-02-03", 1901+round))
	r.NationalInsuranceNumber = fmt.Sprintf("QQ98765%dD", round)
	markers = append(markers, r.NationalInsuranceNumber)
	r.Languages = []equality.Language{{Language: mark("language"), IsPrimary: true}}
	r.CaringResponsibilities = equality.CaringResponsibilities{ProvideUnpaidCare: equality.Yes, HoursSpentProvidingUnpaidCare: mark("hours")}
	r.CommunicationRequirements = []string{mark("requirement")}
	r.CommunicationRequirementsIfOther = text("requirement-text")
	r.EconomicSituation, r.EconomicSituationIfOther = mark("economic"), text("economic-text")
	r.HomeSituation, r.HomeSituationIfOther = mark("home"), text("home-text")
	r.ArmedForces = mark("armed")
	return r, markers
}

func TestNoAnswerStandsInTheFilesInClear(t *testing.T) {
	t.Parallel()
	f := setup(t)
	r := person()
	// These words are known to be in the files unencrypted, which shows that the search
	// works.
	clear := []string{"Invented Officer", events.Updated}
	var markers []string
	seen := make(map[string]bool)
	search := func(step string) {
		t.Helper()
		files, err := os.ReadDir(f.db.dir)
		ok(t, err)
		found := make(map[string]bool)
		for _, file := range files {
			seen[file.Name()] = true
			content, err := os.ReadFile(filepath.Join(f.db.dir, file.Name()))
			ok(t, err)
			lower := bytes.ToLower(content)
			for _, marker := range markers {
				if bytes.Contains(lower, bytes.ToLower([]byte(marker))) {
					t.Errorf("%s: %s holds %q", step, file.Name(), marker)
				}
			}
			for _, word := range clear {
				found[word] = found[word] || bytes.Contains(content, []byte(word))
			}
		}
		for _, word := range clear {
			if !found[word] {
				t.Errorf("%s: no file holds %q", step, word)
			}
		}
	}
	for round := range 4 {
		next, more := marked(r, round)
		r, markers = next, append(markers, more...)
		cmd := store.Command{ID: r.ID, Target: r.TargetID, EventID: uuid.New(), Key: &store.Key{Key: [32]byte{byte(round)}}}
		_, err := f.Write(t.Context(), cmd, func(c store.Opened) (store.Decision, error) {
			members := equality.Diff(c.Record, r)
			e := entry("write")
			e.Members = equality.MaskSensitive(members)
			return store.Decision{Effects: []store.Effect{store.PutRecord{Found: c, Record: r,
				Provenance: store.Provenance{Subject: "Zz-by-marker", Name: "Zz-name-marker", Reason: "update", Members: members}, Event: events.Updated}},
				Entry: e, Outcome: store.Outcome{Status: 200}}, nil
		})
		ok(t, err)
		_, err = f.read(r.ID)
		ok(t, err)
		search(fmt.Sprint("after write ", round))
	}
	markers = append(markers, "Zz-by-marker", "Zz-name-marker", "genderValue", "pregnancy")
	f.list()
	search("before closing")
	ok(t, f.Close())
	search("after closing")
	f.open()
	c, err := f.read(r.ID)
	ok(t, err)
	if c.Record.AgeGroup != r.AgeGroup {
		t.Error("the record is not read back")
	}
	search("after opening again")
	for _, name := range []string{DatabaseFile, DatabaseFile + "-wal", DatabaseFile + "-shm"} {
		if !seen[name] {
			t.Errorf("%s was not searched", name)
		}
	}
}

func TestTheLengthOfADocumentSaysLittle(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for round := range 3 {
		r, _ := marked(person(), round)
		ok(t, f.write(r))
		ok(t, f.write(person()))
	}
	const around = 1 + 12 + 16 // format, nonce and tag
	if n := f.db.value(t, fmt.Sprintf("SELECT count(*) FROM record WHERE (length(sealed) - %d) %% 256 <> 0", around)); n != 0 {
		t.Errorf("%d documents are not padded", n)
	}
}

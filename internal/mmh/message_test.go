package mmh_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/equality"
	"equality-information-api/internal/events"
	"equality-information-api/internal/mmh"
	"equality-information-api/internal/service"
	"equality-information-api/internal/store"
)

// change is what a message is made of.
type change struct {
	events.Event
	old *service.Shown
	now service.Shown
}

func (c change) message(codec *mmh.Codec, values bool) []byte {
	return codec.Message(c.Event, c.old, c.now, values)
}

// changed is a front end's change to a record.
func changed(t *testing.T, codec *mmh.Codec, patches ...string) change {
	t.Helper()
	created, err := codec.DecodeCreate([]byte(full), uuid.Nil, today)
	if err != nil {
		t.Fatal(err)
	}
	created.ID = uuid.MustParse("5d1b0f0e-4c27-4a5c-9a52-1f4bd1d2b001")
	c := change{
		Event: events.Event{
			ID: uuid.MustParse("01a20a04-9078-7cc4-be4a-63b234c435e3"), Type: events.Created, At: now.Add(1234 * time.Microsecond),
			Record: created.ID, Target: created.TargetID, CorrelationID: correlation,
		},
		now: service.Shown{Opened: store.Opened{Record: created, Provenance: store.Provenance{
			Subject: "a.officer@council.example", Name: "A \"Officer\"", Members: created.Members(),
		}}},
	}
	for _, body := range patches {
		patch, err := codec.DecodePatch([]byte(body), today)
		if err != nil {
			t.Fatal(err)
		}
		old := c.now
		c.now.Record = patch.Apply(old.Record)
		c.now.Provenance.Members = equality.Diff(old.Record, c.now.Record)
		c.old, c.Type, c.Version = &old, events.Updated, c.Version+1
	}
	return c
}

// Messages are compared with files, each of which was checked against what the listeners expect.
func TestMessagesAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, false)
	for name, change := range map[string]change{
		"created": changed(t, codec),
		"updated": changed(t, codec, `{"gender":{"genderValue":"f"},"disabled":"yes","languages":[],"ageGroup":"eightyFiveandPlus",
			"armedForces":"formerMemberOfTheArmedForces","nationalInsuranceNumber":"aa000000a",
			"economicSituation":{"economicSituationValue":"other","economicSituationValueIfOther":"<3"}}`),
	} {
		for form, values := range map[string]bool{"names": false, "full": true} {
			got := append(change.message(codec, values), '\n')
			file := filepath.Join("testdata", "messages", change.Type+"."+form+".json")
			if *update {
				if err := os.WriteFile(file, got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("%s, %s is\n%swant\n%s", name, form, got, want)
			}
		}
	}
}

type message struct {
	EventType string
	DateTime  string
	User      struct{ Name, Email string }
	EventData struct{ OldData, NewData map[string]any }
}

func decoded(t *testing.T, text []byte) (m message) {
	t.Helper()
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return m
}

func TestWhatOfAnUpdateIsNamed(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, false)
	other := `{"economicSituation":{"economicSituationValue":"other","economicSituationValueIfOther":"one"}}`
	for name, c := range map[string]struct {
		first, then string
		names, full string
	}{
		"the text beside a code": {other, strings.ReplaceAll(other, "one", "two"), "economicSituation", "economicSituation"},
		"gender":                 {"{}", `{"gender":null}`, "gender pregnancyOrMaternity", "gender"},
		"a pregnancy":            {"{}", `{"pregnancyOrMaternity":null}`, "gender pregnancyOrMaternity", "pregnancyOrMaternity"},
		"how a number is spelt":  {"{}", `{"nationalInsuranceNumber":"AA000000A"}`, "nationalInsuranceNumber", "nationalInsuranceNumber"},
		"two":                    {"{}", `{"disabled":null,"armedForces":""}`, "armedForces disabled", "armedForces disabled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := changed(t, codec, c.first, c.then)
			for values, want := range map[bool]string{false: c.names, true: c.full} {
				data := decoded(t, change.message(codec, values)).EventData
				for _, members := range []map[string]any{data.OldData, data.NewData} {
					if got := strings.Join(slices.Sorted(maps.Keys(members)), " "); got != want {
						t.Errorf("values %t: %s, want %s", values, got, want)
					}
				}
			}
		})
	}
}

// Members that only the main contract has belong to members of the front ends.
func TestATextOfTheOtherContractIsOfItsMember(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, false)
	change := changed(t, codec, `{"disabled":"yes"}`)
	text, code := equality.ParseText("large print please")
	if code != "" {
		t.Fatal(code)
	}
	old := change.now
	change.old, change.now.Record.CommunicationRequirementsIfOther = &old, text
	change.now.Provenance.Members = []string{"communicationRequirementsIfOther"}
	for _, values := range []bool{false, true} {
		data := decoded(t, change.message(codec, values)).EventData
		if got := slices.Collect(maps.Keys(data.NewData)); len(got) != 1 || got[0] != "communicationRequirements" {
			t.Errorf("named are %v", got)
		}
	}
}

func TestNoValueIsInAMessageOfNames(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, false)
	for _, change := range []change{changed(t, codec), changed(t, codec, `{"homeSituation":null,"gender":null,"languages":[]}`)} {
		data := decoded(t, change.message(codec, false)).EventData
		for _, members := range []map[string]any{data.OldData, data.NewData} {
			for name, value := range members {
				if value != nil && name != "id" && name != "targetId" {
					t.Errorf("%s is %v", name, value)
				}
			}
		}
	}
}

func TestEmailIsTheSubjectThatIsOne(t *testing.T) {
	t.Parallel()
	codec := newCodec(t, false)
	for subject, want := range map[string]string{
		"a.officer@council.example": "a.officer@council.example", "u1": "", "operator:root": "", "": "",
		"A <a@council.example>": "", "7": "", "a@council.example, b@council.example": "", "not@": "",
	} {
		change := changed(t, codec)
		change.now.Provenance = store.Provenance{Subject: subject}
		if user := decoded(t, change.message(codec, true)).User; user.Email != want || user.Name != "" {
			t.Errorf("%q is %+v", subject, user)
		}
	}
}

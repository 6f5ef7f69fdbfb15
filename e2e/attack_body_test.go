package e2e

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// scalars are the values in a body that a mutation replaces; members are the names.
var (
	scalars = regexp.MustCompile(`("[^"]*"|true|false)(,|\}|\])`)
	members = regexp.MustCompile(`"([A-Za-z]+)":`)
)

// full is a valid body with every member, in the form of a contract.
func full(target string, mmh bool) string {
	yes, date := "true", "2017-01-04"
	if mmh {
		yes, date = `"yes"`, "2017-01-04T00:00:00.000Z"
	}
	return fmt.Sprintf(`{"targetId":%[1]q,"ageGroup":"eightyFiveAndPlus","gender":{"genderValue":"o","genderValueIfOther":"%[4]s","genderDifferentToBirthSex":%[2]s},`+
		`"nationality":"british","ethnicity":{"ethnicGroupValue":"anyOtherEthnicGroup","ethnicGroupValueIfOther":"%[4]s"},"religionOrBelief":{"religionOrBeliefValue":"christian","religionOrBeliefValueIfOther":""},`+
		`"sexualOrientation":{"sexualOrientationValue":"other","sexualOrientationValueIfOther":"%[4]s"},"marriageOrCivilPartnership":{"married":%[2]s,"civilPartnership":%[2]s},`+
		`"pregnancyOrMaternity":[{"pregnancyDate":%[3]q,"pregnancyValidUntil":""}],"languages":[{"language":"english","isPrimary":true},{"language":"french","isPrimary":false}],`+
		`"caringResponsibilities":{"provideUnpaidCare":%[2]s,"hoursSpentProvidingUnpaidCare":"fiveToNineHours"},"disabled":"preferNotToSay","communicationRequirements":["largePrint","braille"],`+
		`"economicSituation":"other","economicSituationIfOther":"%[4]s","homeSituation":"other","homeSituationIfOther":"%[4]s","armedForces":"aFormerMemberOfTheArmedForces"}`,
		target, yes, date, marked)
}

// entry is a valid entry of the directory with every member.
func entry(person string) string {
	return fmt.Sprintf(`{"id":%q,"title":"Mrs","preferredTitle":"Mx","firstName":"%[2]s","middleName":"%[2]s a","surname":"%[2]s b",`+
		`"preferredFirstName":"%[2]s c","preferredMiddleName":null,"preferredSurname":"","dateOfBirth":"1985-02-28","dateOfDeath":"2020-02-29"}`, person, marked)
}

// bodyFor is a body for an operation about a person, valid once in a while. other is another
// person's id.
func (s source) bodyFor(template, person, other string) []byte {
	mmh := strings.HasPrefix(template, "/mmh")
	text, needed := full(person, mmh), fmt.Sprintf(`"targetId":%q,`, person)
	switch {
	case strings.HasSuffix(template, "/persons/{id}"):
		text, needed = entry(person), ""
	case strings.HasSuffix(template, "/persons/search"):
		text = fmt.Sprintf(`{"name":%s,"dateOfBirth":%s,"id":%q}`, quoted(pick(s, marked, "b", s.text(), s.long())), pick(s, `"1985"`, `"1985-02-28"`), person)
		needed = ""
	case strings.HasSuffix(template, "/merge"):
		text = fmt.Sprintf(pick(s, `{"into":%q,"dryRun":true}`, `{"into":%q,"versions":{"from":"bm9uZQ","into":"bm9uZQ"},"choices":{"gender":"from","surname":"into"},"dryRun":false}`), other)
		needed = fmt.Sprintf(`"into":%q,`, other)
	}
	if s.one(3) {
		names := members.FindAllStringSubmatch(text, -1)
		text = fmt.Sprintf(`{%s%s:%s}`, needed, quoted(names[s.IntN(len(names))][1]), s.value(3))
	}
	for range pick(s, 0, 0, 0, 1, 1, 2, 5) {
		text = s.mutated(text)
	}
	return []byte(text)
}

// mutated changes a body in one place.
func (s source) mutated(text string) string {
	if len(text) < 2 {
		return s.value(2)
	}
	at := s.IntN(len(text))
	return pick(s,
		func() string { // another value
			found := scalars.FindAllStringSubmatchIndex(text, -1)
			if len(found) == 0 {
				return s.value(2)
			}
			m := found[s.IntN(len(found))]
			return text[:m[2]] + s.value(2) + text[m[3]:]
		},
		func() string { // another name
			found := members.FindAllStringSubmatchIndex(text, -1)
			if len(found) == 0 {
				return text
			}
			m := found[s.IntN(len(found))]
			return text[:m[0]] + quoted(s.name()) + text[m[1]-1:]
		},
		func() string { // one member more: known or not, perhaps for the second time
			return strings.Replace(text, "{", "{"+quoted(pick(s, s.name(), "gender", "disabled", "targetId"))+":"+s.value(2)+",", 1)
		},
		func() string { // many members
			var b strings.Builder
			for i := range s.IntN(2000) {
				fmt.Fprintf(&b, `"%s %d":%s,`, marked, i, pick(s, "1", "null", "{}"))
			}
			return "{" + b.String() + text[1:]
		},
		func() string { return text[:at] },
		func() string {
			return text[:at] + pick(s, "\x00", "\xff", "\xc3", "\\", "\"", ",", "}", "]", marked) + text[at:]
		},
		func() string { return text[:at] + string(text[at]^byte(1<<s.IntN(8))) + text[at+1:] },
		func() string { return pick(s, "\ufeff", " ", "\xef\xbb", "[", "//"+marked+"\n", ")]}',\n") + text },
		func() string { return text + pick(s, " ", "\x00", text, "]", marked, strings.Repeat(" ", 70_000)) },
	)()
}

// squeezed is a body compressed once or twice, of which little may be much.
func (s source) squeezed(body []byte) []byte {
	if s.one(3) {
		body = bytes.Repeat([]byte(" "), 8<<20)
	}
	for range 1 + s.IntN(2) {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(body) // into memory
		_ = w.Close()
		body = b.Bytes()
	}
	return body
}

// person is the id of somebody in a request's path or query.
func (s source) person(known []string) string {
	id := known[s.IntN(len(known))]
	switch s.IntN(25) {
	case 0:
		return uuid.UUID{byte(s.IntN(256)), 1, 2, 3, 4, 5, 0x40, 7, 0x80}.String()
	case 1:
		return strings.ToUpper(id)
	case 2:
		return strings.ReplaceAll(id, "-", pick(s, "%2D", "%2d", "%252D", "", "%E2%80%90"))
	case 3:
		return s.small()
	case 4:
		return escaped(s, s.text())
	}
	return id
}

// escaped is a text as a part of a path or a query: percent-encoded, mostly.
func escaped(s source, text string) string {
	var b strings.Builder
	raw := s.one(6)
	for _, c := range []byte(text) {
		switch {
		case raw && c > ' ' && c < 0x7f && c != '#', c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

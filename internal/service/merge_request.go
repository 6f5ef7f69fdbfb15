package service

import (
	"encoding/binary"
	"slices"

	"github.com/google/uuid"

	"equality-information-api/internal/directory"
	"equality-information-api/internal/equality"
	"equality-information-api/internal/sealing"
	"equality-information-api/internal/store"
)

// side says whose value of a member stays when two people become one.
type side int

const (
	unchosen side = iota
	ofFrom
	ofInto
)

// merging is a request to merge a person into another, as it was sent.
type merging struct {
	from, into uuid.UUID
	versions   *versionsSent // nil if none were sent
	choices    *choicesSent  // likewise
	dryRun     bool
}

type versionsSent struct{ from, into string }

type choicesSent struct{ of map[string]side }

var mergingFields = []equality.Field[merging]{
	equality.TextField("into", func(m *merging, text string) string {
		id, err := equality.ParseID(text)
		switch {
		case err != nil:
			return equality.IDForm
		case id == uuid.Nil:
			return equality.IDZero
		}
		m.into = id
		return ""
	}),
	equality.ObjectField("versions", []equality.Field[versionsSent]{
		equality.TextField("from", func(v *versionsSent, text string) string { v.from = text; return "" }),
		equality.TextField("into", func(v *versionsSent, text string) string { v.into = text; return "" }),
	}, func(m *merging) *versionsSent { m.versions = new(versionsSent); return m.versions }),
	equality.ObjectField("choices", choiceFields(), func(m *merging) *choicesSent { m.choices = new(choicesSent); return m.choices }),
	equality.BooleanField("dryRun", func(m *merging, value bool) { m.dryRun = value }),
}

// mergeMembers are the members that two people may have differently.
var mergeMembers = append(equality.Members(), directory.MemberNames()...)

// choiceFields are a field for every one of mergeMembers.
func choiceFields() (fields []equality.Field[choicesSent]) {
	for _, name := range mergeMembers {
		fields = append(fields, equality.TextField(name, func(c *choicesSent, text string) string {
			chosen := slices.Index([]string{ofFrom: "from", ofInto: "into"}, text)
			if chosen < 0 {
				return equality.ChoiceForm
			}
			if c.of == nil {
				c.of = make(map[string]side)
			}
			c.of[name] = side(chosen)
			return ""
		}))
	}
	return fields
}

// decodeMerging reads the body of a merge, and opens its versions. The error is an
// *equality.InvalidError.
func decodeMerging(keys *sealing.Keyset, body []byte, from uuid.UUID) (m merging, moved peopleVersions, err error) {
	m.from = from
	failures, whole := equality.DecodeObject(body, mergingFields, &m)
	fail := func(pointer, code string) {
		if !slices.ContainsFunc(failures.Failures, func(f equality.Failure) bool { return f.Pointer == pointer }) {
			failures.Note(equality.Failure{Pointer: pointer, Code: code, Message: equality.Meaning(code)})
		}
	}
	if whole && m.into == uuid.Nil {
		fail("/into", equality.Required)
	}
	switch {
	case !whole:
	case m.versions == nil && !m.dryRun:
		fail("/versions", equality.Required)
	case m.versions != nil:
		for _, v := range []struct {
			pointer, token string
			person         uuid.UUID
			versions       *personVersions
		}{{"/versions/from", m.versions.from, m.from, &moved.from}, {"/versions/into", m.versions.into, m.into, &moved.into}} {
			switch versions, err := openVersions(keys, v.token, v.person); {
			case v.token == "":
				fail(v.pointer, equality.Required)
			case err != nil:
				fail(v.pointer, equality.VersionsForm)
			default:
				*v.versions = versions
			}
		}
	}
	if len(failures.Failures) > 0 {
		return merging{}, peopleVersions{}, &failures
	}
	return m, moved, nil
}

// personVersions are the versions of what is stored of a person; negative for what is not.
type personVersions struct{ record, entry int64 }

// peopleVersions are those of two people who may become one.
type peopleVersions struct{ from, into personVersions }

const noneStored = -1

func versionsOf(p store.Person) personVersions {
	v := personVersions{noneStored, noneStored}
	if p.Record.State == store.Present {
		v.record = p.Record.Version
	}
	if p.Entry.State == store.Present {
		v.entry = p.Entry.Version
	}
	return v
}

func versionsOfPerson(person uuid.UUID) []byte { return append([]byte("merge"), person[:]...) }

// seal makes a token of the versions that nobody can forge, or use for another person.
func (v personVersions) seal(keys *sealing.Keyset, person uuid.UUID) string {
	plain := binary.BigEndian.AppendUint64(nil, uint64(v.record))
	return keys.SealCursor(binary.BigEndian.AppendUint64(plain, uint64(v.entry)), versionsOfPerson(person))
}

func openVersions(keys *sealing.Keyset, token string, person uuid.UUID) (personVersions, error) {
	plain, err := keys.OpenCursor(token, versionsOfPerson(person))
	if err != nil || len(plain) != 16 {
		return personVersions{}, ErrBadCursor
	}
	return personVersions{int64(binary.BigEndian.Uint64(plain)), int64(binary.BigEndian.Uint64(plain[8:]))}, nil
}

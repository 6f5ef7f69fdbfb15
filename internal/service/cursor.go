package service

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"equality-information-api/internal/store"
)

// A cursor is sealed together with its query, so that nobody can forge or change it, or use
// it for another query.

func (q ListQuery) associated() []byte {
	return appendTimes([]byte("list"), q.ModifiedSince, q.ModifiedBefore)
}

func appendTimes(dst []byte, times ...time.Time) []byte {
	for _, t := range times {
		dst = binary.BigEndian.AppendUint64(dst, uint64(t.UnixMicro()))
	}
	return dst
}

func (s *Service) sealListCursor(q ListQuery, last store.Opened) string {
	return s.Keys.SealCursor(appendTimes(last.ID[:], last.Modified), q.associated())
}

func (s *Service) openListCursor(q ListQuery) (time.Time, uuid.UUID, error) {
	plain, err := s.Keys.OpenCursor(q.Cursor, q.associated())
	if err != nil || len(plain) != 24 {
		return time.Time{}, uuid.Nil, ErrBadCursor
	}
	return time.UnixMicro(int64(binary.BigEndian.Uint64(plain[16:]))).UTC(), uuid.UUID(plain[:16]), nil
}

var feedCursor = []byte("events")

func (s *Service) sealFeedCursor(epoch uuid.UUID, position int64) string {
	return s.Keys.SealCursor(binary.BigEndian.AppendUint64(epoch[:], uint64(position)), feedCursor)
}

func (s *Service) openFeedCursor(cursor string) (uuid.UUID, int64, error) {
	plain, err := s.Keys.OpenCursor(cursor, feedCursor)
	if err != nil || len(plain) != 24 {
		return uuid.Nil, 0, ErrBadCursor
	}
	return uuid.UUID(plain[:16]), int64(binary.BigEndian.Uint64(plain[16:])), nil
}

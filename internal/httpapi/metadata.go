package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"equality-information-api/internal/equality"
)

type membersDocument struct {
	Members []equality.Use `json:"members"`
}

// members answers GET /metadata/members.
func (a *API) members(c *call) error {
	uses := equality.Uses()
	version := sha256.Sum256(fmt.Append(nil, uses))
	return c.cacheable(hex.EncodeToString(version[:6]), membersDocument{uses})
}

package personapi

import "time"

// SetTimeout makes tests quick.
func (c *Client) SetTimeout(d time.Duration) { c.timeout = d }

// Decode is tested on its own for answers of all kinds.
var Decode = decode

// The limits that tests are about.
const (
	MaxBody        = maxBody
	MaxConnections = maxConnections
	Calm           = calm
)

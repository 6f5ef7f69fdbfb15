package httpapi

import (
	"net/http"

	"github.com/go-json-experiment/json"

	"equality-information-api/internal/gate"
)

// write sends a response.
func (c *call) write(status int, kind string, body []byte) { gate.Send(c.w, c.r, status, kind, body) }

// writePersonal encodes and sends a response that holds personal data.
func (c *call) writePersonal(document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return err
	}
	c.sendPersonal(body)
	return nil
}

// sendPersonal sends a JSON answer that holds personal data.
func (c *call) sendPersonal(body []byte) {
	c.w.Header().Set("Cache-Control", "no-store")
	c.write(http.StatusOK, "application/json", body)
}

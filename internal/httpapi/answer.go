package httpapi

import (
	"net/http"
	"strconv"

	"github.com/go-json-experiment/json"
)

// write sends an answer with its length, and without its body to HEAD.
func (c *call) write(status int, kind string, body []byte) {
	h := c.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	if c.r.Method != http.MethodHead {
		_, _ = c.w.Write(body) // the client is gone: there is nobody to tell
	}
}

// writePersonal sends an answer that holds personal data.
func (c *call) writePersonal(document any) error {
	body, err := json.Marshal(document)
	if err != nil {
		return err
	}
	c.w.Header().Set("Cache-Control", "no-store")
	c.write(http.StatusOK, "application/json", body)
	return nil
}

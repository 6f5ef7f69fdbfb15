package httpapi

// me is who is calling.
type me struct {
	Subject     string   `json:"subject"`
	Name        string   `json:"name,omitzero"`
	Kind        string   `json:"kind"`
	Roles       []string `json:"roles"`
	Permissions []string `json:"permissions"`
}

// me answers GET /me: whoever is refused can see what their token gives them.
func (a *API) me(c *call) error {
	if err := c.checked(); err != nil {
		return err
	}
	return c.writePersonal(me{
		Subject: c.Caller.Subject, Name: c.Caller.Name, Kind: string(c.Caller.Kind),
		Roles: c.Caller.Roles(), Permissions: c.Caller.Permissions(),
	})
}

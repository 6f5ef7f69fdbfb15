package httpapi

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"

	"github.com/swaggest/swgui/v5emb"

	"equality-information-api/api"
	"equality-information-api/internal/equality"
)

// The pages of the documentation. They load nothing from elsewhere.
var (
	//go:embed assets
	assetFiles embed.FS
	pages      = template.Must(template.ParseFS(assetFiles, "assets/*.html"))
	swagger    = v5emb.New("Equality Information API", "", "/docs/assets")
)

// pagePolicy allows a page to load only what this service serves.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

// contractYAML answers GET /openapi.yaml.
func (a *API) contractYAML(c *call) error { return c.document("application/yaml", api.YAML) }

// contractJSON answers GET /openapi.json.
func (a *API) contractJSON(c *call) error { return c.document("application/json", api.JSON()) }

// docs answers GET /docs: a page to read the contract and try it out.
func (a *API) docs(c *call) error { return c.page("docs.html", nil) }

// docsAsset answers GET /docs/assets/{file}: our own files, then Swagger UI's.
func (a *API) docsAsset(c *call) error {
	if err := c.checked(); err != nil {
		return err
	}
	name := c.r.PathValue("file")
	c.w.Header().Set("Cache-Control", "no-cache")
	if own, err := assetFiles.ReadFile("assets/" + name); err == nil && name == "docs.js" {
		c.write(http.StatusOK, "text/javascript; charset=utf-8", own)
		return nil
	}
	if name != "swagger-ui.css" && name != "swagger-ui-bundle.js" {
		return problem{Code: api.NotFound}
	}
	swagger.ServeHTTP(c.w, c.r)
	return nil
}

// docsProblem answers GET /docs/problems/{code}: the page that a problem's type links to.
func (a *API) docsProblem(c *call) error {
	described, ok := api.Problems[c.r.PathValue("code")]
	if !ok {
		return problem{Code: api.NotFound}
	}
	data := struct {
		api.Problem
		Codes []equality.FailureCode
	}{Problem: described}
	if described.Code == api.InvalidBody {
		data.Codes = equality.FailureCodes()
	}
	return c.page("problem.html", data)
}

func (c *call) document(kind string, body []byte) error {
	if err := c.checked(); err != nil {
		return err
	}
	c.w.Header().Set("Cache-Control", "no-cache")
	c.write(http.StatusOK, kind, body)
	return nil
}

// page sends a complete page, or nothing.
func (c *call) page(name string, data any) error {
	var buffer bytes.Buffer
	if err := pages.ExecuteTemplate(&buffer, name, data); err != nil {
		return err
	}
	c.w.Header().Set("Content-Security-Policy", pagePolicy)
	return c.document("text/html; charset=utf-8", buffer.Bytes())
}

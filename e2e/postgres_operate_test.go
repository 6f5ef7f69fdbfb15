package e2e

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"equality-information-api/internal/store/pgtest"
)

// migrate says what it did, and warns if no role of a server was named.
func TestPostgresMigrateSaysWhatItDid(t *testing.T) {
	t.Parallel()
	_, owner := emptyHome(t)
	for _, c := range []struct {
		args      []string
		out, errs string
	}{
		{nil, "The schema was made, at version ", "--app-role is missing"},
		{[]string{"--app-role", pgtest.App}, "The schema was up to date, at version ", ""},
		{[]string{"--app-role", pgtest.App}, `The role "` + pgtest.App + `" has the rights`, ""},
	} {
		out, errs, status := runCommand(t, append(append([]string{"migrate"}, c.args...), at(owner)...)...)
		if status != 0 || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) || c.errs == "" && errs != "" {
			t.Errorf("%v: status %d: %s%s", c.args, status, out, errs)
		}
	}
}

// The metrics say how the connections of both pools are used.
func TestPostgresPoolsHaveMetrics(t *testing.T) {
	t.Parallel()
	p := startIn(t, home(t))
	p.create(t, p.token(t, "officer"), "")
	r, err := http.Get("http://" + p.telemetry + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, metric := range []string{`_in_use_connections{pool="requests"} `, `_idle_connections{pool="requests"} `, `_max_connections{pool="requests"} 16`,
		`_waits_total{pool="requests"} `, `_max_connections{pool="scans"} 4`} {
		if !strings.Contains(string(text), "equality_postgres_pool"+metric) {
			t.Errorf("the metrics lack %s", metric)
		}
	}
}

package server

import (
	"net/http"
	"net/netip"
	"testing"
)

// FuzzForwarded checks that a client behind a proxy cannot choose its address: whatever it
// writes stands before what the proxy appends.
func FuzzForwarded(f *testing.F) {
	for _, s := range []string{"", "10.1.1.1", "unknown, 192.0.2.1", "[::1]:99999", "::ffff:10.0.0.1%eth0", ",,,", "10.1.1.1\x00"} {
		f.Add(s, s)
	}
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, sent, proto string) {
		r := &http.Request{RemoteAddr: "10.9.9.9:80", Header: http.Header{"X-Forwarded-For": {sent, "192.0.2.7"}, "X-Forwarded-Proto": {proto, "http"}}}
		if addr, relayed := trusted.client(r); addr.String() != "192.0.2.7" || !relayed {
			t.Errorf("%q: the client is %s", sent, addr)
		}
		if forwardedHTTPS(r.Header) {
			t.Errorf("%q hides that the request came without TLS", proto)
		}
		// Of whatever else is there, nothing may panic.
		r.Header = http.Header{"X-Forwarded-For": {sent}, "X-Forwarded-Proto": {proto}, "X-Correlation-Id": {sent}}
		trusted.client(r)
		forwardedHTTPS(r.Header)
		if id := correlationID(r.Header); len(sent) != 36 && id.String() == sent {
			t.Errorf("%q is taken for a UUID", sent)
		}
	})
}

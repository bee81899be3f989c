package subjects_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/resetlab/resetlab/harness/audit"
	"github.com/resetlab/resetlab/harness/audit/origins"
	"github.com/resetlab/resetlab/harness/audit/point"
	"github.com/resetlab/resetlab/harness/audit/subjects"
	"github.com/resetlab/resetlab/harness/audit/verdict"
)

func startHTTP2(t testing.TB) *origins.HTTP2 {
	t.Helper()
	origin, err := origins.StartHTTP2()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := origin.Close(); err != nil {
			t.Error(err)
		}
	})
	return origin
}

// netHTTP2 speaks HTTP/2 and nothing else.
func netHTTP2(config *tls.Config) *http.Client {
	var speaks http.Protocols
	speaks.SetHTTP2(config != nil)
	speaks.SetUnencryptedHTTP2(config == nil)
	return &http.Client{Transport: &http.Transport{Protocols: &speaks, TLSClientConfig: config}}
}

// TestNetHTTP2: a connection that ends during a request is no reason for
// net/http to repeat it, whatever the method.
func TestNetHTTP2(t *testing.T) {
	s := subjects.HTTP2("net/http", startHTTP2(t), func() *http.Client { return netHTTP2(nil) })
	report, err := audit.Run(t.Context(), s, audit.Options{Operations: point.Operations(), Limits: patient})
	if err != nil {
		t.Fatal(err)
	}
	hold(t, report, netHTTP2Rules)
}

var netHTTP2Rules = []rule{
	{"P4.idle/*/*/*", verdict.Unharmed},
	{"P4.race/goaway/*/*", verdict.Retried},                // unprocessed, says the server
	{"P4.race/rst-stream/once/*", verdict.Retried},         // REFUSED_STREAM says the same, and the connection lives on
	{"P4.race/rst-stream/always/*", verdict.Informational}, // it tries again after 1, 2, 4, 8, 16 s, longer than the audit
	{"P11/*/*/*", verdict.Unharmed},
	{"P1/*/*/*", ""}, // "client conn could not be established", if it notices while it sends its preface
	{"P3/*/*/*", ""},
	{"P2.finished/*/*/*", ""}, // a race with the request
	{"*/rst/*/*", ""},         // whether a write or a read takes the error of the RST is a race
	{"*/*/*/*", verdict.Surfaced},
}

// TestNetHTTP2OverTLS negotiates h2 with the bridge.
func TestNetHTTP2OverTLS(t *testing.T) {
	authority, err := audit.NewAuthority()
	if err != nil {
		t.Fatal(err)
	}
	s := subjects.HTTP2("net/http", startHTTP2(t), func() *http.Client {
		return netHTTP2(&tls.Config{RootCAs: authority.Pool()})
	})
	s.TLS = authority.Server("h2")
	report, err := audit.Run(t.Context(), s, audit.Options{Operations: []point.Operation{point.Write}, Limits: patient})
	if err != nil {
		t.Fatal(err)
	}
	hold(t, report, netHTTP2Rules)
}

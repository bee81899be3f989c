package harness

// TB is what [Start] needs of a test: *testing.T, *testing.B and what Ginkgo's
// GinkgoT returns have it.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(func())
}

// A TestProxy is a [Proxy] of a test: what is wrong fails the test.
type TestProxy struct {
	*Proxy
	t TB
}

// Start is [StartProxy] for a test: an error ends the test, and the end of the
// test closes the proxy and fails where [Proxy.Close] returns an error.
func Start(t TB, upstream string, options ...Option) *TestProxy {
	t.Helper()
	proxy, err := StartProxy(upstream, options...)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		t.Helper()
		if err := proxy.Close(); err != nil {
			t.Errorf("%v", err)
		}
	})
	return &TestProxy{proxy, t}
}

// Cut is [Proxy.Cut], whose error ends the test.
func (p *TestProxy) Cut(c Cut) *ArmedCut {
	p.t.Helper()
	armed, err := p.Proxy.Cut(c)
	if err != nil {
		p.t.Fatalf("%v", err)
	}
	return armed
}

// AddToxic is [Proxy.AddToxic], whose error ends the test.
func (p *TestProxy) AddToxic(t Toxic) *AddedToxic {
	p.t.Helper()
	added, err := p.Proxy.AddToxic(t)
	if err != nil {
		p.t.Fatalf("%v", err)
	}
	return added
}

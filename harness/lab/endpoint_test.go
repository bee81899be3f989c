package lab_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
)

func TestNewAt(t *testing.T) {
	ip := netip.IPv6Loopback()
	l, err := lab.NewAt(ip)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if l.IP() != ip || l.Host("server").Stack().IP() != ip {
		t.Errorf("the lab is at %v and its host at %v, want %v", l.IP(), l.Host("server").Stack().IP(), ip)
	}
	if _, err := lab.NewAt(netip.MustParseAddr("192.0.2.1")); err == nil || !strings.Contains(err.Error(), "192.0.2.1") {
		t.Errorf("got %v, want an address of the network refused", err)
	}
}

func TestEndpoints(t *testing.T) {
	l := newLab(t)
	server, err := lab.Serve(l.Host("server"), echo)
	if err != nil {
		t.Fatal(err)
	}
	through, err := l.Reach(server, lab.Proxied)
	if err != nil {
		t.Fatal(err)
	}
	stock, err := l.Reach(server, lab.Stock)
	if err != nil {
		t.Fatal(err)
	}
	c, err := l.Host("client").Dial(within(t), through)
	if err != nil {
		t.Fatal(err)
	}
	ask(t, c, "hello") // now the proxy has dialled
	c.Close()

	endpoints := l.Endpoints()
	for _, want := range []lab.Endpoint{
		{Host: "server", Address: server.Addr()},
		{Host: "proxy", Address: through, Proxy: true},
		{Host: "proxy", Address: stock, Proxy: true},
		{Host: "proxy", Address: (<-server.Outcomes()).Remote, Proxy: true},
	} {
		if !slices.Contains(endpoints, want) {
			t.Errorf("the endpoints are %+v, want among them %+v", endpoints, want)
		}
	}
}

// What a proxy dials is known although it is none of the lab's, and of the
// lab's own servers nothing is said twice.
func TestEndpointsBeyondAProxy(t *testing.T) {
	l, other := newLab(t), newLab(t)
	mine, err := lab.Serve(l.Host("server"), echo)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := lab.Serve(other.Host("server"), echo)
	if err != nil {
		t.Fatal(err)
	}
	for _, server := range []lab.Server{mine, theirs} {
		if _, err := l.Proxy(server); err != nil {
			t.Fatal(err)
		}
	}
	var got []lab.Endpoint
	for _, endpoint := range l.Endpoints() {
		if !endpoint.Proxy && endpoint.Host != "proxy" {
			got = append(got, endpoint)
		}
	}
	want := []lab.Endpoint{{Host: "server", Address: mine.Addr()}, {Address: theirs.Addr()}}
	if !slices.Equal(got, want) {
		t.Errorf("the endpoints beyond the proxy are %+v, want %+v", got, want)
	}
}

func TestJournalOutcomes(t *testing.T) {
	l := newLab(t)
	client, server := pair(t, l)
	write(client)
	read(server)
	server.Close()
	read(client)
	client.Close()

	var got []string
	for _, outcome := range l.Journal().Outcomes() {
		got = append(got, outcome.Host+" "+outcome.First())
	}
	if want := []string{"client read: finished", "server close: closed"}; !slices.Equal(got, want) {
		t.Errorf("the outcomes are %q, want %q", got, want)
	}
}

// Whoever watches the hosts that are added has them wait for it.
func TestEachAdded(t *testing.T) {
	l := newLab(t)
	var steps []string
	l.EachAdded(func(h *lab.Host) (ready func()) {
		steps = append(steps, "added "+h.Name())
		return func() { steps = append(steps, "waited") }
	})
	stack, err := lab.Loopback(l.IP())
	if err != nil {
		t.Fatal(err)
	}
	host, err := l.AddHost("server", stack)
	if err != nil {
		t.Fatal(err)
	}
	steps = append(steps, "listen")
	listener, err := host.Listen(within(t))
	if err != nil {
		t.Fatal(err)
	}
	listener.Close()
	if want := []string{"added server", "listen", "waited"}; !slices.Equal(steps, want) {
		t.Errorf("the steps were %q, want %q", steps, want)
	}
}

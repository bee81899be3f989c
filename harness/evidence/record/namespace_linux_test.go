package record_test

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// between runs in a private network: client, router, server.
func between(run func(t *testing.T, l *lab.Lab, client, router, server *netlab.Host)) func(*testing.T,
	*lab.Lab) {
	return func(t *testing.T, l *lab.Lab) {
		client, router, server, err := netlab.Triple(l)
		if errors.Is(err, netlab.ErrUnavailable) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		run(t, l, client, router, server)
	}
}

func TestSituationsInAPrivateNetwork(t *testing.T) {
	lanes := open(t)
	level := evidence.Observed
	for _, missing := range lanes.Missing() {
		if missing.Lane == evidence.Kernel { // that of the wire is that of the loopback
			level = evidence.Inferred
		}
	}
	for _, s := range situations {
		t.Run(s.name, func(t *testing.T) {
			r := recordRun(t, lanes, lanes.Address(), between(func(t *testing.T, l *lab.Lab, _, _,
				_ *netlab.Host) {
				s.run(t, l)
			}))
			s.check(t, r, level)
			sent := evidence.CounterDelta{Host: s.host, Name: "OutRsts", By: 1}
			if !slices.Contains(r.Counters, sent) {
				t.Errorf("the counters are %+v, want among them %+v", r.Counters, sent)
			}
		})
	}
}

// A firewall on the way answers for the server, with a RST that the server's
// TCP knows nothing of.
func TestARejectionIsADeviceBetween(t *testing.T) {
	for _, lanes := range []*capture.Lanes{open(t), open(t, evidence.Wire, evidence.Counters)} {
		r := recordRun(t, lanes, lanes.Address(), between(func(t *testing.T, l *lab.Lab, _, router, _ *netlab.Host) {
			listener, err := l.Host("server").Listen(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			c := dial(t, l, listener.Addr())
			defer c.Close()
			server, err := listener.Accept(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			if _, err := router.Block(netlab.Rule{Hook: netlab.Forward, Verdict: netlab.RejectReset}); err != nil {
				t.Fatal(err)
			}
			write(t, c, "a")
			reset(t, c)
		}))
		struck := map[string]bool{}
		for _, got := range r.Resets {
			if got.Sender != evidence.Between || got.Host != "" {
				t.Errorf("got %v, want a device between", &got)
				continue
			}
			struck[r.Events[got.Event].Packet.To] = true
		}
		if !struck["client"] {
			t.Errorf("no reset went to the client:\n%v", r)
		}
	}
}

// What a firewall drops at the sender's own output is meant to be sent, and is
// on no wire.
func TestARSTThatNeverLeft(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	r := recordRun(t, lanes, lanes.Address(), between(func(t *testing.T, l *lab.Lab, _, _, server *netlab.Host) {
		aborted := make(chan struct{})
		listener, err := l.Host("server").Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			defer close(aborted)
			if c, err := listener.Accept(t.Context()); err == nil {
				readByte(c)
				server.Block(netlab.Rule{Hook: netlab.Output, Verdict: netlab.Drop, Reset: true})
				c.Abort()
			}
		}()
		c := dial(t, l, listener.Addr())
		write(t, c, "a")
		<-aborted
		c.Close()
		listener.Close()
	}))
	i := slices.IndexFunc(r.Resets, func(reset evidence.Reset) bool { return reset.Event == -1 })
	if i < 0 {
		t.Fatalf("no reset is said to be missing on the wire:\n%v", r)
	}
	got := r.Resets[i]
	if got.Sender != evidence.Application || got.Host != "server" || !strings.Contains(got.Clue,
		"dropped on its way out") {
		t.Errorf("got %v, want the server's abort, dropped:\n%v", &got, r)
	}
	failed := evidence.CounterDelta{Host: "server", Name: "TCPAbortFailed", By: 1}
	if !slices.Contains(r.Counters, failed) {
		t.Errorf("the counters are %+v, want among them %+v", r.Counters, failed)
	}
}

// What the rest of the machine counts is none of a private network's.
func TestCountersOfOthersAreLeftOut(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Counters)
	r := recordRun(t, lanes, lanes.Address(), between(func(t *testing.T, l *lab.Lab, _, _, server *netlab.Host) {
		if c, err := l.Host("client").Dial(t.Context(), server.IP().String()+":1"); err == nil {
			c.Close()
			t.Error("somebody listens")
		}
		if c, err := net.Dial("tcp4", "127.0.0.1:1"); err == nil { // on the machine's loopback
			c.Close()
			t.Skip("somebody listens")
		}
	}))
	for _, d := range r.Counters {
		if d.Host == "" {
			t.Errorf("%s moved by %d: nobody of the run is there", d.Name, d.By)
		}
	}
	if !slices.Contains(r.Counters, evidence.CounterDelta{Host: "server", Name: "OutRsts", By: 1}) {
		t.Errorf("the counters are %+v, want the server's refusal among them", r.Counters)
	}
}

// What a firewall on the way drops leaves its sender and never arrives; all
// else does.
func TestASegmentThatWasDroppedOnTheWay(t *testing.T) {
	lanes := open(t)
	r := recordRun(t, lanes, lanes.Address(), between(func(t *testing.T, l *lab.Lab, _, router, _ *netlab.Host) {
		listener, err := l.Host("server").Listen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		c := dial(t, l, listener.Addr())
		defer c.Close()
		server, err := listener.Accept(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		outage, err := router.Block(netlab.Rule{Hook: netlab.Forward, Verdict: netlab.Drop})
		if err != nil {
			t.Skip(err)
		}
		write(t, c, "a")
		if err := outage.Lift(); err != nil {
			t.Fatal(err)
		}
		readByte(server) // it is sent again
	}))
	var data []bool // whether it was dropped
	for _, event := range r.Events {
		switch p := event.Packet; {
		case p == nil:
		case p.Len > 0:
			data = append(data, p.Dropped)
		case p.Dropped:
			t.Errorf("%v: want it to have arrived", &event)
		}
	}
	if len(data) < 2 || !data[0] || data[len(data)-1] {
		t.Errorf("dropped is %v, want the first of the data, and not the last:\n%v", data, r)
	}
	if !strings.Contains(r.String(), "len 1, dropped") {
		t.Errorf("nothing is said of it:\n%v", r)
	}
}

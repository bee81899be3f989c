package record_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

// Tracepoints are those of the whole machine and name no namespace. Of two
// networks that run at the same time with the same ports, each is told the
// reasons of its own RSTs and not those of the other.
func TestSimultaneousNetworksAreKeptApart(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	aborted, forged := samePorts(t, lanes), samePorts(t, lanes)

	aborted.end(t, func() { aborted.far.(*net.TCPConn).SetLinger(0); aborted.far.Close() })
	forged.end(t, func() {
		rst := netlab.Segment{Source: forged.data.Destination, Destination: forged.data.Source,
			Seq: forged.data.Ack, Flags: netlab.RST | netlab.ACK, Ack: forged.data.Next()}
		if err := forged.server.Forge(rst); err != nil {
			t.Error(err)
		}
	})

	for _, test := range []struct {
		network *talk
		sender  evidence.Sender
		reason  string
	}{{aborted, evidence.Application, "TCP_STATE"}, {forged, evidence.Between, ""}} {
		r, err := test.network.recorder.Stop()
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Resets) != 1 || r.Resets[0].Sender != test.sender || r.Resets[0].Reason != test.reason {
			t.Errorf("want one reset by %q for the reason %q:\n%v", test.sender, test.reason, r)
		}
	}
}

// A talk is a connection in a network of its own.
type talk struct {
	server    *netlab.Host
	recorder  *record.Recorder
	near, far net.Conn
	data      netlab.Segment // what the client has sent
}

// samePorts connects two hosts by ports that are always the same.
func samePorts(t *testing.T, lanes *capture.Lanes) *talk {
	t.Helper()
	const from, to = 40000, 8080
	l, err := lab.NewAt(lanes.Address())
	check(t, err)
	recorder, err := record.Start(l, t.Name(), record.Options{Lanes: lanes})
	check(t, err)
	t.Cleanup(func() { recorder.Stop() })
	client, server, err := netlab.Pair(l)
	if errors.Is(err, netlab.ErrUnavailable) {
		t.Skip(err)
	}
	check(t, err)
	t.Cleanup(func() { check(t, l.Close()) })
	k := &talk{server: server, recorder: recorder}
	listener, err := l.Host("server").ListenAt(t.Context(), to)
	check(t, err)
	defer listener.Close()
	tap, err := server.Tap()
	check(t, err)
	defer tap.Close()
	k.near, err = client.DialFrom(t.Context(), "tcp", netip.AddrPortFrom(client.IP(), from), listener.Addr())
	check(t, err)
	t.Cleanup(func() { k.near.Close() })
	k.far, err = listener.TCP().Accept()
	check(t, err)
	t.Cleanup(func() { k.far.Close() })
	k.say(t, tap)
	return k
}

// say has the client send a byte and the server acknowledge it.
func (k *talk) say(t *testing.T, tap *netlab.Tap) {
	t.Helper()
	_, err := io.WriteString(k.near, "a")
	check(t, err)
	_, err = io.ReadFull(k.far, make([]byte, 1))
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k.data, err = tap.Await(ctx, func(s netlab.Segment) bool { return len(s.Payload) > 0 })
	check(t, err)
	_, err = tap.Await(ctx, func(s netlab.Segment) bool { return s.Outgoing && s.Ack == k.data.Next() })
	check(t, err)
}

// end ends the connection, and returns when the client knows.
func (k *talk) end(t *testing.T, do func()) {
	t.Helper()
	do()
	if n, err := k.near.Read(make([]byte, 1)); err == nil {
		t.Fatalf("the client read %d bytes", n)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

package harness_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// The proxy has completed the client's handshake before it knows that nobody
// listens behind it: the client is reset, in whichever call comes first.
func TestARefusingUpstreamResetsTheClient(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	proxy := start(t, listener.Addr())
	listener.Close()
	for range 200 {
		if call, ending := firstFailure(proxy.Addr()); ending != harness.Reset {
			t.Errorf("%s: got %q, want a reset", call, ending)
		}
	}
	awaitIdle(t, proxy)
	for _, c := range proxy.Connections() {
		if c.EndedBy != harness.ByServer || c.With != harness.Refused || !c.Over {
			t.Errorf("the report says %+v, want it ended by the server with %q", c, harness.Refused)
		}
	}
}

// firstFailure dials, writes and reads, and returns the first call that failed.
func firstFailure(address string) (call string, ending harness.Ending) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return "dial", harness.EndingOf(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(bound))
	if _, err := conn.Write([]byte("request")); err != nil {
		return "write", harness.EndingOf(err)
	}
	_, ending = drain(conn)
	return "read", ending
}

func TestRefuseRefusesAndLeavesLiveConnectionsAlone(t *testing.T) {
	proxy, client, server := between(t)
	if err := proxy.Refuse(); err != nil {
		t.Fatal(err)
	}
	_, err := net.Dial("tcp", proxy.Addr())
	if got := harness.EndingOf(err); got != harness.Refused {
		t.Errorf("a new connection: %v, want connection refused", err)
	}
	send(t, client, 100)
	receive(t, server, 100)
	send(t, server, 100)
	receive(t, client, 100)
	if err := proxy.Refuse(); err != nil {
		t.Errorf("the second Refuse: %v, want nothing", err)
	}
	if got := proxy.Connections(); len(got) != 1 || got[0].Over {
		t.Errorf("the report says %+v, want the one connection open", got)
	}
}

func TestADialThatTakesTooLongResetsTheClient(t *testing.T) {
	upstream := hangingUpstream(t)
	proxy := start(t, upstream, harness.Options{DialTimeout: time.Millisecond})
	if call, ending := firstFailure(proxy.Addr()); ending != harness.Reset {
		t.Errorf("%s: got %q, want a reset", call, ending)
	}
	awaitIdle(t, proxy)
	if got := proxy.Connections()[0]; got.EndedBy != harness.ByServer || got.With != harness.GaveUp {
		t.Errorf("the report says %+v, want it ended by the server with %q", got, harness.GaveUp)
	}
}

func TestCloseEndsADialThatHangs(t *testing.T) {
	before := inventory()
	t.Run("dialling", func(t *testing.T) {
		dialling := make(chan struct{})
		proxy := start(t, hangingUpstream(t), harness.Options{
			DialTimeout: time.Hour,
			Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				close(dialling)
				return new(net.Dialer).DialContext(ctx, network, address)
			},
		})
		dial(t, proxy.Addr())
		<-dialling
		closeProxy(t, proxy)
		got := proxy.Connections()[0]
		if got.EndedBy != harness.ByProxy || got.With != harness.Closed || !got.Over {
			t.Errorf("the report says %+v, want it ended by the proxy's closing", got)
		}
	})
	expectInventory(t, before)
}

func TestACutNowEndsAConnectionWhoseDialHangs(t *testing.T) {
	for _, ending := range []harness.Ending{harness.Reset, harness.Finished, harness.Open} {
		t.Run(string(ending), func(t *testing.T) {
			proxy := start(t, hangingUpstream(t), harness.Options{DialTimeout: time.Hour})
			client := dial(t, proxy.Addr())
			send(t, client, 100) // nobody has read it when the cut strikes
			await(t, "the connection", func() bool { return len(proxy.Connections()) == 1 })
			if _, err := proxy.Cut(harness.Cut{Now: true, With: gives(ending)}); err != nil {
				t.Fatal(err)
			}
			if got := proxy.Cuts()[0]; !got.Struck || !got.Strikes[0].Drained || got.Strikes[0].At != 0 {
				t.Errorf("the report says %+v, want a drained strike at 0", got)
			}
			if ending == harness.Open {
				expectSilence(t, "the client", client)
				send(t, client, 100) // it is swallowed
				return
			}
			expectEnd(t, "the client", client, 0, ending)
			client.Close()
			awaitIdle(t, proxy)
		})
	}
}

func TestADialThatGivesNoTCPConnectionIsReportedByClose(t *testing.T) {
	for name, give := range map[string]func() net.Conn{
		"a pipe":  func() net.Conn { c, _ := net.Pipe(); return c },
		"nothing": func() net.Conn { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			proxy, err := harness.StartProxy("127.0.0.1:1", harness.Options{
				Dial: func(context.Context, string, string) (net.Conn, error) { return give(), nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			if call, ending := firstFailure(proxy.Addr()); ending != harness.Reset {
				t.Errorf("%s: got %q, want a reset", call, ending)
			}
			awaitIdle(t, proxy)
			expectError(t, proxy.Close(), "Dial … want *net.TCPConn")
		})
	}
}

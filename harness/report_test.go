package harness_test

import (
	"net"
	"reflect"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// Ends that never read get their RST after the DrainTimeout, and the report
// says how many of the bytes passed to them were thrown away.
func TestAStrikeReportsWhatItThrewAway(t *testing.T) {
	for _, way := range ways {
		t.Run("toward the "+string(way.watcher), func(t *testing.T) {
			proxy, client, server := between(t, harness.Options{DrainTimeout: time.Millisecond})
			far, near := byParty(way.actor, client, server)
			floodUntilFull(t, far)
			floodUntilFull(t, near)
			if _, err := proxy.Cut(harness.Cut{Now: true, Toward: way.watcher}); err != nil {
				t.Fatal(err)
			}
			strike, c := proxy.Cuts()[0].Strikes[0], proxy.Connections()[0]
			gotNear, _ := drain(near) // its flood has taken the error
			gotFar, _ := drain(far)
			if strike.Drained || c.Drained {
				t.Errorf("the report says %+v and %+v, want them not drained", strike, c)
			}
			if strike.At != passed(proxy, way.watcher) || strike.Undelivered != c.ToServer+c.ToClient-gotNear-gotFar {
				t.Errorf("%d and %d bytes came, the report says %+v and %+v", gotNear, gotFar, strike, c)
			}
		})
	}
}

// floodUntilFull floods until all buffers on the way are full; the flood goes
// on, until the connection ends.
func floodUntilFull(t *testing.T, conn *net.TCPConn) {
	t.Helper()
	flooded := make(chan struct{})
	go func() {
		defer close(flooded)
		flood(conn)
	}()
	awaitFullSendBuffer(t, conn, flooded)
}

// What one end sent before the other's RST is thrown away in the same manner.
func TestAConnectionReportsWhatAPassedRSTThrewAway(t *testing.T) {
	for _, way := range ways {
		t.Run("of the "+string(way.actor), func(t *testing.T) {
			proxy, client, server := between(t, harness.Options{DrainTimeout: time.Millisecond})
			acts, never := byParty(way.actor, client, server)
			if err := never.SetReadBuffer(4 << 10); err != nil {
				t.Fatal(err)
			}
			const n = 200_000 // more than the reader's buffer, less than the proxy's
			send(t, acts, n)
			await(t, "the bytes before the RST", func() bool { return passed(proxy, way.watcher) == n })
			abort(t, acts)
			awaitIdle(t, proxy)
			got, ending := drain(never)
			if c := proxy.Connections()[0]; c.Drained || ending != harness.Reset || got >= n {
				t.Errorf("%d bytes came and then %q, the report says %+v", got, ending, c)
			}
		})
	}
}

// Both directions stand still in a cut's report: what was read from either end
// and not passed on is withheld.
func TestAStrikeReportsWhatItWithheldOfTheOtherDirection(t *testing.T) {
	oneAnHour := harness.Toxic{
		Type: "slicer", Toward: harness.Server,
		Attributes: attributes{"average_size": 1, "delay": 3_600_000_000},
	}
	proxy, client, server := between(t, oneAnHour, harness.Cut{Toward: harness.Client, After: 3})
	send(t, client, 70)
	receive(t, server, 1) // so the proxy has the other 69
	send(t, server, 10)
	expectEnd(t, "the client", client, 3, harness.Reset)
	expectEnd(t, "the server", server, 0, harness.Reset)
	want := harness.Strike{Connection: 1, At: 3, Withheld: 7, WithheldOpposite: 69, Drained: true}
	if got := proxy.Cuts()[0].Strikes[0]; got != want {
		t.Errorf("the report says %+v, want %+v", got, want)
	}
	awaitIdle(t, proxy)
	got := proxy.Connections()[0]
	if got.ToServer != 1 || got.ToClient != 3 || len(got.Toxics) != 1 || got.Toxics[0] != "slicer" {
		t.Errorf("the report says %+v, want 1 byte, 3 bytes and the toxic", got)
	}
}

func TestConnectionsAreReportedByNumber(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	proxy := start(t, listener.Addr())
	first, _ := dial(t, proxy.Addr()), accept(t, listener)
	second, server := dial(t, proxy.Addr()), accept(t, listener)
	send(t, second, 5)
	receive(t, server, 5)
	abort(t, second)
	await(t, "the end of the second", func() bool { return proxy.Connections()[1].Over })
	got := proxy.Connections()
	want := harness.ConnectionReport{
		Number: 2, Client: second.LocalAddr().String(), ToServer: 5,
		EndedBy: harness.ByClient, With: harness.Reset, Over: true, Drained: true,
	}
	open := harness.ConnectionReport{Number: 1, Client: first.LocalAddr().String(), Drained: true}
	if len(got) != 2 || !reflect.DeepEqual(got[0], open) {
		t.Fatalf("the report says %+v, want %+v", got, open)
	}
	if !reflect.DeepEqual(got[1], want) {
		t.Errorf("the report says %+v, want %+v", got[1], want)
	}
	closeProxy(t, proxy)
	if c := proxy.Connections()[0]; c.EndedBy != harness.ByProxy || c.With != harness.Closed || !c.Over {
		t.Errorf("the report says %+v, want it ended by the proxy's closing", c)
	}
}

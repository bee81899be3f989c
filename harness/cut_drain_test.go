package harness_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// A receive buffer that is made smaller than the window that it has offered
// drops what comes: it was sent and has not arrived. The RST must not follow.
func TestACutIsExactWhereTheReceiveBufferDrops(t *testing.T) {
	for _, way := range ways {
		t.Run("toward the "+string(way.watcher), func(t *testing.T) {
			const after = 40_000
			_, client, server := between(t,
				harness.Cut{Toward: way.watcher, After: after}, harness.Options{DrainTimeout: bound})
			sends, reads := byParty(way.actor, client, server)
			if err := reads.SetReadBuffer(2 << 10); err != nil {
				t.Fatal(err)
			}
			go flood(sends)
			expectEnd(t, "the reader", reads, after, harness.Reset)
		})
	}
}

// An end that closes its half while its last bytes drain still gets the RST
// behind them.
func TestAFINWhileACutDrainsDoesNotSpareTheRST(t *testing.T) {
	for _, way := range ways {
		t.Run("toward the "+string(way.watcher), func(t *testing.T) {
			const after = 500_000 // more than a receive buffer, less than a send buffer
			listener := listen(t, "127.0.0.1:0")
			proxy := start(t, listener.Addr(),
				harness.Cut{Toward: way.watcher, After: after, On: harness.Nth(1)},
				harness.Options{DrainTimeout: bound})
			client := dial(t, proxy.Addr())
			sends, reads := byParty(way.actor, client, accept(t, listener))
			go flood(sends)
			await(t, "the strike", func() bool { return proxy.Cuts()[0].Struck })
			if err := reads.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			for range 20 { // what follows on other connections is behind the FIN
				client := dial(t, proxy.Addr())
				server := accept(t, listener)
				send(t, client, 1)
				receive(t, server, 1)
			}
			expectEnd(t, "the end that closed its half", reads, after, harness.Reset)
		})
	}
}

// A cut that strikes now stops a write in its middle: what had passed is
// delivered, to the byte that the report names.
func TestACutNowIsExactInTheMiddleOfAStream(t *testing.T) {
	for _, way := range ways {
		for _, with := range []harness.Ending{harness.Reset, harness.Finished} {
			t.Run(string(with)+" toward the "+string(way.watcher), func(t *testing.T) {
				for range rounds(3, 200) {
					proxy, client, server := between(t)
					sends, reads := byParty(way.actor, client, server)
					floodUntilFull(t, sends) // so the proxy is in the middle of a write
					struck := make(chan error, 1)
					go func() {
						_, err := proxy.Cut(harness.Cut{Now: true, Toward: way.watcher, With: gives(with)})
						struck <- err
					}()
					n, ending := drain(reads)
					if err := <-struck; err != nil {
						t.Fatal(err)
					}
					if at := proxy.Cuts()[0].Strikes[0].At; n != at || ending != with {
						t.Errorf("got %d bytes and then %q, the report says %d", n, ending, at)
					}
					closeProxy(t, proxy)
				}
			})
		}
	}
}

// A chain of toxics is taken out from its end: otherwise the slow one behind
// would have to take what the one before it lets go.
func TestCloseEmptiesAChainOfToxics(t *testing.T) {
	anHour := toxic("latency", attributes{"latency": time.Hour.Milliseconds()})
	proxy, _, server := between(t, anHour, toxic("bandwidth", attributes{"rate": 1}), anHour)
	floodUntilFull(t, server)
	closeProxy(t, proxy)
}

// An end that resets takes nothing more: the cut need not wait for it.
func TestARSTWhileACutDrainsEndsTheWait(t *testing.T) {
	for _, way := range ways {
		t.Run("of the "+string(way.watcher), func(t *testing.T) {
			proxy, client, server := between(t,
				harness.Cut{Toward: way.watcher, After: 500_000}, harness.Options{DrainTimeout: time.Hour})
			sends, never := byParty(way.actor, client, server)
			flood(sends) // until the RST, which does not wait for the other end
			if got := proxy.Cuts()[0].Strikes[0]; got.Drained {
				t.Errorf("the report says %+v while the other end has not got its bytes", got)
			}
			abort(t, never)
			awaitIdle(t, proxy)
			if got := proxy.Cuts()[0].Strikes[0]; got.At != 500_000 || got.Drained || got.Undelivered == 0 {
				t.Errorf("the report says %+v, want bytes that were not delivered", got)
			}
		})
	}
}

// What is to be done before a RST is done between the last byte and the RST: the
// client has all, and no RST until it is.
func TestBeforeAReset(t *testing.T) {
	called, release := make(chan [2]netip.AddrPort, 1), make(chan struct{})
	proxy, client, server := between(t, harness.Cut{Toward: harness.Client, After: 20}, harness.Options{
		BeforeReset: func(_ context.Context, connection int, client, proxy netip.AddrPort) {
			if connection != 1 {
				t.Errorf("it was told of connection %d, want 1", connection)
			}
			called <- [2]netip.AddrPort{client, proxy}
			<-release
		},
	})
	send(t, server, 50)
	receive(t, client, 20)
	var at [2]netip.AddrPort
	select {
	case at = <-called:
	case <-time.After(bound):
		t.Fatal("nothing was done before the RST")
	}
	if at[0].String() != client.LocalAddr().String() || at[1].String() != proxy.Addr() {
		t.Errorf("it was told of %v, want %s and %s", at, client.LocalAddr(), proxy.Addr())
	}
	expectSilence(t, "the client", client)
	close(release)
	expectEnd(t, "the client", client, 0, harness.Reset)
	awaitIdle(t, proxy)
}

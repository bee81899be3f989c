package harness_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// cutEndings are all that a cut can give.
var cutEndings = []harness.Ending{harness.Reset, harness.Finished, harness.BrokenPipe, harness.Open}

// TestACutGivesEachEndItsEnding strikes in the middle of a write, and when the
// connection is idle, with every pair of endings in both directions.
func TestACutGivesEachEndItsEnding(t *testing.T) {
	for _, way := range ways {
		for _, with := range cutEndings {
			for _, opposite := range cutEndings {
				name := fmt.Sprintf("toward the %s %s, opposite %s", way.watcher, with, opposite)
				cut := harness.Cut{Toward: way.watcher, After: 10, With: gives(with), Opposite: gives(opposite)}
				t.Run(name, func(t *testing.T) {
					proxy, client, server := between(t, cut)
					far, near := byParty(way.actor, client, server)
					send(t, far, 15)
					receive(t, near, 10)
					expectEnding(t, "the end before the cut", near, with)
					expectEnding(t, "the end behind it", far, opposite)
					expectStrike(t, proxy, cut, harness.Strike{Connection: 1, At: 10, Withheld: 5})
					expectOver(t, proxy, with, opposite, near, far)
				})
				t.Run("now "+name, func(t *testing.T) {
					proxy, client, server := between(t)
					far, near := byParty(way.actor, client, server)
					send(t, far, 10)
					receive(t, near, 10)
					cut := harness.Cut{Toward: way.watcher, Now: true, With: gives(with), Opposite: gives(opposite)}
					if _, err := proxy.Cut(cut); err != nil {
						t.Fatal(err)
					}
					expectStrike(t, proxy, cut, harness.Strike{Connection: 1, At: 10})
					expectEnding(t, "the end before the cut", near, with)
					expectEnding(t, "the end behind it", far, opposite)
					expectOver(t, proxy, with, opposite, near, far)
				})
			}
		}
	}
}

// expectEnding says that an end sees an ending, and that where the connection
// still stands for it, what it sends is swallowed without an answer, or draws
// a RST if the ending is a broken pipe.
func expectEnding(t *testing.T, who string, conn *net.TCPConn, ending harness.Ending) {
	t.Helper()
	if ending == harness.Open {
		expectSilence(t, who, conn)
	} else if ending == harness.BrokenPipe {
		expectEnd(t, who, conn, 0, harness.Finished)
		expectBrokenPipe(t, who, conn)
		return
	} else {
		expectEnd(t, who, conn, 0, ending)
	}
	if ending == harness.Reset {
		return
	}
	for range 3 {
		send(t, conn, 100_000) // a refused one would fail at the second write
	}
	if ending == harness.Open {
		expectSilence(t, who, conn)
	}
}

// expectBrokenPipe says that what an end writes draws a RST, behind which its
// writes fail. The kernel that sends it may still be in the call that sent the FIN
// (tcp_shutdown), and looks at what came meanwhile (the backlog) at its end.
func expectBrokenPipe(t *testing.T, who string, conn *net.TCPConn) {
	t.Helper()
	send(t, conn, 1)
	var failed error
	await(t, "the RST to "+who, func() bool {
		_, failed = conn.Write([]byte{1})
		return failed != nil
	})
	if harness.EndingOf(failed) != harness.BrokenPipe {
		t.Errorf("%s: a write behind the RST: %v, want a broken pipe", who, failed)
	}
}

// TestAHalfCut ends the direction toward the client, and the other goes on.
func TestAHalfCut(t *testing.T) {
	cut := harness.Cut{Toward: harness.Client, After: 10, Half: true}
	proxy, client, server := between(t, cut)
	send(t, server, 15)
	receive(t, client, 10)
	expectEnd(t, "the client", client, 0, harness.Finished)
	send(t, client, 100)
	receive(t, server, 100)
	send(t, server, 100) // thrown away, and no error
	client.Close()
	expectEnd(t, "the server", server, 0, harness.Finished)
	server.Close()
	awaitIdle(t, proxy)
	got := proxy.Cuts()[0]
	want := harness.Strike{Connection: 1, At: 10, Withheld: 5, Drained: true}
	if len(got.Strikes) != 1 || got.Strikes[0] != want {
		t.Errorf("the report says %+v, want %+v", got, want)
	}
}

// expectStrike waits until the one strike of the one cut is done, and compares.
func expectStrike(t *testing.T, proxy *harness.Proxy, cut harness.Cut, want harness.Strike) {
	t.Helper()
	want.Drained = true
	await(t, "a strike that is done", func() bool {
		strikes := proxy.Cuts()[0].Strikes
		return len(strikes) > 0 && strikes[0].Drained
	})
	got := proxy.Cuts()
	if len(got) != 1 || got[0].Cut != cut || !got[0].Struck ||
		len(got[0].Strikes) != 1 || got[0].Strikes[0] != want {
		t.Errorf("the report says %+v, want %v struck once: %+v", got, cut, want)
	}
	if c := proxy.Connections()[0]; c.EndedBy != harness.ByCut || c.Number != 1 || !c.Drained {
		t.Errorf("the report says %+v, want it ended by the cut", c)
	}
}

// expectOver says that the connection is over when both ends have left, unless
// one was given silence: its socket stays until the proxy is closed.
func expectOver(t *testing.T, proxy *harness.Proxy, with, opposite harness.Ending, ends ...*net.TCPConn) {
	t.Helper()
	if got := proxy.Connections()[0].With; got != with {
		t.Errorf("it ended with %q, want %q", got, with)
	}
	for _, end := range ends {
		end.Close()
	}
	if with != harness.Open && opposite != harness.Open {
		awaitIdle(t, proxy)
		return
	}
	if c := proxy.Connections()[0]; c.Over {
		t.Errorf("the report says %+v, want it open for the end that got silence", c)
	}
	closeProxy(t, proxy)
	if c := proxy.Connections()[0]; !c.Over || c.EndedBy != harness.ByCut {
		t.Errorf("when the proxy is closed the report says %+v, want it over by the cut", c)
	}
}

// TestAHeldCut withholds the ending, and what comes meanwhile. Closing the
// proxy ends the silence.
func TestAHeldCut(t *testing.T) {
	for _, hold := range []time.Duration{20 * time.Millisecond, time.Hour} {
		cut := harness.Cut{Toward: harness.Client, After: 10, Hold: hold}
		proxy, client, server := between(t, cut)
		send(t, server, 15)
		receive(t, client, 10)
		if hold == time.Hour {
			expectSilence(t, "the client", client)
			send(t, client, 10)
			expectSilence(t, "the server", server)
			closeProxy(t, proxy)
		}
		expectEnd(t, "the client", client, 0, harness.Reset)
		expectEnd(t, "the server", server, 0, harness.Reset)
		expectStrike(t, proxy, cut, harness.Strike{Connection: 1, At: 10, Withheld: 5})
	}
}

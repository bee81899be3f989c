package harness_test

import (
	"fmt"
	"net"
	"runtime"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// ways are both directions of a connection: one end acts, the other sees it.
var ways = []struct {
	actor, watcher harness.End
}{
	{harness.Client, harness.Server},
	{harness.Server, harness.Client},
}

// A reading is a way, and how the proxy reads what its client sends.
type reading struct {
	actor, watcher harness.End
	options        harness.Options
}

func (r reading) String() string {
	if r.options.Unread {
		return string(r.actor) + ", read one byte behind"
	}
	return string(r.actor)
}

// readings are the ways in each manner of reading that the system has.
func readings() (list []reading) {
	for _, way := range ways {
		list = append(list, reading{way.actor, way.watcher, harness.Options{}})
		if runtime.GOOS == "linux" {
			list = append(list, reading{way.actor, way.watcher, harness.Options{Unread: true}})
		}
	}
	return list
}

// byParty gives the two ends in the order of ways.
func byParty(actor harness.End, client, server *net.TCPConn) (acts, watches *net.TCPConn) {
	if actor == harness.Client {
		return client, server
	}
	return server, client
}

func TestAFINStaysAFIN(t *testing.T) {
	for _, way := range readings() {
		t.Run("of the "+way.String(), func(t *testing.T) {
			proxy, client, server := between(t, way.options)
			acts, watches := byParty(way.actor, client, server)
			send(t, acts, 100)
			acts.Close()
			expectEnd(t, "the other end", watches, 100, harness.Finished)
			watches.Close()
			awaitIdle(t, proxy)
			expectEnded(t, proxy, way.actor, harness.Finished)
		})
	}
}

// An end that has said all it has to say still hears the answer: RFC 9293,
// section 3.6, "the local user initiates the close".
func TestAHalfCloseStaysAHalfClose(t *testing.T) {
	for _, way := range readings() {
		t.Run("of the "+way.String(), func(t *testing.T) {
			proxy, client, server := between(t, way.options)
			acts, watches := byParty(way.actor, client, server)
			send(t, acts, 100)
			if err := acts.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			expectEnd(t, "the other end", watches, 100, harness.Finished)
			for range 3 { // the answer comes behind the FIN, in several writes
				send(t, watches, 100)
				receive(t, acts, 100)
			}
			watches.Close()
			expectEnd(t, "the end that closed first", acts, 0, harness.Finished)
			awaitIdle(t, proxy)
			expectEnded(t, proxy, way.actor, harness.Finished)
		})
	}
}

func TestARSTStaysARST(t *testing.T) {
	for _, way := range readings() {
		for _, n := range []int{0, 1, 100, 60_000} {
			t.Run(fmt.Sprintf("of the %v behind %d bytes", way, n), func(t *testing.T) {
				proxy, client, server := between(t, way.options)
				acts, watches := byParty(way.actor, client, server)
				if n > 0 {
					send(t, acts, n)
				}
				// What has not left the sender dies with its RST: let it leave.
				await(t, "the bytes before the RST", func() bool { return passed(proxy, way.watcher) == int64(n) })
				abort(t, acts)
				expectEnd(t, "the other end", watches, int64(n), harness.Reset)
				awaitIdle(t, proxy)
				expectEnded(t, proxy, way.actor, harness.Reset)
			})
		}
	}
}

func TestARSTBehindAFINStaysOne(t *testing.T) {
	for _, way := range readings() {
		t.Run("of the "+way.String(), func(t *testing.T) {
			proxy, client, server := between(t, way.options)
			acts, watches := byParty(way.actor, client, server)
			send(t, acts, 100)
			if err := acts.CloseWrite(); err != nil {
				t.Fatal(err)
			}
			expectEnd(t, "the other end", watches, 100, harness.Finished)
			abort(t, acts)
			awaitIdle(t, proxy) // nobody has written or closed: it is the RST that ends it
			// A socket that got a RST behind a FIN fails with EPIPE, not
			// ECONNRESET, from the first write on (net/ipv4/tcp_input.c, tcp_reset).
			_, err := watches.Write([]byte("x"))
			if got := harness.EndingOf(err); got != harness.BrokenPipe {
				t.Errorf("the first write behind it: %v, want broken pipe", err)
			}
			expectEnded(t, proxy, way.actor, harness.Finished)
		})
	}
}

// Both may be there before the proxy reads either.
func TestARSTRightBehindAFINDoesNotHideIt(t *testing.T) {
	for _, way := range readings() {
		t.Run("of the "+way.String(), func(t *testing.T) {
			listener := listen(t, "127.0.0.1:0")
			proxy := start(t, listener.Addr(), way.options)
			for range 100 {
				client := dial(t, proxy.Addr())
				acts, watches := byParty(way.actor, client, accept(t, listener))
				send(t, watches, 1) // a RST that overtakes the dial would be the dial's error
				receive(t, acts, 1)
				send(t, acts, 100)
				acts.CloseWrite()
				abort(t, acts)
				expectEnd(t, "the other end", watches, 100, harness.Finished)
				awaitIdle(t, proxy)
				_, err := watches.Write([]byte("x"))
				if got := harness.EndingOf(err); got != harness.BrokenPipe {
					t.Errorf("the first write behind it: %v, want broken pipe", err)
				}
			}
		})
	}
}

// A socket hands its error out once. Here the proxy's write takes it, because
// its reader is stuck behind an end that does not read; then that reader sees
// an end of the stream that must not pass for a FIN.
func TestARSTThatAWriteTookStaysARST(t *testing.T) {
	for _, way := range readings() {
		t.Run("of the "+way.String(), func(t *testing.T) {
			proxy, client, server := between(t, way.options)
			acts, watches := byParty(way.actor, client, server)
			flooded := make(chan struct{})
			go func() {
				defer close(flooded)
				flood(acts)
			}()
			await(t, "a flood", func() bool { return passed(proxy, way.watcher) > 1<<20 })
			awaitFullSendBuffer(t, acts, flooded)
			abort(t, acts)
			<-flooded
			for done := false; !done; { // until the proxy has noticed
				if _, err := watches.Write([]byte("x")); err != nil {
					t.Fatal(err)
				}
				done = proxy.Connections()[0].EndedBy != ""
			}
			n, ending := drain(watches)
			if n < 1<<20 || ending != harness.Reset {
				t.Errorf("got %d bytes and then %q, want all that was passed and a reset", n, ending)
			}
			awaitIdle(t, proxy)
			expectEnded(t, proxy, way.actor, harness.Reset)
		})
	}
}

func TestIPv6(t *testing.T) {
	listener := listenOrSkip(t, "[::1]:0")
	proxy := start(t, listener.Addr())
	client := dial(t, proxy.Addr())
	server := accept(t, listener)
	send(t, client, 100)
	receive(t, server, 100)
	send(t, server, 50)
	receive(t, client, 50)
	abort(t, server)
	expectEnd(t, "the client", client, 0, harness.Reset)
	awaitIdle(t, proxy)
	if got := proxy.Connections()[0]; got.ToServer != 100 || got.ToClient != 50 || got.With != harness.Reset {
		t.Errorf("the report says %+v", got)
	}
	if _, err := proxy.Cut(harness.Cut{Toward: harness.Client, After: 200_000}); err != nil {
		t.Fatal(err)
	}
	client = dial(t, proxy.Addr())
	go flood(accept(t, listener))
	expectEnd(t, "the client", client, 200_000, harness.Reset)
}

// passed is how many bytes the proxy has passed to one end of its first
// connection.
func passed(proxy *harness.Proxy, toward harness.End) int64 {
	c := proxy.Connections()[0]
	if toward == harness.Client {
		return c.ToClient
	}
	return c.ToServer
}

// expectEnded compares what is reported about the first connection's end.
func expectEnded(t testing.TB, proxy *harness.Proxy, by harness.End, with harness.Ending) {
	t.Helper()
	got := proxy.Connections()[0]
	if got.EndedBy != harness.Party(by) || got.With != with || !got.Over || !got.Drained {
		t.Errorf("the report says %+v, want it ended by the %s with %q, over and drained", got, by, with)
	}
}

package harness_test

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"testing"

	"github.com/resetlab/resetlab/harness"
)

// rounds is how often a statement is tried: all of it where RESETLAB_FULL is
// set, as by "make stress".
func rounds(usual, full int) int {
	if os.Getenv("RESETLAB_FULL") == "1" {
		return full
	}
	return usual
}

// readers are the ways in which an end takes the bytes before a cut. Each
// returns how many came, and the ending.
var readers = []struct {
	name string
	read func(t *testing.T, conn *net.TCPConn, stuck func() bool) (int64, harness.Ending)
}{
	{"eager", func(_ *testing.T, conn *net.TCPConn, _ func() bool) (int64, harness.Ending) {
		return drain(conn)
	}},
	{"late", func(t *testing.T, conn *net.TCPConn, stuck func() bool) (int64, harness.Ending) {
		await(t, "a cut that struck, or full buffers", stuck)
		return drain(conn)
	}},
	{"slow", func(_ *testing.T, conn *net.TCPConn, _ func() bool) (n int64, _ harness.Ending) {
		conn.SetReadBuffer(32 << 10)
		for buffer := make([]byte, 4<<10); ; runtime.Gosched() {
			got, err := conn.Read(buffer)
			n += int64(got)
			if err != nil {
				return n, harness.EndingOf(err)
			}
		}
	}},
}

// TestACutIsExact ends connections in the middle of a stream: the end before
// it gets every byte up to the cut and none beyond, however it reads.
func TestACutIsExact(t *testing.T) {
	for _, way := range ways {
		for _, after := range []int64{0, 1, 100, 65_536, 1_000_000} {
			for _, reader := range readers {
				t.Run(fmt.Sprintf("%d bytes toward a %s %s", after, reader.name, way.watcher), func(t *testing.T) {
					listener := listen(t, "127.0.0.1:0")
					proxy := start(t, listener.Addr(), harness.Cut{Toward: way.watcher, After: after})
					for number := range rounds(20, 1000) {
						client := dial(t, proxy.Addr())
						sends, reads := byParty(way.actor, client, accept(t, listener))
						flooded := make(chan struct{})
						go func() {
							defer close(flooded)
							flood(sends)
						}()
						n, ending := reader.read(t, reads, func() bool { return stuck(proxy, number, way.watcher) })
						if n != after || ending != harness.Reset {
							t.Errorf("round %d: got %d bytes and then %q, want %d and a reset", number, n, ending, after)
						}
						reads.Close()
						<-flooded
						sends.Close()
						awaitIdle(t, proxy)
					}
					expectStrikes(t, proxy, after)
				})
			}
		}
	}
}

// stuck says that the connection has been struck or, where the cut may lie
// behind more bytes than all buffers take, that they have begun to fill.
func stuck(proxy *harness.Proxy, number int, toward harness.End) bool {
	if len(proxy.Cuts()[0].Strikes) > number {
		return true
	}
	c := proxy.Connections()[number]
	return max(c.ToClient, c.ToServer) > 100_000
}

// expectStrikes says that every connection was struck once, at the same byte,
// and nothing of what was passed got lost.
func expectStrikes(t *testing.T, proxy *harness.Proxy, at int64) {
	t.Helper()
	strikes := proxy.Cuts()[0].Strikes
	if connections := proxy.Connections(); len(strikes) != len(connections) {
		t.Errorf("%d connections and %d strikes", len(connections), len(strikes))
	}
	for _, s := range strikes {
		if s.At != at || !s.Drained || s.Undelivered != 0 || (at == 0 && s.Withheld == 0) {
			t.Errorf("the report says %+v, want a drained strike at %d", s, at)
		}
	}
}

package harness_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// TestACutIsAwaitedWithoutPolling arms two cuts, disarms one, and waits for the
// other's strike.
func TestACutIsAwaitedWithoutPolling(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	proxy := harness.Start(t, listener.Addr().String())
	disarmed := proxy.Cut(harness.Cut{Toward: harness.Client, After: 2, With: harness.SendFIN})
	strikes := proxy.Cut(harness.Cut{Toward: harness.Client, After: 5})
	other := proxy.Cut(harness.Cut{Toward: harness.Client, On: harness.Nth(1), After: 6})
	client, server := dial(t, proxy.Addr()), accept(t, listener)

	disarmed.Disarm()
	expectDone(t, "the disarmed cut", disarmed)
	send(t, server, 9)
	expectDone(t, "the cut that strikes", strikes)

	expectEnd(t, "the client", client, 5, harness.Reset)
	if !strikes.Struck() || disarmed.Struck() {
		t.Errorf("struck: %v, and the disarmed one: %v", strikes.Struck(), disarmed.Struck())
	}
	want := harness.Strike{Connection: 1, At: 5, Withheld: 4, Drained: true}
	if got := strikes.Report(); got.Count != 1 || got.Strikes[0] != want {
		t.Errorf("the report says %+v, want %+v", got, want)
	}
	expectDone(t, "the cut of a connection that is over", other)
	if other.Struck() {
		t.Errorf("it struck a connection that was over: %+v", other.Report())
	}
	expectDone(t, "a cut of a connection that was over", proxy.Cut(harness.Cut{Toward: harness.Client, On: harness.Nth(1)}))

	never := proxy.Cut(harness.Cut{Toward: harness.Server})
	closeProxy(t, proxy.Proxy)
	expectDone(t, "a cut of a closed proxy", never)
	if _, err := proxy.Proxy.Cut(harness.Cut{Toward: harness.Client}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a cut of a closed proxy: %v, want net.ErrClosed", err)
	}
}

func expectDone(t *testing.T, what string, cut *harness.ArmedCut) {
	t.Helper()
	select {
	case <-cut.Done():
	case <-time.After(bound):
		t.Fatalf("%s is not done: %+v", what, cut.Report())
	}
}

// TestEventsComeInOrder: a strike is told before the end of its connection.
func TestEventsComeInOrder(t *testing.T) {
	for _, way := range ways {
		events := make(chan string, 4)
		listener := listen(t, "127.0.0.1:0")
		proxy := start(t, listener.Addr(), harness.Cut{Toward: way.watcher, After: 1}, harness.Options{
			Struck: func(cut *harness.ArmedCut, s harness.Strike) {
				events <- fmt.Sprintf("%v: struck %d at %d", cut.Cut(), s.Connection, s.At)
			},
			Ended: func(c harness.ConnectionReport) {
				events <- fmt.Sprintf("%d ended by the %s: %s, over %v", c.Number, c.EndedBy, c.With, c.Over)
			},
		})
		client := dial(t, proxy.Addr())
		sends, _ := byParty(way.actor, client, accept(t, listener))
		send(t, sends, 3)
		awaitIdle(t, proxy) // so that all has been told
		close(events)
		got := <-events + "; " + <-events
		want := fmt.Sprintf("cut after 1 byte toward the %s: reset to both: struck 1 at 1; 1 ended by the cut: reset, over true", way.watcher)
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestToxicsComeAndGo: the connections to come get them, open ones lose them, in
// whatever order they are removed, and streams arrive whole.
func TestToxicsComeAndGo(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	proxy := harness.Start(t, listener.Addr().String())
	before, beforeServer := dial(t, proxy.Addr()), accept(t, listener)
	await(t, "the first", func() bool { return len(proxy.Connections()) == 1 })
	slow := harness.Toxic{Type: "slicer", Toward: harness.Client, Attributes: attributes{"average_size": 1000}}
	stall := harness.Toxic{Type: "latency", Toward: harness.Client, Attributes: attributes{"latency": 3_600_000}}
	slicer, held, other := proxy.AddToxic(slow), proxy.AddToxic(stall), proxy.AddToxic(slow)
	late, lateServer := dial(t, proxy.Addr()), accept(t, listener)

	sent := bytes.Repeat([]byte("0123456789"), 100_000)
	written := make(chan error, 2)
	for _, server := range []*net.TCPConn{beforeServer, lateServer} {
		go func() {
			_, err := server.Write(sent)
			written <- err
		}()
	}
	received := make([]byte, len(sent))
	if _, err := io.ReadFull(before, received); err != nil || !bytes.Equal(sent, received) {
		t.Errorf("what came to a connection that has no toxic is not what was sent: %v", err)
	}
	held.Remove() // otherwise its bytes would come in an hour
	other.Remove()
	if _, err := io.ReadFull(late, received); err != nil || !bytes.Equal(sent, received) {
		t.Errorf("what came is not what was sent: %v", err)
	}
	for range 2 {
		if err := <-written; err != nil {
			t.Error(err)
		}
	}
	slicer.Remove()
	slicer.Remove()
	if got := proxy.Connections(); len(got[0].Toxics) != 0 || len(got[1].Toxics) != 3 {
		t.Errorf("the reports say %+v", got)
	}
	after, afterServer := dial(t, proxy.Addr()), accept(t, listener)
	send(t, afterServer, 5)
	receive(t, after, 5)
	if got := proxy.Connections()[2].Toxics; len(got) != 0 {
		t.Errorf("a connection that came behind their removal has the toxics %q", got)
	}
	if _, err := proxy.Proxy.AddToxic(harness.Toxic{Type: "latency"}); !errors.Is(err, harness.ErrBadInput) {
		t.Errorf("a bad toxic: %v, want ErrBadInput", err)
	}
}

// TestRefusingIsUndone at the same address.
func TestRefusingIsUndone(t *testing.T) {
	listener := listen(t, "127.0.0.1:0")
	proxy := start(t, listener.Addr())
	for range 3 {
		if err := proxy.Refuse(); err != nil {
			t.Fatal(err)
		}
		if conn, err := net.Dial("tcp", proxy.Addr()); harness.EndingOf(err) != harness.Refused {
			t.Fatalf("got %v and %v, want it refused", conn, err)
		}
		for range 2 { // the second does nothing
			if err := proxy.Accept(); err != nil {
				t.Fatal(err)
			}
		}
		client := dial(t, proxy.Addr())
		server := accept(t, listener)
		send(t, client, 3)
		receive(t, server, 3)
		client.Close()
	}
	given := listen(t, "127.0.0.1:0")
	other := start(t, listener.Addr(), harness.Options{Listener: given})
	if err := other.Refuse(); err != nil {
		t.Fatal(err)
	}
	if err := other.Accept(); !errors.Is(err, harness.ErrBadInput) {
		t.Errorf("a listener that was given: %v, want ErrBadInput", err)
	}
}

// TestErrorsAreToldApart by errors.Is: what the caller got wrong, and what the
// system refuses.
func TestErrorsAreToldApart(t *testing.T) {
	taken := listen(t, "127.0.0.1:0").Addr().String()
	_, occupied := harness.StartProxy(nowhere, harness.Options{Listen: taken})
	_, noPort := harness.StartProxy("shop")
	_, noEnd := harness.StartProxy(nowhere, harness.Cut{})
	_, badToxic := harness.StartProxy(nowhere, harness.Toxic{Type: "latency"})
	_, badKeep := harness.StartProxy(nowhere, harness.Options{Keep: -1})
	for _, tt := range []struct {
		name              string
		err               error
		isInput, isListen bool
	}{
		{"an address in use", occupied, false, true},
		{"an upstream without a port", noPort, true, false},
		{"a cut without a direction", noEnd, true, false},
		{"a toxic without attributes", badToxic, true, false},
		{"a negative Keep", badKeep, true, false},
	} {
		if errors.Is(tt.err, harness.ErrBadInput) != tt.isInput || errors.Is(tt.err, harness.ErrListen) != tt.isListen {
			t.Errorf("%s: %v: want bad input %v, cannot listen %v", tt.name, tt.err, tt.isInput, tt.isListen)
		}
	}
	if !errors.Is(occupied, syscall.EADDRINUSE) && runtime.GOOS != "windows" {
		t.Errorf("%v hides the system's error", occupied)
	}
}

// TestReportsAreBounded by Options.Keep, and say how often a cut struck.
func TestReportsAreBounded(t *testing.T) {
	const keep, connections = 10, 57
	listener := listen(t, "127.0.0.1:0")
	proxy := start(t, listener.Addr(), harness.Options{Keep: keep}, harness.Cut{Toward: harness.Client})
	for range connections {
		client := dial(t, proxy.Addr())
		send(t, accept(t, listener), 1)
		expectEnd(t, "the client", client, 0, harness.Reset)
		awaitIdle(t, proxy) // so that they end in their order
	}
	cut, all := proxy.Cuts()[0], proxy.Connections()
	if cut.Count != connections || len(cut.Strikes) != keep || cut.Strikes[keep-1].Connection != connections {
		t.Errorf("the cut's report says %+v", cut)
	}
	if len(all) != keep || all[0].Number != connections-keep+1 {
		t.Errorf("%d connections are reported, from %d on", len(all), all[0].Number)
	}
}

// TestManyConnectionsCostBoundedMemory passes many through one proxy, each cut.
func TestManyConnectionsCostBoundedMemory(t *testing.T) {
	const keep = 100
	listener := listen(t, "127.0.0.1:0")
	proxy := start(t, listener.Addr(), harness.Options{Keep: keep}, harness.Cut{Toward: harness.Client})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conn.Read(make([]byte, 1)) // the client has been let in
			conn.Write([]byte("x"))    // which strikes
			io.Copy(io.Discard, conn)
			conn.Close()
		}
	}()
	pass := func(n int) uint64 {
		for range n {
			conn, err := net.Dial("tcp", proxy.Addr())
			if err != nil {
				t.Fatal(err)
			}
			conn.Write([]byte("x"))
			if n, err := io.Copy(io.Discard, conn); n > 0 || harness.EndingOf(err) != harness.Reset {
				t.Fatalf("%d bytes and %v, want a reset", n, err)
			}
			conn.Close()
		}
		awaitIdle(t, proxy)
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	pass(keep * 3)
	n := rounds(2000, 100_000)
	before := pass(keep)
	after := pass(n)
	t.Logf("%d connections: heap %d kB before, %d kB after", n, before>>10, after>>10)
	if after > before+uint64(n)*16+1<<20 { // a report alone is larger
		t.Errorf("the heap grew from %d to %d bytes with %d connections", before, after, n)
	}
}

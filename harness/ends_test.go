package harness_test

import (
	"context"
	"net"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
)

// bound is how long a test waits for what must happen. It is never reached
// unless something is broken.
const bound = 30 * time.Second

// listen opens a plain TCP listener on the loopback until the test ends.
func listen(t testing.TB, address string) *net.TCPListener {
	t.Helper()
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	listener, err := config.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.(*net.TCPListener)
}

// listenOrSkip is listen where the system may lack the address family.
func listenOrSkip(t *testing.T, address string) *net.TCPListener {
	t.Helper()
	probe, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("this system cannot listen on %s: %v", address, err)
	}
	probe.Close()
	return listen(t, address)
}

// start starts a proxy that the end of the test closes. A Close that hangs is
// a failure with the stacks of all goroutines.
func start(t testing.TB, upstream net.Addr, options ...harness.Option) *harness.Proxy {
	t.Helper()
	proxy, err := harness.StartProxy(upstream.String(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeProxy(t, proxy) })
	return proxy
}

func closeProxy(t testing.TB, proxy *harness.Proxy) {
	t.Helper()
	closed := make(chan error, 1)
	go func() { closed <- proxy.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(bound):
		debug.SetTraceback("all")
		panic("Close hangs: " + proxy.String())
	}
}

// bounded gives a connection a deadline, and closes it when the test ends.
func bounded(t testing.TB, conn net.Conn, err error) *net.TCPConn {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(bound)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

func dial(t testing.TB, address string) *net.TCPConn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	return bounded(t, conn, err)
}

func accept(t testing.TB, listener *net.TCPListener) *net.TCPConn {
	t.Helper()
	if err := listener.SetDeadline(time.Now().Add(bound)); err != nil {
		t.Fatal(err)
	}
	conn, err := listener.Accept()
	return bounded(t, conn, err)
}

// between starts a proxy with a connection through it. The test acts for both
// ends.
func between(t testing.TB, options ...harness.Option) (proxy *harness.Proxy, client, server *net.TCPConn) {
	t.Helper()
	listener := listen(t, "127.0.0.1:0")
	proxy = start(t, listener.Addr(), options...)
	client = dial(t, proxy.Addr())
	return proxy, client, accept(t, listener)
}

// send writes n bytes.
func send(t testing.TB, conn net.Conn, n int) {
	t.Helper()
	if _, err := conn.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
}

// receive reads exactly n bytes.
func receive(t testing.TB, conn net.Conn, n int) {
	t.Helper()
	for buffer := make([]byte, 64<<10); n > 0; {
		got, err := conn.Read(buffer[:min(n, len(buffer))])
		if err != nil {
			t.Fatalf("%d bytes before the end: %v", n, err)
		}
		n -= got
	}
}

// flood writes until the connection ends.
func flood(conn net.Conn) {
	for chunk := make([]byte, 64<<10); ; {
		if _, err := conn.Write(chunk); err != nil {
			return
		}
	}
}

// drain reads until the connection ends.
func drain(conn net.Conn) (n int64, ending harness.Ending) {
	for buffer := make([]byte, 64<<10); ; {
		got, err := conn.Read(buffer)
		n += int64(got)
		if err != nil {
			return n, harness.EndingOf(err)
		}
	}
}

// expectEnd reads until the connection ends, and compares.
func expectEnd(t testing.TB, who string, conn net.Conn, n int64, ending harness.Ending) {
	t.Helper()
	if gotN, got := drain(conn); gotN != n || got != ending {
		t.Errorf("%s got %d bytes and then %q, want %d and %q", who, gotN, got, n, ending)
	}
}

// expectSilence says that nothing comes for a while; only a lapse can show it.
func expectSilence(t testing.TB, who string, conn net.Conn) {
	t.Helper()
	conn.SetReadDeadline(time.Now().Add(5 * time.Millisecond))
	defer conn.SetReadDeadline(time.Now().Add(bound))
	if n, ending := drain(conn); n != 0 || ending != harness.GaveUp {
		t.Errorf("%s got %d bytes and then %q, want silence", who, n, ending)
	}
}

// abort ends a connection with a RST.
func abort(t testing.TB, conn *net.TCPConn) {
	t.Helper()
	if err := conn.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// await polls for what the proxy reports.
func await(t testing.TB, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	for !done() {
		if ctx.Err() != nil {
			t.Fatalf("no sign of %s: %v", what, ctx.Err())
		}
		runtime.Gosched()
	}
}

// awaitIdle waits until all the proxy's connections are over.
func awaitIdle(t testing.TB, proxy *harness.Proxy) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), bound)
	defer cancel()
	if err := proxy.AwaitIdle(ctx); err != nil {
		t.Fatalf("%v: %+v", err, proxy.Connections())
	}
}

// gives is the action that lets an end see an ending.
func gives(seen harness.Ending) harness.Action {
	return map[harness.Ending]harness.Action{
		harness.Reset: harness.SendReset, harness.Finished: harness.SendFIN,
		harness.BrokenPipe: harness.FINThenReset, harness.Open: harness.Silence,
	}[seen]
}

package harness_test

import (
	"net"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness"
	"golang.org/x/sys/unix"
)

// hangingUpstream is an address where a dial neither succeeds nor fails: the
// queue of connections to accept is full, and Linux then drops the SYN
// (listen(2); net/ipv4/tcp_input.c, tcp_conn_request).
func hangingUpstream(t *testing.T) net.Addr {
	t.Helper()
	listener := listen(t, "127.0.0.1:0")
	raw, err := listener.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { err = unix.Listen(int(fd), 0) })
	if err != nil {
		t.Fatal(err)
	}
	for range 8 { // a queue of 0 takes one or two
		conn, err := net.DialTimeout("tcp", listener.Addr().String(), 20*time.Millisecond)
		if harness.EndingOf(err) == harness.GaveUp {
			return listener.Addr()
		}
		bounded(t, conn, err)
	}
	t.Fatal("the queue does not fill")
	return nil
}

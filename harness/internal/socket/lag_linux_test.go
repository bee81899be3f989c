package socket_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/resetlab/resetlab/harness/internal/socket"
)

// A segment of the loopback may take most of a small receive buffer:
// the byte that is held must not keep it.
func TestALagPassesSegmentsThatFillTheBuffer(t *testing.T) {
	const sent = 4 << 20
	for _, buffer := range []int{0, 100_000, 40_000} {
		client, server := pair(t)
		lag, err := socket.NewLag(server)
		if err != nil {
			t.Fatal(err)
		}
		if buffer > 0 {
			if err := server.SetReadBuffer(buffer); err != nil {
				t.Fatal(err)
			}
		}
		go func() {
			client.Write(make([]byte, sent))
			client.CloseWrite()
		}()
		n, err := io.Copy(io.Discard, struct{ io.Reader }{lag})
		if n != sent || err != nil {
			t.Errorf("with a buffer of %d: %d bytes, %v: want %d", buffer, n, err, sent)
		}
	}
}

// pair makes a connection that the test bounds and closes.
func pair(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if client, err = net.DialTCP("tcp", nil, listener.Addr().(*net.TCPAddr)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	if server, err = listener.AcceptTCP(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	for _, end := range []*net.TCPConn{client, server} {
		if err := end.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	return client, server
}

package sockdiag_test

import (
	"net"
	"os"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/internal/sockdiag"
)

func TestPeer(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "[::1]:0"} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Skipf("this system cannot listen on %s: %v", address, err)
		}
		defer listener.Close()
		client, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		server, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		server.Write(make([]byte, 10))
		got, ok := sockdiag.Peer(server.(*net.TCPConn))
		if !ok || got.Received != 10 || !got.HasReceived || got.Inode != inode(t, client) {
			t.Errorf("%s: got %+v, %v, want 10 bytes and inode %d", address, got, ok, inode(t, client))
		}
		if got.State != unix.BPF_TCP_ESTABLISHED || got.Unread != 10 {
			t.Errorf("%s: got state %d and %d unread bytes, want ESTABLISHED and 10", address, got.State, got.Unread)
		}
		client.Read(make([]byte, 4))
		if got, _ := sockdiag.Peer(server.(*net.TCPConn)); got.Unread != 6 {
			t.Errorf("%s: got %d unread bytes, want 6", address, got.Unread)
		}
		client.(*net.TCPConn).SetLinger(0)
		client.Close()
		if got, ok := sockdiag.Peer(server.(*net.TCPConn)); ok {
			t.Errorf("%s: got %+v for a socket that is gone", address, got)
		}
	}
}

// inode is what the system calls the descriptor of conn.
func inode(t *testing.T, conn net.Conn) uint32 {
	t.Helper()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var target string
	raw.Control(func(fd uintptr) { target, err = os.Readlink("/proc/self/fd/" + strconv.Itoa(int(fd))) })
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseUint(target[len("socket:["):len(target)-1], 10, 32)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

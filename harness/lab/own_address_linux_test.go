package lab_test

import (
	"net"
	"net/netip"
	"testing"

	"github.com/resetlab/resetlab/harness/lab"
)

// Whatever a lab's hosts connect to on the loopback, they do it from the lab's
// own address.
func TestHostsDialFromTheirOwnAddress(t *testing.T) {
	for _, c := range []struct{ lab, network, server string }{
		{"127.9.8.7", "tcp", "127.9.8.7:0"},
		{"127.9.8.7", "tcp", "127.0.0.1:0"},
		{"127.9.8.7", "udp", "127.0.0.1:0"},
		{"::1", "tcp", "[::1]:0"},
		{"::1", "udp", "[::1]:0"},
	} {
		t.Run(c.lab+" "+c.network+" "+c.server, func(t *testing.T) {
			stack, err := lab.Loopback(netip.MustParseAddr(c.lab))
			if err != nil {
				t.Fatal(err)
			}

			conn, err := stack.Dial(within(t), c.network, serverAt(t, c.network, c.server))

			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			local := netip.MustParseAddrPort(conn.LocalAddr().String())
			if local.Addr() != stack.IP() || local.Port() == 0 {
				t.Errorf("it dialled from %v, want a port of %v", local, stack.IP())
			}
		})
	}
}

// A stack can still reach what is not of its family, or not on the loopback:
// the system then chooses its address.
func TestHostsDialOthers(t *testing.T) {
	stack, err := lab.Loopback(netip.MustParseAddr("127.9.8.7"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := stack.Dial(within(t), "tcp", serverAt(t, "tcp", "[::1]:0"))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

// serverAt returns the address of a socket to which one can connect. It skips
// the test where there is no such loopback.
func serverAt(t *testing.T, network, address string) string {
	t.Helper()
	if network == "udp" {
		server, err := net.ListenPacket(network, address)
		if err != nil {
			t.Skip(err)
		}
		t.Cleanup(func() { server.Close() })
		return server.LocalAddr().String()
	}
	server, err := net.Listen(network, address)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { server.Close() })
	return server.Addr().String()
}

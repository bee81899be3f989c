package record_test

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"golang.org/x/sys/unix"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
)

// A RST that a stranger sends in the server's name is on the wire, and no TCP
// of this machine knows of it. Its sequence number is out of the window, so
// that the connection lives on (RFC 5961, section 3.2).
func TestAForgedRSTIsNobodysHere(t *testing.T) {
	lanes := open(t)
	needs(t, lanes, evidence.Kernel)
	r := recordRun(t, lanes, lanes.Address(), serving(readAllAndClose, func(t *testing.T, c *lab.Conn) {
		forge(t, c.RemoteAddr(), c.LocalAddr())
		if err := c.CloseWrite(); err != nil {
			t.Error(err)
		}
		if err := c.AwaitFinish(t.Context()); err != nil {
			t.Error(err)
		}
	}))

	if len(r.Resets) != 1 {
		t.Fatalf("%d resets, want 1:\n%v", len(r.Resets), r)
	}
	got := r.Resets[0]
	if got.Sender != evidence.Between || got.Host != "" || got.Level != evidence.Observed {
		t.Errorf("got %v, want a device between:\n%v", &got, r)
	}
	if !strings.Contains(got.Clue, "tcp_send_reset") || r.Events[got.Event].Packet.TTL != 57 {
		t.Errorf("got %v, want the tracepoint's silence as the clue and the forger's TTL", &got)
	}
	for _, outcome := range r.Outcomes {
		if outcome.Ending == "reset" {
			t.Errorf("the forged RST was taken for true: %v", outcome)
		}
	}
}

// forge sends a RST to one end in the name of the other.
func forge(t *testing.T, from, to net.Addr) {
	t.Helper()
	source, destination := netip.MustParseAddrPort(from.String()), netip.MustParseAddrPort(to.String())
	ip := &layers.IPv4{
		Version: 4, TTL: 57, Id: 0x7777, Protocol: layers.IPProtocolTCP,
		SrcIP: source.Addr().AsSlice(), DstIP: destination.Addr().AsSlice(),
	}
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(source.Port()), DstPort: layers.TCPPort(destination.Port()), RST: true, Seq: 1,
	}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, ip, tcp); err != nil {
		t.Fatal(err)
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(socket)
	if err := unix.Sendto(socket, buffer.Bytes(), 0,
		&unix.SockaddrInet4{Addr: destination.Addr().As4()}); err != nil {
		t.Fatal(err)
	}
}

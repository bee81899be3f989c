package record_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
)

// The kernel notes a socket's own RST late: behind the answer to a segment that
// crossed it, which the listener at that port did not know what to do with.
func TestEachOfTwoRSTsThatCrossHasItsReason(t *testing.T) {
	client, server := netip.MustParseAddrPort("127.3.4.5:40296"), netip.MustParseAddrPort("127.3.4.5:8080")
	start := time.Unix(1795219522, 0)
	r := record.Join(t, start,
		[][]byte{
			tcpPacket(t, client, server, layers.TCP{SYN: true, Seq: 100, Window: 65495}),
			tcpPacket(t, server, client, layers.TCP{SYN: true, ACK: true, Seq: 900, Ack: 101, Window: 65483}),
			tcpPacket(t, client, server, layers.TCP{ACK: true, Seq: 101, Ack: 901, Window: 512}),
			tcpPacket(t, server, client, layers.TCP{RST: true, ACK: true, Seq: 901, Ack: 101}), // its window was full
			tcpPacket(t, server, client, layers.TCP{RST: true, Seq: 901}),
		},
		capture.KernelEvent{At: start.Add(3 * time.Microsecond), Precision: time.Microsecond, Name: evidence.ResetSent,
			Local: server, Remote: netip.MustParseAddrPort("0.0.0.0:0"), Reason: "TCP_FLAGS", Passive: true},
		capture.KernelEvent{At: start.Add(9 * time.Microsecond), Precision: time.Microsecond, Name: evidence.ResetSent,
			Local: server, Remote: client, Reason: "TCP_ABORT_ON_CLOSE"})

	got := map[string]string{}
	for _, reset := range r.Resets {
		if reset.Event >= 0 {
			got[r.Events[reset.Event].Packet.Flags] = string(reset.Sender) + " " + reset.Reason
		}
	}
	if len(r.Resets) != 2 || got["RST ACK"] != "application TCP_ABORT_ON_CLOSE" || got["RST"] != "kernel TCP_FLAGS" {
		t.Errorf("the RSTs are %v, want the server's own and the listener's answer:\n%v", got, r)
	}
}

// tcpPacket returns an IPv4 packet with this TCP header and no data.
func tcpPacket(t *testing.T, from, to netip.AddrPort, header layers.TCP) []byte {
	t.Helper()
	header.SrcPort, header.DstPort = layers.TCPPort(from.Port()), layers.TCPPort(to.Port())
	ip := layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP,
		SrcIP: from.Addr().AsSlice(), DstIP: to.Addr().AsSlice()}
	if err := header.SetNetworkLayerForChecksum(&ip); err != nil {
		t.Fatal(err)
	}
	buffer := gopacket.NewSerializeBuffer()
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	if err := gopacket.SerializeLayers(buffer, options, &ip, &header); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}

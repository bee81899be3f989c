package record_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/evidence/capture"
	"github.com/resetlab/resetlab/harness/evidence/record"
)

// What the kernel says of a segment that has come in follows from it. Where it
// says when to the microsecond only, which of the two was first is not known by
// the times alone; where it says so to the nanosecond, it is.
func TestTimesAreAsPreciseAsTheirSource(t *testing.T) {
	client, server := netip.MustParseAddrPort("127.3.4.5:40296"), netip.MustParseAddrPort("127.3.4.5:8080")
	start := time.Unix(1795219522, 250)
	reset := start.Add(3 * time.Microsecond) // the server's, the fourth packet
	for _, test := range []struct {
		name      string
		precision time.Duration
		noted     time.Duration // after the RST
		before    bool          // the client's note stands before the RST
	}{
		{"rounded down", time.Microsecond, -250, false},
		{"rounded up", time.Microsecond, 500, false},
		{"another microsecond", time.Microsecond, -1250, true},
		{"exact, and at once", time.Nanosecond, 0, false},
		{"exact, and before", time.Nanosecond, -1, true},
		{"exact, and behind", time.Nanosecond, 700, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := record.Join(t, start,
				[][]byte{
					tcpPacket(t, client, server, layers.TCP{SYN: true, Seq: 100, Window: 65495}),
					tcpPacket(t, server, client, layers.TCP{SYN: true, ACK: true, Seq: 900, Ack: 101, Window: 65483}),
					tcpPacket(t, client, server, layers.TCP{ACK: true, Seq: 101, Ack: 901, Window: 512}),
					tcpPacket(t, server, client, layers.TCP{RST: true, ACK: true, Seq: 901, Ack: 101, Window: 512}),
				},
				capture.KernelEvent{At: reset.Add(test.noted), Precision: test.precision, Name: evidence.ResetReceived,
					Local: client, Remote: server},
				capture.KernelEvent{At: reset.Add(2345), Precision: test.precision, Name: evidence.ResetSent,
					Local: server, Remote: client, Reason: "TCP_ABORT_ON_CLOSE"})

			var order []string
			for i := range r.Events {
				if e := &r.Events[i]; e.Trace != nil {
					order = append(order, e.Trace.Name)
				} else if e.Packet.RST() {
					order = append(order, "RST")
				}
			}
			want := "RST tcp_send_reset tcp_receive_reset"
			if test.before {
				want = "tcp_receive_reset RST tcp_send_reset"
			}
			if got := strings.Join(order, " "); got != want {
				t.Errorf("the order is %s, want %s", got, want)
			}
			if len(r.Resets) != 1 || r.Resets[0].Reason != "TCP_ABORT_ON_CLOSE" || r.Resets[0].Host != "server" {
				t.Errorf("got %v, want the server's RST with its reason", r.Resets)
			}
		})
	}
}

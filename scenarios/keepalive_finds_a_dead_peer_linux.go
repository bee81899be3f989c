package scenarios

import (
	"fmt"
	"net"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// After TCP_KEEPIDLE of silence the kernel asks whether the peer is still
// there, and asks again each TCP_KEEPINTVL. The probe is an ACK without data
// of an octet that was acknowledged long ago, which any TCP has to answer (RFC
// 9293, section 3.8.4; tcp_write_wakeup). When TCP_KEEPCNT probes have gone
// unanswered for an interval each, the connection is dropped: ETIMEDOUT here,
// and a RST in case the peer can hear (tcp_keepalive_timer). This one can: only
// what it says is lost.
var _ = Situation(catalogue.Situation{
	Name:   "keepalive-finds-a-dead-peer",
	Title:  "Keepalive on a connection that says nothing",
	Cause:  "keepalive-gave-up",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 router                 server
  probe  ──────────────────────────────────▶
                         drops   ◀───────────  ACK
  RST    ══════════════════════════════════▶
  read: ETIMEDOUT                              read: ECONNRESET
`,
	Client: "read: ETIMEDOUT",
	Server: "read: ECONNRESET, if the RST reaches it",
	Twin:   "the peer's kernel answers: the connection stays",
	Script: `
--- drops-a-peer-that-is-dead-to-it-after-time-probes-interval-1s-1-2s
client set keepalive 1s 2s 1
network drops all toward client
client await error within 60s → ok
client read 1 → ETIMEDOUT
server await rst → ok
server read 1 → ECONNRESET
`,
}, func() {
	DescribeTable("drops a peer that is dead to it, after time + probes × interval", About(claims.KeepaliveDeadPeer, claims.LocallyGenerated),
		func(ctx SpecContext, idle, interval time.Duration, probes int) {
			l, _, router, server := StartTriple()
			c, far := connected(ctx, l)
			block(router, netlab.Rule{Hook: netlab.Forward, Verdict: netlab.Drop, Source: anyPort(server)})

			keepalive := net.KeepAliveConfig{Enable: true, Idle: idle, Interval: interval, Count: probes}
			Expect(c.TCP().SetKeepAliveConfig(keepalive)).To(Succeed())
			clients.ReadAll(c)
			clients.ReadAll(far)

			Expect(c.Outcome()).To(EndIn("read", harness.TimedOut))
			Expect(far.Outcome()).To(EndIn("read", harness.Reset))
			seen := Recorded(l, c, far)
			Expect(seen).To(SatisfyAll(MoveCounter("TCPKeepAlive", int64(probes)), MoveCounter("TCPAbortOnTimeout", 1),
				ShowReset(SentBy(evidence.Timer, "client"), Because("TCP_KEEPALIVE_TIMEOUT"), WithFlags("RST ACK"))))
			sent := silencesBroken(seen)
			Expect(sent).To(HaveLen(probes+1), "probes, and the RST")
			for i, silence := range sent {
				Expect(silence).To(BeNumerically(">", idle+time.Duration(i)*interval-early), "segment %d", i)
			}
			Note(far.Outcome())
			formula := idle + time.Duration(probes)*interval
			Measured(claims.KeepaliveDeadPeer, fmt.Sprintf("%s %s time + probes × interval",
				c.Outcome().First(), beforeOrAfter(sent[probes], formula)))
			Measured(claims.LocallyGenerated, c.Outcome(), "keepalive gives the peer up")
		},
		EntryDescription("%v + %[3]v × %[2]v"),
		Entry(nil, time.Second, time.Second, 2, Limit),
		Entry(nil, time.Second, 2*time.Second, 1, Limit),
		Entry(nil, 2*time.Second, time.Second, 1, Limit),
	)

	It("asks on and on where the peer's kernel answers, and takes not a byte for it", About(claims.KeepaliveNoData), func(ctx SpecContext) {
		l, client, _ := StartPair()
		tap := tapAt(client)
		c, far := connected(ctx, l)
		asked, err := clients.KeepaliveOf(far.TCP())
		Expect(err).NotTo(HaveOccurred())
		keepalive := net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 1}

		Expect(c.TCP().SetKeepAliveConfig(keepalive)).To(Succeed())
		synAck := awaitSegment(ctx, tap, func(s netlab.Segment) bool { return s.Flags == netlab.SYN|netlab.ACK })
		isProbe := func(s netlab.Segment) bool { return s.Outgoing && s.Seq == synAck.Ack-1 }
		probe := awaitSegment(ctx, tap, isProbe)
		answer := awaitSegment(ctx, tap, func(s netlab.Segment) bool { return !s.Outgoing })
		awaitSegment(ctx, tap, isProbe) // where it would have given up

		Expect(answer.Ack).To(Equal(probe.Seq+1), "what had been acknowledged already")
		Expect(answer.Payload).To(BeEmpty())
		Expect(asked.On).To(BeFalse(), "the peer need not know of keepalive")
		Measured(claims.KeepaliveNoData, fmt.Sprintf("%d bytes, answered by %v", len(probe.Payload), answer.Flags))
		send(c, far, "a")
		Note(c.Outcome(), far.Outcome())
		Expect(Recorded(l, c, far)).To(ShowNoReset())
	}, Limit)
})

// early is by how much a segment may seem early. Settings are whole seconds,
// but the kernel counts jiffies, and those stand still where the machine of a
// virtual machine is busy: between two segments of which the first was late,
// 70 ms have been found missing.
const early = time.Second / 2

// silencesBroken returns how long the client had heard nothing when it sent its
// keepalive probes, having sent no data, and its RST: the times since the
// SYN-ACK, by the kernel's time stamps.
func silencesBroken(r *evidence.Recording) []time.Duration {
	var heard time.Duration
	var silences []time.Duration
	for _, e := range r.Events {
		switch p := e.Packet; {
		case p == nil:
		case e.Host == "server" && p.Flags == "SYN ACK":
			heard = e.At
		case e.Host == "client" && (p.RST() || p.Flags == "ACK" && p.Seq == 0):
			silences = append(silences, e.At-heard)
		}
	}
	return silences
}

// beforeOrAfter says whether a silence was as long as a formula says.
func beforeOrAfter(silence, formula time.Duration) string {
	if silence < formula-early {
		return "before"
	}
	return "after"
}

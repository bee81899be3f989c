package scenarios

import (
	"fmt"
	"net/netip"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// What a program is told of a RST depends on the state of its own socket: in
// SYN-SENT it was refused, after the peer's FIN nobody is there to write to, in
// all other states the connection was reset (RFC 9293, section 3.10.7; RFC 5961,
// section 3.2; net/ipv4/tcp_input.c, tcp_reset). A listener never tells of a
// connection that was reset before it was complete. Text in a RST is thrown
// away (RFC 9293, section 3.5.3, SHLD-2).
var _ = Situation(catalogue.Situation{
	Name:   "receiving-a-reset-by-state",
	Title:  "What a RST tells its receiver",
	Cause:  "linger-zero",
	Labels: []string{"needs:root"},
	Drawing: `
server                 peer
CLOSE_WAIT ◀─────────  FIN
         ◀═══════════  RST
  read: end of stream, write: EPIPE
`,
	Client: "SYN-SENT: ECONNREFUSED; CLOSE-WAIT: EPIPE; else ECONNRESET",
	Server: "sends the RST",
	Twin:   "a RST that is not of this connection: nothing",
	Script: `
--- is-said-by-its-own-state-rr-in-close-wait-ee
client shutdown write
server state → CLOSE_WAIT
client abort
server read 1 → EOF
server read 1 → EOF
--- is-said-by-its-own-state-ww-in-close-wait-pp
client shutdown write
server state → CLOSE_WAIT
client abort
server write "x" → EPIPE
server write "x" → EPIPE
--- is-said-by-its-own-state-rr-in-established-re
client abort
server read 1 → ECONNRESET
server read 1 → EOF
--- is-said-by-its-own-state-rr-in-fin-wait2-re
server shutdown write
server state → FIN_WAIT2
client abort
server read 1 → ECONNRESET
server read 1 → EOF
`,
}, func() {
	fin := func(p *netlab.Peer, next *netlab.Segment) {
		finished := *next
		finished.Flags |= netlab.FIN
		say(p, finished)
		next.Seq++
	}
	// prepare takes the server's end to a state. next is what the peer sends
	// next then, but for the flag.
	prepare := func(ctx SpecContext, p *netlab.Peer, c *lab.Conn, next *netlab.Segment, inState string) {
		GinkgoHelper()
		switch inState {
		case "FIN_WAIT1", "FIN_WAIT2":
			Expect(c.CloseWrite()).To(Succeed())
			if inState == "FIN_WAIT2" {
				*next = replyTo(hear(ctx, p, netlab.FIN|netlab.ACK))
				say(p, *next)
			}
		case "CLOSE_WAIT":
			fin(p, next)
		}
		Expect(state(c)).To(Equal(inState))
	}

	DescribeTable("is said by its own state",
		func(ctx SpecContext, inState, calls, gives string, spoil func(*netlab.Segment)) {
			l, server, peer := startPeer("server")
			listener := listen(ctx, l)
			next := shake(ctx, peer, listener)
			c := accept(ctx, listener)
			prepare(ctx, peer, c, &next, inState)
			next.Flags = netlab.RST
			spoil(&next)

			say(peer, next)
			for _, call := range spelt(calls) {
				call(c)
			}

			Expect(given(c.Outcome(), len(calls))).To(Equal(gives), c.Outcome().String())
			Expect(state(c)).To(Equal("CLOSE"))
			Expect(sentResets(server)).To(BeZero())
			Expect(Recorded(l, c)).To(And(ShowReset(SentBy(evidence.Between, ""), WithFlags("RST")),
				ShowStates("server", inState, "CLOSE")))
		},
		func(inState, calls, gives string, _ func(*netlab.Segment)) string {
			return fmt.Sprintf("%s in %s: %s", calls, inState, gives)
		},
		Entry(nil, "ESTABLISHED", "rr", "RE", exactly, Limit),
		Entry(nil, "ESTABLISHED", "ww", "RP", exactly, Limit),
		Entry(nil, "FIN_WAIT1", "rr", "RE", exactly, Limit),
		Entry(nil, "FIN_WAIT1", "ww", "RP", exactly, Limit),
		Entry(nil, "FIN_WAIT2", "rr", "RE", exactly, Limit),
		Entry(nil, "FIN_WAIT2", "ww", "RP", exactly, Limit),
		Entry(nil, "CLOSE_WAIT", "rr", "EE", exactly, Limit),
		Entry(nil, "CLOSE_WAIT", "ww", "PP", exactly, Limit),
		Entry("the same with the sequence number of the FIN", "CLOSE_WAIT", "ww", "PP", func(s *netlab.Segment) {
			s.Seq--
		}, Limit),
		Entry("the same with text in it", "ESTABLISHED", "rr", "RE", func(s *netlab.Segment) {
			s.Payload = []byte("go away")
		}, Limit),
	)

	DescribeTable("is that its SYN was refused, if the RST acknowledges that",
		func(ctx SpecContext, spoil func(*netlab.Segment), refused bool) {
			l, _, peer := startPeer("client")
			syn, connected := dialPeer(ctx, l, peer)
			rst := replyTo(syn)
			rst.Flags = netlab.RST | netlab.ACK
			spoil(&rst)

			say(peer, rst)
			if !refused {
				say(peer, synAckOf(syn))
				Expect(state(connected())).To(Equal("ESTABLISHED"))
				return
			}
			Expect(connected().Outcome()).To(EndIn("connect", harness.Refused))
		},
		Entry("it does", exactly, true, Limit),
		Entry("it does not", func(s *netlab.Segment) { s.Flags = netlab.RST }, false, Limit),
		Entry("it acknowledges something else", func(s *netlab.Segment) { s.Ack++ }, false, Limit),
	)

	It("is nothing while the handshake goes on: accept passes it over", func(ctx SpecContext) {
		l, server, peer := startPeer("server")
		listener := listen(ctx, l)
		say(peer, synTo(peer, listener))
		rst := replyTo(hear(ctx, peer, netlab.SYN|netlab.ACK))
		rst.Flags = netlab.RST
		before := counters(server)

		say(peer, rst)
		moved := countedSince(server, before)
		other := synTo(peer, listener)
		other.Source = netip.AddrPortFrom(peer.IP(), peerPort+1)
		say(peer, other)
		say(peer, replyTo(hear(ctx, peer, netlab.SYN|netlab.ACK)))
		c := accept(ctx, listener)

		Expect(moved).To(And(HaveKeyWithValue("AttemptFails", int64(1)), HaveKeyWithValue("EmbryonicRsts", int64(1))))
		Expect(c.RemoteAddr().String()).To(Equal(other.Source.String()))
		Expect(Recorded(l, c)).To(ShowReset(SentBy(evidence.Between, ""), WithFlags("RST")))
	}, Limit)

	It("is nothing if it is not that connection's", func(ctx SpecContext) {
		l, _, peer := startPeer("server")
		listener := listen(ctx, l)
		next := shake(ctx, peer, listener)
		c := accept(ctx, listener)
		rst := next
		rst.Flags, rst.Source = netlab.RST, netip.AddrPortFrom(peer.IP(), peerPort+1)

		say(peer, rst)

		Expect(state(c)).To(Equal("ESTABLISHED"))
		Expect(c.SocketError()).To(Succeed())
	}, Limit)
})

// exactly leaves a segment as it is.
func exactly(*netlab.Segment) {}

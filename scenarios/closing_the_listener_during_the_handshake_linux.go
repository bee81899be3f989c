package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A client whose last ACK is still on its way has a connection, the server a
// mere request. When the listener is closed then, nobody is reset, unlike those
// who wait to be accepted: the request is forgotten in silence
// (inet_csk_listen_stop; tcp_v4_rcv, TCP_NEW_SYN_RECV). The client learns it
// from the answer to what it sends.
var _ = Situation(catalogue.Situation{
	Name:   "closing-the-listener-during-the-handshake",
	Title:  "Closing the listener during a handshake",
	Cause:  "listener-closed",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 kernel                 server
  SYN    ───────────▶    request
         ◀───────────  SYN-ACK
  connect: ok                                   closes its listener
  "a"    ───────────▶    unknown
         ◀═══════════  RST
  read: ECONNRESET
`,
	Client: "connect: 0; nothing until it sends, then ECONNRESET",
	Server: "closes its listener",
	Twin:   "a listener that stays makes a connection of the request",
	Script: `
--- resets-the-client-when-it-sends
# A listener that defers accept drops the last ACK of the handshake.
listener set defer_accept 5; listener listen
client connect → ok
listener close → ok
client poll → OUT
client write "a" → 1
client await rst → ok
client read 1 → ECONNRESET
`,
}, func() {
	// connect connects, has the server go on while the client's ACK is late,
	// and then has the client write.
	connect := func(ctx SpecContext, l *lab.Lab, server *netlab.Host, meanwhile func(*lab.Listener)) *lab.Conn {
		GinkgoHelper()
		listener, err := l.Host("server").Listen(ctx)
		Expect(err).NotTo(HaveOccurred())
		l.Own(listener)

		acks := block(server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop, NoSYN: true})
		c := dial(ctx, l, listener.Addr())
		meanwhile(listener)
		Expect(sentResets(server)).To(BeZero())
		Expect(acks.Lift()).To(Succeed())
		clients.WriteByte(c)
		clients.ReadByte(c)
		Note(c.Outcome())
		return c
	}

	It("resets the client when it sends", func(ctx SpecContext) {
		l, _, server := StartPair()

		c := connect(ctx, l, server, func(listener *lab.Listener) {
			Expect(listener.Close()).To(Succeed())
		})

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(Recorded(l, c)).To(ShowReset(
			SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST")))
	}, Limit)

	It("is what resets it: a listener that stays makes a connection of the request", func(ctx SpecContext) {
		l, _, server := StartPair()

		c := connect(ctx, l, server, func(listener *lab.Listener) {
			lab.ServeListener(listener, servers.Echo)
		})

		Expect(c.Outcome().Ending).To(Equal(harness.Open))
		Expect(Recorded(l, c)).To(ShowNoReset())
	}, Limit)
})

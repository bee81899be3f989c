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
)

// What ends a TCP connection with a RST ends one of Multipath TCP with
// MP_FASTCLOSE, and a RST on every subflow: the client is reset whichever way
// it hears of it first (RFC 8684, section 3.5; net/mptcp/protocol.c,
// mptcp_do_fastclose).
var _ = Situation(catalogue.Situation{
	Name:   "closing-multipath-with-unread-data",
	Title:  "Closing a Multipath TCP connection with unread data",
	Cause:  "unread",
	Labels: []string{"needs:netns"},
	Drawing: `
client                     server
  "ab"   ─── subflow 1 ──▶   read 1 byte
                             close
         ◀══ subflow 1 ════  RST
         ◀══ subflow 2 ════  RST
  read: ECONNRESET
`,
	Client: "read: ECONNRESET",
	Server: "close: 0",
	Twin:   "with everything read the client reads the end of the stream",
	Script: `
--- resets-every-subflow-with-unread-data
listener socket mptcp; listener listen
client socket mptcp; client connect; server accept
client write "ab"
server read 1 → "a"
server close → ok
client await error → ok
client read 1 → ECONNRESET
`,
}, func() {
	// meet connects over two subflows and sends the server "ab".
	meet := func(ctx SpecContext) (l *lab.Lab, server *netlab.Host, c, far *lab.Conn) {
		GinkgoHelper()
		l, _, _, server = startMultipath()
		c, far = connectedTo(ctx, l, listen(ctx, l))
		send(c, far, "hello")
		joined(ctx, server)
		_, err := c.Write([]byte("ab"))
		Expect(err).NotTo(HaveOccurred())
		clients.ReadByte(far)
		return l, server, c, far
	}

	DescribeTable("resets every subflow",
		func(ctx SpecContext, end func(SpecContext, *lab.Conn) error) {
			l, server, c, far := meet(ctx)

			Expect(end(ctx, far)).To(Succeed())
			clients.ReadAll(c)
			fastCloses := counters(server)["MPFastcloseTx"]

			Expect(c.Outcome()).To(EndIn("read", harness.Reset))
			Expect(fastCloses).To(BeNumerically(">", 0))
			r := Recorded(l, c)
			Expect(r).To(ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"),
				WithFlags("RST ACK")))
			Expect(resetSubflows(r)).To(Equal(2))
		},
		Entry("with unread data", func(ctx SpecContext, c *lab.Conn) error { return c.CloseUnread(ctx) }, Limit),
		Entry("with SO_LINGER 0", func(_ SpecContext, c *lab.Conn) error {
			clients.ReadByte(c)
			return c.Abort()
		}, Limit),
	)

	It("with everything read finishes it", func(ctx SpecContext) {
		l, server, c, far := meet(ctx)

		clients.ReadByte(far)
		Expect(far.Close()).To(Succeed())
		clients.ReadAll(c)

		Expect(c.Outcome()).To(EndIn("read", harness.Finished))
		Expect(counters(server)["MPFastcloseTx"]).To(BeZero())
		Expect(Recorded(l, c)).To(ShowNoReset())
	}, Limit)
})

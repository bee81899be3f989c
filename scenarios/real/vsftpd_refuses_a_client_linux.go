package real

import (
	"io"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// vsftpd beyond max_clients says so, shuts down its half, and closes. So its FIN is
// there first, and a client that had sent something reads the end of the stream
// although its bytes are unread and RST follows: by the wire alone one would think
// that it was reset.
var _ = Situation(catalogue.Situation{
	Name:   "vsftpd-refuses-a-client",
	Title:  "vsftpd that serves enough clients",
	Cause:  "descriptor-limit",
	Labels: []string{"real:vsftpd"},
	Drawing: `
client                 vsftpd
  USER     ───────────▶  one client too many
           ◀───────────  "421 There are too many connected users"
           ◀───────────  FIN
           ◀═══════════  RST
  read: 421, then the end of the stream
`,
	Client: "the reply, then the end of the stream, whatever it has sent",
	Server: "shuts down, then closes",
	Twin:   "a client has left: the next is served",
}, func() {
	const tooMany = "421 There are too many connected users, please try later.\r\n"

	DescribeTable("finishes one more,", About(claims.ServerBusy),
		func(ctx SpecContext, says string) {
			l := StartLab()
			server := trace(ctx, l.Host("server"), recipes.VSFTPD("max_clients=1"))
			held, _ := talk(ctx, l, server.Addr(), "", "220 (vsFTPd 3.0.3)\r\n")

			var c *lab.Conn
			if says == "" {
				c, _ = talk(ctx, l, server.Addr(), "", "\r\n")
			} else {
				c = unread(ctx, l, server, says)
				Expect(readUntil(c, "\r\n")).To(Equal(tooMany))
				Expect(c.AwaitResetAfterFinish(ctx)).To(Succeed())
			}
			clients.ReadAll(c)

			Expect(c.Outcome()).To(EndIn("read", harness.Finished))
			Measured(claims.ServerBusy, c.Outcome())
			recording := Recorded(l, c, held)
			if says == "" {
				Expect(recording).To(ShowNoReset())
				return
			}
			Expect(recording).To(ShowReset(
				SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
		},
		Entry("which is silent", "", Limit),
		Entry("though its bytes are unread", "USER anonymous\r\n", Limit),
	)

	It("serves the next when one has left", func(ctx SpecContext) {
		l := StartLab()
		server := trace(ctx, l.Host("server"), recipes.VSFTPD("max_clients=1"))
		held, _ := talk(ctx, l, server.Addr(), "QUIT\r\n", "221 Goodbye.\r\n")
		Expect(held.AwaitFinish(ctx)).To(Succeed())

		// Its parent learns of the end by SIGCHLD, which may come behind the FIN.
		Eventually(ctx, func() string {
			c, err := l.Host("client").Dial(ctx, server.Addr())
			Expect(err).NotTo(HaveOccurred())
			defer c.Close()
			text, _ := io.ReadAll(io.LimitReader(c, 4))
			return string(text)
		}).Should(Equal("220 "))
		Expect(strings.Contains(server.Text(), "OOPS")).To(BeFalse(), server.Text())
	}, Limit)
})

package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// Which error a client of an sshd beyond MaxStartups reports is a matter of
// time: sshd closes at once, with FIN if the client's banner is still on its
// way, with RST if it has come and lies unread (RFC 1122, section 4.2.2.13).
var _ = Situation(catalogue.Situation{
	Name:  "startup-dropped-with-its-banner-unread",
	Title: "A connection that sshd drops",
	Cause: "max-startups",
	Drawing: `
client                 sshd                    client                 sshd
         ◀───────────  FIN                       banner ───────────▶
  banner ───────────▶                                   ◀═══════════  RST
  read: EOF                                      read: ECONNRESET
`,
	Client: "read: ECONNRESET",
	Server: "close: 0, with the banner unread",
	Twin:   "the banner comes later: the end of the stream",
	Script: `
--- is-reset-if-its-banner-has-come
client write "SSH-2.0-client\r\n"
server close → ok
client read 10 → ECONNRESET
--- is-finished-if-its-banner-comes-later
server close → ok
client write "SSH-2.0-client\r\n"
client read 10 → EOF
`,
}, func() {
	const banner = "SSH-2.0-client\r\n"
	all := servers.MaxStartups{}

	It("is reset if its banner has come", func(ctx SpecContext) {
		g := guarded(ctx, all, servers.CloseUnread)

		saw := clients.SendThenRead(ctx, g.client, g.address, banner)

		Expect(saw).To(EndIn("read", harness.Reset))
		Note(saw)
		Expect(Recorded(g.lab)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("is finished if its banner comes later", func(ctx SpecContext) {
		g := guarded(ctx, all, servers.CloseAtOnce)

		saw := clients.CallAfterFinishAndReset(ctx, g.client, g.address, banner, clients.ReadByte)

		Expect(saw).To(EndIn("read", harness.Finished))
		Note(saw)
		Expect(Recorded(g.lab)).To(ShowReset(SentBy(evidence.KernelReply, "server"), WithFlags("RST")))
	}, Limit)
})

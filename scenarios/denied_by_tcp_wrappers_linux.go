package scenarios

import (
	"net/netip"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// TCP wrappers (hosts_access(5)) are asked by the daemon once the connection
// is established, and a denied one is closed. What the client is told then
// hangs on its banner, which ssh sends at once: if it lies unread in the
// daemon's receive buffer, close sends RST (RFC 1122, section 4.2.2.13) and
// ssh says "exchange_identification: read: Connection reset by peer".
// Otherwise close sends FIN: "Connection closed by remote host".
var _ = Situation(catalogue.Situation{
	Name:  "denied-by-tcp-wrappers",
	Title: "A host that TCP wrappers deny",
	Cause: "hosts-deny",
	Drawing: `
ssh                    sshd
  banner ───────────▶
                         hosts.deny: close
         ◀═══════════  RST
  read: ECONNRESET
`,
	Client: "read: ECONNRESET",
	Server: "close: 0, with the banner unread",
	Twin:   "the banner was read or comes later: the client reads the end of the stream",
	Script: `
--- is-reset-if-its-banner-was-not-read/direct
client write "SSH-2.0-client\r\n"
server close → ok
client read 10 → ECONNRESET
--- is-told-the-end-of-the-stream-if-its-banner-was-read
client write "SSH-2.0-client\r\n"
server read 100 → "SSH-2.0-client\r\n"
server close → ok
client read 10 → EOF
`,
}, func() {
	const banner = "SSH-2.0-client\r\n"
	lists := servers.AccessLists{Deny: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}

	DescribeTable("is reset if its banner was not read", About(claims.HostsDeny),
		func(ctx SpecContext, route lab.Route) {
			l := StartLab()
			server := Serve(l, servers.WrapTCP(lists, servers.Identify, servers.CloseUnread))

			saw := clients.SendThenRead(ctx, l.Host("client"), Reach(l, server, route), banner)

			Expect(saw).To(EndIn("read", harness.Reset))
			Measured(claims.HostsDeny, saw, "the client's banner is unread when the daemon closes")
			Expect(Recorded(l)).To(SatisfyAll(
				ShowReset(SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")),
				ShowStates("server", "ESTABLISHED", "CLOSE"),
			))
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	It("is told the end of the stream if its banner was read", About(claims.HostsDeny), func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.WrapTCP(lists, servers.Identify, servers.ReadLineThenClose))

		saw := clients.SendThenRead(ctx, l.Host("client"), server.Addr(), banner)

		Expect(saw).To(EndIn("read", harness.Finished))
		Measured(claims.HostsDeny, saw, "the daemon read the client's banner")
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)

	It("is told the end of the stream if the daemon closes before its banner comes", About(claims.HostsDeny), func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.WrapTCP(lists, servers.Identify, servers.CloseAtOnce))

		saw := clients.CallAfterFinishAndReset(ctx, l.Host("client"), server.Addr(), banner, clients.ReadByte)

		Expect(saw).To(EndIn("read", harness.Finished))
		Measured(claims.HostsDeny, saw, "the client's banner comes after the daemon closed")
		Expect(Recorded(l)).To(ShowReset(SentBy(evidence.KernelReply, "server"), WithFlags("RST")))
	}, Limit)

	It("would have been served if it were not denied", func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.WrapTCP(servers.AccessLists{}, servers.Identify, servers.CloseUnread))

		saw := clients.SendThenRead(ctx, l.Host("client"), server.Addr(), banner)

		Expect(saw).To(EndIn("read", harness.Finished))
		Expect(saw.Received).To(BeEquivalentTo(len(servers.Banner)))
		Note(saw)
	}, Limit)
})

package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A port is open if a handshake can be completed there, and refuses if its
// host answers the SYN with RST, because nobody listens (RFC 9293, section
// 3.10.7.1). Where nothing comes back at all a filter is at work. It is the
// kernel that answers: the program behind an open port may never have accepted.
var _ = Situation(catalogue.Situation{
	Name:  "checking-a-port",
	Title: "Checking a port",
	Cause: "refused",
	Drawing: `
client                 port
  SYN    ───────────▶
         ◀───────────  SYN-ACK    open
         ◀═══════════  RST        refused
`,
	Client: "connect: 0 if somebody listens, else ECONNREFUSED",
	Server: "nothing: its kernel answers",
	Twin:   "behind a proxy, which listens itself, a port is never refused",
	Script: `
--- finds-it-open-if-somebody-listens/direct
listener listen
client connect → ok
client close
server accept → ok
server read 1 → EOF
--- finds-it-refused-if-nobody-listens
client connect to nobody → ECONNREFUSED
`,
}, func() {
	DescribeTable("finds it open if somebody listens", About(claims.PortCheck),
		func(ctx SpecContext, route lab.Route) {
			l := StartLab()
			address := Reach(l, Serve(l, servers.Echo), route)

			port, saw := clients.CheckPort(ctx, l.Host("client"), address)

			Expect(port).To(Equal("open"), saw.String())
			Note(saw)
			Measured(claims.PortCheck, port)
		},
		ByRoute(lab.Direct, lab.Proxied),
	)

	It("finds it refused if nobody listens", About(claims.PortCheck), func(ctx SpecContext) {
		l := StartLab()

		port, saw := clients.CheckPort(ctx, l.Host("client"), nobody())

		Expect(port).To(Equal("refused"), saw.String())
		Note(saw)
		Measured(claims.PortCheck, port)
		Expect(Recorded(l)).To(ShowReset(
			SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST ACK")))
	}, Limit)

	It("never finds it refused behind a proxy, which listens itself", func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.Echo)
		address := Reach(l, server, lab.Proxied)
		Expect(server.Close()).To(Succeed())

		port, saw := clients.CheckPort(ctx, l.Host("client"), address)

		Expect(port).To(Or(Equal("open"), Equal("connect: reset")), saw.String())
		Note(saw)
	}, Limit)
})

package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// The RFC calls a RST that answers a SYN "connection reset" (RFC 9293, section
// 3.10.7.3); POSIX and the kernel call it ECONNREFUSED (connect(2);
// net/ipv4/tcp_input.c, tcp_reset in SYN_SENT). ECONNRESET takes a connection
// that was made, if only by the kernels of both ends.
var _ = Situation(catalogue.Situation{
	Name:  "refusing-a-connection",
	Title: "Connecting where nobody listens",
	Cause: "refused",
	Drawing: `
client                 nobody
  SYN    ───────────▶
         ◀═══════════  RST
  connect: ECONNREFUSED
`,
	Client: "connect: ECONNREFUSED",
	Server: "is not there",
	Twin:   "somebody listens: the connect succeeds",
	Script: `
--- refused
client connect to nobody → ECONNREFUSED
--- succeeds-as-soon-as-somebody-does
listener listen
client connect → ok
server accept; server close
client read 1 → EOF
`,
}, func() {
	It("is refused", Named("refused"), About(claims.RefuseIsReset), func(ctx SpecContext) {
		l := StartLab()

		saw := clients.SendThenRead(ctx, l.Host("client"), nobody(), "hello")

		Expect(saw).To(EndIn("connect", harness.Refused))
		Measured(claims.RefuseIsReset, saw)
		Expect(Recorded(l)).To(SatisfyAll(
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST ACK")),
			ShowStates("client", "SYN_SENT", "CLOSE"),
			MoveCounter("AttemptFails", 1),
		))
	}, Limit)

	It("succeeds as soon as somebody does", func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.ReadThenClose(5))

		saw := clients.SendThenRead(ctx, l.Host("client"), server.Addr(), "hello")

		Expect(saw).To(EndIn("read", harness.Finished))
		Note(saw)
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)
})

package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A RST takes both ends from ESTABLISHED to CLOSED in one step. A FIN ends one
// direction: the sender waits in FIN-WAIT, the receiver in CLOSE-WAIT, and the
// other direction goes on until its own FIN (RFC 9293, sections 3.5.3, 3.6.1).
// The connection is reset by connect(AF_UNSPEC), which does what an abortive
// close does and leaves the descriptor to ask for the state by.
var _ = Situation(catalogue.Situation{
	Name:  "state-after-a-reset",
	Title: "The state of a connection that ends",
	Cause: "disconnected",
	Drawing: `
client                 server        client                 server
ESTABLISHED     ESTABLISHED        ESTABLISHED     ESTABLISHED
       ◀═══════════  RST                  ◀───────────  FIN
CLOSE                 CLOSE        CLOSE_WAIT        FIN_WAIT2
                                     "more" ───────────▶
`,
	Client: "by a RST: from ESTABLISHED to CLOSE",
	Server: "by a RST: from ESTABLISHED to CLOSE",
	Twin:   "a FIN leads through the half-closed states",
	Script: `
--- goes-from-established-to-close-at-both-ends-by-a-rst
client state → ESTABLISHED
server abort
client state → CLOSE
client read 1 → ECONNRESET
--- goes-through-the-half-closed-states-by-a-fin
server shutdown write
client state → CLOSE_WAIT
server state → FIN_WAIT2
client write "more"; server read 10 → "more"
client close; server read 10 → EOF
`,
}, func() {
	It("goes from ESTABLISHED to CLOSE at both ends by a RST", About(claims.RSTNotHandshake), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)
		before := states(client, server)

		Expect(server.Disconnect()).To(Succeed())
		Expect(client.AwaitReset(ctx)).To(Succeed())

		Expect(before).To(Equal("ESTABLISHED and ESTABLISHED"))
		Expect(states(client, server)).To(Equal("CLOSE and CLOSE"))
		Measured(claims.RSTNotHandshake, before+" → "+states(client, server))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client, server)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "server"), Because("TCP_STATE"), WithFlags("RST ACK")),
			ShowStates("client", "ESTABLISHED", "CLOSE"), ShowStates("server", "ESTABLISHED", "CLOSE"),
		))
	}, Limit)

	It("goes through the half-closed states by a FIN", func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.CloseWrite()).To(Succeed())
		Expect(client.AwaitFinish(ctx)).To(Succeed())
		send(client, server, "more") // and acknowledges the FIN

		Expect(states(client, server)).To(Equal("CLOSE_WAIT and FIN_WAIT2"))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client, server)).To(SatisfyAll(ShowNoReset(),
			ShowStates("client", "ESTABLISHED", "CLOSE_WAIT"),
			ShowStates("server", "ESTABLISHED", "FIN_WAIT1", "FIN_WAIT2")))
	}, Limit)
})

// states asks the kernel for the states of both ends.
func states(client, server *lab.Conn) string {
	GinkgoHelper()
	at, err := client.Info()
	Expect(err).NotTo(HaveOccurred())
	opposite, err := server.Info()
	Expect(err).NotTo(HaveOccurred())
	return string(at.State + " and " + opposite.State)
}

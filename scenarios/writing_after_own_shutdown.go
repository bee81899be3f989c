package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// EPIPE says that this end cannot send any more. That may be one's own doing:
// after shutdown(SHUT_WR) every write gets it, with the peer alive, its side
// open and no RST anywhere (write(2), EPIPE; net/ipv4/tcp.c,
// tcp_sendmsg_locked).
var _ = Situation(catalogue.Situation{
	Name:  "writing-after-own-shutdown",
	Title: "Writing after one's own shutdown",
	Cause: "own-shutdown",
	Drawing: `
client                 server
  shutdown ─────────▶
  write: EPIPE
         ◀───────────  "still here"
`,
	Client: "write: EPIPE",
	Server: "is open, and knows of nothing",
	Twin:   "it is the peer that has shut down: writing goes on",
	Script: `
--- own-shutdown
client shutdown write → ok
client write "x" → EPIPE
server write "still here"
client read 100 → "still here"
--- peers-shutdown
server shutdown write → ok
client write "x" → 1
server read 1 → "x"
client read 1 → EOF
`,
}, func() {
	It("breaks the pipe while the peer is open", Named("own-shutdown"), About(claims.BothFromPeer), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(client.CloseWrite()).To(Succeed())
		_, err := client.Write([]byte("x"))
		send(server, client, "still here")

		Expect(harness.EndingOf(err)).To(Equal(harness.BrokenPipe))
		Expect(server.Outcome().Ending).To(Equal(harness.Open))
		Measured(claims.BothFromPeer, "broken-pipe, the peer is "+server.Outcome().First())
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client, server)).To(ShowNoReset())
	}, Limit)

	It("is another thing than the peer's shutdown, after which writing goes on", Named("peers-shutdown"), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		Expect(server.CloseWrite()).To(Succeed())
		client.Read(make([]byte, 1))
		send(client, server, "still here")

		Expect(client.Outcome()).To(EndIn("read", harness.Finished))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client, server)).To(ShowNoReset())
	}, Limit)
})

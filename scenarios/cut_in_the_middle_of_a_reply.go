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

// A cut names the connection, the direction and the byte. Everything up to
// that byte arrives, since a RST would throw away what is unsent (socket(7),
// SO_LINGER), and the report says that it struck: a fault that never came
// proves nothing.
var _ = Situation(catalogue.Situation{
	Name:  "cut-in-the-middle-of-a-reply",
	Title: "A cut in the middle of a reply",
	Cause: "cut-mid-reply",
	Drawing: `
client                    proxy              server
  2nd connection ────────▶     ────────────▶
                               ◀────────────  "0123456789"
  "01234"  ◀──────────────
           ◀══════════════  RST  ═══════════▶
`,
	Client:     "five bytes, then ECONNRESET",
	Server:     "ECONNRESET",
	Twin:       "the other connections have the whole reply",
	Unscripted: "a proxy stands between",
}, func() {
	It("resets the second connection behind the fifth byte, and no other", func(ctx SpecContext) {
		l := StartLab()
		server := Serve(l, servers.AnswerThenLinger("0123456789"))
		proxy, err := l.Proxy(server, harness.Cut{Toward: harness.Client, After: 5, On: harness.Nth(2)})
		Expect(err).NotTo(HaveOccurred())

		first := clients.SendThenRead(ctx, l.Host("client"), proxy.Addr(), "a")
		second := clients.SendThenRead(ctx, l.Host("client"), proxy.Addr(), "a")
		third := clients.SendThenRead(ctx, l.Host("client"), proxy.Addr(), "a")

		Expect(first).To(EndIn("read", harness.Finished))
		Expect(second).To(EndIn("read", harness.Reset))
		Expect(third).To(EndIn("read", harness.Finished))
		Expect([]int64{first.Received, second.Received, third.Received}).To(Equal([]int64{10, 5, 10}))
		Expect(proxy.AwaitIdle(ctx)).To(Succeed())
		Expect(proxy.Cuts()[0].Strikes).To(Equal([]harness.Strike{
			{Connection: 2, At: 5, Withheld: 5, Drained: true},
		}))
		Note(first, second, third)
		Expect(Recorded(l)).To(SatisfyAll(
			ShowReset(SentBy(evidence.Application, "proxy"), Because("TCP_STATE"), WithFlags("RST ACK")),
			ShowStates("client", "ESTABLISHED", "CLOSE"),
			MoveCounter("OutRsts", 2), // one toward each end
		))
	}, Limit)
})

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
)

// A proxy finds out that its upstream refuses when its own handshake with the
// client is done. ECONNREFUSED is the answer to a SYN (RFC 9293, section
// 3.10.7.1) and no longer to be had: all that is left is a RST, which the
// client meets in connect, write or read, whichever comes first.
var _ = Situation(catalogue.Situation{
	Name:   "refused-behind-a-proxy",
	Title:  "A refusal behind a proxy",
	Cause:  "upstream-refuses",
	Labels: []string{"cause:refused"},
	Drawing: `
client              proxy              nobody
  SYN      ────────▶
           ◀────────  SYN-ACK
                      SYN  ───────────▶
                           ◀═══════════  RST: ECONNREFUSED
           ◀════════  RST: ECONNRESET
`,
	Client: "connect, write or read: ECONNRESET",
	Server: "is not there",
	Twin:   "without the proxy: ECONNREFUSED",
	Script: `
--- is-a-refusal-if-there-is-no-proxy
client connect to nobody → ECONNREFUSED
`,
}, func() {
	It("is a reset for the client", Named("reset"), func(ctx SpecContext) {
		l := StartLab()
		proxy, err := l.Proxy(absentee{address: nobody()})
		Expect(err).NotTo(HaveOccurred())

		saw := clients.SendThenRead(ctx, l.Host("client"), proxy.Addr(), "a")

		Expect(saw).To(EndIn("connect|write|read", harness.Reset))
		Expect(proxy.AwaitIdle(ctx)).To(Succeed())
		Expect(proxy.Connections()[0].With).To(Equal(harness.Refused))
		Note(saw)
		Expect(Recorded(l)).To(SatisfyAll(
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST ACK")),
			ShowReset(SentBy(evidence.Application, "proxy"), WithFlags("RST ACK")),
			ShowStates("proxy", "SYN_SENT", "CLOSE"),
		))
	}, Limit)

	It("is a refusal if there is no proxy", func(ctx SpecContext) {
		l := StartLab()

		saw := clients.SendThenRead(ctx, l.Host("client"), nobody(), "a")

		Expect(saw).To(EndIn("connect", harness.Refused))
		Note(saw)
		Expect(Recorded(l)).To(ShowReset(
			SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST ACK")))
	}, Limit)

	It("is a refusal if the proxy has closed its own listener", func(ctx SpecContext) {
		l := StartLab()
		proxy, err := l.Proxy(absentee{address: nobody()})
		Expect(err).NotTo(HaveOccurred())

		Expect(proxy.Refuse()).To(Succeed())
		saw := clients.SendThenRead(ctx, l.Host("client"), proxy.Addr(), "a")

		Expect(saw).To(EndIn("connect", harness.Refused))
		Note(saw)
		Expect(Recorded(l)).To(ShowReset(
			SentBy(evidence.KernelReply, "proxy"), Because("NO_SOCKET"), WithFlags("RST ACK")))
	}, Limit)
})

package scenarios

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// Nothing comes back of what the peer did not read. The RST is a header; the
// unread bytes are dropped where they lie (net/ipv4/tcp.c, __tcp_close). A RST
// could carry a text that says why (RFC 9293, SHLD-2); Linux sends none, and
// throws away what comes. The kernel counts the segments that brought data.
var _ = Situation(catalogue.Situation{
	Name:  "reset-carries-no-data",
	Title: "A reset for unread data",
	Cause: "unread",
	Drawing: `
client                      server
  "ab"   ────────────────▶
                              read 1 byte, close
         ◀════════════════  RST, 0 bytes
  data segments in: 0
`,
	Client: "ECONNRESET, and no byte of what it had sent",
	Server: "close: 0",
	Twin:   "what the server sent before the RST is read",
	Script: `
--- returns-none-of-it
client write "ab"
server read 1 → "a"
server close
client read 10 → ECONNRESET
--- comes-behind-the-data-that-was-sent-before-it
client write "ab"
server read 1 → "a"
server write "data"
server close
client read 10 → "data"
client read 10 → ECONNRESET
`,
}, func() {
	It("returns none of it", About(claims.DataReturned), func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		_, err := client.Write([]byte("ab"))
		Expect(err).NotTo(HaveOccurred())
		Expect(server.CloseUnread(ctx)).To(Succeed())
		Expect(client.AwaitReset(ctx)).To(Succeed())
		info, err := client.Info()
		Expect(err).NotTo(HaveOccurred())
		_, err = client.Read(make([]byte, 2))

		Expect(harness.EndingOf(err)).To(Equal(harness.Reset))
		Expect(info.DataSegmentsIn).To(Equal(0))
		Measured(claims.DataReturned, fmt.Sprintf("data segments that came back: %d", info.DataSegmentsIn))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)

	It("comes behind the data that was sent before it", func(ctx SpecContext) {
		l := StartLab()
		client, server := connected(ctx, l)

		_, err := client.Write([]byte("ab"))
		Expect(err).NotTo(HaveOccurred())
		send(server, client, "a reply")
		Expect(server.CloseUnread(ctx)).To(Succeed())
		Expect(client.AwaitReset(ctx)).To(Succeed())
		info, err := client.Info()
		Expect(err).NotTo(HaveOccurred())

		Expect(info.DataSegmentsIn).To(Equal(1), "the reply and nothing else")
		client.Read(make([]byte, 1))
		Expect(client.Outcome()).To(EndIn("read", harness.Reset))
		Note(client.Outcome(), server.Outcome())
		Expect(Recorded(l, client)).To(ShowReset(
			SentBy(evidence.Application, "server"), Because("TCP_ABORT_ON_CLOSE"), WithFlags("RST ACK")))
	}, Limit)
})

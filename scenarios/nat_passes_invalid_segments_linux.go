package scenarios

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A NAT does not translate what connection tracking calls invalid, such as a
// segment ahead of the window, and routes it on as it is. The client gets a
// segment from the server's own address, of a connection that it does not
// know, and answers with RST: a healthy connection dies of a stray segment
// (kubernetes/kubernetes#74839). Either cure keeps it: to be liberal, which
// translates the segment (the client answers it with an ACK), or to drop what
// is invalid.
var _ = Situation(catalogue.Situation{
	Name:   "nat-passes-invalid-segments",
	Title:  "A NAT that passes invalid segments on",
	Cause:  "nat-passed-invalid",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 NAT                    server
         ◀───────────────────────────────────  ahead of the window
  no socket  RST ════════════════════════════▶
                                                read: ECONNRESET
  "b"    ───────────▶  translates ───────────▶  no socket
         ◀═══════════  translates ═══════════  RST
  read: ECONNRESET
`,
	Client:     "ECONNRESET",
	Server:     "ECONNRESET",
	Twin:       "the NAT is liberal or drops what is invalid: the connection lives",
	Unscripted: "a NAT stands between",
}, func() {
	// stray has the server's machine send a segment ahead of the window, and
	// waits until the router has had it.
	stray := func(ctx SpecContext, cure func(router *netlab.Host)) (l *lab.Lab, c, far *lab.Conn) {
		GinkgoHelper()
		l, router, server, c, far := throughNAT(ctx)
		cure(router)
		passing := tapAt(router)
		send(c, far, "a")
		data, err := passing.Await(ctx, func(s netlab.Segment) bool {
			return len(s.Payload) > 0 && s.Destination.Addr() == server.IP()
		})
		Expect(err).NotTo(HaveOccurred())
		ahead := netlab.Segment{
			Source: data.Destination, Destination: data.Source, Flags: netlab.ACK,
			Seq: data.Ack + 10_000_000, Ack: data.Next(), Payload: []byte("?"),
		}
		Expect(server.Forge(ahead)).To(Succeed())
		_, err = passing.Await(ctx, func(s netlab.Segment) bool { return s.Seq == ahead.Seq })
		Expect(err).NotTo(HaveOccurred())
		return l, c, far
	}

	It("has the client reset the server, and the server the client", func(ctx SpecContext) {
		l, c, far := stray(ctx, func(*netlab.Host) {})

		clients.ReadAll(far)
		meanwhile := state(c)
		clients.WriteByte(c)
		clients.ReadAll(c)

		Expect(far.Outcome()).To(EndIn("read", harness.Reset))
		Expect(meanwhile).To(Equal("ESTABLISHED"))
		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(Recorded(l, c, far)).To(SatisfyAll(
			ShowReset(SentBy(evidence.KernelReply, "client"), Because("NO_SOCKET"), WithFlags("RST")),
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST"))))
		Note(far.Outcome(), c.Outcome())
	}, Limit)

	DescribeTable("harms nobody",
		func(ctx SpecContext, cure func(router *netlab.Host)) {
			l, c, far := stray(ctx, cure)

			send(c, far, "b")
			send(far, c, "c")

			Note(c.Outcome(), far.Outcome())
			closeInTurn(ctx, c, far)
			Expect(Recorded(l)).To(ShowNoReset())
		},
		Entry("if it is liberal", func(router *netlab.Host) { setTracking(router, "tcp_be_liberal", 1) }, Limit),
		Entry("if its firewall drops what is invalid", func(router *netlab.Host) {
			block(router, netlab.Rule{Hook: netlab.Forward, Invalid: true, Verdict: netlab.Drop})
		}, Limit),
	)
})

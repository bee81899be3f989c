package scenarios

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A censor that only sees copies of the segments cannot hold them back: it
// sends RSTs to both ends, and what was sent arrives all the same. Ends that
// both ignore its RSTs go on as if nothing had been (Clayton, Murdoch, Watson,
// "Ignoring the Great Firewall of China", 2006). It is known by the TTL: its
// segments have come another way than those of the other end.
var _ = Situation(catalogue.Situation{
	Name:   "ignoring-forged-resets",
	Title:  "Ignoring forged RSTs",
	Cause:  "forged",
	Labels: []string{"needs:netns"},
	Drawing: `
client, firewall       censor                 server, firewall
  TTL 63: let in   ◀───────────────────────▶    TTL 63: let in
  TTL 57: dropped  ◀═══════ RST ═══════════▶    TTL 57: dropped
`,
	Client:     "the connection goes on",
	Server:     "the connection goes on",
	Twin:       "one end alone ignores them: the other resets it",
	Unscripted: "the RST comes from no socket",
}, func() {
	// inject has the router forge RSTs to both ends of a connection, of which
	// some drop RSTs with another TTL than the segments before.
	inject := func(ctx SpecContext, ignoring ...string) (l *lab.Lab, c, far *lab.Conn) {
		GinkgoHelper()
		l, client, router, server := StartTriple()
		atClient, atServer := tapAt(client), tapAt(server)
		c, far = connected(ctx, l)
		send(c, far, "a")
		data, err := atServer.Await(ctx, func(s netlab.Segment) bool { return len(s.Payload) > 0 })
		Expect(err).NotTo(HaveOccurred())
		for _, h := range []*netlab.Host{client, server} {
			if slices.Contains(ignoring, h.Name()) {
				block(h, netlab.Rule{Hook: netlab.Input, Reset: true, NotTTL: data.TTL, Verdict: netlab.Drop})
			}
		}
		toClient, toServer := forgedResets(data)
		Expect(router.Forge(toClient)).To(Succeed())
		Expect(router.Forge(toServer)).To(Succeed())
		for _, tap := range []*netlab.Tap{atClient, atServer} {
			_, err := tap.Await(ctx, func(s netlab.Segment) bool {
				return s.Flags == netlab.RST && s.TTL == toClient.TTL
			})
			Expect(err).NotTo(HaveOccurred())
		}
		return l, c, far
	}

	It("keeps the connection if both ends do", func(ctx SpecContext) {
		l, c, far := inject(ctx, "client", "server")

		send(c, far, "b")
		send(far, c, "c")

		Note(c.Outcome(), far.Outcome())
		closeInTurn(ctx, c, far)
		recording := Recorded(l)
		Expect(recording.Resets).To(HaveLen(2), "they were on the wire all the same")
		Expect(recording).To(SatisfyAll(ShowReset(SentBy(evidence.Between, "")), MoveCounter("EstabResets", 0)))
	}, Limit)

	It("does not help if one end does: the other resets it with an honest RST", About(claims.NotFromPeer), func(ctx SpecContext) {
		l, c, far := inject(ctx, "client")

		clients.ReadAll(far)
		meanwhile := state(c)
		clients.WriteByte(c)
		clients.ReadAll(c)

		Expect(far.Outcome()).To(EndIn("read", harness.Reset))
		Expect(meanwhile).To(Equal("ESTABLISHED"))
		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(Recorded(l, c, far)).To(SatisfyAll(ShowReset(SentBy(evidence.Between, "")),
			ShowReset(SentBy(evidence.KernelReply, "server"), Because("NO_SOCKET"), WithFlags("RST"))))
		Measured(claims.NotFromPeer, far.Outcome())
		Note(c.Outcome())
	}, Limit)

	It("is what neither end does by itself", About(claims.NotFromPeer), func(ctx SpecContext) {
		l, c, far := inject(ctx)

		clients.ReadAll(c)
		clients.ReadAll(far)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(far.Outcome()).To(EndIn("read", harness.Reset))
		Expect(Recorded(l, c, far)).To(ShowReset(SentBy(evidence.Between, "")))
		Measured(claims.NotFromPeer, c.Outcome())
		Note(far.Outcome())
	}, Limit)
})

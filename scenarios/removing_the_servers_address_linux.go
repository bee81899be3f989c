package scenarios

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A connection belongs to two addresses, not to a cable: when the address or
// the interface under it goes (DHCP, failover, a container that is unplugged),
// the sockets stay ESTABLISHED and nobody is told. What the client sends finds
// no host, so that nobody answers with RST; what the server sends finds no
// route and never leaves. Both ends send again until they time out, with
// EHOSTUNREACH or ENETUNREACH if a router had said so.
var _ = Situation(catalogue.Situation{
	Name:   "removing-the-servers-address",
	Title:  "Removing the server's address",
	Cause:  "address-gone",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 router                 server
  ESTABLISHED                                   ESTABLISHED, address gone
  "b"    ───────────▶          ───────────▶     not for it
  "b", again and again
  read: ETIMEDOUT                               ESTABLISHED
`,
	Client:     "ETIMEDOUT, or EHOSTUNREACH if a router says so; no RST",
	Server:     "ETIMEDOUT",
	Twin:       "another address of the same host: nothing happens",
	Unscripted: "an address goes, and no socket does",
}, func() {
	const patience = 100 * time.Millisecond
	its := func(used, _ *netlab.Link) error { return used.B.RemoveAddress(used.AddressB) }
	itsLink := func(used, _ *netlab.Link) error { return used.Remove() }
	another := func(_, spare *netlab.Link) error { return spare.B.RemoveAddress(spare.AddressB) }
	anotherLink := func(_, spare *netlab.Link) error { return spare.Remove() }

	DescribeTable("lets both ends of a connection time out, without a RST:", About(claims.LocallyGenerated),
		func(ctx SpecContext, remove func(used, spare *netlab.Link) error, want harness.Ending) {
			l, used, spare := startTwoLinks()
			c, far := connected(ctx, l)
			Expect(clients.GiveUpAfter(c, patience)).To(Succeed())
			Expect(clients.GiveUpAfter(far, patience)).To(Succeed())

			Expect(remove(used, spare)).To(Succeed())
			clients.WriteByte(c)
			clients.ReadAll(c)
			meanwhile := state(far)
			clients.WriteByte(far)
			clients.ReadAll(far)

			Expect(c.Outcome()).To(EndIn("read", want))
			Expect(meanwhile).To(Equal("ESTABLISHED"))
			Expect(far.Outcome()).To(EndIn("read", harness.TimedOut))
			Expect(counted(used.B, "TCPAbortOnTimeout")).To(BeEquivalentTo(1))
			Note(c.Outcome())
			Measured(claims.LocallyGenerated, far.Outcome(), "the address is gone")
			Expect(Recorded(l, c, far)).To(ShowNoReset())
		},
		Entry("the address alone", its, harness.TimedOut, Limit),
		Entry("with its link, as the router says", itsLink, harness.Unreachable, Limit),
	)

	DescribeTable("does nothing to a connection of another address of the same host:",
		func(ctx SpecContext, remove func(used, spare *netlab.Link) error) {
			l, used, spare := startTwoLinks()
			c, far := connected(ctx, l)

			Expect(remove(used, spare)).To(Succeed())

			send(c, far, "a")
			send(far, c, "b")
			Note(c.Outcome(), far.Outcome())
			closeInTurn(ctx, c, far)
			Expect(Recorded(l)).To(ShowNoReset())
		},
		Entry("the address alone", another, Limit),
		Entry("with its link", anotherLink, Limit),
	)
})

// startTwoLinks is startTriple with two links from the router to the server,
// which listens on the first.
func startTwoLinks() (l *lab.Lab, used, spare *netlab.Link) {
	GinkgoHelper()
	l = StartLab()
	network, err := netlab.New()
	Available(err)
	l.Own(network)
	var hosts []*netlab.Host
	for _, name := range []string{"client", "router", "server"} {
		h, err := network.Host(name)
		Expect(err).NotTo(HaveOccurred())
		_, err = l.AddHost(name, h)
		Expect(err).NotTo(HaveOccurred())
		hosts = append(hosts, h)
	}
	_, used, err = network.Route(hosts[0], hosts[1], hosts[2])
	Expect(err).NotTo(HaveOccurred())
	spare, err = network.Link(hosts[1], hosts[2])
	Expect(err).NotTo(HaveOccurred())
	return l, used, spare
}

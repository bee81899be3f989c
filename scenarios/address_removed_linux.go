package scenarios

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
)

var _ = Describe("An address that is removed", Label("cause:crash", "needs:netns"), func() {
	DescribeTable("x", func(ctx SpecContext, remove func(h *netlab.Host, link *netlab.Link) error) {
		l, server, link := startSpareLink()
		c, far := connected(ctx, l)
		send(c, far, "a")
		Expect(clients.GiveUpAfter(c, 100*time.Millisecond)).To(Succeed())
		Expect(clients.GiveUpAfter(far, 100*time.Millisecond)).To(Succeed())
		Expect(remove(server, link)).To(Succeed())
		clients.WriteByte(c)
		clients.ReadAll(c)
		AddReportEntry("state", state(far))
		clients.WriteByte(far)
		clients.ReadAll(far)
		note(c.Outcome(), far.Outcome())
		AddReportEntry("x", card(recorded(l, c, far)))
	},
		Entry("a", func(h *netlab.Host, link *netlab.Link) error { return h.RemoveAddress(h.IP()) }, limit),
		Entry("b", func(h *netlab.Host, link *netlab.Link) error { return link.Remove() }, limit),
	)
})

// startSpareLink is startTriple with a second link between router and server.
func startSpareLink() (l *lab.Lab, server *netlab.Host, toServer *netlab.Link) {
	GinkgoHelper()
	l = startLab()
	network, err := netlab.New()
	available(err)
	l.Own(network)
	hosts := map[string]*netlab.Host{}
	for _, name := range []string{"client", "router", "server"} {
		h, err := network.Host(name)
		Expect(err).NotTo(HaveOccurred())
		_, err = l.AddHost(name, h)
		Expect(err).NotTo(HaveOccurred())
		hosts[name] = h
	}
	_, toServer, err = network.Route(hosts["client"], hosts["router"], hosts["server"])
	Expect(err).NotTo(HaveOccurred())
	return l, hosts["server"], toServer
}

package scenarios

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	"github.com/resetlab/resetlab/harness/netlab"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// startMultipath starts a lab whose hosts speak Multipath TCP. The client has
// two links to the router, and joins a subflow from the second to each of its
// connections.
func startMultipath(features ...netlab.Feature) (l *lab.Lab, client, router, server *netlab.Host) {
	GinkgoHelper()
	l, network := StartNetwork(append(features, netlab.MPTCP)...)
	client, router = AddHost(l, network, "client"), AddHost(l, network, "router")
	server = AddHost(l, network, "server")
	_, _, err := network.Route(client, router, server)
	Expect(err).NotTo(HaveOccurred())
	second, err := network.Link(client, router)
	Expect(err).NotTo(HaveOccurred())
	client.UseMultipath()
	server.UseMultipath()
	Expect(client.AddSubflow(second.AddressA)).To(Succeed())
	return l, client, router, server
}

// joined waits until the client's second subflow has joined its connection.
func joined(ctx SpecContext, server *netlab.Host) {
	GinkgoHelper()
	Eventually(ctx, func() int64 { return counters(server)["MPJoinAckRx"] }).WithPolling(time.Millisecond).
		Should(BeEquivalentTo(1))
}

// resetSubflows is how many of the connections the server has reset.
func resetSubflows(r *evidence.Recording) int {
	flows := map[int]bool{}
	for _, reset := range r.Resets {
		if reset.Host == "server" {
			flows[reset.Flow] = true
		}
	}
	return len(flows)
}

// connectedTo returns both ends of a new connection to a listener.
func connectedTo(ctx SpecContext, l *lab.Lab, listener *lab.Listener) (client, server *lab.Conn) {
	GinkgoHelper()
	client, err := l.Host("client").Dial(ctx, listener.Addr())
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(client.Close)
	return client, accept(ctx, listener)
}

package scenarios

import (
	"context"
	"net/netip"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// Of a port behind a filter one learns what the filter says: nothing, so that
// the check has to give up by its own clock, or that there is no way (ICMP,
// RFC 1812, section 5.2.7.1). A filter that rejects with RST, or with ICMP
// port unreachable, makes an open port look as if nobody listened.
var _ = Situation(catalogue.Situation{
	Name:   "checking-a-filtered-port",
	Title:  "Checking a port behind a filter",
	Cause:  "firewall-drops",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 firewall               port, open
  SYN    ───────────▶    drop
  gives up: filtered
`,
	Client: "connect: no answer, or what the filter says",
	Server: "nothing",
	Twin:   "the filter is for another port: the port is open",
	Script: `
--- finds-it-filtered-if-it-drops
listener listen
network drops all toward listener
client set nonblocking on
client connect → EINPROGRESS
client state → SYN_SENT
client close
wire rst from listener → 0
`,
}, func() {
	DescribeTable("finds it", About(claims.PortCheck),
		func(ctx SpecContext, verdict netlab.Verdict, patience time.Duration, want string) {
			l, _, server := StartPair()
			address := Serve(l, servers.Echo).Addr()
			block(server, netlab.Rule{Hook: netlab.Input, Verdict: verdict})
			checking, cancel := context.WithTimeout(ctx, patience)
			defer cancel()

			port, saw := clients.CheckPort(checking, l.Host("client"), address)

			Expect(port).To(Equal(want), saw.String())
			Note(saw)
			Measured(claims.PortCheck, port)
		},
		Entry("filtered if it drops", netlab.Drop, 50*time.Millisecond, "filtered", Limit),
		Entry("filtered if it says that there is no way", netlab.RejectAdmin, time.Minute, "filtered", Limit),
		Entry("refused if it rejects with RST", netlab.RejectReset, time.Minute, "refused", Limit),
		Entry("refused if it says that there is no such port", netlab.RejectPort, time.Minute, "refused", Limit),
	)

	It("finds it open if the filter is for another port", About(claims.PortCheck), func(ctx SpecContext) {
		l, _, server := StartPair()
		address := Serve(l, servers.Echo).Addr()
		other := portAfter(netip.MustParseAddrPort(address))
		block(server, netlab.Rule{Hook: netlab.Input, Verdict: netlab.Drop, Destination: other})

		port, saw := clients.CheckPort(ctx, l.Host("client"), address)

		Expect(port).To(Equal("open"), saw.String())
		Note(saw)
		Measured(claims.PortCheck, port)
	}, Limit)
})

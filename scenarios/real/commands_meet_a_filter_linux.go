package real

import (
	"net"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness"
	"github.com/resetlab/resetlab/harness/netlab"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
	"github.com/resetlab/resetlab/servers"
)

// A command that checks a port behind a filter says what the filter says. Where
// that is silent the kernel gives up for it (tcp_syn_retries): "timed out" is
// called filtered. A filter that rejects with RST, or with ICMP port unreachable,
// cannot be told from a port at which nobody listens; the RST is no reset to the
// client, but ECONNREFUSED (RFC 9293, section 3.10.7.3).
var _ = Situation(catalogue.Situation{
	Name:   "commands-meet-a-filter",
	Title:  "A command that checks a port behind a filter",
	Cause:  "firewall-rejects",
	Labels: []string{"needs:netns"},
	Drawing: `
nc -zv                 filter                 port, open
  SYN    ───────────▶    reject
         ◀═══════════  RST ACK
  "Connection refused", exit status 1
`,
	Client: "connect: ECONNREFUSED, EHOSTUNREACH or ETIMEDOUT, in the command's own words",
	Server: "nothing",
	Twin:   "no filter: commands-check-a-port",
}, func() {
	DescribeTable("calls it", About(claims.PortCheck, claims.FirewallBlock),
		func(ctx SpecContext, name string, verdict netlab.Verdict, wantStatus int, want string) {
			l, client, server := StartPair()
			address := Serve(l, servers.Echo).Addr()
			_, err := server.Block(netlab.Rule{Hook: netlab.Input, Verdict: verdict})
			Available(err)
			Expect(client.SetSysctl("net.ipv4.tcp_syn_retries", "1")).To(Succeed())

			host, number, err := net.SplitHostPort(address)
			Expect(err).NotTo(HaveOccurred())
			status, text := said(ctx, l.Host("client"), name, probers[name](host, number)...)

			Expect(status).To(Equal(wantStatus), text)
			Expect(text).To(MatchRegexp(want))
			Measured(claims.PortCheck, portCalled(status, text))
			Measured(claims.FirewallBlock, connectSaid(status, text), "the connection is new")
			Recorded(l)
		},
		Entry("refused by RST (nc)", "nc", netlab.RejectReset, 1, `: Connection refused$`, Label("real:nc"), Limit),
		Entry("refused by ICMP (nc)", "nc", netlab.RejectPort, 1, `: Connection refused$`, Label("real:nc"), Limit),
		Entry("without a way (nc)", "nc", netlab.RejectAdmin, 1, `: No route to host$`, Label("real:nc"), Limit),
		Entry("timed out (nc)", "nc", netlab.Drop, 1, `: Connection timed out$`, Label("real:nc"), Limit),
		Entry("refused by RST (curl)", "curl", netlab.RejectReset, 7, `^curl: \(7\) Failed to connect`, Label("real:curl"), Limit),
		Entry("timed out (curl)", "curl", netlab.Drop, 28, `^curl: \(28\) Failed to connect`, Label("real:curl"), Limit),
	)
})

// connectSaid is the ending of which a command tells that could not connect.
func connectSaid(status int, text string) harness.Ending {
	switch {
	case strings.Contains(text, "Connection refused"), status == 7:
		return harness.Refused
	case strings.Contains(text, "No route to host"):
		return harness.Unreachable
	case strings.Contains(text, "timed out"), status == 28:
		return harness.TimedOut
	}
	return harness.Open
}

package scenarios

import (
	"net"
	"strconv"
	"time"

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

// A load balancer, firewall or NAT keeps a table of connections, and throws
// out what was idle for too long: after 4 minutes at Azure's load balancer, 350
// seconds at AWS's network load balancer, 5 days in Linux. What comes next of
// the connection is dropped (Azure's default), so that both ends time out; or
// answered with RST, which tells the end that spoke and not the other. Or both
// ends are reset when it happens (Azure's "TCP reset on idle").
var _ = Situation(catalogue.Situation{
	Name:   "idle-at-a-firewall",
	Title:  "A firewall that forgets idle connections",
	Cause:  "flow-expired",
	Labels: []string{"needs:netns"},
	Drawing: `
client                 firewall               server
  ESTABLISHED            forgets                ESTABLISHED
  "b"    ───────────▶    unknown
         ◀═══════════  RST, or nothing
  ECONNRESET, ETIMEDOUT                         ESTABLISHED
`,
	Client: "at the next write: no answer, or ECONNRESET",
	Server: "nothing",
	Twin:   "keepalive probes in time keep the connection",
	Script: `
--- shows-it-to-the-end-that-speaks-not-to-the-other-it-drops
client set user_timeout 1s
network drops all toward server; network drops all toward client
client write "b" → 1
client await error within 60s → ok
client read 1 → ETIMEDOUT
server state → ESTABLISHED
server set user_timeout 1s
server write "c" → 1
server await error within 60s → ok
server read 1 → ETIMEDOUT
`,
}, func() {
	const patience = 100 * time.Millisecond
	// connect connects through a firewall that forgets after so many seconds,
	// and treats what it does not know by verdict. It returns a segment with
	// data that passed.
	connect := func(ctx SpecContext, seconds int, verdict netlab.Verdict) (
		l *lab.Lab, router *netlab.Host, c, far *lab.Conn, data netlab.Segment,
	) {
		GinkgoHelper()
		l, _, router, _ = StartTriple()
		block(router, netlab.Rule{Hook: netlab.Forward, Invalid: true, Verdict: verdict})
		setTracking(router, "tcp_loose", 0) // else it learns what it forgot from the next segment
		tap := tapAt(router)
		c, far = connected(ctx, l)
		setTracking(router, "tcp_timeout_established", seconds) // from the next segment on
		send(c, far, "a")
		data, err := tap.Await(ctx, func(s netlab.Segment) bool { return len(s.Payload) > 0 })
		Expect(err).NotTo(HaveOccurred())
		Expect(clients.GiveUpAfter(c, patience)).To(Succeed())
		Expect(clients.GiveUpAfter(far, patience)).To(Succeed())
		return l, router, c, far, data
	}

	DescribeTable("shows it to the end that speaks, not to the other:", About(claims.IdleTimeout),
		func(ctx SpecContext, verdict netlab.Verdict, want harness.Ending, shows RecordingMatcher) {
			l, router, c, far, _ := connect(ctx, 1, verdict)

			Eventually(ctx, router.Flows).Should(BeZero())
			clients.WriteByte(c)
			clients.ReadAll(c)
			meanwhile := state(far)
			clients.WriteByte(far)
			clients.ReadAll(far)

			Expect(c.Outcome()).To(EndIn("read", want))
			Expect(meanwhile).To(Equal("ESTABLISHED"))
			Expect(far.Outcome()).To(EndIn("read", want))
			Expect(Recorded(l, c, far)).To(SatisfyAll(shows, MoveCounter("OutRsts", 0)))
			Measured(claims.IdleTimeout, c.Outcome())
			Measured(claims.IdleTimeout, far.Outcome())
		},
		Entry("it drops", netlab.Drop, harness.TimedOut, ShowNoReset(), Limit),
		Entry("it rejects with RST", netlab.RejectReset, harness.Reset, ShowReset(SentBy(evidence.Between, "")), Limit),
	)

	It("resets both ends, who do not speak, if it tells them", About(claims.IdleTimeout), func(ctx SpecContext) {
		l, router, c, far, data := connect(ctx, 1, netlab.Drop)

		Eventually(ctx, router.Flows).Should(BeZero())
		toClient, toServer := forgedResets(data)
		Expect(router.Forge(toClient)).To(Succeed())
		Expect(router.Forge(toServer)).To(Succeed())
		clients.ReadAll(c)
		clients.ReadAll(far)

		Expect(c.Outcome()).To(EndIn("read", harness.Reset))
		Expect(far.Outcome()).To(EndIn("read", harness.Reset))
		Expect(Recorded(l, c, far)).To(ShowReset(SentBy(evidence.Between, "")))
		Measured(claims.IdleTimeout, c.Outcome())
		Measured(claims.IdleTimeout, far.Outcome())
	}, Limit)

	It("keeps a connection whose client sends keepalive probes in time", About(claims.KeepalivePrevents), func(ctx SpecContext) {
		const timeout, interval = 3, 1 // seconds; TCP knows none shorter
		l, router, c, far, data := connect(ctx, timeout, netlab.Drop)
		tap := tapAt(router)

		Expect(c.TCP().SetKeepAliveConfig(net.KeepAliveConfig{
			Enable: true, Idle: interval * time.Second, Interval: interval * time.Second, Count: 9,
		})).To(Succeed())
		for range timeout/interval + 1 {
			_, err := tap.Await(ctx, func(s netlab.Segment) bool { // a probe (RFC 9293, section 3.8.4), once
				return s.Outgoing && s.Source == data.Source && s.Seq == data.Next()-1
			})
			Expect(err).NotTo(HaveOccurred())
		}
		send(far, c, "b")
		closeInTurn(ctx, c, far)

		Expect(router.Flows()).To(Equal(1))
		Measured(claims.KeepalivePrevents, survival(c.Outcome()), "what drops it counts segments")
		Note(far.Outcome())
		Expect(Recorded(l)).To(ShowNoReset())
	}, Limit)
})

// setTracking sets a setting of a host's connection tracking
// (Documentation/networking/nf_conntrack-sysctl.rst).
func setTracking(h *netlab.Host, name string, value int) {
	GinkgoHelper()
	Expect(h.SetSysctl("net.netfilter.nf_conntrack_"+name, strconv.Itoa(value))).To(Succeed())
}

package real

import (
	"fmt"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/clients"
	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// nginx with "listen … deferred" asks its kernel for connections of which a byte has
// come (TCP_DEFER_ACCEPT). The last ACK of a check's handshake is passed over, and its
// RST ends a mere request: there is nothing to accept, hence nothing to log (tcp(7);
// tcp_check_req). The checker is not HAProxy, whose checks reach no server: it
// completes the handshake, and then aborts.
var _ = Situation(catalogue.Situation{
	Name:   "nginx-defers-accept",
	Title:  "nginx that defers accept until a first byte",
	Cause:  "health-check",
	Labels: []string{"real:nginx"},
	Drawing: `
checker                nginx's kernel          nginx
  SYN      ───────────▶
           ◀───────────  SYN-ACK  healthy
  ACK      ───────────▶  dropped
  RST      ═══════════▶  request gone            (nothing to accept)
`,
	Client: "the checker's connect: 0, then it aborts",
	Server: "nothing: there is nothing to accept",
	Twin:   `a plain "listen": nginx logs "recv() failed (104: Connection reset by peer)" for each`,
}, func() {
	const probes, failed = 3, "recv() failed (104: Connection reset by peer) while waiting for request"
	// probed starts an nginx that listens so, has it checked, and asks it something:
	// what came before has been accepted then.
	probed := func(ctx SpecContext, l *lab.Lab, listen string) *lab.Program {
		GinkgoHelper()
		server := trace(ctx, l.Host("server"), recipes.NGINX(func(at program.Place) string {
			return fmt.Sprintf("\tserver {\n\t\tlisten %v %s;\n\t\treturn 200 hello;\n\t}", at.Address, listen)
		}))
		for range probes {
			healthy, _ := clients.Probe(ctx, l.Host("checker"), server.Addr())
			Expect(healthy).To(BeTrue())
		}
		c, _ := talk(ctx, l, server.Addr(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n\r\nhello")
		Expect(c.Close()).To(Succeed())
		return server
	}
	byChecker := ShowReset(SentBy(evidence.Application, "checker"), Because("TCP_STATE"), WithFlags("RST ACK"))

	It("sees no health check", About(claims.ProbeUnavoidable), func(ctx SpecContext) {
		l := StartLab()
		server := probed(ctx, l, "deferred")

		recording := Recorded(l)
		seen := strings.Count(server.Text(), "Connection reset by peer")
		Expect(seen).To(BeZero(), server.Text())
		Measured(claims.ProbeUnavoidable, fmt.Sprintf("%d of %d probes seen", seen, probes))
		Expect(recording).To(SatisfyAll(byChecker, MoveCounter("EmbryonicRsts", probes)))
	}, Limit)

	It("is what hides them: with a plain listener it logs each", func(ctx SpecContext) {
		l := StartLab()
		server := probed(ctx, l, "")

		logs(ctx, server, failed, probes)
		Expect(Recorded(l)).To(SatisfyAll(byChecker, MoveCounter("EmbryonicRsts", 0)))
	}, Limit)
})

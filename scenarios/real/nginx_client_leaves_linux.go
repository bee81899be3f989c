package real

import (
	"fmt"
	"path/filepath"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/resetlab/resetlab/harness/evidence"
	"github.com/resetlab/resetlab/harness/lab"
	. "github.com/resetlab/resetlab/harness/matchers"
	"github.com/resetlab/resetlab/harness/program"
	"github.com/resetlab/resetlab/harness/program/recipes"
	"github.com/resetlab/resetlab/scenarios/catalogue"
	"github.com/resetlab/resetlab/scenarios/claims"
	. "github.com/resetlab/resetlab/scenarios/internal/spec"
)

// A user who leaves before the response is complete closes with bytes unread,
// which makes it a RST. nginx waits then until it can write more. It is woken,
// asks for the socket's error (ngx_http_request.c, ngx_http_test_reading), and logs
// it at the level info, which is off as a rule.
var _ = Situation(catalogue.Situation{
	Name:   "nginx-client-leaves",
	Title:  "nginx whose client leaves before the response ends",
	Cause:  "left-early",
	Labels: []string{"real:nginx"},
	Drawing: `
client                 nginx
  GET    ───────────▶
         ◀───────────  200, as much as there is room for
  close, unread
  RST    ═══════════▶
                         "(104: Connection reset by peer)"
`,
	Client: "close: 0",
	Server: `logs "client prematurely closed connection (104: Connection reset by peer)" at the level info`,
	Twin:   "the client reads everything: nothing is logged",
}, func() {
	const size, request = 32 << 20, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n"
	// serve starts an nginx with a file that is larger than what both kernels hold.
	serve := func(ctx SpecContext, l *lab.Lab) *lab.Program {
		GinkgoHelper()
		return trace(ctx, l.Host("server"), recipes.NGINX(func(at program.Place) string {
			path, err := at.Write("files/big", strings.Repeat("x", size), 0o644)
			Expect(err).NotTo(HaveOccurred())
			return fmt.Sprintf("\tserver {\n\t\tlisten %v;\n\t\troot %s;\n\t}", at.Address, filepath.Dir(path))
		}))
	}

	DescribeTable("is told of a reset", About(claims.BrowserLeaves),
		func(ctx SpecContext, leave func(*lab.Conn) error, reason string) {
			l := StartLab()
			server := serve(ctx, l)
			c, _ := talk(ctx, l, server.Addr(), request, "HTTP/1.1 200 OK\r\n")
			awaitSleep(ctx, server) // it waits until it can write more

			Expect(leave(c)).To(Succeed())

			logs(ctx, server, "client prematurely closed connection (104: Connection reset by peer) while sending response to client", 1)
			_, words, _ := strings.Cut(server.Text(), "client prematurely closed connection ")
			Measured(claims.BrowserLeaves, "read: "+string(saying(words)))
			Expect(Recorded(l)).To(ShowReset(SentBy(evidence.Application, "client"), Because(reason), WithFlags("RST ACK")))
		},
		Entry("by a client that closes", (*lab.Conn).Close, "TCP_ABORT_ON_CLOSE", Limit),
		Entry("by a client that aborts", (*lab.Conn).Abort, "TCP_ABORT_ON_CLOSE", Limit),
	)

	It("logs nothing of a client that reads everything", func(ctx SpecContext) {
		l := StartLab()
		server := serve(ctx, l)

		status, text := fetched(ctx, l, "http://"+server.Addr()+"/big")

		Expect(status).To(BeZero(), text)
		Expect(text).To(Equal(fmt.Sprintf("200 %d", size)))
		Expect(server.Text()).NotTo(ContainSubstring("prematurely"))
		Expect(Recorded(l)).To(ShowNoReset())
	}, Label("real:curl"), Limit)
})
